"""Accounts: who may bind."""

from ussd_gateway.smpp.status import Status


def test_an_account_is_known_by_its_system_id_and_password(site):
    accounts = site.accounts
    assert accounts.authenticate("test", "test").settings.system_id == "test"
    assert accounts.authenticate("test", "pw") is Status.ESME_RINVPASWD
    assert accounts.authenticate("", "") is Status.ESME_RINVSYSID


async def test_what_was_sent_before_a_reset_is_not_sent_again_after_it(site):
    anna = site.handset()
    esme = await site.bound()
    anna.send("5001", "before")
    assert (await esme.receive()).short_message == b"before"
    site.accounts.forget()
    esme.reset()
    again = await site.bound()
    anna.send("5001", "after")
    assert (await again.receive()).short_message == b"after"
