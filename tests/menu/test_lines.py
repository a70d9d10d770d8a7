import tomllib

from ussd_gateway.menu.lines import key_lines, line_of

EVERYTHING = '''# a comment with [brackets] and = signs
title = "a # that is no comment"

codes = [
    "*111#",  # first
    "]",
]
"quoted \\u043a" = 1
a.b . c = { x = 1, "y.z" = [ { deep = true } ] }
text = """
looks = "like a key"
[like.a.table]
still \\""" text""""
literal = \'\'\'
[no]
\'\'\'
when = 1979-05-27 07:32:00
at = 1979-05-27T07:32:00Z

[screens.main]
empty = ""
[[screens.main.choices]]
key = "1"
[[screens.main.choices]]
key = "2"
label.ru = "Два"
[screens.main.choices.more]
of = "the second"
[ screens . "a b" ]
last = []
'''

LINES = {
    ("title",): 2,
    ("codes",): 4,
    ("codes", 0): 5,
    ("codes", 1): 6,
    ("quoted к",): 8,
    ("a", "b", "c"): 9,
    ("a", "b", "c", "y.z", 0, "deep"): 9,
    ("text",): 10,
    ("literal",): 14,
    ("when",): 17,
    ("at",): 18,
    ("screens",): 20,
    ("screens", "main"): 20,
    ("screens", "main", "empty"): 21,
    ("screens", "main", "choices"): 22,
    ("screens", "main", "choices", 0): 22,
    ("screens", "main", "choices", 0, "key"): 23,
    ("screens", "main", "choices", 1): 24,
    ("screens", "main", "choices", 1, "key"): 25,
    ("screens", "main", "choices", 1, "label", "ru"): 26,
    ("screens", "main", "choices", 1, "more"): 27,
    ("screens", "main", "choices", 1, "more", "of"): 28,
    ("screens", "a b"): 29,
    ("screens", "a b", "last"): 30,
}


def paths(value, path=()):
    if path:
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*path, key))


def test_every_kind_of_key_has_its_line():
    lines = key_lines(EVERYTHING)

    assert {path: lines.get(path) for path in LINES} == LINES


def test_nothing_that_tomllib_reads_is_without_a_line_and_nothing_else_has_one():
    assert set(key_lines(EVERYTHING)) == set(paths(tomllib.loads(EVERYTHING)))


def test_what_a_file_lacks_is_placed_at_what_is_around_it():
    lines = key_lines(EVERYTHING)

    assert line_of(lines, ("screens", "main", "choices", 1, "to")) == 24
    assert line_of(lines, ("screens", "other")) == 20
    assert line_of(lines, ("nowhere", "at", "all")) == 1
