import pytest

from ussd_gateway.menu.check_texts import MAX_PAGES, Lengths, phrases_needed
from ussd_gateway.menu.load import examine, parse
from ussd_gateway.menu.longest import Longest

HEAD = 'title = "T"\ncodes = ["*1#"]\nlanguages = ["en"]\n'
RUSSIAN = 'title = "T"\ncodes = ["*1#"]\nlanguages = ["ru"]\n'
END = '[screens.end]\ntext = "Bye"\nend = true\n'
ERROR = 'limits.policy = "error"\n'


def told(body, head=HEAD):
    _, mistakes = examine(head + body, "m.toml")
    return [f"{mistake.key}: {mistake.message}" for mistake in mistakes]


def screen(text, more="end = true\n"):
    return f'[screens.main]\ntext = "{text}"\n{more}'


def test_nobody_turns_more_than_so_many_pages():
    pages = f"{'word ' * 30}\\n"

    assert told(screen(pages * MAX_PAGES)) == []
    assert told(screen(pages * (MAX_PAGES + 1))) == [
        f"screens.main.text: in en, takes {MAX_PAGES + 1} pages; {MAX_PAGES} are the most"
    ]


def test_each_language_has_its_own_length():
    assert told(screen("x" * 182), HEAD + ERROR) == []
    assert told(screen("Д" * 80), RUSSIAN + ERROR) == []
    assert told(screen("Д" * 81), RUSSIAN + ERROR) == [
        "screens.main.text: in ru, can take 162 octets with its choices; a screen has 160, and the dialogue ends there; "
        'shorten it, bound its inputs by max, or have limits.policy = "page"'
    ]
    # ж is two letters in Latin, щ is three
    assert told(screen("ж" * 80), RUSSIAN + ERROR) == []
    (latin,) = told(screen("щ" * 70), RUSSIAN + ERROR)
    assert latin.startswith("screens.main.text: in latin, can take 184 octets")


def test_choices_and_navigation_are_counted():
    asks = 'choices = [{ key = "1", label = "Yes", to = "end" }]\n'
    text = "x" * (182 - len("\n1 Yes"))

    assert told(screen(text, asks) + END, HEAD + ERROR) == []
    assert len(told(screen(text + "x", asks) + END, HEAD + ERROR)) == 1


# An input, and the most that it adds to a text.
TYPED = {
    '{ name = "x", to = "end", kind = "number", max = 1000 }': 4,
    '{ name = "x", to = "end", kind = "number", min = -100000, max = 5 }': 7,
    '{ name = "x", to = "end", kind = "number" }': 15,
    '{ name = "x", to = "end", kind = "amount", max = 100 }': 5,
    '{ name = "x", to = "end", kind = "date" }': 10,
    '{ name = "x", to = "end", kind = "msisdn" }': 11,
    '{ name = "x", to = "end", pattern = "[0-9]{4}", max = 4 }': 4,
    '{ name = "x", to = "end", pattern = "[A-Z]*", max = 9 }': 9,
}


@pytest.mark.parametrize("asked", TYPED)
def test_the_longest_that_can_be_typed_is_counted(asked):
    most = 182 - TYPED[asked]

    def shown(length):
        end = f'[screens.end]\ntext = "{"y" * length}{{{{ x }}}}"\nend = true\n'
        return told(screen("Hi", f"input = {asked}\n") + end, HEAD + ERROR)

    assert shown(most) == []
    assert [mistake.split(":")[0] for mistake in shown(most + 1)] == ["screens.end.text"]


def test_a_text_that_is_typed_may_be_in_any_alphabet():
    asked = 'input = {{ name = "x", to = "end", max = {} }}\n'
    end = '[screens.end]\ntext = "{{ x }}"\nend = true\n'

    assert told(screen("Hi", asked.format(80)) + end, HEAD + ERROR) == []
    assert len(told(screen("Hi", asked.format(81)) + end, HEAD + ERROR)) == 1


def test_a_text_that_is_to_be_truncated_is_a_warning_unless_there_is_no_room_for_any():
    def warnings(text, label):
        body = screen(text, f'choices = [{{ key = "1", label = "{label}", to = "end" }}]\n')
        _, mistakes = examine(HEAD + 'limits.policy = "truncate"\n' + body + END, "m.toml")
        return [mistake.warning for mistake in mistakes]

    assert warnings("x" * 100, "x" * 150) == [True]
    assert warnings("x", "x" * 182) == [False]


def test_what_only_a_handler_knows_counts_as_nothing():
    text = "x" * 182 + "{{ news }}{% for each in news %}{{ each }}{% endfor %}"

    assert told(screen(text, 'end = true\nhandler = "a:b"\n'), HEAD + ERROR) == []


def test_the_longer_branch_is_counted():
    text = "{% if code == '*1#' %}" + "x" * 183 + "{% else %}y{% endif %}"

    assert len(told(screen(text), HEAD + ERROR)) == 1


def test_a_list_of_the_file_is_counted_and_its_prices():
    head = HEAD + 'currency = "KES"\n[variables]\nitems = [{ n = "Daily", p = 2000 }, { n = "Weekly", p = 990000 }]\n'
    body = screen("Hi", 'list = { of = "items", as = "i", label = "{{ i.n }}", to = "buy" }\n')
    buy = '[screens.buy]\ntext = "Buy {{ i.n }}?"\nconfirm = { to = "end", price = "i.p" }\n'
    menu = parse(head + body + buy + END, "m.toml")
    lengths = Lengths(menu, "en", Longest(menu))

    assert lengths.whole(menu.screens["main"]).text == "Hi\n1 Daily\n2 Weekly"
    assert lengths.whole(menu.screens["buy"]).text == "Buy Weekly?\nPrice: KES 9900.00\n1 Yes\n2 No\n0 Back\n00 Home"
    assert not lengths.may_page(menu.screens["buy"])


def test_a_screen_may_page_where_nobody_knows_its_length():
    menu = parse(HEAD + screen("{{ news }}", 'end = true\nhandler = "a:b"\n'), "m.toml")

    assert Lengths(menu, "en", Longest(menu)).may_page(menu.screens["main"])


def test_phrases_and_errors_fit_a_screen():
    head = HEAD + f'phrases.failure = "{"x" * 183}"\n'
    asked = f'input = {{ name = "x", to = "end", error = "{"x" * 183}" }}\nfailure = "{"x" * 183}"\n'

    assert told(screen("Hi"), head) == ["phrases.failure: in en, is longer than a screen"]
    assert told(screen("Hi", asked) + END) == [
        "screens.main.input.error: in en, is longer than a screen",
        "screens.main.failure: in en, is longer than a screen",
    ]


def test_a_page_has_room_for_a_text():
    assert told(screen("Hi"), HEAD + "limits.shown = 20\n") == [
        "phrases: in en, more and back leave no room for a text on a page"
    ]


def test_the_phrases_that_are_needed_are_those_that_can_be_said():
    menu = parse(HEAD + screen("Hi"), "m.toml")
    always = {"back", "home", "more", "wrong", "failure"}

    assert phrases_needed(menu.navigation, "start", menu.screens.values()) == always
    assert phrases_needed(menu.navigation, "ask", ()) == always | {"resume", "yes", "no"}
