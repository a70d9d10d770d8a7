"""Who logs where, and what a log may say of an exception."""

import json

import pytest
import structlog
from structlog.testing import capture_logs

from ussd_gateway.logs import logger, quietly, told, where

log = logger(__name__)


def test_where_nobody_has_configured_structlog_only_warnings_are_told_on_standard_error(capsys):
    log.info("esme.bound", account="shop")
    log.debug("esme.spoke")
    log.warning("menu.failed", menu="shop.toml")
    log.error("gateway.commit_failed")
    told = capsys.readouterr()
    assert told.out == ""
    assert [line.split() for line in told.err.splitlines()] == [
        ["[warning", "]", "menu.failed", "menu=shop.toml"],
        ["[error", "]", "gateway.commit_failed"],
    ]
    assert not structlog.is_configured()


def test_a_program_that_has_configured_structlog_gets_everything_unless_it_wants_quiet(capsys):
    with capture_logs() as logs:
        log.info("esme.bound", account="shop")
        with quietly():
            log.info("esme.unbound", account="shop")
            log.warning("menu.failed")
        log.info("esme.rebound", account="shop")
    assert [entry["event"] for entry in logs] == ["esme.bound", "esme.rebound"]
    assert "menu.failed" in capsys.readouterr().err


def test_an_exception_is_told_by_its_type_and_place_and_never_by_its_words():
    try:
        raise KeyError("Ab3dE9xZ")
    except KeyError as error:
        words = told(error)
    assert words.startswith("KeyError at test_logs.py:")
    assert "Ab3dE9xZ" not in words


def test_one_that_was_never_raised_has_no_place():
    assert told(ValueError("Ab3dE9xZ")) == "ValueError"


def test_the_place_is_the_last_one_in_the_file_that_is_asked_for():
    with pytest.raises(ValueError, match="Expecting") as raised:
        json.loads("{")
    error = raised.value
    assert where(error).startswith(" at decoder.py:")
    assert where(error, __file__).startswith(" at test_logs.py:")
    assert told(error, "elsewhere.py") == told(error)
