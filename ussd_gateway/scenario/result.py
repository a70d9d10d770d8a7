"""What comes of a scenario that was played: its events, its steps, and why it failed. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an event is."""

    DONE = "done"  # the user, or the network, did something
    SCREEN = "screen"
    SMS = "sms"
    RECEIPT = "receipt"
    RESPONSE = "response"
    PAGE = "page"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on a phone.

    phone  str; its name, or that of an ESME
    line   int; of the step during which it was noticed
    kind   Kind
    text   str; what was done, shown or received
    about  str; of a screen "final, success" or "awaiting an answer", of an SMS whom it is from, of a receipt its stat
           and message_id
    at     float; when it was noticed, by the network's clock, in seconds since the epoch
    file   str; where the line is, "" for the script's own file
    """

    phone: str
    line: int
    kind: Kind
    text: str
    about: str = ""
    at: float = 0.0
    file: str = ""


@dataclass(frozen=True, slots=True)
class Timed:
    """A step that was played, or a round or row of a block.

    line, sentence, phone  as in the script; of a round or row which it is
    at       float; when it began, by the network's clock, in seconds since the epoch
    waited   float; seconds that it took by that clock
    seconds  float; of real time that it took
    before   int; how many events there were when it began
    file     str; where the line is, "" for the script's own file
    failed   bool; it did not go as written; a round or row, too, in which a step did not
    """

    line: int
    sentence: str
    phone: str
    at: float
    waited: float
    seconds: float
    before: int
    file: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that arrived, as a failure tells it.

    event       Event
    similarity  float; 1 for what is as expected, 0 for what has nothing in common with it
    difference  str; where it differs, "" when nothing useful can be said
    remark      str; what else speaks against it, such as "read by an earlier step"
    """

    event: Event
    similarity: float
    difference: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a scenario failed.

    line      int; of the step
    sentence  str; as it was written
    expected  str; "an SMS from 3339 ... within 5 s", "" where nothing was expected
    problem   str; what is wrong, "" where the arrivals say it
    phone     str; "anna (70001000001)", also of an ESME; "" when the step is about none
    arrived   tuple of Arrival; everything that arrived there, nearest first
    file      str; where the line is, "" for the script's own file
    where     tuple of str; "setup" or "teardown", and the round and row of each block around the step
    later     tuple of Failure; what failed after it: another phone in the same `together`, the teardown
    """

    line: int
    sentence: str
    expected: str = ""
    problem: str = ""
    phone: str = ""
    arrived: tuple[Arrival, ...] = ()
    file: str = ""
    where: tuple[str, ...] = ()
    later: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """How one scenario went. Secrets are masked in all of it.

    seconds  float; of real time
    events   tuple of Event; the transcript, of all phones
    steps    tuple of Timed; as far as they were played
    began    float; real time, in seconds since the epoch
    tags     tuple of str; the scenario's
    """

    file: str
    name: str
    line: int
    seconds: float
    failure: Failure | None
    events: tuple[Event, ...]
    steps: tuple[Timed, ...] = ()
    began: float = 0.0
    tags: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every step went as written."""
        return self.failure is None
