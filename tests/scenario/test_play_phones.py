"""What phones can be besides on and off, and what they notice of a message; at home and over HTTP alike."""

import pytest

LONG = "Счёт за апрель. " * 9  # 144 characters, three parts of UCS-2


PASSING = {
    "what finds no room waits": """\
anna memory is full
boris sends sms "Где ты?" to anna
anna receives no sms for 1min
anna memory has room
anna receives sms from boris "Где ты?"
""",
    "a memory has room again in the next scenario": """\
scenario "full"
    anna memory is full
scenario "room"
    boris sends sms "Где ты?" to anna
    anna receives sms "Где ты?"
""",
    "the operator speaks the phone's language": """\
anna speaks latin
anna dials *100#
anna sees "balans"
anna sees screen encoded gsm7
anna speaks ru
anna dials *100#
anna sees screen encoded ucs2
""",
    "a screen has its length": """\
anna dials *100#
anna sees screen of at most 42 octets
anna sees screen of at most 21 characters
""",
    "parts and encoding of what arrives": f"""\
boris sends sms "{LONG}" to anna
anna receives sms from boris in 3 parts encoded ucs2
boris sends sms "short" to anna encoded ucs2
anna receives sms "short" in 1 part encoded ucs2
boris sends sms "short" to anna
anna receives sms "short" in 1 part encoded gsm7
""",
}


@pytest.mark.parametrize("said", PASSING)
async def test_it_passes(fails, said):
    assert await fails(PASSING[said]) is None


FAILING = {
    "anna dials *100#\nanna sees screen of at most 41 octets": (
        "a screen of at most 41 octets",
        "it has 42 octets",
    ),
    "anna dials *100#\nanna sees screen of at most 20 characters": (
        "a screen of at most 20 characters",
        "it has 21 characters",
    ),
    "anna dials *100#\nanna sees screen encoded gsm7": ("a screen encoded gsm7", "it is encoded ucs2"),
    "anna sees screen encoded gsm7": ("a screen encoded gsm7", "the phone shows nothing"),
    'boris sends sms "x" to anna\nanna receives sms in 2 parts': ("an SMS in 2 parts", "it came in 1 part"),
    'boris sends sms "x" to anna\nanna receives sms "x" encoded ucs2': (
        'an SMS encoded ucs2 containing "x"',
        "it came encoded gsm7",
    ),
}


@pytest.mark.parametrize("text", FAILING)
async def test_it_fails_and_says_why(fails, text):
    told = await fails(text)
    assert (told.expected, told.problem) == FAILING[text]


async def test_a_text_beyond_the_encoding_cannot_be_sent(fails):
    told = await fails('anna sends sms "Привет" to boris encoded latin1')
    assert "latin1" in told.problem
