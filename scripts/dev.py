"""The developer's commands. Python 3.11 or newer is all they need.

    python3 scripts/dev.py up [ARGUMENT...]      start the gateway; arguments go to `ussd-gateway serve`
    python3 scripts/dev.py test [ARGUMENT...]    run the tests; arguments go to pytest
    python3 scripts/dev.py screenshots [FOLDER]  a picture of every page in every look, to look at: screenshots/index.html
    python3 scripts/dev.py check                 lint, formatting and types
    python3 scripts/dev.py docs                  refresh what is drawn from tables in the code: parts of docs/, menus/menu.schema.json
    python3 scripts/dev.py fuzz [ARGUMENT...]    fuzz the SMSC for a minute; arguments go to scripts/fuzz.py (--seconds, --seed)
    python3 scripts/dev.py wheel                 build the wheel and try it in an empty environment
    python3 scripts/dev.py lock [ARGUMENT...]    refresh requirements/*.lock; arguments go to pip-compile (--upgrade)

The first run makes .venv with the locked packages; later runs start at once. Delete .venv whenever you like.
Every command runs in the project's folder, so paths among the arguments are relative to it.
"""

import hashlib
import os
import sys
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

# What a run needs only when there is something to install is imported where it is used: `up` starts in a blink.

OLDEST = (3, 11)


def too_old(version: "tuple[int, ...]") -> str:
    """One line for people whose Python is too old, or nothing. (No modern syntax in this file: old ones read it.)"""
    if tuple(version[:2]) >= OLDEST:
        return ""
    return "dev.py: this is Python {}; the project needs {} or newer, for example: python{} scripts/dev.py".format(
        ".".join(map(str, version[:3])), *[".".join(map(str, OLDEST))] * 2
    )


if too_old(sys.version_info[:3]):
    sys.exit(too_old(sys.version_info[:3]))

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = ".venv"
STAMP = "dev.stamp"  # in .venv, written last: without it the environment is half-made
LOCK = "dev.lock"  # in .venv, held while the environment is being changed

# The lock files, each with what pip-compile is told for it. A later one keeps to the versions of those before it.
COMPILED: dict[str, tuple[str, ...]] = {
    "run": (),
    "build": ("--only-build-deps", "--build-deps-for", "editable", "--build-deps-for", "wheel"),
    "dev": ("--extra", "dev", "--all-build-deps"),
}

# What each level of the environment is installed from. The wider level comes later and holds the narrower one.
LEVELS = {"run": ("run", "build"), "dev": ("dev",)}

# pip-compile resolves for the machine that it runs on. These are what pytest and build ask for on others only.
ELSEWHERE = {"colorama": 'sys_platform == "win32"'}

PIP_TOOLS = "pip-tools==7.6.2"

COMPILE = (
    "--quiet",
    "--generate-hashes",
    "--strip-extras",
    "--allow-unsafe",  # sqlite-utils depends on pip, so pip is pinned like the rest
    "--no-header",
    "--no-config",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
    "--no-emit-find-links",
)

HEADER = "# Made by `python3 scripts/dev.py lock`; docs/dependencies.md tells more.\n"

# A user's own settings of pip must not send packages outside the environment.
PIP_SETTINGS = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0"}

# The lock names what the ordinary registry serves, not what this machine's own settings of pip add to it.
REGISTRY = {"PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("mypy", "scripts/dev.py", "scripts/draw.py", "scripts/fuzz.py"),
)

# What the installed wheel has to do, from an empty folder.
TRIALS = (("--version",), ("menu", "check"), ("play", os.path.join(ROOT, "scripts")))
TRIAL_SECONDS = 240


class ToolError(Exception):
    """Something failed: what, and the way out, in words for the person at the terminal; `noise` comes before them."""

    def __init__(self, sentence: str, noise: str = "") -> None:
        super().__init__(sentence)
        self.noise = noise


def say(sentence: str) -> None:
    """Progress goes to stderr: stdout belongs to the program that is started."""
    print(sentence, file=sys.stderr, flush=True)


# Where things are in an environment


def program(venv: str, name: str) -> str:
    """The path of a console script, or of Python itself."""
    return os.path.join(venv, "Scripts", name + ".exe") if os.name == "nt" else os.path.join(venv, "bin", name)


def base_python() -> str:
    """The interpreter behind any virtual environment that runs this file: .venv cannot remake itself."""
    return getattr(sys, "_base_executable", None) or sys.executable


# The stamp: what the environment was made from


def digest(*paths: str) -> str:
    """One hash over the files' octets."""
    total = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            total.update(hashlib.sha256(file.read()).digest())
    return total.hexdigest()


