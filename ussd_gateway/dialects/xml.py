"""XML as the dialects need it: a small document of elements, attributes and text, read without danger and written. No I/O.

Documents come from strangers: one that is longer than 64 KiB or has a document type is refused before anything of it is
expanded, so there are no entities but those of XML itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

LONGEST = 64 * 1024
"""Octets of the longest document that is read."""

MEDIA_TYPE = "text/xml; charset=utf-8"

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

# XML 1.0 section 2.2: what is no Char. Not even a character reference may name it.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
# XML 1.0 section 3.3.3: white space in an attribute is read as a blank, unless it is a character reference.
_IN_ATTRIBUTE = _IN_TEXT | str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;"})


def parse(body: bytes) -> Element:
    """The root element of a document. Raises ValueError, and no other, with what is wrong in a few words."""
    if len(body) > LONGEST:
        raise ValueError(f"it has {len(body)} octets, and no more than {LONGEST} are read")
    tree = TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.ordered_attributes = False
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.data
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ValueError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from None
    except LookupError:
        raise ValueError("its encoding is unknown") from None
    return tree.close()


def _refuse_document_type(*_: object) -> NoReturn:
    raise ValueError("it has a DOCTYPE")


def holdable(text: str) -> str:
    """The text with "?" for each character that XML cannot hold: most control characters, and halves of surrogate pairs."""
    return _NO_CHARACTER.sub("?", text)


def element(name: str, attributes: Mapping[str, str], *children: str) -> str:
    """An element with these attributes and children, each of which is XML already."""
    start = name + "".join(f' {key}="{holdable(value).translate(_IN_ATTRIBUTE)}"' for key, value in attributes.items())
    return f"<{start}>{''.join(children)}</{name}>" if children else f"<{start}/>"


def text_element(name: str, text: str) -> str:
    """An element that holds a text."""
    return element(name, {}, holdable(text).translate(_IN_TEXT))


def document(root: str) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body of a document with this root element."""
    return {"content-type": MEDIA_TYPE}, (DECLARATION + root).encode()
