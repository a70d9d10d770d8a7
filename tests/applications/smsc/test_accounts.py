"""Accounts: who may bind."""

from ussd_gateway.smpp.status import Status


def test_an_account_is_known_by_its_system_id_and_password(site):
    accounts = site.accounts
    assert accounts.authenticate("test", "test").settings.system_id == "test"
    assert accounts.authenticate("test", "pw") is Status.ESME_RINVPASWD
    assert accounts.authenticate("", "") is Status.ESME_RINVSYSID


async def test_forgetting_drops_what_is_queued(new_site):
    async with new_site(window=1) as site:
        anna = site.handset()
        esme = await site.bound()
        for text in ("one", "two"):
            anna.send("5001", text)
        assert (await esme.receive()).short_message == b"one"
        site.accounts.forget()
        esme.reset()
        again = await site.bound()
        assert (await again.receive()).short_message == b"one"  # was sent, but never answered
