"""The tokens in the store."""

from tests.selfcare.conftest import ANNA, BORIS, START


def add(records, key, msisdn=ANNA, device="Nexus 5X", at=START, most=20):
    with records.changes.change("token.remembered", at, who=msisdn, channel="app"):
        records.tokens.add(key, msisdn, "google_play", device, at, "127.0.0.1", most)


def test_a_token_is_found_by_its_key(records):
    add(records, "k1")

    token = records.tokens.token("k1")
    assert (token.msisdn, token.device, token.created, token.seen) == (ANNA, "Nexus 5X", START, START)
    assert records.tokens.token("k2") is None


def test_the_same_device_has_one(records):
    add(records, "k1")
    add(records, "k2")
    add(records, "k3", BORIS)

    assert records.tokens.token("k1") is None
    assert [len(records.tokens.of(msisdn)) for msisdn in (ANNA, BORIS)] == [1, 1]


def test_the_ones_that_were_idle_longest_go(records):
    for number in range(3):
        add(records, f"k{number}", device=f"{number}", at=START + number)
    records.tokens.seen(records.tokens.token("k0").id, START + 9)
    add(records, "k3", device="3", at=START + 10, most=2)

    assert [token.device for token in records.tokens.of(ANNA)] == ["3", "0"]


def test_they_are_removed_one_by_one_or_all(records):
    for number in range(3):
        add(records, f"k{number}", device=f"{number}")
    add(records, "other", BORIS)
    with records.changes.change("token.revoked", START, who=ANNA, channel="web"):
        records.tokens.remove(ANNA, records.tokens.token("k0").id)
    assert len(records.tokens.of(ANNA)) == 2

    with records.changes.change("token.all_revoked", START, who=ANNA, channel="app"):
        records.tokens.remove_all(ANNA)
    assert records.tokens.of(ANNA) == []
    assert records.tokens.token("other") is not None
