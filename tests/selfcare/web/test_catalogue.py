"""Texts of the pages."""

import re
from pathlib import Path

import pytest

import ussd_gateway.selfcare
from ussd_gateway.selfcare.web.catalogue import LANGUAGES, Catalogue

ROOM = Path(ussd_gateway.selfcare.__file__).parent
TEXTS = sorted(ROOM.rglob("texts.toml"))
TEMPLATES = sorted(ROOM.rglob("templates/*.html"))


@pytest.fixture(scope="module")
def everything():
    catalogue = Catalogue()
    for path in TEXTS:
        catalogue.add(path)
    return catalogue


def test_every_text_is_there_in_russian_and_english(everything):
    for key in everything:
        for language in LANGUAGES:
            assert everything.text(key, language).strip()


def test_russian_is_russian_and_names_the_same_facts_in_both_languages(everything):
    for key in set(everything) - {"settings.language_en"}:
        ru, en = (everything.text(key, language) for language in LANGUAGES)
        assert re.search("[а-яё]", ru, re.IGNORECASE), key
        assert set(re.findall(r"\{\w+\}", ru)) == set(re.findall(r"\{\w+\}", en)), key


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_uses_only_known_texts(everything, template):
    keys = re.findall(r"""\bt\(["']([^"']+)["']\s*[,)]""", template.read_text(encoding="utf-8"))

    assert [key for key in keys if key not in everything] == []


def test_no_brand_is_in_the_code_or_in_a_template():
    for path in (*ROOM.rglob("*.py"), *TEMPLATES, *TEXTS):
        assert not re.search(r"МТС|\bMTS\b|МегаФон|Билайн", path.read_text(encoding="utf-8")), path.name


def test_templates_have_names_of_their_own():
    names = [path.name for path in TEMPLATES]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[a]\nb = { ru = "б" }', "a.b has ru; a text has ru and en"),
        ('[log_in]\ntitle = { ru = "б", en = "b" }', "log_in.title: another file has the same"),
    ],
    ids=["a language is missing", "twice"],
)
def test_a_wrong_file_is_refused(tmp_path, text, said):
    catalogue = Catalogue()
    catalogue.add(ROOM / "cabinet" / "texts.toml")
    path = tmp_path / "texts.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=re.escape(said)):
        catalogue.add(path)


def test_words_are_filled_in_and_a_missing_one_is_an_error(everything):
    assert everything.text("site.help", "en", mobile="0890", any="8-800").startswith("Help at any hour")
    with pytest.raises(KeyError):
        everything.text("site.help", "en", mobile="0890")
    with pytest.raises(KeyError):
        everything.text("no.such", "ru")
