"""/cabinet/expenses, /cabinet/tariff and /cabinet/options (R102)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from ussd_gateway.selfcare.cabinet.money.report import HEIGHT, WIDTH, Report, as_csv, months
from ussd_gateway.selfcare.channels import WEB
from ussd_gateway.selfcare.records.ledger import Booked, Ledger
from ussd_gateway.selfcare.tariffs import Tariffs
from ussd_gateway.selfcare.web.site import PageError, Site, Visit, authorised
from ussd_gateway.subscribers.tariffs import Offer, bounds, month_of

EXPENSES, TARIFF, OPTIONS = "/cabinet/expenses", "/cabinet/tariff", "/cabinet/options"

REFUSALS = {
    "poor": HTTPStatus.PAYMENT_REQUIRED,
    "price": HTTPStatus.CONFLICT,
    "same": HTTPStatus.CONFLICT,
    "refused": HTTPStatus.FORBIDDEN,
    "unknown": HTTPStatus.NOT_FOUND,
}
"""What each refusal of `Tariffs` is in HTTP; any other answer is a success."""


class MoneyPages:
    """The pages, put on the site. What costs money is confirmed on a page of its own that tells the price (3.4)."""

    def __init__(self, site: Site, tariffs: Tariffs, ledger: Ledger) -> None:
        self._site = site
        self._tariffs = tariffs
        self._ledger = ledger
        site.add_folder(Path(__file__).parent)
        site.get(EXPENSES, self.expenses)
        site.get(f"{EXPENSES}.csv", self.expenses_csv)
        site.get(TARIFF, self.tariff)
        site.post(TARIFF, self.change_tariff)
        site.get(OPTIONS, self.options)
        site.post(OPTIONS, self.change_option)
        site.add_link(EXPENSES, "expenses.link", order=20)
        site.add_link(TARIFF, "tariff.link", order=30)
        site.add_link(OPTIONS, "options.link", order=40)

    # Expenses ------------------------------------------------------------------------------------------------------

    @authorised
    async def expenses(self, visit: Visit) -> web.StreamResponse:
        """GET /cabinet/expenses?month=2018-04: the detailed report of a month; the present one where none is named."""
        report = self._report(visit)
        known = months(self._ledger.first(visit.msisdn), self._site.gateway.now())
        return visit.page(
            "expenses.html",
            report=report,
            months=known if report.month in known else [report.month, *known],
            name=lambda entry: self._name(visit, entry),
            written=lambda month: _written(visit, month),
            width=WIDTH,
            height=HEIGHT,
        )

    @authorised
    async def expenses_csv(self, visit: Visit) -> web.StreamResponse:
        """GET /cabinet/expenses.csv?month=2018-04: the same as CSV."""
        report = self._report(visit)
        header = [visit.t(f"expenses.{word}") for word in ("at", "kind", "about", "income", "outgo", "balance")]
        text = as_csv(report, header, lambda entry: self._name(visit, entry))
        return web.Response(
            body=f"\N{ZERO WIDTH NO-BREAK SPACE}{text}".encode(),
            content_type="text/csv",
            charset="utf-8",
            headers={"Content-Disposition": f'attachment; filename="expenses-{visit.msisdn}-{report.month}.csv"'},
        )

    def _report(self, visit: Visit) -> Report:
        month = visit.request.query.get("month") or month_of(self._site.gateway.now())
        try:
            since, before = bounds(month)
        except ValueError:
            raise PageError(HTTPStatus.NOT_FOUND, "not_found") from None
        booked = self._ledger.booked(visit.msisdn, since, before)
        return Report(month, self._ledger.balance_at(visit.msisdn, since), tuple(booked))

    def _name(self, visit: Visit, entry: Booked) -> tuple[str, str]:
        """What an entry is called, and of what it is: a tariff, an option, the other number."""
        catalogue, about = self._tariffs.catalogue, entry.about
        if entry.kind.startswith("tariff"):
            about = catalogue.tariff_called(about).name.in_(visit.language)
        elif entry.kind.startswith("option"):
            about = catalogue.option_coded(about).name.in_(visit.language)
        return visit.t(f"kind.{entry.kind}"), about

    # Tariff --------------------------------------------------------------------------------------------------------

    @authorised
    async def tariff(self, visit: Visit) -> web.StreamResponse:
        """GET /cabinet/tariff: the tariff and the others; with ?to=CODE the question whether to change to that one."""
        if code := visit.request.query.get("to"):
            return self._confirm_tariff(visit, code)
        held = self._tariffs.tariff(visit.msisdn)
        others = [offer for offer in self._tariffs.catalogue.tariff if offer != held.offer]
        return visit.page("tariff.html", held=held, others=others, contents=_contents(visit))

    @authorised
    async def change_tariff(self, visit: Visit) -> web.StreamResponse:
        """POST /cabinet/tariff: the fields `tariff`, `price` (kopecks, as it was shown), `key` (of the question), `number`."""
        self._of_shown(visit)
        code, price, key = _fields(visit, "tariff")
        result = self._tariffs.change_tariff(visit.msisdn, code, price, WEB, key)
        if result in REFUSALS:
            return self._confirm_tariff(visit, code, result)
        return visit.go(f"{TARIFF}?done=tariff")

    def _confirm_tariff(self, visit: Visit, code: str, refusal: str = "") -> web.Response:
        offer = _found(self._tariffs.catalogue.tariff, code)
        return self._confirm(visit, offer, "tariff", TARIFF, refusal)

    # Options -------------------------------------------------------------------------------------------------------

    @authorised
    async def options(self, visit: Visit) -> web.StreamResponse:
        """GET /cabinet/options: those that are on and the others; with ?on=CODE the question whether to connect it."""
        if code := visit.request.query.get("on"):
            return self._confirm_option(visit, code)
        held = self._tariffs.options(visit.msisdn)
        codes = {one.offer.code for one in held}
        others = [offer for offer in self._tariffs.catalogue.option if offer.code not in codes]
        return visit.page("options.html", held=held, others=others, contents=_contents(visit))

    @authorised
    async def change_option(self, visit: Visit) -> web.StreamResponse:
        """POST /cabinet/options: `off` is an option to disconnect; else `option`, and the rest as of a tariff."""
        self._of_shown(visit)
        if code := visit.fields.get("off"):
            if self._tariffs.disconnect_option(visit.msisdn, code, WEB) == "refused":
                raise PageError(REFUSALS["refused"], "money")
            return visit.go(f"{OPTIONS}?done=option_off")
        code, price, key = _fields(visit, "option")
        result = self._tariffs.connect_option(visit.msisdn, code, price, WEB, key)
        if result in REFUSALS:
            return self._confirm_option(visit, code, result)
        return visit.go(f"{OPTIONS}?done=option_on")

    def _of_shown(self, visit: Visit) -> None:
        """A form is about the number whose page it stood on: another may be shown since, in another tab or by a link's end."""
        if (number := visit.fields.get("number")) is None:
            raise PageError(HTTPStatus.BAD_REQUEST, "form")
        if number != visit.msisdn:
            raise PageError(HTTPStatus.CONFLICT, "other_number")

    def _confirm_option(self, visit: Visit, code: str, refusal: str = "") -> web.Response:
        offer = _found(self._tariffs.catalogue.option, code)
        return self._confirm(visit, offer, "option", OPTIONS, refusal)

    def _confirm(self, visit: Visit, offer: Offer, what: str, place: str, refusal: str) -> web.Response:
        return visit.page(
            "money_confirm.html",
            REFUSALS[refusal] if refusal else HTTPStatus.OK,
            offer=offer,
            what=what,
            place=place,
            key=f"{WEB} {secrets.token_urlsafe(16)}",
            balance=self._ledger.balance(visit.msisdn),
            error=visit.t(f"money.{refusal}") if refusal else "",
            contents=_contents(visit),
        )


def _found(offers: tuple[Offer, ...], code: str) -> Offer:
    for offer in offers:
        if offer.code == code:
            return offer
    raise PageError(HTTPStatus.NOT_FOUND, "not_found")


def _fields(visit: Visit, what: str) -> tuple[str, int, str]:
    """The code, the price that was shown, and the key of the question; a form without them is none of ours."""
    code, price, key = (visit.fields.get(name, "") for name in (what, "price", "key"))
    if not (code and key and price.isascii() and price.isdigit() and len(price) < 12):
        raise PageError(HTTPStatus.BAD_REQUEST, "form")
    return code, int(price), key[:100]


def _contents(visit: Visit) -> Callable[[Offer], str]:
    """What is in an offer, in words."""

    def contents(offer: Offer) -> str:
        parts = [
            visit.t(f"money.{name}", number=number)
            for name in ("minutes", "sms", "megabytes", "bonus_minutes")
            if (number := getattr(offer, name))
        ]
        return ", ".join(parts) or visit.t("money.nothing")

    return contents


def _written(visit: Visit, month: str) -> str:
    """2018-04 -> "апрель 2018"."""
    year, number = month.split("-")
    return f"{visit.t('expenses.months').split()[int(number) - 1]} {year}"
