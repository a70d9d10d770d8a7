"""How fast the gateway is, beside other SMPP servers, in one run: docs/speed.md tells what each scenario means.

    python scripts/bench.py                       every scenario, three rounds
    python scripts/bench.py --only A,C --quick    a first look
    python scripts/bench.py --check               exit status 1 when a target is missed

The server has one core and the load generator, `ussd-gateway load`, another. Servers take turns within a round, so
that a busy minute of the machine hits all of them, and the figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from ussd_gateway.load.threshold import Threshold
from ussd_gateway.load.usage import resident_mib
from ussd_gateway.smpp.commands import BindTransceiver
from ussd_gateway.smpp.pdu import HEADER

HERE = Path(__file__).parent / "bench"
SCRIPT = Path(__file__).parent / "load" / "balance.ussd"
NODE_PACKAGE = "smpp@0.5.1"
TWISTED_PACKAGE = "smpp.twisted3==0.8"
SERVER_CORE, GENERATOR_CORE = 0, 1
PATIENCE = 60.0  # seconds for a server to start and to stop
QUICK = 20  # --quick sends so many times less
IDLE_BINDS = 1000
OPEN_SESSIONS = 100_000
USERS, DIALOGUES = 500, 500  # of the script that is played as load, and dialogues a second
HEADING = "## Figures\n\n"  # of the page; what stands below it is replaced
ACCOUNT = "test"  # the system_id, and its password, of the account that every server here has

Figures = dict[str, object]


class BenchError(Exception):
    """A measurement that could not be made, and why."""


# Servers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """What is measured.

    command     the words that start it, with PORT where its port goes
    folder      where it starts
    ours        it is this program, which tells its port itself
    receipts    it sends receipts
    """

    name: str
    command: Sequence[str]
    folder: Path | None = None
    ours: bool = False
    receipts: bool = True


def own_servers() -> list[Server]:
    """This program with either store."""
    serve = (sys.executable, "-m", "ussd_gateway", "serve", "--smpp-port", "0", "--http-port", "0")
    return [
        Server(f"ussd-gateway, {store}", (*serve, "--ready-file", "ready.json", "--store", path), ours=True)
        for store, path in (("memory", ":memory:"), ("file", "bench.db"))
    ]


def other_servers(workdir: Path, reference: str | None) -> Iterator[Server]:
    """Those to compare with; one that cannot be installed is left out with a word."""
    for install in (node_smpp, twisted):
        try:
            yield install(workdir)
        except (OSError, subprocess.SubprocessError) as error:
            say(f"Without {install.__name__}: it could not be installed ({error}).")
    yield Server("bare asyncio", (sys.executable, str(HERE / "bare_server.py"), "PORT"), receipts=False)
    if reference:
        yield Server("reference", shlex.split(reference), receipts="dlr" in shlex.split(reference))


def node_smpp(workdir: Path) -> Server:
    """node-smpp in a folder of its own."""
    folder = workdir / "node"
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise OSError("there is no node and npm")
    if not (folder / "node_modules" / "smpp").exists():
        folder.mkdir(parents=True, exist_ok=True)
        install(npm, "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), NODE_PACKAGE)
    return Server("node-smpp", (node, str(HERE / "node_server.js"), "PORT"), folder)


def twisted(workdir: Path) -> Server:
    """smpp.twisted3 in an environment of its own."""
    folder = workdir / "twisted"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = folder / "installed"
    if not stamp.exists():
        venv.create(folder, with_pip=True, clear=True)
        install(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", TWISTED_PACKAGE)
        stamp.touch()
    return Server("smpp.twisted3", (str(python), str(HERE / "twisted_server.py"), "PORT"))


def install(*command: str) -> None:
    """Run an installer; OSError with its last word when it fails."""
    say(f"Installing: {shlex.join(command[1:])}")
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise OSError((done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1])


@dataclass(frozen=True)
class Running:
    """A server that accepts connections."""

    server: Server
    port: int
    pid: int
    http: str = ""  # where its HTTP API is, if it is ours


@contextmanager
def running(server: Server) -> Iterator[Running]:
    """Start a server on its core, in an empty folder, and end it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = server.folder or Path(name)
        port, http = free_port(), ""
        command = [str(port) if word == "PORT" else word for word in server.command]
        with (Path(name) / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, preexec_fn=pinned(SERVER_CORE))
            try:
                if server.ours:
                    ready_file = folder / "ready.json"
                    wait_for(process, ready_file.exists, server)
                    ready = json.loads(ready_file.read_text())
                    port, http = int(ready["smpp"].rpartition(":")[2]), ready["http"]
                else:
                    wait_for(process, lambda: listens(port), server)
                yield Running(server, port, process.pid, http)
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def wait_for(process: subprocess.Popen[bytes], ready: Callable[[], bool], server: Server) -> None:
    """Wait until the server is ready; BenchError when it ends before or takes too long."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise BenchError(f"{server.name} ended with status {process.returncode}")
        if ready():
            return
        time.sleep(0.05)
    raise BenchError(f"{server.name} did not start within {PATIENCE:g} s")


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def pinned(core: int) -> Callable[[], None] | None:
    """What a new process does to stay on a core; None where a system cannot, or has but one."""
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        return None
    cores = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cores[core]})


# The generator ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What one generator sends: its binds and either a window, or a rate."""

    binds: int = 4
    window: int | None = None
    rate: int | None = None
    count: int | None = None
    seconds: float | None = None
    warmup: float = 0.0
    receipts: bool = False

    def quick(self) -> Load:
        """The same with less of it."""
        return replace(
            self,
            count=self.count and max(self.count // QUICK, 1),
            seconds=self.seconds and max(self.seconds / 5, 0.5),
            warmup=min(self.warmup, 0.2),
        )

    def options(self) -> list[str]:
        """As `ussd-gateway load sms` takes them."""
        options = ["--receipts"] if self.receipts else []
        for name in ("binds", "window", "rate", "count", "seconds", "warmup"):
            if (value := getattr(self, name)) is not None:
                options += [f"--{name}", str(value)]
        return options

    def letters(self) -> list[str]:
        """As smppload takes them."""
        letters = {"b": self.binds, "W": self.window, "R": self.rate, "n": self.count, "t": self.seconds}
        options = ["-k", str(self.warmup)]
        for letter, value in letters.items():
            options += [f"-{letter}", str(value)] if value is not None else []
        if self.seconds is None:
            options += ["-t", "600"]
        return options + (["-r", "1", "-D", "60"] if self.receipts else [])


def start_load(to: Running, load: Load, smppload: str | None = None) -> subprocess.Popen[bytes]:
    """Start a generator on its core."""
    if smppload:
        command = [smppload, "-p", str(to.port), "-u", ACCOUNT, "-w", ACCOUNT, "-P", str(to.pid), *load.letters()]
    else:
        command = [sys.executable, "-m", "ussd_gateway", "load", "sms", "--json", "--patience", "30"]
        command += ["--port", str(to.port), "--pid", str(to.pid), *load.options()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=pinned(GENERATOR_CORE))


def figures_of(generator: subprocess.Popen[bytes]) -> Figures:
    """What a generator has measured; BenchError with its last word when it failed."""
    out, err = generator.communicate()
    try:
        figures: Figures = json.loads(out)
    except ValueError:
        words = err.decode(errors="replace").strip().splitlines()
        raise BenchError(words[-1] if words else f"the generator ended with {generator.returncode}") from None
    return from_smppload(figures) if "srv_rss_kb" in figures else figures


SMPPLOAD = {
    # our name: the name and the factor of smppload's
    "msg_per_s": ("msg_per_s", 1),
    "p50_ms": ("p50_ms", 1),
    "p99_ms": ("p99_ms", 1),
    "p999_ms": ("p999_ms", 1),
    "max_ms": ("max_ms", 1),
    "accepted": ("ok", 1),
    "errors": ("err", 1),
    "receipts": ("dlr", 1),
    "receipt_per_s": ("all_msg_per_s", 1),
    "server_cpu_s_per_100k": ("srv_cpu_s_per_100k", 1),
    "server_rss_mib": ("srv_rss_kb", 1 / 1024),
    "own_cpu_percent": ("gen_cpu_pct", 1),
}


def from_smppload(told: Figures) -> Figures:
    """The figures of smppload by our names."""
    found: Figures = {}
    for ours, (theirs, factor) in SMPPLOAD.items():
        value = told.get(theirs)
        if isinstance(value, int | float):
            found[ours] = value * factor
    if "dlr_per_s" in told:  # it counts receipts and does not look whose they are
        missing = int(found["accepted"]) - int(found["receipts"])  # type: ignore[call-overload]
        found |= {"lost": max(missing, 0), "doubled": max(-missing, 0)}
    return found


# Scenarios --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """A row of the plan.

    shown       the figures of its table
    targets     (figure, relation, bound): what this program is to reach, with either store
    measure     how it is measured, where one generator is not all
    """

    title: str
    load: Load
    shown: tuple[str, ...]
    targets: tuple[tuple[str, str, float], ...] = ()
    ours_only: bool = False
    stores: tuple[str, ...] = ("memory", "file")
    measure: Callable[[Running, Load, str | None], Figures] = lambda to, load, smppload: figures_of(
        start_load(to, load, smppload)
    )


def idle_binds(to: Running, load: Load, smppload: str | None) -> Figures:
    """Memory that binds take which do nothing."""
    with ExitStack() as open_ones:
        open_ones.enter_context(bound(to.port))  # what the first bind loads counts for none of them
        before = resident_mib(to.pid)
        for _ in range(load.binds):
            open_ones.enter_context(bound(to.port))
        after = resident_mib(to.pid)
    if before is None or after is None:
        raise BenchError("this system does not tell a process's memory")
    return {"idle_binds": load.binds, "memory_added_mib": round(after - before, 2)}


def bound(port: int) -> socket.socket:
    """A connection that has bound."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(BindTransceiver(sequence_number=1, system_id=ACCOUNT, password=ACCOUNT).encode())
    answer = connection.recv(4096)
    if len(answer) < HEADER.size or HEADER.unpack_from(answer)[2]:
        connection.close()
        raise BenchError("an idle bind was refused")
    return connection


def growth(to: Running, load: Load, smppload: str | None) -> Figures:
    """Memory that so many messages leave behind; the first twentieth, which warms everything up, does not count."""
    assert load.count
    figures_of(start_load(to, replace(load, count=load.count // 20), smppload))
    before = resident_mib(to.pid)
    figures = figures_of(start_load(to, load, smppload))
    after = resident_mib(to.pid)
    if before is None or after is None:
        raise BenchError("this system does not tell a process's memory")
    return figures | {"memory_added_mib": round(after - before, 1)}


def beside_a_flood(to: Running, load: Load, smppload: str | None) -> Figures:
    """A slow bind's figures while another one floods."""
    assert load.seconds
    flood = start_load(to, Load(binds=1, window=1000, seconds=load.seconds + 2 + load.warmup), smppload)
    try:
        time.sleep(1)  # both are at it when the measurement begins
        figures = figures_of(start_load(to, load, smppload))
        flooded = figures_of(flood)
    finally:
        flood.kill()
        flood.wait()
    return figures | {"flood_per_s": flooded["msg_per_s"]}


def scripted(to: Running, load: Load, smppload: str | None) -> Figures:
    """A script that users play over HTTP; the slowest of its sentences has a figure of its own."""
    command = [sys.executable, "-m", "ussd_gateway", "load", str(SCRIPT), "--json", "--users", str(USERS)]
    command += ["--gateway", to.http, "--pid", str(to.pid), "--rate", str(load.rate), "--seconds", str(load.seconds)]
    figures: Any = figures_of(
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=pinned(GENERATOR_CORE))
    )
    slowest = max((row["p99_ms"] for row in figures["steps"] if row["asks"] and row["played"]), default=None)
    return {**figures, "step_p99_ms": slowest}


def open_sessions(to: Running, load: Load, smppload: str | None) -> Figures:
    """USSD sessions on the shipped menus, in a process of their own beside the idle server."""
    command = [sys.executable, str(HERE / "sessions.py"), str(load.count)]
    return figures_of(
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=pinned(GENERATOR_CORE))
    )


PERCENTILES = ("p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms")
COST = ("server_cpu_s_per_100k", "server_rss_mib", "own_cpu_percent")

SCENARIOS = {
    "A": Scenario(
        "submissions, the most a second: 4 binds, window 100",
        Load(window=100, seconds=5, warmup=1),
        ("msg_per_s", *PERCENTILES, *COST),
        (("errors", "==", 0),),
    ),
    "C": Scenario(
        "submissions with receipts, until the last receipt: 100,000, 4 binds, window 100",
        Load(window=100, count=100_000, receipts=True),
        ("receipt_per_s", *PERCENTILES, "receipt_p50_ms", "receipt_p99_ms", "lost", "doubled", *COST),
        (("lost", "==", 0), ("doubled", "==", 0)),
    ),
    "L": Scenario(
        "one at a time: 1 bind, window 1",
        Load(binds=1, window=1, seconds=3, warmup=0.5),
        ("msg_per_s", *PERCENTILES, *COST),
        (("errors", "==", 0),),
    ),
    "R1": Scenario(
        "open loop, 1,000 a second, 4 binds",
        Load(rate=1000, seconds=5, warmup=0.5),
        ("msg_per_s", *PERCENTILES, "late_p99_ms", *COST),
        (("p99_ms", "<", 20.0),),
    ),
    "R10": Scenario(
        "open loop, 10,000 a second, 4 binds",
        Load(rate=10_000, seconds=5, warmup=0.5),
        ("msg_per_s", *PERCENTILES, "late_p99_ms", *COST),
        (("p99_ms", "<", 20.0),),
    ),
    "P": Scenario(
        "receipts without delay, 10,000 a second offered, 4 binds",
        Load(rate=10_000, seconds=5, warmup=0.5, receipts=True),
        ("receipt_per_s", *PERCENTILES, "receipt_p50_ms", "receipt_p99_ms", "receipt_max_ms", "lost", "doubled", *COST),
        (("p99_ms", "<", 20.0), ("receipt_p99_ms", "<", 100.0), ("lost", "==", 0), ("doubled", "==", 0)),
        ours_only=True,
    ),
    "F": Scenario(
        "a bind at 100 a second beside one that floods, window 1000",
        Load(binds=1, rate=100, seconds=5, warmup=0.5),
        ("msg_per_s", *PERCENTILES, "flood_per_s"),
        (("p99_ms", "<", 20.0),),
        ours_only=True,
        measure=beside_a_flood,
    ),
    "I": Scenario(
        f"{IDLE_BINDS:,} idle binds",
        Load(binds=IDLE_BINDS),
        ("idle_binds", "memory_added_mib"),
        (("memory_added_mib", "<=", 15.0),),
        ours_only=True,
        stores=("memory",),
        measure=idle_binds,
    ),
    "S": Scenario(
        f"{OPEN_SESSIONS:,} open USSD sessions on the portal, in process",
        Load(count=OPEN_SESSIONS),
        ("kept", "session_octets", "dial_us", "step_us", "heap_entries", "timeout_us", "heap_us", "left"),
        (
            ("kept", "==", OPEN_SESSIONS),
            ("session_octets", "<", 1500.0),
            ("step_us", "<", 60.0),
            ("heap_entries", "<=", 1.0),
            ("left", "==", 0),
        ),
        ours_only=True,
        stores=("file",),
        measure=open_sessions,
    ),
    "U": Scenario(
        f"a script as load, {DIALOGUES} dialogues a second, {USERS} users",
        Load(rate=DIALOGUES, seconds=20),
        (
            *("dialogues_per_s", "failed", "step_p99_ms", *PERCENTILES, "dialogue_p99_ms", "late_p99_ms", "waited"),
            *("server_cpu_percent", "server_rss_mib", "own_cpu_percent"),
        ),
        (("dialogues_per_s", ">=", 0.99 * DIALOGUES), ("step_p99_ms", "<", 50.0), ("failed", "==", 0)),
        ours_only=True,
        measure=scripted,
    ),
    "M": Scenario(
        "memory over 2,000,000 messages: 4 binds, window 100",
        Load(window=100, count=2_000_000),
        ("msg_per_s", "memory_added_mib", "server_rss_mib", "server_cpu_s_per_100k"),
        (("server_rss_mib", "<", 200.0),),
        ours_only=True,
        stores=("file",),
        measure=growth,
    ),
    "D": Scenario(
        "every receipt of 1,000,000 messages: 4 binds, window 100",
        Load(window=100, count=1_000_000, receipts=True),
        ("receipt_per_s", "receipts", "lost", "doubled", "server_cpu_s_per_100k", "server_rss_mib"),
        (("receipts", "==", 1_000_000), ("lost", "==", 0), ("doubled", "==", 0)),
        ours_only=True,
        stores=("file",),
    ),
}


Results = dict[str, dict[str, Figures]]
"""The medians: scenario, server, figure."""


class Beside(NamedTuple):
    """A figure of this program, with one of the stores, beside that of another server in the same run."""

    scenario: str
    store: str
    figure: str
    server: str
    theirs: tuple[str, str]  # scenario and figure of the other server
    relation: str
    bound: float


# The reference is what --reference names: a C program that writes once for each response and keeps nothing.
BESIDE = (
    Beside("A", "memory", "msg_per_s", "reference", ("A", "msg_per_s"), ">=", 1.0),
    Beside("A", "file", "msg_per_s", "reference", ("A", "msg_per_s"), ">=", 0.6),
    Beside("C", "file", "receipt_per_s", "reference", ("A", "msg_per_s"), ">=", 0.4),
    Beside("A", "memory", "msg_per_s", "smpp.twisted3", ("A", "msg_per_s"), ">=", 12),
    Beside("A", "memory", "msg_per_s", "node-smpp", ("A", "msg_per_s"), ">=", 3),
    Beside("L", "memory", "p50_ms", "bare asyncio", ("L", "p50_ms"), "<=", 1.3),
)


def compared(results: Results) -> Iterator[tuple[str, bool]]:
    """A line of each comparison that was measured, and whether its target is met."""
    for row in BESIDE:
        ours = results.get(row.scenario, {}).get(f"ussd-gateway, {row.store}", {}).get(row.figure)
        scenario, figure = row.theirs
        theirs = results.get(scenario, {}).get(row.server, {}).get(figure)
        if isinstance(ours, int | float) and isinstance(theirs, int | float) and theirs:
            ratio = ours / theirs
            met = ratio >= row.bound if row.relation == ">=" else ratio <= row.bound
            words = f"{row.scenario}, {row.store}: {row.figure} is {ratio:.2f} times that of {row.server} in {scenario}"
            yield f"{words}; target {row.relation} {row.bound:g}: {'met' if met else '**missed**'}", met


def servers_of(scenario: Scenario, servers: Sequence[Server]) -> list[Server]:
    """Those that a scenario is measured on."""
    stores = tuple(f", {store}" for store in scenario.stores)
    return [
        server
        for server in servers
        if (server.name.endswith(stores) if server.ours else not scenario.ours_only)
        and (server.receipts or not scenario.load.receipts)
    ]


# Results ----------------------------------------------------------------------------------------------------------


def median(rounds: Sequence[Figures]) -> Figures:
    """The median of each figure that is a number in any round."""
    names = {name: None for figures in rounds for name in figures}
    found: Figures = {}
    for name in names:
        values = [value for figures in rounds if isinstance(value := figures.get(name), int | float)]
        if values:
            found[name] = statistics.median(values)
    return found


def verdicts(scenario: Scenario, figures: Figures, *, quick: bool) -> list[tuple[str, str]]:
    """(target, "" or in what way it is missed) of each target; a quick run does not count to a million."""
    found = []
    for figure, relation, bound_ in scenario.targets:
        if quick and figure in ("receipts", "kept"):
            continue
        target = Threshold(f"{figure} {relation} {bound_:.10g}", figure, relation, bound_)
        found.append((target.expression, target.missed(figures)))
    return found


def number(value: object) -> str:
    """A figure as people read it."""
    if not isinstance(value, int | float):
        return "-"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(name: str, rows: dict[str, Figures], *, quick: bool) -> Iterator[str]:
    """Lines of Markdown: the figures, the targets, and how many times as fast as each other server this program is."""
    scenario = SCENARIOS[name]
    shown = [figure for figure in scenario.shown if any(figure in figures for figures in rows.values())]
    yield f"### {name}: {scenario.title}"
    yield ""
    yield f"| server | {' | '.join(shown)} |"
    yield f"|---|{'---:|' * len(shown)}"
    for server, figures in rows.items():
        yield f"| {server} | {' | '.join(number(figures.get(figure)) for figure in shown)} |"
    yield ""
    for server, figures in rows.items():
        if server.startswith("ussd-gateway"):
            for target, missed in verdicts(scenario, figures, quick=quick):
                yield f"- {server}: {target}: {'**missed**' if missed else 'met'}{missed.partition(':')[2]}"
    if not scenario.load.rate:  # at a rate all do the same until they cannot
        yield from (f"- {words}" for words in ratios(rows))
    yield ""


def speed(figures: Figures) -> float | None:
    """Messages a second, until the last receipt where there are receipts."""
    value = figures.get("receipt_per_s", figures.get("msg_per_s"))
    return float(value) if isinstance(value, int | float) else None


def ratios(rows: dict[str, Figures]) -> Iterator[str]:
    """What this program does beside each other server, in messages a second."""
    own = {server: rate for server, figures in rows.items() if "ussd-gateway" in server and (rate := speed(figures))}
    for server, figures in rows.items():
        theirs = speed(figures)
        if theirs and server not in own:
            times = ", ".join(f"{rate / theirs:.2f} ({name.rpartition(' ')[2]})" for name, rate in own.items())
            yield f"beside {server}: {times} times as many a second"


# The picture ------------------------------------------------------------------------------------------------------

PICTURED = ("A", "C")
_LEFT, _WIDTH, _BAR, _GAP = 170, 760, 20, 8
_OURS, _OTHERS = "#2563eb", "#94a3b8"


def svg(results: Results) -> str:
    """Bars of messages a second, one for each server."""
    drawn, y = [], 16
    for name in PICTURED:
        rows = [(server, rate) for server, figures in results.get(name, {}).items() if (rate := speed(figures))]
        if not rows:
            continue
        most = max(rate for _, rate in rows)
        drawn.append(f'<text x="12" y="{y + 12}" font-weight="bold">{escape(SCENARIOS[name].title)}</text>')
        y += 26
        for server, rate in rows:
            length = max(rate / most * (_WIDTH - _LEFT - 140), 1)
            colour = _OURS if server.startswith("ussd-gateway") else _OTHERS
            drawn += [
                f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(server)}</text>',
                f'<rect x="{_LEFT}" y="{y}" width="{length:.0f}" height="{_BAR}" rx="3" fill="{colour}"/>',
                f'<text x="{_LEFT + length + 8:.0f}" y="{y + 15}">{rate:,.0f} a second</text>',
            ]
            y += _BAR + _GAP
        y += 18
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" width="{_WIDTH}" height="{y}"'
            ' font-family="system-ui, sans-serif" font-size="13" fill="#1e293b">',
            f'<rect width="{_WIDTH}" height="{y}" fill="#ffffff"/>',
            *drawn,
            "</svg>\n",
        )
    )


