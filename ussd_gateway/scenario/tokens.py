"""A script's lines to words, texts and patterns, each with its place. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    TEXT = "text"  # "in quotes", or a block of lines
    PATTERN = "pattern"  # /between slashes/


@dataclass(frozen=True, slots=True)
class Token:
    """kind, value, and where: column from 0 and width, both in characters of the line."""

    kind: Kind
    value: str
    column: int
    width: int


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence: its number from 1, the line as it stands, and its tokens."""

    number: int
    written: str
    tokens: tuple[Token, ...]

    @property
    def sentence(self) -> str:
        """Without indentation and comment."""
        first, last = self.tokens[0], self.tokens[-1]
        return self.written[first.column : last.column + last.width]

    @property
    def indent(self) -> int:
        """How deep it stands, in columns; a tab reaches to the next multiple of 8."""
        return _indent(self.written)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something is wrong at one place of a script.

    line     int; counted from 1
    column   int; counted from 1
    width    int; how many characters are wrong
    message  str; what is wrong
    written  str; the line as it stands
    hint     str; the way out, "" when there is none to tell
    file     str; where the line is, "" for the file that is read
    """

    line: int
    column: int
    width: int
    message: str
    written: str
    hint: str = ""
    file: str = ""

    def told(self, source: str) -> str:
        """As a person reads it: file, line and column, the line with a caret, the way out."""
        lines = [f"{self.file or source}:{self.line}:{self.column}: {self.message}"]
        indent = len(self.written) - len(self.written.lstrip())
        before = self.written[indent : self.column - 1]
        wrong = self.written[self.column - 1 : self.column - 1 + self.width]
        lines.append(f"    {self.written.strip()}")
        lines.append(f"    {_blank(before)}{'^' * max(1, len(_blank(wrong)))}")
        if self.hint:
            lines.append(self.hint)
        return "\n".join(lines)


class MistakeError(Exception):
    """Carries one mistake to where they are collected."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


_SPACE = re.compile(r"\s+")
_COMMENT = re.compile(r"#(?:\s|$)")  # #100# is a code
_WORD = re.compile(r"\S+")
_QUOTED = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"'),
    "/": re.compile(r"/((?:[^/\\]|\\.)*)/"),
}
_REQUEST = re.compile("gets?|posts?|puts?|patch(?:es)?|deletes?")  # behind it a / begins an address, not a pattern

_KINDS = {'"': Kind.TEXT, "/": Kind.PATTERN}
_NAMES = {'"': "text", "/": "pattern"}
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPED = str.maketrans({meant: f"\\{written}" for written, meant in _ESCAPES.items()})
_IN_SLASHES = re.compile(r"\\.|[/\n\r]", re.DOTALL)
_LINE_ENDS = {"\n": r"\n", "\r": r"\r"}
OTHER_QUOTES = "“”„‟«»'‘’‚"
"""No word begins with these: who writes them means a text."""


def rows(text: str) -> list[str]:
    """The text's lines, as they stand."""
    return re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))


def quoted(text: str) -> str:
    """A text as a token that reads as exactly this text."""
    return f'"{text.translate(_ESCAPED)}"'


def slashed(pattern: str) -> str:
    """A regular expression as a token that reads as this pattern, or as one that finds the same."""

    def written(found: re.Match[str]) -> str:
        sign = found[0][-1]
        return r"\/" if sign == "/" else _LINE_ENDS.get(sign, found[0])

    return f"/{_IN_SLASHES.sub(written, pattern)}/"


def is_block(text: str) -> bool:
    """Whether the text reads the same when its lines stand below a sentence that ends with a colon."""
    block = text.split("\n")
    return (
        bool(block[-1])
        and not {"\t", "\r"}.intersection(text)
        and all(row == row.rstrip() for row in block)
        and min(_indent(row) for row in block if row) == 0
    )


