"""Which request goes wrong: conditions, their order, what is counted."""

import pytest

from ussd_gateway.network.faults import Effect, Fault, Faults, Rule, Side

THROTTLE = Fault("throttle", Effect.STATUS, status=0x58)
DROP = Fault("drop", Effect.DROP, kind="close")
SUBMIT = frozenset({"submit_sm"})


def chance(seed):
    """0.00, 0.25, 0.50, 0.75 and again, from where the seed says."""
    state = [seed]

    def draw():
        state[0] += 1
        return (state[0] - 1) % 4 / 4

    return draw


def rule(fault=THROTTLE, commands=SUBMIT, **conditions):
    return Rule(fault, commands, **conditions)


def in_force(*rules):
    return Faults(chance, rules)


def found(faults, times=1, **request):
    """For each of so many requests: D for drop, T for throttle, . for none."""
    request = {"command": "submit_sm", "account": "test", "now": 0.0} | request
    return "".join({None: ".", THROTTLE: "T", DROP: "D"}[faults.find(**request)] for _ in range(times))


def test_without_a_rule_faults_are_false_and_nothing_goes_wrong():
    faults = in_force()
    assert not faults
    assert faults.find("submit_sm", account="test", now=0) is None
    assert faults.banner() == ""


def test_a_rule_without_conditions_means_every_request_of_its_command():
    faults = in_force(rule())
    assert faults
    assert found(faults, 3) == "TTT"
    assert found(faults, command="enquire_link") == "."


REQUESTS = [
    # what the rule says, the request, whether it is meant
    ({"account": "test"}, {"account": "test"}, True),
    ({"account": "test"}, {"account": "test2"}, False),
    ({"account": "test*"}, {"account": "test2"}, True),
    ({"account": "*st"}, {"account": "test"}, True),
    ({"account": "t*t"}, {"account": "test2"}, False),
    ({"account": "t.st"}, {"account": "test"}, False),
    ({"account": "*"}, {"account": ""}, True),
    ({"destination": str.isdigit}, {"destination": "5000"}, True),
    ({"destination": str.isdigit}, {"destination": "bank"}, False),
    ({"destination": str.isdigit}, {"destination": None}, False),
    ({"commands": SUBMIT | {"data_sm"}}, {"command": "data_sm"}, True),
    ({"commands": frozenset({"data_sm"})}, {"command": "data_sm", "sent_by": Side.SMSC}, False),
    ({"commands": frozenset({"data_sm"}), "sent_by": Side.SMSC}, {"command": "data_sm", "sent_by": Side.SMSC}, True),
    ({"commands": frozenset({"data_sm"}), "sent_by": Side.SMSC}, {"command": "data_sm"}, False),
]


@pytest.mark.parametrize(("says", "request_", "meant"), REQUESTS)
def test_who_is_meant(says, request_, meant):
    assert found(in_force(rule(**says)), **request_) == ("T" if meant else ".")


COUNTS = [
    ({"nth": 3}, "..T...."),
    ({"every": 3}, "..T..T."),
    ({"times": 2}, "TT....."),
    ({"every": 2, "times": 2}, ".T.T..."),
    ({"probability": 0.5}, "TT..TT."),
    ({"probability": 0.5, "seed": 1}, "T..TT.."),
    ({"probability": 0.0}, "......."),
    ({"probability": 1.0}, "TTTTTTT"),
    ({"rate": 3}, "...TTTT"),
    ({"rate": 0.5}, ".TTTTTT"),
    ({"rate": 3, "times": 1}, "...T..."),
]


@pytest.mark.parametrize(("says", "fired"), COUNTS)
def test_which_of_seven_requests_at_once(says, fired):
    assert found(in_force(rule(**says)), 7) == fired


def test_only_what_is_matched_is_counted():
    faults = in_force(rule(nth=2, account="test"))
    assert [found(faults, account=account) for account in ("test", "other", "test")] == [".", ".", "T"]


def test_a_rate_lets_so_many_pass_in_each_second():
    faults = in_force(rule(rate=2))
    assert found(faults, 4, now=1000.0) == "..TT"
    assert found(faults, 3, now=1000.5) == ".TT"
    assert found(faults, 4, now=1010.0) == "..TT"


@pytest.mark.parametrize("rate", [1, 3, 7, 10, 1000, 30_000])
def test_a_rate_is_exact_at_moments_of_today(rate):
    assert found(in_force(rule(rate=rate)), rate + 2, now=1_790_000_000.123) == "." * rate + "TT"


def test_a_slow_rate_waits_for_its_turn():
    faults = in_force(rule(rate=0.5))
    assert [found(faults, now=now) for now in (0, 1, 1.9, 2, 3, 4)] == [".", "T", "T", ".", "T", "."]


def test_a_clock_that_is_put_back_does_not_throttle_for_ever():
    faults = in_force(rule(rate=2))
    assert found(faults, 3, now=5000.0) == "..T"
    assert found(faults, 2, now=100.0) == "TT"
    assert found(faults, 3, now=101.0) == "..T"


def test_the_first_rule_that_fires_wins_and_the_others_count_on():
    faults = in_force(rule(THROTTLE, nth=1), rule(DROP, every=2), rule(THROTTLE))
    assert found(faults, 4) == "TDTD"
    assert [(counted.seen, counted.hits) for counted in faults.counted] == [(4, 1), (4, 2), (4, 1)]


def test_replacing_the_rules_counts_anew():
    faults = in_force(rule(nth=2))
    assert found(faults, 2) == ".T"
    faults.replace(faults.rules)
    assert found(faults, 3) == ".T."
    faults.replace([])
    assert not faults
    assert found(faults) == "."


def test_the_same_seed_draws_the_same_numbers_again():
    faults = in_force(rule(probability=0.5, seed=3))
    first = found(faults, 10)
    faults.replace(faults.rules)
    assert found(faults, 10) == first
    assert set(first) == {"T", "."}


def test_the_banner_names_what_is_on():
    faults = in_force(rule(account="test"), rule(DROP, frozenset({"unbind", "enquire_link"})))
    assert faults.banner() == "throttle on submit_sm of test; drop on enquire_link, unbind"