# The command ------------------------------------------------------------------------------------------------------


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default=",".join(SCENARIOS), metavar="A,C", help="these scenarios; all by default")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the medians are told; 3")
    parser.add_argument("--quick", action="store_true", help="less of everything: to see that it works")
    parser.add_argument("--check", action="store_true", help="exit status 1 when a target is missed")
    parser.add_argument("--alone", action="store_true", help="only this program, nothing beside it")
    parser.add_argument("--reference", metavar="COMMAND", help="one more server, with PORT where its port goes")
    parser.add_argument("--smppload", metavar="PATH", help="this C generator in place of ours, as a cross-check")
    parser.add_argument("--svg", metavar="FILE", help="draw the picture there, such as docs/speed.svg")
    parser.add_argument("--page", metavar="FILE", help="replace the figures of this page, such as docs/speed.md")
    parser.add_argument("--json", metavar="FILE", help="write the medians there")
    parser.add_argument(
        "--workdir",
        type=Path,
        default=Path.home() / ".cache" / "ussd-gateway-bench",
        help="where the servers to compare with are installed",
    )
    given = parser.parse_args(words)
    given.only = [name.strip().upper() for name in given.only.split(",") if name.strip()]
    if unknown := [name for name in given.only if name not in SCENARIOS]:
        parser.error(f"--only {','.join(unknown)}: unknown; known: {', '.join(SCENARIOS)}")
    return given


