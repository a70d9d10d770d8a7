"""A script in its one canonical form: indentation, spaces and quotes. Comments and blank lines stay. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from ussd_gateway.scenario import model
from ussd_gateway.scenario.language import SENTENCES
from ussd_gateway.scenario.tokens import Kind, Line, Token, lines, quoted, rows

_DEEPER = "    "

# The words with which a sentence begins that has steps of its own.
_OPENERS = tuple(
    tuple(takewhile(str.islower, row.pattern.split()))
    for row in SENTENCES
    if issubclass(row.step, model.Block | model.Setup | model.Teardown)
)


def formatted(text: str) -> str:
    """The script, which has no mistakes, in its canonical form: the same steps, and formatting it changes nothing.

    A step of a scenario stands one level deep, that of a block a level deeper than its block, a text of several lines
    deeper than its sentence; a level is four spaces. A comment stands as deep as the sentence below it; one that ends
    a deeper part, as deep as that part.
    """
    written = rows(text)
    sentences = {line.number: line for line in lines(text, [])}
    levels = dict(_levels(sentences.values()))
    out: list[str] = []
    at = 1
    while at <= len(written):
        if line := sentences.get(at):
            told = _told(line, _DEEPER * levels[at])
            out += told
            at += len(told)
            continue
        comment = written[at - 1].strip()
        out.append(comment and _DEEPER * _level_of_comment(at, written[at - 1], sentences, levels) + comment)
        at += 1
    return "\n".join(out).strip("\n") + "\n"


def _levels(sentences: Iterable[Line]) -> Iterator[tuple[int, int]]:
    """The number of each line, and how many levels deep it stands."""
    in_scenario, blocks = 0, list[int]()  # the indentations of the blocks that are open
    for line in sentences:
        first = line.tokens[0].value
        while blocks and (line.indent <= blocks[-1] or first == "scenario"):
            blocks.pop()
        if first == "scenario":
            in_scenario = 1
            yield line.number, 0
            continue
        outside = first == "phone" and not line.indent  # it is of the whole file from there on
        yield line.number, len(blocks) + (0 if outside else in_scenario)
        if any(_begins(line, words) for words in _OPENERS):
            blocks.append(line.indent)


def _begins(line: Line, words: tuple[str, ...]) -> bool:
    return tuple(token.value for token in line.tokens[: len(words)] if token.kind is Kind.WORD) == words


def _level_of_comment(at: int, written: str, sentences: Mapping[int, Line], levels: Mapping[int, int]) -> int:
    above = sentences.get(max((number for number in sentences if number < at), default=0))
    below = sentences.get(min((number for number in sentences if number > at), default=0))
    indent = len(written.expandtabs()) - len(written.expandtabs().lstrip())
    if above and above.indent <= indent > (below.indent if below else 0):
        return levels[above.number]
    return levels[below.number] if below else 0


def _told(line: Line, indent: str) -> list[str]:
    """The rows of a sentence."""
    *others, last = line.tokens
    block = last.kind is Kind.TEXT and line.written[last.column] == ":"
    words = _sentence(line, others if block else line.tokens) + (":" if block else "")
    comment = line.written[last.column + last.width :].strip()
    told = [f"{indent}{words}  {comment}".rstrip()]
    if block:
        told += [f"{indent}{_DEEPER}{row}".rstrip() for row in last.value.split("\n")]
    return told


def _sentence(line: Line, tokens: Iterable[Token]) -> str:
    """One space between the tokens; a comma between fields stands at the value."""
    words, before = "", Kind.WORD
    for token in tokens:
        comma = token.kind is Kind.WORD and token.value == "," and before is not Kind.WORD
        words += f"{'' if comma else ' '}{_written(line, token)}"
        before = token.kind
    return words.lstrip()


def _written(line: Line, token: Token) -> str:
    if token.kind is Kind.TEXT:
        return quoted(token.value)
    return line.written[token.column : token.column + token.width]
