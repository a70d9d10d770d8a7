"""Whole dialogues with a menu in a gateway: what a person dials, types and sees, and what of it leaves a trace."""

import asyncio
from datetime import date

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from ussd_gateway.applications.callout import Caller
from ussd_gateway.applications.imports import HandlerError, Imports
from ussd_gateway.applications.menu import MenuApplication, ScreenError, Surroundings, Version
from ussd_gateway.client import Client
from ussd_gateway.menu.load import parse
from ussd_gateway.network.message import ABORT, ANSWER, ASK, Sms, Ussd

ANNA, BORIS = "70001000001", "70001000002"
FAILURE = "Сервис временно недоступен. Попробуйте позже."

PORTAL = """
title = "Test"
codes = ["*111#", "#111#"]
code_languages = { "#111#" = "latin" }

[screens.main]
text = { ru = "Портал", en = "Portal" }
choices = [
    { key = "1", label = { ru = "Баланс", en = "Balance" }, to = "balance" },
    { key = "2", label = { ru = "Пароль", en = "Password" }, to = "password" },
]

[screens.balance]
handler = "balance"
text = { ru = "{{ balance | money }}", en = "{{ balance | money }}" }
end = true

[screens.password]
handler = "password"
on = { shown = "password_shown", balance = "balance" }
secrets = ["password"]

[screens.password_shown]
text = { ru = "Пароль: {{ password }}", en = "Password: {{ password }}" }
end = true
"""


async def balance(turn):
    return {"balance": 15000}


async def password(turn):
    return {"result": "shown", "password": "Ab1xyz"}


HANDLERS = {"balance": balance, "password": password, "slow": balance}


class Operator:
    """A gateway with one menu."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.client = Client()
        self.languages = {}
        self.around = Surroundings(
            gateway,
            lambda msisdn: self.languages.get(msisdn, "ru"),
            Caller(self.client, longest=10),
            lambda: date(2018, 4, 27),
            10.0,
        )
        self.phone = gateway.phone

    def version(self, text, handlers):
        return Version(parse(text, "test.toml"), HANDLERS | handlers, Imports())

    def serve(self, text=PORTAL, **handlers):
        self.menu = MenuApplication(self.version(text, handlers), self.around)
        for code in self.menu.menu.codes:
            self.gateway.directory.attach_code(code, self.menu)
        return self.menu

    @property
    def events(self):
        """What the journal says beside messages."""
        self.gateway.journal.commit()
        entries = [entry for _, entry in self.gateway.journal.after(0)]
        return [(entry.kind, entry.facts) for entry in entries if hasattr(entry, "facts")]


@pytest.fixture
async def operator(plain_gateway):
    operator = Operator(plain_gateway)
    yield operator
    await operator.client.stop()


class Slow:
    """A handler that answers when the test says so."""

    def __init__(self, result=None):
        self.called, self.may_answer, self.calls = asyncio.Event(), asyncio.Event(), 0
        self.result = result or {"balance": 100}

    async def __call__(self, turn):
        self.calls += 1
        self.called.set()
        await self.may_answer.wait()
        return self.result


# Dialogues


async def test_a_dialogue_is_dialled_answered_and_over(operator):
    menu, phone = operator.serve(), operator.phone()

    screen = await phone.dial("*111#")
    assert (screen, screen.awaiting) == ("Портал\n1 Баланс\n2 Пароль", True)
    screen = await phone.answer("1")

    assert (screen, screen.outcome) == ("150.00 р.", "success")
    assert not menu.sessions


async def test_direct_dial_is_answered_in_one_turn(operator):
    operator.serve()
    assert await operator.phone().dial("*111*1#") == "150.00 р."


async def test_handlers_that_lead_to_each_other_run_one_after_the_other(operator):
    async def leads_on(turn):
        return "balance"

    operator.serve(password=leads_on)
    assert await operator.phone().dial("*111*2#") == "150.00 р."


async def test_a_handler_gets_the_message_that_led_to_it_and_what_the_dialogue_knows(operator):
    turns = []

    def remembers(turn):
        turns.append(turn)
        turn.variables["balance"] = "lost"
        return {"balance": 0}

    operator.serve(balance=remembers)
    phone = operator.phone()
    await phone.dial("*111#")
    assert await phone.answer(" 1 ") == "0.00 р."

    (turn,) = turns
    assert (turn.operation, turn.text, turn.msisdn, turn.language) == (ANSWER, " 1 ", ANNA, "ru")
    known = {name: turn.variables[name] for name in ("msisdn", "code", "dialled", "today")}
    assert known == {"msisdn": ANNA, "code": "*111#", "dialled": "*111#", "today": date(2018, 4, 27)}


async def test_what_a_handler_changes_in_its_variables_changes_nothing_for_others(operator):
    async def add(turn):
        turn.variables["basket"]["items"].append("apple")
        return {}

    operator.serve(
        """
