"""Second numbers, from the request to the end of the link. It is Friday, 27.04.2018, 17:50 in Moscow."""

import random
from datetime import datetime, timedelta, timezone

import pytest

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS, SECOND, START, STRANGER
from ussd_gateway.selfcare.numbers import Asked
from ussd_gateway.subscribers.desk import Person

DUE = datetime(2018, 5, 4, tzinfo=timezone(timedelta(hours=3))).timestamp()  # Thursday, 03.05.2018, 24:00
OLEG = Person("oleg", "reviewer")


# Asking -----------------------------------------------------------------------------------------------------------------


async def test_r156_r159_a_request_waits_for_the_desk_until_the_end_of_the_second_working_day(office):
    office.dial_828()

    assert office.ask() == Asked("requested", 1)

    (request,) = office.numbers.requests(ANNA)
    assert (request.number, request.state, request.created, request.due) == (SECOND, "pending", START, DUE)
    assert office.audit("who, channel, what")[-1] == (ANNA, "web", "link.requested")


async def test_r105_the_number_is_typed_in_any_format(office):
    office.dial_828()

    assert office.ask("8 (000) 100-00-02").result == "requested"
    assert office.ask("0001000002").result == "already_requested"


@pytest.mark.parametrize("typed", ["", "12", "Вера", "70001000002 70001000003"])
async def test_r106_what_is_no_number_is_told(office, typed):
    office.dial_828()

    assert office.ask(typed) == Asked("wrong_number")


async def test_r164_the_owner_of_the_number_gets_an_sms_with_a_way_out(office):
    office.dial_828()

    office.ask()

    (text,) = office.sms(SECOND)
    assert f"+{ANNA}" in text
    assert "*111*828*2#" in text
    assert office.sms(ANNA) == []


async def test_r160_until_approval_the_number_is_neither_visible_nor_managed(office):
    office.dial_828()
    office.ask()

    assert office.numbers.linked(ANNA) == []
    assert not office.numbers.may_manage(ANNA, SECOND)
    assert office.numbers.may_manage(ANNA, ANNA)

    office.numbers.approve(1, OLEG)

    assert office.numbers.linked(ANNA) == [SECOND]
    assert office.numbers.may_manage(ANNA, SECOND)
    assert office.numbers.linked(SECOND) == []
    assert not office.numbers.may_manage(SECOND, ANNA)


async def test_r152_r161_without_the_service_on_both_it_never_reaches_the_desk(office):
    assert office.ask() == Asked("here_no_service")
    office.dial_828(ANNA)
    assert office.ask() == Asked("refused")

    assert office.records.links.pending() == []
    assert office.sms(SECOND) == []


async def test_r151_blocked_and_closed_sims_are_refused(office):
    office.dial_828()
    office.store.write("INSERT INTO services VALUES (?, '828', 0)", (BLOCKED,))

    assert office.ask(BLOCKED) == Asked("refused")
    assert office.ask(ANNA, main=BLOCKED) == Asked("here_not_active")

    office.sims.change(SECOND, "close", who="oleg", channel="shop")

    assert office.ask() == Asked("refused")


async def test_the_answer_does_not_tell_who_is_a_subscriber(office):
    """3.4, enumeration: a stranger's, another's and a blocked number are refused in one way, and leave the same trace."""
    office.dial_828(ANNA)

    assert {office.ask(number) for number in (STRANGER, BORIS, BLOCKED, SECOND)} == {Asked("refused")}
    assert office.sent == []


async def test_r166_own_number_a_linked_one_and_a_second_request_are_refused(office):
    office.dial_828()
    assert office.ask(ANNA) == Asked("own")

    office.ask()
    assert office.ask() == Asked("already_requested")

    office.numbers.approve(1, OLEG)
    assert office.ask() == Asked("already_linked")
    assert len(office.numbers.requests(ANNA)) == 1


async def test_r166_who_was_rejected_may_ask_again(office):
    office.dial_828()
    office.ask()
    office.numbers.reject(1, OLEG, "Нет договора")

    assert office.ask() == Asked("requested", 2)


async def test_a_cabinet_asks_so_often_a_day_and_no_more(offices):
    office = offices(link_requests_per_day=2)
    office.dial_828()
    office.ask(STRANGER)
    office.ask(STRANGER)

    assert office.ask() == Asked("too_often")

    await office.gateway.advance(86400)

    assert office.ask().result == "requested"


@pytest.mark.parametrize("number", [SECOND, STRANGER])
async def test_invariant_14_the_same_key_has_the_same_answer_and_one_effect(office, number):
    office.dial_828()
    first = office.ask(number, key="a")
    audit, sent = office.audit(), list(office.sent)

    assert office.ask(number, key="a") == first
    assert (office.audit(), office.sent) == (audit, sent)
    assert office.ask(number, key="b") != first or first.result == "refused"


async def test_r153_all_of_it_is_free(office):
    id = office.link()
    office.numbers.cancel(ANNA, id)

    assert office.kopecks() == 0


