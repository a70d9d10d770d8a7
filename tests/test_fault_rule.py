"""Rules of faults as people write them: what each means, and mistakes that say what would be right."""

import json
import random
import re
import typing
from pathlib import Path

import pytest
from pydantic import ValidationError

from ussd_gateway.fault_rule import SENDS, WORDS, FaultRule
from ussd_gateway.network.faults import Effect, Fault, Faults, Side
from ussd_gateway.smpp.malformed import KINDS
from ussd_gateway.smpp.pdu import PDUS

PAGE = (Path(__file__).parents[1] / "docs" / "faults.md").read_text()

BINDS = {"bind_transmitter", "bind_receiver", "bind_transceiver"}

MEANT = {
    # what is written: fault, commands, whose
    "status": (
        {"effect": "status", "status": "ESME_RINVDSTADR"},
        (Fault("status", Effect.STATUS, status=0x0B), {"submit_sm"}, "esme"),
    ),
    "throttle": (
        {"effect": "throttle", "rate": 10},
        (Fault("throttle", Effect.STATUS, status=0x58), {"submit_sm"}, "esme"),
    ),
    "throttle by another name": (
        {"effect": "throttle", "rate": 10, "status": 0x400},
        (Fault("throttle", Effect.STATUS, status=0x400), {"submit_sm"}, "esme"),
    ),
    "queue full": ({"effect": "queue_full"}, (Fault("queue_full", Effect.STATUS, status=0x14), {"submit_sm"}, "esme")),
    "bind refused": ({"effect": "bind_refused"}, (Fault("bind_refused", Effect.STATUS, status=0x0D), BINDS, "esme")),
    "slow": ({"effect": "slow", "seconds": 1.5}, (Fault("slow", Effect.SLOW, seconds=1.5), {"submit_sm"}, "esme")),
    "slow delivery": (
        {"effect": "slow", "seconds": 2, "command": "deliver_sm"},
        (Fault("slow", Effect.SLOW, seconds=2), {"deliver_sm"}, "smsc"),
    ),
    "no response": ({"effect": "no_response"}, (Fault("no_response", Effect.NO_RESPONSE), {"submit_sm"}, "esme")),
    "reorder": ({"effect": "reorder"}, (Fault("reorder", Effect.REORDER), {"submit_sm"}, "esme")),
    "duplicate": ({"effect": "duplicate"}, (Fault("duplicate", Effect.DUPLICATE), {"deliver_sm"}, "smsc")),
    "drop": (
        {"effect": "drop", "command": ["enquire_link", "unbind"]},
        (Fault("drop", Effect.DROP, kind="close"), {"enquire_link", "unbind"}, "esme"),
    ),
    "reset": (
        {"effect": "drop", "kind": "reset", "sent_by": "smsc"},
        (Fault("drop", Effect.DROP, kind="reset"), {"deliver_sm"}, "smsc"),
    ),
    "half open": ({"effect": "half_open"}, (Fault("half_open", Effect.HALF_OPEN), {"submit_sm"}, "esme")),
    "malformed": (
        {"effect": "malformed", "kind": "missing_nul"},
        (Fault("malformed", Effect.MALFORMED, kind="missing_nul"), {"submit_sm"}, "esme"),
    ),
    "our enquire_link": (
        {"effect": "malformed", "kind": "garbage", "command": "enquire_link", "sent_by": "smsc"},
        (Fault("malformed", Effect.MALFORMED, kind="garbage"), {"enquire_link"}, "smsc"),
    ),
    "all that an ESME sends": (
        {"effect": "no_response", "command": "*"},
        (Fault("no_response", Effect.NO_RESPONSE), SENDS[Side.ESME], "esme"),
    ),
    "all that has an sm_length": (
        {"effect": "malformed", "kind": "sm_length_too_long", "command": "*", "sent_by": "smsc"},
        (Fault("malformed", Effect.MALFORMED, kind="sm_length_too_long"), {"deliver_sm"}, "smsc"),
    ),
}


@pytest.mark.parametrize(("written", "meant"), MEANT.values(), ids=MEANT)
def test_what_a_rule_means(written, meant):
    rule = FaultRule.model_validate(written).rule()
    assert (rule.fault, rule.commands, rule.sent_by) == meant


@pytest.mark.parametrize("written", [written for written, _ in MEANT.values()], ids=MEANT)
def test_what_is_shown_can_be_written_again(written):
    rule = FaultRule.model_validate(written).rule()
    assert FaultRule.model_validate(rule.written).rule() == rule


def test_what_is_shown_is_what_was_written_with_the_defaults_that_matter():
    rule = FaultRule(effect="throttle", rate=10, account="test", every=2, destination="^5").rule()
    assert rule.written == {
        "effect": "throttle",
        "account": "test",
        "command": ["submit_sm"],
        "sent_by": "esme",
        "destination": "^5",
        "every": 2,
        "rate": 10.0,
        "status": "ESME_RTHROTTLED",
    }


