"""The audit log, as a supervisor reads it."""

import pytest

from tests.selfcare.conftest import ANNA, SECOND


@pytest.fixture
async def nina(front):
    front.ask()
    front.numbers.reject(1, front.person("oleg"), "<script>alert(1)</script>")
    return await front.at_the_desk("nina")


async def test_invariant_15_who_did_what_is_there(nina):
    page = await nina.open("/desk/audit")

    assert "link.requested" in page.text
    assert "link.rejected" in page.text
    assert page.text.index("link.rejected") < page.text.index("link.requested"), "the latest first"


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("word=rejected", "link.rejected", "link.requested"),
        ("who=oleg", "link.rejected", "link.requested"),
        ("who=8%20(000)%20100-00-02", "link.requested", "desk.logged_in"),
        (f"who={ANNA}&word=requested", "link.requested", "link.rejected"),
    ],
)
async def test_it_is_searched(nina, query, there, not_there):
    page = await nina.open(f"/desk/audit?{query}")

    assert there in page.text
    assert not_there not in page.text


async def test_nothing_found_is_told_and_a_wrong_page_is_the_first(nina):
    assert "Ничего не найдено" in (await nina.open("/desk/audit?word=none")).text
    assert "link.rejected" in (await nina.open("/desk/audit?before=x")).text
    assert "Ничего не найдено" in (await nina.open("/desk/audit?before=1")).text


async def test_older_entries_are_a_link_away(nina):
    page = await nina.open("/desk/audit?word=link.")
    (older,) = [link for link in page.links if "before=" in link]

    assert "Ничего не найдено" in (await nina.open(older)).text


async def test_what_people_wrote_is_no_markup(nina):
    page = await nina.open("/desk/audit")

    assert "<script>" not in page.html
    assert "&lt;script&gt;" in page.html


@pytest.mark.parametrize("name", ["oleg", "irina"])
async def test_only_a_supervisor_reads_it(front, name):
    somebody = await front.at_the_desk(name)

    assert (await somebody.open("/desk/audit")).status == 403


async def test_no_secret_is_in_it(front, nina):
    await front.issuing.issue_password(SECOND, "ussd", "1")
    password = front.sms(SECOND)[-1].split()[1].rstrip(".")

    page = await nina.open("/desk/audit")

    for secret in (password, "nina-desk", "4509123456", "123456"):
        assert secret not in page.html
