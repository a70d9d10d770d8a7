"""Faults set and seen over HTTP; what each does to an ESME is tested with the SMSC."""

import asyncio

import pytest

from tests.applications.smsc.conftest import Esme
from ussd_gateway.network.faults import Effect
from ussd_gateway.smpp.commands import SubmitSm
from ussd_gateway.smpp.status import Status

THROTTLE = {"effect": "throttle", "account": "test", "rate": 2}
SHOWN = {
    "effect": "throttle",
    "account": "test",
    "command": ["submit_sm"],
    "sent_by": "esme",
    "rate": 2.0,
    "status": "ESME_RTHROTTLED",
}
PATH = "/faults"


def submit(operator, times=1):
    """What befalls so many submit_sm of the account test."""
    faults = operator.faults
    return [faults.find("submit_sm", account="test", now=operator.now(), destination="5000") for _ in range(times)]


async def test_faults_are_off_until_somebody_puts_them_on(api, operator_on_sockets):
    assert await api("GET", PATH) == (200, [])
    assert not operator_on_sockets.faults
    assert submit(operator_on_sockets) == [None]


async def test_rules_are_put_and_seen_with_what_they_hit(api, operator_on_sockets):
    drop = {"effect": "drop", "kind": "reset", "command": ["submit_sm"], "destination": "^7000", "nth": 2}
    status, shown = await api("PUT", PATH, [THROTTLE, drop])
    assert status == 200
    assert shown[0] == SHOWN | {"seen": 0, "hits": 0}
    assert shown[1] == drop | {"account": "*", "sent_by": "esme", "seen": 0, "hits": 0}
    none, also_none, throttled = submit(operator_on_sockets, 3)
    assert (none, also_none, throttled.effect, throttled.status) == (None, None, Effect.STATUS, 0x58)
    assert (await api("GET", PATH))[1][0] == SHOWN | {"seen": 3, "hits": 1}


async def test_what_was_got_can_be_put_back_and_counts_anew(api, operator_on_sockets):
    await api("PUT", PATH, [THROTTLE])
    submit(operator_on_sockets, 3)
    _, saved = await api("GET", PATH)
    assert await api("PUT", PATH, []) == (200, [])
    assert submit(operator_on_sockets, 3) == [None] * 3
    assert await api("PUT", PATH, saved) == (200, [SHOWN | {"seen": 0, "hits": 0}])


async def test_what_was_put_befalls_an_esme_until_it_is_taken_off(api, operator_on_sockets):
    esme = Esme(*await asyncio.open_connection(*operator_on_sockets.smpp_address))
    await esme.bind()
    message = SubmitSm(sequence_number=2, destination_addr="70001000001", short_message=b"Hi")
    statuses = []
    for rules in ([], [{"effect": "queue_full", "account": "test"}], []):
        await api("PUT", PATH, rules)
        statuses.append((await esme.ask(message)).command_status)
    assert statuses == [Status.ESME_ROK, Status.ESME_RMSGQFUL, Status.ESME_ROK]
    esme.close()


MISTAKES = [
    (THROTTLE, "the body has to be a JSON list; [] is an empty one"),
    (None, "the body has to be a JSON list; [] is an empty one"),
    ([1], "[0]: Input should be a valid dictionary or instance of ShownRule"),
    ([THROTTLE, {"effect": "slow"}], "[1]: seconds is missing; slow needs it"),
    ([THROTTLE, {}], "[1].effect is missing"),
    (
        [{"effect": "drop", "nth": 0}, {"effect": "status", "status": "FOO"}],
        "[0].nth: Input should be greater than 0;"
        " [1].status: 'FOO' is no command_status; it takes a name like ESME_RTHROTTLED or a number",
    ),
    ([{"effect": "drop", "chance": 1}], "[0].chance: there is no such key; known: effect, account, command, "),
]


@pytest.mark.parametrize(("rules", "title"), MISTAKES)
async def test_a_mistake_names_its_index_and_key_and_nothing_changes(api, rules, title):
    await api("PUT", PATH, [THROTTLE])
    status, problem = await api("PUT", PATH, rules)
    assert (status, problem["title"][: len(title)]) == (400, title)
    assert await api("GET", PATH) == (200, [SHOWN | {"seen": 0, "hits": 0}])


async def test_reset_puts_faults_back_to_what_the_config_says(api, operator_on_sockets):
    await api("PUT", PATH, [THROTTLE])
    await api("POST", "/reset")
    assert await api("GET", PATH) == (200, [])


async def test_a_change_is_written_down(api, operator_on_sockets):
    await api("PUT", PATH, [THROTTLE])
    await operator_on_sockets.committed()
    entries = [entry for _, entry in operator_on_sockets.journal.after(0) if entry.kind == "faults.replaced"]
    assert [entry.facts for entry in entries] == [{"rules": [SHOWN], "banner": "throttle on submit_sm of test"}]


async def test_the_body_is_described_as_a_list(api):
    _, document = await api("GET", "/api/openapi.json")
    put = document["paths"]["/api/v1/faults"]["put"]
    assert put["requestBody"]["content"]["application/json"]["schema"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/ShownRule"},
    }
    assert {"effect", "account", "kind", "seen", "hits"} <= set(
        document["components"]["schemas"]["ShownRule"]["properties"]
    )