def wanted(root: str, level: str) -> dict[str, str]:
    """The stamp that an environment of this level would have."""
    return {
        "interpreter": f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')} {sys.platform}",
        "root": root,  # console scripts hold the absolute path of their interpreter
        "packages": digest(*(os.path.join(root, "requirements", name + ".lock") for name in COMPILED)),
        "project": digest(os.path.join(root, "pyproject.toml")),
        "level": level,
    }


def read_stamp(venv: str) -> dict[str, str]:
    """The environment's stamp; empty when it has none, a torn one, or no interpreter any more."""
    try:
        with open(os.path.join(venv, STAMP), encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    if not os.path.exists(program(venv, "python")):
        return {}
    return dict(line.split(" ", 1) for line in lines if " " in line)


def write_stamp(venv: str, stamp: dict[str, str]) -> None:
    """Replaces the stamp in one step, so that nobody reads half of it."""
    path = os.path.join(venv, STAMP)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.writelines(f"{key} {value}\n" for key, value in stamp.items())
    os.replace(path + ".new", path)


def remove_stamp(venv: str) -> None:
    """From here until the next `write_stamp` the environment counts as half-made."""
    if os.path.exists(os.path.join(venv, STAMP)):
        os.remove(os.path.join(venv, STAMP))


def steps(stamp: dict[str, str], want: dict[str, str]) -> tuple[str, ...]:
    """What turns an environment with this stamp into the wanted one; nothing, most of the time."""
    if stamp.get("level") not in LEVELS or any(
        stamp.get(key) != want[key] for key in ("interpreter", "root", "packages")
    ):
        return ("environment", "packages", "project")
    packages = () if wider(stamp["level"], want["level"]) == stamp["level"] else ("packages",)
    project = () if stamp.get("project") == want["project"] else ("project",)
    return packages + project


def wider(*levels: str) -> str:
    """The level that holds the others."""
    return max(levels, key=list(LEVELS).index)


# Making the environment


def run(command: list[str], failed: str, words: str = "", env: dict[str, str] | None = None) -> None:
    """Runs a command without its noise; when it fails, raises `failed` with all of it."""
    import subprocess

    done = subprocess.run(
        command,
        input=words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        errors="replace",
        text=True,
        close_fds=False,  # children hold the environment's lock too, and keep it if this process is killed
        cwd=ROOT,
        env={**os.environ, **PIP_SETTINGS, **(env or {})},
    )
    if done.returncode:
        raise ToolError(failed, f"$ {' '.join(command)}\n{done.stdout.rstrip()}\n")


def has_module(name: str) -> bool:
    """Whether the interpreter that makes environments can import this module."""
    import subprocess

    return not subprocess.run([base_python(), "-c", "import " + name], stderr=subprocess.DEVNULL).returncode


WAYS: tuple[tuple[str, tuple[str, ...]], ...] = (("ensurepip", ()), ("pip", ("--without-pip",)))


def ways_to_make(has: Callable[[str], bool]) -> list[tuple[str, ...]]:
    """What to tell `venv`, best first. Debian without python3-venv has no ensurepip; then its own pip installs."""
    if not has("venv"):
        return []
    return [arguments for module, arguments in WAYS if has(module)]


def make_environment(venv: str) -> None:
    """An environment with nothing in it, whatever was there before."""
    ways = ways_to_make(has_module)
    if not ways:
        raise ToolError(
            f"{base_python()} can make no virtual environment: it has neither ensurepip nor pip. "
            "On Debian and Ubuntu: apt-get install python3-venv"
        )
    for arguments in ways:
        clear(venv)
        try:
            run([base_python(), "-m", "venv", *arguments, venv], "venv could not make an environment: see above.")
        except ToolError:
            if arguments is ways[-1]:
                raise
        else:
            return


def clear(venv: str) -> None:
    """Empties the folder but for the lock that this process may be holding in it."""
    import shutil

    os.makedirs(venv, exist_ok=True)
    with os.scandir(venv) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            elif entry.name != LOCK:
                os.remove(entry.path)


def pip(venv: str) -> list[str]:
    """The environment's pip, or while it has none the system's."""
    python = program(venv, "python")
    if os.path.exists(program(venv, "pip")):
        return [python, "-m", "pip"]
    return [base_python(), "-m", "pip", "--python", python]


def install_packages(venv: str, locks: tuple[str, ...]) -> None:
    """Exactly what the lock files say: nothing else, no other hash."""
    files = [os.path.join(ROOT, "requirements", name + ".lock") for name in locks]
    run(
        [*pip(venv), "install", "--require-hashes", *(word for file in files for word in ("--requirement", file))],
        "pip could not install the locked packages; its words are above. Is the package index reachable? "
        "(PIP_INDEX_URL names another one, PIP_PROXY a proxy.) Then give the same command again: it starts afresh.",
    )


def install_project(venv: str, *what: str) -> None:
    """The project itself on top of its locked packages; the build backend is one of them."""
    run(
        [*pip(venv), "install", "--no-deps", "--no-build-isolation", "--no-index", *what],
        "pip could not install the project; its words are above. Mend that (pyproject.toml?) "
        "and give the same command again.",
    )


STEPS: dict[str, Callable[[str, str], None]] = {
    "environment": lambda venv, level: make_environment(venv),
    "packages": lambda venv, level: install_packages(venv, LEVELS[level]),
    "project": lambda venv, level: install_project(venv, "--editable", ROOT),
}

SENTENCES = {
    "environment": "Making the environment in .venv (once; about a minute) ...",
    "packages": "Adding packages to .venv (once; less than a minute) ...",
    "project": "pyproject.toml has changed: installing the project into .venv again ...",
}


def alone(venv: str) -> "IO[str]":
    """Waits until no other run changes the environment. Close the result, or end, to let the next one in."""
    os.makedirs(venv, exist_ok=True)
    file = open(os.path.join(venv, LOCK), "a+")  # noqa: SIM115 - the caller closes it
    os.set_inheritable(file.fileno(), True)
    if sys.platform == "win32":
        import msvcrt
        import time

        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(0.2)
            else:
                return file
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another run is working on .venv; waiting for it ...")
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def environment(level: str, root: str = ROOT, do: dict[str, Callable[[str, str], None]] = STEPS) -> str:
    """The path of an environment of at least this level; made, widened or repaired when it has to be."""
    venv = os.path.join(root, VENV)
    want = wanted(root, level)
    if not steps(read_stamp(venv), want):
        return venv
    with alone(venv):
        stamp = read_stamp(venv)
        todo = steps(stamp, want)  # the run that we waited for may have done it
        if todo:
            say(SENTENCES[todo[0]])
            remove_stamp(venv)
            for step in todo:
                do[step](venv, level)
            write_stamp(venv, want if "environment" in todo else {**want, "level": wider(stamp["level"], level)})
    return venv


# The commands


def become(command: list[str]) -> int:
    """Turns this process into the command, so that signals reach it directly. Windows has to wait for it instead."""
    os.chdir(ROOT)
    sys.stderr.flush()
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606 - no shell is the point
    import subprocess

    return subprocess.call(command)


def up(arguments: list[str]) -> int:
    """Starts the gateway."""
    return become([program(environment("run"), "ussd-gateway"), "serve", *arguments])


def test(arguments: list[str]) -> int:
    """Runs the tests, on all processors where nothing else is said."""
    return become([program(environment("dev"), "python"), "-m", "pytest", *(arguments or ["-n", "auto"])])


def screenshots(arguments: list[str]) -> int:
    """Looks at every page, as the tests do, and keeps what it sees."""
    refuse(arguments[1:])
    os.environ["SCREENSHOTS"] = os.path.abspath(os.path.join(ROOT, *(arguments or ["screenshots"])))
    os.environ["BROWSER_TESTS"] = "required"
    say(f"The pages will be on {os.path.join(os.environ['SCREENSHOTS'], 'index.html')}")
    return test(["-q", os.path.join("tests", "browser", "test_pages.py")])


def check(arguments: list[str]) -> int:
    """Runs every check, also after one has failed."""
    import subprocess

    refuse(arguments)
    venv = environment("dev")
    failed = []
    for name, *rest in CHECKS:
        say(f"{name} {' '.join(rest)}".rstrip())
        if subprocess.call([program(venv, name), *rest], cwd=ROOT):
            failed.append(f"{name} {' '.join(rest)}".rstrip())
    if failed:
        raise ToolError(f"failed: {', '.join(failed)}. `ruff check --fix .` and `ruff format .` mend what they can.")
    return 0


def docs(arguments: list[str]) -> int:
    """Rewrites what is drawn: parts of the pages, and whole files."""
    refuse(arguments)
    return become([program(environment("dev"), "python"), os.path.join("scripts", "draw.py")])


def fuzz(arguments: list[str]) -> int:
    """Fuzzes the SMSC."""
    return become([program(environment("dev"), "python"), os.path.join("scripts", "fuzz.py"), *arguments])


def wheel(arguments: list[str]) -> int:
    """Builds the wheel and tries it where nothing of this folder can help it."""
    import tempfile

    refuse(arguments)
    scripts = sorted(name for name in os.listdir(os.path.join(ROOT, "scripts")) if name.endswith(".ussd"))
    if not scripts:
        raise ToolError("scripts/ holds no *.ussd file, so the wheel cannot be tried; write one.")
    venv = environment("dev")
    with tempfile.TemporaryDirectory(prefix="ussd-gateway-wheel-") as folder:
        say("Building the wheel ...")
        built = build_wheel(venv, os.path.join(folder, "dist"))
        say(f"Installing {os.path.basename(built)} in an empty environment ...")
        fresh = os.path.join(folder, "venv")
        make_environment(fresh)
        install_packages(fresh, ("run",))
        install_project(fresh, built)
        empty = os.path.join(folder, "empty")
        os.mkdir(empty)
        for trial in TRIALS:
            try_out(program(fresh, "ussd-gateway"), trial, empty)
    say(f"The wheel works: {len(TRIALS)} commands, {len(scripts)} scripts.")
    return 0


def build_wheel(venv: str, folder: str) -> str:
    """The path of the wheel, built by the locked backend."""
    run(
        [program(venv, "python"), "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        "the wheel could not be built; the words are above.",
    )
    (name,) = os.listdir(folder)
    return os.path.join(folder, name)


def try_out(executable: str, arguments: tuple[str, ...], folder: str) -> None:
    """Runs one command of the installed wheel, its output in full view."""
    import subprocess

    shown = " ".join(("ussd-gateway", *arguments))
    say(f"$ {shown}")
    settings = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    try:
        code = subprocess.run(
            [executable, *arguments], cwd=folder, env=settings, stdin=subprocess.DEVNULL, timeout=TRIAL_SECONDS
        ).returncode
    except subprocess.TimeoutExpired:
        raise ToolError(f"the installed wheel failed: `{shown}` did not end within {TRIAL_SECONDS} s") from None
    if code:
        raise ToolError(
            f"the installed wheel failed: `{shown}` exited with {code}. "
            "It ran in an empty folder with run-time packages only: is a file missing from the wheel, or a dependency?"
        )


def lock(arguments: list[str]) -> int:
    """Refreshes the lock files: versions that still fit are kept, unless --upgrade is among the arguments."""
    import tempfile

    if sys.version_info[:2] != OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise ToolError(f"the lock has to fit the oldest Python too: python{oldest} scripts/dev.py lock")
    with tempfile.TemporaryDirectory(prefix="ussd-gateway-lock-") as folder:
        venv = os.path.join(folder, "venv")
        say(f"Installing {PIP_TOOLS} ...")
        make_environment(venv)
        run([*pip(venv), "install", PIP_TOOLS], "pip could not install pip-tools; its words are above.", env=REGISTRY)
        paths = [f"requirements/{name}.lock" for name in COMPILED]
        for index, (path, options) in enumerate(zip(paths, COMPILED.values(), strict=True)):
            say(f"Compiling {path} ...")
            constraints = [word for earlier in paths[:index] for word in ("--constraint", earlier)]
            compile_lock(venv, path, *options, *arguments, *constraints, "pyproject.toml")
        elsewhere = os.path.join(folder, "elsewhere.lock")
        compile_lock(venv, elsewhere, "--no-annotate", "-", words="\n".join(ELSEWHERE))
        finish_locks([os.path.join(ROOT, path) for path in paths], elsewhere)
    say("Now run the tests, and commit requirements/.")
    return 0


def compile_lock(venv: str, path: str, *arguments: str, words: str = "") -> None:
    """Runs pip-compile, which writes the file when it has found a set of versions."""
    run(
        [program(venv, "python"), "-m", "piptools", "compile", *COMPILE, "--output-file", path, *arguments],
        "pip-compile found no set of versions, or no package index; its words are above.",
        words=words,
        env=REGISTRY,
    )


def finish_locks(paths: list[str], elsewhere: str) -> None:
    """Says in each file how it came about, and adds to the widest what only other platforms need."""
    for path in paths:
        with open(path, encoding="utf-8") as file:
            text = HEADER + file.read().removeprefix(HEADER)
        if path == paths[-1]:
            with open(elsewhere, encoding="utf-8") as file:
                text += "\n# What other platforms need.\n" + "".join(map(marked, file))
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)


def marked(line: str) -> str:
    """A line of a lock file; `colorama==0.4.6 \\` with the marker that it is for."""
    name, equals, _ = line.partition("==")
    return line.replace(" \\", f" ; {ELSEWHERE[name]} \\") if equals and name in ELSEWHERE else line


def refuse(arguments: list[str]) -> None:
    """For commands that take no arguments."""
    if arguments:
        raise ToolError(f"this command takes no arguments, but here are: {' '.join(arguments)}")


COMMANDS = {
    "up": up,
    "test": test,
    "screenshots": screenshots,
    "check": check,
    "docs": docs,
    "fuzz": fuzz,
    "wheel": wheel,
    "lock": lock,
}


def main(arguments: list[str]) -> int:
    """Runs one command; its exit status."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__, end="")
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        say(f"dev.py: {name!r} is unknown; known: {', '.join(COMMANDS)}")
        return 2
    try:
        return COMMANDS[name](rest)
    except ToolError as error:
        say(f"{error.noise}dev.py: {error}")
    except OSError as error:
        say(f"dev.py: {error}")
    except KeyboardInterrupt:
        say("\ndev.py: interrupted; the next run repairs what is unfinished.")
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
