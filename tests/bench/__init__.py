"""The bench: `make bench` measures relay and writes docs/performance.md. It asserts no time."""
