"""How pages write numbers, money and moments. Pure."""

from __future__ import annotations

from datetime import datetime

from ussd_gateway.subscribers.tariffs import MOSCOW


def money(kopecks: int) -> str:
    """15000 -> "150.00 р.", as the menus write it."""
    roubles, rest = divmod(abs(kopecks), 100)
    return f"{'-' * (kopecks < 0)}{roubles}.{rest:02} р."


def number(msisdn: str) -> str:
    """70001000001 -> "+7 000 100-00-01"."""
    return f"+{msisdn[0]} {msisdn[1:4]} {msisdn[4:7]}-{msisdn[7:9]}-{msisdn[9:]}"


def moment(at: float) -> str:
    """Seconds since the epoch -> "27.04.2018 17:50", in the operator's time."""
    return datetime.fromtimestamp(at, MOSCOW).strftime("%d.%m.%Y %H:%M")


def machine_moment(at: float) -> str:
    """The same for the datetime attribute of <time>: "2018-04-27T17:50+03:00"."""
    return datetime.fromtimestamp(at, MOSCOW).isoformat(timespec="minutes")
