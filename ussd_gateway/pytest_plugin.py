"""The pytest plugin: a thin door to the ordinary API (docs/testing.md).

gateway        fixture: a gateway of its own for each test, with free ports, a store in memory, a virtual clock
gateway_url    fixture: where its HTTP API is, such as "http://127.0.0.1:40001"
gateway_flags  fixture to override: settings that are known only when the test runs
script         fixture: plays sentences of a script on the test's gateway: script("anna dials *100#")
*.ussd         scripted sessions: an item for each scenario, a gateway of its own for each file

Every pytest run of an environment that has ussd-gateway imports this module; it imports the gateway only for a test
that wants one.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from ussd_gateway.scenario.model import Scenario
    from ussd_gateway.scenario.result import Result
    from ussd_gateway.scenario.stage import Stage, SyncStage
    from ussd_gateway.serve import Gateway

NO_LOOP = (
    "the fixture gateway serves plain tests, and async ones that pytest-asyncio runs: pip install 'ussd-gateway[test]', "
    'then mark the test with @pytest.mark.asyncio, or set asyncio_mode = "auto"'
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings of the plugin in pytest's own file of settings."""
    parser.addini(
        "ussd_files", "globs of the files that are scripted sessions; an empty list collects none", "args", ["*.ussd"]
    )
    parser.addini("ussd_config", "the config.toml of the gateways in tests, seen from the rootdir", "string", "")


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known."""
    config.addinivalue_line(
        "markers",
        "gateway(config, flags, start): settings of the test's gateway: a config.toml, seen from the file of the test; "
        'settings by dotted key; where the virtual clock begins, such as "2018-04-27T17:50:00+03:00"',
    )


# The fixtures ------------------------------------------------------------------------------------------------------


class _Settings(NamedTuple):
    """What a gateway in a test is started with; the arguments of the marker."""

    config: str | Path | None = None
    flags: Mapping[str, Any] | None = None
    start: str | None = None

    def gateway(self) -> Gateway:
        """Not started yet."""
        from ussd_gateway.alone import own_gateway
        from ussd_gateway.clock import VirtualClock

        with _told_in_a_line():
            return own_gateway(self.config, clock=VirtualClock(self.start), flags=self.flags)


@contextmanager
def _told_in_a_line() -> Iterator[None]:
    """Wrong settings name their place and the way out: no traceback adds anything."""
    from ussd_gateway.config import ConfigError

    wrong = ""
    try:
        yield
    except ConfigError as error:
        wrong = str(error)
    if wrong:
        pytest.fail(wrong, pytrace=False)


def _general_config(config: pytest.Config) -> Path | None:
    name = config.getini("ussd_config")
    return config.rootpath / name if name else None


@pytest.fixture
def gateway_flags() -> Mapping[str, Any]:
    """Override it to give each test's gateway settings by dotted key, or whole tables, that only the run knows."""
    return {}


@pytest.fixture
def _gateway_settings(request: pytest.FixtureRequest, gateway_flags: Mapping[str, Any]) -> _Settings:
    settings = _Settings(_general_config(request.config), gateway_flags)
    for marker in reversed(list(request.node.iter_markers("gateway"))):  # the nearest to the test comes last
        if marker.args or not marker.kwargs.keys() <= {*_Settings._fields}:
            pytest.fail("@pytest.mark.gateway takes config=, flags= and start=", pytrace=False)
        given = _Settings(**marker.kwargs)
        settings = _Settings(
            request.path.parent / given.config if given.config else settings.config,
            {**(settings.flags or {}), **(given.flags or {})},
            given.start or settings.start,
        )
    return settings


@pytest.fixture
def gateway(request: pytest.FixtureRequest, _gateway_settings: _Settings) -> Iterator[Gateway]:
    """A gateway of its own: free ports, a store in memory, a virtual clock. Plain tests use `gateway.sync`."""
    if scope := _loop_scope(request):
        yield request.getfixturevalue(f"_gateway_on_{scope}_loop")
        return
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        pytest.fail(NO_LOOP, pytrace=False)
    from ussd_gateway.alone import in_a_thread
    from ussd_gateway.logs import quietly

    with quietly(), in_a_thread(_gateway_settings.gateway) as (running, _):
        yield running


