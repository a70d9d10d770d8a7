"""A phone: screens, inbox, and what its user does."""

import asyncio

import pytest

from ussd_gateway.coding.data_coding import GSM7, GSM7_PACKED, UCS2, Alphabet
from ussd_gateway.coding.national import Language
from ussd_gateway.coding.segments import Concatenation, LongForm, parse_udh, split
from ussd_gateway.handsets.handset import Handset, NotAskedError, NotAttachedError, Screen
from ussd_gateway.network.address import AddressError
from ussd_gateway.network.message import ANSWER, BEGIN, NOTIFY, Sms, Ussd


class Echo:
    """Asks for anything, shows it, and ends on "end"; a dial of *2*...# it never answers."""

    def __init__(self, gateway):
        self.gateway, self.got = gateway, []

    def deliver(self, message):
        self.got.append(message)
        if message.operation is BEGIN and not message.inputs:
            self.gateway.submit(message.ask("Что?"))
        elif message.operation is ANSWER:
            self.gateway.submit(message.end("Конец.") if message.text == "end" else message.ask(message.text))


@pytest.fixture
def anna(plain_gateway):
    return plain_gateway.phone()


@pytest.fixture
def echo(plain_gateway):
    echo = Echo(plain_gateway)
    plain_gateway.directory.attach_code("*1#", echo)
    return echo


async def test_dial_answer_and_the_final_text(anna, echo):
    screen = await anna.dial("*1#")
    assert (screen, screen.state, screen.outcome) == ("Что?", "awaiting_answer", "")
    assert await anna.answer("да") == "да"
    last = await anna.answer("end")
    assert (last, last.state, last.outcome, last.data_coding) == ("Конец.", "ended", "success", 72)
    assert last.session == screen.session


async def test_what_a_phone_does_not_send_as_ussd_stays_in_the_phone(plain_gateway, anna):
    screen = await anna.dial("**21*70001000002#")
    assert (screen.outcome, screen.session) == ("not_ussd", "")
    assert "forwarding" in screen
    assert anna.screen is screen
    assert plain_gateway.written() == []


async def test_what_no_phone_can_dial_is_a_mistake(anna):
    with pytest.raises(AddressError):
        await anna.dial("hello")


async def test_an_answer_to_nothing_is_a_mistake_that_tells_how_the_last_dialogue_ended(anna, echo):
    with pytest.raises(NotAskedError, match="is asked nothing; dial first"):
        await anna.answer("1")
    await anna.dial("*777#")
    with pytest.raises(NotAskedError, match="ended with no_route") as mistake:
        await anna.answer("1")
    assert mistake.value.members == {"state": "ended", "outcome": "no_route"}


async def test_an_answer_typed_while_the_time_ran_out_shows_the_time_out(plain_gateway, anna, echo):
    await anna.dial("*1#")
    await plain_gateway.advance(31)
    assert anna.screen.outcome == "timeout"
    assert (await anna.answer("1")).outcome == "timeout"
    with pytest.raises(NotAskedError):
        await anna.answer("1")


async def test_hanging_up_ends_the_dialogue_and_then_puts_the_screen_away(anna, echo):
    await anna.dial("*1#")
    anna.hang_up()
    assert anna.screen.outcome == "dialog_user_abort"
    assert echo.got[-1].operation == "hang_up"
    anna.hang_up()
    assert anna.screen is None


async def test_hanging_up_while_the_application_thinks_ends_the_wait(anna, echo):
    dial = asyncio.ensure_future(anna.dial("*1*0#"))
    await asyncio.sleep(0)
    anna.hang_up()
    assert (await dial).outcome == "dialog_user_abort"


async def test_a_second_dial_is_busy_and_the_first_one_is_still_waited_for(anna, echo):
    first = asyncio.ensure_future(anna.dial("*1*0#"))
    await asyncio.sleep(0)
    assert (await anna.dial("*1#")).outcome == "busy"
    echo.gateway.submit(echo.got[0].end("Первый."))
    assert await first == "Первый."


