"""The demonstration: a whole station on one computer, and a story that proves what it promises.

Everything is real but the radio: the daemon is `relay run` in a process of its own, the modem is
behind a pseudo-terminal, the server behind HTTP.
"""
