"""Which account of which social network opens which cabinet."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from ussd_gateway.selfcare.records.changes import Changes


@dataclass(frozen=True, slots=True)
class Binding:
    """An account of a network that is bound to a cabinet.

    external_id  what the network calls the account, and never anybody else
    name         what it said the person is called
    bound_at     seconds since the epoch
    """

    network: str
    external_id: str
    msisdn: str
    name: str
    bound_at: float


_COLUMNS = "network, external_id, msisdn, name, bound_at"


class Socials:
    """The bindings. The table knows an account one time (3.2, invariant 11), and a cabinet one time in each network."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def of_account(self, network: str, external_id: str) -> Binding | None:
        """The binding of an account."""
        rows = self._changes.read(
            f"SELECT {_COLUMNS} FROM social_bindings WHERE network = ? AND external_id = ?",  # noqa: S608 - constants
            (network, external_id),
        )
        return Binding(*rows[0]) if rows else None

    def of_cabinet(self, msisdn: str) -> dict[str, Binding]:
        """The bindings of a cabinet, by network."""
        rows = self._changes.read(f"SELECT {_COLUMNS} FROM social_bindings WHERE msisdn = ?", (msisdn,))  # noqa: S608 - constants
        return {row[0]: Binding(*row) for row in rows}

    def bind(self, binding: Binding) -> None:
        """Within a `change`."""
        self._changes.write(
            f"INSERT INTO social_bindings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608 - constants
            astuple(binding),
        )

    def unbind(self, msisdn: str, network: str) -> None:
        """Within a `change`."""
        self._changes.write("DELETE FROM social_bindings WHERE msisdn = ? AND network = ?", (msisdn, network))
