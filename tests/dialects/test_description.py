"""A dialect described in the config: what fits together, and the sentence for what does not."""

import json
import re
import tomllib
from dataclasses import fields
from functools import reduce
from operator import or_
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.dialects.description import KEYS, Description, mistakes, read_description
from ussd_gateway.dialects.model import Kind, Limits, Reply, Response, Turn
from ussd_gateway.dialects.table import speaker

PAGE = (Path(__file__).parents[2] / "docs" / "aggregators.md").read_text(encoding="utf-8")

LEAST = {"session": "id", "msisdn": "from", "text": "input", "signal": "prefix", "continues": ["+"], "ends": ["-"]}


def test_six_keys_are_enough():
    assert read_description("generic", LEAST) == (
        "the gateway",
        Description("id", "from", "input", continues=("+",), ends=("-",)),
    )


def test_every_part_of_a_description_has_its_key():
    parts = {part.name for part in fields(Description)} - {"limits"} | {part.name for part in fields(Limits)}
    assert {*KEYS} - {"title"} == parts


def test_the_defaults_are_those_of_the_description():
    description = Description("id", "from", "input")
    for key, setting in KEYS.items():
        if key not in {"title", *LEAST}:
            assert setting.default == getattr(description, key, getattr(description.limits, key, None)), key


def test_limits_are_part_of_it():
    title, description = read_description("generic", LEAST | {"title": "Us", "octets": 0, "answer_timeout": 5})
    assert (title, description.limits) == ("Us", Limits(octets=0, answer_timeout=5.0))


KINDS = {"kind": "event", "kinds": {"new": 1, "answer": 2}}
JSON_ANSWER = {"signal": "field", "signal_name": "more", "continues": [True], "ends": [False], "answer_text": "text"}
MISTAKES = {
    "an unknown key": ({"sesion": "id"}, 'the dialect generic has no setting "sesion"; did you mean "session"?'),
    "another method": (
        {"method": "PUT"},
        'the setting "method" of the dialect generic is "PUT"; allowed: GET, POST form, POST JSON',
    ),
    "a string for a list": (
        {"ends": "END "},
        'the setting "ends" of the dialect generic is "END ", but has to be a list of strings, numbers or booleans',
    ),
    "no name": ({"text": ""}, 'the dialect generic: "text" is empty, but has to be the name of a field'),
    "one name for two fields": (
        {"text": "id"},
        'the dialect generic: the field "id" has two meanings; each key has to name a field of its own',
    ),
    "a constant by the name of a field": (
        {"constants": {"id": "x"}},
        'the dialect generic: the field "id" has two meanings; each key has to name a field of its own',
    ),
    "an input that grows from nothing": (
        {"cumulative": True},
        'the dialect generic: "cumulative" needs first = "rest", since the input is what was dialled beyond the code, and'
        " then the answers",
    ),
    "the dialled string twice": (
        {"rest": "more", "first": "dialled"},
        'the dialect generic: "rest" and first = "dialled" say the same twice; with "rest" the first input is "empty"',
    ),
    "kinds without a field": (
        {"kinds": {"new": 1, "answer": 2}},
        'the dialect generic: "kinds" and "other_kind" need "kind", the name of the field that has them',
    ),
    "a field without kinds": (
        {"kind": "event"},
        'the dialect generic: "kinds" needs a value for new and one for answer',
    ),
    "an unknown kind": (
        KINDS | {"kinds": {"new": 1, "answer": 2, "time_out": 3}},
        'the dialect generic: "time_out" is no kind of call; did you mean "timeout"?',
    ),
    "another unknown kind": (
        KINDS | {"other_kind": "xyz"},
        'the dialect generic: "xyz" is no kind of call; known: abort, answer, end, failed, new, timeout',
    ),
    "the same value for two kinds": (
        KINDS | {"kinds": {"new": 1, "answer": 1}},
        'the dialect generic: "kinds" has the same value for new and for answer',
    ),
    "the same value for two kinds in other words": (
        KINDS | {"kinds": {"new": "N", "answer": "1", "abort": "n"}},
        'the dialect generic: "kinds" has the same value for new and for abort',
    ),
    "a field inside a value": (
        {"constants": {"input.text": "x"}},
        'the dialect generic: the field "input" is a value, and "input.text" is inside it',
    ),
    "the text and the signal in one field": (
        JSON_ANSWER | {"signal_name": "text"},
        'the dialect generic: the field "text" has two meanings; each key has to name a field of its own',
    ),
    "a line in every answer": (
        JSON_ANSWER | {"answer_lines": "more_lines", "end_also": {"more_lines": "x"}},
        'the dialect generic: "more_lines" is for a list of lines, and "" is the only value that stands for none',
    ),
    "a presence of nothing": (
        JSON_ANSWER | {"signal": "presence", "continues": [False]},
        'the dialect generic: signal = "presence" needs a first value in "continues" that is not empty, 0 or false',
    ),
    "no name of a header": (
        {"signal": "header", "signal_name": "Go on"},
        'the dialect generic: "Go on" is no name of a header',
    ),
    "a line end in a header": (
        {"answer_headers": {"X": "a\nb"}},
        'the dialect generic: the header "X" has a value that no header can have, "a\\nb"',
    ),
    "a signal without a name": (
        JSON_ANSWER | {"signal_name": ""},
        'the dialect generic: signal = "field" needs "signal_name", the name of the field',
    ),
    "a header without a name": (
        {"signal": "header"},
        'the dialect generic: signal = "header" needs "signal_name", the name of the header',
    ),
    "a prefix with a name": (
        {"signal_name": "more"},
        'the dialect generic: "signal_name" says nothing with signal = "prefix"',
    ),
    "a field in plain text": (
        JSON_ANSWER | {"answer_text": ""},
        'the dialect generic: signal = "field" needs "answer_text", since the answer is JSON then',
    ),
    "an echo in plain text": (
        {"echo": ["id"]},
        'the dialect generic: "echo" needs "answer_text", since the answer is JSON then',
    ),
    "an echo of nothing": (
        JSON_ANSWER | {"echo": ["ids"]},
        'the dialect generic: "echo" has "ids", which no call has; did you mean "id"?',
    ),
    "nothing that ends": (
        {"ends": []},
        'the dialect generic: signal = "prefix" needs "continues" and "ends", each a list of values',
    ),
    "a prefix that is a number": (
        {"ends": [1]},
        'the dialect generic: signal = "prefix" needs strings in "continues" and "ends"',
    ),
    "one value for both": ({"ends": ["+"]}, 'the dialect generic: "+" stands in "continues" and in "ends"'),
    "no time at all": (
        {"answer_timeout": 0},
        'the dialect generic: "answer_timeout" is 0, but an application needs some time',
    ),
    "a negative limit": ({"octets": -1}, 'the dialect generic: "octets" is -1, but has to be 0 or more'),
}


