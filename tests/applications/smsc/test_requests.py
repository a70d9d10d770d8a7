"""What an ESME may ask beside a plain submit_sm: each request, its good case and each status that refuses it."""

import pytest

from ussd_gateway.network.message import MessageState, Sms
from ussd_gateway.network.messages import Retry
from ussd_gateway.network.network import NetworkSettings
from ussd_gateway.network.outcomes import Rule
from ussd_gateway.smpp.commands import (
    BindReceiver,
    BindTransmitter,
    CancelSm,
    DataSm,
    DataSmResp,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    QuerySm,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    UnsuccessSme,
)
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag

ANNA, BORIS, VERA = "70001000001", "70002000001", "70003000001"
IN_AN_HOUR, IN_A_DAY = "000000010000000R", "000001000000000R"
RECEIPT = 1
TRANSACTION, DATAGRAM = 2, 1


def submit(sequence_number=2, pdu=SubmitSm, **given):
    values = {"source_addr": "shop", "destination_addr": ANNA, "short_message": b"Hi"} | given
    return pdu(sequence_number=sequence_number, **values)


def data(sequence_number=2, text=b"Hi", tlvs=(), **given):
    values = {"source_addr": "shop", "destination_addr": ANNA, "tlvs": ((Tag.MESSAGE_PAYLOAD, text), *tlvs)} | given
    return DataSm(sequence_number=sequence_number, **values)


def texts(handset):
    return [sms.text for sms in handset.inbox]


@pytest.fixture
async def anna(site):
    return site.handset(ANNA)


@pytest.fixture
async def absent(site, anna):
    """Anna's phone is off."""
    site.gateway.detach(anna.party)
    return anna


# submit_sm --------------------------------------------------------------------------------------------------------------

MOMENTS = {"relative": IN_AN_HOUR, "absolute": "180427155000000+"}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
async def test_a_scheduled_message_arrives_at_its_moment(site, anna, moment):
    esme = await site.bound()
    assert (await esme.ask(submit(schedule_delivery_time=moment))).command_status == 0
    await site.gateway.advance(3599)
    assert texts(anna) == []
    await site.gateway.advance(1)
    assert texts(anna) == ["Hi"]


async def test_a_message_replaces_the_one_that_waits_with_the_same_addresses_and_service_type(site, absent):
    esme = await site.bound()
    for text, service_type in ((b"first", "CMT"), (b"other", "")):
        await esme.ask(submit(short_message=text, service_type=service_type))
    await esme.ask(submit(short_message=b"second", service_type="CMT", replace_if_present_flag=1))
    site.gateway.attach(absent.party)
    assert texts(absent) == ["other", "second"]
    await site.gateway.committed()
    assert list(site.states().values()) == ["DELETED", "DELIVERED", "DELIVERED"]


async def test_what_has_a_higher_priority_goes_first(site, absent):
    esme = await site.bound()
    for priority in (0, 3, 1):
        await esme.ask(submit(short_message=b"%d" % priority, priority_flag=priority))
    site.gateway.attach(absent.party)
    assert texts(absent) == ["3", "1", "0"]


async def test_service_type_and_priority_go_on_to_the_receiving_esme(site):
    esme, other = await site.bound(), await site.bound("other", "pw")
    await other.ask(submit(destination_addr="5001", service_type="CMT", priority_flag=2))
    delivered = await esme.receive()
    assert (delivered.service_type, delivered.priority_flag) == ("CMT", 2)


async def test_a_predefined_message_is_sent_by_its_number(new_site):
    async with new_site(default_messages=("Ready.", "Готово.")) as site:
        anna, esme = site.handset(), await site.bound()
        for number in (1, 2):
            assert (await esme.ask(submit(short_message=b"", sm_default_msg_id=number))).command_status == 0
        assert texts(anna) == ["Ready.", "Готово."]
        for given, status in (
            ({"sm_default_msg_id": 3, "short_message": b""}, Status.ESME_RINVDFTMSGID),
            ({"sm_default_msg_id": 1}, Status.ESME_RINVMSGLEN),
        ):
            assert (await esme.ask(submit(**given))).command_status == status


FULL = {
    "submit_sm": submit(3),
    "data_sm": data(3),
    "submit_sm in transaction mode": submit(3, esm_class=TRANSACTION),
}


