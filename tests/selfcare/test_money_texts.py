"""SMS about money, in each language."""

import pytest

from ussd_gateway.selfcare.money_texts import money_sms


@pytest.mark.parametrize("language", ["ru", "en", "latin"])
def test_every_text_has_every_language(language):
    unpaid = money_sms("unpaid", language, name="Smart", fee=45000)

    assert "450.00" in unpaid
    assert unpaid.isascii() == (language != "ru")


def test_sums_are_written_as_in_the_menus():
    assert money_sms("repaid", "ru", sum=10000, fee=1000, balance=-500) == (
        "Обещанный платёж погашен: 100.00 р., плата 10.00 р. Баланс: -5.00 р."
    )
    assert (
        money_sms("received", "en", sum=10000, other="70001000001") == "You have received RUB 100.00 from +70001000001."
    )
