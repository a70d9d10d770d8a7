"""Problem details."""

from http import HTTPStatus

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ussd_gateway.http.problem import problem, problems


class Told(Exception):  # noqa: N818 - its name is not what is tested
    members = {"outcome": "timeout"}  # noqa: RUF012


@pytest.fixture
async def client():
    async def raises(request):
        raise {"told": Told("say it again"), "value": ValueError("no"), "fault": KeyError("secret")}[
            request.match_info["what"]
        ]

    async def given(request):
        return problem(503, "The gateway is starting; ask again", retry=1)

    app = web.Application(middlewares=[problems({Told: HTTPStatus.CONFLICT})])
    app.add_routes([web.get("/api/{what}", raises), web.get("/page/{what}", raises), web.get("/readyz", given)])
    async with TestClient(TestServer(app)) as client:
        yield client


ROWS = {
    "/api/told": (409, {"title": "say it again", "outcome": "timeout"}),
    "/api/value": (400, {"title": "no"}),
    "/api/fault": (500, {"title": "The gateway has a fault; its log tells more"}),
    "/api/no/thing": (404, {"title": "There is nothing at /api/no/thing; docs/http.md lists what there is"}),
    "/readyz": (503, {"title": "The gateway is starting; ask again", "retry": 1}),
}


@pytest.mark.parametrize(("path", "expected"), ROWS.items())
async def test_what_a_handler_raises_is_a_problem(client, path, expected):
    response = await client.get(path)
    status, members = expected
    assert (response.status, response.content_type) == (status, "application/problem+json")
    assert await response.json(content_type=None) == {"type": "about:blank", "status": status, **members}


async def test_a_method_that_is_not_allowed_is_told_with_those_that_are(client):
    response = await client.post("/readyz")
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


async def test_a_page_answers_for_itself(client):
    response = await client.get("/page/no/thing")
    assert (response.status, response.content_type) == (404, "text/plain")
