"""XML from strangers, and XML for them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.dialects import xml


def test_elements_attributes_and_text_are_read():
    root = xml.parse('<?xml version="1.0"?><a b="1&#10;2"><c>Привет &amp; <![CDATA[<всё>]]></c></a>'.encode())

    assert (root.tag, root.get("b"), root[0].tag, root[0].text) == ("a", "1\n2", "c", "Привет & <всё>")


def test_the_encoding_is_the_one_that_is_declared():
    assert xml.parse('<?xml version="1.0" encoding="windows-1251"?><a>Да</a>'.encode("cp1251")).text == "Да"


LAUGHS = b"<!DOCTYPE a [" + b"".join(
    b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10 if level else b"lol") for level in range(10)
)
REFUSED = {
    "a billion laughs": (LAUGHS + b"]><a>&l9;</a>", "it has a DOCTYPE"),
    "a file from outside": (b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>', "it has a DOCTYPE"),
    "a document type alone": (b"<!DOCTYPE html><html/>", "it has a DOCTYPE"),
    "an entity without one": (b"<a>&f;</a>", "line 1: undefined entity"),
    "a huge document": (b"<a>" + b" " * xml.LONGEST, "it has 65539 octets, and no more than 65536 are read"),
    "an element left open": (b"<a>\n<b>\n</a>", "line 3: mismatched tag"),
    "nothing": (b"", "line 1: no element found"),
    "two roots": (b"<a/><b/>", "line 1: junk after document element"),
    "no UTF-8": (b"<a>\xff</a>", "line 1: not well-formed (invalid token)"),
    "an unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><a/>', "its encoding is unknown"),
    "an encoding of several octets": (
        *(b'<?xml version="1.0" encoding="shift_jis"?><a/>', "multi-byte encodings are not supported"),
    ),
}


@pytest.mark.parametrize(("body", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_is_dangerous_or_broken_is_refused(body, problem):
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        xml.parse(body)


def test_elements_may_stand_in_each_other_as_deep_as_a_document_goes():
    depth = xml.LONGEST // 7
    assert len(list(xml.parse(b"<a>" * depth + b"</a>" * depth).iter())) == depth


def test_a_document_is_written_with_its_declaration():
    headers, body = xml.document(xml.element("a", {"b": '1 < "2"\n'}, xml.text_element("c", 'd & "e"\n'), "<f/>"))

    assert headers == {"content-type": "text/xml; charset=utf-8"}
    assert body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<a b="1 &lt; &quot;2&quot;&#10;"><c>d &amp; "e"\n</c><f/></a>'
    )


@given(st.text())
def test_every_text_survives_but_for_what_xml_cannot_hold(text):
    root = xml.parse(xml.document(xml.element("a", {"b": text}, xml.text_element("c", text)))[1])

    assert (root.get("b"), root[0].text or "") == (xml.holdable(text), xml.holdable(text))


def test_what_xml_cannot_hold_becomes_a_question_mark():
    assert xml.holdable("\x00\x0b\x0c\x1f\ud800\ufffe a\t\n\r\N{GRINNING FACE}") == "?????? a\t\n\r\N{GRINNING FACE}"


@given(st.binary() | st.text(alphabet="<>/!?&;a=\"' []").map(str.encode))
def test_any_octets_are_an_element_or_a_value_error(octets):
    try:
        root = xml.parse(octets)
    except ValueError:
        return
    assert root.tag