@pytest.mark.parametrize("request_", FULL.values(), ids=FULL)
async def test_a_full_queue_is_told_and_nothing_is_kept(new_site, request_):
    async with new_site(network=NetworkSettings(waiting_limit=1)) as site:
        anna, esme = site.handset(), await site.bound()
        site.gateway.detach(anna.party)
        await esme.ask(submit())
        assert (await esme.ask(request_)).command_status == Status.ESME_RMSGQFUL
        assert (await esme.ask(submit(4))).command_status == Status.ESME_RMSGQFUL
        assert len(site.states()) == 1


async def test_an_intermediate_notification_comes_when_the_first_attempt_fails(new_site):
    async with new_site(network=NetworkSettings(retry=Retry(absent=(60.0,)))) as site:
        anna, esme = site.handset(), await site.bound()
        site.gateway.detach(anna.party)
        await esme.send(submit(registered_delivery=0x11))
        response, notification = await esme.receive(), await esme.receive()
        assert response.command == "submit_sm_resp"
        assert (notification.command, notification.tlv(Tag.MESSAGE_STATE)) == ("deliver_sm", b"\1")


# Datagram and transaction mode --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [submit, data])
@pytest.mark.parametrize("mode", [DATAGRAM, TRANSACTION])
async def test_a_message_that_is_delivered_at_once_is_answered_without_a_receipt(site, anna, make, mode):
    esme = await site.bound()
    response = await esme.ask(make(esm_class=mode, registered_delivery=RECEIPT))
    assert (response.command_status, response.message_id) == (0, "0000000001")
    assert (await esme.ask(EnquireLink(sequence_number=3))).command == "enquire_link_resp"
    assert texts(anna) == ["Hi"]


@pytest.mark.parametrize("make", [submit, data])
async def test_transaction_mode_fails_at_once_and_says_why(site, absent, make):
    esme = await site.bound()
    response = await esme.ask(
        make(esm_class=TRANSACTION, schedule_delivery_time=IN_AN_HOUR)
        if make is submit
        else make(esm_class=TRANSACTION)
    )
    assert response.command_status == Status.ESME_RDELIVERYFAILURE
    assert response.tlvs == ((Tag.DELIVERY_FAILURE_REASON, b"\0"), (Tag.NETWORK_ERROR_CODE, b"\3\0\6"))
    assert list(site.states().values()) == ["EXPIRED"]
    site.gateway.attach(absent.party)
    assert texts(absent) == []


async def test_a_datagram_that_cannot_be_delivered_is_lost(site, absent):
    esme = await site.bound()
    assert (await esme.ask(submit(esm_class=DATAGRAM))).command_status == 0
    site.gateway.attach(absent.party)
    assert texts(absent) == []


ANSWERS = {Status.ESME_ROK: Status.ESME_ROK, Status.ESME_RX_R_APPN: Status.ESME_RDELIVERYFAILURE}


@pytest.mark.parametrize(("answer", "status"), ANSWERS.items())
async def test_transaction_mode_to_another_esme_waits_for_its_response(site, answer, status):
    esme, other = await site.bound(), await site.bound("other", "pw")
    await other.send(submit(destination_addr="5001", esm_class=TRANSACTION))
    delivered = await esme.receive()
    await esme.send(DeliverSmResp(sequence_number=delivered.sequence_number, command_status=answer))
    response = await other.receive()
    assert (response.command, response.command_status) == ("submit_sm_resp", status)
    assert site.gateway.network.messages.followers == []


# Responses of the receiving ESME -----------------------------------------------------------------------------------------

TEMPORARY = (Status.ESME_RX_T_APPN, Status.ESME_RMSGQFUL, Status.ESME_RTHROTTLED, Status.ESME_RSYSERR)
PERMANENT = {
    Status.ESME_RX_P_APPN: "REJECTED",
    Status.ESME_RX_R_APPN: "REJECTED",
    Status.ESME_RINVDSTADR: "UNDELIVERABLE",
    Status.ESME_RDELIVERYFAILURE: "UNDELIVERABLE",
    0x0400: "REJECTED",
}


@pytest.mark.parametrize("status", TEMPORARY)
async def test_a_message_that_cannot_be_taken_now_is_handed_over_again(site, anna, status):
    esme = await site.bound()
    anna.send("5001", "Hi")
    first = await esme.receive()
    await esme.ask(
        DeliverSmResp(sequence_number=first.sequence_number, command_status=status), EnquireLink(sequence_number=3)
    )
    assert list(site.states().values()) == ["ENROUTE"]
    await site.gateway.advance(5)
    again = await esme.receive()
    assert (again.short_message, again.sequence_number) == (b"Hi", first.sequence_number + 1)
    await esme.ask(DeliverSmResp(sequence_number=again.sequence_number), EnquireLink(sequence_number=4))
    assert list(site.states().values()) == ["DELIVERED"]


