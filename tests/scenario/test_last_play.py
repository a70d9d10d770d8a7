"""What is remembered of the last play."""

import pytest

from ussd_gateway.scenario import last_play
from ussd_gateway.scenario.result import Failure, Result


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def result(name, *, passed, file="a.ussd"):
    return Result(file, name, 1, 0.0, None if passed else Failure(2, "x"), ())


def test_nothing_is_remembered_before_the_first_play():
    assert last_play.failed() is None


def test_what_failed_is_remembered_until_it_passes():
    last_play.note([result("one", passed=True), result("two", passed=False), result("three", passed=False)])
    assert last_play.failed() == {("a.ussd", "two"), ("a.ussd", "three")}
    last_play.note([result("two", passed=True), result("two", passed=False, file="b.ussd")])
    assert last_play.failed() == {("a.ussd", "three"), ("b.ussd", "two")}
    last_play.note([result("three", passed=True), result("two", passed=True, file="b.ussd")])
    assert last_play.failed() == set()


def test_a_file_is_the_same_however_it_is_named(folder):
    last_play.note([result("one", passed=False, file=str(folder / "scripts" / "a.ussd"))])
    assert last_play.failed() == {last_play.key("./scripts/a.ussd", "one")} == {("scripts/a.ussd", "one")}


@pytest.mark.parametrize("torn", ["", "[]", '{"failed": [{"file": 1}]}', "\xff"])
def test_a_torn_memory_is_none(folder, torn):
    last_play.note([])
    (folder / last_play.FILE).write_text(torn, encoding="latin-1")
    assert last_play.failed() is None


def test_a_folder_that_takes_no_file_is_no_reason_to_fail(folder):
    (folder / "run").write_text("a file, where the folder is to be")
    last_play.note([result("one", passed=False)])
    assert last_play.failed() is None
