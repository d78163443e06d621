"""The events of the log in plain words. What a sentence does not name is put behind it."""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "at": "{modem} {way} {line}",
    # relay itself
    "daemon.started": "relay {version} has started",
    "daemon.stopping": "relay is being stopped",
    "daemon.stopped": "relay has stopped in good order",
    "daemon.not_started": "relay cannot start: {error}",
    "daemon.unhealthy": "a part of relay hangs: {workers}",
    "daemon.left_behind": "a part of relay did not end in time: {workers}",
    "daemon.not_done": "this did not work, relay goes on: {error}",
    "config.warning": "the configuration: {detail}",
    "worker.waiting": "{worker} waits, and tries again: {error}",
    "worker.crashed": "{worker} has crashed, and is started again in {again_s} s",
    "worker.recovered": "{worker} works again",
    "worker.ended": "{worker} has ended: {error}",
    "job.done": "done: {job}",
    "job.failed": "the job {job} has failed; again {again}",
    "job.missed": "the job {job} was missed, and is made up for in {runs_in_s} s",
    "summary.today": "today",
    "summary.failed": "the day cannot be summed up: {error}",
    # time
    "clock.reckoned": "the time is {confidence}",
    "clock.corrected": "the time was wrong: it was {was} and is {now}; {dated_anew} times were"
    " set right",
    "clock.stepped": "the computer's clock was set by {seconds} s",
    # modem
    "link.open": "{modem}: the modem is there ({state})",
    "link.down": "{modem}: the modem is away: {error}",
    "link.refused": "{modem}: the modem refuses: {error}",
    "recovery.step": "{modem}: it is treated by {step}",
    "recovery.cured": "{modem}: it works again",
    "recovery.failed": "{modem}: that did not help",
    "recovery.step_failed": "{modem}: that could not be done",
    "recovery.no_step": "{modem}: nothing has helped; a person is needed",
    "silence.is": "{modem}: why it is so quiet: {who}",
    "sim.seen": "{modem}: it holds the SIM {sim}, which is {standing}",
    "smsc.restored": "{modem}: the SIM had lost its service centre {smsc}, and has it again",
    "smsc.changed": "{modem}: the service centre was {before} and is {now}",
    "submission.learned": "{modem}: whether it keeps a record of what it sent: {stored}",
    "submission.not_listed": "{modem}: its memory could not be read: {error}",
    "submission.slot_left": "{modem}: a message of its memory could not be deleted: {error}",
    "call.came": "{modem}: {caller} has called",
    "call.not_ended": "{modem}: a call could not be ended: {error}",
    # messages
    "inbox.kept": "{modem}: {pdus} SMS came in, {new} of them new",
    "inbox.read": "{modem}: {messages} messages and {reports} delivery reports were read",
    "inbox.incomplete": "of {messages} long messages a part never came; they go on with a gap",
    "inbox.room_made": "{modem}: {stored} messages were moved to make room",
    "inbox.slot_stuck": "{modem}: the slot {slot} cannot be freed: {error}",
    "outbox.accepted": "{modem}: the network took part {part}",
    "outbox.queued": "{modem}: part {part} waits to be sent again",
    "outbox.failed": "{modem}: part {part} has failed",
    "outbox.uncertain": "{modem}: nobody knows whether part {part} went out",
    "outbox.delivered": "{modem}: part {part} has reached its phone",
    "outbox.expired": "{messages} messages were too old to be sent",
    "outbox.recovered": "{uncertain} parts were on the air when relay was ended",
    "outbox.settled": "a doubt about part {part} is settled: {by}",
    "outbox.sent_anew": "message {message} is sent anew, all of it, by {modem}",
    "sending.paused": "{modem}: nothing is sent for {seconds} s",
    "sending.no_claim": "nothing could be taken from the queue: {error}",
    # airtime
    "airtime.balance": "{modem}: the operator has told the balance, by {via}",
    "airtime.topped_up": "{modem}: the SIM was topped up",
    # server
    "sync.exchanged": "{server}: {reports} messages and {updates} statuses went there, {new} new"
    " messages came from there",
    "sync.failed": "{server}: it was not reached: {code}",
    "sync.works": "{server}: it is reached",
    "sync.parked": "{server}: it refused {what} {id} for good: {code}",
    "sync.skipped": "{server}: {malformed} messages of it could not be read",
    # store
    "store.unusable": "the database cannot be used: {error}",
    "store.unwritable": "the database cannot be written: {error}",
    "store.restored": "the database is a restored copy; {held} messages wait for a person",
    "store.salvaged": "the database was damaged, and is mended; the damaged one is {set_aside}",
    "store.rescued": "the database was {was}; what relay had is saved at {path}",
    "store.not_rescued": "what relay had could not be saved at {path}: {error}",
    "store.foreign_log": "a log of another database was set aside: {set_aside}",
    "store.blanked": "the words of {messages} old messages were removed",
    "store.pruned": "{messages} old messages were forgotten",
    "disk.full": "the disk is full",
}