title = "Basket"
codes = ["*112#"]
languages = ["en"]
variables = { basket = { items = [] } }

[screens.main]
handler = "add"
text = "{{ basket['items'] | length }} items"
end = true
""",
        add=add,
    )
    for _ in range(2):
        assert await operator.phone().dial("*112#") == "0 items"


async def test_the_language_is_the_sims_unless_the_code_fixes_one(operator):
    operator.serve()
    operator.languages[ANNA] = "en"
    phone = operator.phone()
    assert (await phone.dial("*111#")).startswith("Portal\n1 Balance")
    phone.hang_up()
    assert (await phone.dial("#111#")).startswith("Portal\n1 Balans")


@pytest.mark.parametrize("seconds", [None, 31])
async def test_a_dialogue_that_is_over_is_forgotten(operator, seconds):
    menu, phone = operator.serve(), operator.phone()
    await phone.dial("*111#")
    if seconds:
        await operator.gateway.wait(seconds)
    else:
        phone.hang_up()
    assert not menu.sessions


async def test_what_is_not_for_the_menu_is_let_go_or_aborted(operator):
    menu = operator.serve()
    said = []
    operator.gateway.submit = said.append

    menu.deliver(Sms(ANNA, "111", b"828"))
    menu.deliver(Ussd(ANSWER, "1", session="99"))

    assert [(reply.operation, reply.session) for reply in said] == [(ABORT, "99")]


# Handlers that are late, or fail


async def test_a_handler_that_is_too_late_is_cancelled_and_not_heard(operator):
    menu, phone = operator.serve(balance=(slow := Slow())), operator.phone()
    dialled = asyncio.create_task(phone.dial("*111*1#"))
    await slow.called.wait()
    operator.gateway.clock.move_to(operator.gateway.now() + 11)
    operator.gateway.tick()
    screen = await dialled
    assert (screen.outcome, menu.sessions) == ("app_timeout", {}.keys())
    await operator.gateway.settle()
    assert not operator.gateway._tasks
    assert phone.screen is screen


async def test_a_handler_that_cannot_be_cancelled_is_not_heard_either(operator):
    async def stubborn(turn):
        try:
            await slow(turn)
        except asyncio.CancelledError:
            return {"balance": 0}

    slow, phone = Slow(), operator.phone()
    operator.serve(balance=stubborn)
    dialled = asyncio.create_task(phone.dial("*111*1#"))
    await slow.called.wait()
    operator.gateway.clock.move_to(operator.gateway.now() + 11)
    with capture_logs() as logs:
        operator.gateway.tick()
        await dialled
        await operator.gateway.settle()
    assert [entry["event"] for entry in logs] == ["menu.too_late"]


async def test_who_hangs_up_does_not_cut_a_purchase_in_two(operator):
    done = []

    async def buys(turn):
        await slow(turn)
        done.append("bought")
        return {"balance": 0}

    slow = Slow()
    menu, phone = operator.serve(balance=buys), operator.phone()
    dialled = asyncio.create_task(phone.dial("*111*1#"))
    await slow.called.wait()
    phone.hang_up()
    slow.may_answer.set()
    with capture_logs() as logs:
        await operator.gateway.settle()
    assert done == ["bought"]
    assert [entry["event"] for entry in logs] == ["menu.too_late"]
    assert not menu.sessions
    assert (phone.screen, phone.screen.outcome) == ("", "dialog_user_abort")
    dialled.cancel()


async def test_a_purchase_that_never_ends_is_cut_off_after_all(operator):
    menu, phone = operator.serve(balance=(slow := Slow())), operator.phone()
    dialled = asyncio.create_task(phone.dial("*111*1#"))
    await slow.called.wait()
    phone.hang_up()
    operator.gateway.clock.move_to(operator.gateway.now() + 11)
    operator.gateway.tick()
    await operator.gateway.settle()
    assert not operator.gateway._tasks
    assert not menu.sessions
    dialled.cancel()


async def test_an_answer_while_a_handler_runs_is_not_heard(operator):
    menu, phone = operator.serve(balance=(slow := Slow())), operator.phone()
    dialled = asyncio.create_task(phone.dial("*111*1#"))
    await slow.called.wait()
    menu.deliver(Ussd(ANSWER, "2", session=next(iter(menu.sessions)), msisdn=ANNA))
    slow.may_answer.set()
    assert await dialled == "1.00 р."
    assert slow.calls == 1


def leaves(turn):
    raise SystemExit


def fails(turn):
    raise ValueError("password Ab1xyz")


async def waits_for_what_was_given_up(turn):
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


NONSENSE = [
    (waits_for_what_was_given_up, "the handler raised GivenUpError at test_menu.py:"),
    (fails, "the handler raised ValueError at test_menu.py:"),
    (leaves, "the handler raised SystemExit at test_menu.py:"),
    (lambda turn: 5, "the handler answered int; a word or variables are wanted"),
    (lambda turn: None, "the handler answered NoneType; a word or variables are wanted"),
    (lambda turn: "Ab1xyz", "the handler answered something that is no word"),
]


@pytest.mark.parametrize(("handler", "why"), NONSENSE)
async def test_a_handler_that_fails_ends_the_dialogue_and_is_told_without_a_value(operator, handler, why):
    menu = operator.serve(password=handler)
    with capture_logs() as logs:
        screen = await operator.phone().dial("*111*2#")

    assert (screen, screen.outcome, menu.sessions) == (FAILURE, "success", {}.keys())
    ((kind, facts),) = operator.events
    assert (kind, facts["menu"], facts["screen"]) == ("menu.failed", "test.toml", "password")
    assert facts["error"].startswith(why)
    assert [entry["event"] for entry in logs] == ["menu.failed"]
    assert "Ab1xyz" not in f"{logs}{operator.events}"


async def test_a_secret_travels_with_its_message_so_that_the_journal_can_mask_it(operator):
    operator.serve()
    assert await operator.phone().dial("*111*2#") == "Пароль: Ab1xyz"
    octets = b"".join(octets for (octets,) in operator.gateway.written("octets") if octets)
    assert "Пароль: ********".encode("utf-16-be") in octets
    assert "Ab1xyz".encode("utf-16-be") not in octets


async def test_a_thousand_dialogues_at_once_do_not_hear_each_other(operator):
    waiting, all_wait = [], asyncio.Event()

    async def says_who(turn):
        waiting.append(released := asyncio.Event())
        if len(waiting) == 1000:
            all_wait.set()
        await released.wait()
        return {"balance": int(turn.msisdn[-4:]) * 100}

    menu = operator.serve(balance=says_who)
    phones = [operator.phone(f"7000200{number:04}") for number in range(1000)]
    for phone in phones:
        await phone.dial("*111#")
    answered = [asyncio.create_task(phone.answer("1")) for phone in phones]
    await all_wait.wait()
    for released in reversed(waiting):
        released.set()
    screens = await asyncio.gather(*answered)

    assert screens == [f"{number}.00 р." for number in range(1000)]
    assert not menu.sessions


# Handlers run once


COUNTED = """
title = "Shop"
codes = ["*200#"]
languages = ["en"]
resume = "continue"