@pytest.mark.parametrize(("status", "state"), PERMANENT.items())
async def test_a_message_that_is_refused_for_good_has_a_final_state(site, anna, status, state):
    esme = await site.bound()
    anna.send("5001", "Hi")
    number = (await esme.receive()).sequence_number
    await esme.ask(DeliverSmResp(sequence_number=number, command_status=status), EnquireLink(sequence_number=3))
    assert list(site.states().values()) == [state]


# data_sm ------------------------------------------------------------------------------------------------------------------


async def test_data_sm_submits_and_its_receipt_comes(site, anna):
    esme = await site.bound()
    await esme.send(data(text="Да".encode("utf-16-be"), data_coding=8, registered_delivery=RECEIPT))
    response, receipt = await esme.receive(), await esme.receive()
    assert response == DataSmResp(sequence_number=2, message_id="0000000001")
    assert (receipt.command, receipt.tlv(Tag.RECEIPTED_MESSAGE_ID)) == ("deliver_sm", b"0000000001\0")
    assert texts(anna) == ["Да"]


async def test_data_sm_is_valid_for_its_time_to_live(site, absent):
    esme = await site.bound()
    await esme.ask(data(tlvs=((Tag.QOS_TIME_TO_LIVE, b"\0\0\0\x3c"),)))
    await site.gateway.advance(61)
    assert list(site.states().values()) == ["EXPIRED"]


REFUSED_DATA = {
    "no destination": ({"destination_addr": ""}, Status.ESME_RINVDSTADR),
    "a destination that no receipt could name": ({"destination_addr": "7" * 21}, Status.ESME_RINVDSTADR),
    "a source of the same kind": ({"source_addr": "7" * 21}, Status.ESME_RINVSRCADR),
    "a TLV of a wrong length": ({"tlvs": ((Tag.SET_DPF, b"\0\1"),)}, Status.ESME_RINVPARLEN),
    "half of SAR": ({"tlvs": ((Tag.SAR_MSG_REF_NUM, b"\0\1"),)}, Status.ESME_RMISSINGOPTPARAM),
}


@pytest.mark.parametrize(("given", "status"), REFUSED_DATA.values(), ids=REFUSED_DATA)
async def test_a_data_sm_that_cannot_be_taken_is_refused_with_its_status(site, anna, given, status):
    esme = await site.bound()
    response = await esme.ask(data(**given))
    assert (response.command, response.command_status) == ("data_sm_resp", status)


async def test_an_account_gets_its_messages_in_data_sm_if_it_says_so(site, anna):
    receiver, esme = await site.bound("data", "pw"), await site.bound()
    ports = ((Tag.SOURCE_PORT, b"\0\1"), (Tag.DESTINATION_PORT, b"\0\2"), (Tag.USER_MESSAGE_REFERENCE, b"\0\3"))
    await esme.ask(data(destination_addr="7000", service_type="CMT", tlvs=(*ports, (0x1501, b"mine"))))
    delivered = await receiver.receive()
    assert (delivered.command, delivered.source_addr, delivered.destination_addr) == ("data_sm", "shop", "7000")
    assert delivered.tlvs == ((Tag.MESSAGE_PAYLOAD, b"Hi"), *ports, (0x1501, b"mine"))
    assert delivered.service_type == "CMT"
    await receiver.ask(DataSmResp(sequence_number=delivered.sequence_number), EnquireLink(sequence_number=3))
    assert list(site.states().values()) == ["DELIVERED"]


async def test_an_esme_of_version_3_3_gets_deliver_sm_all_the_same(site, anna):
    receiver = await site.bound("data", "pw", interface_version=0x33)
    anna.send("7000", "Hi")
    assert (await receiver.receive()).command == "deliver_sm"


SET_DPF = (Tag.SET_DPF, b"\1")


async def test_set_dpf_brings_an_alert_when_the_handset_is_back(site, absent):
    esme = await site.bound()
    response = await esme.ask(data(esm_class=TRANSACTION, source_addr="5001", tlvs=(SET_DPF,)))
    assert (response.command_status, response.tlv(Tag.DPF_RESULT)) == (Status.ESME_RDELIVERYFAILURE, b"\1")
    site.gateway.attach(absent.party)
    alert = await esme.receive()
    assert (alert.command, alert.source_addr, alert.esme_addr) == ("alert_notification", ANNA, "5001")
    assert alert.tlvs == ((Tag.MS_AVAILABILITY_STATUS, b"\0"),)


