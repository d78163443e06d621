"""A power cut with a disk that loses what was not synced.

`shim.c` is preloaded and writes down what SQLite does to the files of the store; `disk.py` makes
up, from that journal, what a disk may hold at any point of it; `cases.py` cuts the power in the
still world of `tests/campaign` and has relay start on such disks. A layer below SQLite was chosen
because only there a missing sync shows: kill -9 loses nothing that was written.
"""
