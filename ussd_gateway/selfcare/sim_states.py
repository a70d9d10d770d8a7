"""What becomes of SIMs: blocked, replaced, closed, sold to somebody else (3.1)."""

from __future__ import annotations

from collections.abc import Callable

from ussd_gateway.config import SelfcareSection, Subscriber
from ussd_gateway.gateway import Gateway
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.subscribers.sims import CLOSED, after, held_until, is_iccid

Observer = Callable[[str], None]
"""Is told of a number; called within the change, so that what it writes is kept with it or not at all."""


class SimStates:
    """The use cases. Each takes who did it and by which channel, and answers a word.

    `on_changed` observers hear of every number whose SIM is in another state, `on_resold` observers of one whose former
    owner has lost it: what they keep of it must not be reachable any more (3.2, invariant 12).
    """

    def __init__(self, settings: SelfcareSection, records: Records, gateway: Gateway) -> None:
        self._settings = settings
        self._records = records
        self._gateway = gateway
        self.on_changed: list[Observer] = []
        self.on_resold: list[Observer] = []

    def is_held(self, msisdn: str) -> bool:
        """Whether the number's card is so new that it gets neither a password nor a link (3.4)."""
        return self._gateway.now() < self.held_until(msisdn)

    def held_until(self, msisdn: str) -> float:
        """Until when; 0.0 for never."""
        return held_until(self._records.sims.card(msisdn).replaced_at, self._settings.replaced_hold)

    def change(self, msisdn: str, event: str, *, who: str, channel: str) -> str:
        """An event of `subscribers.sims` that needs nothing else: "done", or "impossible" in the SIM's state."""
        return self._change(msisdn, event, lambda now: None, who=who, channel=channel)

    def replace(self, msisdn: str, iccid: str, *, who: str, channel: str) -> str:
        """Another card for the number: "done", "impossible" or "wrong_iccid"."""
        if not is_iccid(iccid):
            return "wrong_iccid"
        return self._change(
            msisdn, "replace", lambda now: self._records.sims.replace(msisdn, iccid, now), who=who, channel=channel
        )

    def resell(self, subscriber: Subscriber, iccid: str, *, who: str, channel: str) -> str:
        """A closed number becomes another person's: "done", "impossible", "in_quarantine" or "wrong_iccid"."""
        msisdn, records = subscriber.msisdn, self._records
        if not is_iccid(iccid):
            return "wrong_iccid"
        sim = records.sims.sim(msisdn)
        closed_for = self._gateway.now() - records.sims.card(msisdn).status_at
        if sim and sim.status == CLOSED and closed_for < self._settings.number_quarantine:
            return "in_quarantine"

        def sell(now: float) -> None:
            for observer in self.on_resold:
                observer(msisdn)
            records.leave_owner(msisdn)
            records.sims.resell(subscriber, iccid, now)

        return self._change(msisdn, "resell", sell, who=who, channel=channel)

    def _change(self, msisdn: str, event: str, work: Callable[[float], None], *, who: str, channel: str) -> str:
        sim, now = self._records.sims.sim(msisdn), self._gateway.now()
        state = after(sim.status, event) if sim else None
        if sim is None or state is None:
            return "impossible"
        facts = {"msisdn": msisdn, "before": sim.status, "after": state}
        with self._records.changes.change(f"sim.{event}", now, who=who, channel=channel, **facts):
            if state != sim.status:
                self._records.sims.set_status(msisdn, state, now)
            work(now)
            for observer in self.on_changed:
                observer(msisdn)
        self._gateway.note("selfcare.sim_changed", change=event, **facts)
        return "done"
