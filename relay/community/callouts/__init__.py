"""Call-outs: ask the right people in waves until a target is met, then let the others be."""