[screens.main]
text = "Shop"
choices = [{ key = "1", label = "Buy", to = "buy" }, { key = "2", label = "About", to = "about" }]

[screens.about]
text = "{% for n in range(60) %}word{{ n }} {% endfor %}"
choices = [{ key = "1", label = "Buy", to = "buy" }]

[screens.buy]
handler = "buy"
sms = { from = "Shop", text = "Bought." }
text = "Bought. {% for n in range(60) %}word{{ n }} {% endfor %}"
choices = [{ key = "1", label = "Next", to = "next" }]

[screens.next]
text = "Next"
choices = [{ key = "1", label = "Buy", to = "buy" }]
"""

WAYS = [
    # what is typed after the dial, how often the purchase is made
    ("*200*1#", "", 1),
    ("*200#", "1", 1),
    ("*200#", "x 1", 1),
    ("*200#", "2 9 x 0 1", 1),
    ("*200#", "1 x 9 9 0 0", 1),  # wrong, turn the pages, and back to where it was bought
    ("*200#", "1 1 0", 1),  # on and back
    ("*200#", "1 1 x 0 0 1 0", 2),  # back to the shop, and bought again
    ("*200*1*1*1#", "", 2),
    ("*200*1#", "gone", 1),
    ("*200*1#", "gone x 9", 1),
    ("*200*1#", "1 gone 0 gone", 1),
    ("*200#", "gone 1 gone", 1),
]


@pytest.mark.parametrize(("dialled", "typed", "times"), WAYS)
async def test_a_handler_runs_once_and_its_screen_sends_once_whatever_the_way(operator, dialled, typed, times):
    bought = []

    async def buy(turn):
        bought.append(turn.msisdn)
        return {}

    operator.serve(COUNTED, buy=buy)
    phone = operator.phone()
    await phone.dial(dialled)
    for answer in typed.split():
        if answer == "gone":  # out of reach for a moment, in which the network ends the dialogue
            await lose_the_network(operator, phone)
            await phone.dial("*200#")
        else:
            await phone.answer(answer)
        await operator.gateway.settle()

    assert bought == [ANNA] * times
    assert [sms.text for sms in phone.inbox] == ["Bought."] * times


# Going on where it broke off


def resuming(how):
    return f"""
