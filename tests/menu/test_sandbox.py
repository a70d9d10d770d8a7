"""What templates and expressions may not do: reach out, take long, hold much."""

import datetime
from time import process_time

import pytest
from jinja2 import TemplateSyntaxError

from ussd_gateway.menu.sandbox import MAX_TEXT, Purpose, TooMuchError, sandbox_for

THINGS = {
    "x": 1,
    "word": "слово",
    "long": "a" * MAX_TEXT,
    "xs": list(range(1000)),
    "ys": list(range(1000)),
    "table": {"name": "Daily", "price": 2000},
    "day": datetime.date(2018, 4, 27),
    "f": open,
}


def rendered(source, purpose=Purpose.SCREEN):
    environment = sandbox_for("en", purpose=purpose)
    template = environment.from_string(source)
    environment.begin()
    return "".join(template.generate(THINGS))


DOUBLED = "{% set a = 'aaaaaaaa' %}" + "{% set a = a ~ a %}" * 60
NESTED = "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ 'a' * 10**9 }}", r"\* makes more"),
        ("{{ 10**9 * 'a' }}", r"\* makes more"),
        ("{{ [1] * 10**9 }}", r"\* makes more"),
        ("{{ (1, 2) * 10**9 }}", r"\* makes more"),
        ("{{ long + word }}", "more than 2000 characters"),
        ("{{ xs + ys }}", "more than 1000 items"),
        ("{{ 10**19 }}", "beyond"),
        ("{{ 2**64 }}", "beyond"),
        ("{{ 10 ** 10**9 }}", "beyond|too large"),
        ("{{ 2 ** -100000 }}", "too large"),
        ("{{ '%1000000000d' % 1 }}", "% makes no texts"),
        ("{{ range(10**9) | list }}", "more than 1000 numbers"),
        ("{% for i in range(99999) %}{% endfor %}", "more than 1000 numbers"),
        (DOUBLED + "{{ a }}", "more than 2000 characters"),
        (NESTED + "{{ a }}", "goes on for too long"),
        (NESTED + "{{ a | join }}", "goes on for too long"),
        (NESTED + "{% if a == a %}{% endif %}", "goes on for too long"),
        ("{{ [[[1] * 1000] * 1000] * 1000 }}", "goes on for too long"),
        ("{{ [[1] * 1000] * 1000 ~ '' }}", "goes on for too long"),
        (
            "{% for a in xs %}{% for b in xs %}{% for c in xs %}{% endfor %}{% endfor %}{% endfor %}",
            "goes on for too long",
        ),
        ("{% for a in xs %}{% if xs == ys %}{% endif %}{% endfor %}", "goes on for too long"),
        ("{% for a in xs %}{{ (xs | sort)[0] }}{% endfor %}", "goes on for too long"),
        ("{% for a in xs %}{% for b in xs %}{% if long is eq(word) %}{% endif %}{% endfor %}{% endfor %}", "too long"),
        ("{{ xs | join(long) }}", "more than 2000 characters"),
        ("{{ long | replace('a', long) }}", r"replace\(\) makes more"),
        ("{{ x | round(-1000000000) }}", "0 to 9 digits"),
    ],
)
def test_no_template_takes_long_or_holds_much(source, words):
    began = process_time()
    with pytest.raises(TooMuchError, match=words):
        rendered(source)
    assert process_time() - began < 5  # not for speed: one that is not stopped takes minutes, or all memory


@pytest.mark.parametrize(
    "source",
    [
        "{{ x.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ f('/') }}",
        "{{ word.format(1) }}",
        "{{ word.ljust(10) }}",
        "{{ word.join(xs) }}",
        "{{ word.encode() }}",
        "{{ x.to_bytes(10, 'big') }}",
        "{{ day.strftime('%Y') }}",
        "{{ xs.append(1) }}",
        "{{ table.update(a=1) }}",
        "{{ table['update'](a=1) }}",
        "{{ range.__self__ }}",
        "{{ xs | map('attr', '__class__') | list }}",
        "{{ xs | map(attribute='__class__') | first }}",
        "{{ namespace() }}",
        "{{ lipsum() }}",
        "{{ self.__init__ }}",
        "{{ cycler(1) }}",
    ],
)
def test_nothing_reaches_into_python(source):
    with pytest.raises(Exception, match=r"unsafe|undefined|safely callable|No filter|no attribute"):
        rendered(source)
    assert THINGS["xs"] == THINGS["ys"]


@pytest.mark.parametrize(
    "source",
    [
        "{% macro f() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% block x %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% set x %}x{% endset %}",
        "{% call f() %}{% endcall %}",
        "{% for x in xs recursive %}{% endfor %}",
        "{{ word | center(10) }}",
        "{{ xs | batch(3) | list }}",
        "{{ xs | random }}",
        "{{ '%s' | format(1) }}",
    ],
)
def test_what_makes_programs_of_texts_is_told_when_the_file_is_loaded(source):
    with pytest.raises(TemplateSyntaxError):
        rendered(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 'ab' * 3 }}{{ 2 ** 10 }}{{ 7 // 2 }}{{ 7 % 4 }}", "ababab102433"),
        ("{{ table.name.upper() }} {{ table['price'] }} {{ table.get('x', 5) }}", "DAILY 2000 5"),
        ("{% for k, v in table.items() %}{{ loop.index }}{{ k }}={{ v }};{% endfor %}", "1name=Daily;2price=2000;"),
        ("{% for i in range(3) %}{{ loop.cycle('a', 'b') }}{% else %}none{% endfor %}", "aba"),
        ("{% for i in [] %}{% else %}none{% endfor %}", "none"),
        ("{{ xs[:3] | map('string') | join('+') }}={{ xs[:3] | sum }}", "0+1+2=3"),
        ("{{ xs | select('gt', 996) | reject('odd') | list }}", "[998]"),
        ("{{ [table] | map(attribute='name') | first }}", "Daily"),
        ("{{ [3, 1, 2] | sort(reverse=true) | join }}", "321"),
        ("{{ word ~ 1 ~ 'x' }}", "слово1x"),
        ("{{ 1 < x + 1 <= 2 and 'а' in word }}", "False"),
        (
            "{{ (1.25 | round(1)) }} {{ word | replace('о', 'а') }} {{ word | truncate(4, true, '', 0) }}",
            "1.2 слава слов",
        ),
        ("{{ (day + days(30) - day).days }} {{ day.year }} {{ day.isoweekday() }}", "30 2018 5"),
        ("{% set y = x + 1 %}{% with z = y * 2 %}{{ z }}{% endwith %}", "4"),
        ("{{ none }}{{ table.get('y') ~ 'x' }}", "x"),
        ("{{ nothing | default('-') }}{{ nothing is defined }}", "-False"),
    ],
)
def test_what_a_menu_needs_works(source, text):
    assert rendered(source) == text


def test_values_in_an_address_are_encoded_and_never_a_step_up():
    assert rendered("https://a/{{ word }}/{{ 'a/b?c=d&e' }}", Purpose.URL) == (
        "https://a/%D1%81%D0%BB%D0%BE%D0%B2%D0%BE/a%2Fb%3Fc%3Dd%26e"
    )
    with pytest.raises(TooMuchError, match="dots"):
        rendered("https://a/{{ '..' }}/x", Purpose.URL)


def test_every_evaluation_has_its_own_account():
    for _ in range(200):
        assert rendered("{% for i in range(1000) %}{% endfor %}") == ""
