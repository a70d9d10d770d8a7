"""Python functions as applications, dialled on the phones of a gateway."""

import asyncio
import sys

import pytest
from structlog.testing import capture_logs

from ussd_gateway.applications.function import FunctionApplication
from ussd_gateway.applications.imports import Imports
from ussd_gateway.network.message import ANSWER, BEGIN, Sms, Ussd

ANNA = "70001000001"


def attach(gateway, function, code="*500#", language=lambda msisdn: "ru"):
    application = FunctionApplication(
        function, submit=gateway.submit, spawn=gateway.spawn, warn=gateway.warn, language=language
    )
    gateway.directory.attach_code(code, application)
    return application


@pytest.fixture
def dialled(plain_gateway):
    """Anna's phone, once a function answers *500#."""

    def dialled(function, **given):
        dialled.application = attach(plain_gateway, function, **given)
        return plain_gateway.phone(ANNA)

    return dialled


def facts(gateway):
    gateway.journal.commit()
    return [(entry.kind, entry.facts) for _, entry in gateway.journal.after(0) if hasattr(entry, "facts")]


def texts(gateway):
    """What the journal has of the dialogues."""
    gateway.journal.commit()
    return [entry.octets.decode() for _, entry in gateway.journal.after(0) if hasattr(entry, "octets")]


async def balance(ussd):
    await asyncio.sleep(0)
    return ussd.end("150.00")


async def test_a_function_answers_a_code(plain_gateway, dialled):
    phone = dialled(balance)
    screen = await phone.dial("*500#")
    assert (screen, screen.state, screen.outcome) == ("150.00", "ended", "success")
    assert not dialled.application.sessions
    assert dialled.application.name.endswith("test_function:balance")


async def test_a_function_that_never_waits_answers_without_a_task(plain_gateway, dialled):
    phone = dialled(lambda ussd: ussd.end("150.00"))
    plain_gateway.submit(Ussd(BEGIN, "*500#", msisdn=ANNA))
    assert phone.screen == "150.00"


async def test_it_is_called_for_the_dial_and_for_each_answer(dialled):
    seen = []

    async def survey(ussd):
        seen.append((ussd.operation, ussd.text, ussd.inputs, ussd.msisdn, ussd.service_code, ussd.language))
        return ussd.ask(f"{len(seen)}?") if len(seen) < 3 else ussd.end("Done")

    phone = dialled(survey, language=lambda msisdn: "en")
    assert await phone.dial("*500*7#") == "1?"
    assert await phone.answer("a") == "2?"
    assert await phone.answer("b") == "Done"
    assert seen == [
        (BEGIN, "*500*7#", ("7",), ANNA, "*500#", "en"),
        (ANSWER, "a", ("7", "a"), ANNA, "*500#", "en"),
        (ANSWER, "b", ("7", "a", "b"), ANNA, "*500#", "en"),
    ]


async def by_inputs(ussd):
    match ussd.inputs:
        case ():
            return ussd.ask("1 Balance")
        case ("1",):
            return ussd.end("150.00")


async def test_a_function_that_looks_at_its_inputs_can_be_dialled_directly(dialled):
    phone = dialled(by_inputs)
    await phone.dial("*500#")
    assert await phone.answer("1") == await phone.dial("*500*1#") == "150.00"


async def test_variables_stay_until_the_dialogue_ends(dialled):
    async def counts(ussd):
        ussd.variables["turns"] = ussd.variables.get("turns", 0) + 1
        answer = ussd.end if ussd.text == "0" else ussd.ask
        return answer(str(ussd.variables["turns"]))

    phone = dialled(counts)
    assert [await phone.dial("*500#"), await phone.answer("1"), await phone.answer("0")] == ["1", "2", "3"]
    assert await phone.dial("*500#") == "1"


async def fails(ussd):
    raise KeyError(ussd.msisdn)


async def ends_the_program(ussd):
    sys.exit(ussd.msisdn)


async def waits_for_what_was_given_up(ussd):
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


