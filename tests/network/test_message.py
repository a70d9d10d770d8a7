"""What travels."""

import pytest

from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.network.message import ANSWER, ASK, BEGIN, END, Sms, Ussd

ROWS = [("*111#", 15, b"*111#"), ("Да", 72, "Да".encode("utf-16-be")), ("€", 15, b"\x1be"), ("", 15, b"")]


@pytest.mark.parametrize(("text", "data_coding", "octets"), ROWS)
def test_ussd_finds_the_coding_that_its_text_needs(text, data_coding, octets):
    message = Ussd(BEGIN, text)
    assert (message.data_coding, message.octets) == (data_coding, octets)


def test_a_reply_goes_back_where_the_message_came_from():
    message = Ussd(BEGIN, "*111#", msisdn="70001000001", service_code="*111#", session="7")
    for reply, operation in ((message.ask("?"), ASK), (message.end("!"), END)):
        assert reply.operation is operation
        assert (reply.msisdn, reply.service_code, reply.session) == ("70001000001", "*111#", "7")


MASKED = [
    # operation, text, secrets, as a record shows it; the code is *170*1#
    (END, "Пароль: Ab3", ("Ab3",), "Пароль: ____"),
    (ANSWER, "1234", (), "1234"),
    (ANSWER, "1234", ("1234",), "____"),
    (ANSWER, "", ("",), "____"),
    (ANSWER, "1234 12", ("12", "1234", ""), "____ ____"),
    (BEGIN, "*170*1*1234#", ("1234",), "*170*1*____#"),
    (BEGIN, "*170*1*1*1234*12345#", ("1", "1234", "170"), "*170*1*____*____*12345#"),
    (BEGIN, "*170*1**5#", ("", "5"), "*170*1**____#"),
    (BEGIN, "*170*1*1234#", ("*170*1*1234#",), "____"),
    (BEGIN, "*99*1#", ("1",), "*99*____#"),
]


@pytest.mark.parametrize(("operation", "text", "secrets", "shown"), MASKED)
def test_a_record_shows_a_text_without_its_secrets(operation, text, secrets, shown):
    message = Ussd(operation, text, service_code="*170*1#", secrets=secrets)
    assert message.masked("____") == shown
    assert repr(shown.replace("____", "********")) in repr(message)


def test_an_sms_shows_its_text_without_the_user_data_header():
    sms = Sms("1", "2", bytes.fromhex("050003010201") + b"Hi", esm_class=0x40)
    assert (sms.content, sms.text) == (b"Hi", "Hi")
    assert Sms("1", "2", "Да".encode("utf-16-be"), 8).text == "Да"


@pytest.mark.parametrize(
    ("hexadecimal", "esm_class", "default", "text"),
    [
        ("c8329bfd06", 0, Alphabet.GSM7_PACKED, "Hello"),
        ("050003070101 906536fb0d", 0x40, Alphabet.GSM7_PACKED, "Hello"),
        ("03240101 1b67", 0x40, Alphabet.GSM7, "ğ"),
        ("40e9", 0, Alphabet.LATIN1, "@é"),
    ],
)
def test_an_sms_is_read_as_its_account_writes(hexadecimal, esm_class, default, text):
    sms = Sms("1", "2", bytes.fromhex(hexadecimal), esm_class=esm_class, default_alphabet=default)
    assert sms.text == text
    assert sms.user_data == (sms.octets, 0, bool(esm_class), default)


def test_what_travels_says_what_it_is_without_its_text():
    sms = Sms("3339", "70001000001", b"secret", message_id="7")
    assert repr(sms) == "Sms('3339' to '70001000001', 6 octets, id '7')"


def test_the_esme_knows_a_message_by_the_id_of_its_group():
    assert Sms("1", "2", b"", message_id="7").known_id == "7"
    assert Sms("1", "2", b"", message_id="7", group_id="6").known_id == "6"
