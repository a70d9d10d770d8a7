"""An ESME that owns a code: every turn of a dialogue in every dialect, on a real socket."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from ussd_gateway.applications.smsc.accounts import EsmeSettings
from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.network.network import NetworkSettings
from ussd_gateway.smpp.commands import BindReceiver, BindTransmitter, SubmitSm, Unbind, UnbindResp
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag
from ussd_gateway.smpp.ussd import (
    ABORT,
    ANSWER,
    ASK,
    BEGIN,
    DIALECTS,
    END,
    NOTIFIED,
    NOTIFY,
    RELEASE,
    Key,
    Marker,
    Unit,
    next_sequence,
    read_from_smsc,
    write,
)

ANNA = "70001000001"


class Application:
    """A program that answers *500# in one dialect: what it hears and says, with the sequence numbers kept."""

    def __init__(self, esme, dialect):
        self.esme, self.dialect = esme, dialect
        self.session, self.sequence = None, -2
        self._requests = 100
        self._heard = []

    async def hear(self, status=0):
        """The next request, answered with this status."""
        pdu = self._heard.pop(0) if self._heard else await self.esme.receive()
        await self.esme.send(pdu.reply(status))
        unit = read_from_smsc(self.dialect, pdu)
        self.session, self.sequence = unit.session, unit.sequence
        return unit

    async def say(self, event, text="", *, to=ANNA, code="500", data_coding=0, **given):
        """What the SMSC responds."""
        if self.dialect.key is Key.OCTET:
            self.sequence = next_sequence(self.sequence)
        octets = text.encode("utf-16-be") if data_coding in (8, 72) else text.encode()
        facts = {"session": self.session, "sequence": max(0, self.sequence)} | given
        self._requests += 1
        pdu = write(self.dialect, Unit(event, to, code, octets, data_coding, **facts), self._requests)
        await self.esme.send(pdu)
        while True:  # a request of the SMSC may come before the response
            response = await self.esme.receive()
            if response.sequence_number == self._requests and response.command.endswith("_resp"):
                return response
            self._heard.append(response)


@pytest.fixture(params=DIALECTS)
def dialect_name(request):
    return request.param


@asynccontextmanager
async def operator(new_site, name="standard", *, codes=("*500#",), network=None, window=500, **settings):
    account = EsmeSettings("app", "app", (), codes=codes, ussd_dialect=name, **settings)
    async with new_site(accounts=(account,), network=network or NetworkSettings(), window=window) as site:
        yield site


@pytest.fixture
async def site(new_site, dialect_name):
    async with operator(new_site, dialect_name) as site:
        yield site


@pytest.fixture
async def application(site, dialect_name):
    return Application(await site.bound("app", "app"), DIALECTS[dialect_name])


@pytest.fixture
async def standard_site(new_site):
    async with operator(new_site) as site:
        yield site


@pytest.fixture
async def standard(standard_site):
    return Application(await standard_site.bound("app", "app"), DIALECTS["standard"])


async def dialled(site, application, code="*500#"):
    """The phone has dialled, and the application was told."""
    dialling = asyncio.create_task(site.handset().dial(code))
    return dialling, await application.hear()


async def test_a_dialogue_of_a_menu_an_answer_a_notice_and_an_end(site, application, dialect_name):
    anna = site.handset()
    dialling = asyncio.create_task(anna.dial("*500*7#"))
    began = await application.hear()
    assert (began.event, began.msisdn, began.octets) == (BEGIN, ANNA, b"*500*7#")
    if dialect_name != "vumi" and "destination" not in dialect_name:
        assert began.service_code == "500"

    response = await application.say(ASK, "1 Yes\n2 No")
    assert (response.command_status, response.message_id) == (Status.ESME_ROK, "0000000001")
    assert await dialling == "1 Yes\n2 No"

    answering = asyncio.create_task(anna.answer("2"))
    answered = await application.hear()
    assert (answered.event, answered.octets, answered.session) == (ANSWER, b"2", began.session)
    if application.dialect.key is Key.OCTET:
        assert (began.sequence, answered.sequence) == (0, 4)

    assert (await application.say(NOTIFY, "Wait")).command_status == Status.ESME_ROK
    assert (await application.say(END, "Привет", data_coding=8)).command_status == Status.ESME_ROK
    screen = await answering
    assert (screen, screen.outcome, screen.data_coding) == ("Привет", "success", 72)
    assert len(site.gateway.network.dialogues) == 0


