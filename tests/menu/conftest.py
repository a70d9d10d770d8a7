"""A person at the phone, with the handlers and APIs behind the menu, for the tests of the machine."""

import pytest

from ussd_gateway.menu.advance import Call, CallOut, End, advance, begin, refused, resume
from ussd_gateway.menu.load import parse


class Person:
    """Dials a menu and answers it.

    runs     handlers that ran and URLs that were called, in order
    sent     SMS and pushes that left, in order
    answers  what each handler or call answers: by the handler's name, or by the URL; an Exception refuses the call
    """

    def __init__(self, menu, *inputs, answers=None, language="en", variables=None, screen=""):
        self.menu, self.answers = menu, answers or {}
        self.runs, self.sent = [], []
        given = {"msisdn": "79261234567", **(variables or {})}
        self.follow(begin(menu, inputs, language, variables=given, screen=screen))

    def answer(self, text):
        self.follow(advance(self.menu, self.state, text))
        return self.text

    def types(self, *texts):
        return [self.answer(text) for text in texts][-1]

    def follow(self, step):
        self.sent += step.effects
        while isinstance(step.action, Call | CallOut):
            self.call = step.action
            key = step.action.handler if isinstance(step.action, Call) else step.action.url
            self.runs.append(key)
            answer = self.answers[key]
            step = (refused if isinstance(answer, Exception) else resume)(
                self.menu, step.state, str(answer) if isinstance(answer, Exception) else answer
            )
            self.sent += step.effects
        self.state, self.action, _ = step

    @property
    def text(self):
        return self.action.text

    @property
    def over(self):
        return isinstance(self.action, End)


@pytest.fixture
def person():
    return Person


@pytest.fixture
def menu_of():
    """Reads a menu in English from its screens and whatever else stands in front of them."""

    def read(screens, head=""):
        return parse(f'title = "Test"\ncodes = ["*1#"]\nlanguages = ["en"]\n{head}\n{screens}', "test.toml")

    return read
