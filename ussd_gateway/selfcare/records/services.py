"""The services that are on, by SIM."""

from __future__ import annotations

from ussd_gateway.selfcare.records.changes import Changes


class Services:
    """Which services a number has."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def services(self, msisdn: str) -> tuple[str, ...]:
        """The codes of the services that are on, the oldest first."""
        rows = self._changes.read("SELECT service FROM services WHERE msisdn = ? ORDER BY since, service", (msisdn,))
        return tuple(service for (service,) in rows)

    def connect(self, msisdn: str, service: str, at: float, channel: str) -> None:
        """The service is on from now."""
        with self._changes.change("service.connected", at, who=msisdn, channel=channel, service=service):
            self._changes.write("INSERT INTO services (msisdn, service, since) VALUES (?, ?, ?)", (msisdn, service, at))

    def disconnect(self, msisdn: str, service: str, at: float, channel: str) -> None:
        """The service is off from now."""
        with self._changes.change("service.disconnected", at, who=msisdn, channel=channel, service=service):
            self._changes.write("DELETE FROM services WHERE msisdn = ? AND service = ?", (msisdn, service))