async def test_set_dpf_of_a_handset_that_is_there_is_not_set(site, anna):
    esme = await site.bound()
    assert (await esme.ask(data(tlvs=(SET_DPF,)))).tlvs == ((Tag.DPF_RESULT, b"\0"),)
    site.gateway.detach(anna.party)
    site.gateway.attach(anna.party)
    assert (await esme.ask(EnquireLink(sequence_number=3))).command == "enquire_link_resp"


async def test_an_alert_waits_for_a_bind_that_receives(site, absent):
    transmitter = await site.bound(pdu=BindTransmitter)
    await transmitter.ask(data(tlvs=(SET_DPF,)))
    site.gateway.attach(absent.party)
    receiver = await site.bound(pdu=BindReceiver)
    assert (await receiver.receive()).command == "alert_notification"


# submit_multi -------------------------------------------------------------------------------------------------------------


def to(*numbers, **given):
    addresses = [DistributionList(dl_name=n) if n.isalpha() else SmeAddress(destination_addr=n) for n in numbers]
    return SubmitMulti(
        **{"sequence_number": 2, "source_addr": "shop", "short_message": b"Hi", "dest_address": addresses} | given
    )


LISTS = {"staff": (ANNA, BORIS), "nobody": ()}


async def test_a_refused_destination_is_told_with_the_ton_and_npi_that_came(site, anna):
    esme = await site.bound()
    named = {"dest_addr_ton": 5, "dest_addr_npi": 9, "destination_addr": "Shop1"}
    response = await esme.ask(to(dest_address=[SmeAddress(**named), SmeAddress(destination_addr=ANNA)]))
    assert response.unsuccess_sme == (UnsuccessSme(**named, error_status_code=Status.ESME_RINVDSTADR),)
    assert texts(anna) == ["Hi"]


async def test_a_destination_that_breaks_the_layout_refuses_the_whole_pdu(site, anna):
    esme = await site.bound()
    octets = to(ANNA, "7" * 20).encode().replace(b"7" * 20, b"7" * 21)
    response = await esme.ask(len(octets).to_bytes(4) + octets[4:])
    assert (response.command, response.command_status) == ("submit_multi_resp", Status.ESME_RINVDSTADR)
    assert texts(anna) == []


@pytest.fixture
async def company(new_site):
    async with new_site(distribution_lists=LISTS, network=NetworkSettings(waiting_limit=1)) as site:
        site.phones = {number: site.handset(number) for number in (ANNA, BORIS, VERA)}
        yield site


async def test_submit_multi_sends_to_numbers_and_lists_once_to_each(company):
    esme = await company.bound()
    response = await esme.ask(to("staff", VERA, ANNA))
    assert (response.command_status, response.message_id, response.unsuccess_sme) == (0, "0000000001", ())
    assert [texts(phone) for phone in company.phones.values()] == [["Hi"]] * 3


async def test_submit_multi_tells_of_each_destination_that_was_refused(company):
    esme = await company.bound()
    company.gateway.detach(company.phones[ANNA].party)
    await esme.ask(submit(short_message=b"fills the queue"))
    response = await esme.ask(to("Shop1", "staff", VERA))
    assert (response.command_status, response.message_id) == (0, "0000000002")
    assert response.unsuccess_sme == (
        UnsuccessSme(destination_addr="Shop1", error_status_code=Status.ESME_RINVDSTADR),
        UnsuccessSme(dest_addr_ton=1, dest_addr_npi=1, destination_addr=ANNA, error_status_code=Status.ESME_RMSGQFUL),
    )
    assert [texts(phone) for phone in company.phones.values()] == [[], ["Hi"], ["Hi"]]


REFUSED_MULTI = {
    "an unknown list": (to("boss", ANNA), Status.ESME_RINVDLNAME),
    "a list of nobody": (to("nobody"), Status.ESME_RCNTSUBDL),
    "no number at all": (to("Shop1", "Shop2"), Status.ESME_RSUBMITFAIL),
    "more than 3.4 has": (to(*[str(1000 + n) for n in range(255)]), Status.ESME_RINVNUMDESTS),
    "a schedule that is none": (to(ANNA, schedule_delivery_time="soon"), Status.ESME_RINVSCHED),
    "priority 4": (to(ANNA, priority_flag=4), Status.ESME_RINVPRTFLG),
}


