"""Putting relay into a machine, and taking it out: the unit, the user, the rules, the completions.

For a relay that pip installed; the Debian package brings the same files in its own way.
"""
