"""relay beside gammu-smsd and smstools, on the same simulated modem: `make bench-peers`.

Each program gets its own configuration, its own durable store and the same texts; what left and
what came in is counted at the virtual network and in the program's own inbox.

    program     a program as a tree of processes: start, kill, processor time, memory
    gammu       gammu-smsd with SQLite
    smstools    smstools with its spool of files
    ours        relay
    measures    what is measured, and how
    comparison  the table
"""