title = "Form"
codes = ["*310#"]
languages = ["en"]
resume = "{how}"
resume_within = 60
remember = ["name"]

[screens.main]
text = "Hello{{% if name is defined %}} {{{{ name }}}}{{% endif %}}"
choices = [{{ key = "1", label = "Name", to = "name" }}, {{ key = "2", label = "Slow", to = "slow" }}]

[screens.name]
text = "Your name?"
input = {{ name = "name", to = "age" }}

[screens.age]
text = "{{{{ name }}}}, your age?"
input = {{ name = "age", kind = "number", to = "done" }}

[screens.slow]
handler = "slow"
text = "Done."
end = true

[screens.done]
text = "{{{{ name }}}} is {{{{ age }}}}."
end = true
"""


async def wait_too_long(operator, phone):
    await operator.gateway.wait(31)


async def hang_up(operator, phone):
    phone.hang_up()


async def lose_the_network(operator, phone):
    operator.gateway.detach(phone.party)
    operator.gateway.attach(phone.party)


@pytest.mark.parametrize("breaks_off", [wait_too_long, hang_up, lose_the_network])
async def test_a_broken_dialogue_goes_on_where_it_was(operator, breaks_off):
    operator.serve(resuming("continue"))
    phone = operator.phone()
    await phone.dial("*310*1#")
    assert await phone.answer("Eve") == "Eve, your age?\n0 Back\n00 Home"
    await breaks_off(operator, phone)
    assert await phone.dial("*310#") == "Eve, your age?\n0 Back\n00 Home"
    assert await phone.answer("30") == "Eve is 30."
    assert await phone.dial("*310#") == "Hello Eve\n1 Name\n2 Slow"


@pytest.mark.parametrize(("answer", "shown"), [("1", "77, your age?"), ("2", "Hello")])
async def test_it_can_be_asked_first(operator, answer, shown):
    operator.serve(resuming("ask"))
    phone = operator.phone()
    await phone.dial("*310*1*77#")
    phone.hang_up()
    for _ in range(2):  # who hangs up at the question is asked it again
        assert await phone.dial("*310#") == "Go on where you stopped?\n1 Yes\n2 No"
        phone.hang_up()
    await phone.dial("*310#")
    assert (await phone.answer(answer)).startswith(shown)


ANEW = {
    "start": ("start", lambda operator, phone: None, "*310#", "Hello 77"),
    "too late": ("continue", lambda operator, phone: operator.gateway.wait(61), "*310#", "Hello 77"),
    "with inputs": ("continue", lambda operator, phone: None, "*310*1#", "Your name?"),
    "after another dialogue": ("continue", lambda operator, phone: phone.dial("*310*1*78*30#"), "*310#", "Hello 78"),
    "another version": (
        "continue",
        lambda operator, phone: operator.menu.serve(operator.version(resuming("continue"), {"slow": Slow()})),
        "*310#",
        "Hello 77",
    ),
    "reset": ("continue", lambda operator, phone: operator.menu.forget(), "*310#", "Hello\n"),
}


@pytest.mark.parametrize("case", ANEW)
async def test_otherwise_it_begins_anew(operator, case):
    how, happens, dialled, shown = ANEW[case]
    operator.serve(resuming(how), slow=Slow())
    phone = operator.phone()
    await phone.dial("*310*1*77#")
    phone.hang_up()
    if waited := happens(operator, phone):
        await waited
    assert (await phone.dial(dialled)).startswith(shown)


async def test_a_dialogue_of_an_old_version_that_breaks_off_is_not_gone_on_with(operator):
    menu = operator.serve(resuming("continue"))
    phone = operator.phone()
    await phone.dial("*310*1*77#")
    menu.serve(operator.version(resuming("continue"), {}))
    phone.hang_up()
    assert (await phone.dial("*310#")).startswith("Hello 77")


async def test_what_is_to_be_remembered_is_after_a_plain_end_too(operator):
    operator.serve(resuming("start"))
    phone = operator.phone()
    await phone.dial("*310*1*77#")
    assert await phone.answer("30") == "77 is 30."
    assert (await phone.dial("*310#")).startswith("Hello 77")


async def test_a_pushed_dialogue_that_breaks_off_is_not_gone_on_with_by_a_dial(operator):
    menu, phone = operator.serve(resuming("continue")), operator.phone()
    await menu.push(ANNA, "name", {}, "*310#")
    assert phone.screen == "Your name?"
    phone.hang_up()
    assert (await phone.dial("*310#")).startswith("Hello\n")


async def test_a_dialogue_that_broke_while_its_handler_ran_goes_on_where_it_asked_last(operator):
    slow = Slow({"result": None})
    operator.serve(resuming("continue"), slow=slow)
    phone = operator.phone()
    main = await phone.dial("*310#")
    answered = asyncio.create_task(phone.answer("2"))
    await slow.called.wait()
    operator.gateway.clock.move_to(operator.gateway.now() + 11)
    operator.gateway.tick()
    assert (await answered).outcome == "app_timeout"
    assert await phone.dial("*310#") == main
    assert slow.calls == 1


async def test_what_is_kept_from_dialogue_to_dialogue_is_bounded(operator, monkeypatch):
    monkeypatch.setattr("ussd_gateway.applications.menu.KEPT", 10)
    menu = operator.serve(resuming("continue"))
    for number in range(15):
        phone = operator.phone(f"700030{number:05}")
        await phone.dial("*310*1*77#")
        phone.hang_up()
    assert len(menu._broken) == len(menu._remembered) == 10
    assert (await phone.dial("*310#")).startswith("77, your age?")
    assert (await operator.phone("70003000000").dial("*310#")).startswith("Hello\n")


# SMS and pushes


GIFT = """
title = "Gift"
codes = ["*400#"]

