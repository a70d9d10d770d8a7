"""What the SMSC counts, for whoever monitors it. All is added up when somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from ussd_gateway.applications.smsc.connection import Shared
from ussd_gateway.applications.smsc.counters import Counters
from ussd_gateway.metric import Metric, Values, one

_ACCOUNT = ("system_id",)
_COUNTS: tuple[tuple[str, str, tuple[str, ...], Callable[[Any], int | Mapping[str, int]]], ...] = (
    ("requests", "Requests of ESMEs that got a response", ("command",), lambda shown: shown["requests"]),
    ("responses", "Responses to ESMEs", ("command_status",), lambda shown: shown["responses"]),
    (
        "throttled",
        "Requests of ESMEs that were refused with ESME_RTHROTTLED",
        (),
        lambda shown: shown["responses"].get("ESME_RTHROTTLED", 0),
    ),
    (
        "deliveries",
        "Requests of the SMSC that carried a message or a receipt",
        ("carried",),
        lambda shown: {"message": shown["messages_out"], "receipt": shown["receipts"]},
    ),
    (
        "deliveries_refused",
        "Responses of ESMEs to those that were not ESME_ROK",
        ("command_status",),
        lambda shown: _known(shown["refused"]),
    ),
    (
        "octets",
        "Octets between ESMEs and the SMSC",
        ("direction",),
        lambda shown: {"to_smsc": shown["octets_in"], "to_esme": shown["octets_out"]},
    ),
)
"""Counters by account: name, meaning, a further label, and how to take them from what `Counters` show."""


def smsc_metrics(shared: Shared) -> list[Metric]:
    """The metrics of all that the connections of one SMSC have in common; "" is the system_id of who is no account."""
    return [
        Metric("gauge", "smpp_connections", "Connections of ESMEs", (), one(lambda: len(shared.connections))),
        Metric(
            "counter",
            "smpp_connections_opened",
            "Connections that ESMEs opened",
            (),
            one(lambda: len(shared.connections) + shared.closed),
        ),
        Metric("counter", "smpp_connections_closed", "Connections that ended", (), one(lambda: shared.closed)),
        Metric("gauge", "smpp_binds", "Binds that are open", (*_ACCOUNT, "mode"), lambda: _binds(shared)),
        Metric(
            "gauge",
            "smpp_waiting",
            "Messages and receipts that wait for an ESME",
            _ACCOUNT,
            lambda: {(shown["system_id"],): shown["waiting"] for shown in _accounts(shared)},
        ),
        Metric(
            "gauge",
            "smpp_unanswered",
            "Requests of the SMSC that wait for a response",
            _ACCOUNT,
            lambda: {
                (shown["system_id"],): sum(bind["window"]["unanswered"] for bind in shown["binds"])
                for shown in _accounts(shared)
            },
        ),
        *(
            Metric("counter", f"smpp_{name}", meaning, (*_ACCOUNT, *labels), _by_account(shared, read))
            for name, meaning, labels, read in _COUNTS
        ),
    ]


def _accounts(shared: Shared) -> list[dict[str, Any]]:
    return [account.shown() for account in shared.accounts]


def _binds(shared: Shared) -> Values:
    accounts = _accounts(shared)
    binds: dict[tuple[str, ...], float] = {
        (shown["system_id"], mode): 0 for shown in accounts for mode in shown["modes"]
    }
    binds |= Counter((shown["system_id"], bind["mode"]) for shown in accounts for bind in shown["binds"])
    return binds


def _by_account(shared: Shared, read: Callable[[Any], int | Mapping[str, int]]) -> Callable[[], Values]:
    """The sums over all connections that an account has and had."""

    def values() -> Values:
        sums: dict[str, Counters] = {}
        for system_id, counters in (
            *shared.past.items(),
            *((shared.account_of(connection), connection.counters) for connection in shared.connections),
        ):
            sums.setdefault(system_id, Counters()).add(counters)
        found: dict[tuple[str, ...], float] = {}
        for system_id, counters in sums.items():
            counted = read(counters.shown())
            if isinstance(counted, Mapping):
                found |= {(system_id, name): count for name, count in counted.items()}
            else:
                found[(system_id,)] = counted
        return found

    return values


def _known(refused: Mapping[str, int]) -> Mapping[str, int]:
    """What an ESME makes up is one status, however many it makes up."""
    known: Counter[str] = Counter()
    for name, count in refused.items():
        known[name if name.startswith("ESME_") else "other"] += count
    return known
