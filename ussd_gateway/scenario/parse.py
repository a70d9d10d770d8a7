"""A script's text to its scenarios; every mistake told at once, with file, line, caret and the nearest word.

No I/O but that of `read`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path, PurePath

from ussd_gateway.patterns import compiled
from ussd_gateway.scenario import language, model
from ussd_gateway.scenario.language import NAME, SENTENCES, Reader, UnfitError, WrongError, way_out
from ussd_gateway.scenario.model import Action, Expected, Scenario, Script, Step, Text
from ussd_gateway.scenario.tokens import Kind, Line, Mistake, MistakeError, Token, lines

_GROUP = re.compile(r"\(\?P<([^\W\d]\w*)>")


class ScriptError(ValueError):
    """A script cannot be played. `mistakes` has all that is wrong with it, by line; its str tells each."""

    def __init__(self, source: str, mistakes: Iterable[Mistake]) -> None:
        self.source = source
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.line, mistake.column)))
        super().__init__("\n\n".join(mistake.told(source) for mistake in self.mistakes))


def read(path: Path) -> Script:
    """The script in a file of UTF-8. Raises OSError, and ScriptError for what is wrong in it."""
    octets = path.read_bytes()
    try:
        return parse(octets.decode(), str(path))
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        written = octets.splitlines()[line - 1].decode(errors="replace")
        column = written.find("\ufffd") + 1
        mistake = Mistake(line, column, 1, "this is no UTF-8", written, "save the file as UTF-8")
        raise ScriptError(str(path), [mistake]) from None


def parse(text: str, source: str) -> Script:
    """The scenarios of a script; `source` is the file's name, for mistakes and for a scenario that has no title.

    Raises ScriptError.
    """
    return _Parser(source).script(text)


class _Parser:
    """Reads one file."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._mistakes: list[Mistake] = []
        self._phones: dict[str, str] = {}
        self._captures: set[str] = set()
        self._tags: tuple[str, ...] = ()
        self._titles: list[tuple[model.Title, Line]] = []
        self._steps: list[list[Action]] = [[]]  # one list more than titles: the first is for what precedes them
        self._lines: dict[int, Line] = {}

    def script(self, text: str) -> Script:
        for line in lines(text, self._mistakes):
            self._lines[line.number] = line
            try:
                step = _step(line, self._phones)
                self._put(step, line)
            except MistakeError as error:
                self._mistakes.append(error.mistake)
                self._assume(line)
        scenarios = tuple(self._scenarios(text))
        if self._mistakes:
            raise ScriptError(self._source, self._mistakes)
        return Script(self._source, scenarios)

    def _put(self, step: Step, line: Line) -> None:
        match step:
            case model.Version():
                if len(self._lines) > 1:
                    raise MistakeError(_whole(line, "the version comes first", "move this line to the top"))
            case model.Phone():
                self._phones[step.name] = step.msisdn
            case model.Tags():
                self._check_on_top(line)
                self._tags += step.tags
            case model.Title():
                self._begin(step, line)
            case Action():
                self._steps[-1].append(step)  # also if a capture is unknown: the scenario is not empty
                self._check_captures(step, line)

    def _check_on_top(self, line: Line) -> None:
        if self._titles:
            hint = f"move it above line {self._titles[0][1].number}"
            raise MistakeError(_whole(line, "this stands above the first scenario, for it is about all of them", hint))

    def _begin(self, step: model.Title, line: Line) -> None:
        known = {title.title: title.line for title, _ in self._titles}
        self._titles.append((step, line))
        self._steps.append([])
        self._captures = set()
        if step.title in known:
            raise MistakeError(
                _whole(line, "there is a scenario with this title already", f"it is in line {known[step.title]}")
            )

    def _check_captures(self, step: Action, line: Line) -> None:
        for text in _texts(step):
            for name in text.names:
                if name not in self._captures:
                    raise MistakeError(_unknown_capture(name, line, self._captures))
        self._captures.update(_captured(step))

    def _assume(self, line: Line) -> None:
        """Takes from a sentence that could not be read what later ones speak of, so that each mistake is told once."""
        words = [token.value for token in line.tokens]
        if words[0] == "phone" and len(words) > 1 and NAME.fullmatch(words[1]):
            self._phones.setdefault(words[1], "")
        for token in line.tokens:
            if token.kind is Kind.PATTERN:
                self._captures.update(_GROUP.findall(token.value))

    def _scenarios(self, text: str) -> Iterator[Scenario]:
        first, *others = self._steps
        if not self._titles:
            if first:
                yield self._scenario(PurePath(self._source).stem, first[0].line, first)
            elif not self._mistakes:
                self._mistakes.append(Mistake(1, 1, 1, "there is nothing to play", text.partition("\n")[0]))
            return
        for step in first[:1]:
            title, line = self._titles[0]
            hint = f'move it below line {line.number}, where "{title.title}" begins'
            self._mistakes.append(_whole(self._lines[step.line], "this step is in no scenario", hint))
        for (title, line), steps in zip(self._titles, others, strict=True):
            if steps:
                yield self._scenario(title.title, line.number, steps, title.tags)
            elif not self._mistakes:
                self._mistakes.append(_whole(line, f'the scenario "{title.title}" has no steps'))

    def _scenario(self, name: str, line: int, steps: list[Action], tags: tuple[str, ...] = ()) -> Scenario:
        return Scenario(name, line, dict(self._phones), tuple(steps), tuple(dict.fromkeys((*self._tags, *tags))))


