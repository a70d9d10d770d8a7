"""The cabinets and their settings."""

import pytest

from tests.selfcare.conftest import ANNA


async def test_r101_entering_makes_it_once_with_its_audit_entry(pages):
    first = pages.cabinets.entered(ANNA, "web")
    await pages.gateway.advance(5)

    assert pages.cabinets.entered(ANNA, "app") == first
    assert pages.audit("what, who, channel") == [("cabinet.created", ANNA, "web")]


async def test_the_sms_is_in_the_language_of_the_sim(pages):
    for language in ("ru", "latin", "en"):
        pages.service.set_language(ANNA, language)
        pages.cabinets.entered(ANNA, "web")

    assert [text.split()[0] for _, _, text in pages.sent] == ["Вход", "Vkhod", "Your"]


@pytest.mark.parametrize(("sim", "language"), [("ru", "ru"), ("latin", "ru"), ("en", "en")])
async def test_the_language_is_the_chosen_one_else_that_of_the_sim(pages, sim, language):
    pages.service.set_language(ANNA, sim)
    assert pages.cabinets.language(ANNA) == language
    pages.cabinets.entered(ANNA, "web")
    pages.cabinets.set_language(ANNA, "en", "web")

    assert pages.cabinets.language(ANNA) == "en"


async def test_switched_off_no_sms_leaves(pages):
    pages.cabinets.entered(ANNA, "web")
    pages.cabinets.set_log_in_sms(ANNA, False, "web")
    pages.sent.clear()
    pages.cabinets.entered(ANNA, "web")

    assert pages.sent == []
    assert not pages.cabinets.cabinet(ANNA).log_in_sms
