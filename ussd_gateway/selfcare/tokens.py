"""Devices that stay logged in: the application remembers a token in place of the password (R143, R144)."""

from __future__ import annotations

import hashlib
import secrets

from ussd_gateway.config import SelfcareSection
from ussd_gateway.gateway import Gateway
from ussd_gateway.selfcare.channels import APP
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.records.tokens import Token
from ussd_gateway.selfcare.service import Service

MOST = 20
"""Devices of one number."""

_SEEN_EVERY = 30.0  # seconds: not every request is written down


class Tokens:
    """The use cases. A token lives until its password is replaced, its number is closed, or somebody ends it."""

    def __init__(self, settings: SelfcareSection, records: Records, service: Service, gateway: Gateway) -> None:
        self._settings = settings
        self._records = records
        self._service = service
        self._gateway = gateway

    def remember(self, msisdn: str, platform: str, device: str, address: str) -> str:
        """A token for who has just logged in: 256 random bits, of which the store keeps the SHA-256."""
        token, now = secrets.token_urlsafe(32), self._gateway.now()
        facts = {"platform": platform, "device": device}
        with self._records.changes.change("token.remembered", now, who=msisdn, channel=APP, **facts):
            self._records.tokens.add(_key(token), msisdn, platform, device, now, address, MOST)
        return token

    def owner(self, token: str) -> Token | None:
        """The device that has remembered it, and so its number; None where it must log in again."""
        found, now = self._records.tokens.token(_key(token)), self._gateway.now()
        if found is None or not self._service.may_log_in(found.msisdn):
            return None
        if now - found.seen >= _SEEN_EVERY:
            self._records.tokens.seen(found.id, now)
        return found

    def listed(self, msisdn: str) -> list[Token]:
        """Every device of a number, the one that was used last first."""
        return self._records.tokens.of(msisdn)

    def revoke(self, msisdn: str, id: int, channel: str) -> None:
        """The device has to log in again; of a number's own devices only."""
        with self._records.changes.change("token.revoked", self._gateway.now(), who=msisdn, channel=channel, token=id):
            self._records.tokens.remove(msisdn, id)

    def password_replaced(self, msisdn: str, issue: int) -> None:
        """Every device has to log in again, unless the settings say otherwise (R129, R144)."""
        if self._settings.password_ends_sessions and self.listed(msisdn):
            with self._records.changes.change(
                "token.all_revoked", self._gateway.now(), who=msisdn, channel=APP, issue=issue
            ):
                self._records.tokens.remove_all(msisdn)


def _key(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
