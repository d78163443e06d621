"""Files that carry messages on a stick, where there is no internet: out, in, and back."""
