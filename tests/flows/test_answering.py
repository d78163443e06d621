"""One SMS, one answer, one commit: the engine that all rules stand on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from relay.core.priority import Priority
from relay.core.question import Question
from relay.errors import StoreFull
from relay.flows.answering.primitive import Primitive, Reply
from relay.flows.answering.turn import Told, Turn
from relay.store import browsing, counts, loops, people
from relay.store.reading import Reader
from tests.village import Village, texts

AMINA, BARAKA, NURSE = "+254700000001", "+254700000002", "+254700000009"
DAY = 86_400_000


class Choir(Primitive):
    """A primitive of these tests: it sings back, asks, and tells others."""

    name = "channels"

    def __init__(self) -> None:
        self.answers: list[Reply] = []
        self.codes: list[tuple[str, int, str]] = []
        self.told: list[Told] = []
        self.stopped: list[str] = []
        self.due_now: Callable[[Turn], int] = lambda _: 0

    def plain(self, turn: Turn) -> bool:
        text = turn.sms.text if turn.sms else ""
        if text == "sing":
            turn.reply_text("la la")
        elif text == "break":
            turn.reply_text("half")
            raise ZeroDivisionError("a bug")
        elif text.startswith("tell "):
            _, number, occasion = text.split()
            told = turn.tell(
                number, "news", rule="post", occasion=occasion, priority=Priority.BROADCAST
            )
            self.told.append(told)
            turn.silent()
        elif text.startswith("ask"):
            words = text.split()[1:]
            code = turn.new_code("channels") if "coded" in words else None
            choices = ["O+", "O-"] if "choice" in words else []
            turn.ask(turn.number, "channels", "q" + str(code), {"x": 1},
                     expires_at=turn.now + DAY, code=code, choices=choices)  # fmt: skip
            turn.reply_text(f"asked {code}")
        else:
            return False
        return True

    def answer(self, turn: Turn, question: Question, reply: Reply) -> bool:
        self.answers.append(reply)
        turn.reply_text("thanks")
        return True

    def coded(self, turn: Turn, word: str, code: int, rest: str) -> bool:
        self.codes.append((word, code, rest))
        turn.reply_text("late")
        return True

    def opted_out(self, turn: Turn, number: str) -> None:
        self.stopped.append(number)

    def due(self, turn: Turn, limit: int) -> int:
        return self.due_now(turn)


@pytest.fixture
def choir() -> Choir:
    return Choir()


@pytest.fixture
def village(tmp_path: Path, choir: Choir):
    with Village(tmp_path, primitives=lambda _: [choir]) as village:
        yield village


def test_a_message_is_answered_once(village):
    """Also when the engine looks again, and after a restart."""
    assert texts(village.says(AMINA, "sing")) == ["la la"]
    assert village.settles() == []
    village.restarts()
    assert village.settles() == []


def test_the_answer_and_its_mark_are_one_commit(village, monkeypatch):
    """A disk that is full at the reply leaves the message unanswered, and it is answered later."""
    village.arrives(AMINA, "sing")
    with monkeypatch.context() as patch:
        patch.setattr(village.outbox, "enqueue", _disk_full)
        with pytest.raises(StoreFull):
            village.engine.step()
    assert village.heard() == []
    assert texts(village.settles()) == ["la la"]


def _disk_full(*_: object, **__: object) -> int:
    raise StoreFull("/var/lib/relay/relay.db")


def test_a_bug_on_one_message_stops_none_behind_it(village):
    """What it wrote is undone; it is not tried again for ever."""
    village.arrives(AMINA, "break")
    village.arrives(BARAKA, "sing")
    assert [(one.number, one.text) for one in village.settles()] == [(BARAKA, "la la")]
    village.restarts()
    assert village.settles() == []


def test_what_nobody_understands_gets_no_answer(village):
    """People talk to one another, and a health worker's report is the server's."""
    assert village.says(AMINA, "hello, is anybody there?") == []
    assert village.db.value("SELECT state FROM answer") == "ANSWERED"


def test_half_a_message_is_not_answered(village):
    """What the missing part says could turn its meaning."""
    from relay.core.pdu import Concat
    from relay.store.raw import Arrival
    from tests.air import deliver

    half = deliver("sing", sender=AMINA, concat=Concat(7, 2, 1, 8))
    village.inbox.keep(village.clock.now(), [Arrival(half, "usb1", "89254", "SM:9")])
    village.inbox.digest(village.clock.now())
    village.clock.advance(3 * 86_400)
    village.inbox.give_up_waiting(village.clock.now())
    assert village.settles() == []


# --- told once ----------------------------------------------------------------------------------


def test_nobody_is_told_the_same_occasion_twice(village, choir):
    """Not by another message, not after a restart, not under another spelling of his number."""
    assert texts(village.says(NURSE, f"tell {AMINA} 37")) == ["news"]
    village.restarts()
    assert village.says(NURSE, f"tell {AMINA} 37") == []
    assert texts(village.says(NURSE, f"tell {AMINA} 38")) == ["news"]
    assert choir.told == [Told.QUEUED, Told.ALREADY, Told.QUEUED]


@pytest.mark.parametrize("number", ["40404", "MPESA", "+254711000000", "0711000000"])
def test_machines_and_ourselves_are_never_written_to(village, choir, number):
    """A short code would answer, and this station would hear its own voice."""
    assert village.says(NURSE, f"tell {number} 37") == []
    assert choir.told == [Told.UNREACHABLE]


@pytest.mark.parametrize("sender", ["40404", "MPESA"])
def test_a_machine_that_writes_gets_no_answer(village, sender):
    """An operator's advertisement must not cost an SMS."""
    assert village.says(sender, "sing") == []


