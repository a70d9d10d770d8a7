"""The drawn parts of the pages are what the tables draw."""

import importlib.util
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "scripts" / "draw.py"
SPEC = importlib.util.spec_from_file_location("draw", SOURCE)
draw = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(draw)

PAGES = sorted(draw.DOCS.glob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_shows_what_its_tables_draw(path):
    page = path.read_text(encoding="utf-8")
    assert page == draw.redrawn(page), f"docs/{path.name} is old; refresh it: python3 scripts/dev.py docs"


@pytest.mark.parametrize("name", draw.DRAWN)
def test_each_drawing_has_its_place_on_one_page(name):
    places = [path.name for path in PAGES for part in draw.PART.finditer(path.read_text("utf-8")) if part[2] == name]
    assert len(places) == 1


@pytest.mark.parametrize("name", draw.WHOLE)
def test_a_file_is_what_its_table_draws(name):
    text = (draw.ROOT / name).read_text(encoding="utf-8")
    assert text == draw.written(draw.WHOLE[name]), f"{name} is old; refresh it: python3 scripts/dev.py docs"


def test_only_the_drawn_part_changes():
    page = "before\n<!-- commands: begin -->\nold\n<!-- commands: end -->\nafter\n"
    fresh = draw.redrawn(page)
    assert fresh == f"before\n<!-- commands: begin -->\n{draw.draw('commands')}<!-- commands: end -->\nafter\n"
    assert draw.redrawn(fresh) == fresh


def test_a_part_that_nothing_draws_is_a_mistake():
    with pytest.raises(KeyError, match="colours"):
        draw.redrawn("<!-- colours: begin -->\n<!-- colours: end -->\n")


def test_a_page_that_is_old_is_rewritten_and_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(draw, "DOCS", tmp_path)
    monkeypatch.setattr(draw, "WHOLE", {})
    (tmp_path / "smpp.md").write_text("<!-- commands: begin -->\n<!-- commands: end -->\n")
    (tmp_path / "other.md").write_text("words\n")
    draw.main()
    assert "submit_multi" in (tmp_path / "smpp.md").read_text()
    assert capsys.readouterr().err == "docs/smpp.md\n"


def test_a_file_that_is_old_or_not_there_is_rewritten_and_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(draw, "DOCS", tmp_path)
    monkeypatch.setattr(draw, "ROOT", tmp_path)
    for name in draw.WHOLE:
        (tmp_path / name).parent.mkdir(exist_ok=True)
    draw.main()
    draw.main()
    assert all((tmp_path / name).read_text().startswith("{") for name in draw.WHOLE)
    assert capsys.readouterr().err == "".join(f"{name}\n" for name in draw.WHOLE)
