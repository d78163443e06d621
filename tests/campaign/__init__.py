"""Long campaigns: too long for every change, long enough to be believed. `make campaign` runs
them and writes their table into docs/reliability.md.

A campaign is a function `(Choice) -> Iterable[Tally]`; it joins by a line in `CAMPAIGNS` of
`tests/campaign/__main__.py`. It judges by the outside world only: handsets, network, server.

    cut       relay, its modem or its power cut off at every byte of every dialogue
    powercut  the same moments with a disk that loses what was not synced
    killed    kill -9 of a real process at byte n of a real pty
    kills     kill -9 at random moments of 500 SMS in and 500 out; `kills.random_kills` takes any
              gateway, so that others can be counted by the same rule
    fuzz      a million inputs that nobody would write by hand
    noise     the whole daemon behind a modem that talks nonsense between its dialogues
"""