# --- STOP ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["STOP", "stop.", " Stop ", "ARRET", "acha", "PARAR"])
def test_stop_works_for_a_stranger_in_every_language(village, choir, word):
    """One confirmation; then nothing more."""
    (confirmation,) = village.says(AMINA, word)
    assert confirmation.number == AMINA
    village.says(NURSE, f"tell {AMINA} 37")
    assert choir.told == [Told.OPTED_OUT]


def test_stop_takes_back_what_waits(village):
    """Of what is in the queue nothing goes out any more, and the row says why."""
    (news,) = village.says(NURSE, f"tell {AMINA} 37")
    village.says(AMINA, "STOP")
    status, reason = village.state(news.id)
    assert status == "FAILED"
    assert str(reason).startswith("SKIPPED_OPTED_OUT")


def test_a_bug_in_a_rule_undoes_no_stop(village, choir, monkeypatch):
    monkeypatch.setattr(choir, "opted_out", lambda *_: 1 / 0)
    assert len(village.says(AMINA, "STOP")) == 1
    village.says(NURSE, f"tell {AMINA} 37")
    assert choir.told == [Told.OPTED_OUT]


def test_what_stop_took_back_is_no_failure_to_be_sent_again(village):
    """Neither does status ask for it, nor does `relay outbox retry --all-failed` send it."""
    village.says(NURSE, f"tell {AMINA} 37")
    village.says(AMINA, "STOP")
    with Reader.open(village.db.path) as reader:
        assert browsing.failed_ids(reader) == []
        assert counts.outward(reader, village.clock.now(), {}).failed_ids == ()


@pytest.mark.parametrize("holds", ["community", "all"])
def test_stop_takes_back_answers_and_what_was_held_too(tmp_path, choir, holds):
    """An answer that has not left, and what looked like a loop and waits for a person."""
    settings = f'stop_holds = "{holds}"'
    with Village(tmp_path, settings=settings, primitives=lambda _: [choir]) as village:
        (answer,) = village.says(AMINA, "sing")
        (news,) = village.says(NURSE, f"tell {AMINA} 37")
        with village.db.transaction() as tx:
            tx.execute("DELETE FROM part WHERE outbound_id = ?", (news.id,))
            loops.hold(tx, village.clock.now(), news.id, "a test")
        (confirmation,) = village.says(AMINA, "STOP")
        for one in (answer, news):
            assert str(village.state(one.id)[1]).startswith("SKIPPED_OPTED_OUT")
        assert village.goes_out() == [AMINA]
        assert village.state(confirmation.id)[0] == "SENT"


def test_stop_for_all_knows_the_number_in_any_spelling(tmp_path):
    """Staff have written down 0700…, the server writes to +254700…."""
    with Village(tmp_path, settings='stop_holds = "all"', primitives=lambda _: []) as village:
        with village.db.transaction() as tx:
            people.ensure(tx, 0, "0700000001", "test")
        village.outbox.enqueue(
            village.clock.now(), recipient=AMINA, text="Your result", server="cht", server_id="7"
        )
        village.says(AMINA, "STOP")
        assert village.goes_out() == ["0700000001"]  # the confirmation