@pytest.mark.parametrize(("request_", "status"), REFUSED_MULTI.values(), ids=REFUSED_MULTI)
async def test_a_submit_multi_that_reaches_nobody_is_refused_with_its_status(company, request_, status):
    esme = await company.bound()
    response = await esme.ask(request_)
    assert (response.command, response.command_status) == ("submit_multi_resp", status)
    assert company.states() == {}


async def test_version_5_0_has_255_destinations(company):
    esme = await company.bound(interface_version=0x50)
    assert (await esme.ask(to(*[str(1000 + n) for n in range(255)]))).command_status == 0
    assert len(company.states()) == 255


async def test_receipts_of_a_group_carry_its_one_id(company):
    esme = await company.bound()
    await esme.send(to("staff", registered_delivery=RECEIPT))
    response, *receipts = [await esme.receive() for _ in range(3)]
    assert response.message_id == "0000000001"
    assert [receipt.short_message[:13] for receipt in receipts] == [b"id:0000000001"] * 2
    assert [receipt.source_addr for receipt in receipts] == [ANNA, BORIS]


async def test_a_group_is_queried_and_cancelled_by_its_one_id(company):
    esme = await company.bound()
    company.gateway.detach(company.phones[BORIS].party)
    await esme.ask(to("staff"))
    assert (await esme.ask(query("0000000001"))).message_state == MessageState.ENROUTE
    assert (await esme.ask(cancel("0000000001"))).command_status == 0
    assert company.states() == {"0000000001": "DELIVERED", "0000000002": "DELETED"}
    response = await esme.ask(query("0000000001"))
    assert (response.message_state, response.final_date) == (MessageState.DELETED, "180427145000000+")


async def test_a_group_is_replaced_by_its_one_id(company):
    esme = await company.bound()
    for number in (ANNA, BORIS):
        company.gateway.detach(company.phones[number].party)
    await esme.ask(to("staff"))
    assert (await esme.ask(replace("0000000001"))).command_status == 0
    for number in (ANNA, BORIS):
        company.gateway.attach(company.phones[number].party)
        assert texts(company.phones[number]) == ["new"]


# query_sm -----------------------------------------------------------------------------------------------------------------


def query(message_id, source_addr="shop"):
    return QuerySm(sequence_number=7, message_id=message_id, source_addr=source_addr)


async def test_a_message_under_way_is_enroute_and_one_that_arrived_has_its_date(site, absent):
    esme = await site.bound()
    await esme.ask(submit())
    response = await esme.ask(query("0000000001"))
    assert (response.message_id, response.message_state, response.final_date) == ("0000000001", 1, "")
    assert response.error_code == 6
    await site.gateway.advance(60)
    site.gateway.attach(absent.party)
    response = await esme.ask(query("0000000001", source_addr=""))
    assert (response.command_status, response.message_state, response.final_date) == (0, 2, "180427145100000+")


@pytest.mark.parametrize(("version", "state"), [(0x34, MessageState.ENROUTE), (0x50, MessageState.SCHEDULED)])
async def test_scheduled_is_a_state_of_5_0(site, anna, version, state):
    esme = await site.bound(interface_version=version)
    await esme.ask(submit(schedule_delivery_time=IN_AN_HOUR))
    assert (await esme.ask(query("0000000001"))).message_state == state


@pytest.mark.parametrize(("version", "state"), [(0x34, MessageState.ENROUTE), (0x50, MessageState.SCHEDULED)])
async def test_so_it_is_for_one_that_only_the_journal_remembers(site, version, state):
    sms = Sms("shop", ANNA, b"Hi", account="test", message_id="0000000017", submitted_at=site.gateway.now())
    site.gateway.journal.sms(sms, MessageState.SCHEDULED, sms.submitted_at)
    esme = await site.bound(interface_version=version)
    response = await esme.ask(query("0000000017"))
    assert (response.command_status, response.message_state) == (0, state)


async def test_a_message_that_expired_is_told_with_its_error(site, absent):
    esme = await site.bound()
    await esme.ask(submit(validity_period="000000000100000R"))
    await site.gateway.advance(60)
    response = await esme.ask(query("0000000001"))
    assert (response.message_state, response.error_code, response.final_date) == (3, 6, "180427145100000+")


