"""What leaves a menu: requests, SMS, pushes."""

import datetime
import json

import pytest

from ussd_gateway.menu.model import Fetch, Menu, PushTo, SmsText, Text
from ussd_gateway.menu.outgoing import push, request, sms
from ussd_gateway.menu.state import Push, SendSms
from ussd_gateway.menu.templates import RenderError, compile_json, compile_text, compile_url

MENU = Menu(("*1#",), "Test", "main", {})
VARIABLES = {
    "msisdn": "79261234567",
    "plan": "a b&c=d/e?ё",
    "amount": 1250,
    "day": datetime.date(2018, 4, 27),
    "items": [{"id": 1}],
    "lines": "a\nX-Admin: yes",
    "up": "..",
}


def text(source):
    return compile_text(source, "en")


def fetch(url="https://api.example.org/", **options):
    return Fetch(compile_url(url), **options)


def test_values_cannot_change_the_address():
    url = request(fetch("https://api.example.org/{{ plan }}?q={{ plan }}#x"), VARIABLES).url

    assert url == ("https://api.example.org/a%20b%26c%3Dd%2Fe%3F%D1%91?q=a%20b%26c%3Dd%2Fe%3F%D1%91#x")


@pytest.mark.parametrize(
    "url",
    ["ftp://x/", "file:///etc/passwd", "{{ plan }}", "//x/", "https://", "http:x", "https://x y/", "https://[x/", "x"],
)
def test_only_addresses_of_the_web_are_called(url):
    with pytest.raises(RenderError, match="begins with http:// or https://"):
        request(fetch(url), VARIABLES)


def test_a_value_is_no_step_up_in_the_path():
    with pytest.raises(RenderError, match="dots"):
        request(fetch("https://api.example.org/a/{{ up }}/b"), VARIABLES)


def test_query_and_headers_are_filled_in_on_one_line_each():
    out = request(
        fetch(method="GET", query={"plan": text("{{ plan }}")}, headers={"X-Name": text("{{ lines }}")}), VARIABLES
    )

    assert out.query == {"plan": "a b&c=d/e?ё"}
    assert out.headers == {"X-Name": "a X-Admin: yes"}
    assert (out.method, out.body, out.timeout) == ("GET", b"", 5.0)


def test_json_is_filled_in_deeply_and_a_single_expression_keeps_its_type():
    sent = compile_json(
        {
            "amount": "{{ amount }}",
            "half": "{{ amount / 2 }}",
            "note": "{{ amount }} of {{ msisdn }}",
            "items": "{{ items }}",
            "day": "{{ day }}",
            "deep": [{"x": "{{ msisdn }}"}, "plain", 5, True, None],
            "paid": " {{ amount > 5 }} ",
        }
    )
    out = request(fetch(method="POST", json=sent), VARIABLES)

    assert json.loads(out.body) == {
        "amount": 1250,
        "half": 625.0,
        "note": "1250 of 79261234567",
        "items": [{"id": 1}],
        "day": "2018-04-27",
        "deep": [{"x": "79261234567"}, "plain", 5, True, None],
        "paid": True,
    }
    assert out.headers == {"Content-Type": "application/json"}


def test_a_form_is_sent_as_browsers_send_it():
    out = request(fetch(method="POST", form={"plan": text("{{ plan }}"), "n": text("5")}), VARIABLES)

    assert out.body == b"plan=a+b%26c%3Dd%2Fe%3F%D1%91&n=5"
    assert out.headers == {"Content-Type": "application/x-www-form-urlencoded"}


def test_the_files_own_content_type_stands():
    out = request(fetch(json={}, headers={"content-type": text("application/vnd.api+json")}), VARIABLES)

    assert out.headers == {"content-type": "application/vnd.api+json"}


@pytest.mark.parametrize("part", ["json", "form", "headers", "query"])
def test_a_request_without_its_variable_is_not_made(part):
    with pytest.raises(RenderError, match="'nobody' is undefined"):
        request(fetch(**{part: compile_json({"x": "a {{ nobody }}"})}), VARIABLES)


def test_an_sms_goes_to_the_number_that_dials_in_the_dialogues_language():
    words = {"ru": compile_text("Куплено за {{ amount | money }}", "ru"), "en": text("Bought")}
    message = SmsText("5000", words)

    assert sms(MENU, message, "ru", VARIABLES, "79261234567") == SendSms("5000", "79261234567", "Куплено за 12.50 р.")
    assert sms(MENU, message, "latin", VARIABLES, "79261234567").text == "Kupleno za 12.50 r."
    assert sms(MENU, message, "en", VARIABLES, "79261234567").text == "Bought"


@pytest.mark.parametrize(
    ("to", "destination"),
    [
        ("8 926 765-43-21", "79267654321"),
        ("{{ msisdn }}", "79261234567"),
        ("5000", "5000"),
        ("+254712345678", "254712345678"),
    ],
)
def test_an_sms_may_go_to_somebody_else(to, destination):
    assert sms(MENU, SmsText("5000", {"ru": Text("x")}, text(to)), "ru", VARIABLES, "").destination == destination


@pytest.mark.parametrize("to", ["{{ plan }}", "Anna", "", "٨٩٢٦", "1" * 16])
def test_nothing_goes_to_what_is_no_number(to):
    for leave in (
        lambda: sms(MENU, SmsText("5000", {"ru": Text("x")}, text(to)), "ru", VARIABLES, ""),
        lambda: push(MENU, PushTo(text(to), "gift"), VARIABLES, ()),
    ):
        with pytest.raises(RenderError, match="the receiver is no number"):
            leave()


def test_an_sms_says_something():
    with pytest.raises(RenderError, match="empty"):
        sms(MENU, SmsText("5000", {"ru": text("{{ '' }}")}), "ru", VARIABLES, "79261234567")


def test_a_push_takes_everything_along_but_secrets():
    variables = {"msisdn": "79261234567", "pin": "1234", "plan": "Daily"}

    assert push(MENU, PushTo(text("89267654321"), "gift"), variables, ("pin",)) == Push(
        "79267654321", "gift", {"msisdn": "79261234567", "plan": "Daily"}
    )
