"""Two applications for Africa's Talking, as developers write them, dialled over HTTP: one in Python, one in Node.js."""

import asyncio
import json
import re
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.applications.conftest import raw, served
from tests.conftest import CHEAP, FREE_PORTS, Api
from ussd_gateway import Gateway

HERE = Path(__file__).parent
NODE = shutil.which("node")
CODE = "*384*77#"
ANNA = "/handsets/70001000001"
PATIENCE = 20.0


async def shop(request):
    form = await request.post()
    fruit, _, count = form["text"].partition("*")
    if not fruit:
        return web.Response(text="CON Which fruit?\n1. Apples\n2. Bananas")
    if not count:
        return web.Response(text="CON How many?")
    if int(count) > 9:
        return web.Response(status=500, text="out of stock")
    return web.Response(text=f"END {form['phoneNumber']}: {count} {'apples' if fruit == '1' else 'bananas'}")


@asynccontextmanager
async def in_python():
    async with served(shop) as url:
        yield url


@asynccontextmanager
async def in_node(*arguments):
    process = await asyncio.create_subprocess_exec(
        NODE, *(arguments or [HERE / "at_app.js"]), stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE):
            port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()
        await asyncio.sleep(0)


@pytest.fixture
def calling(tmp_path):
    """The API of a gateway whose *384*77# is at this URL."""

    @asynccontextmanager
    async def start(url, text=""):
        path = tmp_path / "config.toml"
        path.write_text(f'[[application]]\ncode = "{CODE}"\nurl = "{url}/ussd"\ndialect = "africas_talking"\n{text}')
        (tmp_path / "menus").mkdir()
        flags = FREE_PORTS | CHEAP
        async with Gateway.from_config(path, flags=flags) as gateway, aiohttp.ClientSession() as http:
            yield Api(gateway.http_url, http)

    return start


NEEDS_NODE = pytest.mark.skipif(NODE is None, reason="there is no node on the PATH; .ci/run installs nodejs")
LANGUAGES = [in_python, pytest.param(in_node, marks=NEEDS_NODE)]


@pytest.mark.parametrize("application", LANGUAGES)
async def test_an_application_is_dialled_walked_and_ended(application, calling):
    async with application() as url, calling(url) as api:
        _, screen = await api("POST", f"{ANNA}/ussd", {"dial": CODE})
        assert (screen["state"], screen["text"]) == ("awaiting_answer", "Which fruit?\n1. Apples\n2. Bananas")
        _, screen = await api("POST", f"{ANNA}/ussd", {"answer": "2"})
        assert screen["text"] == "How many?"
        _, screen = await api("POST", f"{ANNA}/ussd", {"answer": "5"})
        assert (screen["text"], screen["outcome"]) == ("+70001000001: 5 bananas", "success")
        _, screen = await api("POST", f"{ANNA}/ussd", {"dial": "*384*77*1*3#"})
        assert (screen["text"], screen["outcome"]) == ("+70001000001: 3 apples", "success")


@pytest.mark.parametrize("application", LANGUAGES)
async def test_a_fault_of_the_application_is_explained_in_the_session(application, calling):
    async with application() as url, calling(url) as api:
        await api("POST", f"{ANNA}/ussd", {"dial": "*384*77*1#"})
        _, screen = await api("POST", f"{ANNA}/ussd", {"answer": "10"})
        assert (screen["state"], screen["outcome"]) == ("ended", "http_error")
        _, session = await api("GET", f"/sessions/{screen['session']}")
        assert (session["outcome"], session["result"]) == ("http_error", "failed_transport_error")
        assert session["explanation"].startswith("the application answered with status 500;")
        _, told = await api("GET", "/applications")
        (shown,) = [row for row in told["applications"] if row["codes"] == [CODE]]
        assert (shown["kind"], shown["dialect"], shown["url"]) == ("url", "africas_talking", f"{url}/ussd")
        assert (shown["open_sessions"], shown["last_error"]) == (0, session["explanation"])


PAGE = (HERE.parent.parent / "docs" / "aggregators.md").read_text()


@asynccontextmanager
async def of_the_page_in_python():
    (code,) = re.findall(r"```python\n(.*?)web\.run_app\(app, port=9000\)\n```", PAGE, re.DOTALL)
    names = {}
    exec(code, names)
    async with served(names["ussd"]) as url:
        yield url


def of_the_page_in_node():
    (code,) = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)
    return in_node("-e", code.replace("listen(9000)", "listen(0, function () { console.log(this.address().port); })"))


@pytest.mark.parametrize("application", [of_the_page_in_python, pytest.param(of_the_page_in_node, marks=NEEDS_NODE)])
async def test_the_applications_of_the_page_do_what_it_says(application, calling):
    async with application() as url, calling(url) as api:
        for said in ({"dial": CODE}, {"answer": "2"}):
            _, screen = await api("POST", f"{ANNA}/ussd", said)
            shown = json.dumps(screen["text"])
            assert f'"state": "{screen["state"]}", "text": {shown}, "data_coding": 15' in PAGE


async def never(request):
    await asyncio.Event().wait()


def says(text="", status=200, **headers):
    async def answer(request):
        return web.Response(text=text, status=status, headers=headers)

    return lambda: served(answer)


@asynccontextmanager
async def nobody():
    async with raw(b"") as url:
        pass
    yield url


FAULTS = {
    "bad prefix": (says("con Hi"), "bad_answer", "failed_corrupted_message", 'the answer begins with "con Hi"'),
    "500": (says("CON Hi", 500), "http_error", "failed_transport_error", "the application answered with status 500"),
    "redirect": (
        says("", 302, Location="/x"),
        "http_error",
        "failed_transport_error",
        "redirects to /x with status 302",
    ),
    "empty": (says(""), "empty_answer", "failed_corrupted_message", "the answer is empty"),
    "too long": (says("END " + "x" * 183), "text_too_long", "failed_corrupted_message", "takes 161 octets"),
    "huge": (says("END " + "x" * 10**5), "bad_answer", "failed_corrupted_message", "answered with more than 64 KiB"),
    "late": (lambda: served(never), "app_timeout", "failed_app_timeout", "did not answer within 0.1 s"),
    "nobody there": (nobody, "unreachable", "failed_transport_failure", "cannot be connected to: Connection refused"),
    "cut": (
        lambda: raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nCON Hi"),
        "unreachable",
        "failed_transport_failure",
        "broke the connection in the middle of its answer",
    ),
}


@pytest.mark.parametrize(("application", "outcome", "result", "explanation"), FAULTS.values(), ids=FAULTS)
async def test_each_fault_shows_its_own_outcome_and_its_sentence(calling, application, outcome, result, explanation):
    async with application() as url, calling(url, "timeout = 0.1\n" if outcome == "app_timeout" else "") as api:
        _, screen = await api("POST", f"{ANNA}/ussd", {"dial": CODE})
        assert (screen["state"], screen["outcome"]) == ("ended", outcome)
        _, session = await api("GET", f"/sessions/{screen['session']}")
        assert (session["outcome"], session["result"]) == (outcome, result)
        assert explanation in session["explanation"]
