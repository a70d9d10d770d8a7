"""All of self-care's tables in one hand."""

from __future__ import annotations

from collections.abc import Callable

from ussd_gateway.selfcare.records.cabinets import Cabinets
from ussd_gateway.selfcare.records.changes import Changes
from ussd_gateway.selfcare.records.consents import Consents
from ussd_gateway.selfcare.records.desk import Desk
from ussd_gateway.selfcare.records.guards import Guards
from ussd_gateway.selfcare.records.ledger import Ledger
from ussd_gateway.selfcare.records.links import Links
from ussd_gateway.selfcare.records.passwords import Passwords
from ussd_gateway.selfcare.records.promises import Promises
from ussd_gateway.selfcare.records.requests import Requests
from ussd_gateway.selfcare.records.services import Services
from ussd_gateway.selfcare.records.sims import Sims
from ussd_gateway.selfcare.records.socials import Socials
from ussd_gateway.selfcare.records.subscriptions import Subscriptions
from ussd_gateway.selfcare.records.tokens import Tokens
from ussd_gateway.selfcare.records.transfers import Transfers
from ussd_gateway.selfcare.records.web_sessions import WebSessions
from ussd_gateway.store.store import Store

_TABLES = (
    "subscribers",
    "ledger",
    "passwords",
    "former_passwords",
    "password_requests",
    "guards",
    "services",
    "link_requests",
    "link_attempts",
    "desk_guards",
    "desk_tickets",
    "audit",
    "web_sessions",
    "web_browsers",
    "cabinets",
    "home_accounts",
    "social_bindings",
    "app_tokens",
    "money_requests",
    "subscriptions",
    "promised_payments",
    "transfers",
    "balance_consents",
    "traffic_notices",
)


_OWNERS = (
    ("services", "msisdn"),
    ("password_requests", "msisdn"),
    ("guards", "msisdn"),
    ("web_sessions", "who"),
    ("web_sessions", "msisdn"),
    ("web_browsers", "msisdn"),
    ("cabinets", "msisdn"),
    ("social_bindings", "msisdn"),
    ("app_tokens", "msisdn"),
)
"""What is a number's owner's, and not the next owner's: table, and the column of the number."""


class Records:
    """What is kept, by what it is about; `changed` is told that there is something to commit."""

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        self.changes = Changes(store, changed)
        self.ledger = Ledger(self.changes)
        self.subscriptions = Subscriptions(self.changes)
        self.promises = Promises(self.changes)
        self.transfers = Transfers(self.changes)
        self.consents = Consents(self.changes)
        self.sims = Sims(self.changes, self.ledger)
        self.passwords = Passwords(self.changes)
        self.guards = Guards(self.changes)
        self.services = Services(self.changes)
        self.requests = Requests(self.changes)
        self.web_sessions = WebSessions(self.changes)
        self.cabinets = Cabinets(self.changes)
        self.socials = Socials(self.changes)
        self.tokens = Tokens(self.changes)
        self.links = Links(self.changes)
        self.desk = Desk(self.changes)

    def leave_owner(self, msisdn: str) -> None:
        """The number has another owner: nothing of the former one's opens or shows any more (3.2, invariant 12).

        Within a `change`.
        """
        for table, column in _OWNERS:
            self.changes.write(f"DELETE FROM {table} WHERE {column} = ?", (msisdn,))  # noqa: S608 - constants
        self.changes.write(
            "UPDATE desk_tickets SET state = 'done' WHERE msisdn = ? AND state = 'identified'", (msisdn,)
        )
        self.passwords.end(msisdn)
        self.links.leave_behind(msisdn)

    def clear(self) -> None:
        """Forget everything."""
        with self.changes.together():
            for table in _TABLES:
                self.changes.write(f"DELETE FROM {table}")  # noqa: S608 - constants
