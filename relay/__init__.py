"""relay: an offline-first SMS gateway for places where the power and the internet fail."""

__version__ = "0.1.0"
