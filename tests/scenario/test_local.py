import pytest

from ussd_gateway.scenario.driver import PhoneError, Sms
from ussd_gateway.scenario.local import local_driver


async def test_a_driver_has_a_gateway_of_its_own():
    async with local_driver() as one, local_driver() as other:
        anna = await one.phone("70001000001")
        await anna.begin()
        boris = await other.phone("70002000001")
        await boris.send("70001000001", "hello")
        assert await anna.receive_none("", "", 1) is None


async def test_a_phone_dials_and_answers(local):
    anna = await local.phone("70001000001")
    screen = await anna.dial("*111#")
    assert screen.awaiting
    assert not screen.final
    assert await anna.screen() == screen
    screen = await anna.answer("1")
    assert (screen.final, screen.outcome, screen.text) == (True, "success", "Ваш баланс: 150.00 р.")
    await anna.begin()
    assert await anna.screen() is None


async def test_a_phone_receives_what_is_sent_to_it(local):
    anna, boris = await local.phone("70001000001"), await local.phone("70002000001")
    await boris.send(anna.msisdn, "before")
    await anna.begin()
    await boris.send(anna.msisdn, "one")
    await boris.send(anna.msisdn, "two")
    sms = await anna.receive("70002000001", "t.o", 1)
    assert sms == Sms(sms.id, "70002000001", "two", 1, "gsm7")
    assert [sms.text for sms in await anna.inbox()] == ["one", "two"]
    assert await anna.receive("", "one", 0) is None


async def test_a_wait_for_an_sms_moves_the_clock_to_where_it_comes(local, operator):
    anna = await local.phone("70001000001")
    await anna.begin()
    boris = operator.handset("70002000001")
    operator.call_later(90, lambda: operator.spawn(boris.send("70001000001", "late")))
    started = operator.now()
    assert (await anna.receive("", "late", 120)).text == "late"
    assert operator.now() - started == 90


async def test_what_a_phone_cannot_do_is_a_phone_error(local):
    anna = await local.phone("70001000001")
    with pytest.raises(PhoneError, match="is asked nothing"):
        await anna.answer("1")
    with pytest.raises(PhoneError, match="on no dial pad"):
        await anna.dial("*1!#")
    await anna.turn(False)
    with pytest.raises(PhoneError, match="is not attached"):
        await anna.send("111", "x")
    await anna.turn(True)
    await anna.send("111", "x")


async def test_the_number_of_an_esme_is_no_phone(local):
    with pytest.raises(PhoneError, match=r"^5000 belongs to an ESME, not to a handset$"):
        await local.phone("5000")


async def test_time_is_virtual(local, operator):
    before = operator.now()
    await local.wait(30 * 86400)
    assert operator.now() == before + 30 * 86400


async def test_what_a_script_does_is_in_the_journal_as_what_a_person_does_is(local, operator):
    anna = await local.phone("70001000001")
    await anna.turn(False)
    await anna.turn(True)
    await anna.fill_memory(True)
    await anna.speak("en")
    await local.set_faults([{"effect": "drop"}])
    await local.push("70001000001", "Hi", "*111#", asks=False)
    await local.wait(60)
    await operator.committed()
    told = [(entry.kind, entry.facts) for _, entry in operator.journal.after(0) if hasattr(entry, "facts")]
    kinds = [kind for kind, _ in told if not kind.startswith(("esme.", "gateway."))]
    assert kinds == [
        "handset.detached",
        "handset.attached",
        "handset.memory_full",
        "handset.language",
        "faults.replaced",
        "network.pushed",
        "clock.moved",
    ]
    assert dict(told)["faults.replaced"]["rules"][0]["effect"] == "drop"
    assert dict(told)["clock.moved"]["seconds"] == 60