async def test_a_refused_dial_leaves_the_open_dialogue_on_the_screen(anna, echo):
    await anna.dial("*1#")
    assert (await anna.dial("*777#")).outcome == "busy"
    assert anna.awaiting
    assert await anna.answer("да") == "да"


async def test_whoever_else_looks_at_the_screen_takes_nothing_from_the_one_who_waits(anna, echo):
    dial = asyncio.ensure_future(anna.dial("*1*0#"))
    await asyncio.sleep(0)
    echo.gateway.submit(echo.got[0].end("Готово"))
    assert anna.look() == "Готово"
    assert await dial == "Готово"


async def test_a_notice_is_shown_and_a_look_reads_it(plain_gateway, anna, echo):
    plain_gateway.push(Ussd(NOTIFY, "Привет", msisdn=anna.msisdn, service_code="*1#"), echo)
    assert anna.has_news
    assert (anna.look(), anna.look().outcome) == ("Привет", "success")
    assert not anna.has_news


async def test_a_notice_within_a_dialogue_does_not_end_the_wait(anna, echo):
    dial = asyncio.ensure_future(anna.dial("*1*0#"))
    await asyncio.sleep(0)
    echo.gateway.submit(echo.got[0].notify("Минуту"))
    assert anna.screen == "Минуту"
    echo.gateway.submit(echo.got[0].end("Готово"))
    assert await dial == "Готово"


async def test_a_long_message_is_shown_whole_whatever_the_order_of_its_parts(plain_gateway, anna):
    text = "Съешь ещё этих мягких французских булок. " * 5
    for segment in reversed(split(text, reference=7)):
        plain_gateway.submit(
            Sms(
                "bank",
                anna.msisdn,
                segment.user_data,
                segment.data_coding,
                esm_class=0x40,
                concatenation=parse_udh(segment.udh)[0],
            )
        )
    (sms,) = anna.inbox
    assert (sms.text, sms.parts, sms.sender) == (text, 4, "bank")


LONG = {
    "a header with an 8-bit reference": (LongForm.UDH8, None, None, "Съешь ещё этих булок. " * 10),
    "with a 16-bit reference": (LongForm.UDH16, None, None, "Съешь ещё этих булок. " * 10),
    "SAR parameters": (LongForm.SAR, None, None, "Съешь ещё этих булок. " * 10),
    "whole": (LongForm.MESSAGE_PAYLOAD, None, None, "Съешь ещё этих булок. " * 10),
    "packed": (LongForm.UDH8, GSM7_PACKED, None, "Lorem {ipsum} dolor sit amet. " * 10),
    "packed with SAR parameters": (LongForm.SAR, GSM7_PACKED, None, "Lorem {ipsum} dolor sit amet. " * 10),
    "Latin-1": (LongForm.UDH8, Alphabet.LATIN1, None, "Déjà vu. " * 40),
    "UTF-8": (LongForm.UDH16, Alphabet.UTF8, None, "Déjà vu. " * 40),
    "UCS-2": (LongForm.UDH8, UCS2, None, "Hello. " * 40),
    "national tables": (LongForm.UDH8, None, Language.TURKISH, "Pijamalı hasta yağız şoföre. " * 10),
    "national tables, packed": (
        LongForm.UDH16,
        GSM7_PACKED,
        Language.SPANISH,
        "El pingüino Wenceslao hizo kilómetros. " * 9,
    ),
    "national tables, whole": (
        LongForm.MESSAGE_PAYLOAD,
        None,
        Language.PORTUGUESE,
        "À noite, vovô Kowalsky vê o ímã. " * 9,
    ),
}