async def test_the_user_hangs_up(site, application):
    dialling, began = await dialled(site, application)
    await application.say(ASK, "Name?")
    await dialling
    site.gateway.directory.party(ANNA).endpoint.hang_up()
    released = await application.hear()
    assert (released.event, released.octets, released.session) == (RELEASE, b"", began.session)


async def test_the_user_does_not_answer(site, application):
    dialling, began = await dialled(site, application)
    await application.say(ASK, "Name?")
    await dialling
    await site.gateway.advance(30)
    released = await application.hear()
    assert (released.event, released.session) == (RELEASE, began.session)


async def test_a_pushed_question_and_its_answer(site, application):
    anna = site.handset()
    response = await application.say(ASK, "Pay?", session=application.dialect.session(9))
    assert response.command_status == Status.ESME_ROK
    assert anna.screen == "Pay?"
    answering = asyncio.create_task(anna.answer("1"))
    answered = await application.hear()
    assert (answered.event, answered.octets, answered.session) == (ANSWER, b"1", application.dialect.session(9))
    await application.say(END, "Paid")
    assert await answering == "Paid"


async def test_a_pushed_notice_and_its_confirmation(site, application):
    anna = site.handset()
    await application.say(NOTIFY, "Top up!", session=application.dialect.session(9))
    assert (anna.screen, anna.screen.outcome) == ("Top up!", "success")
    confirmed = await application.hear()
    assert (confirmed.event, confirmed.session) == (NOTIFIED, application.dialect.session(9))
    assert len(site.gateway.network.dialogues) == 0


async def test_the_application_gives_up(site, application):
    dialling, _ = await dialled(site, application)
    assert (await application.say(ABORT)).command_status == Status.ESME_ROK
    screen = await dialling
    assert screen.outcome == ("abort_app" if application.dialect.abort else "success")


async def test_a_push_to_a_phone_that_is_busy_or_off_is_released(site, application):
    anna = site.handset()
    site.gateway.detach(anna.party)
    assert (await application.say(ASK, "Pay?", session=application.dialect.session(9))).command_status == 0
    assert (await application.hear()).event is RELEASE
    assert anna.screen is None


# What goes wrong ---------------------------------------------------------------------------------------------------


async def test_nobody_is_bound(standard_site):
    screen = await standard_site.handset().dial("*500#")
    assert (screen, screen.outcome) == ("Ошибка сети. Повторите запрос позже.", "system_failure")


async def test_only_a_transmitter_is_bound(standard_site):
    await standard_site.bound("app", "app", pdu=BindTransmitter)
    assert (await standard_site.handset().dial("*500#")).outcome == "system_failure"


async def test_the_window_is_full(new_site):
    async with operator(new_site, window=1) as site:
        application = Application(await site.bound("app", "app"), DIALECTS["standard"])
        first = asyncio.create_task(site.handset().dial("*500#"))
        pdu = await application.esme.receive()
        assert (await site.handset("70002000001").dial("*500#")).outcome == "system_failure"
        await application.esme.send(pdu.reply())
        application.session, application.sequence = 1, 0
        await application.say(END, "Done")
        assert await first == "Done"


async def test_a_receiver_hears_and_a_transmitter_says(standard_site):
    receiver = Application(
        await standard_site.bound("app", "app", pdu=BindReceiver), standard_dialect := DIALECTS["standard"]
    )
    transmitter = Application(await standard_site.bound("app", "app", pdu=BindTransmitter), standard_dialect)
    dialling, began = await dialled(standard_site, receiver)
    await transmitter.say(END, "Done", session=began.session)
    assert await dialling == "Done"


@pytest.mark.parametrize("status", [Status.ESME_RX_T_APPN, Status.ESME_RSYSERR])
async def test_the_application_refuses_the_request(standard_site, standard, status):
    dialling = asyncio.create_task(standard_site.handset().dial("*500#"))
    await standard.hear(status)
    screen = await dialling
    assert screen.outcome == "abort_app"


async def test_the_connection_is_lost_before_the_response(standard_site, standard):
    dialling = asyncio.create_task(standard_site.handset().dial("*500#"))
    await standard.esme.receive()
    standard.esme.reset()
    assert (await dialling).outcome == "system_failure"


async def test_the_last_bind_ends_while_the_user_thinks(standard_site, standard):
    anna = standard_site.handset()
    dialling = asyncio.create_task(anna.dial("*500#"))
    await standard.hear()
    await standard.say(ASK, "Name?")
    await dialling
    standard.esme.reset()
    await anna.changed()
    assert anna.screen.outcome == "system_failure"


