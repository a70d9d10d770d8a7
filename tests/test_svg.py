"""What all pictures have in common."""

from xml.etree import ElementTree

import pytest

from ussd_gateway.svg import look, opening, safe


def test_a_picture_is_one_sound_document_light_or_dark():
    drawn = "\n".join((opening(320, 200), look("--done: #123456;", "--done: #abcdef;", ".x { fill: red; }"), "</svg>"))
    document = ElementTree.fromstring(drawn)
    assert document.attrib["viewBox"] == "0 0 320 200"
    light, dark = drawn.split("prefers-color-scheme: dark")
    assert "--done: #123456" in light
    assert "--done: #abcdef" in dark
    assert "--paper" in light
    assert "--paper" in dark


@pytest.mark.parametrize("text", ["<script>", '"quoted"', "a & b", "\x00\x1b[31m", "\ud800", "\ufffe"])
def test_any_text_is_safe(text):
    safe_one = safe(text)
    ElementTree.fromstring(f'<a b="{safe_one}">{safe_one}</a>'.encode())