[screens.main]
text = { ru = "Кому?", en = "To whom?" }
input = { name = "friend", kind = "msisdn", to = "sent" }

[screens.sent]
text = { ru = "Отправлено.", en = "Sent." }
end = true
sms = { from = "Gifts", text = { ru = "Вы подарили рубль.", en = "You gave a rouble." } }
push = { to = "{{ friend }}", screen = "gift" }

[screens.gift]
handler = "gift"
text = { ru = "Подарок от {{ giver }}", en = "A gift of {{ giver }}" }
choices = [{ key = "1", label = { ru = "Спасибо", en = "Thanks" }, to = "thanks" }]

[screens.thanks]
text = { ru = "Пожалуйста", en = "You are welcome" }
end = true
sms = { from = "777", to = "{{ giver }}", text = { ru = "{{ 'Спасибо! ' * 20 }}", en = "{{ 'Thank you! ' * 20 }}" } }

[screens.notice]
text = { ru = "Внимание, {{ what }}", en = "Attention, {{ what }}" }
end = true
push = { to = "{{ msisdn }}", screen = "notice" }
"""


class Gift:
    def __init__(self):
        self.turns = []

    async def __call__(self, turn):
        self.turns.append(turn)
        return {"giver": turn.variables.get("giver", ANNA)}


@pytest.fixture
def gift(operator):
    gift = Gift()
    operator.serve(GIFT, gift=gift)
    return gift


async def test_a_screen_sends_an_sms_and_begins_a_dialogue_with_somebody_else(operator, gift):
    anna, boris = operator.phone(), operator.phone(BORIS)
    operator.languages[BORIS] = "en"

    assert await anna.dial("*400*80001000002#") == "Отправлено."
    await operator.gateway.settle()

    assert [(sms.sender, sms.text) for sms in anna.inbox] == [("Gifts", "Вы подарили рубль.")]
    assert boris.screen == f"A gift of {ANNA}\n1 Thanks"
    (turn,) = gift.turns
    assert (turn.operation, turn.msisdn, turn.service_code, turn.language) == (ASK, BORIS, "*400#", "en")
    assert await boris.answer("1") == "You are welcome"
    (_, long) = anna.inbox
    assert (long.sender, long.text, long.parts) == ("777", ("Thank you! " * 20).strip(), 2)
    assert not operator.menu.sessions


PING = """
title = "Ping"
codes = ["*410#"]
languages = ["en"]
variables = { other = "70001000002" }

