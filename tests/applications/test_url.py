"""An application behind a URL, called by a gateway in memory; the application is a plain service on a socket."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from tests.applications.conftest import raw, served
from ussd_gateway.applications.url import UrlApplication, UrlSettings, send_routes
from ussd_gateway.client import answer as web_answer
from ussd_gateway.client import received
from ussd_gateway.dialects.model import Reply
from ussd_gateway.dialects.table import DIALECTS
from ussd_gateway.handsets.handset import Handset
from ussd_gateway.network.message import ANSWER, Sms, Ussd
from ussd_gateway.network.session import Outcome, Timeouts

CODE = "*384*77#"
ANNA = "70001000001"


class Shop:
    """A service as a developer of Africa's Talking writes it; it remembers what it was told."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls, self.notices = [], []
        self.asked = asyncio.Event()
        self.told = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, request):
        fields = dict(await request.post())
        if request.path == "/events":
            self.notices.append(fields)
            self.told.set()
            return web.Response()
        self.calls.append(fields)
        self.asked.set()
        await self.open.wait()
        answer = self.answers.pop(0)
        return web.Response(text=answer) if isinstance(answer, str) else answer


@asynccontextmanager
async def attached(gateway, client, shop, longest=10.0, **settings):
    async with served(shop) as url:
        given = {"url": f"{url}/ussd", "end_url": f"{url}/events"} | settings
        application = UrlApplication(UrlSettings(**given), gateway, client, longest=longest)
        gateway.directory.attach_code(CODE, application)
        yield application
        await gateway.settle()


async def test_a_dialogue_is_dialled_walked_and_ended(plain_gateway, client):
    shop = Shop("CON Fruit?\n1 Apples\n2 Pears", "CON How many?", "END 3 apples.")
    anna = plain_gateway.phone()
    async with attached(plain_gateway, client, shop):
        assert await anna.dial(CODE) == "Fruit?\n1 Apples\n2 Pears"
        assert await anna.answer("1") == "How many?"
        last = await anna.answer("3")
        assert (last, last.outcome) == ("3 apples.", "success")
        await shop.told.wait()
    assert [call["text"] for call in shop.calls] == ["", "1", "1*3"]
    assert {call["sessionId"] for call in shop.calls} == {f"ATUid_{last.session}"}
    assert (shop.calls[0]["phoneNumber"], shop.calls[0]["serviceCode"]) == (f"+{ANNA}", CODE)
    (notice,) = shop.notices
    assert (notice["status"], notice["input"], notice["hopsCount"]) == ("Success", "1*3", "3")
    assert notice["lastAppResponse"] == "END 3 apples."


async def test_a_direct_dial_arrives_as_answers_given_in_advance(plain_gateway, client):
    shop = Shop("CON How many?", "END 3 apples.")
    anna = plain_gateway.phone()
    async with attached(plain_gateway, client, shop):
        assert await anna.dial("*384*77*1#") == "How many?"
        assert await anna.answer("3") == "3 apples."
    assert [call["text"] for call in shop.calls] == ["1", "1*3"]


def refused(status=500):
    return web.Response(status=status, text="CON Sorry")


FAULTS = {
    "a bad prefix": ("Welcome", "bad_answer", 'the answer begins with "Welcome"'),
    "a blank before": (" CON Hi", "bad_answer", 'the answer begins with " CON Hi"'),
    "a status": (refused(), "http_error", "answered with status 500"),
    "a status of the client": (refused(404), "http_error", "answered with status 404"),
    "nothing": ("", "empty_answer", "the answer is empty"),
    "no text": ("END ", "empty_answer", "the answer has no text"),
    "too long": ("CON " + "x" * 183, "text_too_long", "takes 161 octets"),
    "too long in Cyrillic": ("CON " + "ж" * 81, "text_too_long", "takes 162 octets"),
    "a redirect": (
        web.Response(status=302, headers={"Location": "/elsewhere"}),
        "http_error",
        "redirects to /elsewhere",
    ),
    "a huge body": ("CON " + "x" * 70_000, "bad_answer", "answered with more than 64 KiB"),
}


