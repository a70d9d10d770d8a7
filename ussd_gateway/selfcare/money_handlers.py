"""What menus may call of money, tariffs and options; see `handlers` for what a handler is."""

from __future__ import annotations

from collections.abc import Mapping

from ussd_gateway.network.address import AddressError, normalise_msisdn
from ussd_gateway.selfcare.channels import USSD
from ussd_gateway.selfcare.handlers import Handler, Result, Turn, bound
from ussd_gateway.selfcare.money import CODE_LENGTH, Money
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.tariffs import Tariffs
from ussd_gateway.selfcare.web.shown import moment

NAMES = (
    "selfcare.package",
    "selfcare.promise_offers",
    "selfcare.promise",
    "selfcare.promise_state",
    "selfcare.traffic",
    "selfcare.traffic_notices_on",
    "selfcare.traffic_notices_off",
    "selfcare.transfer",
    "selfcare.transfer_prepare",
    "selfcare.other_balance",
    "selfcare.allow_balance",
    "selfcare.paid_services",
)
"""The names of all handlers; each is a method of `_Handlers`."""


def money_handlers(service: Service, tariffs: Tariffs, money: Money, *, enabled: bool = True) -> dict[str, Handler]:
    """The handlers by the names that menus/*.toml give them; while self-care is switched off all say "unavailable"."""
    return bound(_Handlers(service, tariffs, money), NAMES, service, enabled=enabled)


class _Handlers:
    def __init__(self, service: Service, tariffs: Tariffs, money: Money) -> None:
        self._service = service
        self._tariffs = tariffs
        self._money = money

    def package(self, turn: Turn) -> Result:
        left = self._tariffs.package(turn.msisdn)
        return {
            "minutes": left.minutes,
            "sms": left.sms,
            "megabytes": left.megabytes,
            "bonus_minutes": left.bonus_minutes,
        }

    def promise_offers(self, turn: Turn) -> Result:
        rules = self._money.promises
        offers = [{"sum": kopecks, "fee": rules.fee(kopecks)} for kopecks in rules.sums]
        return {
            "result": "open" if self._money.promised(turn.msisdn) else "offers",
            "offers": offers,
            "days": rules.days,
        }

    def promise(self, turn: Turn) -> Result:
        offer = turn.variables["offer"]
        kopecks = offer["sum"] if isinstance(offer, Mapping) else None
        answer = self._money.promise(turn.msisdn, kopecks if isinstance(kopecks, int) else 0, USSD, _key(turn))
        return (
            {**answer, "until": moment(due)} if isinstance(due := answer.get("due"), float) else str(answer["result"])
        )

    def promise_state(self, turn: Turn) -> Result:
        promise = self._money.promised(turn.msisdn)
        if promise is None:
            return "none"
        return {"result": "open", "sum": promise.kopecks, "fee": promise.fee, "until": moment(promise.due)}

    def traffic(self, turn: Turn) -> Result:
        left = self._tariffs.package(turn.msisdn).megabytes
        return {"megabytes": left, "notices": self._tariffs.wants_notices(turn.msisdn)}

    def traffic_notices_on(self, turn: Turn) -> Result:
        self._tariffs.set_notices(turn.msisdn, True, USSD)
        return "done"

    def traffic_notices_off(self, turn: Turn) -> Result:
        self._tariffs.set_notices(turn.msisdn, False, USSD)
        return "done"

    def transfer(self, turn: Turn) -> Result:
        """The first thing dialled behind *112 is the number to transfer to, or the code that confirms a transfer."""
        typed = str(turn.variables["to_or_code"]).strip()
        if len(typed) <= CODE_LENGTH:
            return _told(self._money.confirm_transfer(turn.msisdn, typed, USSD, _key(turn)))
        try:
            other = normalise_msisdn(typed)
        except AddressError:
            return "not_a_number"
        rules = self._money.transfers
        return {"result": "number", "other": other, "least": rules.least, "most": rules.most}

    def transfer_prepare(self, turn: Turn) -> Result:
        variables = turn.variables
        other, kopecks = str(variables["other"]), variables["sum"]
        assert isinstance(kopecks, int), "the menu asks for an amount"
        answer = self._money.prepare_transfer(turn.msisdn, other, kopecks, USSD)
        return _told(answer if len(answer) == 1 else {**answer, "minutes": int(self._money.transfers.lifetime // 60)})

    def other_balance(self, turn: Turn) -> Result:
        return _told(self._money.other_balance(turn.msisdn, str(turn.variables["number"]), USSD))

    def allow_balance(self, turn: Turn) -> Result:
        return self._money.allow_balance(turn.msisdn, str(turn.variables["asker"]), USSD)

    def paid_services(self, turn: Turn) -> Result:
        language = self._service.language(turn.msisdn)
        paid = [{"name": offer.name.in_(language), "fee": offer.fee} for offer in self._tariffs.paid(turn.msisdn)]
        return {"result": "some" if paid else "none", "services": paid, "number": len(paid)}


def _key(turn: Turn) -> str:
    """A dialogue asks for one thing that costs money, however often its message comes."""
    return f"{USSD} {turn.session}"


def _told(answer: Mapping[str, object]) -> Result:
    """The word alone where there is nothing to show."""
    return answer if len(answer) > 1 else str(answer["result"])