WRONG = {
    "an exception": (fails, "raised KeyError at test_function.py:"),
    "an exception of a plain function": (lambda ussd: ussd.nonsense, "raised AttributeError at test_function.py:"),
    "a wait for what was given up": (waits_for_what_was_given_up, "raised GivenUpError at test_function.py:"),
    "an exit": (ends_the_program, "raised SystemExit at test_function.py:"),
    "nothing": (lambda ussd: None, "returned nothing; return ussd.ask(...) or ussd.end(...)"),
    "a text": (lambda ussd: "150.00", "returned a value of type str; return ussd.ask(...) or ussd.end(...)"),
    "a notice": (lambda ussd: ussd.notify("!"), "returned a message to notify; return ussd.ask(...)"),
    "itself": (lambda ussd: ussd, "returned a value of type Turn; return ussd.ask(...)"),
    "too long": (
        lambda ussd: ussd.end("Д" * 81),
        "returned what cannot be shown: this text takes 162 octets, and a USSD string takes 160",
    ),
    "no text": (lambda ussd: ussd.end(150), "returned a text that is of type int; a text is a str"),
    "no outcome": (lambda ussd: ussd.abort("tired"), "gave up with an outcome that there is not; known: success,"),
    "half a character": (
        lambda ussd: ussd.end("\ud83d"),
        "returned a text with half a character in it, which no alphabet has",
    ),
    "no argument": (lambda: None, "cannot be called: it has to take one argument, the ussd"),
    "of another": (lambda ussd: Ussd(BEGIN, session="7").end("?"), "returned the reply of another dialogue;"),
}


