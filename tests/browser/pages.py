"""Every page there is, and the way to it. A new page is one row here."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.browser.person import BORIS, SECOND, Person


class Row(NamedTuple):
    """`route` as the application knows it; `visit` leads a person to the page; `status` is that of its answer."""

    name: str
    route: str
    visit: Callable[[Person], Awaitable[object]]
    status: int = 200


def at(path, before=None):
    """The page of an address, after something was done."""

    async def visit(person):
        if before:
            await before(person)
        await person.open(path)

    return visit


async def logged_in(person):
    await person.log_in()


async def wrong_password(person):
    await person.log_in("Ab3dE9xZ")


async def locked(person):
    for _ in range(3):
        await person.log_in("Ab3dE9xZ")


async def no_number(person):
    await person.log_in("Ab3dE9xZ", number="911")


async def asked_for_a_password(person):
    await person.open("/cabinet/password")
    await person.fill("log_in.number", person.msisdn)
    await person.fill_check_code()
    await person.press("password.submit")


async def wrong_check_code(person):
    await person.open("/cabinet/password")
    await person.fill("log_in.number", person.msisdn)
    await person.fill("captcha.label", "1")
    await person.press("password.submit")


async def wrong_old_password(person):
    await person.log_in()
    await person.open("/cabinet/settings")
    await person.fill("settings.old", "Ab3dE9xZ")
    await person.fill("settings.new", "short")
    await person.fill("settings.again", "shorter")
    await person.press("settings.change")


async def menu_open(person):
    await person.log_in()
    for summary in await person.page.locator("header summary").all():
        await summary.click()


async def home_refused(person):
    await person.open("/home")
    await person.fill("home.login", person.msisdn)
    await person.fill("log_in.password", "Ab3dE9xZ")
    await person.press("log_in.submit")


async def asked_for_a_number(person):
    await person.ask_for_another(SECOND)


async def refused_number(person):
    await person.log_in()
    await person.open("/cabinet/services")
    await person.fill("services.number", BORIS)
    await person.press("services.submit")


async def linked(person):
    await asked_for_a_number(person)
    await person.log_in_at_the_desk()
    await person.open("/desk/requests/1")
    await person.press("desk.approve")


async def option_on(person):
    await person.log_in()
    await person.open("/cabinet/options?on=sms_100")
    await person.click("main form button")


async def bound(person):
    await person.log_in()
    await person.bind()


async def at_the_network(person):
    await person.open("/cabinet")
    await person.click("a[href='/cabinet/social/krug']")


async def asked_for_consent(person):
    await at_the_network(person)
    await person.click("button[name=account] >> nth=0")


async def not_bound(person):
    await asked_for_consent(person)
    await person.click("button[value=allow]")


async def not_allowed(person):
    await asked_for_consent(person)
    await person.click("button[value=deny]")


async def taken(person):
    await bound(person)
    await person.press("site.log_out")
    person.msisdn, person.phone = BORIS, person.gateway.handset(BORIS)
    await person.log_in()
    await person.open("/cabinet/settings")
    await person.click("form[action='/cabinet/social/vmeste/bind'] button")
    await person.click("button[value=allow]")


async def nonsense_at_the_network(person):
    await person.open(f"/idp/krug/authorize?ui_locales={person.language}")


def at_the_desk(name, before=None):
    async def visit(person):
        if before:
            await before(person)
        await person.log_in_at_the_desk(name)

    return visit


async def wrong_at_the_desk(person):
    await person.open("/desk")
    await person.fill("desk.name", "oleg")
    await person.fill("log_in.password", "wrong")
    await person.press("log_in.submit")


async def overdue(person):
    await asked_for_a_number(person)
    await person.gateway.wait(7 * 86400)
    await person.log_in_at_the_desk("nina")


async def identified(person):
    await person.log_in_at_the_desk("irina")
    await person.open("/desk/calls")
    await person.page.locator("input[name=line]").first.check()
    await person.fill("desk.number", person.msisdn)
    await person.fill("desk.series", "4509")
    await person.fill("desk.passport", "123456")
    await person.press("desk.identify")


PAGES = (
    Row("log_in", "/cabinet", at("/cabinet")),
    Row("log_in_wrong", "/cabinet", wrong_password, 401),
    Row("log_in_no_number", "/cabinet", no_number, 400),
    Row("log_in_locked", "/cabinet", locked, 423),
    Row("password", "/cabinet/password", at("/cabinet/password")),
    Row("password_wrong_code", "/cabinet/password", wrong_check_code, 400),
    Row("password_sent", "/cabinet/password", asked_for_a_password),
    Row("overview", "/cabinet", logged_in),
    Row("overview_menu", "/cabinet", menu_open),
    Row("overview_linked", "/cabinet", at("/cabinet", linked)),
    Row("settings", "/cabinet/settings", at("/cabinet/settings", logged_in)),
    Row("settings_mistakes", "/cabinet/settings", wrong_old_password, 400),
    Row("settings_bound", "/cabinet/settings", bound),
    Row("expenses", "/cabinet/expenses", at("/cabinet/expenses", option_on)),
    Row("expenses_nothing", "/cabinet/expenses", at("/cabinet/expenses", logged_in)),
    Row("tariff", "/cabinet/tariff", at("/cabinet/tariff", logged_in)),
    Row("options", "/cabinet/options", at("/cabinet/options", logged_in)),
    Row("options_confirm", "/cabinet/options", at("/cabinet/options?on=sms_100", logged_in)),
    Row("options_on", "/cabinet/options", option_on),
    Row("social_unknown", "/cabinet/social/{network}/callback", not_bound, 403),
    Row("social_cancelled", "/cabinet/social/{network}/callback", not_allowed),
    Row("social_taken", "/cabinet/social/{network}/callback", taken, 409),
    Row("idp_log_in", "/idp/{network}/log-in", at_the_network),
    Row("idp_consent", "/idp/{network}/authorize", asked_for_consent),
    Row("idp_mistake", "/idp/{network}/authorize", nonsense_at_the_network, 400),
    Row("services", "/cabinet/services", at("/cabinet/services", logged_in)),
    Row("services_asked", "/cabinet/services", asked_for_a_number),
    Row("services_refused", "/cabinet/services", refused_number, 409),
    Row("services_linked", "/cabinet/services", at("/cabinet/services", linked)),
    Row("home", "/home", at("/home")),
    Row("home_refused", "/home", home_refused, 401),
    Row("not_found", "/cabinet/{rest}", at("/cabinet/nothing"), 404),
    Row("home_not_found", "/home/{rest}", at("/home/nothing"), 404),
    Row("desk_not_found", "/desk/{rest}", at("/desk/nothing"), 404),
    Row("desk", "/desk", at("/desk")),
    Row("desk_wrong", "/desk", wrong_at_the_desk, 401),
    Row("desk_queue_empty", "/desk", at_the_desk("oleg")),
    Row("desk_queue", "/desk", at_the_desk("oleg", asked_for_a_number)),
    Row("desk_queue_overdue", "/desk", overdue),
    Row("desk_request", "/desk/requests/{id}", at("/desk/requests/1", at_the_desk("oleg", asked_for_a_number))),
    Row("desk_request_decided", "/desk/requests/{id}", at("/desk/requests/1", linked)),
    Row("desk_calls", "/desk/calls", at("/desk/calls", at_the_desk("irina"))),
    Row("desk_visits", "/desk/visits", at("/desk/visits", at_the_desk("irina"))),
    Row("desk_ticket", "/desk/tickets/{id}", identified),
    Row("desk_audit", "/desk/audit", at("/desk/audit", at_the_desk("nina"))),
)

NO_PAGES = {
    "/cabinet/expenses.csv": "a table for programs",
    "/cabinet/social/{network}": "the way to the network",
    "/idp/{network}/userinfo": "JSON for the client",
    "/cabinet/captcha/{id}.png": "a picture",
    "/cabinet/captcha/{id}.wav": "a recording",
    "/home/captcha/{id}.png": "a picture",
    "/home/captcha/{id}.wav": "a recording",
    "/desk/captcha/{id}.png": "a picture",
    "/desk/captcha/{id}.wav": "a recording",
}
"""What can be asked for by GET, and is no page."""