async def test_a_late_answer_is_refused_and_is_no_push(site, application):
    dialling, _ = await dialled(site, application)
    await site.gateway.advance(10)
    assert (await dialling).outcome == "app_timeout"
    assert (await application.say(ASK, "Too late?")).command_status == Status.ESME_RSUBMITFAIL
    assert (await application.hear()).event is RELEASE
    anna = site.handset()
    fresh = application.dialect.session(77)
    assert (await application.say(ASK, "New?", session=fresh)).command_status == Status.ESME_ROK
    assert anna.screen == "New?"


async def test_an_end_of_nothing_is_refused(standard_site, standard):
    standard_site.handset()
    assert (await standard.say(END, "Bye", session=5)).command_status == Status.ESME_RSUBMITFAIL


async def test_another_session_is_not_the_open_one(standard_site, standard):
    dialling, began = await dialled(standard_site, standard)
    response = await standard.say(ASK, "?", session=began.session + 1)
    assert response.command_status == Status.ESME_RINVOPTPARAMVAL
    await standard.say(END, "Right", session=began.session)
    assert await dialling == "Right"


async def test_a_text_that_is_too_long_is_refused_and_the_dialogue_goes_on(standard_site, standard):
    dialling, _ = await dialled(standard_site, standard)
    assert (await standard.say(ASK, "a" * 183)).command_status == Status.ESME_RINVMSGLEN
    assert (await standard.say(ASK, "a" * 182)).command_status == Status.ESME_ROK
    assert await dialling == "a" * 182


async def test_a_pushed_text_that_is_too_long_leaves_nothing_behind(standard_site, standard):
    anna = standard_site.handset()
    assert (await standard.say(ASK, "a" * 183, session=1)).command_status == Status.ESME_RINVMSGLEN
    assert (await standard.say(ASK, "Pay?", session=1)).command_status == Status.ESME_ROK
    assert anna.screen == "Pay?"


async def test_it_is_the_users_turn(standard_site, standard):
    dialling, _ = await dialled(standard_site, standard)
    await standard.say(ASK, "Name?")
    await dialling
    assert (await standard.say(ASK, "Name, now?")).command_status == Status.ESME_RSUBMITFAIL
    assert standard_site.gateway.directory.party(ANNA).endpoint.screen == "Name?"


async def test_a_push_comes_from_a_code_of_the_account(new_site):
    async with operator(new_site, codes=("*500#", "*501*2#")) as site:
        anna = site.handset()
        application = Application(await site.bound("app", "app"), DIALECTS["standard"])
        assert (await application.say(NOTIFY, "?", code="111")).command_status == Status.ESME_RINVSRCADR
        for code, found in (("501*2", "*501*2#"), ("*501*2#", "*501*2#"), ("", "*500#")):
            assert (await application.say(NOTIFY, found, code=code)).command_status == Status.ESME_ROK
            assert anna.screen == found
            await application.hear()


async def test_an_answer_without_a_session_goes_to_the_dialogue_of_its_msisdn(standard_site, standard):
    """Kannel sends back only the optional parameters that it was told to."""
    dialling, _ = await dialled(standard_site, standard)
    pdu = SubmitSm(
        sequence_number=7, destination_addr=ANNA, short_message=b"Done", tlvs=[(Tag.USSD_SERVICE_OP, b"\x11")]
    )
    assert (await standard.esme.ask(pdu)).command_status == Status.ESME_ROK
    assert await dialling == "Done"


CODINGS = [(0, b"Caf\x05"), (15, b"Caf\x05"), (8, "Café".encode("utf-16-be")), (72, "Café".encode("utf-16-be"))]


@pytest.mark.parametrize(("data_coding", "octets"), CODINGS)
async def test_texts_come_in_smpps_codings_and_in_those_of_ussd(standard_site, standard, data_coding, octets):
    dialling, began = await dialled(standard_site, standard)
    unit = Unit(END, ANNA, "500", octets, data_coding, began.session, 2)
    await standard.esme.ask(write(standard.dialect, unit, 9))
    assert await dialling == "Café"