@pytest.fixture
def gateway_url(gateway: Gateway) -> str:
    """Where the HTTP API of the test's gateway is."""
    return gateway.http_url


@pytest.fixture
def script(request: pytest.FixtureRequest, gateway: Gateway) -> Iterator[Stage | SyncStage]:
    """Plays sentences on the test's gateway: `await script("...")` in a test that awaits, `script("...")` in another."""
    if scope := _is_async(request) and _loop_scope(request):
        yield request.getfixturevalue(f"_script_on_{scope}_loop")
        return
    from ussd_gateway.scenario.stage import script_on

    with script_on(gateway.sync, name=request.node.name, folder=_folder(request)) as script:
        yield script


def _folder(request: pytest.FixtureRequest) -> str:
    """Where the test lies, seen from here: other files that it names are looked for there."""
    return os.path.relpath(request.path.parent)


try:
    import pytest_asyncio

    def _script_on_a_loop(scope: Any) -> Any:
        @pytest_asyncio.fixture(name=f"_script_on_{scope}_loop", loop_scope=scope)
        async def on_a_loop(request: pytest.FixtureRequest, gateway: Gateway) -> AsyncIterator[Stage]:
            from ussd_gateway.scenario.stage import script_on

            async with script_on(gateway, name=request.node.name, folder=_folder(request)) as script:
                yield script

        return on_a_loop

    def _on_a_loop(scope: Any) -> Any:
        @pytest_asyncio.fixture(name=f"_gateway_on_{scope}_loop", loop_scope=scope)
        async def on_a_loop(_gateway_settings: _Settings) -> AsyncIterator[Gateway]:
            from ussd_gateway.logs import quietly

            with quietly():
                async with _gateway_settings.gateway() as running:
                    yield running

        return on_a_loop

    # A test and its gateway are on the same loop, however long that lives.
    for _scope in ("function", "class", "module", "package", "session"):
        globals()[f"_gateway_on_{_scope}_loop"] = _on_a_loop(_scope)
        globals()[f"_script_on_{_scope}_loop"] = _script_on_a_loop(_scope)
except (ImportError, TypeError):  # it is not there, or is older than loop_scope: plain tests do without
    pytest_asyncio = None  # type: ignore[assignment]


def _is_async(request: pytest.FixtureRequest) -> bool:
    """Whether pytest-asyncio runs the test."""
    return pytest_asyncio is not None and pytest_asyncio.is_async_test(request.node)


def _loop_scope(request: pytest.FixtureRequest) -> str:
    """The loop of pytest-asyncio on which the gateway runs, by its scope; "" where it has a thread of its own."""
    if pytest_asyncio is None or not request.config.pluginmanager.is_registered(sys.modules["pytest_asyncio.plugin"]):
        return ""
    if _is_async(request):
        marker = request.node.get_closest_marker("asyncio")
        given = marker.kwargs.get("loop_scope") or marker.kwargs.get("scope") if marker else None
        return given or _setting(request.config, "asyncio_default_test_loop_scope")
    if _an_async_fixture_wants_it(request):
        return _setting(request.config, "asyncio_default_fixture_loop_scope")
    return ""


def _setting(config: pytest.Config, name: str) -> str:
    try:
        return str(config.getini(name) or "function")
    except ValueError:  # this pytest-asyncio has no such setting
        return "function"


def _an_async_fixture_wants_it(request: pytest.FixtureRequest) -> bool:
    """Whether a fixture of a plain test awaits the gateway, and so has to find it on its own loop."""
    info = getattr(request.node, "_fixtureinfo", None)
    fixtures = {name: found[-1] for name, found in info.name2fixturedefs.items() if found} if info else {}
    wanting = {"gateway"}
    while more := {name for name, each in fixtures.items() if wanting & {*each.argnames}} - wanting - {"gateway_url"}:
        wanting |= more
    functions = [inspect.unwrap(fixtures[name].func) for name in wanting & fixtures.keys()]
    return any(inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) for each in functions)


