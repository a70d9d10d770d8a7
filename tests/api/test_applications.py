"""Who answers which code, over HTTP."""


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
