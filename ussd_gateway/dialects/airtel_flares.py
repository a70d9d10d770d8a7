"""Airtel's gateway, Comviva Flares 1.5 with HTTP pull: as its row describes it, and a call of its own for an end. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest

from ussd_gateway.dialects import reading
from ussd_gateway.dialects.model import Call, CallError, Kind, Request, Turn
from ussd_gateway.dialects.regular import Regular
from ussd_gateway.dialects.rows import AIRTEL_FLARES, described

_CLEANUP = {"clean": "clean-session", "error": "522"}
_TOLD = (Kind.ABORT, Kind.TIMEOUT, Kind.FAILED)


class AirtelFlares(Regular):
    """The dialect airtel_flares."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        super().__init__("airtel_flares", AIRTEL_FLARES.title, *described("airtel_flares", AIRTEL_FLARES, settings))

    def call(self, turn: Turn) -> Request | None:
        """The call of a turn; the application is asked to clean up where somebody else ended the dialogue."""
        if turn.kind not in _TOLD:
            return super().call(turn)
        logged_in = {name: value for name, value in self._description.constants.items() if name != "MSC"}
        ended = {"SessionID": turn.session, "msisdn": turn.msisdn, **_CLEANUP, **logged_in}
        return Request("GET", query={name: str(value) for name, value in ended.items()})

    def read_call(self, request: Request) -> Call:
        """A call, or the request to clean up. With a user_id or a password in the settings, only one that has the same."""
        fields = request.form()
        self._check_login(fields)
        if "clean" not in fields:
            return super().read_call(request)
        session = reading.session(fields, "SessionID", self.title)
        return Call(Kind.ABORT, session, reading.msisdn(fields, "msisdn", self.title))

    def _check_login(self, fields: Mapping[str, str]) -> None:
        for name in ("userid", "password"):
            expected = str(self._description.constants[name])
            if expected and not compare_digest(fields.get(name, "").encode("utf-8", "replace"), expected.encode()):
                raise CallError(f'the field "{name}" is not what the settings of this dialect have')
