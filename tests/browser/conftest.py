"""Real browsers over whole gateways. All of these tests share one event loop, on which Chromium is driven."""

import os
import shutil
from contextlib import AsyncExitStack
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.gallery import write_index
from tests.browser.person import ANNA, Person

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no name leads anywhere
)

REQUIRED = os.environ.get("BROWSER_TESTS") == "required"
"""Where a browser has to be there, its absence is a failure and not a reason to skip."""


def pytest_collection_modifyitems(items):
    """The browser lives as long as the session's loop, so its tests run there."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def _absent(reason):
    (pytest.fail if REQUIRED else pytest.skip)(reason)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium():
    """One Chromium with a profile of its own for all tests of this process."""
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        _absent("there is no playwright: pip install 'ussd-gateway[browser]'")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        _absent("there is no Chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def meet(chromium, gateway):
    """Meets people: `await meet(ANNA, language="en")` has a phone and a browser; more are arguments of a context.

    In the end nobody's browser has asked another machine for anything, or written a mistake into its console.
    """
    people = []
    async with AsyncExitStack() as stack:

        async def meet(msisdn=ANNA, *, language="ru", **given):
            context = await chromium.new_context(**{"viewport": {"width": 1280, "height": 900}} | given)
            stack.push_async_callback(context.close)
            context.set_default_timeout(10_000)
            person = Person(gateway, await context.new_page(), msisdn, language)
            if language != "ru":
                await context.add_cookies([{"name": "lang", "value": language, "url": gateway.http_url}])
            people.append(person)
            return person

        yield meet
        for person in people:
            assert not person.elsewhere, "a request left the machine"
            assert not person.console, "the browser's console is not empty"


@pytest_asyncio.fixture(loop_scope="session")
async def anna(meet):
    """A subscriber with two numbers; she reads Russian."""
    return await meet(ANNA)


@pytest.fixture(scope="session")
def gallery():
    """The folder for pictures of the pages, None where nobody wants any: `python3 scripts/dev.py screenshots`."""
    named = os.environ.get("SCREENSHOTS")
    if not named:
        yield None
        return
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    write_index(folder)