def test_a_message_of_a_server_is_no_broadcast(village):
    """A health worker's STOP does not cut her off from her clinic's answers."""
    out = village.outbox.enqueue(
        village.clock.now(), recipient=AMINA, text="Your result", server="cht", server_id="7"
    )
    village.says(AMINA, "STOP")
    assert village.state(out)[0] == "UNSENT"


def test_stop_for_all_holds_back_a_servers_messages_too(tmp_path):
    """Where the configuration wishes it so."""
    with Village(tmp_path, settings='stop_holds = "all"', primitives=lambda _: []) as village:
        out = village.outbox.enqueue(
            village.clock.now(), recipient=AMINA, text="Your result", server="cht", server_id="7"
        )
        village.says(AMINA, "STOP")
        assert str(village.state(out)[1]).startswith("SKIPPED_OPTED_OUT")


def test_start_undoes_stop(village, choir):
    """And what was missed is not sent later."""
    village.says(AMINA, "STOP")
    village.says(NURSE, f"tell {AMINA} 37")
    (welcome,) = village.says(AMINA, "START")
    assert welcome.number == AMINA
    assert texts(village.says(NURSE, f"tell {AMINA} 38")) == ["news"]


# --- questions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["YES", "yes.", "Ndiyo", "oui", "ok"])
def test_one_open_question_needs_no_number(village, choir, said):
    """The dialogue's `yes (one open ask: no number needed)`."""
    village.says(AMINA, "ask coded")
    assert texts(village.says(AMINA, said)) == ["thanks"]
    assert village.says(AMINA, said) == []


def test_of_two_questions_he_is_asked_which(village, choir):
    """Guessing would promise a donor to the wrong patient."""
    village.says(AMINA, "ask coded")
    village.says(AMINA, "ask coded")
    (which,) = village.says(AMINA, "YES")
    assert "YES 1" in which.text
    assert "YES 2" in which.text
    assert texts(village.says(AMINA, "yes 2")) == ["thanks"]
    assert choir.answers[-1].code == 2


def test_a_choice_is_an_answer_in_any_case_and_spacing(village, choir):
    """O- is not O+, whatever a spelling otherwise forgives."""
    village.says(AMINA, "ask choice")
    assert texts(village.says(AMINA, " ｏ- ")) == ["thanks"]
    assert choir.answers[-1].choice == "O-"


def test_a_code_without_an_open_question_goes_to_its_owner(village, choir):
    """A day later: `YES 31` is answered by whoever gave out 31."""
    village.says(AMINA, "ask coded")
    village.says(AMINA, "YES 1")
    assert texts(village.says(AMINA, "YES 1")) == ["late"]
    assert texts(village.says(BARAKA, "ok 1")) == ["late"]
    assert choir.codes == [("yes", 1, ""), ("ok", 1, "")]


def test_a_question_that_has_run_out_is_not_answered(village, choir):
    """The number still leads to its owner, who says what became of it."""
    village.says(AMINA, "ask choice")
    village.passes(days=2)
    assert village.says(AMINA, "O+") == []


def test_the_code_of_nobody_is_nobodys(village):
    """A made-up number tells a stranger nothing."""
    assert village.says(AMINA, "OK 37") == []


# --- money --------------------------------------------------------------------------------------


def test_ten_thousand_words_of_one_number_cost_no_more_than_its_allowance(tmp_path, choir):
    """The others are answered as before, and after an hour he is too."""
    settings = "replies_per_hour = 3"
    with Village(tmp_path, settings=settings, primitives=lambda _: [choir]) as village:
        for _ in range(50):
            village.arrives(AMINA, "sing")
        village.arrives(BARAKA, "sing")
        heard = [one.number for one in village.settles()]
        assert heard.count(AMINA) == 3
        assert heard.count(BARAKA) == 1
        village.clock.advance(3600)
        assert texts(village.says(AMINA, "sing")) == ["la la"]


def test_the_first_stop_is_confirmed_whatever_was_used_up(tmp_path, choir):
    """A STOP always gets its one confirmation."""
    settings = "replies_per_hour = 1"
    with Village(tmp_path, settings=settings, primitives=lambda _: [choir]) as village:
        village.says(AMINA, "sing")
        assert len(village.says(AMINA, "STOP")) == 1
        assert village.says(AMINA, "STOP") == []


