"""The operator's profile."""

import pytest

from ussd_gateway.config import ConfigError
from ussd_gateway.selfcare.web.profile import _PROFILES, load_profile


@pytest.mark.parametrize("name", [path.stem for path in _PROFILES.glob("*.toml")])
def test_every_profile_that_comes_along_can_be_read(name):
    profile = load_profile(name)

    assert profile.name.in_("ru")
    assert profile.name.in_("en")


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """WCAG 2.1, 1.4.3."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", [path.stem for path in _PROFILES.glob("*.toml")])
def test_text_in_its_colours_can_be_read(name):
    colours = load_profile(name).colours

    for text, behind in (
        (colours.on_accent, colours.accent),
        (colours.dark_on_accent, colours.dark_accent),
        (colours.link, "#ffffff"),
        (colours.link, "#f3f4f6"),
        (colours.dark_link, "#15181b"),
        (colours.dark_link, "#22272c"),
    ):
        assert contrast(text, behind) >= 4.5


async def test_r005_another_operators_name_menu_and_colours_come_from_a_file(sites, tmp_path):
    text = (_PROFILES / "mts_like.toml").read_text(encoding="utf-8")
    path = tmp_path / "other.toml"
    path.write_text(text.replace("МТС", "Звезда").replace("#d9050f", "#0b6623"), encoding="utf-8")
    pages = await sites(operator=str(path))
    page = await (await pages.browser()).open("/cabinet")

    assert "Мой Звезда" in page.text
    assert "МТС" not in page.html
    assert "--accent: #0b6623;" in page.style


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("nobody", None, "known: mts_like, or the path of a .toml file"),
        ("x.toml", "name =", "selfcare.operator: "),
        ("x.toml", "colours = 1", "colours: "),
    ],
)
def test_a_wrong_profile_names_its_mistake(tmp_path, name, text, said):
    if text:
        name = str(tmp_path / name)
        (tmp_path / "x.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"selfcare\.operator") as error:
        load_profile(name)
    assert said in str(error.value)