async def test_a_query_holds_up_nothing_behind_it_but_is_answered(site, anna):
    esme = await site.bound()
    await esme.ask(submit())
    await esme.send(query("0000000001"), EnquireLink(sequence_number=8))
    assert {(await esme.receive()).command for _ in range(2)} == {"query_sm_resp", "enquire_link_resp"}


async def test_who_ends_his_side_still_gets_the_response_that_he_waits_for(site, anna):
    esme = await site.bound()
    await esme.ask(submit())
    await esme.send(query("0000000001"))
    esme.ends()
    assert (await esme.receive()).command == "query_sm_resp"
    assert await esme.receive() is None


# cancel_sm ----------------------------------------------------------------------------------------------------------------


def cancel(message_id="", source_addr="shop", destination_addr="", service_type=""):
    return CancelSm(
        sequence_number=8,
        message_id=message_id,
        source_addr=source_addr,
        destination_addr=destination_addr,
        service_type=service_type,
    )


async def test_a_message_is_cancelled_by_its_id_and_its_receipt_says_so(site, absent):
    esme = await site.bound()
    await esme.ask(submit(registered_delivery=RECEIPT))
    await esme.send(cancel("0000000001"))
    response, receipt = await esme.receive(), await esme.receive()
    assert (response.command, response.command_status) == ("cancel_sm_resp", 0)
    assert b"stat:DELETED" in receipt.short_message


CANCELLED = {
    "all between two addresses": (cancel(destination_addr=ANNA), ["DELETED", "DELETED", "ENROUTE"]),
    "with a plus": (cancel(destination_addr="+" + ANNA), ["DELETED", "DELETED", "ENROUTE"]),
    "those of a service_type": (cancel(destination_addr=ANNA, service_type="CMT"), ["ENROUTE", "DELETED", "ENROUTE"]),
}


@pytest.mark.parametrize(("request_", "states"), CANCELLED.values(), ids=CANCELLED)
async def test_messages_are_cancelled_by_their_addresses(site, absent, request_, states):
    esme = await site.bound()
    for given in ({}, {"service_type": "CMT"}, {"source_addr": "bank"}):
        await esme.ask(submit(**given))
    assert (await esme.ask(request_)).command_status == 0
    assert list(site.states().values()) == states


# replace_sm ---------------------------------------------------------------------------------------------------------------


def replace(message_id, source_addr="shop", **given):
    values = {"sequence_number": 9, "message_id": message_id, "source_addr": source_addr, "short_message": b"new"}
    return ReplaceSm(**values | given)


async def test_a_message_is_replaced_before_it_arrives(site, absent):
    esme = await site.bound()
    await esme.ask(submit())
    await esme.ask(
        replace("0000000001", schedule_delivery_time=IN_AN_HOUR, validity_period=IN_A_DAY, registered_delivery=RECEIPT)
    )
    site.gateway.attach(absent.party)
    assert texts(absent) == []
    await site.gateway.advance(3600)
    assert texts(absent) == ["new"]
    assert (await esme.receive()).command == "deliver_sm"


async def test_a_message_is_replaced_by_a_payload_or_a_predefined_text(new_site):
    async with new_site(default_messages=("caf\xe9", "Готово.")) as site:
        anna, esme = site.handset(), await site.bound("latin", "pw", interface_version=0x50)
        site.gateway.detach(anna.party)
        for _ in range(2):
            await esme.ask(submit())
        await esme.ask(replace("0000000001", short_message=b"", tlvs=((Tag.MESSAGE_PAYLOAD, b"long"),)))
        await esme.ask(replace("0000000002", short_message=b"", sm_default_msg_id=1))
        cyrillic = await esme.ask(replace("0000000002", short_message=b"", sm_default_msg_id=2))
        assert cyrillic.command_status == Status.ESME_RINVDFTMSGID
        site.gateway.attach(anna.party)
        assert texts(anna) == ["long", "caf\xe9"]


REFUSED_REPLACEMENTS = {
    "a schedule that is none": ({"schedule_delivery_time": "soon"}, Status.ESME_RINVSCHED),
    "a schedule that is over": ({"schedule_delivery_time": "180101000000000+"}, Status.ESME_RINVSCHED),
    "a validity that is over": ({"validity_period": "180101000000000+"}, Status.ESME_RINVEXPIRY),
    "an unknown predefined text": ({"short_message": b"", "sm_default_msg_id": 9}, Status.ESME_RINVDFTMSGID),
    "two texts": ({"tlvs": ((Tag.MESSAGE_PAYLOAD, b"x"),)}, Status.ESME_RINVMSGLEN),
}


