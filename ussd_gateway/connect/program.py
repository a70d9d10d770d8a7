"""What the modem's program does: it asks for a password by SMS, reads the SMS, and logs in by the application's API.

The SIM is driven over the HTTP API of handsets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ussd_gateway.scenario.remote import Api

PLATFORM = "modem"
PATIENCE = 60.0  # seconds for the SMS with the password

_PASSWORD = re.compile(r"(?:Пароль|Parol|Password): ([A-Za-z0-9]+)")


class ConnectError(Exception):
    """The program cannot go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Whose modem it is.

    program       what the program is called, in "ru" and "en"
    password_sms  (to, text) of the SMS that asks for a password; None where the operator gives none for a word
    """

    program: Mapping[str, str]
    password_sms: tuple[str, str] | None


@dataclass(slots=True)
class Connect:
    """The program in one modem.

    msisdn  the number of the SIM inside, which is the log-in (R146)
    token   what it remembers of the last log-in
    """

    api: Api
    msisdn: str
    device: str = "modem"
    token: str = field(default="", repr=False)

    async def operator(self) -> Operator:
        """Whose modem it is."""
        said = await self.api.call("GET", "/app/v1/operator")
        sms = said["password_sms"]
        return Operator(said["modem_program"], (sms["to"], sms["text"]) if sms else None)

    async def ask_password(self, operator: Operator) -> str:
        """Send the word (R147) and wait for the SMS; gives its text. ConnectError when none comes."""
        if operator.password_sms is None:
            raise ConnectError("this operator sends no password for a word; say --password, or dial for one")
        to, text = operator.password_sms
        seen = await self._received(to)
        await self.api.call("POST", f"handsets/{self.msisdn}/sms", body={"to": to, "text": text})
        received = await self._received(to, after=seen[-1]["id"] if seen else "", wait=PATIENCE)
        if not received:
            raise ConnectError(f"no SMS from {to} has come within {PATIENCE:g} s; ask again")
        return str(received[-1]["text"])

    async def log_in(self, password: str) -> None:
        """From now on the program is logged in. RefusedError for a wrong password."""
        body = {"number": self.msisdn, "password": password, "platform": PLATFORM, "device": self.device}
        self.token = (await self.api.call("POST", "/app/v1/log-in", body=body))["token"]

    async def account(self) -> dict[str, Any]:
        """What the cabinet shows. RefusedError once the log-in has died."""
        return await self.api.call("GET", "/app/v1/account", headers={"Authorization": f"Bearer {self.token}"})

    async def _received(self, sender: str, *, after: str = "", wait: float = 0) -> list[dict[str, Any]]:
        query = {"from": sender, "after": after, "wait": f"{wait:g}" if wait else ""}
        query = {name: value for name, value in query.items() if value}
        messages: list[dict[str, Any]] = (
            await self.api.call("GET", f"handsets/{self.msisdn}/sms", query=query, waits=bool(wait))
        )["messages"]
        return messages


def password_in(sms: str) -> str:
    """The password that an SMS brings. ConnectError for one that brings none, such as after too many requests."""
    if found := _PASSWORD.search(sms):
        return found[1]
    raise ConnectError(f"the SMS brings no password: {sms}")