async def test_invariant_10_in_a_year_without_a_calendar_nothing_is_asked_for(offices):
    office = offices(calendar={})
    office.dial_828()

    assert office.ask() == office.ask(STRANGER) == Asked("no_calendar")
    assert office.numbers.requests(ANNA) == []


# Deciding ---------------------------------------------------------------------------------------------------------------


async def test_r158_r162_a_person_approves_and_the_subscriber_is_told(office):
    office.dial_828()
    office.ask()
    office.sent.clear()

    assert office.numbers.approve(1, OLEG) == "approved"

    assert office.state(1) == "approved"
    assert office.records.links.request(1).reviewer == "oleg"
    assert office.sms(ANNA) == [f"Заявка 1: номер +{SECOND} добавлен в ваш личный кабинет."]
    assert office.audit("who, channel, what")[-1] == ("oleg", "desk", "link.approved")


async def test_r162_a_rejection_has_a_reason_and_the_subscriber_is_told(office):
    office.dial_828()
    office.ask()

    assert office.numbers.reject(1, OLEG, " \n\t") == "no_reason"
    assert office.numbers.reject(1, OLEG, "Другой\x07\nвладелец") == "rejected"

    assert office.records.links.request(1).reason == "Другой владелец"
    assert office.sms(ANNA) == [f"Заявка 1 на номер +{SECOND} отклонена. Причина: Другой владелец"]


async def test_r162_the_subscriber_cancels_and_is_told(office):
    office.dial_828()
    office.ask()

    assert office.numbers.cancel(SECOND, 1) == "unknown", "it is another's"
    assert office.numbers.cancel(ANNA, 1) == "cancelled"
    assert office.numbers.cancel(ANNA, 1) == "unknown"
    assert office.numbers.cancel(ANNA, 7) == "unknown"

    assert office.sms(ANNA) == [f"Заявка 1 на номер +{SECOND} отменена."]
    assert office.numbers.approve(1, OLEG) == "not_pending"


@pytest.mark.parametrize(
    "decide", [lambda office: office.numbers.approve(1, OLEG), lambda office: office.numbers.reject(1, OLEG, "x")]
)
async def test_what_is_decided_is_decided_once(office, decide):
    office.link()

    assert decide(office) == "not_pending"
    assert office.sent == []


async def test_r157_numbers_of_two_owners_are_not_united(office):
    office.dial_828(ANNA, BORIS)
    office.ask(BORIS)

    assert office.numbers.approve(1, OLEG) == "other_owner"
    assert office.state(1) == "pending"


@pytest.mark.parametrize(
    "person",
    [Person("oleg", "reviewer", SECOND, "anna"), Person("oleg", "reviewer", "70008000001", "anna")],
)
async def test_a_reviewer_decides_nothing_about_himself(office, person):
    office.dial_828()
    office.ask()

    assert office.numbers.approve(1, person) == "own"
    assert office.numbers.reject(1, person, "Нет") == "own"
    assert office.state(1) == "pending"


async def test_under_four_eyes_two_people_approve(offices):
    office = offices(desk_four_eyes=True)
    office.dial_828()
    office.ask()

    assert office.numbers.approve(1, OLEG) == "first"
    assert office.numbers.linked(ANNA) == []
    assert office.numbers.approve(1, OLEG) == "same_person"
    assert office.numbers.approve(1, Person("nina", "supervisor")) == "approved"

    request = office.records.links.request(1)
    assert (request.first_reviewer, request.reviewer) == ("oleg", "nina")


async def test_a_card_replaced_yesterday_is_held_back(office):
    """3.4: whoever had the SIM swapped gets no link with it for 24 hours, and one that is there shows nothing meanwhile."""
    office.link()
    office.sims.replace(SECOND, "8970100000000000002", who="irina", channel="shop")

    assert office.numbers.linked(ANNA) == [SECOND]
    assert not office.numbers.may_manage(ANNA, SECOND)

    await office.gateway.advance(86400)

    assert office.numbers.may_manage(ANNA, SECOND)


async def test_a_request_cannot_be_approved_while_a_card_is_held_back(office):
    office.dial_828()
    office.ask()
    office.sims.replace(SECOND, "8970100000000000002", who="irina", channel="shop")

    assert office.numbers.approve(1, OLEG) == "there_held"
    assert office.state(1) == "pending"


# Deadlines --------------------------------------------------------------------------------------------------------------


async def test_r163_past_the_deadline_it_is_marked_and_escalated_and_waits_on(office):
    office.dial_828()
    office.ask()

    await office.gateway.advance(DUE - START - 1)
    assert office.records.links.request(1).overdue_at is None

    await office.gateway.advance(1)
    request = office.records.links.request(1)
    assert (request.state, request.overdue_at) == ("pending", DUE)
    assert office.sms("70003000001") == [f"Заявка 1 на номер +{SECOND} просрочена и ждёт решения."]
    assert office.audit("channel, what")[-1] == ("core", "link.overdue")

    await office.gateway.advance(400 * 86400)
    assert office.state(1) == "pending"
    assert office.numbers.linked(ANNA) == []
    assert office.numbers.approve(1, OLEG) == "approved"


