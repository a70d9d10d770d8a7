"""The API described: every row of it, and the page for people names each."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text()


async def test_the_document_describes_every_route_that_is_served(api, operator_on_sockets):
    status, document = await api("GET", "/api/openapi.json")
    assert (status, document["openapi"]) == (200, "3.1.0")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    served = {
        (route.method, route.resource.canonical)
        for route in operator_on_sockets._runner.app.router.routes()
        if route.method != "HEAD"
        and not route.resource.canonical.startswith(("/cabinet", "/home", "/desk", "/idp", "/api/openapi"))
    }
    assert described == served


async def test_bodies_parameters_and_summaries_are_there(api):
    _, document = await api("GET", "/api/openapi.json")
    dial = document["paths"]["/api/v1/handsets/{msisdn}/ussd"]["post"]
    assert dial["summary"] == "Dial a code or answer what is asked; waits for the application."
    assert [parameter["name"] for parameter in dial["parameters"]] == ["msisdn"]
    reference = dial["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert set(document["components"]["schemas"][reference.rpartition("/")[2]]["properties"]) == {"dial", "answer"}
    push = document["components"]["schemas"]["Push"]["properties"]
    assert "from" in push
    inbox = document["paths"]["/api/v1/handsets/{msisdn}/sms"]["get"]
    assert {parameter["name"] for parameter in inbox["parameters"]} == {
        "msisdn",
        "after",
        "from",
        "match",
        "wait",
        "incomplete",
    }


async def test_every_reference_leads_somewhere(api):
    _, document = await api("GET", "/api/openapi.json")
    for reference in set(re.findall(r"#/components/schemas/(\w+)", str(document))):
        assert reference in document["components"]["schemas"]


async def test_the_page_for_people_names_every_path(api):
    _, document = await api("GET", "/api/openapi.json")
    for path, methods in document["paths"].items():
        shown = path.removeprefix("/api/v1")
        for method in methods:
            assert f"`{method.upper()} {shown}`" in PAGE, f"{method} {path} is not in docs/http.md"
