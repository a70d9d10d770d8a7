"""Tariffs come from a file."""

import pytest

from ussd_gateway.config import ConfigError, Subscriber
from ussd_gateway.selfcare.tariff_file import load_tariffs
from ussd_gateway.subscribers.money import PromiseRules, TransferRules


def test_the_one_that_comes_along_has_the_tariff_of_a_new_subscriber_and_the_facts_of_2_3():
    catalogue = load_tariffs("mts_like")

    assert catalogue.tariff_called(Subscriber(msisdn="70001000001").tariff) in catalogue.tariff
    assert catalogue.transfer == TransferRules()
    assert catalogue.promised_payment == PromiseRules()


def test_another_operators(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[[option]]\ncode = "a"\nname = { ru = "А", en = "A" }\nfee = 7\n[transfer]\nfee = 0\n', "utf-8")

    catalogue = load_tariffs(str(path))

    assert catalogue.option[0].price == 7
    assert (catalogue.transfer.fee, catalogue.transfer.most) == (0, 30000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[tariff]", "tariffs"),
        ('[[tariff]]\ncode = "a"\nname = { ru = "А" }', "tariff.0.name.en: field required"),
        ("[transfer]\nfree = 1", "transfer.free: unexpected keyword argument"),
        ('[[tariff]]\ncode = ""\nname = { ru = "А", en = "A" }', "needs a code"),
    ],
)
def test_a_mistake_names_its_place(tmp_path, text, said):
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(ConfigError, match=said):
        load_tariffs(str(path))


def test_a_file_that_is_not_there_names_those_that_are():
    with pytest.raises(ConfigError, match="known: mts_like"):
        load_tariffs("nobody")