def lines(text: str, mistakes: list[Mistake]) -> Iterator[Line]:
    """The sentences of a script. What cannot be read is put into `mistakes`, and left out."""
    of_text = rows(text)
    at = 0
    while at < len(of_text):
        number, written = at + 1, of_text[at]
        at += 1
        try:
            tokens = list(_tokens(number, written))
        except MistakeError as error:
            mistakes.append(error.mistake)
            continue
        if tokens and tokens[-1].kind is Kind.WORD and tokens[-1].value.endswith(":"):
            block, at = _block(of_text, at, _indent(written))
            if block is None:
                last = tokens[-1]
                mistakes.append(
                    Mistake(
                        number,
                        last.column + last.width,
                        1,
                        "no text follows the colon",
                        written,
                        "indent the lines of the text deeper than this one",
                    )
                )
                continue
            tokens = [*_without_colon(tokens), Token(Kind.TEXT, block, tokens[-1].column + tokens[-1].width - 1, 1)]
        if tokens:
            yield Line(number, written, tuple(tokens))


def _tokens(number: int, written: str) -> Iterator[Token]:
    at = len(written) - len(written.lstrip())
    words: list[str] = []
    if written.startswith("#", at):
        return
    while at < len(written):
        if _COMMENT.match(written, at):
            return
        sign = written[at]
        if sign in OTHER_QUOTES:
            message = f"I do not know the quotation mark {sign}"
            raise MistakeError(Mistake(number, at + 1, 1, message, written, 'write " instead'))
        if sign in _QUOTED and not (sign == "/" and len(words) == 2 and _REQUEST.fullmatch(words[1])):
            found = _QUOTED[sign].match(written, at)
            if found is None:
                message = f"the {_NAMES[sign]} that begins here does not end"
                raise MistakeError(
                    Mistake(number, at + 1, len(written.rstrip()) - at, message, written, f"write a {sign} behind it")
                )
            value = _unescaped(found, number, written) if sign == '"' else found[1].replace(r"\/", "/")
            kind = _KINDS[sign]
        else:
            found = _WORD.match(written, at)
            assert found is not None
            kind, value = Kind.WORD, found[0]
        words.append(value)
        yield Token(kind, value, at, found.end() - at)
        at = found.end()
        if kind is not Kind.WORD and written.startswith(",", at):  # between fields
            yield Token(Kind.WORD, ",", at, 1)
            at += 1
        elif at < len(written) and written[at] != ":" and not written[at].isspace():
            message = f"a space is missing behind the {_NAMES[sign]}"
            raise MistakeError(Mistake(number, at + 1, 1, message, written, "write one"))
        if space := _SPACE.match(written, at):
            at = space.end()


def _unescaped(found: re.Match[str], number: int, written: str) -> str:
    def meant(escape: re.Match[str]) -> str:
        if escape[1] not in _ESCAPES:
            column = found.start(1) + escape.start() + 1
            message = f"I do not know {escape[0]}"
            raise MistakeError(Mistake(number, column, 2, message, written, r"known in a text: \n, \r, \t, \", \\"))
        return _ESCAPES[escape[1]]

    return _ESCAPE.sub(meant, found[1])


def _block(rows: list[str], at: int, indent: int) -> tuple[str | None, int]:
    """The text of the lines that are indented deeper, from row `at` on, and the row behind them."""
    end = at
    while end < len(rows) and (not rows[end].strip() or _indent(rows[end]) > indent):
        end += 1
    body = [row.expandtabs() for row in rows[at:end]]
    while body and not body[-1].strip():
        body.pop()
    if not body:
        return None, end
    margin = min(_indent(row) for row in body if row.strip())
    return "\n".join(row[margin:].rstrip() for row in body), end


def _indent(row: str) -> int:
    row = row.expandtabs()
    return len(row) - len(row.lstrip())


def _without_colon(tokens: list[Token]) -> list[Token]:
    last = tokens[-1]
    if last.value == ":":
        return tokens[:-1]
    return [*tokens[:-1], Token(last.kind, last.value[:-1], last.column, last.width - 1)]


def _blank(text: str) -> str:
    """Spaces as wide as the text is on a terminal."""
    return "".join("\t" if sign == "\t" else " " * _columns(sign) for sign in text)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
