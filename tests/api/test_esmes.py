"""ESMEs seen and unbound over HTTP."""

import asyncio

import pytest

from tests.applications.smsc.conftest import Esme


@pytest.fixture
async def connect(operator_on_sockets):
    """Opens SMPP connections to the whole program."""
    esmes = []

    async def connect():
        host, port = operator_on_sockets.smpp.split(":")
        esmes.append(Esme(*await asyncio.open_connection(host, int(port))))
        return esmes[-1]

    yield connect
    for esme in esmes:
        esme.close()


PATH = "/esmes"


async def test_accounts_are_seen_with_their_limits_and_the_style_of_their_receipts(api):
    status, seen = await api("GET", PATH)
    assert (status, seen["faults"]) == (200, "")
    test, selfcare = seen["esmes"]
    assert selfcare["system_id"] == "selfcare"
    assert (test["system_id"], test["numbers"], test["waiting"], test["binds"]) == ("test", ["5000-5999"], 0, [])
    assert test["codes"] == ["*500#"]
    assert test["limits"] == {"max_binds": 0, "when_bound": "refuse", "window": 0, "rate": 0}
    assert (test["receipt"]["pdu"], test["receipt"]["id"], test["response_id"]) == ("deliver_sm", "%010d", "%010d")
    assert "password" not in str(seen)


async def test_binds_are_seen_with_what_they_did(api, connect):
    esme = await connect()
    _, seen = await api("GET", PATH)
    (unbound,) = [connection for connection in seen["unbound"] if connection["address"] == esme.address]
    assert set(unbound) == {"id", "address", "since", "tls", "counters"}
    await esme.bind()
    status, account = await api("GET", f"{PATH}/test")
    assert (status, account["system_id"], account["faults"]) == (200, "test", "")
    (bind,) = account["binds"]
    assert (bind["id"], bind["mode"], bind["since"]) == (unbound["id"], "transceiver", "2018-04-27T14:50:00.000Z")
    assert (bind["interface_version"], bind["address_range"], bind["tls"]) == ("3.4", "", False)
    assert bind["window"] == {"size": 500, "unanswered": 0}
    assert bind["counters"]["requests"] == {"bind_transceiver": 1}
    assert esme.address not in [connection["address"] for connection in (await api("GET", PATH))[1]["unbound"]]


async def test_faults_that_are_on_are_told(api):
    await api("PUT", "/faults", [{"effect": "throttle", "account": "test", "rate": 2}])
    assert (await api("GET", PATH))[1]["faults"] == "throttle on submit_sm of test"
    assert (await api("GET", f"{PATH}/test"))[1]["faults"] == "throttle on submit_sm of test"


async def test_all_binds_of_an_account_are_ended_or_one_of_them(api, connect):
    first, second, third = [await connect() for _ in range(3)]
    for esme in (first, second, third):
        await esme.bind()
    binds = [bind["id"] for bind in (await api("GET", f"{PATH}/test"))[1]["binds"]]
    assert await api("POST", f"{PATH}/test/unbind", {"bind": binds[1]}) == (200, {"unbound": [binds[1]]})
    assert (await second.receive()).command == "unbind"
    assert await api("POST", f"{PATH}/test/unbind") == (200, {"unbound": [binds[0], binds[2]]})
    assert [(await esme.receive()).command for esme in (first, third)] == ["unbind", "unbind"]


PROBLEMS = [
    ("GET", "/nobody", None, 404, "There is no account nobody; GET /api/v1/esmes lists them"),
    ("POST", "/nobody/unbind", None, 404, "There is no account nobody; GET /api/v1/esmes lists them"),
    ("POST", "/test/unbind", None, 409, "test is not bound; GET /api/v1/esmes/test lists its binds"),
    ("POST", "/test/unbind", {"bind": 7}, 409, "test has no bind 7; GET /api/v1/esmes/test lists its binds"),
    ("POST", "/test/unbind", {"bnd": 7}, 400, "bnd: there is no such key; known: bind"),
    ("POST", "/test/unbind", {"bind": "x"}, 400, "bind: Input should be a valid integer"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "title"), PROBLEMS)
async def test_what_cannot_be_done_is_told(api, method, path, body, status, title):
    answer, problem = await api(method, PATH + path, body)
    assert (answer, problem["title"][: len(title)]) == (status, title)
