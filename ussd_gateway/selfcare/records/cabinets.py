"""The cabinets: one for each number that has ever logged in, with its settings."""

from __future__ import annotations

from dataclasses import dataclass

from ussd_gateway.selfcare.records.changes import Changes


@dataclass(frozen=True, slots=True)
class Cabinet:
    """A number's cabinet.

    created_at  seconds since the epoch: the first log-in (R101)
    log_in_sms  whether each log-in is told by SMS
    language    "ru" or "en"; None is that of the SIM
    """

    msisdn: str
    created_at: float
    log_in_sms: bool = True
    language: str | None = None


class Cabinets:
    """Who has a cabinet; and the accounts of the home cabinet, which are others (R006)."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def cabinet(self, msisdn: str) -> Cabinet | None:
        """The cabinet of a number; None before its first log-in."""
        rows = self._changes.read(
            "SELECT msisdn, created_at, log_in_sms, language FROM cabinets WHERE msisdn = ?", (msisdn,)
        )
        return Cabinet(rows[0][0], rows[0][1], bool(rows[0][2]), rows[0][3]) if rows else None

    def create(self, msisdn: str, at: float, channel: str) -> Cabinet:
        """The cabinet of a number; made where there is none (R101)."""
        if found := self.cabinet(msisdn):
            return found
        with self._changes.change("cabinet.created", at, who=msisdn, channel=channel):
            self._changes.write("INSERT INTO cabinets (msisdn, created_at, log_in_sms) VALUES (?, ?, 1)", (msisdn, at))
        return Cabinet(msisdn, at)

    def set_log_in_sms(self, msisdn: str, on: bool, at: float, channel: str) -> None:
        """Whether each log-in is told by SMS from now on."""
        with self._changes.change("cabinet.log_in_sms", at, who=msisdn, channel=channel, on=on):
            self._changes.write("UPDATE cabinets SET log_in_sms = ? WHERE msisdn = ?", (int(on), msisdn))

    def set_language(self, msisdn: str, language: str, at: float, channel: str) -> None:
        """The language of the pages from now on."""
        with self._changes.change("cabinet.language", at, who=msisdn, channel=channel, language=language):
            self._changes.write("UPDATE cabinets SET language = ? WHERE msisdn = ?", (language, msisdn))

    def home_hash(self, login: str) -> str | None:
        """The password's hash of an account of the home cabinet, if there is such an account."""
        rows = self._changes.read("SELECT hash FROM home_accounts WHERE login = ?", (login,))
        return rows[0][0] if rows else None