def test_stop_and_start_in_turn_cost_no_more_than_the_allowance(tmp_path, choir):
    """A STOP is always confirmed, but not each of thousands."""
    settings = "replies_per_hour = 4"
    with Village(tmp_path, settings=settings, primitives=lambda _: [choir]) as village:
        said = [village.says(AMINA, word) for _ in range(20) for word in ("STOP", "START")]
        assert sum(map(len, said)) <= 5
        assert village.db.value("SELECT consent FROM person") == "STOPPED"


def test_a_day_sends_no_more_than_its_cap_but_for_alerts(tmp_path, choir):
    """What was capped was not told: it may be tried tomorrow."""
    settings = "max_per_day = 2"
    with Village(tmp_path, settings=settings, primitives=lambda _: [choir]) as village:
        for n in range(4):
            village.says(NURSE, f"tell +25470000010{n} 37")
        assert choir.told == [Told.QUEUED, Told.QUEUED, Told.CAPPED, Told.CAPPED]
        village.clock.advance(86_400)
        village.says(NURSE, "tell +254700000102 37")
        assert choir.told[-1] is Told.QUEUED


# --- by the clock -------------------------------------------------------------------------------


def test_what_is_due_and_fails_stops_nothing(village, choir):
    """Messages are answered while one rule's clockwork is broken."""

    def broken(_: Turn) -> int:
        raise ZeroDivisionError("a bug")

    choir.due_now = broken
    assert texts(village.says(AMINA, "sing")) == ["la la"]


def test_quiet_hours_only_postpone(village, choir):
    """A reminder that is due at night is in the outbox, and leaves in the morning."""
    from relay.clock import wall
    from relay.core.quiet import Quiet

    now = village.clock.now()
    night = wall(now, "22:00")
    village.clock.step((night - now) / 1000)

    def remind(turn: Turn) -> int:
        told = turn.tell(AMINA, "tomorrow", rule="r", occasion="1", priority=Priority.REMINDER,
                         quiet=Quiet("20:00", "07:00"))  # fmt: skip
        return int(told is Told.QUEUED)

    choir.due_now = remind
    (reminder,) = village.settles()
    assert reminder.not_before == wall(night, "07:00", 1)


# --- switched off -------------------------------------------------------------------------------


def test_without_a_set_nobody_is_answered(tmp_path):
    """A drop-in for the Android gateway passes messages on, and says nothing of its own."""
    with Village(tmp_path) as village:
        assert village.config.community.sets
    from relay.assembly import inbox_of
    from relay.config import load

    path = tmp_path / "relay.toml"
    path.write_text(path.read_text().replace('sets = ["own.toml"]', ""))
    config = load(path, {}, hostname=lambda: "clinic")
    with Village(tmp_path) as village:
        village.inbox = inbox_of(village.db, config)
        village.arrives(AMINA, "STOP")
        assert village.db.query("SELECT * FROM answer") == []


def test_a_broken_set_stops_only_itself(tmp_path):
    """It is named with its file, its line, and what to write instead."""
    rules = '[set]\nname = "x"\n\n[fromage.brie]\nsoft = true\n'
    with Village(tmp_path, rules=rules) as village:
        (fault,) = village.rules.faults
        assert str(fault).startswith(f"{tmp_path / 'own.toml'}:4: fromage: is an unknown section")
        assert len(village.says(AMINA, "STOP")) == 1


@pytest.mark.parametrize(
    ("rules", "line", "what"),
    [("[form.X\n", 1, "at line 1"), ("a = 1\n\nb = 2 3\n", 3, "at line 3")],
)
def test_what_is_no_toml_is_named_with_its_line(tmp_path, rules, line, what):
    """A technician wrote it by hand, in the field."""
    with Village(tmp_path, rules=rules) as village:
        (fault,) = village.rules.faults
        assert fault.line == line
        assert what in fault.what


def test_a_set_that_does_not_exist_is_told_with_those_that_do(tmp_path):
    """A slip of the pen in relay.toml."""
    with Village(tmp_path, sets=["antinatal"], primitives=lambda _: []) as village:
        (fault,) = village.rules.faults
        assert "there is no rule set antinatal" in fault.what