# Scripted sessions -------------------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A file of scripted sessions. Others have files of this name, too: one that holds no sentence is left alone."""
    if not any(file_path.match(glob) for glob in parent.config.getini("ussd_files")):
        return None
    if parent.session.isinitpath(file_path) or _holds_a_sentence(file_path):
        return ScriptFile.from_parent(parent, path=file_path)
    return None


def _holds_a_sentence(path: Path) -> bool:
    try:
        return _beginnings().search(path.read_bytes().decode(errors="replace")) is not None
    except OSError:
        return False


@cache
def _beginnings() -> re.Pattern[str]:
    """How a line of a script begins that says at once what it is."""
    from ussd_gateway.scenario.language import VERBS

    actors = ("PHONE", "ESME", "BROWSER")  # what applications do, "will" and "was", stands in any text
    verbs = "|".join(sorted({re.escape(verb) for actor in actors for verb in VERBS[actor]}))
    return re.compile(rf"""^[ \t]*(version \d|phone \w+ is\b|scenario "|\w+ ({verbs})\b)""", re.MULTILINE)


class ScriptFile(pytest.File):
    """A script: its scenarios in order, all on one gateway."""

    def collect(self) -> Iterable[ScenarioItem]:
        """The scenarios; the mistakes of a script that cannot be read are pytest's to tell."""
        from ussd_gateway.scenario.parse import NOTHING_TO_PLAY, ScriptError, read

        try:
            script = read(Path(os.path.relpath(self.path)))
        except ScriptError as error:
            for_others = [mistake.message for mistake in error.mistakes] == [NOTHING_TO_PLAY]
            if for_others and not self.session.isinitpath(self.path):
                return
            raise self.CollectError(str(error)) from None
        self._name = script.name
        self._starts = script.starts.moment if script.starts else None
        for scenario in script.scenarios:
            yield ScenarioItem.from_parent(self, name=scenario.name, scenario=scenario)

    def setup(self) -> None:
        """Start the gateway of the file."""
        from ussd_gateway.alone import in_a_thread
        from ussd_gateway.logs import quietly
        from ussd_gateway.scenario.local import local_driver

        stack = ExitStack()
        self.addfinalizer(stack.close)
        stack.enter_context(quietly())
        config = _general_config(self.config)
        with _told_in_a_line():
            self._driver, self._call = stack.enter_context(in_a_thread(lambda: local_driver(config, self._starts)))

    def play(self, scenario: Scenario) -> Result:
        """Play one scenario on the gateway of the file."""
        from ussd_gateway.scenario.model import Script
        from ussd_gateway.scenario.play import play

        (result,) = self._call(play(Script(self._name, (scenario,)), self._driver))
        return result


def _register(tag: str, config: pytest.Config) -> None:
    """Nobody has to write a script's tags down a second time for --strict-markers."""
    line = f"{tag}: a tag of scripted sessions"
    if line not in config.getini("markers"):
        config.addinivalue_line("markers", line)


class ScenarioFailedError(Exception):
    """A step did not go as written."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.name)
        self.result = result


class ScenarioItem(pytest.Item):
    """A scenario, with its tags as markers."""

    def __init__(self, *, scenario: Scenario, **given: Any) -> None:
        super().__init__(**given)
        self._scenario = scenario
        for tag in scenario.tags:
            self.extra_keyword_matches.add(tag)
            if not tag.startswith("_"):  # pytest has no such markers
                _register(tag, self.config)
                self.add_marker(tag)

    def runtest(self) -> None:
        """Play it."""
        assert isinstance(self.parent, ScriptFile)
        result = self.parent.play(self._scenario)
        if not result.passed:
            raise ScenarioFailedError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What `ussd-gateway play` would say."""
        if not isinstance(excinfo.value, ScenarioFailedError):
            return super().repr_failure(excinfo, style)
        from ussd_gateway.scenario.report import failure_report

        return failure_report(excinfo.value.result).plain

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, self._scenario.line - 1, self.name