[screens.main]
text = "Ping"
choices = [{ key = "1", label = "Pong", to = "pong" }]

[screens.pong]
text = "Sent."
end = true
compute = { sent_to = "other", other = "msisdn" }
push = { to = "{{ sent_to }}", screen = "main" }
sms = { from = "Ping", text = "{{ 'long ' * 40 }}" }
"""


async def test_pushes_that_are_answered_may_go_on_for_ever_and_long_sms_do_not_mix(operator):
    operator.serve(PING)
    anna, boris = operator.phone(), operator.phone(BORIS)
    await anna.dial("*410#")
    for _ in range(4):
        for phone in (anna, boris):
            assert phone.screen == "Ping\n1 Pong"
            assert await phone.answer("1") == "Sent."
    assert operator.events == []
    references = [sms.segments[0].concatenation.reference for phone in (anna, boris) for sms in phone.inbox]
    assert len(set(references)) == 8


@pytest.mark.parametrize("refusal", ["busy", "absent_subscriber"])
async def test_a_push_that_the_network_refuses_is_told_by_its_outcome(operator, gift, refusal):
    boris = operator.phone(BORIS)
    if refusal == "busy":
        await boris.dial("*400#")
    else:
        operator.gateway.detach(boris.party)

    await operator.phone().dial("*400*80001000002#")
    await operator.gateway.settle()

    assert refusal in [outcome for (outcome,) in operator.gateway.written("outcome")]
    assert len(operator.menu.sessions) == (refusal == "busy")


async def test_a_screen_is_pushed_with_variables(operator, gift):
    boris = operator.phone(BORIS)
    session, outcome = await operator.menu.push(BORIS, "gift", {"giver": "70005", "msisdn": "1"}, "*400#")
    assert (boris.screen, boris.screen.session, outcome) == ("Подарок от 70005\n1 Спасибо", session, "")
    assert gift.turns[0].variables["msisdn"] == BORIS
    assert await boris.answer("1") == "Пожалуйста"

    with pytest.raises(ScreenError, match=r'has no screen "gifts"; did you mean "gift"\?'):
        await operator.menu.push(BORIS, "gifts", {}, "*400#")


async def test_pushed_variables_add_no_lines_to_a_screen(operator, gift):
    phone = operator.phone(BORIS)
    await operator.menu.push(BORIS, "gift", {"giver": "Eve\n2 Win\u202e"}, "*400#")
    assert phone.screen == "Подарок от Eve 2 Win\n1 Спасибо"
    deep = []
    for _ in range(50):
        deep = [deep]
    with pytest.raises(ScreenError, match="the variables cannot be used: its tables and lists are deeper than 20"):
        await operator.menu.push(BORIS, "gift", {"giver": deep}, "*400#")


NAMES = """
title = "Names"
codes = ["*401#"]
languages = ["en"]
remember = ["name"]

[screens.main]
text = "Hello {{ name | default('stranger') }}"
choices = [{ key = "1", label = "Name", to = "name" }, { key = "2", label = "Greet", to = "friend" }]

[screens.name]
text = "Name?"
input = { name = "name", to = "main" }

[screens.friend]
text = "Whom?"
input = { name = "friend", kind = "msisdn", to = "greeted" }

