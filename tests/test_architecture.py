"""Who may import whom: section 3 of docs/design.md as a table. A new arrow fails here."""

import ast
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
HOUSE = Path(__file__).parent.parent / "ussd_gateway"

PURE = {"network", "menu", "dialects", "smpp", "at", "coding", "subscribers"}

MAY_IMPORT = {
    # room: the rooms below it that it may know
    "cli": {"*"},
    "pytest_plugin": {"*"},
    "menu_command": {"applications", "config", "menu", "selfcare"},
    "__init__": {"*"},
    "__main__": {"*"},
    "connect": {"scenario"},
    "send": {"esme"},
    "esme": {"logs"},
    "load": {"smpp", "coding", "scenario", "svg"},
    "alone": {"scenario", "serve", "clock", "sync"},
    "scenario": {
        "client",
        "dialects",
        "logs",
        "patterns",
        "serve",
        "config",
        "clock",
        "esme",
        "fault_rule",
        "gateway",
        "handsets",
        "network",
        "coding",
        "smpp",
        "sync",
    },
    "serve": {
        "api",
        "applications",
        "client",
        "clock",
        "coding",
        "config",
        "gateway",
        "handsets",
        "http",
        "idp",
        "logs",
        "menu",
        "metric",
        "network",
        "selfcare",
        "smpp",
        "store",
        "sync",
    },
    "sync": {"coding", "handsets"},
    "config": {"dialects", "fault_rule", "network", "outcome_rule", "smpp", "subscribers"},
    "api": {"fault_rule", "http", "gateway", "clock", "logs", "menu", "metric", "network", "smpp"},
    "applications": {
        "client",
        "config",
        "dialects",
        "gateway",
        "clock",
        "logs",
        "metric",
        "network",
        "menu",
        "patterns",
        "smpp",
        "coding",
    },
    "handsets": {
        "client",
        "dialects",
        "http",
        "patterns",
        "esme",
        "logs",
        "gateway",
        "clock",
        "network",
        "smpp",
        "coding",
    },
    "selfcare": {
        "client",
        "esme",
        "http",
        "logs",
        "store",
        "config",
        "gateway",
        "clock",
        "network",
        "coding",
        "subscribers",
    },
    "idp": {"http", "logs"},
    "store": {"metric", "network", "coding"},
    "http": {"logs"},
    "gateway": {"clock", "logs", "network"},
    "clock": set(),
    "metric": set(),
    "logs": set(),
    "client": {"dialects"},
    "patterns": set(),
    "svg": set(),
    "fault_rule": {"logs", "patterns", "network", "smpp"},
    "outcome_rule": {"patterns", "network"},
    "network": {"coding"},
    "menu": {"coding", "patterns", "svg"},
    "dialects": {"coding"},
    "subscribers": set(),
    "smpp": set(),
    "coding": set(),
}

IMPURE = {"asyncio", "socket", "time", "sqlite3", "random", "secrets", "threading", "subprocess", "os", "pathlib"}
"""What no pure part imports: the world, the clock and chance."""

ASYNCIO_ONLY = {"socket", "sqlite3", "aiohttp", "aiosmpplib", "sqlite_utils"}
"""What gateway.py does not import either."""


def modules():
    return sorted(HOUSE.rglob("*.py"))


def room(path):
    first = path.relative_to(HOUSE).parts[0]
    return first.removesuffix(".py")


def imported(path):
    """Every module that a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module
            if node.module == "ussd_gateway":
                yield from (f"ussd_gateway.{name.name}" for name in node.names)


def rooms_known(path):
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top == "ussd_gateway" and rest:
            yield rest.partition(".")[0]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_module_knows_only_the_rooms_below_its_own(path):
    allowed = MAY_IMPORT[room(path)]
    known = set(rooms_known(path)) - {room(path)}
    assert "*" in allowed or known <= allowed, f"{room(path)} may not know {', '.join(sorted(known - allowed))}"


@pytest.mark.parametrize("path", [path for path in modules() if room(path) in PURE], ids=lambda path: path.name)
def test_a_pure_part_knows_neither_the_world_nor_the_clock_nor_chance(path):
    assert not IMPURE & {name.partition(".")[0] for name in imported(path)}


def test_the_gateway_knows_asyncio_and_no_sockets():
    assert not ASYNCIO_ONLY & {name.partition(".")[0] for name in imported(HOUSE / "gateway.py")}


def test_every_room_has_its_row_and_no_row_is_left_over():
    rooms = {room(path) for path in modules()}
    assert rooms <= set(MAY_IMPORT), f"no row for {rooms - set(MAY_IMPORT)}"
    assert set(MAY_IMPORT) <= rooms | {"__main__"}


def test_the_arrows_go_down_only():
    """No circle: the table can be put in an order in which each room knows only what stands below it."""
    left = {name: knows - {name} for name, knows in MAY_IMPORT.items() if "*" not in knows}
    while left:
        bottom = {name for name, knows in left.items() if not knows & set(left)}
        assert bottom, f"a circle among {sorted(left)}"
        left = {name: knows for name, knows in left.items() if name not in bottom}


def test_every_module_has_its_own_test_file():
    """The test tree mirrors the source tree: a/b.py is tested by tests/a/test_b.py or tests/a/test_a_b.py."""
    without = []
    for path in modules():
        if path.stem in {"__init__", "__main__"}:
            continue
        place = TESTS / path.relative_to(HOUSE).parent
        names = (f"test_{path.stem}.py", f"test_{path.parent.name}_{path.stem}.py")
        if not any((place / name).exists() for name in names):
            without.append(str(path.relative_to(HOUSE)))
    assert not without, f"no test file for {', '.join(without)}"


def test_the_standard_library_list_is_spelled_right():
    assert set(sys.stdlib_module_names) >= IMPURE