def _step(line: Line, phones: dict[str, str]) -> Step:
    """The step that the line's sentence makes; MistakeError when there is no such sentence."""
    refusals: list[UnfitError] = []
    wrongs: list[WrongError] = []
    for sentence in SENTENCES:
        reader = Reader(line.tokens, phones)
        try:
            found = language.match(sentence, reader)
        except WrongError as wrong:
            wrongs.append(wrong)
            continue
        if found is not None:
            return sentence.step(line=line.number, sentence=line.sentence, **found)
        refusals += reader.refusals
    furthest = max((refusal.at for refusal in refusals), default=-1)
    if wrongs and max(wrong.at for wrong in wrongs) >= furthest:
        raise MistakeError(_wrong(line, max(wrongs, key=lambda wrong: wrong.at)))
    raise MistakeError(_unfit(line, furthest, [refusal for refusal in refusals if refusal.at == furthest], phones))


# Words for what is wrong


def _unfit(line: Line, at: int, refusals: list[UnfitError], phones: dict[str, str]) -> Mistake:
    at_end = at == len(line.tokens)
    if at_end:
        refusals = [refusal for refusal in refusals if not refusal.optional] or refusals
    words, slots = language.wanted(refusals)
    comes = _listed([*slots, *(f'"{word}"' for word in words)])
    if at_end:
        last = line.tokens[-1]
        column = last.column + last.width + 1
        return Mistake(line.number, column, 1, "the sentence is not finished", line.written, f"here comes {comes}")
    token = line.tokens[at]
    if at == 0:
        return _unknown_beginning(line, token, phones)
    if not comes:
        return _at(line, token, f"the sentence ends before {_written(line, token)}")
    if token.kind is Kind.WORD and words:
        if near := get_close_matches(token.value, words, n=1):
            return _at(line, token, f'I do not know "{token.value}"', f'did you mean "{near[0]}"?')
        if not slots:
            return _at(line, token, f'I do not know "{token.value}"', f"here comes {comes}")
    return _at(line, token, f"{_written(line, token)} cannot stand here", f"here comes {comes}")


def _unknown_beginning(line: Line, token: Token, phones: dict[str, str]) -> Mistake:
    follows = line.tokens[1].value if len(line.tokens) > 1 else ""
    if token.kind is Kind.WORD and get_close_matches(follows, language.VERBS, n=1):
        near = get_close_matches(token.value, phones, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f'name it above: "phone {token.value} is 70001000001"'
        return _at(line, token, f'there is no phone "{token.value}"', hint)
    if token.kind is Kind.WORD:
        known = [*sorted(language.FIRST_WORDS), *phones]
        return _at(line, token, f'I do not know "{token.value}"', way_out(token.value, known))
    return _at(line, token, f"no sentence begins with {_written(line, token)}")


def _wrong(line: Line, wrong: WrongError) -> Mistake:
    token = line.tokens[wrong.at]
    if wrong.offset is not None:
        column = line.written.find("{", token.column + wrong.offset)
        if column >= 0:
            return Mistake(line.number, column + 1, 1, wrong.message, line.written, wrong.hint)
    return _at(line, token, wrong.message, wrong.hint)


def _unknown_capture(name: str, line: Line, known: Iterable[str]) -> Mistake:
    message = f"nothing above has captured {{{name}}}"
    hint = way_out(name, sorted(known)) or f"a pattern captures it: matching /(?P<{name}>...)/"
    column = line.written.find(f"{{{name}}}")
    if column < 0:  # it is in a block
        return _at(line, line.tokens[-1], message, hint)
    return Mistake(line.number, column + 1, len(name) + 2, message, line.written, hint)


def _at(line: Line, token: Token, message: str, hint: str = "") -> Mistake:
    return Mistake(line.number, token.column + 1, token.width, message, line.written, hint)


def _whole(line: Line, message: str, hint: str = "") -> Mistake:
    return Mistake(line.number, line.tokens[0].column + 1, len(line.sentence), message, line.written, hint)


def _written(line: Line, token: Token) -> str:
    written = line.written[token.column : token.column + token.width]
    return f'"{written}"' if token.kind is Kind.WORD else written


def _listed(things: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(things[:-1]), *things[-1:]]))


# What a step speaks of


def _texts(step: Action) -> Iterator[Text]:
    for field in fields(step):
        value = getattr(step, field.name)
        if isinstance(value, Expected):
            yield value.text
        elif isinstance(value, Text):
            yield value


def _captured(step: Action) -> Iterable[str]:
    match step:
        case (
            model.See(expected=Expected(how=model.MATCHING, text=text), absent=False)
            | model.Receive(expected=Expected(how=model.MATCHING, text=text))
        ):
            return compiled(text.fill(dict.fromkeys(text.names, "x"))).groupindex
        case _:
            return ()