@pytest.mark.parametrize(("long", "alphabet", "language", "text"), LONG.values(), ids=LONG)
async def test_a_long_message_from_phone_to_phone(plain_gateway, anna, long, alphabet, language, text):
    boris = plain_gateway.phone("70002000001")
    sent = anna.send(boris.msisdn, text, long=long, alphabet=alphabet, language=language)
    (sms,) = boris.inbox
    assert (sms.text, list(sms.segments)) == (text, sent)
    assert sms.parts == (len(sent) if len(sent) > 1 else sms.parts) > 1
    assert all(part.concatenation for part in sent) is (long is not LongForm.MESSAGE_PAYLOAD)
    assert {part.esm_class for part in sent} == {0x40 if long in ("udh8", "udh16") or language else 0}


async def test_the_default_alphabet_of_a_part_is_its_senders(plain_gateway, anna):
    """What an account packs, what another one does not, and what came as UCS-2, in one message."""
    header = "050003070%d0%d"
    for sequence, octets, data_coding, default in (
        (2, "906536fb0d", 0, GSM7_PACKED),
        (3, "0416", 8, GSM7),
        (1, "4869", 0, GSM7),
    ):
        user_data = bytes.fromhex(header % (3, sequence) + octets)
        place = parse_udh(user_data)[0]
        plain_gateway.submit(
            Sms(
                "bank",
                anna.msisdn,
                user_data,
                data_coding,
                esm_class=0x40,
                concatenation=place,
                default_alphabet=default,
            )
        )
    (sms,) = anna.inbox
    assert (sms.text, sms.parts, sms.missing) == ("HiHelloЖ", 3, ())
    assert (sms.content.hex(), sms.data_coding, sms.alphabet) == ("4869906536fb0d0416", 0, GSM7)
    assert sms.id == max(part.message_id for part in sms.segments)


async def test_an_incomplete_message_shows_what_has_come_and_what_is_missing(plain_gateway, anna):
    parts = split("x" * 153 + "y" * 153 + "z", reference=7)
    for segment in (parts[2], parts[0]):
        plain_gateway.submit(
            Sms("bank", anna.msisdn, segment.user_data, esm_class=0x40, concatenation=segment.concatenation)
        )
    assert list(anna.received()) == []
    (sms,) = anna.received(incomplete=True)
    assert (sms.text, sms.parts, sms.missing) == ("x" * 153 + "z", 3, (2,))
    assert [list(anna.received(incomplete=True, **which)) for which in ({"sender": "shop"}, {"match": "y"})] == [[], []]
    anna.empty()
    assert list(anna.received(incomplete=True)) == []


async def test_octets_go_out_as_they_are(plain_gateway, anna):
    boris = plain_gateway.phone("70002000001")
    sent = anna.send_octets(boris.msisdn, b"\x1bg", 0, udh=bytes.fromhex("03240101"))
    assert (sent.octets.hex(), sent.esm_class, sent.concatenation) == ("032401011b67", 0x40, None)
    anna.send_octets(boris.msisdn, bytes.fromhex("c8329bfd06"), 0, default=GSM7_PACKED)
    anna.send_octets(boris.msisdn, b"\0\xff", 4)
    assert [sms.text for sms in boris.inbox] == ["ğ", "Hello", "00 ff"]


@pytest.mark.parametrize(
    ("octets", "data_coding", "default", "mistake"),
    [
        (b"a" * 65536, 0, GSM7, "there are 65536 octets; message_payload holds 65535"),
        (b"a", 256, GSM7, "data_coding is 256; it can be 0 to 255"),
        (
            b"a",
            0,
            Alphabet.HEBREW,
            "data_coding 0 never means hebrew; it can mean gsm7, gsm7_packed, latin1, ascii, ucs2,",
        ),
    ],
)
async def test_octets_that_cannot_go_out(anna, octets, data_coding, default, mistake):
    with pytest.raises(ValueError, match=mistake):
        anna.send_octets("5000", octets, data_coding, default=default)


