"""The control socket: what a running relay can be asked by the commands beside it."""