@pytest.mark.parametrize(("function", "why"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_ends_the_dialogue_and_is_explained_in_one_sentence(plain_gateway, dialled, function, why):
    phone = dialled(function)
    with capture_logs() as logs:
        screen = await phone.dial("*500#")
    assert (screen.outcome, screen.state) == ("abort_app", "ended")
    ((kind, told),) = facts(plain_gateway)
    assert kind == "application.failed"
    assert (told["session"], told["msisdn"], told["service_code"]) == (screen.session, ANNA, "*500#")
    assert told["outcome"] == "abort_app"
    assert told["why"].startswith(f"{dialled.application.name} {why}")
    assert ANNA not in told["why"]
    assert [(log["why"], log["log_level"]) for log in logs] == [(told["why"], "warning")]
    assert dialled.application.last_error == told["why"]
    assert not dialled.application.sessions


async def test_a_wrong_answer_to_a_later_turn_ends_the_dialogue_too(plain_gateway, dialled):
    phone = dialled(lambda ussd: ussd.ask("?") if ussd.operation is BEGIN else None)
    await phone.dial("*500#")
    assert (await phone.answer("1")).outcome == "abort_app"
    assert [kind for kind, _ in facts(plain_gateway)] == ["application.failed"]


async def test_a_function_may_give_up_and_say_why(plain_gateway, dialled):
    phone = dialled(lambda ussd: ussd.abort("system_failure"))
    assert (await phone.dial("*500#")).outcome == "system_failure"
    assert facts(plain_gateway) == []


class Slow:
    """A function that answers when it is let go on."""

    def __init__(self):
        self.go, self.begun, self.calls = asyncio.Event(), asyncio.Event(), 0

    async def __call__(self, ussd):
        self.calls += 1
        self.begun.set()
        await self.go.wait()
        if ussd.text == "*500*1#":
            raise KeyError
        return ussd.ask("?")


async def test_an_answer_that_comes_too_late_is_ignored(plain_gateway, dialled):
    slow = Slow()
    phone = dialled(slow.__call__)
    plain_gateway.submit(Ussd(BEGIN, "*500#", msisdn=ANNA))
    await slow.begun.wait()
    phone.hang_up()
    assert not dialled.application.sessions
    with capture_logs() as logs:
        slow.go.set()
        await plain_gateway.settle()
    assert [log["event"] for log in logs] == ["function.too_late"]
    assert plain_gateway.written()[-1] == ("ussd.hang_up",)


async def test_the_network_gives_up_on_a_function_that_does_not_answer(plain_gateway, dialled):
    slow = Slow()
    phone = dialled(slow.__call__)
    plain_gateway.submit(Ussd(BEGIN, "*500#", msisdn=ANNA))
    await slow.begun.wait()
    plain_gateway.clock.move_to(plain_gateway.now() + 10)
    plain_gateway.tick()
    assert phone.screen.outcome == "app_timeout"
    assert not dialled.application.sessions
    ((kind, told),) = facts(plain_gateway)
    assert (kind, told["outcome"]) == ("application.failed", "app_timeout")
    assert told["why"] == f"{dialled.application.name} did not answer within network.application_timeout"
    slow.go.set()
    await plain_gateway.settle()
    assert phone.screen.outcome == "app_timeout"


async def test_a_fault_after_the_user_hung_up_is_still_explained(plain_gateway, dialled):
    slow = Slow()
    phone = dialled(slow.__call__)
    plain_gateway.submit(Ussd(BEGIN, "*500*1#", msisdn=ANNA))
    await slow.begun.wait()
    phone.hang_up()
    slow.go.set()
    await plain_gateway.settle()
    assert [kind for kind, _ in facts(plain_gateway)] == ["application.failed"]
    assert phone.screen.outcome == "dialog_user_abort"


async def test_one_dialogue_never_runs_two_calls_at_once(plain_gateway, dialled):
    slow = Slow()
    dialled(slow.__call__)
    begun = Ussd(BEGIN, "*500#", msisdn=ANNA)
    plain_gateway.submit(begun)
    await slow.begun.wait()
    with capture_logs() as logs:
        dialled.application.deliver(Ussd(ANSWER, "1", msisdn=ANNA, session=begun.session))
    assert [log["event"] for log in logs] == ["function.unexpected_answer"]
    slow.go.set()
    await plain_gateway.settle()
    assert slow.calls == 1


async def test_an_answer_in_a_dialogue_that_it_does_not_know_is_given_up(plain_gateway, dialled):
    said = []
    application = FunctionApplication(
        balance, submit=said.append, spawn=plain_gateway.spawn, warn=plain_gateway.warn, language=str
    )
    unknown = Ussd(ANSWER, "1", session="7")
    assert application.secrets(unknown) == ()
    application.deliver(unknown)
    application.deliver(Sms("1", "2", b""))
    assert [(message.operation, message.session) for message in said] == [("abort", "7")]


async def test_a_secret_answer_and_what_repeats_it_enter_no_record(plain_gateway, dialled):
    async def pays(ussd):
        match ussd.inputs:
            case ():
                return ussd.ask("1 Pay")
            case (_,):
                return ussd.ask("PIN", secret=True)
            case (_, pin):
                return ussd.ask(f"{pin}: 1 Yes")
            case _:
                return ussd.end("Paid")

    phone = dialled(pays)
    await phone.dial("*500#")
    await phone.answer("1")
    assert await phone.answer("2486") == "2486: 1 Yes"
    await phone.answer("1")
    assert texts(plain_gateway) == ["*500#", "1 Pay", "1", "PIN", "********", "********: 1 Yes", "1", "Paid"]


async def test_a_thousand_dialogues_at_once_do_not_mix(plain_gateway):
    async def echo(ussd):
        ussd.variables.setdefault("msisdn", ussd.msisdn)
        for _ in range(int(ussd.msisdn) % 7):
            await asyncio.sleep(0)
        assert ussd.variables["msisdn"] == ussd.msisdn
        ussd.variables["said"] = [*ussd.variables.get("said", []), ussd.text]
        said = " ".join([ussd.msisdn, *ussd.variables["said"]])
        return ussd.end(said) if len(ussd.inputs) == 3 else ussd.ask(said)

    application = attach(plain_gateway, echo)
    phones = [plain_gateway.phone(str(70001000000 + number)) for number in range(1000)]

    async def walk(phone):
        own = phone.msisdn[-4:]
        await phone.dial("*500#")
        for turn in range(3):
            screen = await phone.answer(f"{own}.{turn}")
        return screen

    screens = await asyncio.gather(*map(walk, phones))
    for phone, screen in zip(phones, screens, strict=True):
        own = phone.msisdn[-4:]
        assert screen == f"{phone.msisdn} *500# {own}.0 {own}.1 {own}.2"
    assert not application.sessions


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path[:])
    yield tmp_path
    sys.modules.pop("airtime", None)


CODE = 'async def balance(ussd):\n    return ussd.ask("{0}") if ussd.operation == "begin" else ussd.end("{0}")\n'


async def test_an_open_dialogue_finishes_with_the_code_that_it_began_with(plain_gateway, folder):
    file = folder / "airtime.py"
    file.write_text(CODE.format("old"))
    attach(plain_gateway, Imports(folder, plain_gateway.note).function("airtime:balance"))
    anna, boris = plain_gateway.phone(ANNA), plain_gateway.phone("70002000001")
    assert await anna.dial("*500#") == "old"
    file.write_text(CODE.format("new"))
    assert await boris.dial("*500#") == "new"
    assert await anna.answer("1") == "old"
    assert await anna.dial("*500#") == "new"
    assert facts(plain_gateway) == [("application.reloaded", {"module": "airtime"})]


async def test_a_file_that_does_not_compile_leaves_the_old_code_and_says_so(plain_gateway, folder):
    file = folder / "airtime.py"
    file.write_text(CODE.format("old"))
    attach(plain_gateway, Imports(folder, plain_gateway.note).function("airtime:balance"))
    phone = plain_gateway.phone(ANNA)
    file.write_text("async def balance(ussd)\n")
    with capture_logs() as logs:
        assert await phone.dial("*500#") == "old"
    why = "expected ':' at airtime.py:1; its last version goes on"
    assert facts(plain_gateway) == [("application.not_reloaded", {"module": "airtime", "why": why})]
    assert [log["why"] for log in logs] == [why]
    assert await phone.answer("1") == "old"