def measured(given: argparse.Namespace, servers: Sequence[Server]) -> Iterator[tuple[str, dict[str, Figures]]]:
    """Each scenario with the medians of its servers: round by round, each server in turn."""
    for name in given.only:
        scenario = SCENARIOS[name]
        load = scenario.load.quick() if given.quick else scenario.load
        rounds: dict[str, list[Figures]] = {}
        for turn in range(given.rounds):
            for server in servers_of(scenario, servers):
                say(f"{name} {turn + 1}/{given.rounds}: {server.name}")
                try:
                    with running(server) as to:
                        figures = scenario.measure(to, load, given.smppload)
                except BenchError as error:
                    say(f"{name}: {server.name}: {error}")
                    figures = {}
                rounds.setdefault(server.name, []).append(figures)
        yield name, {server: median(figures) for server, figures in rounds.items()}


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, draw; the exit status."""
    given = arguments(words)
    allow_many_files()
    if pinned(SERVER_CORE) is None:
        say("This system gives a process no core of its own: server and generator share what there is.")
    servers = own_servers() + ([] if given.alone else list(other_servers(given.workdir, given.reference)))
    results: Results = {}
    lines = [f"{circumstances(given)}\n"]
    for name, rows in measured(given, servers):
        results[name] = rows
        lines += table(name, rows, quick=given.quick)
        print("\n".join(table(name, rows, quick=given.quick)), flush=True)
    beside = [line for line, _ in compared(results)]
    if beside:
        lines += ["### Beside the others", "", *(f"- {line}" for line in beside), ""]
        print("\n".join(lines[-len(beside) - 3 :]), flush=True)
    if given.json:
        Path(given.json).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if given.page:
        above, heading, _ = Path(given.page).read_text(encoding="utf-8").partition(HEADING)
        Path(given.page).write_text(above + (heading or HEADING) + "\n".join(lines), encoding="utf-8")
    if given.svg:
        Path(given.svg).write_text(svg(results), encoding="utf-8")
    missed = [
        f"{name}, {server}: {words}"
        for name, rows in results.items()
        for server, figures in rows.items()
        if server.startswith("ussd-gateway")
        for _, words in verdicts(SCENARIOS[name], figures, quick=given.quick)
        if words
    ] + [line for line, met in compared(results) if not met]
    say("\n".join(["Missed:", *missed]) if missed else "Every target is met.")
    return 1 if missed and given.check else 0


def circumstances(given: argparse.Namespace) -> str:
    """One line that says what the figures were measured on."""
    rounds = "one round" if given.rounds == 1 else f"medians of {given.rounds} rounds"
    cores = os.cpu_count() or 1
    busy = f", load average {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{rounds.capitalize()}, Python {version}, {cores} cores{busy}."


def allow_many_files() -> None:
    """As many open files as the system allows: a thousand idle binds have one each, on either side."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def say(words: str) -> None:
    """Progress goes to standard error."""
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