@pytest.mark.parametrize(("given", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        read_description("generic", LEAST | given)


@pytest.mark.parametrize("key", ["session", "msisdn", "text", "signal"])
def test_what_cannot_be_guessed_has_to_be_given(key):
    with pytest.raises(ValueError, match=f'the dialect generic needs the setting "{key}": {KEYS[key].about[:20]}'):
        read_description("generic", {name: value for name, value in LEAST.items() if name != key})


def test_true_and_1_are_two_values():
    assert (
        list(
            mistakes(
                Description(
                    "a", "b", "c", signal="field", signal_name="d", answer_text="e", continues=(True,), ends=(1,)
                )
            )
        )
        == []
    )


def descriptions():
    """A few keys more than the least, each right by itself."""
    names = st.sampled_from(["a", "a.b", "b", "c.d", "e", "f", "id", "text", "X"])
    scalars = names | st.booleans() | st.integers(0, 3) | st.just("+")
    tables = st.dictionaries(names, scalars, max_size=2)
    kinds = {
        str: names,
        bool: st.booleans(),
        tuple: st.lists(scalars, max_size=2),
        dict: tables,
        float: st.integers(1, 9),
    }
    right = {
        key: st.sampled_from(setting.allowed) if setting.allowed else kinds[type(setting.default or "")]
        for key, setting in KEYS.items()
        if key not in {"octets", "characters", "kind", "kinds", "other_kind", "signal", "signal_name", "answer_text"}
    }
    values = st.fixed_dictionaries({"new": scalars, "answer": scalars}, optional={"abort": scalars, "failed": scalars})
    told = st.fixed_dictionaries({"kind": names, "kinds": values}, optional={"other_kind": st.sampled_from(Kind)})
    plain = [{}, {"signal": "header", "signal_name": "X-More"}]
    in_json = [JSON_ANSWER | more for more in ({}, {"signal": "presence"}, {"method": "POST JSON"})]
    few = st.sets(st.sampled_from([*right]), max_size=3).flatmap(
        lambda keys: st.fixed_dictionaries({key: right[key] for key in keys})
    )
    parts = (st.sampled_from([*plain, *in_json]), st.just({}) | told, few)
    return st.tuples(*parts).map(lambda parts: reduce(or_, parts, LEAST))


@given(descriptions(), st.sampled_from(Kind))
def test_any_description_speaks_or_is_a_mistake(description, kind):
    try:
        made = speaker("generic", description)
    except ValueError:
        return
    turn = Turn(kind, "s1", "256770000001", "*130#", "*130*2#", "1", ("2",))
    if request := made.call(turn):
        call = made.read_call(request)
        assert (call.session, call.msisdn) == ("s1", "256770000001")
        for ends in (False, True):
            reply = made.read_reply(made.write_reply(Reply("Pay?", ends), call), turn)
            assert (reply.text, reply.ends) == ("Pay?", ends)


def test_the_example_of_the_page_speaks_as_the_page_says():
    (application,) = tomllib.loads(re.search(r"```toml\n([^`]*application\.settings[^`]*)```", PAGE)[1])["application"]
    made = speaker(application["dialect"], application["settings"])
    (code,) = application["codes"]

    for kind, text in ((Kind.NEW, ""), (Kind.ANSWER, "1")):
        request = made.call(Turn(kind, "1", "256770000001", code, code, text))
        assert f"\n{request.method} {application['url']}?{urlencode(request.query)}\n" in PAGE
    body = re.search(r"and `(.*?)` goes on", PAGE)[1].encode()
    reply = Reply("Your age?", ends=False)
    assert made.read_reply(Response(body=body), Turn(Kind.NEW, "1", "256770000001", code)) == reply
    call = made.read_call(request)
    assert (call.kind, call.service_code, call.text) == (Kind.ANSWER, code, "1")
    assert json.loads(made.write_reply(reply, call).body) == json.loads(body)


@pytest.mark.parametrize("name", ["an unknown key", "a field without kinds"])
def test_the_page_shows_mistakes_as_they_are(name):
    assert f"\n{MISTAKES[name][1]}\n" in PAGE