@pytest.mark.parametrize("status", ["ESME_RTHROTTLED", "rthrottled", "RTHROTTLED", 88, "88", "0x58"])
def test_a_status_by_name_and_number(status):
    assert FaultRule(effect="status", status=status).rule().fault.status == 0x58


def test_every_effect_has_its_word():
    assert set(typing.get_args(FaultRule.model_fields["effect"].annotation)) == set(WORDS)
    assert {word.effect for word in WORDS.values()} == set(Effect)


def test_the_page_for_people_names_every_effect_kind_and_key():
    assert {*WORDS, *KINDS, *FaultRule.model_fields} <= set(re.findall(r"`(\w+)`", PAGE))


@pytest.mark.parametrize("rules", re.findall(r"faults -d '(\[.+\])' +#", PAGE))
def test_what_the_page_shows_can_be_put(rules):
    for rule in json.loads(rules):
        FaultRule.model_validate(rule).rule()


def test_every_request_is_sent_by_somebody():
    requests = {pdu.command for command_id, pdu in PDUS.items() if not command_id & 0x80000000}
    assert SENDS[Side.ESME] | SENDS[Side.SMSC] | {"outbind"} >= requests
    assert SENDS[Side.SMSC] >= {"deliver_sm", "enquire_link"}
    assert "deliver_sm" not in SENDS[Side.ESME]


MISTAKES = {
    "no effect": ({}, "Field required"),
    "an unknown effect": ({"effect": "explode"}, "Input should be 'status', 'throttle'"),
    "an unknown key": ({"effect": "drop", "chance": 1}, "Extra inputs"),
    "slow without seconds": ({"effect": "slow"}, "seconds is missing; slow needs it"),
    "status without status": ({"effect": "status"}, "status is missing; status needs it"),
    "throttle without rate": ({"effect": "throttle"}, "rate is missing; throttle needs it"),
    "malformed without kind": ({"effect": "malformed"}, "kind is missing; malformed needs it"),
    "a key of another effect": ({"effect": "drop", "seconds": 1}, "seconds means nothing to drop"),
    "a status that is none": ({"effect": "status", "status": "ESME_RFOO"}, "'ESME_RFOO' is no command_status; near: "),
    "a status that is fine": ({"effect": "status", "status": "ESME_ROK"}, "greater than or equal to 1"),
    "nth and every": ({"effect": "drop", "nth": 1, "every": 1}, "nth and every are there both; keep one"),
    "seed alone": ({"effect": "drop", "seed": 1}, "seed means nothing without probability"),
    "too probable": ({"effect": "drop", "probability": 1.5}, "less than or equal to 1"),
    "nth counted from 0": ({"effect": "drop", "nth": 0}, "greater than 0"),
    "no rate": ({"effect": "throttle", "rate": float("nan")}, "rate\n  Input should be"),
    "no pattern": ({"effect": "drop", "destination": "("}, "missing )"),
    "an unknown kind": ({"effect": "drop", "kind": "slam"}, "kind: 'slam' is unknown; known: close, reset"),
    "an unknown malformation": (
        {"effect": "malformed", "kind": "odd"},
        "kind: 'odd' is unknown; known: truncated_body",
    ),
    "a kind that does not fit": (
        {"effect": "malformed", "kind": "missing_nul", "command": "enquire_link"},
        "command: missing_nul does not fit enquire_link",
    ),
    "an unknown command": ({"effect": "drop", "command": "submit"}, "command: the esme sends no 'submit'; known: "),
    "a bind refused that is none": (
        {"effect": "bind_refused", "command": "submit_sm"},
        "command: bind_refused does not fit submit_sm",
    ),
    "a duplicate response": (
        {"effect": "duplicate", "sent_by": "esme"},
        "sent_by: duplicate is for what the smsc sends",
    ),
    "a delivery that is refused by us": (
        {"effect": "queue_full", "command": "deliver_sm"},
        "command: the esme sends no 'deliver_sm'",
    ),
    "no commands": ({"effect": "drop", "command": []}, "at least 1 item"),
}


@pytest.mark.parametrize(("written", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_says_what_would_be_right(written, said):
    with pytest.raises(ValidationError) as mistake:
        FaultRule.model_validate(written)
    assert said in str(mistake.value)


def test_a_destination_is_a_regular_expression():
    faults = Faults(lambda seed: random.Random(seed).random, [FaultRule(effect="drop", destination="^7000.*1$").rule()])
    hits = [
        bool(faults.find("submit_sm", account="a", now=0, destination=number))
        for number in ("70001000001", "70001000002", "+70001000001", "")
    ]
    assert hits == [True, False, False, False]


def test_a_pattern_that_takes_too_long_is_given_up_and_matches_nothing():
    rule = FaultRule(effect="drop", destination="(a|aa)+$").rule()
    assert rule.destination("a")
    assert not rule.destination("a" * 60 + "!")
    assert not rule.destination("a")
