from ussd_gateway.menu.check_targets import everything_next, reached, with_history
from ussd_gateway.menu.load import examine, parse

HEAD = 'title = "T"\ncodes = ["*1#"]\nlanguages = ["en"]\n'
END = 'text = "Bye"\nend = true\n'


def told(body, head=HEAD):
    return [f"{mistake.key}: {mistake.message}" for mistake in examine(head + body, "m.toml").mistakes]


def choice(to, key="1"):
    return f'choices = [{{ key = "{key}", label = "x", to = "{to}" }}]\n'


def test_a_target_is_told_with_the_nearest_screen():
    body = f'[screens.main]\ntext = "Hi"\n{choice("hlep")}[screens.help]\n{END}'

    assert told(body) == ['screens.main.choices[0].to: there is no screen "hlep"; did you mean "help"?']


def test_a_menu_without_screens_is_empty():
    assert told("[screens]\n") == ["screens: is empty"]


def test_every_way_of_a_loop_is_told():
    loop = (
        '[screens.main]\nhandler = "a:b"\non = { x = "next" }\notherwise = "end"\n'
        '[screens.next]\nhttp = { url = "http://x", error = "main" }\non = { y = "end" }\n'
        f"[screens.end]\n{END}"
    )

    assert told(loop) == [
        "screens.main.on.x: may come back here without asking the user anything",
        "screens.next.http.error: may come back here without asking the user anything",
    ]


STUCK = f'[screens.main]\ntext = "Hi"\n{choice("next")}[screens.next]\ntext = "Next"\n{choice("main")}'


def test_screens_without_an_end_are_told_once():
    assert told(STUCK) == [
        "screens.main: no end can be reached from here; lead to a screen with end = true, or have an exit key"
    ]


def test_an_exit_key_is_an_end():
    assert told(STUCK, HEAD + 'navigation.exit = "000"\n') == []


def test_giving_up_and_declining_are_ends():
    asks = '[screens.main]\ntext = "Name?"\ninput = {{ name = "name", to = "main"{} }}\n'
    confirm = '[screens.main]\ntext = "Sure?"\nconfirm = {{ to = "main"{} }}\n'

    assert told(asks.format(", tries = 3")) == []
    assert len(told(asks.format(""))) == 1
    assert told(confirm.format("")) == []
    assert len(told(confirm.format(', cancel = "main"'))) == 1


def test_a_screen_that_a_push_begins_on_is_come_to():
    assert told(f'[screens.main]\n{END}push = {{ to = "1", screen = "gift" }}\n[screens.gift]\n{END}') == []


WALK = (
    f'[screens.main]\ntext = "Hi"\n{choice("work")}'
    '[screens.work]\nhandler = "a:b"\non = { x = "left" }\n'
    f'[screens.left]\ntext = "Left"\npush = {{ to = "1", screen = "gift" }}\n{choice("left")}'
    f"[screens.gift]\n{END}"
)


def test_history_begins_where_an_answer_leads_to_another_screen():
    menu = parse(HEAD + WALK, "m.toml")

    assert with_history(menu) == {"work", "left"}


def test_nobody_goes_back_from_too_many_tries():
    asks = 'text = "Name?"\ninput = { name = "name", to = "end", tries = 3, exhausted = "sorry" }\n'
    menu = parse(HEAD + f"[screens.main]\n{asks}[screens.sorry]\n{END}[screens.end]\n{END}", "m.toml")

    assert with_history(menu) == {"end"}


def test_what_may_come_next_is_followed_to_its_end():
    menu = parse(HEAD + WALK, "m.toml")

    assert reached(menu, ["work"], everything_next) == {"work", "left", "gift"}
