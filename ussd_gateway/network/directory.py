"""Who has which address: service codes of applications, numbers of handsets and ESMEs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ussd_gateway.network.address import candidates
from ussd_gateway.network.message import Endpoint
from ussd_gateway.network.party import Party

_RANGE = re.compile(r"([0-9]+)-([0-9]+)")
SERVICE_CODE = re.compile(r"[*#][0-9*#]*#")


class Directory:
    """Every address that is attached."""

    def __init__(self, new_handset: Callable[[str], Endpoint], *, auto_provision: bool = True) -> None:
        self._new_handset = new_handset
        self._auto_provision = auto_provision
        self._codes: dict[str, Endpoint] = {}
        self._numbers: dict[str, Party] = {}
        self._ranges: list[tuple[str, str, Party]] = []  # first, last, party; numbers of one length compare as texts
        self._accounts: dict[str, Party] = {}

    def attach_code(self, service_code: str, application: Endpoint) -> None:
        """The application answers the code, such as "*111#"; ValueError when it is no code or has an owner."""
        if not SERVICE_CODE.fullmatch(service_code):
            raise ValueError(f"{service_code!r} is no service code; one looks like *111# or *111*25#")
        if service_code in self._codes:
            raise ValueError(f"{service_code} is answered by another application already")
        self._codes[service_code] = application

    def detach_code(self, service_code: str, application: Endpoint) -> None:
        """The code is nobody's again, if it is this application's; dialogues that it has open go on."""
        if self._codes.get(service_code) is application:
            del self._codes[service_code]

    def codes(self) -> Iterator[tuple[str, Endpoint]]:
        """Every attached service code, and who answers it."""
        yield from self._codes.items()

    def attach_handset(self, msisdn: str, endpoint: Endpoint) -> Party:
        """The handset holds the number."""
        party = Party(msisdn, endpoint, home=True, attached=True, confirms=False)
        self._numbers[msisdn] = party
        return party

    def attach_account(self, system_id: str, endpoint: Endpoint, numbers: tuple[str, ...]) -> Party:
        """The ESME account receives what is sent to the numbers, each one number or a range such as "5000-5999".

        ValueError for what is neither, and for a number that somebody holds already.
        """
        party = Party(system_id, endpoint, home=False, attached=False, confirms=True)
        for number in numbers:
            self._hold(number, party)
        self._accounts[system_id] = party
        return party

    def application(self, dialled: str) -> tuple[Endpoint, str, tuple[str, ...]] | None:
        """Who answers the longest attached service code that was dialled, the code, and the inputs beyond it."""
        for service_code, inputs in candidates(dialled):
            if application := self._codes.get(service_code):
                return application, service_code, inputs
        return None

    def account(self, system_id: str) -> Party | None:
        """The account of an ESME."""
        return self._accounts.get(system_id)

    def party(self, number: str) -> Party | None:
        """Who holds the number, as far as anybody does."""
        return self._numbers.get(number) or self._in_range(number)

    def recipient(self, number: str) -> Party:
        """Who receives what is sent to the number; one that nobody holds gets a handset of another operator."""
        party = self._numbers.get(number) or self._in_range(number)
        if party is None:
            party = self._numbers[number] = Party(
                number, self._new_handset(number), home=False, attached=True, confirms=False
            )
        return party

    def subscriber(self, msisdn: str) -> Party | None:
        """Who dials or sends from the number: a subscriber, or one by doing so where the settings provision it."""
        party = self.party(msisdn)
        if party is not None and party.home:
            return party
        if not self._auto_provision or (party is not None and party.confirms):
            return None
        party = self.recipient(msisdn)
        party.home = True
        return party

    def handsets(self) -> Iterator[Party]:
        """Every holder of a SIM, also of other operators."""
        return (party for party in self._numbers.values() if not party.confirms)

    def parties(self) -> Iterator[Party]:
        """Every holder of numbers."""
        yield from self.handsets()
        yield from self._accounts.values()

    def _hold(self, number: str, party: Party) -> None:
        found = _RANGE.fullmatch(number)
        first, last = found.groups() if found else (number, number)
        if not first.isascii() or not first.isdigit() or len(first) != len(last) or first > last:
            raise ValueError(f"{number!r} is neither a number nor a range; a range looks like 5000-5999")
        for low, high, owner in self._held():
            if len(low) == len(first) and low <= last and first <= high:
                raise ValueError(f"{number} of {party.name} is held by {owner.name} already")
        if found:
            self._ranges.append((first, last, party))
        else:
            self._numbers[number] = party

    def _held(self) -> Iterator[tuple[str, str, Party]]:
        """Every number and range, as its first and last number."""
        for number, party in self._numbers.items():
            yield number, number, party
        yield from self._ranges

    def _in_range(self, number: str) -> Party | None:
        if number.isascii() and number.isdigit():
            for first, last, party in self._ranges:
                if len(number) == len(first) and first <= number <= last:
                    return party
        return None
