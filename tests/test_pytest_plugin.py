"""The plugin as its users meet it: in a pytest run of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
WITHOUT_PYTEST_ASYNCIO = """
import sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pytest_asyncio":
            raise ImportError(name)

sys.meta_path.insert(0, Finder())
"""


@pytest.fixture
def alone(monkeypatch):
    """Only the plugins that a run names, whatever is installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(HOUSE), prepend=os.pathsep)


def test_each_test_gets_a_gateway_of_its_own_under_a_virtual_clock(pytester, alone):
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.asyncio
        urls = set()

        async def test_dial_and_wait(gateway, gateway_url):
            alice = gateway.handset("70001000001")
            assert (await alice.dial("*111#")).awaiting
            await gateway.wait(31)
            assert alice.screen.outcome == "timeout"
            urls.add(gateway_url)

        async def test_another(gateway, gateway_url):
            assert gateway.handset("70001000001").screen is None
            assert gateway_url == gateway.http_url
            assert gateway_url not in urls
            assert gateway.store.path == ":memory:"
        """
    )
    result = pytester.runpytest_inprocess("-p", "pytest_asyncio.plugin", "-p", "ussd_gateway.pytest_plugin")
    result.assert_outcomes(passed=2)


def test_without_pytest_asyncio_only_a_test_that_wants_a_gateway_fails_and_tells_what_to_install(pytester, alone):
    pytester.makepyfile(
        without=WITHOUT_PYTEST_ASYNCIO, test_it="def test_it(gateway_url): pass\ndef test_other(): pass"
    )
    result = pytester.runpytest_subprocess("-p", "without", "-p", "ussd_gateway.pytest_plugin")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the fixture gateway needs pytest-asyncio: pip install 'ussd-gateway?test?'"])


def test_importing_the_plugin_imports_no_gateway():
    program = (
        "import sys, ussd_gateway.pytest_plugin; "
        "print(sorted({'aiohttp', 'pydantic', 'ussd_gateway.serve', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
