"""scripts/dev.py: which work it finds to do, what it refuses, and that a ready environment costs nothing."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "scripts" / "dev.py"


def load(path=SOURCE):
    spec = importlib.util.spec_from_file_location("dev", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


dev = load()

WANT = {"interpreter": "cpython-311 linux", "root": "/p", "packages": "1", "project": "2", "level": "run"}
DEV = {**WANT, "level": "dev"}
EVERYTHING = ("environment", "packages", "project")

PLANS = {
    "a stamp that says the same": (WANT, WANT, ()),
    "the wider level holds the narrower": (DEV, WANT, ()),
    "no stamp": ({}, WANT, EVERYTHING),
    "a torn stamp": ({"interpreter": "cpython-311 linux"}, WANT, EVERYTHING),
    "a level of another time": ({**WANT, "level": "docs"}, WANT, EVERYTHING),
    "another interpreter": (WANT, {**WANT, "interpreter": "cpython-313 linux"}, EVERYTHING),
    "the folder was moved": (WANT, {**WANT, "root": "/q"}, EVERYTHING),
    "the lock has changed": (WANT, {**WANT, "packages": "9"}, EVERYTHING),
    "pyproject.toml has changed": (DEV, {**WANT, "project": "9"}, ("project",)),
    "tests after up": (WANT, DEV, ("packages",)),
    "tests after up and a change": (WANT, {**DEV, "project": "9"}, ("packages", "project")),
}


@pytest.mark.parametrize(("stamp", "want", "plan"), PLANS.values(), ids=PLANS)
def test_only_what_is_missing_is_done(stamp, want, plan):
    assert dev.steps(stamp, want) == plan


@pytest.fixture
def project(tmp_path):
    """A project with dev.py in it, and nothing installed."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(SOURCE, tmp_path / "scripts")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "requirements").mkdir()
    for name in dev.COMPILED:
        (tmp_path / "requirements" / f"{name}.lock").write_text(f"{name}==1\n")
    return tmp_path


def recorded(did):
    """Steps that only note their names, and leave what `read_stamp` looks for."""

    def environment(venv, level):
        did.append("environment")
        python = Path(dev.program(venv, "python"))
        python.parent.mkdir(exist_ok=True)
        python.touch()

    return {
        "environment": environment,
        "packages": lambda venv, level: did.append(f"packages {level}"),
        "project": lambda venv, level: did.append("project"),
    }


def test_an_environment_is_made_once_then_widened_then_left_alone(project):
    did = []
    for level in ("run", "run", "dev", "run", "dev"):
        dev.environment(level, str(project), recorded(did))
    assert did == ["environment", "packages run", "project", "packages dev"]


def test_a_changed_pyproject_keeps_the_wider_level(project):
    did = []
    dev.environment("dev", str(project), recorded(did))
    (project / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    dev.environment("run", str(project), recorded(did))
    dev.environment("dev", str(project), recorded(did))
    assert did == ["environment", "packages dev", "project", "project"]


def test_an_interrupted_run_is_repaired_from_the_start(project):
    did = []

    def interrupted(venv, level):
        raise KeyboardInterrupt

    dev.environment("run", str(project), recorded(did))
    with pytest.raises(KeyboardInterrupt):
        dev.environment("dev", str(project), {**recorded(did), "packages": interrupted})
    did.clear()
    dev.environment("run", str(project), recorded(did))
    assert did == ["environment", "packages run", "project"]


def test_an_environment_whose_interpreter_is_gone_is_made_again(project):
    did = []
    venv = dev.environment("run", str(project), recorded(did))
    os.remove(dev.program(venv, "python"))
    dev.environment("run", str(project), recorded(did))
    assert did.count("environment") == 2


def test_of_several_runs_at_once_one_makes_the_environment(project):
    did = []
    runs = [threading.Thread(target=dev.environment, args=("run", str(project), recorded(did))) for _ in range(5)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert did == ["environment", "packages run", "project"]


def test_clearing_leaves_the_lock_and_what_links_point_to(project):
    venv, outside = project / ".venv", project / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    (venv / "lib" / "deep").mkdir(parents=True)
    (venv / "lib64").symlink_to(outside, target_is_directory=True)
    (venv / dev.LOCK).touch()
    dev.clear(str(venv))
    assert os.listdir(venv) == [dev.LOCK]
    assert (outside / "kept").exists()


WAYS = {
    "an ordinary Python": ({"venv", "ensurepip", "pip"}, [(), ("--without-pip",)]),
    "Debian without python3-venv": ({"venv", "pip"}, [("--without-pip",)]),
    "Debian without python3-pip": ({"venv", "ensurepip"}, [()]),
    "neither": ({"venv"}, []),
    "no venv": ({"pip"}, []),
}


@pytest.mark.parametrize(("modules", "ways"), WAYS.values(), ids=WAYS)
def test_an_environment_is_made_with_what_the_interpreter_has(modules, ways):
    assert dev.ways_to_make(modules.__contains__) == ways


def test_an_environment_without_pip_is_served_by_the_systems(project):
    venv = str(project / ".venv")
    python = dev.program(venv, "python")
    assert dev.pip(venv) == [dev.base_python(), "-m", "pip", "--python", python]
    os.makedirs(os.path.dirname(python))
    Path(dev.program(venv, "pip")).touch()
    assert dev.pip(venv) == [python, "-m", "pip"]


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 13)])
def test_an_old_interpreter_is_refused_in_one_line(version):
    said = dev.too_old(version)
    assert "needs 3.11 or newer" in said
    assert ".".join(map(str, version)) in said
    assert "\n" not in said


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 0), (4, 0, 0)])
def test_a_newer_interpreter_is_welcome(version):
    assert not dev.too_old(version)


