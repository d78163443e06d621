"""The speaking half of a serial line: commands and answers, prompts and PDUs.

Of python-gsmmodem-new the class skeleton and the information properties stay (`manufacturer`,
`model`, `revision`, `imei`, `imsi` call `write`); what sends, reads or deletes messages there
does not: see `_NEVER`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import serial
from gsmmodem.exceptions import CmeError, CmsError, CommandError, TimeoutException

from relay.core.at import CR, CTRL_Z, ESC, Running
from relay.core.causes import refusal
from relay.errors import NoReply, NotSubmitted, OutcomeUnknown, PortLost, Refused
from relay.modem.answer import Answer, Markers, masked
from relay.modem.reader import Reader, Trace

MARKER_WITHOUT_SIM = "AT+CMEE?"
MARKER = "AT+CMGF?"  # also shows that the modem is in PDU mode
_OTHER = {MARKER: MARKER_WITHOUT_SIM, MARKER_WITHOUT_SIM: MARKER}
_RESYNC_TRIES = 3


class Wire(Reader):
    """One thread at a time may call `execute` and `execute_with_prompt`: `_txLock` is held over
    prompt and PDU together, so that no other command can end up in a message.
    """

    def __init__(
        self,
        port: str,
        baud: int = 115_200,
        *,
        write_timeout_s: float = 10.0,
        resync_timeout_s: float = 3.0,
        trace: Trace | None = None,
    ) -> None:
        super().__init__(port, baud, write_timeout_s=write_timeout_s, trace=trace)
        self._resync_timeout_s = resync_timeout_s
        self.marker = MARKER_WITHOUT_SIM
        self._out_of_step = False  # Only used by the modem thread.

    # --- commands -----------------------------------------------------------------------------

    def execute(self, command: str, timeout: float, quiet: float | None = None) -> list[str]:
        """Write a command and return the lines of its answer, without echo and final result.

        A modem that says nothing at all for `quiet` seconds is given up before its time. Raises
        `Refused`, `NoReply` (after the stream is in step again) or `PortLost`.
        """
        with self._txLock:
            self._get_into_step()
            answer = self._begin(Answer(Running.of(command)))
            self._send(command.encode("latin-1", "replace") + CR, command)
            self._until_done_or_quiet(answer, timeout, quiet or timeout)
            if answer.final is None:
                self._give_up(command, timeout, answer)
            return _lines(answer)

    def execute_with_prompt(
        self,
        command: str,
        body: str,
        *,
        prompt_timeout: float,
        answer_timeout: float,
        on_air: Callable[[], None],
        at_prompt: Callable[[], None] = lambda: None,
    ) -> list[str]:
        """Write a command, wait for its prompt, write `body` and Ctrl-Z, return the answer.

        Raises `NotSubmitted` if Ctrl-Z was not written, `OutcomeUnknown` if it was and no final
        result came, `Refused` on an error result. `on_air` runs once, right after Ctrl-Z,
        `at_prompt` right after the command; if that raises, the prompt is left.
        """
        with self._txLock:
            self._reach_prompt(command, prompt_timeout, at_prompt)
            answer = self._begin(Answer(Running.of(command)))
            try:
                self._send(body.encode("ascii"), body)
            except PortLost as error:
                raise NotSubmitted(error.cause) from error
            return self._launch(command, answer, CTRL_Z, answer_timeout, on_air)

    def execute_on_air(
        self, command: str, timeout: float, on_air: Callable[[], None]
    ) -> list[str]:
        """Write a command that sends (AT+CMSS). Raises like `execute_with_prompt`: once the
        command is written, no answer means `OutcomeUnknown`.
        """
        with self._txLock:
            try:
                self._get_into_step()
            except (PortLost, NoReply) as error:
                raise NotSubmitted(str(error)) from error
            answer = self._begin(Answer(Running.of(command)))
            try:
                self._send(command.encode("ascii"), command)
            except PortLost as error:
                raise NotSubmitted(error.cause) from error
            return self._launch(command, answer, CR, timeout, on_air)

    def _launch(
        self,
        command: str,
        answer: Answer,
        trigger: bytes,
        timeout: float,
        on_air: Callable[[], None],
    ) -> list[str]:
        """Write the one byte after which the message may be on the air, and wait."""
        try:
            self._send(trigger, "")
        except PortLost as error:
            raise OutcomeUnknown(error.cause) from error
        self._run(on_air)
        self._until_done(answer, timeout)
        if answer.final is None:
            raise OutcomeUnknown(self._why_none(command, timeout, answer))
        return _lines(answer)

    def _reach_prompt(self, command: str, timeout: float, at_prompt: Callable[[], None]) -> None:
        try:
            self._get_into_step()
            # No names: a +CMGS that comes now answers an earlier submission.
            answer = self._begin(Answer(Running(command)))
            with self._cond:
                self._feed.expect_prompt = True
            self._send(command.encode("ascii") + CR, command)
            self._run(at_prompt)
            self._until_done(answer, timeout)
        except (PortLost, NoReply) as error:
            raise NotSubmitted(str(error)) from error
        finally:
            with self._cond:
                self._feed.expect_prompt = False
        if answer.prompted:
            return
        if answer.final is None:
            raise NotSubmitted(self._why_none(command, timeout, answer))
        _lines(answer)  # raises what the modem said
        raise NotSubmitted(f"the modem gave no prompt to {command}")

    def _run(self, meanwhile: Callable[[], None]) -> None:
        self._out_of_step = True  # until it returned: the answer is still to come
        meanwhile()
        self._out_of_step = False

    def _begin(self, answer: Answer) -> Answer:
        with self._cond:
            self._answer = answer
        return answer

    def _until_done(self, answer: Answer, seconds: float) -> bool:
        with self._cond:
            return self._cond.wait_for(lambda: answer.done or self._down is not None, seconds)

    def _until_done_or_quiet(self, answer: Answer, seconds: float, quiet: float) -> None:
        for _ in range(max(1, round(seconds / quiet))):
            heard = len(answer.lines)
            if self._until_done(answer, quiet) or len(answer.lines) == heard:
                return

    def _send(self, data: bytes, shown: str) -> None:
        if self._trace is not None and shown:
            self._trace(">", masked(shown))
        try:
            if self._down is None:
                self.serial.write(data)
                return
        except serial.SerialTimeoutException:
            self._go_down("the modem takes no more bytes")
        except (serial.SerialException, OSError, TypeError, AttributeError) as error:
            self._go_down(f"the modem is gone ({error})")
        raise PortLost(self.port, self._down or "it is gone")

    def _give_up(self, command: str, waited_s: float, answer: Answer) -> NoReturn:
        why = self._why_none(command, waited_s, answer)
        if self._down is not None:
            raise PortLost(self.port, why)
        raise NoReply(masked(command), waited_s, tuple(answer.lines))

    def _why_none(self, command: str, waited_s: float, answer: Answer) -> str:
        """Why there is no final result; gets the stream into step again."""
        with self._cond:
            self.interruptions += 1
            self._answer = None
        if self._down is not None:
            return self._down
        if answer.cut is None:
            self._out_of_step = not self._resync(command)
        return answer.cut or f"no answer to {masked(command)} within {waited_s:g} s"

    @property
    def in_step(self) -> bool:
        """Whether the next line will belong to the next command."""
        return not self._out_of_step

    # --- getting into step ----------------------------------------------------------------------

    def probe(self, command: str, timeout: float) -> bool:
        """Whether the modem answers at all; gets nothing into step. Raises `PortLost`."""
        with self._txLock:
            answer = self._begin(Answer(Running.of(command)))
            self._send(command.encode("ascii") + CR, command)
            self._until_done(answer, timeout)
            if self._down is not None:
                raise PortLost(self.port, self._down)
            return answer.final is not None

    def send_raw(self, data: bytes) -> None:
        """Bytes that are no command, such as ESC. Raises `PortLost`."""
        with self._txLock:
            self._send(data, repr(data))

    def resync(self) -> bool:
        """Leave a prompt and throw away late answers; False if the modem stays silent."""
        with self._txLock:
            self._out_of_step = not self._resync("")
            return not self._out_of_step

    def _get_into_step(self) -> None:
        if self._down is not None:
            raise PortLost(self.port, self._down)
        if self._out_of_step and not self.resync():
            raise NoReply("AT", self._resync_timeout_s * _RESYNC_TRIES)

    def _resync(self, after: str) -> bool:
        # The late answer of a marker's own twin would be taken for the marker's.
        twin = after[:7] == self.marker[:7]
        markers = Markers(_OTHER[self.marker] if twin else self.marker)
        self._begin(markers)
        try:
            for _ in range(_RESYNC_TRIES):
                markers.sent += 1
                self._send(ESC + CR + markers.command.encode() + CR, markers.command)
                if self._until_done(markers, self._resync_timeout_s):
                    return self._down is None
        except PortLost:
            return False
        return self._settled(markers)

    def _settled(self, markers: Markers) -> bool:
        """A prompt swallowed some of the markers, or the modem refuses them: wait for the last."""
        for _ in range(_RESYNC_TRIES):
            before = markers.finals
            if before == 0 or self._until_done(markers, self._resync_timeout_s):
                return before > 0
            if markers.finals == before:
                return True
        return False

    # --- what the library calls ---------------------------------------------------------------

    def write(self, data: str, *_: object, timeout: float = 10, **__: object) -> list[str]:
        """`execute` in the words of the library: its list of lines, its exceptions."""
        try:
            return [*self.execute(data, timeout), "OK"]
        except NoReply as error:
            raise TimeoutException(list(error.partial)) from error
        except Refused as error:
            if error.family == "CME" and error.code is not None:
                raise CmeError(data, error.code) from error
            if error.family == "CMS" and error.code is not None:
                raise CmsError(data, error.code) from error
            raise CommandError(data) from error


def _forbidden(*_: object, **__: object) -> NoReturn:
    raise NotImplementedError("this way of python-gsmmodem-new loses messages: use GsmDriver")


# They delete before they have read, send twice, or hang.
_NEVER = (
    "sendSms", "processStoredSms", "listStoredSms", "readStoredSms", "deleteStoredSms",
    "deleteMultipleStoredSms", "waitForNetworkCoverage", "sendUssd", "dial", "_unlockSim",
)  # fmt: skip
for _name in _NEVER:
    setattr(Wire, _name, _forbidden)


def _lines(answer: Answer) -> list[str]:
    """The lines of a finished answer; raises `Refused`."""
    final = answer.final
    assert final is not None
    if not final.ok:
        raise refusal(final.family, final.code, final.text)
    return answer.lines
