import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.scenario.tokens import Kind, Mistake, Token, lines


def read(text):
    mistakes = []
    return list(lines(text, mistakes)), mistakes


def tokens(text):
    (line,), mistakes = read(text)
    assert mistakes == []
    return [(token.kind, token.value) for token in line.tokens]


def test_a_line_is_words_texts_and_patterns():
    assert tokens('anna sees "Ваш баланс" or /\\d+ р/') == [
        (Kind.WORD, "anna"),
        (Kind.WORD, "sees"),
        (Kind.TEXT, "Ваш баланс"),
        (Kind.WORD, "or"),
        (Kind.PATTERN, "\\d+ р"),
    ]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("anna dials *111*25#", "*111*25#"),
        ("anna dials #100#", "#100#"),
        ("anna dials #100#   # the balance", "#100#"),
        ("anna dials #100# #", "#100#"),
    ],
)
def test_a_comment_begins_with_a_sign_and_a_space_so_that_a_code_is_no_comment(written, code):
    assert tokens(written) == [(Kind.WORD, "anna"), (Kind.WORD, "dials"), (Kind.WORD, code)]


def test_empty_lines_and_lines_of_comment_say_nothing():
    assert read("\n   \n# one\n   #two\n") == ([], [])


def test_a_text_holds_what_would_be_a_comment_and_its_escapes_mean_their_signs():
    assert tokens(r'anna sees "a # b \"c\" \\ \n\t"')[2] == (Kind.TEXT, 'a # b "c" \\ \n\t')


def test_a_pattern_keeps_its_backslashes_but_for_the_slash():
    assert tokens(r"anna sees /\d+\/\S \\ #/")[2] == (Kind.PATTERN, r"\d+/\S \\ #")


def test_a_token_knows_its_place():
    (line,), _ = read('  anna sees "x"  # comment')
    assert line.tokens[2] == Token(Kind.TEXT, "x", column=12, width=3)
    assert line.sentence == 'anna sees "x"'


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system_and_nowhere_else(end):
    found, _ = read(f'\ufeffa "one\u2028two"{end}{end}b')
    assert [(line.number, line.tokens[0].value) for line in found] == [(1, "a"), (3, "b")]


def test_a_block_is_what_is_indented_deeper_without_its_margin():
    (line, after), mistakes = read(
        "  anna sees exactly:   # the menu\n      Портал\n        1 Баланс # 1\n\n      0 Назад\n\n  anna hangs up\n"
    )
    assert mistakes == []
    assert [token.value for token in line.tokens] == ["anna", "sees", "exactly", "Портал\n  1 Баланс # 1\n\n0 Назад"]
    assert line.tokens[3].kind is Kind.TEXT
    assert after.number == 7


def test_a_block_may_be_indented_by_tabs_and_its_colon_stand_alone():
    (line,), _ = read("anna sees exactly :\n\tone\n\ttwo")
    assert [token.value for token in line.tokens] == ["anna", "sees", "exactly", "one\ntwo"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('anna sees "x', 'f:1:11: the text that begins here does not end\n    anna sees "x\n              ^^\nwrite a " behind it'),
        ("anna sees /x", "f:1:11: the pattern that begins here does not end\n    anna sees /x\n              ^^\nwrite a / behind it"),
        ('a "x"y', 'f:1:6: a space is missing behind the text\n    a "x"y\n         ^\nwrite one'),
        ("a “x”", 'f:1:3: I do not know the quotation mark “\n    a “x”\n      ^\nwrite " instead'),
        ("a 'x'", "f:1:3: I do not know the quotation mark '\n    a 'x'\n      ^\nwrite \" instead"),
        (r'a "b\d"', 'f:1:5: I do not know \\d\n    a "b\\d"\n        ^^\nknown in a text: \\n, \\r, \\t, \\", \\\\'),
        ("a b:", "f:1:4: no text follows the colon\n    a b:\n       ^\nindent the lines of the text deeper than this one"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(written, told):
    found, (mistake,) = read(written)
    assert found == []
    assert mistake.told("f") == told


def test_reading_goes_on_behind_a_mistake():
    found, mistakes = read('a "x\nb\nc /\nd')
    assert [line.number for line in found] == [2, 4]
    assert [mistake.line for mistake in mistakes] == [1, 3]


def test_the_caret_stands_below_its_sign_whatever_comes_before():
    mistake = Mistake(3, 13, 2, "wrong", "\t 你好 е\u0301 a \tbad", "")
    assert mistake.told("f") == "f:3:13: wrong\n    你好 е\u0301 a \tbad\n" + "    " + " " * 9 + "\t ^^"


@given(st.text())
def test_any_text_is_lines_or_mistakes(text):
    found, mistakes = read(text)
    for mistake in mistakes:
        assert mistake.told("f")
    for line in found:
        assert line.tokens


def test_behind_a_request_a_slash_begins_an_address_and_elsewhere_a_pattern():
    assert tokens("web gets /cabinet/x header X-Y /a/")[2:] == [
        (Kind.WORD, "/cabinet/x"),
        (Kind.WORD, "header"),
        (Kind.WORD, "X-Y"),
        (Kind.PATTERN, "a"),
    ]


def test_a_comma_behind_a_text_is_a_word():
    assert [value for _, value in tokens('web posts /x with a "b", c d,')][4:] == ["a", "b", ",", "c", "d,"]
