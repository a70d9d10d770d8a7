"""docs/menus.md says nothing that is not so: its examples are loaded and walked as the page shows it."""

import asyncio
import json
import re
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import pytest

from ussd_gateway.applications.callout import variables
from ussd_gateway.menu.advance import advance, ask_to_resume, begin, resume
from ussd_gateway.menu.load import parse
from ussd_gateway.menu.mistakes import MenuError
from ussd_gateway.menu.state import Call, CallOut, End, Push, SendSms

PAGE = (Path(__file__).parents[2] / "docs" / "menus.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
ALICE = "70001000001"


def walks():
    """Each walk of the page with its menu, the functions and the answer of an API that stand above it."""
    menu, functions, answer = None, {}, None
    for kind, body in BLOCKS:
        if kind == "toml" and "[[application]]" not in body:
            menu = parse(body, "example.toml")
        elif kind == "python":
            functions = {}
            exec(body, functions)
        elif kind == "json":
            answer = json.loads(body)
        elif kind == "text" and body.startswith("> "):
            for part in re.split(r"\n(?=\n> \*)", body.strip()):
                yield pytest.param(
                    menu, functions, answer, part.strip().splitlines(), id=f"{menu.title}, {part[:20]!r}"
                )


class Phone:
    """A phone that shows one menu, line by line as the page writes it."""

    def __init__(self, menu, functions, answer):
        self.menu, self.functions, self.answer = menu, functions, answer
        self.state = self.kept = None
        self.lines = []

    def type(self, typed):
        self.lines.append(f"> {typed}")
        if self.state is not None:
            return self.show(advance(self.menu, self.state, typed))
        code = max((code for code in self.menu.codes if typed.startswith(code[:-1])), key=len)
        inputs = tuple(typed[len(code) - 1 : -1].strip("*").split("*")) if typed != code else ()
        if self.kept and not inputs:
            return self.show(ask_to_resume(self.menu, self.kept))
        known = {"msisdn": ALICE, "code": code, "dialled": typed, "today": date(2018, 4, 27)}
        return self.show(begin(self.menu, inputs, self.menu.code_languages.get(code, ""), variables=known))

    def hang_up(self):
        self.lines.append("(hangs up)")
        self.kept, self.state = self.state, None

    def show(self, step):
        told = []
        while isinstance(step.action, Call | CallOut):
            told += self.effects(step)
            if isinstance(step.action, Call):
                answered = asyncio.run(self.functions[step.action.handler.partition(":")[2]](None))
            else:
                action = step.action
                told.append(f"[{action.method} {action.url}{'?' * bool(action.query)}{urlencode(action.query)}]")
                fetch = self.menu.screens[step.state.screen].fetch
                answered = variables(json.dumps(self.answer).encode(), fetch.fields)
            step = resume(self.menu, step.state, answered)
        told_after = self.effects(step)
        self.lines += [*told, *step.action.text.splitlines(), *told_after]
        self.state = None if isinstance(step.action, End) else step.state

    @staticmethod
    def effects(step):
        for effect in step.effects:
            match effect:
                case SendSms(source, destination, text):
                    yield f"[SMS from {source} to {destination or ALICE}] {text}"
                case Push(msisdn, screen):
                    yield f"[push to {msisdn}] {screen}"


@pytest.mark.parametrize(("menu", "functions", "answer", "lines"), list(walks()))
def test_a_phone_shows_what_the_page_shows(menu, functions, answer, lines):
    phone = Phone(menu, functions, answer)

    for line in lines:
        if line.startswith("> "):
            phone.type(line[2:])
        elif line == "(hangs up)":
            phone.hang_up()

    assert phone.lines == [line for line in lines if line]


def test_every_example_is_walked():
    menus = [param.values[0] for param in walks()]  # kept, so that each has an id of its own
    walked = {id(menu) for menu in menus}
    examples = [body for kind, body in BLOCKS if kind == "toml" and "[[application]]" not in body]

    assert len(walked) == len(examples)


def test_mistakes_read_as_on_the_page():
    wrong = """\
title = "Airtime"
codes = ["*131#"]
languages = ["en"]

[screens.main]
text = "Airtime"
choices = [
    { key = "1", label = "Balance", to = "balanse" },
]

[screens.balance]
text = "You have 5.00."
end = true


[screens.bye]
text = "Goodbye!"
"""
    (told,) = [body for kind, body in BLOCKS if kind == "text" and body.startswith("airtime.toml:")]

    with pytest.raises(MenuError) as raised:
        parse(wrong, "airtime.toml")

    assert str(raised.value) == told.strip()