async def test_data_coding_0_means_what_it_means_in_the_accounts_sms(new_site):
    async with operator(new_site, default_alphabet=Alphabet.LATIN1) as site:
        application = Application(await site.bound("app", "app"), DIALECTS["standard"])
        anna = site.handset()
        dialling = asyncio.create_task(anna.dial("*500#"))
        began = await application.hear()
        await application.esme.ask(
            write(application.dialect, Unit(ASK, ANNA, "500", b"Caf\xe9?", 0, began.session, 2), 9)
        )
        assert await dialling == "Café?"
        answering = asyncio.create_task(anna.answer("é"))
        answered = await application.hear()
        assert (answered.data_coding, answered.octets) == (0, b"\xe9")
        await application.say(END, "Bye")
        assert await answering == "Bye"


async def test_a_last_question_ends_the_dialogue_that_the_application_began(new_site):
    async with operator(new_site, "last_value") as site:
        anna = site.handset()
        application = Application(await site.bound("app", "app"), DIALECTS["last_value"])
        await application.say(ASK, "Stars?", session=3, last=True)
        answering = asyncio.create_task(anna.answer("5"))
        answered = await application.hear()
        assert (answered.event, answered.octets, answered.last) == (ANSWER, b"5", True)
        assert (await answering).outcome == "success"
        assert (await application.say(END, "Thanks", session=3)).command_status == Status.ESME_RSUBMITFAIL


async def test_a_last_notice_ends_the_dialogue(standard_site, standard):
    dialling, _ = await dialled(standard_site, standard)
    await standard.say(NOTIFY, "That is all", last=True)
    screen = await dialling
    assert (screen, screen.outcome) == ("That is all", "success")


async def test_each_dialogue_has_its_own_number(standard_site, standard):
    sessions = []
    for _ in range(3):
        dialling, began = await dialled(standard_site, standard)
        await standard.say(END, "Bye")
        await dialling
        sessions.append(began.session)
    assert sessions == [1, 2, 3]


async def test_a_second_dial_that_replaces_the_first_is_told_as_two(new_site):
    async with operator(new_site, network=NetworkSettings(second_dial="replace")) as site:
        application = Application(await site.bound("app", "app"), DIALECTS["standard"])
        first, began = await dialled(site, application)
        second = asyncio.create_task(site.gateway.directory.party(ANNA).endpoint.dial("*500#"))
        assert ((await application.hear()).event, (await first).outcome) == (RELEASE, "dialog_user_abort")
        assert (await application.hear()).session == began.session + 1
        await application.say(END, "Second")
        assert await second == "Second"


async def test_an_account_without_codes_is_offered_no_ussd(standard_site):
    esme = await standard_site.bound()
    pdu = write(DIALECTS["standard"], Unit(ASK, ANNA, "500", b"Pay?"), 5)
    assert (await esme.ask(pdu)).command_status == Status.ESME_RINVSERTYP


async def test_a_message_that_only_says_ussd_by_its_parameter_is_an_sms_where_the_service_type_decides(new_site):
    async with operator(new_site, ussd_marker=Marker.SERVICE_TYPE) as site:
        anna = site.handset()
        esme = await site.bound("app", "app")
        pdu = SubmitSm(
            sequence_number=5, destination_addr=ANNA, short_message=b"Hi", tlvs=[(Tag.USSD_SERVICE_OP, b"\2")]
        )
        assert (await esme.ask(pdu)).command_status == Status.ESME_ROK
        assert [sms.text for sms in anna.inbox] == ["Hi"]


async def test_a_refusal_is_in_the_journal(standard_site, standard):
    await standard.say(END, "Bye", session=5)
    assert standard_site.journal()[-1] == ("esme.refused",)


def test_a_code_has_one_owner(new_site):
    with pytest.raises(ValueError, match=r"\*500# is answered by another application already"):
        new_site(accounts=[EsmeSettings(name, "x", codes=("*500#",)) for name in ("one", "two")])


def test_a_code_fits_an_address(new_site):
    with pytest.raises(ValueError, match="SMPP takes no more"):
        new_site(accounts=[EsmeSettings("one", "x", codes=("*500*1234567890123456789#",))])


async def test_a_number_that_fits_no_address_reaches_no_esme(standard_site, standard):
    assert (await standard_site.handset("7" * 21).dial("*500#")).outcome == "system_failure"


async def test_unbinding_in_the_middle_is_no_time_out(standard_site, standard):
    dialling, _ = await dialled(standard_site, standard)
    assert await standard.esme.ask(Unbind(sequence_number=3)) == UnbindResp(sequence_number=3)
    assert (await dialling).outcome == "system_failure"