@pytest.mark.parametrize(("answer", "outcome", "why"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("at_first", [True, False])
async def test_a_wrong_answer_ends_the_session_with_an_outcome_and_a_sentence(
    plain_gateway, client, answer, outcome, why, at_first
):
    if isinstance(answer, web.Response):  # each can be sent once
        answer = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
    shop = Shop(answer) if at_first else Shop("CON Fruit?", answer)
    anna = plain_gateway.phone()
    with capture_logs() as logs:
        async with attached(plain_gateway, client, shop) as application:
            screen = await anna.dial(CODE)
            if not at_first:
                screen = await anna.answer("1")
            assert (screen.state, screen.outcome) == ("ended", outcome)
            assert len(screen) > 0
            await shop.told.wait()
    assert [(log["event"], log["log_level"]) for log in logs] == [("application.failed", "warning")]
    assert why in application.last_error
    (event,) = [facts for kind, facts in plain_gateway.written("kind, facts") if kind == "application.failed"]
    assert (event["why"], event["outcome"], event["session"]) == (application.last_error, outcome, screen.session)
    (notice,) = shop.notices
    assert (notice["status"], notice["errorMessage"]) == ("Failed", application.last_error)


CONNECTIONS = {
    "cut in the middle": (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nCON Hi", "unreachable", "in the middle"),
    "cut before": (b"", "unreachable", "closed the connection without an answer"),
    "no HTTP": (b"220 mail.example.com\r\n", "bad_answer", "is no HTTP"),
}


@pytest.mark.parametrize(("octets", "outcome", "why"), CONNECTIONS.values(), ids=CONNECTIONS)
async def test_a_broken_connection_has_its_outcome_too(plain_gateway, client, octets, outcome, why):
    anna = plain_gateway.phone()
    async with raw(octets) as url:
        application = UrlApplication(UrlSettings(url), plain_gateway, client, longest=10.0)
        plain_gateway.directory.attach_code(CODE, application)
        assert (await anna.dial(CODE)).outcome == outcome
    assert why in application.last_error


async def test_nobody_there_is_unreachable(plain_gateway, client):
    async with served(Shop()) as url:
        pass
    application = UrlApplication(UrlSettings(url), plain_gateway, client, longest=10.0)
    plain_gateway.directory.attach_code(CODE, application)
    screen = await plain_gateway.phone().dial(CODE)
    assert (screen, screen.outcome) == ("Сервис недоступен. Повторите запрос позже.", "unreachable")
    assert application.last_error == f"{url} cannot be connected to: Connection refused"


@pytest.mark.parametrize(("patience", "longest"), [(0.05, 10.0), (0.0, 0.05)])
async def test_a_late_application_ends_the_dialogue_also_while_the_virtual_clock_stands(
    plain_gateway, client, patience, longest
):
    shop = Shop("CON Too late")
    shop.open.clear()
    async with attached(plain_gateway, client, shop, timeout=patience, longest=longest) as application:
        screen = await plain_gateway.phone().dial(CODE)
        shop.open.set()
        await shop.told.wait()
    assert screen.outcome == "app_timeout"
    assert application.last_error.endswith("/ussd did not answer within 0.05 s")
    assert (shop.notices[0]["status"], shop.notices[0]["errorMessage"]) == ("Failed", application.last_error)


async def test_the_networks_own_time_out_ends_the_call_at_once(plain_gateway, client):
    shop = Shop("CON Too late")
    shop.open.clear()
    async with attached(plain_gateway, client, shop) as application:
        dialling = asyncio.create_task(plain_gateway.phone().dial(CODE))
        await shop.asked.wait()
        plain_gateway.clock.move_to(plain_gateway.now() + 10)
        plain_gateway.tick()
        assert (await dialling).outcome == "app_timeout"
        await shop.told.wait()
    assert application.last_error.endswith("did not answer within network.application_timeout")
    assert len(shop.notices) == 1


async def test_both_time_outs_at_one_moment_end_the_dialogue_once(plain_gateway, client):
    shop = Shop("CON Fruit?")
    shop.open.clear()
    anna = plain_gateway.phone()
    async with attached(plain_gateway, client, shop) as application:
        with capture_logs() as logs:
            screen = asyncio.create_task(anna.dial(CODE))
            await shop.asked.wait()
            (dialogue,) = application._dialogues.values()
            loop = asyncio.get_running_loop()
            now = loop.time()
            dialogue.limit.reschedule(now)

            def pass_time():
                plain_gateway.clock.move_to(plain_gateway.now() + 10.0)
                plain_gateway.tick()

            loop.call_at(now, pass_time)  # in the same round of the loop, behind it
            assert (await screen).outcome == Outcome.APP_TIMEOUT
            shop.open.set()
            await shop.told.wait()
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == []
    assert len(shop.notices) == 1


async def test_an_answer_after_the_user_has_hung_up_is_ignored_and_logged_and_the_end_told_after_it(
    plain_gateway, client
):
    shop = Shop("CON Too late")
    shop.open.clear()
    anna = plain_gateway.phone()
    async with attached(plain_gateway, client, shop) as application:
        dialling = asyncio.create_task(anna.dial(CODE))
        await shop.asked.wait()
        with capture_logs() as logs:
            anna.hang_up()
            assert shop.notices == []
            shop.open.set()
            await shop.told.wait()
        assert (await dialling).outcome == "dialog_user_abort"
    assert [entry["event"] for entry in logs] == ["application.late_answer"]
    assert (shop.notices[0]["status"], application.last_error) == ("Incomplete", "")


ENDS = {
    "the user hangs up": (lambda gateway, anna: anna.hang_up(), "Incomplete"),
    "the user is silent": (lambda gateway, anna: gateway.wait(31), "Incomplete"),
    "the phone is off": (lambda gateway, anna: gateway.detach(anna.party), "Incomplete"),
    "the gateway is reset": (lambda gateway, anna: gateway._deliver(gateway.network.clear()), "Incomplete"),
}


@pytest.mark.parametrize(("ends", "status"), ENDS.values(), ids=ENDS)
async def test_every_other_end_is_told(plain_gateway, client, ends, status):
    shop = Shop("CON Fruit?")
    anna = plain_gateway.phone()
    async with attached(plain_gateway, client, shop):
        await anna.dial(CODE)
        waiting = ends(plain_gateway, anna)
        if waiting:
            await waiting
        await shop.told.wait()
    assert [notice["status"] for notice in shop.notices] == [status]
    assert len(shop.calls) == 1


async def test_without_a_second_url_nobody_is_told_of_the_end(plain_gateway, client):
    shop = Shop("END Bye")
    async with attached(plain_gateway, client, shop, end_url=""):
        await plain_gateway.phone().dial(CODE)
    assert (len(shop.calls), shop.notices) == (1, [])


async def test_an_end_that_cannot_be_told_is_logged(plain_gateway, client):
    async with raw(b"") as nowhere:
        pass
    shop = Shop("END Bye")
    with capture_logs() as logs:
        async with attached(plain_gateway, client, shop, end_url=f"{nowhere}/x?token=secret"):
            await plain_gateway.phone().dial(CODE)
    (told,) = logs
    assert (told["event"], told["url"]) == ("application.not_told", f"{nowhere}/x")


async def test_the_aggregators_patience_with_the_user_counts_where_it_is_shorter(plain_gateway, client):
    shop = Shop("CON Fruit?", "CON How many?")
    anna = plain_gateway.phone()
    plain_gateway.network.dialogues._timeouts = Timeouts(user=600.0, session=900.0)
    async with attached(plain_gateway, client, shop):
        await anna.dial(CODE)
        await plain_gateway.wait(29)
        assert anna.awaiting
        await anna.answer("1")
        await plain_gateway.wait(31)
        assert (anna.screen.outcome, anna.screen) == ("timeout", "Время ожидания ответа истекло.")
        await shop.told.wait()
    assert [notice["status"] for notice in shop.notices] == ["Incomplete"]


async def test_a_text_can_be_truncated_instead(plain_gateway, client):
    shop = Shop("CON " + "ж" * 200, "END " + "€" * 200)
    anna = plain_gateway.phone()
    async with attached(plain_gateway, client, shop, too_long="truncate"):
        assert await anna.dial(CODE) == "ж" * 80
        assert await anna.answer("1") == "€" * 91


async def test_what_the_application_wants_back_comes_with_the_next_call_and_with_no_other_dialogue(
    plain_gateway, client
):
    labels = []

    async def answer(request):
        labels.append(request.headers.get("at-ussd-hop-metadata"))
        phone = (await request.post())["phoneNumber"]
        return web.Response(text="CON Go on", headers={"at-ussd-hop-metadata": f"for {phone}"})

    anna, boris = plain_gateway.phone(), plain_gateway.phone("70002000001")
    async with attached(plain_gateway, client, answer, end_url=""):
        await anna.dial(CODE)
        await boris.dial(CODE)
        await anna.answer("1")
    assert labels == [None, None, f"for +{ANNA}"]


async def test_a_gateway_that_begins_at_1_again_repeats_no_session_id(plain_gateway, client):
    shop = Shop("END Bye")
    async with served(shop) as url:
        application = UrlApplication(UrlSettings(url), plain_gateway, client, longest=10.0, run="12345678")
        plain_gateway.directory.attach_code(CODE, application)
        screen = await plain_gateway.phone().dial(CODE)
    assert shop.calls[0]["sessionId"] == f"ATUid_12345678{screen.session}"


async def test_what_is_not_for_it_is_let_go_and_an_unknown_dialogue_is_given_up(plain_gateway, client):
    submitted = []
    plain_gateway.submit = submitted.append
    application = UrlApplication(UrlSettings("http://127.0.0.1:9"), plain_gateway, client, longest=10.0)
    application.deliver(Sms(ANNA, "5000", b"Hi"))
    application.deliver(Ussd(ANSWER, "1", msisdn=ANNA, session="7"))
    (abort,) = submitted
    assert (abort.operation, abort.session) == ("abort", "7")


def test_a_wrong_dialect_or_setting_is_told_at_once(plain_gateway):
    for settings, said in (
        (UrlSettings("http://a", "africastalking"), 'did you mean "africas_talking"'),
        (UrlSettings("http://a", settings={"network": "1"}), 'has no setting "network"'),
    ):
        with pytest.raises(ValueError, match=said):
            UrlApplication(settings, plain_gateway, None, longest=10.0)


async def test_a_fault_of_our_own_ends_the_dialogue_and_is_logged(plain_gateway, client):
    shop = Shop("CON Fruit?")
    async with attached(plain_gateway, client, shop) as application:
        application._dialect.read_reply = lambda response, turn: 1 / 0
        with capture_logs() as logs:
            screen = await plain_gateway.phone().dial(CODE)
    assert screen.outcome == Outcome.SYSTEM_FAILURE
    assert ("application.dialect_failed", "africas_talking") in [
        (entry["event"], entry.get("dialect")) for entry in logs
    ]


async def test_a_thousand_dialogues_at_once_do_not_cross(plain_gateway, client):
    """Each tells its number in two answers; the application keeps what this session has told it."""
    sums = {}

    async def add(request):
        fields = await request.post()
        session, told = fields["sessionId"], fields["text"].split("*")
        before = sums.setdefault(session, [])
        assert told == [""] or told[:-1] == before, "another dialogue's answer"
        sums[session] = [] if told == [""] else told
        number = fields["phoneNumber"][-4:]
        return web.Response(text=f"{'END' if len(told) == 2 else 'CON'} {number}: {'+'.join(told)}")

    async def walk(number):
        phone = Handset(f"7000100{number:04}", plain_gateway)
        plain_gateway.directory.attach_handset(phone.msisdn, phone)
        screens = [await phone.dial(CODE)]
        screens.append(await phone.answer(str(number // 100)))
        return [*screens, await phone.answer(str(number % 100))]

    async with attached(plain_gateway, client, add, end_url="") as application:
        everybody = await asyncio.gather(*map(walk, range(1000)))
        assert not application._dialogues
    for number, screens in enumerate(everybody):
        hundreds, rest = divmod(number, 100)
        assert screens == [f"{number:04}: {told}" for told in ("", hundreds, f"{hundreds}+{rest}")]
        assert screens[-1].outcome == "success"


async def test_a_dialogue_never_has_two_calls_at_once(plain_gateway, client):
    """The user answers and hangs up while the application thinks: each call waits for the one before."""
    under_way, most, thinking = 0, 0, asyncio.Event()

    async def think(request):
        nonlocal under_way, most
        thinking.set()
        under_way += 1
        most = max(most, under_way)
        for _ in range(20):
            await asyncio.sleep(0)
        under_way -= 1
        return web.Response(text="CON Go on")

    anna = plain_gateway.phone()
    async with attached(plain_gateway, client, think):
        for _ in range(3):
            await anna.dial(CODE)
            thinking.clear()
            answering = asyncio.create_task(anna.answer("1"))
            await thinking.wait()
            anna.hang_up()
            await answering
            await plain_gateway.settle()
    assert most == 1


# Every dialect ---------------------------------------------------------------------------------------------------------

NEEDED = {
    "generic": {"session": "id", "msisdn": "from", "text": "in", "signal": "prefix", "continues": ["+"], "ends": ["."]}
}


@pytest.mark.parametrize("name", DIALECTS)
async def test_in_every_dialect_a_text_is_too_long_or_truncated(plain_gateway, client, name):
    """The application answers as the dialect's own writer does."""
    dialect = DIALECTS[name](NEEDED.get(name, {}))

    async def answer(request):
        call = dialect.read_call(await received(request, request.path.removeprefix("/ussd")))
        return web_answer(dialect.write_reply(Reply("x" * 200, ends=True), call))

    async with served(answer) as url:
        for number, (policy, expected) in enumerate({"error": "text_too_long", "truncate": "success"}.items()):
            settings = UrlSettings(f"{url}/ussd", dialect=name, settings=NEEDED.get(name, {}), too_long=policy)
            application = UrlApplication(settings, plain_gateway, client, longest=10.0)
            plain_gateway.directory.attach_code(f"*{number}#", application)
            screen = await plain_gateway.phone().dial(f"*{number}#")
            await plain_gateway.settle()
            assert screen.outcome == expected
    assert screen in ("x" * 182, "x" * 160)


class Mart:
    """A service of Ideamart: it acknowledges, and sends its answer to the gateway afterwards, or before."""

    def __init__(self, gateway_url, **changed):
        self.gateway_url, self.changed = gateway_url, changed
        self.calls, self.sent = [], []

    async def __call__(self, request):
        call = await request.json()
        self.calls.append(call)
        if "acknowledgement" in self.changed:
            return web.json_response(self.changed["acknowledgement"])
        fields = {
            "applicationId": "APP_000001",
            "password": "password",
            "message": f"You said {call['message']}",
            "sessionId": call["sessionId"],
            "ussdOperation": "mt-fin" if call["message"] == "bye" else "mt-cont",
            "destinationAddress": call["sourceAddress"],
        }
        where = f"{self.gateway_url}/ussd/send"
        async with ClientSession() as http, http.post(where, json=fields | self.changed) as response:
            self.sent.append((await response.json())["statusCode"])
        return web.json_response({"statusCode": "S1000"})


@asynccontextmanager
async def mart(gateway, client, longest=10.0, **changed):
    application = None
    app, runner = web.Application(), None
    service = Mart("", **changed)
    async with served(service) as url:
        settings = UrlSettings(url, dialect="ideamart")
        application = UrlApplication(settings, gateway, client, longest=longest, run="12345678")
        other = UrlApplication(settings, gateway, client, longest=longest, run="12345678")
        gateway.directory.attach_code(CODE, application)
        app.add_routes(send_routes([other, application]))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        service.gateway_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield application, service
        await gateway.settle()
        await runner.cleanup()


async def test_an_asynchronous_application_sends_its_answers(plain_gateway, client):
    anna = plain_gateway.phone()
    async with mart(plain_gateway, client) as (_, service):
        assert await anna.dial(CODE) == f"You said {CODE}"
        assert await anna.answer("hi") == "You said hi"
        last = await anna.answer("bye")
    assert (last, last.outcome) == ("You said bye", "success")
    assert service.sent == ["S1000"] * 3


REFUSED = {
    "a wrong password": ({"password": "guess"}, "E1313", "the applicationId or the password is not the one"),
    "another session": ({"sessionId": "7"}, "E1312", "the session 7 is not open"),
    "a text that is too long": ({"message": "x" * 183}, "E1334", 'the text "xxx'),
}


@pytest.mark.parametrize(("changed", "code", "why"), REFUSED.values(), ids=REFUSED)
async def test_what_an_asynchronous_application_sends_wrong_is_refused_and_its_time_runs_out(
    plain_gateway, client, changed, code, why
):
    async with mart(plain_gateway, client, longest=1, **changed) as (application, service):
        with capture_logs() as logs:
            screen = await plain_gateway.phone().dial(CODE)
    assert service.sent == [code]
    assert "application.refused" in [entry["event"] for entry in logs]
    assert screen.outcome == "app_timeout"
    assert f"sent nothing within 1 s; what came to /ussd/send was refused: {why}" in application.last_error


async def test_a_wrong_acknowledgement_ends_the_session(plain_gateway, client):
    async with mart(plain_gateway, client, acknowledgement={"statusCode": "E1"}) as (application, _):
        assert (await plain_gateway.phone().dial(CODE)).outcome == "bad_answer"
    assert "S1000" in application.last_error


async def test_an_answer_while_it_is_the_users_turn_is_refused(plain_gateway, client):
    async with mart(plain_gateway, client) as (_, service):
        screen = await plain_gateway.phone().dial(CODE)
        again = {
            "applicationId": "APP_000001",
            "password": "password",
            "message": "Again",
            "sessionId": f"12345678{screen.session}",
            "ussdOperation": "mt-cont",
            "destinationAddress": f"tel:{ANNA}",
        }
        async with ClientSession() as http, http.post(f"{service.gateway_url}/ussd/send", json=again) as response:
            told = await response.json()
    assert told["statusCode"] != "S1000"
    assert "is not open, or it is the user's turn" in told["statusDetail"]
