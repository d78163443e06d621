"""The pure heart of relay: no input, no output, no clock. `now` is always an argument."""