def test_old_interpreters_can_read_the_file_far_enough_to_refuse():
    ast.parse(SOURCE.read_text(), feature_version=(3, 7))


LINES = {
    "colorama==0.4.6 \\\n": 'colorama==0.4.6 ; sys_platform == "win32" \\\n',
    "click==8.5.1 \\\n": "click==8.5.1 \\\n",
    "    --hash=sha256:00 \\\n": "    --hash=sha256:00 \\\n",
    "# colorama\n": "# colorama\n",
}


@pytest.mark.parametrize(("line", "after"), LINES.items())
def test_only_what_other_platforms_need_gets_a_marker(line, after):
    assert dev.marked(line) == after


PIN = re.compile(r"""[a-z][a-z0-9-]*==[0-9][^ ]*( ; [a-z_]+ == "[a-z0-9]+")? \\""")


def test_the_locks_name_no_place_and_pin_everything_by_hash():
    for name in dev.COMPILED:
        lines = (SOURCE.parents[1] / "requirements" / f"{name}.lock").read_text().splitlines()
        said = [line for line in lines if line and not line.lstrip().startswith("#")]
        hashes = [line for line in said if line.startswith("    --hash=sha256:")]
        pins = [line for line in said if PIN.fullmatch(line)]
        assert pins
        assert len(pins) + len(hashes) == len(said)
        assert all(said[said.index(pin) + 1] in hashes for pin in pins)
        assert not [line for line in lines if "://" in line]


def dev_py(project, *arguments, **options):
    return subprocess.run(
        [sys.executable, project / "scripts" / "dev.py", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        **options,
    )


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_names_every_command(project, arguments):
    done = dev_py(project, *arguments, cwd="/")
    assert done.returncode == 0
    assert all(f"dev.py {name} " in done.stdout for name in dev.COMMANDS)


def test_an_unknown_command_is_told_the_known_ones(project):
    done = dev_py(project, "start")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "dev.py: 'start' is unknown; known: up, test, screenshots, check, docs, fuzz, wheel, lock\n"


def test_an_argument_that_would_go_nowhere_is_refused(project):
    done = dev_py(project, "check", "--fix")
    assert done.returncode == 1
    assert done.stderr == "dev.py: this command takes no arguments, but here are: --fix\n"


def test_pictures_of_the_pages_come_from_their_tests(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(dev, "test", lambda arguments: ran.extend(arguments) or 0)
    for name in ("SCREENSHOTS", "BROWSER_TESTS"):
        monkeypatch.setenv(name, "")  # so that what it sets does not outlive the test
    assert dev.screenshots([str(tmp_path)]) == 0
    assert os.environ["SCREENSHOTS"] == str(tmp_path)
    assert ran[-1] == os.path.join("tests", "browser", "test_pages.py")
    with pytest.raises(dev.ToolError, match="no arguments"):
        dev.screenshots([str(tmp_path), "another"])


def test_a_failed_command_is_shown_whole():
    command = [sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"]
    with pytest.raises(dev.ToolError, match="the way out") as caught:
        dev.run(command, "the way out")
    assert "out" in caught.value.noise
    assert "err" in caught.value.noise


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for the gateway is a shell script")
def test_a_ready_environment_goes_straight_to_the_gateway(project):
    venv = project / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    gateway = venv / "bin" / "ussd-gateway"
    gateway.write_text('#!/bin/sh\necho "$$ $(pwd) $*"\n')
    gateway.chmod(0o755)
    dev.write_stamp(str(venv), dev.wanted(str(project), "dev"))
    before = sorted(path.name for path in venv.iterdir())

    command = [sys.executable, project / "scripts" / "dev.py", "up", "--http-port", "0"]
    with subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        out, words = started.communicate(timeout=30)
    # The same process: Ctrl-C and SIGTERM reach the gateway itself.
    assert out == f"{started.pid} {project} serve --http-port 0\n"
    assert words == ""
    assert sorted(path.name for path in venv.iterdir()) == before


def test_a_ready_environment_imports_nothing_slow():
    code = (
        "import sys, runpy; before = set(sys.modules); runpy.run_path(sys.argv[1]); print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code, SOURCE], capture_output=True, text=True, check=True)
    assert not {"subprocess", "tempfile", "shutil", "argparse", "pathlib", "venv"} & set(done.stdout.split())