async def test_r163_what_is_decided_in_time_is_never_overdue(office):
    office.link()

    await office.gateway.advance(DUE - START + 1)

    assert office.records.links.request(1).overdue_at is None


@pytest.mark.parametrize("away", [0, 30 * 86400])
async def test_r163_a_restart_forgets_no_deadline(office, away):
    office.dial_828()
    office.ask()
    office.stop()
    await office.gateway.advance(away)
    office.start()

    await office.gateway.advance(DUE - START)
    office.stop()
    office.start()
    await office.gateway.advance(1)

    assert office.records.links.request(1).overdue_at == max(DUE, START + away)
    assert office.audit().count("link.overdue") == 1


# The end of a link ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("msisdn", [ANNA, SECOND])
async def test_r165_switching_the_service_off_on_either_sim_ends_the_link(office, msisdn):
    id = office.link()

    office.service.disconnect(msisdn, "828", "ussd")

    assert office.state(id) == "ended"
    assert office.numbers.linked(ANNA) == []
    assert office.sms(ANNA) == [
        f"Номер +{SECOND} больше не связан с вашим личным кабинетом: услуга «Управление номерами» отключена."
    ]
    assert office.records.links.request(id).reviewer == "oleg"


async def test_r165_another_service_ends_nothing(office):
    id = office.link()
    office.service.connect(SECOND, "59", "ussd")
    office.service.disconnect(SECOND, "59", "ussd")

    assert office.state(id) == "approved"


@pytest.mark.parametrize("event", ["close", "block", "block_for_debt"])
@pytest.mark.parametrize("msisdn", [ANNA, SECOND])
async def test_r165_invariant_8_a_sim_that_is_not_active_ends_the_link(office, msisdn, event):
    id = office.link()

    assert office.sims.change(msisdn, event, who="irina", channel="shop") == "done"

    assert office.state(id) == "ended"
    assert len(office.sms(ANNA)) == (0 if (msisdn, event) == (ANNA, "close") else 1)


async def test_r165_a_link_does_not_come_back_by_itself(office):
    id = office.link()
    office.service.disconnect(SECOND, "828", "ussd")
    office.dial_828(SECOND)

    assert office.state(id) == "ended"
    assert office.ask().result == "requested"


async def test_what_a_pending_request_needs_is_switched_off(office):
    office.dial_828()
    office.ask()
    office.service.disconnect(SECOND, "828", "sms")

    assert office.state(1) == "cancelled"
    assert office.records.links.pending() == []
    assert "отменена: услуга «Управление номерами» отключена" in office.sms(ANNA)[0]


async def test_the_subscriber_ends_a_link(office):
    id = office.link()

    assert office.numbers.cancel(ANNA, id) == "ended"

    assert office.numbers.linked(ANNA) == []
    assert office.sms(ANNA) == [f"Номер +{SECOND} больше не связан с вашим личным кабинетом: по вашему желанию."]


async def test_a_switch_off_and_the_end_of_the_link_are_kept_together(office):
    office.link()
    office.numbers._send = None  # telling of it goes wrong

    with pytest.raises(TypeError):
        office.service.disconnect(SECOND, "828", "ussd")

    assert office.service.services(SECOND) == ("828",)
    assert office.state(1) == "approved"


async def test_a_reset_forgets_requests_and_their_deadlines(office):
    office.dial_828()
    office.ask()
    office.numbers.stop()
    office.service.reset()
    office.sent.clear()

    await office.gateway.advance(DUE - START)

    assert office.numbers.requests(ANNA) == []
    assert office.sent == []


async def test_invariant_8_a_link_of_any_history_has_what_a_link_needs(office):
    """Whatever is done in whatever order: what is linked is active, has the service, and was approved by somebody."""
    chance = random.Random(828)
    msisdns = [ANNA, SECOND, BLOCKED, BORIS]

    def anybody():
        return chance.choice(msisdns)

    deeds = [
        lambda: office.dial_828(*msisdns),
        lambda: office.service.disconnect(anybody(), "828", "ussd"),
        lambda: office.ask(anybody(), main=anybody()),
        lambda: office.ask(anybody(), main=anybody()),
        lambda: [office.numbers.approve(request.id, OLEG) for request in office.records.links.pending()],
        lambda: [office.numbers.reject(request.id, OLEG, "Нет") for request in office.records.links.pending()[:1]],
        lambda: [office.numbers.cancel(main, id) for main in msisdns for id in range(chance.randrange(20))],
        lambda: office.sims.change(anybody(), "block", who="irina", channel="shop"),
        lambda: office.sims.change(anybody(), "unblock", who="irina", channel="shop"),
        lambda: office.sims.change(anybody(), "unblock", who="irina", channel="shop"),
    ]
    seen = 0
    for _ in range(600):
        chance.choice(deeds)()
        for main in msisdns:
            for link in office.records.links.linked(main):
                seen += 1
                lines = office.numbers.line(link.main), office.numbers.line(link.number)
                assert all(line.status == "active" and line.service for line in lines)
                assert lines[0].owner == lines[1].owner
                assert link.reviewer == "oleg"
        await office.gateway.advance(3600)
    assert seen > 20
