"""What the log says, how it is written, and what it must never show."""

from __future__ import annotations

import io
import logging
import os
import re
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import log
from relay.log import TRACE, Repeated, configure, event, masked, toggle_trace

log_ = logging.getLogger("relay.test")


@pytest.fixture(autouse=True)
def logging_as_before():
    """Leave the loggers of the process as they were found."""
    root = logging.getLogger()
    names = ("relay", "relay.trace", "apscheduler", "gsmmodem", "urllib3")
    before = {name: logging.getLogger(name).level for name in names}
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, its_level in before.items():
        logging.getLogger(name).setLevel(its_level)


@pytest.fixture
def out():
    return io.StringIO()


# --- events -------------------------------------------------------------------------------------


class State(StrEnum):
    READY = "READY"


def test_the_event_comes_first_and_then_its_fields():
    """As in a line that a person greps for."""
    line = event("outbox.accepted", part="7f3a/2", mr=41, attempt=1)
    assert str(line) == "outbox.accepted part=7f3a/2 mr=41 attempt=1"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("two words", '"two words"'),
        ("", '""'),
        ('say "no"', r'"say \"no\""'),
        ("a=b", '"a=b"'),
        ("line\nbreak", r'"line\nbreak"'),
        ("\x1b[31m", r'"\u001b[31m"'),
        ("\u2028", r'"\u2028"'),
        ("grüße", "grüße"),
        (None, "-"),
        (True, "yes"),
        (False, "no"),
        (0.5, "0.5"),
        (150.0, "150"),
        (State.READY, "READY"),
        (("SM", 3), "\"('SM', 3)\""),
    ],
)
def test_a_value_is_quoted_where_it_needs_it(value, shown):
    """So that fields can be told apart again."""
    assert str(event("x", v=value)) == f"x v={shown}"


@given(st.text())
def test_no_value_breaks_the_line(value):
    """What a modem or a server says cannot forge a line of the log."""
    assert str(event("x", v=value)).isprintable()


def test_a_field_may_be_called_name():
    """The event's own name does not stand in its way."""
    assert str(event("x", name="usb1")) == "x name=usb1"


def test_a_number_is_masked():
    """The last three digits are enough to tell two people apart."""
    assert masked("+254700000123") == "…123"


# --- what goes on and on ------------------------------------------------------------------------


def test_a_failure_is_written_when_it_is_new():
    """And not again a second later."""
    said = Repeated()
    assert said.worth("no modem", 0)
    assert not said.worth("no modem", 1)


def test_a_failure_that_changes_is_written():
    """And so is the change back."""
    said = Repeated()
    said.worth("no modem", 0)
    assert said.worth("no SIM", 1)
    assert said.worth("no modem", 2)


def test_a_failure_that_goes_on_is_written_each_hour():
    """With the count of how often it was met."""
    said = Repeated()
    written = [second for second in range(0, 7_300, 10) if said.worth("no modem", second)]
    assert written == [0, 3_600, 7_200]
    assert said.times == 730


def test_the_end_of_a_failure_tells_how_often_it_was_met():
    """Once; then all is as new."""
    said = Repeated()
    for second in range(3):
        said.worth("no modem", second)
    assert said.over() == 3
    assert said.over() == 0
    assert said.worth("no modem", 4)


# --- where it goes ------------------------------------------------------------------------------


def test_a_terminal_is_told_the_time(out):
    """As nobody else says it there."""
    configure("info", environ={}, stream=out)
    log_.info(event("link.open", modem="usb1"))
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.fullmatch(rf"{stamp} INFO +link\.open modem=usb1\n", out.getvalue())


@pytest.fixture
def journal(tmp_path):
    """A stream that is the one that systemd gave us, and the environment that says so."""
    with (tmp_path / "journal").open("w+") as stream:
        status = os.fstat(stream.fileno())
        yield stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}


def written_to(stream) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def test_the_journal_gets_priorities_and_no_time(journal):
    """`journalctl -p err` then finds the errors."""
    stream, environ = journal
    configure("debug", environ=environ, stream=stream)
    for write in (log_.debug, log_.info, log_.warning, log_.error, log_.critical):
        write(event("x"))
    assert written_to(stream) == "<7>x\n<6>x\n<4>x\n<3>x\n<2>x\n"


def test_each_line_of_a_traceback_has_its_priority(journal):
    """journald takes each line for an entry of its own."""
    stream, environ = journal
    configure("info", environ=environ, stream=stream)
    log_.error(event("worker.crashed"), exc_info=ValueError("two\nlines"))
    assert all(line.startswith("<3>") for line in written_to(stream).splitlines())


def test_a_stream_that_was_redirected_is_not_the_journal(tmp_path):
    """The variable is inherited even where the output goes into a file."""
    with (tmp_path / "file").open("w+") as stream:
        configure("info", environ={"JOURNAL_STREAM": "9:99999999999"}, stream=stream)
        log_.info(event("x"))
        assert "INFO" in written_to(stream)


def test_a_traceback_shows_no_phone_number(out):
    """An exception may carry one from wherever it was raised."""
    configure("info", environ={}, stream=out)
    log_.error(event("worker.crashed"), exc_info=ValueError("cannot dial +254700000123"))
    assert "cannot dial …123" in out.getvalue()
    assert "254700" not in out.getvalue()


def test_a_line_of_a_library_says_which(out):
    """Only our own events are known by their first word."""
    configure("info", environ={}, stream=out)
    logging.getLogger("urllib3.connection").error("certificate has no subject")
    assert out.getvalue().endswith("urllib3.connection: certificate has no subject\n")


@pytest.mark.parametrize("name", ["apscheduler.executors.default", "gsmmodem.modem.GsmModem"])
def test_libraries_that_would_show_messages_are_silent(out, name):
    """gsmmodem logs what it sends."""
    configure("debug", environ={}, stream=out)
    logging.getLogger(name).error("+CMGS: secret text")
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("level", "lines"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)]
)
def test_the_level_decides_what_is_written(out, level, lines):
    """As [log] level says."""
    configure(level, environ={}, stream=out)
    for write in (log_.debug, log_.info, log_.warning, log_.error):
        write(event("x"))
    assert len(out.getvalue().splitlines()) == lines


def test_configuring_again_replaces_what_was(out):
    """No line is written twice."""
    for _ in range(2):
        configure("info", environ={}, stream=out)
    log_.info(event("x"))
    assert len(out.getvalue().splitlines()) == 1


def test_the_trace_is_switched_at_run_time(out):
    """Without a restart, and whatever the level is."""
    configure("warning", environ={}, stream=out)
    TRACE.debug("> AT")
    assert toggle_trace() is True
    TRACE.debug("> AT+CSQ")
    assert toggle_trace() is False
    TRACE.debug("> AT+COPS?")
    assert re.findall(r"> (\S+)", out.getvalue()) == ["AT+CSQ"]


def test_debug_alone_does_not_switch_the_trace_on(out):
    """It shows numbers and texts: only who asks for it gets it."""
    configure("debug", environ={}, stream=out)
    TRACE.debug("> AT")
    assert out.getvalue() == ""


def test_the_trace_may_be_on_from_the_start(out):
    """As [log] trace_modem says."""
    configure("info", trace=True, environ={}, stream=out)
    TRACE.debug("> AT")
    assert "> AT" in out.getvalue()


def test_an_event_is_put_together_only_when_it_is_written(out):
    """A debug line that nobody sees costs nothing."""

    class Costly:
        def __str__(self) -> str:
            raise AssertionError

    configure("info", environ={}, stream=out)
    log_.debug(event("x", v=Costly()))
    assert log.HOUR_S == 3_600