@pytest.mark.parametrize(("given", "status"), REFUSED_REPLACEMENTS.values(), ids=REFUSED_REPLACEMENTS)
async def test_a_replacement_that_cannot_be_taken_is_refused_with_its_status(site, absent, given, status):
    esme = await site.bound()
    await esme.ask(submit())
    response = await esme.ask(replace("0000000001", **given))
    assert (response.command, response.command_status) == ("replace_sm_resp", status)
    site.gateway.attach(absent.party)
    assert texts(absent) == ["Hi"]


# All three: whose message it is -------------------------------------------------------------------------------------------

REQUESTS = {query: Status.ESME_RQUERYFAIL, cancel: Status.ESME_RCANCELFAIL, replace: Status.ESME_RREPLACEFAIL}
NOT_MINE = {
    "of another account": ("other", "0000000001", "shop"),
    "from another source": ("test", "0000000001", "bank"),
    "of nobody": ("test", "0000000777", "shop"),
}


@pytest.mark.parametrize(("request_", "status"), REQUESTS.items(), ids=[r.__name__ for r in REQUESTS])
@pytest.mark.parametrize(("account", "message_id", "source"), NOT_MINE.values(), ids=NOT_MINE)
async def test_nobody_learns_of_or_changes_a_message_that_is_not_his(
    site, absent, request_, status, account, message_id, source
):
    esme, other = await site.bound(), await site.bound("other", "pw")
    await esme.ask(submit())
    asking = esme if account == "test" else other
    assert (await asking.ask(request_(message_id, source))).command_status == status
    site.gateway.attach(absent.party)
    assert texts(absent) == ["Hi"]


@pytest.mark.parametrize("request_", REQUESTS, ids=[r.__name__ for r in REQUESTS])
async def test_an_id_that_nobody_gave_out_is_invalid(site, request_):
    esme = await site.bound()
    assert (await esme.ask(request_("no such"))).command_status == Status.ESME_RINVMSGID


@pytest.mark.parametrize(("request_", "status"), list(REQUESTS.items())[1:], ids=["cancel", "replace"])
async def test_what_arrived_or_is_in_the_hands_of_an_esme_cannot_be_changed(site, anna, request_, status):
    esme, other = await site.bound(), await site.bound("other", "pw")
    await other.ask(submit())
    await other.ask(submit(destination_addr="5001"))
    await esme.receive()
    for message_id in ("0000000001", "0000000002"):
        assert (await other.ask(request_(message_id))).command_status == status


@pytest.mark.parametrize(
    "request_", [query("0000000001"), cancel("0000000001"), replace("0000000001"), data(), to(ANNA)]
)
async def test_a_receiver_may_ask_for_none_of_them(site, request_):
    receiver = await site.bound(pdu=BindReceiver)
    assert (await receiver.ask(request_)).command_status == Status.ESME_RINVBNDSTS


# Versions -----------------------------------------------------------------------------------------------------------------

VERSIONS = {
    0x00: (),
    0x33: (),
    0x34: ((Tag.SC_INTERFACE_VERSION, b"\x34"),),
    0x50: ((Tag.SC_INTERFACE_VERSION, b"\x50"),),
}


@pytest.mark.parametrize(("version", "tlvs"), VERSIONS.items())
async def test_the_version_is_negotiated_and_told_to_those_who_can_read_it(site, version, tlvs):
    esme = await site.connect()
    assert (await esme.bind(interface_version=version)).tlvs == tlvs


async def test_a_bind_of_3_3_has_no_data_sm(site, anna):
    esme = await site.bound(interface_version=0x33)
    assert (await esme.ask(data())).command_status == Status.ESME_RINVCMDID


CONGESTED = [submit(), submit(destination_addr=""), data(), to(ANNA), cancel("0000000001")]


@pytest.mark.parametrize("request_", CONGESTED, ids=lambda pdu: pdu.command)
@pytest.mark.parametrize("version", [0x34, 0x50])
async def test_a_bind_of_5_0_is_told_how_busy_the_smsc_is(new_site, request_, version):
    async with new_site(network=NetworkSettings(waiting_limit=10, under_way_limit=4)) as site:
        anna, esme = site.handset(), await site.bound(interface_version=version)
        site.gateway.detach(anna.party)
        for number in (1, 2):
            await esme.ask(submit(number, source_addr="bank"))
        response = await esme.ask(request_)
        expected = {0x34: (None,), 0x50: (b"\x32", b"\x4b")}[version]  # 50 %, and 75 % where one more waits
        assert response.tlv(Tag.CONGESTION_STATE) in expected


