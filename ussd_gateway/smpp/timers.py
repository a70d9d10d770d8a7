"""The timers of a connection (SMPP 3.4 section 7.2), as a function of time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Due(StrEnum):
    """What a connection's silence calls for."""

    NOTHING = "nothing"
    ENQUIRE_LINK = "enquire_link"  # ask whether the peer is alive
    CLOSE = "close"  # it is not, or it never bound
    UNBIND = "unbind"  # it is, and has nothing to say


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds of real time; 0 switches a timer off."""

    session_init: float = 30.0  # from the connect to the bind
    enquire_link: float = 30.0  # of silence, until the peer is asked
    response: float = 30.0  # until it has to have said something, and to have answered each of our requests
    inactivity: float = 0.0  # without a message in either direction, until the bind ends

    def due(
        self, now: float, *, bound: bool, opened_at: float, heard_at: float, enquired_at: float, active_at: float
    ) -> Due:
        """What to do at `now`; `enquired_at` is the time of our last enquire_link, 0 before the first."""
        if not bound:
            return Due.CLOSE if self.session_init and now - opened_at >= self.session_init else Due.NOTHING
        if self.inactivity and now - active_at >= self.inactivity:
            return Due.UNBIND
        if enquired_at > heard_at:
            return Due.CLOSE if now - enquired_at >= self.response else Due.NOTHING
        return Due.ENQUIRE_LINK if self.enquire_link and now - heard_at >= self.enquire_link else Due.NOTHING
