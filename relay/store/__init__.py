"""The store: SQLite through sqlite-utils, the only road between the radio and the server."""
