"""The index of the messages under way: those that wait, and those in the hands of an ESME that has yet to answer."""

from __future__ import annotations

from typing import TypeVar

from ussd_gateway.network.message import Sms
from ussd_gateway.network.party import UnderWay

K = TypeVar("K")


class Index(dict[str, UnderWay]):
    """The messages under way by message_id, by group, and by their addresses once somebody asked for that."""

    __slots__ = ("_by_addresses", "_groups")

    def __init__(self) -> None:
        super().__init__()
        self._groups: dict[str, dict[str, UnderWay]] = {}
        self._by_addresses: dict[tuple[str, str, str], dict[str, UnderWay]] | None = None

    def add(self, way: UnderWay) -> None:
        """The message has been accepted."""
        sms = way.sms
        self[sms.message_id] = way
        if sms.group_id:
            self._groups.setdefault(sms.group_id, {})[sms.message_id] = way
        if self._by_addresses is not None:
            self._by_addresses.setdefault(_addresses(sms), {})[sms.message_id] = way

    def remove(self, way: UnderWay) -> None:
        """The message has come to its final state."""
        sms = way.sms
        del self[sms.message_id]
        if sms.group_id:
            _take_out(self._groups, sms.group_id, sms.message_id)
        if self._by_addresses is not None:
            _take_out(self._by_addresses, _addresses(sms), sms.message_id)

    def holds(self, way: UnderWay) -> bool:
        """Whether the message is under way still."""
        return self.get(way.sms.message_id) is way

    def known_as(self, message_id: str, account: str) -> list[UnderWay]:
        """What the account knows by this id: one message, or what is left of several that it submitted as one."""
        first = self.get(message_id)
        ways = [first] if first else []
        if self._groups:
            ways += self._groups.get(message_id, {}).values()
        return [way for way in ways if way.sms.account == account]

    def between(self, account: str, source: str, destination: str) -> list[UnderWay]:
        """What the account submitted from one address to the other."""
        if self._by_addresses is None:
            self._by_addresses = {}
            for message_id, way in self.items():
                self._by_addresses.setdefault(_addresses(way.sms), {})[message_id] = way
        return list(self._by_addresses.get((account, source, destination), {}).values())

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._groups.clear()
        self._by_addresses = None


def _addresses(sms: Sms) -> tuple[str, str, str]:
    return sms.account, sms.source, sms.destination


def _take_out(index: dict[K, dict[str, UnderWay]], key: K, message_id: str) -> None:
    del index[key][message_id]
    if not index[key]:
        del index[key]
