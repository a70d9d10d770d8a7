"""[[outcome]] of config.toml: what people write, and what the network asks."""

import tomllib

import pytest
from pydantic import ValidationError

from ussd_gateway.network.message import MessageState, Sms
from ussd_gateway.network.outcomes import rule_for
from ussd_gateway.outcome_rule import OutcomeRule


def written(text):
    return OutcomeRule.model_validate(tomllib.loads(text)).rule()


def test_an_empty_rule_delivers_everything_at_once():
    rule = written("")
    assert rule.draw(lambda: 0.5) == (MessageState.DELIVERED, 0)
    assert (rule.delay(lambda: 0.5), rule.receipt_delay(lambda: 0.5)) == (0, 0)
    assert rule_for([rule], Sms("1", "2", b"")) is rule


DELAYS = {
    "5": 5.0,
    "0.25": 0.25,
    "{uniform = [1, 3]}": 2.0,
    "{normal = [2.0, 0.5]}": pytest.approx(2.0 - 0.5 * 1.1774, abs=1e-3),
}


@pytest.mark.parametrize("key", ["delay", "receipt_delay"])
@pytest.mark.parametrize(("text", "seconds"), DELAYS.items())
def test_delays_are_fixed_uniform_or_normal(key, text, seconds):
    assert getattr(written(f"{key} = {text}"), key)(lambda: 0.5) == seconds


FITS = [
    # the rule, the account that submits, the destination, whether the rule is meant
    ("account = 'shop'", "shop", "7000", True),
    ("account = 'shop'", "bank", "7000", False),
    ("account = 'shop'", "", "7000", False),
    ("destination = '^7000'", "bank", "70001000001", True),
    ("destination = '^7000'", "bank", "447000", False),
    ("account = 'shop'\ndestination = '1$'", "shop", "70001000001", True),
    ("account = 'shop'\ndestination = '1$'", "shop", "70001000002", False),
]


@pytest.mark.parametrize(("text", "account", "destination", "meant"), FITS)
def test_a_rule_is_for_an_account_and_for_destinations(text, account, destination, meant):
    rule = written(text)
    assert (rule_for([rule], Sms("1", destination, b"", account=account)) is rule) is meant


def test_a_pattern_without_end_finds_nothing_instead_of_stopping_the_gateway():
    rule = written("destination = '(0|0)*1'")
    assert rule_for([rule], Sms("1", "0" * 5000, b"")) is None


def test_states_have_weights_and_errors():
    rule = written("states = {delivered = 3, undeliverable = 1}\nerror = {undeliverable = 27}")
    assert rule.draw(lambda: 0.74) == (MessageState.DELIVERED, 0)
    assert rule.draw(lambda: 0.76) == (MessageState.UNDELIVERABLE, 27)


WRONG = {
    "delay = -1": "write seconds such as 5",
    "delay = true": "write seconds such as 5",
    "delay = inf": "write seconds such as 5",
    "delay = {uniform = [3, 1]}": "from least to most",
    "delay = {uniform = [1, 2, 3]}": "write seconds such as 5",
    "delay = {uniform = [1, 2], normal = [1, 2]}": "write seconds such as 5",
    "receipt_delay = {normal = ['a', 1]}": "write seconds such as 5",
    "states = {}": "at least 1 item",
    "states = {delivered = 0}": "the weights of states are all 0",
    "states = {enroute = 1}": "Input should be 'delivered'",
    "error = {expired = -1}": "greater than or equal to 0",
    "destination = '('": "missing",
    "acount = 'shop'": "Extra inputs",
}


@pytest.mark.parametrize(("text", "said"), WRONG.items())
def test_what_makes_no_sense_is_said(text, said):
    with pytest.raises(ValidationError, match=said) as caught:
        written(text)
    assert caught.value.error_count() == 1
