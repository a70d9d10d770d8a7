"""What is wrong between the parts of a menu; the whole list of mistakes and their words is in test_load.py."""

import pytest

from ussd_gateway.menu.check import MAX_PAGES
from ussd_gateway.menu.load import parse
from ussd_gateway.menu.mistakes import MenuError

HEAD = 'title = "T"\ncodes = ["*1#"]\nlanguages = ["en"]\n'


def mistakes(body):
    try:
        parse(HEAD + body, "m.toml", handlers=["known"])
    except MenuError as error:
        return [(mistake.line, mistake.key) for mistake in error.mistakes]
    return []


SCREENS = {
    "a menu that ends": ('[screens.main]\ntext = "Hi"\nend = true\n', []),
    "a target that is none": (
        '[screens.main]\ntext = "Hi"\n[[screens.main.choices]]\nkey = "1"\nlabel = "x"\nto = "mian"\n',
        [(9, "screens.main.choices[0].to")],
    ),
    "a dead end": ('[screens.main]\ntext = "Hi"\n', [(4, "screens.main")]),
    "an unknown handler": (
        '[screens.main]\ntext = "Hi"\nend = true\nhandler = "knwon"\n',
        [(7, "screens.main.handler")],
    ),
    "a circle of handlers": (
        '[screens.main]\nhandler = "known"\non = { go = "next" }\n'
        '[screens.next]\nhandler = "known"\non = { back = "main" }\n',
        [(6, "screens.main.on.go"), (9, "screens.next.on.back")],
    ),
    "a key twice": (
        '[screens.main]\ntext = "Hi"\n'
        '[[screens.main.choices]]\nkey = "1"\nlabel = "x"\nto = "main"\n'
        '[[screens.main.choices]]\nkey = "1"\nlabel = "y"\nto = "main"\n',
        [(11, "screens.main.choices[1].key")],
    ),
    "a key of the navigation": (
        '[screens.main]\ntext = "Hi"\n[[screens.main.choices]]\nkey = "0"\nlabel = "x"\nto = "main"\n',
        [(7, "screens.main.choices[0].key")],
    ),
    "a text that nobody reads to its end": (
        f'[screens.main]\ntext = "{"word " * 40 * MAX_PAGES}"\nend = true\n',
        [(5, "screens.main.text")],
    ),
}


@pytest.mark.parametrize(("body", "found"), SCREENS.values(), ids=SCREENS)
def test_a_mistake_between_the_parts_has_its_line_and_key(body, found):
    assert mistakes(body) == found
