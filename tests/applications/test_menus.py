"""Files of menus that are written, spoilt, mended and removed while the gateway runs."""

import asyncio
import os

import pytest
from structlog.testing import capture_logs

from tests.conftest import START, Plain
from ussd_gateway.applications.imports import Imports
from ussd_gateway.applications.menu import ScreenError
from ussd_gateway.applications.menus import PATIENCE, Menus
from ussd_gateway.client import Client
from ussd_gateway.clock import RealClock, VirtualClock
from ussd_gateway.menu.mistakes import MenuError
from ussd_gateway.serve import Gateway

ANNA = "70001000001"


def menu(words, code="*700#", more=""):
    return f"""
title = "News"
codes = ["{code}"]
languages = ["en"]
{more}
[screens.main]
text = "{words}"
choices = [{{ key = "1", label = "On", to = "next" }}]

[screens.next]
text = "{words} goes on"
end = true
"""


class Folder:
    """A folder of menus, and the gateway that serves it; every look at the files is the test's."""

    def __init__(self, path, gateway):
        self.path, self.gateway, self.phone = path, gateway, gateway.phone()
        self.menus = Menus(
            gateway,
            handlers={},
            language=lambda msisdn: "ru",
            imports=Imports(path),
            client=Client(),
            patience=10.0,
            utc_offset=3.0,
        )
        self.look = self.menus.look

    def write(self, name, text):
        (self.path / name).write_text(text, encoding="utf-8")

    async def dial(self, code="*700#"):
        screen = await self.phone.dial(code)
        self.phone.hang_up()
        return screen.partition("\n")[0] if screen.awaiting else screen.outcome

    @property
    def told(self):
        """What the journal says of files: kind, file."""
        self.gateway.journal.commit()
        entries = [entry for _, entry in self.gateway.journal.after(0) if hasattr(entry, "facts")]
        return [(entry.kind.removeprefix("menu."), entry.facts["file"]) for entry in entries]


@pytest.fixture
async def folder(plain_gateway, tmp_path):
    folder = Folder(tmp_path, plain_gateway)
    folder.write("news.toml", menu("One"))
    folder.menus.add_folder(tmp_path)
    yield folder
    folder.menus.stop()


async def test_every_file_of_the_folder_answers_its_codes_and_nothing_is_told_of_it(folder):
    folder.look()
    assert await folder.dial() == "One"
    assert folder.told == []
    (listed,) = folder.menus.listed()
    assert (listed.file, listed.codes, listed.menu.title) == ("news.toml", ("*700#",), "News")
    assert (listed.mistakes, listed.sessions, listed.since) == ((), 0, folder.gateway.now())


async def test_a_changed_file_serves_new_dialogues_and_open_ones_end_on_their_version(folder):
    first, second = folder.phone, folder.gateway.phone("70001000002")
    await first.dial("*700#")
    folder.write("news.toml", menu("Two"))
    folder.look()
    assert (await second.dial("*700#")).startswith("Two")
    assert folder.menus.listed()[0].sessions == 2
    assert await first.answer("1") == "One goes on"
    assert await second.answer("1") == "Two goes on"
    assert folder.told == [("reloaded", "news.toml")]


async def test_a_wrong_file_keeps_the_old_one_serving_and_says_so(folder):
    folder.write("news.toml", menu("Two").replace('to = "next"', 'to = "nxt"'))
    with capture_logs() as logs:
        for _ in range(4):
            folder.look()
    assert await folder.dial() == "One"
    assert folder.told == [("not_reloaded", "news.toml")]
    (mistake,) = folder.menus.listed()[0].mistakes
    assert (mistake.line, mistake.key) == (8, "screens.main.choices[0].to")
    assert 'did you mean "next"' in mistake.message
    (entry,) = logs
    assert (entry["event"], entry["log_level"], entry["mistakes"]) == ("menu.not_reloaded", "warning", [str(mistake)])

    folder.write("news.toml", menu("Three"))
    folder.look()
    assert await folder.dial() == "Three"
    assert folder.menus.mistakes == ()
    assert folder.told[1:] == [("reloaded", "news.toml")]


async def test_a_file_that_is_half_written_is_not_told_of(folder):
    whole = menu("A longer text")
    for end in range(10, len(whole), 40):
        folder.write("news.toml", whole[:end])
        folder.look()
    folder.write("news.toml", whole)
    folder.look()
    assert await folder.dial() == "A longer text"
    assert [kind for kind, _ in folder.told] == ["reloaded"]


async def test_a_file_that_an_editor_puts_in_the_place_of_the_old_one_is_read(folder):
    (folder.path / "news.toml").unlink()
    folder.look()
    assert await folder.dial() == "One"
    folder.write("draft", menu("Two"))
    os.replace(folder.path / "draft", folder.path / "news.toml")
    folder.look()
    assert await folder.dial() == "Two"
    assert folder.told == [("reloaded", "news.toml")]


