"""The chain of `relay doctor`: what is checked, what rests on what, and what each sight means."""
