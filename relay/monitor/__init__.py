"""The station as it is now, on a full screen, with keys to act."""