# As the account has it ----------------------------------------------------------------------------------------------------


async def test_message_ids_are_asked_for_as_the_account_writes_them(new_site):
    async with new_site(test={"response_id": "%x"}) as site:
        anna, esme = site.handset(), await site.bound()
        site.gateway.detach(anna.party)
        for _ in range(10):
            await esme.ask(submit())
        response = await esme.ask(data())
        assert response.message_id == "b"
        assert (await esme.ask(query("b"))).message_id == "b"
        assert (await esme.ask(cancel("b"))).command_status == 0
        assert site.states()["0000000011"] == "DELETED"


@pytest.mark.parametrize("request_", [data(3), to(ANNA)])
async def test_what_an_account_may_submit_is_limited_in_every_form(new_site, request_):
    async with new_site(test={"rate": 1.0}) as site:
        site.handset()
        esme = await site.bound()
        assert (await esme.ask(submit())).command_status == 0
        assert (await esme.ask(request_)).command_status == Status.ESME_RTHROTTLED


# What would have left a request without its response ----------------------------------------------------------------------


async def test_an_error_of_a_rule_that_no_octet_holds_is_told_as_the_highest(new_site):
    rule = Rule(states={MessageState.UNDELIVERABLE: 1}, errors={MessageState.UNDELIVERABLE: 999})
    async with new_site(network=NetworkSettings(rules=(rule,))) as site:
        esme = await site.bound()
        await esme.ask(submit())
        response = await esme.ask(query("0000000001"))
        assert (response.message_state, response.error_code) == (MessageState.UNDELIVERABLE, 255)


async def test_a_journal_that_cannot_be_read_is_a_system_error(site):
    async def broken(message_id, account):
        raise OSError("the disk is gone")

    site.services.look_up = broken
    esme = await site.bound()
    assert (await esme.ask(query("0000000001"))).command_status == Status.ESME_RSYSERR


async def test_more_refusals_than_a_response_counts(new_site):
    lists = {"many": tuple(str(5000 + number) for number in range(300))}
    async with new_site(network=NetworkSettings(waiting_limit=1), distribution_lists=lists) as site:
        esme = await site.bound(pdu=BindTransmitter)
        many = SubmitMulti(sequence_number=2, dest_address=[DistributionList(dl_name="many")], short_message=b"Hi")
        response = await esme.ask(many)
        assert (response.command_status, len(response.unsuccess_sme)) == (0, 255)


async def test_a_replacement_that_is_over_before_it_begins_is_refused(site, absent):
    esme = await site.bound()
    await esme.ask(submit())
    times = {"schedule_delivery_time": IN_A_DAY, "validity_period": IN_AN_HOUR}
    response = await esme.ask(ReplaceSm(sequence_number=3, message_id="0000000001", source_addr="shop", **times))
    assert response.command_status == Status.ESME_RINVEXPIRY


async def test_a_reset_answers_what_waits_in_transaction_mode(site):
    esme, other = await site.bound(), await site.bound("other", "pw")
    await other.send(submit(destination_addr="5001", esm_class=TRANSACTION))
    await esme.receive()
    site.gateway.network.clear()
    assert (await other.receive()).command_status == Status.ESME_RDELIVERYFAILURE
    assert site.gateway.network.messages.followers == []


async def test_what_waits_in_transaction_mode_is_in_the_window(new_site):
    async with new_site(test={"window": 2}) as site:
        esme = await site.bound()
        for number in (2, 3):
            await esme.send(submit(number, destination_addr="5001", esm_class=TRANSACTION))
            await esme.receive()
        for number in (4, 5):
            assert (await esme.ask(submit(number))).command_status == Status.ESME_RTHROTTLED


async def test_a_message_that_makes_a_rule_fail_ends_no_bind(new_site):
    def fits(destination):
        raise KeyError(destination)

    async with new_site(network=NetworkSettings(rules=(Rule(fits=fits),))) as site:
        esme = await site.bound()
        for pdu in (submit(2), data(3)):
            assert (await esme.ask(pdu)).command_status == Status.ESME_RSYSERR
        assert (await esme.ask(EnquireLink(sequence_number=4))).sequence_number == 4