[screens.greeted]
text = "Done."
end = true
push = { to = "{{ friend }}", screen = "greeting" }

[screens.greeting]
text = "{{ name }} greets you"
choices = [{ key = "1", label = "Bye", to = "bye" }, { key = "2", label = "Name", to = "name" }]

[screens.bye]
text = "Bye."
end = true
"""


@pytest.mark.parametrize(("own", "answer"), [("stranger", "1"), ("72", "1"), ("73", "2 73")])
async def test_what_one_number_is_remembered_by_is_not_remembered_of_another(operator, own, answer):
    operator.serve(NAMES)
    anna, boris = operator.phone(), operator.phone(BORIS)
    if own == "72":
        await boris.dial("*401*1*72#")
        boris.hang_up()
    await anna.dial(f"*401*1*71*2*{BORIS}#")
    assert boris.screen.startswith("71 greets you")
    for typed in answer.split():
        await boris.answer(typed)
    boris.hang_up()
    assert (await boris.dial("*401#")).startswith(f"Hello {own}\n")
    assert (await anna.dial("*401#")).startswith("Hello 71\n")


async def test_a_notice_is_shown_and_screens_that_push_each_other_come_to_an_end(operator, gift):
    boris = operator.phone(BORIS)
    session, outcome = await operator.menu.push(BORIS, "notice", {"what": "now"}, "*400#")
    assert (session != "", outcome, boris.screen) == (True, "success", "Внимание, now")
    assert operator.events[-1][0] == "menu.not_sent"
    assert "again and again" in operator.events[-1][1]["why"]


async def test_a_pushed_screen_whose_handler_fails_is_not_shown(operator):
    operator.serve(GIFT, gift=fails)
    assert await operator.menu.push(BORIS, "gift", {}, "*400#") == ("", "system_failure")
    assert operator.events[0][0] == "menu.failed"


async def test_a_pushed_screen_whose_handler_never_answers_is_given_up(operator):
    operator.serve(GIFT, gift=(slow := Slow()))
    pushed = asyncio.create_task(operator.menu.push(BORIS, "gift", {}, "*400#"))
    await slow.called.wait()
    operator.gateway.clock.move_to(operator.gateway.now() + 11)
    operator.gateway.tick()
    assert await pushed == ("", "system_failure")
    ((kind, facts),) = operator.events
    assert (kind, facts["error"]) == ("menu.failed", "nothing came in time, and nobody saw the screen")
    assert not operator.menu.sessions


SECRET_SMS = """
title = "Card"
codes = ["*500#"]
languages = ["en"]

[screens.main]
text = "PIN?"
input = { name = "pin", pattern = "[0-9]+", secret = true, to = "sent" }

[screens.sent]
text = "Sent."
end = true
sms = { from = "Bank", text = "Your PIN: {{ pin }}. %s Bye." }
"""


@pytest.mark.parametrize(
    ("pin", "padding", "shown"),
    [
        ("8642", "", ["Your PIN: ********.  Bye."]),
        ("8642", "a" * 150, ["Your PIN: ********. " + "a" * 137, "a" * 13 + " Bye."]),
        ("8642" * 40, "", ["********", "********"]),
    ],
)
async def test_a_secret_in_an_sms_arrives_and_is_in_no_record(operator, pin, padding, shown):
    operator.serve(SECRET_SMS % padding)
    phone = operator.phone()
    assert await phone.dial(f"*500*{pin}#") == "Sent."
    assert phone.inbox[0].text == f"Your PIN: {pin}. {padding} Bye."
    await phone.dial("*500*1#")
    recorded = [sms.text for (sms,) in operator.gateway.written("sms") if sms]
    assert recorded[: len(shown)] == shown
    assert len(recorded) > len(shown)


async def test_a_secret_inside_a_table_is_in_no_record_of_an_sms_either(operator):
    async def password(turn):
        return {"account": {"name": "Anna", "passwords": ["Ab1xyz"]}}

    operator.serve(
        """
title = "Account"
codes = ["*501#"]
languages = ["en"]