async def test_a_removed_file_answers_no_more_and_its_open_dialogues_end(folder):
    await folder.phone.dial("*700#")
    (folder.path / "news.toml").unlink()
    folder.look()
    folder.look()
    assert await folder.phone.answer("1") == "One goes on"
    assert await folder.dial() == "no_route"
    assert folder.menus.listed() == []
    assert folder.told == [("removed", "news.toml")]


async def test_a_new_file_is_found_and_a_code_is_given_up(folder):
    folder.write("weather.toml", menu("Sunny", code="*701#"))
    folder.look()
    assert await folder.dial("*701#") == "Sunny"
    folder.write("weather.toml", menu("Rainy", code="*702#"))
    folder.look()
    assert [await folder.dial("*701#"), await folder.dial("*702#")] == ["no_route", "Rainy"]
    assert folder.menus.listed()[1].codes == ("*702#",)


async def test_a_code_of_somebody_else_is_a_mistake_until_it_is_free(folder):
    folder.write("weather.toml", menu("Sunny", code="*700#").replace('["*700#"]', '["*701#", "*700#"]'))
    folder.look()
    folder.look()
    (mistake,) = folder.menus.mistakes
    assert (mistake.source, mistake.line, mistake.key, mistake.rule) == (
        "weather.toml",
        3,
        "codes[1]",
        "duplicate-code",
    )
    assert await folder.dial("*701#") == "no_route"

    folder.write("news.toml", menu("One", code="*703#"))
    folder.look()
    assert [await folder.dial(code) for code in ("*700#", "*701#", "*703#")] == ["Sunny", "Sunny", "One"]
    assert folder.told == [("not_reloaded", "weather.toml"), ("reloaded", "news.toml"), ("reloaded", "weather.toml")]


async def test_a_handler_that_cannot_be_had_is_a_mistake_until_it_can(folder):
    text = menu("News").replace("end = true", 'handler = "of_the_day:news"\nend = true')
    folder.write("news.toml", text)
    folder.look()
    folder.look()
    (mistake,) = folder.menus.mistakes
    assert (mistake.line, mistake.key, mistake.rule) == (12, "screens.next.handler", "missing-handler")
    folder.write("of_the_day.py", "async def news(turn):\n    return {}\n")
    for _ in range(PATIENCE):
        folder.look()
    assert await folder.dial() == "News"
    assert folder.menus.mistakes == ()


async def test_the_next_gateway_does_not_read_again_what_says_the_same_but_looks_again_for_its_functions(tmp_path):
    folders = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        gateway = Plain(VirtualClock(START))
        folders.append(Folder(tmp_path / name, gateway))
        folders[-1].write("news.toml", menu("One"))
        folders[-1].write("sport.toml", menu("Two", code="*701#").replace("end", 'handler = "sports:news"\nend'))
    folders[1].write("sports.py", "async def news(turn):\n    return {}\n")
    for folder in folders:
        folder.menus.add_folder(folder.path)
    (news, sport), (same_news, other_sport) = (folder.menus.listed() for folder in folders)
    assert news.menu is same_news.menu
    assert [mistake.rule for mistake in sport.mistakes] == ["missing-handler"]
    assert other_sport.mistakes == ()
    for folder in folders:
        folder.menus.stop()
        await folder.gateway.close()
        folder.gateway.store.close()


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"\xff\xfe\x00", "is not in UTF-8; save it so"),
        (b"", "codes: is missing"),
        (b"title = ", "Invalid value"),
        (b"#" * (256 * 1024 + 1), "has more than 256 KiB; make it several menus"),
    ],
)
async def test_what_is_no_text_and_no_menu_is_told(folder, octets, said):
    (folder.path / "news.toml").write_bytes(octets)
    folder.look()
    folder.look()
    assert said in "\n".join(map(str, folder.menus.mistakes))
    assert await folder.dial() == "One"


async def test_a_mark_of_the_byte_order_is_no_mistake(folder):
    (folder.path / "news.toml").write_bytes(b"\xef\xbb\xbf" + menu("Windows").encode())
    folder.look()
    assert await folder.dial() == "Windows"


async def test_what_is_wrong_at_the_start_is_known_at_once(plain_gateway, tmp_path):
    folder = Folder(tmp_path, plain_gateway)
    folder.write("a.toml", menu("One"))
    folder.write("b.toml", menu("Two"))
    folder.write("c.toml", "")
    folder.menus.add_folder(tmp_path)
    assert {mistake.source for mistake in folder.menus.mistakes} == {"b.toml", "c.toml"}
    assert [each.menu is None for each in folder.menus.listed()] == [False, True, True]