async def test_a_message_with_a_wrong_character_is_not_sent_at_all(plain_gateway, anna):
    with pytest.raises(ValueError, match="position 200 is not in the GSM 7-bit default alphabet"):
        anna.send("5000", "a" * 200 + "Ж", alphabet=GSM7)
    assert plain_gateway.written() == []


async def test_a_long_message_that_came_whole_counts_the_parts_of_a_phone(plain_gateway, anna):
    plain_gateway.submit(Sms("bank", anna.msisdn, b"x" * 400))
    assert [sms.parts for sms in anna.inbox] == [3]


async def test_messages_are_found_by_id_sender_and_pattern(plain_gateway, anna):
    for source, text in (("3339", b"one"), ("bank", b"two"), ("3339", b"three")):
        plain_gateway.submit(Sms(source, anna.msisdn, text))
    first = anna.inbox[0]
    assert [sms.text for sms in anna.received()] == ["one", "two", "three"]
    assert [sms.text for sms in anna.received(after=first.id)] == ["two", "three"]
    assert [sms.text for sms in anna.received(sender="3339", match="^t")] == ["three"]
    with pytest.raises(ValueError, match=r"match=\(: missing \)"):
        list(anna.received(match="("))


async def test_a_phone_sends_long_messages_in_parts(plain_gateway, anna):
    sent = anna.send("+447700900123", "я" * 71)
    assert [sms.destination for sms in sent] == ["447700900123"] * 2
    (sms,) = plain_gateway.directory.party("447700900123").endpoint.inbox
    assert (sms.text, sms.parts) == ("я" * 71, 2)


async def test_a_phone_that_is_off_sends_nothing(plain_gateway, anna):
    plain_gateway.detach(anna.party)
    with pytest.raises(NotAttachedError, match="70001000001 is not attached"):
        anna.send("5000", "Hi")
    with pytest.raises(ValueError, match=r"'\+ ' is no number to send to; write its digits"):
        anna.send("+ ", "Hi")


async def test_the_inbox_is_bounded_and_remembers_how_many_came(plain_gateway, anna):
    for _ in range(1100):
        plain_gateway.submit(Sms("1", anna.msisdn, b""))
    assert (len(anna.inbox), anna.arrived) == (1000, 1100)


async def test_a_cleared_phone_is_as_new(plain_gateway, anna, echo):
    await anna.dial("*1#")
    plain_gateway.submit(Sms("1", anna.msisdn, b""))
    anna.clear()
    assert (anna.screen, len(anna.inbox), anna.has_news) == (None, 0, False)


async def test_a_local_code_leaves_the_open_dialogue_on_the_screen(anna, echo):
    await anna.dial("*1#")
    await anna.dial("*#06#")
    assert anna.screen == "Что?"
    assert await anna.answer("да") == "да"


async def test_a_cleared_phone_has_no_parts_of_older_messages(plain_gateway, anna):
    def part(sequence, text):
        place = Concatenation(7, 2, sequence)
        plain_gateway.submit(Sms("bank", anna.msisdn, text, concatenation=place))

    part(1, b"before-")
    anna.clear()
    part(2, b"after")
    assert not anna.inbox


async def test_clearing_ends_the_wait_for_an_application(anna, echo):
    dial = asyncio.ensure_future(anna.dial("*1*0#"))
    await asyncio.sleep(0)
    anna.clear()
    with pytest.raises(NotAskedError, match="the gateway was reset while 70001000001 waited; dial again"):
        await dial


def test_a_screen_is_its_text():
    assert Screen("Да", state="awaiting_answer") == "Да"
    assert Screen("Да", state="awaiting_answer").awaiting


async def test_whoever_waits_for_a_change_can_give_up(anna):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await anna.changed()
    assert anna._waiters == []


def test_a_phone_that_no_network_knows_says_so(plain_gateway):
    with pytest.raises(AssertionError, match="is not in the directory"):
        Handset("1", plain_gateway).party  # noqa: B018 - the property is what fails
