"""What was counted, and the figures made of it. No clock: moments and CPU seconds are brought."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ussd_gateway.load.histogram import Histogram
from ussd_gateway.load.receipts import Receipts

SECOND = 1_000_000_000  # moments and durations are in nanoseconds
MILLISECOND = 1_000_000

PERCENTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9, "max": 100.0}

BUSY = 80.0  # percent of a core from which on the generator may be what holds the figures down


class LoadError(Exception):
    """The load could not begin: who said what, and what to do."""


@dataclass(slots=True)
class Used:
    """What processes have used so far: CPU seconds of the generator and the server, MiB of the server."""

    own: float
    server: float | None = None
    memory: float | None = None


@dataclass(slots=True)
class Tally:
    """What a run counts. `answered`, `durations`, `lateness` and the CPU seconds leave the warm-up out."""

    began: int
    used: Used
    sent: int = 0
    answered: int = 0
    accepted: int = 0
    unanswered: int = 0
    others: int = 0  # deliver_sm that are no receipts
    closed: int = 0  # connections that the server closed
    last_answer: int = 0
    last_receipt: int = 0
    statuses: Counter[str] = field(default_factory=Counter)  # refusals by the name of their command_status
    durations: Histogram = field(default_factory=Histogram)
    lateness: Histogram = field(default_factory=Histogram)  # from the moment a message was due to its way out
    receipts: Receipts | None = None

    def measure_from(self, now: int, used: Used) -> None:
        """The warm-up is over."""
        self.began, self.used = now, used
        self.answered = 0
        self.durations, self.lateness = Histogram(), Histogram()
        if self.receipts:
            self.receipts.durations = Histogram()


def figures(tally: Tally, now: int, used: Used) -> dict[str, object]:
    """The figures of a run that ended now, by name; None where there is no data. Times are in milliseconds."""
    seconds = max(now - tally.began, 1) / SECOND
    answering = max(tally.last_answer - tally.began, 1) / SECOND
    rows: dict[str, object] = {
        "seconds": round(seconds, 3),
        "sent": tally.sent,
        "accepted": tally.accepted,
        "errors": sum(tally.statuses.values()),
        "statuses": dict(tally.statuses.most_common()),
        "unanswered": tally.unanswered,
        "closed": tally.closed,
        "others": tally.others,
        "msg_per_s": round(tally.answered / answering, 1) if tally.answered else None,
        **durations("", tally.durations),
        "late_p99_ms": milliseconds(tally.lateness.percentile(99)),
    }
    if receipts := tally.receipts:
        until = max(tally.last_receipt - tally.began, 1) / SECOND
        rows |= {
            "receipts": receipts.came,
            "receipt_per_s": round(receipts.durations.total / until, 1) if receipts.came else None,
            **durations("receipt_", receipts.durations),
            "lost": receipts.lost,
            "doubled": receipts.doubled,
        }
    return rows | spent(tally.used, used, seconds, tally.answered)


def spent(before: Used, after: Used, seconds: float, messages: int) -> dict[str, object]:
    """What the generator and the server used meanwhile, all in all and for so many messages."""
    own = after.own - before.own
    rows: dict[str, object] = {
        "own_cpu_percent": round(100 * own / seconds, 1),
        "own_cpu_us_per_msg": _per_message(own, messages, 1e6),
    }
    if before.server is not None and after.server is not None:
        server = after.server - before.server
        rows |= {
            "server_cpu_percent": round(100 * server / seconds, 1),
            "server_cpu_s_per_100k": _per_message(server, messages, 1e5),
        }
    if after.memory is not None:
        rows["server_rss_mib"] = round(after.memory, 1)
    return rows


def durations(prefix: str, histogram: Histogram) -> dict[str, object]:
    """The percentiles by their names behind the prefix."""
    return {f"{prefix}{name}_ms": milliseconds(histogram.percentile(percent)) for name, percent in PERCENTILES.items()}


def milliseconds(nanoseconds: int | None) -> float | None:
    """As figures have it."""
    return None if nanoseconds is None else round(nanoseconds / MILLISECOND, 4)


def _per_message(seconds: float, messages: int, scale: float) -> float | None:
    return round(seconds / messages * scale, 3) if messages else None
