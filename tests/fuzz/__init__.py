"""Input that nobody would write by hand: what a worn SIM, a noisy line, a broken server say.

A target is a function `(bytes) -> None` that makes its input of the bytes, gives it to relay and
raises when relay did what it must not: die, hang, lose a byte. The same targets run three ways:

    tests/test_fuzz.py   a seeded sample with every test run
    blind                mutations of the seeds, in plain Python: `make campaign ARGS=fuzz`
    guided               atheris, which looks for ways through the code; the same campaign, when
                         the extra `fuzz` is installed

What one of them finds is mended, and its smallest input becomes an ordinary test.

    draw     bytes as a row of choices
    pdus     PDUs and texts          septets  a reader of SUBMITs that knows nothing of relay
    lines    the serial line         shelf    the inbox
    answers  servers                 files    the configuration
    targets  all of them, with their seeds
"""
