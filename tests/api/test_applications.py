"""Who answers which code, over HTTP."""

import pytest


async def test_every_application_is_listed_with_its_codes_its_kind_and_its_open_sessions(operator_on_sockets, api):
    async def ask(ussd):
        return ussd.ask("?")

    operator_on_sockets.attach_function("*384*77#", ask)
    await api("POST", "/handsets/70001000001/ussd", {"dial": "*384*77#"})
    status, told = await api("GET", "/applications")
    assert status == 200
    rows = {code: row for row in told["applications"] for code in row["codes"]}
    nothing = {"dialect": None, "url": None, "last_error": None}
    assert rows["*384*77#"] == {"codes": ["*384*77#"], "kind": "function", "open_sessions": 1} | nothing
    assert (rows["*500#"]["kind"], rows["*111#"]["kind"], rows["*111#"]["open_sessions"]) == ("esme", "menu", 0)
    _, described = await api("GET", "/api/openapi.json")
    assert "get" in described["paths"]["/api/v1/applications"]


async def test_an_application_is_added_answers_its_code_and_is_removed(api):
    status, row = await api("POST", "/applications", {"code": "*384*77#", "url": "http://127.0.0.1:1/ussd"})
    assert (status, row["codes"], row["kind"], row["dialect"]) == (201, ["*384*77#"], "url", "africas_talking")
    _, screen = await api("POST", "/handsets/70001000001/ussd", {"dial": "*384*77#"})
    assert screen["outcome"] == "unreachable"
    assert (await api("DELETE", "/applications?code=*384*77%23"))[0] == 204
    _, screen = await api("POST", "/handsets/70001000001/ussd", {"dial": "*384*77#"})
    assert screen["outcome"] == "no_route"
    status, problem = await api("DELETE", "/applications?code=*384*77%23")
    assert (status, problem["title"]) == (400, "code=*384*77#: no application was added at this code")


async def test_a_reset_removes_what_was_added(api):
    await api("POST", "/applications", {"code": "*384*77#", "url": "http://127.0.0.1:1/ussd"})
    await api("POST", "/reset")
    _, told = await api("GET", "/applications")
    assert "*384*77#" not in [code for row in told["applications"] for code in row["codes"]]


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"code": "*111#"}, "*111# is answered by another application already"),
        ({"code": "111"}, "'111' is no service code; one looks like *111# or *111*25#"),
        ({"url": "shop"}, "url: String should match pattern '^https?://'"),
        ({"dialect": "hubtle"}, 'the dialect "hubtle" is unknown; did you mean "hubtel"?'),
        ({"dialect": "ideamart"}, "an application that speaks ideamart stands in the config"),
        ({"settings": {"colour": 1}}, None),
    ],
)
async def test_what_cannot_be_added_says_why(api, change, title):
    new = {"code": "*384*77#", "url": "http://127.0.0.1:1/ussd"} | change
    status, problem = await api("POST", "/applications", new)
    assert status == 400
    assert title in (None, problem["title"])
