"""The menus over HTTP: which serve, what is wrong with a file while its old version goes on, and their pictures."""

from xml.etree import ElementTree

import aiohttp
import pytest

from tests.conftest import CHEAP, FREE_PORTS, START, Api
from ussd_gateway.clock import VirtualClock
from ussd_gateway.serve import Gateway

NEWS = """
title = "News"
codes = ["*700#", "*701#"]
languages = ["en", "ru"]

[screens.main]
text = { en = "News", ru = "Новости" }
choices = [{ key = "1", label = { en = "More", ru = "Ещё" }, to = "next" }]

[screens.next]
text = { en = "No news.", ru = "Нет новостей." }
end = true
"""
SHOWN = {
    "file": "news.toml",
    "title": "News",
    "codes": ["*700#", "*701#"],
    "languages": ["en", "ru", "latin"],
    "since": "2018-04-27T14:50:00.000Z",
    "sessions": 0,
    "mistakes": [],
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "news.toml").write_text(NEWS, encoding="utf-8")
    return tmp_path


@pytest.fixture
async def operator(folder):
    flags = FREE_PORTS | CHEAP | {"menus.directory": str(folder), "menus.reload": False}  # each look is the test's
    async with Gateway.from_config(clock=VirtualClock(START), flags=flags) as gateway:
        yield gateway


@pytest.fixture
async def ask(operator):
    async with aiohttp.ClientSession() as session:
        yield Api(operator.http_url, session)


def look(operator):
    """What the gateway does by itself each second; a wrong file is believed at the second look."""
    operator.menus.look()
    operator.menus.look()


async def test_each_file_is_told_with_what_it_serves(ask):
    assert await ask("GET", "/menus") == (200, [SHOWN])


async def test_dialogues_that_are_open_are_counted(ask):
    await ask("POST", "/handsets/70001000001/ussd", {"dial": "*700#"})
    await ask("POST", "/handsets/70001000002/ussd", {"dial": "*701#"})
    assert (await ask("GET", "/menus"))[1][0]["sessions"] == 2
    await ask("POST", "/handsets/70001000001/ussd", {"answer": "1"})
    assert (await ask("GET", "/menus"))[1][0]["sessions"] == 1


async def test_a_spoilt_file_is_told_with_its_mistakes_and_the_old_version_goes_on(ask, operator, folder):
    await operator.wait(60)
    (folder / "news.toml").write_text(NEWS.replace('to = "next"', 'to = "nxet"'), encoding="utf-8")
    look(operator)
    wrong = {
        "line": 8,
        "key": "screens.main.choices[0].to",
        "rule": "unknown-target",
        "message": 'there is no screen "nxet"; did you mean "next"?',
    }
    assert await ask("GET", "/menus") == (200, [SHOWN | {"mistakes": [wrong]}])
    assert (await ask("GET", "/menus/news.toml/graph"))[0] == 200


async def test_a_changed_file_serves_since_it_was_read(ask, operator, folder):
    await operator.wait(60)
    (folder / "news.toml").write_text(NEWS.replace("*701#", "*7011#"), encoding="utf-8")
    look(operator)
    changed = SHOWN | {"codes": ["*700#", "*7011#"], "since": "2018-04-27T14:51:00.000Z"}
    assert await ask("GET", "/menus") == (200, [changed])


async def test_a_file_that_never_served_has_mistakes_and_no_picture(ask, operator, folder):
    (folder / "broken.toml").write_text("title = ", encoding="utf-8")
    look(operator)
    _, (broken, _) = await ask("GET", "/menus")
    assert (broken["title"], broken["codes"], broken["since"]) == (None, [], None)
    assert [mistake["rule"] for mistake in broken["mistakes"]] == ["syntax"]
    status, problem = await ask("GET", "/menus/broken.toml/graph")
    assert (status, problem["title"]) == (
        409,
        "broken.toml has mistakes and has never served; GET /api/v1/menus tells them",
    )


async def test_the_picture_is_an_svg_that_a_browser_shows(operator):
    url = f"{operator.http_url}/api/v1/menus/news.toml/graph"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert (response.status, response.content_type, response.charset) == (200, "image/svg+xml", "utf-8")
        assert ElementTree.fromstring(await response.text()).tag == "{http://www.w3.org/2000/svg}svg"


async def test_the_graph_is_mermaid_too(ask):
    status, text = await ask("GET", "/menus/news.toml/graph?format=mermaid")
    assert status == 200
    assert text.splitlines()[3] == "flowchart LR"
    assert '    n1 -->|"1 More"| n2' in text.splitlines()


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/menus/old.toml/graph", 404, "There is no menu old.toml; GET /api/v1/menus lists what there is"),
        ("/menus/news.toml/graph?format=png", 400, "format=png: write svg or mermaid"),
    ],
)
async def test_what_cannot_be_drawn_is_told(ask, path, status, title):
    answered, problem = await ask("GET", path)
    assert (answered, problem["title"]) == (status, title)