[screens.main]
handler = "password"
secrets = ["account"]
text = "Sent."
end = true
sms = { from = "777", text = "Your password: {{ account.passwords[0] }}" }
""",
        password=password,
    )
    phone = operator.phone()
    for _ in range(2):  # the first one is in the journal by then
        await phone.dial("*501#")
    assert phone.inbox[0].text == "Your password: Ab1xyz"
    assert [sms.text for (sms,) in operator.gateway.written("sms") if sms] == ["Your password: ********"] * 2


# HTTP calls


RATES = """
title = "Rates"
codes = ["*600#"]
languages = ["en"]

[screens.main]
text = "PIN?"
input = { name = "pin", pattern = "[0-9]{4}", secret = true, to = "rate" }

[screens.rate]
http = { url = "URL/{{ pin }}?key={{ pin }}", fields = { rate = "data.rate" }, error = "no_rate" }
text = "The rate is {{ rate }}."
end = true

[screens.no_rate]
text = "No rate today."
end = true
"""


@pytest.fixture
async def rates():
    """Somebody's API: answers `answer`, and `heard` are the paths that were asked for."""

    async def answers(request):
        server.heard.append(request.path)
        return web.json_response(server.answer)

    app = web.Application()
    app.router.add_get("/{pin}", answers)
    server = TestServer(app)
    server.heard, server.answer = [], {"data": {"rate": 92}}
    await server.start_server()
    yield server
    await server.close()


async def test_a_call_is_made_once_and_its_fields_are_shown(operator, rates):
    operator.serve(RATES.replace("URL", f"http://127.0.0.1:{rates.port}"))
    assert await operator.phone().dial("*600*8642#") == "The rate is 92."
    assert rates.heard == ["/8642"]


async def test_a_call_that_fails_takes_the_error_route_and_is_told_without_a_secret(operator, rates):
    operator.serve(RATES.replace("URL", f"http://anna:8642@127.0.0.1:{rates.port}"))
    rates.answer = {"data": {"error": "8642 is wrong"}}
    with capture_logs() as logs:
        assert await operator.phone().dial("*600*8642#") == "No rate today."
    ((kind, facts),) = operator.events
    assert (kind, facts["menu"], facts["screen"]) == ("menu.call_failed", "test.toml", "rate")
    why = f"http://127.0.0.1:{rates.port}/{{{{ pin }}}} answered without data.rate"
    assert facts["why"] == why
    assert (facts["session"] != "", [entry["why"] for entry in logs]) == (True, [why])
    assert "8642" not in f"{logs}{operator.events}"


async def test_a_call_ends_with_its_dialogue(operator):
    """Nobody answers on that port, and nobody refuses either."""

    async def stays_silent(reader, writer):
        connected.set()
        closed.append(await reader.read())
        writer.close()

    connected, closed = asyncio.Event(), []
    server = await asyncio.start_server(stays_silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        operator.serve(RATES.replace("URL", f"http://anna:8642@127.0.0.1:{port}"))
        phone = operator.phone()
        dialled = asyncio.create_task(phone.dial("*600*8642#"))
        await connected.wait()
        operator.gateway.clock.move_to(operator.gateway.now() + 11)
        operator.gateway.tick()
        assert (await dialled).outcome == "app_timeout"
        await operator.gateway.settle()
        assert not operator.gateway._tasks
    assert "8642" not in str(operator.events)


# Secrets that are typed


async def test_a_pin_that_is_typed_or_dialled_enters_no_record(operator, rates):
    operator.serve(RATES.replace("URL", f"http://127.0.0.1:{rates.port}"))
    phone = operator.phone()
    await phone.dial("*600*8642#")
    await phone.dial("*600#")
    await phone.answer("8642")
    operator.gateway.journal.commit()
    assert rates.heard == ["/8642", "/8642"]
    assert b"8642" not in b"".join(octets or b"" for (octets,) in operator.gateway.written("octets"))


async def test_a_secret_is_not_remembered_for_the_next_dialogue(operator, rates):
    text = RATES.replace("URL", f"http://127.0.0.1:{rates.port}").replace(
        "[screens.main]", 'remember = ["pin"]\n[screens.main]', 1
    )
    menu = operator.serve(text)
    await operator.phone().dial("*600*8642#")
    assert not menu._remembered


# Files and handlers by name


def test_a_menu_with_a_handler_that_cannot_be_had_has_no_version():
    with pytest.raises(HandlerError, match='there is no handler "balance"'):
        Version(parse(PORTAL, "test.toml"), {"password": password}, Imports())
