"""What was dialled: what a phone does with it, which service codes it may mean, and numbers in any format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.network.address import Action, AddressError, Mmi, MmiKind, candidates, classify, normalise_msisdn

USSD, CALL, EMERGENCY = MmiKind.USSD, MmiKind.CALL, MmiKind.EMERGENCY
LOCAL, SS, HANDLING = MmiKind.PHONE_LOCAL, MmiKind.SUPPLEMENTARY_SERVICE, MmiKind.CALL_HANDLING

KINDS = [
    # strings that end with # and are no service of the phone or the network
    ("*100#", USSD),
    ("#100#", USSD),
    ("*111*25#", USSD),
    ("*111*828*1#", USSD),
    ("*110*79161234567#", USSD),
    ("*112#", USSD),
    ("*400#1#", USSD),
    ("*31#100#", USSD),  # what follows a service ends with #, so all of it is USSD
    ("1234#", USSD),
    ("*1#", USSD),  # a service code has two or three digits
    ("*2100#", USSD),
    ("**33*0000*11#", USSD),  # barring cannot be registered
    ("*21*1*2*3*4*5#", USSD),  # a service has four fields at most
    ("#", USSD),
    ("##", USSD),
    ("*+7#", USSD),
    # short strings
    ("1", USSD),
    ("7", USSD),
    ("70", USSD),
    ("*1", USSD),
    ("12", CALL),  # two digits that begin with 1
    # inside the phone
    ("*#06#", LOCAL),
    ("**04*1234*4321*4321#", LOCAL),
    ("**042*1234*4321*4321#", LOCAL),
    ("**05*12345678*1234*1234#", LOCAL),
    ("**052*12345678*1234*1234#", LOCAL),
    ("**04*12#", LOCAL),  # mistyped, and still nobody's business
    ("5#", LOCAL),
    ("123#", LOCAL),
    # services of the network
    ("*21#", SS),
    ("#21#", SS),
    ("*#21#", SS),
    ("##002#", SS),
    ("**21*70001000002#", SS),
    ("**21*+70001000002#", SS),
    ("**61**11*20#", SS),
    ("*33*0000#", SS),
    ("*#43#", SS),
    ("**03*330*0000*1111*1111#", SS),
    ("*03**0000*1111*1111#", SS),
    ("*31#", SS),
    ("#372#", SS),
    # calls
    ("112", EMERGENCY),
    ("911", EMERGENCY),
    ("102", EMERGENCY),
    ("70001000002", CALL),
    ("+70001000002", CALL),
    ("123", CALL),
    ("*100", CALL),
    ("*111#7000", CALL),  # 111 is no service to call with
    ("*31#70001000002", CALL),
    ("#31#+70001000002", CALL),
]

CALL_HANDLING = [
    ("0", HANDLING),
    ("1", HANDLING),
    ("2", HANDLING),
    ("3", HANDLING),
    ("4", HANDLING),
    ("5", HANDLING),
    ("11", HANDLING),
    ("27", HANDLING),
    ("10", USSD),
    ("18", USSD),
    ("6", USSD),
    ("70", USSD),
    ("112", EMERGENCY),
    ("*100#", USSD),
    ("*#06#", LOCAL),
    ("70001000002", CALL),
]

SERVICES = [
    ("*21#", "call forwarding unconditional", Action.ACTIVATE, (), ""),
    ("**21*70001000002#", "call forwarding unconditional", Action.REGISTER, ("70001000002",), ""),
    ("**61*70001000002**20#", "call forwarding on no reply", Action.REGISTER, ("70001000002", "", "20"), ""),
    ("#67#", "call forwarding on busy", Action.DEACTIVATE, (), ""),
    ("##002#", "all call forwarding", Action.ERASE, (), ""),
    ("*#43#", "call waiting", Action.INTERROGATE, (), ""),
    ("*35*0000#", "barring of all incoming calls", Action.ACTIVATE, ("0000",), ""),
    ("*31#70001000002", "CLIR", Action.ACTIVATE, (), "70001000002"),
    ("#31#70001000002", "CLIR", Action.DEACTIVATE, (), "70001000002"),
    ("*752#70001000002", "call priority 2", Action.ACTIVATE, (), "70001000002"),
    ("*#06#", "IMEI", None, (), ""),
    ("*100#", "", None, (), ""),
    ("70001000002", "", None, (), "70001000002"),
    ("112", "", None, (), "112"),
]

EXPLANATIONS = [
    (
        "*111*25#",
        "The phone sends it to the network as USSD, as typed: it ends with # and is no service the phone knows itself.",
    ),
    ("1", "The phone sends it to the network as USSD: it is a string of one or two characters."),
    ("*#06#", "The phone shows its IMEI; nothing is sent."),
    (
        "*#21#",
        "The phone asks the network to interrogate call forwarding unconditional, as a supplementary service and not as USSD.",
    ),
    ("112", "The phone places an emergency call."),
    ("70001000002", "The phone places a voice call to 70001000002."),
    ("*100", "The phone places a voice call to *100: without # at its end it is no service code."),
    ("*31#7000", "The phone calls 7000, with the caller's number shown for this call only (CLIR)."),
    ("#31#7000", "The phone calls 7000, with the caller's number withheld for this call only (CLIR)."),
    ("*752#7000", "The phone calls 7000, with the request to activate call priority 2 for this call only."),
]

REFUSED = [
    ("", "nothing was dialled"),
    (" - ", "nothing was dialled"),
    ("*111*abc#", "has the letter 'a'"),
    ("*1ОО#", "was it meant to be the digit 0"),
    ("*100#\n*102#", "one number or code at a time"),
    ("*100!", "'!', which is on no dial pad"),
    ("7+7", "a \\+ that does not begin a number"),
    ("+", "a \\+ that does not begin a number"),
    ("*100#\x00", "on no dial pad"),
    ("²", "on no dial pad"),
]


@pytest.mark.parametrize(("dialled", "kind"), KINDS)
def test_what_a_phone_does(dialled, kind):
    assert classify(dialled).kind is kind


@pytest.mark.parametrize(("dialled", "kind"), CALL_HANDLING)
def test_what_a_phone_does_during_a_call(dialled, kind):
    assert classify(dialled, in_call=True).kind is kind


@pytest.mark.parametrize(("dialled", "service", "action", "parameters", "number"), SERVICES)
def test_which_service_is_meant(dialled, service, action, parameters, number):
    mmi = classify(dialled)
    assert (mmi.service, mmi.action, mmi.parameters, mmi.number) == (service, action, parameters, number)


@pytest.mark.parametrize(("dialled", "explanation"), EXPLANATIONS)
def test_it_is_explained_in_a_sentence(dialled, explanation):
    assert classify(dialled).explanation == explanation


@pytest.mark.parametrize(
    ("dialled", "keys"),
    [
        ("+7 (000) 100-00-02", "+70001000002"),
        ("\u202a8 000 100.00.02\u202c", "80001000002"),
        ("＊１００＃", "*100#"),
        (" *100# \n", "*100#"),
    ],
)
def test_what_dial_pads_pass_over(dialled, keys):
    assert classify(dialled).dialled == keys


@pytest.mark.parametrize(("dialled", "message"), REFUSED)
def test_what_cannot_be_dialled(dialled, message):
    with pytest.raises(AddressError, match=message):
        classify(dialled)


dial_pad = st.text("0123456789*#+")


@given(st.text() | dial_pad, st.booleans())
def test_any_text_is_an_mmi_or_an_address_error(text, in_call):
    try:
        mmi = classify(text, in_call=in_call)
    except AddressError:
        return
    assert isinstance(mmi, Mmi)
    assert mmi.explanation.endswith(".")


@given(dial_pad)
def test_whatever_ends_with_a_hash_is_no_call(text):
    try:
        assert classify(text + "#").kind in (USSD, SS, LOCAL)
    except AddressError:
        assert "+" in text


CANDIDATES = {
    "*111*828*1#": [("*111*828*1#", ()), ("*111*828#", ("1",)), ("*111#", ("828", "1"))],
    "*100#": [("*100#", ())],
    "#100#": [("#100#", ())],
    "*110*79161234567#": [("*110*79161234567#", ()), ("*110#", ("79161234567",))],
    "*111**1#": [("*111**1#", ()), ("*111*#", ("1",)), ("*111#", ("", "1"))],
    "*111*#": [("*111*#", ()), ("*111#", ("",))],
    "*400#1#": [("*400#1#", ()), ("*400#", ("1",))],
    "**21*1#": [("**21*1#", ()), ("**21#", ("1",))],
    "*#06#": [("*#06#", ())],
    "1234#": [("1234#", ())],
    "7": [("7", ())],
    "#": [("#", ())],
    "": [("", ())],
}


@pytest.mark.parametrize(("dialled", "expected"), CANDIDATES.items())
def test_the_service_codes_that_a_dialled_string_may_mean(dialled, expected):
    assert candidates(dialled) == expected


@given(dial_pad)
def test_the_first_candidate_is_the_whole_string_and_each_is_shorter(dialled):
    found = candidates(dialled)
    assert found[0] == (dialled, ())
    assert [len(inputs) for _, inputs in found] == list(range(len(found)))
    lengths = [len(code) for code, _ in found]
    assert lengths == sorted(set(lengths), reverse=True)


@pytest.mark.parametrize(
    "text",
    [
        "70001000001",
        "0001000001",
        "80001000001",
        "+70001000001",
        "+7 000 100-00-01",
        "8 (000) 100-00-01",
        "(+7) 000 1000001",
        "000.100.00.01",
        "8[000]1000001",
        "\u00a08\u00a0000\u00a0100\u00a000\u00a001\u00a0",
        "8\u2009000\u202f1000001\n",
        "8–000—100‑00−01",
        "\u202a+70001000001\u202c",
        "８（０００）１００－００－０１",
        "＋７０００１０００００１",
        "٨٠٠٠١٠٠٠٠٠١",
    ],
)
def test_a_number_in_any_format_is_the_same_number(text):
    assert normalise_msisdn(text) == "70001000001"


NO_NUMBER = [
    ("", "there is no number"),
    (" \u00a0", "there is no number"),
    ("()", "has no digits"),
    ("8 ООО 1000001", "the letter 'О'; was it meant to be the digit 0"),
    ("8000100000O", "the letter 'O'; was it meant to be the digit 0"),
    ("80001000001a", "the letter 'a'"),
    ("90001000001", "11 digits"),
    ("123456789", "9 digits"),
    ("", "there is no number"),
    ("700010000010", "12 digits"),
    ("0001000001 0001000002", "looks like two numbers"),
    ("+70001000001 +70001000002", "must be one number"),
    ("0001000001, 0001000002", "one number or code at a time"),
    ("00010\n00001", "one number or code at a time"),
    ("+80001000001", "not a number of \\+7"),
    ("+0001000001", "not a number of \\+7"),
    ("*100#", "a \\* where a number has none"),
    ("+", "a \\+ where a number has none"),
    ("8000100000²", "on no dial pad"),
]


@pytest.mark.parametrize(("text", "message"), NO_NUMBER)
def test_what_is_no_number(text, message):
    with pytest.raises(AddressError, match=message):
        normalise_msisdn(text)


@pytest.mark.parametrize("text", ["254700000001", "+254 700 000 001", "0700000001", "700000001"])
def test_numbers_of_another_country(text):
    msisdn = normalise_msisdn(text, country_code="254", trunk_prefix="0", national_digits=9)
    assert msisdn == "254700000001"


@given(st.text() | st.text("0123456789+-() "))
def test_any_text_is_an_msisdn_or_an_address_error(text):
    try:
        msisdn = normalise_msisdn(text)
    except AddressError:
        return
    assert len(msisdn) == 11
    assert normalise_msisdn(msisdn) == msisdn