async def test_one_file_can_answer_codes_of_the_settings(folder):
    folder.write("other", menu("Other"))
    folder.menus.add_file(folder.path / "other", ("*800#", "*801#"))
    assert [await folder.dial(code) for code in ("*800#", "*801#", "*700#")] == ["Other", "Other", "One"]
    folder.write("other", menu("Changed"))
    folder.look()
    assert await folder.dial("*800#") == "Changed"
    (folder.path / "other").unlink()
    folder.look()
    folder.look()
    assert await folder.dial("*800#") == "Changed"  # the settings want it
    assert [str(mistake) for mistake in folder.menus.mistakes] == ["other:1: cannot be read: No such file or directory"]


async def test_a_file_of_the_settings_is_not_read_again_in_its_folder(plain_gateway, tmp_path):
    folder = Folder(tmp_path, plain_gateway)
    folder.write("news.toml", menu("News"))
    folder.menus.add_file(tmp_path / "news.toml", ("*800#",))
    folder.menus.add_file(tmp_path / "." / "news.toml", ("*801#",))
    folder.menus.add_folder(tmp_path)
    assert [await folder.dial(code) for code in ("*800#", "*801#", "*700#")] == ["News", "News", "no_route"]
    folder.write("more", menu("More"))
    with pytest.raises(MenuError, match=r"^more:1: \*801# is answered by another application already: news\.toml$"):
        folder.menus.add_file(tmp_path / "more", ("*801#",))


async def test_a_screen_is_pushed_by_the_code_that_its_menu_answers(folder):
    session, outcome = await folder.menus.push_screen("*700#", ANNA, "main", {})
    assert (folder.phone.screen.session, outcome) == (session, "")
    for code, screen, said in (
        ("*70#", "main", r"no menu answers \*70#; did you mean \"\*700#\"\?"),
        ("*700#", "mian", 'has no screen "mian"; did you mean "main"?'),
    ):
        with pytest.raises(ScreenError, match=said):
            await folder.menus.push_screen(code, ANNA, screen, {})


@pytest.mark.parametrize(("utc_offset", "day"), [(0.0, "27"), (10.0, "28"), (-12.0, "27"), (-15.0, "26")])
async def test_today_is_the_operators(plain_gateway, tmp_path, utc_offset, day):
    """2018-04-27 14:50 in UTC."""
    folder = Folder(tmp_path, plain_gateway)
    folder.menus = Menus(
        plain_gateway,
        handlers={},
        language=str,
        imports=Imports(),
        client=Client(),
        patience=10.0,
        utc_offset=utc_offset,
    )
    folder.write("day.toml", menu("{{ today.day }}"))
    folder.menus.add_folder(tmp_path)
    assert await folder.dial() == day


async def test_a_reset_forgets_what_dialogues_left_and_no_gateway_looks_that_shall_not(tmp_path):
    (tmp_path / "menus").mkdir()
    (tmp_path / "menus" / "news.toml").write_text(menu("One", more='resume = "ask"'))
    (tmp_path / "config.toml").write_text("[menus]\nreload = false\nutc_offset = 5.5")
    flags = {"server.http_port": 0, "server.smpp_port": 0, "store.path": ":memory:"}
    async with Gateway.from_config(tmp_path / "config.toml", flags=flags) as gateway:
        phone = gateway.handset(ANNA)
        await phone.dial("*700#")
        await phone.hang_up()
        assert (await phone.dial("*700#")).startswith("Go on where you stopped?")
        await phone.hang_up()
        await gateway.reset()
        assert (await phone.dial("*700#")).startswith("One")
        assert gateway.menus._timer is None


async def test_a_running_gateway_looks_by_itself_until_it_stops(tmp_path):
    (tmp_path / "menus").mkdir()
    (tmp_path / "menus" / "news.toml").write_text(menu("One"))
    (tmp_path / "config.toml").write_text("")
    flags = {"server.http_port": 0, "server.smpp_port": 0, "store.path": ":memory:"}
    async with Gateway.from_config(tmp_path / "config.toml", clock=RealClock(), flags=flags) as gateway:
        phone = gateway.handset(ANNA)
        assert (await phone.dial("*700#")).startswith("One")
        await phone.hang_up()
        told = asyncio.Event()
        gateway.journal.watchers.append(
            lambda *kept: told.set() if gateway.menus.listed()[0].codes == ("*701#",) else None
        )
        (tmp_path / "menus" / "news.toml").write_text(menu("Two", code="*701#"))
        async with asyncio.timeout(10):
            await told.wait()
        assert (await phone.dial("*701#")).startswith("Two")
        timer = gateway.menus._timer
    assert timer.cancelled()
