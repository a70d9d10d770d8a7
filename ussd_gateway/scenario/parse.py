"""A script's text to its scenarios; every mistake told at once, with file, line, caret and the nearest word.

No I/O but that of `read`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
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
        self._esmes: dict[str, model.Account] = {}
        self._browsers: dict[str, None] = {}
        self._starts: model.Starts | None = None
        self._captures: set[str] = set()
        self._titles: list[tuple[str, Line]] = []
        self._steps: list[list[Action]] = [[]]  # one list more than titles: the first is for what precedes them
        self._lines: dict[int, Line] = {}

    def script(self, text: str) -> Script:
        for line in lines(text, self._mistakes):
            self._lines[line.number] = line
            try:
                step = _step(line, Reader(line.tokens, self._phones, self._esmes, self._browsers))
                self._put(step, line)
            except MistakeError as error:
                self._mistakes.append(error.mistake)
                self._assume(line)
        scenarios = tuple(self._scenarios(text))
        if self._mistakes:
            raise ScriptError(self._source, self._mistakes)
        return Script(self._source, scenarios, self._starts)

    def _put(self, step: Step, line: Line) -> None:
        match step:
            case model.Version():
                if len(self._lines) > 1:
                    raise MistakeError(_whole(line, "the version comes first", "move this line to the top"))
            case model.Phone():
                self._phones[step.name] = step.msisdn
            case model.Esme():
                self._esmes[step.name] = model.Account(step.system_id, step.password or step.system_id)
            case model.Starts():
                if self._starts or self._titles or self._steps[0]:
                    hint = "there is one" if self._starts else "move this line to the top"
                    raise MistakeError(_whole(line, "a file starts once, above everything that is played", hint))
                self._starts = step
            case model.Browser():
                self._browsers[step.name] = None
            case model.Title():
                self._begin(step.title, line)
            case Action():
                self._steps[-1].append(step)  # also if a capture is unknown: the scenario is not empty
                self._check_captures(step, line)

    def _begin(self, title: str, line: Line) -> None:
        known = dict(self._titles)
        self._titles.append((title, line))
        self._steps.append([])
        self._captures = set()
        if title in known:
            raise MistakeError(
                _whole(line, "there is a scenario with this title already", f"it is in line {known[title].number}")
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
        if words[0] == "esme" and len(words) > 1 and NAME.fullmatch(words[1]):
            self._esmes.setdefault(words[1], model.Account("", ""))
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
            hint = f'move it below line {line.number}, where "{title}" begins'
            self._mistakes.append(_whole(self._lines[step.line], "this step is in no scenario", hint))
        for (title, line), steps in zip(self._titles, others, strict=True):
            if steps:
                yield self._scenario(title, line.number, steps)
            elif not self._mistakes:
                self._mistakes.append(_whole(line, f'the scenario "{title}" has no steps'))

    def _scenario(self, name: str, line: int, steps: list[Action]) -> Scenario:
        return Scenario(name, line, dict(self._phones), tuple(steps), dict(self._esmes))


def _step(line: Line, names: Reader) -> Step:
    """The step that the line's sentence makes; MistakeError when there is no such sentence."""
    refusals: list[UnfitError] = []
    wrongs: list[WrongError] = []
    for sentence in SENTENCES:
        reader = replace(names, at=0, refusals=[])
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
    raise MistakeError(_unfit(line, furthest, [refusal for refusal in refusals if refusal.at == furthest], names))


# Words for what is wrong


def _unfit(line: Line, at: int, refusals: list[UnfitError], names: Reader) -> Mistake:
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
        return _unknown_beginning(line, token, names)
    if not comes:
        return _at(line, token, f"the sentence ends before {_written(line, token)}")
    if token.kind is Kind.WORD and words:
        if near := get_close_matches(token.value, words, n=1):
            return _at(line, token, f'I do not know "{token.value}"', f'did you mean "{near[0]}"?')
        if not slots:
            return _at(line, token, f'I do not know "{token.value}"', f"here comes {comes}")
    return _at(line, token, f"{_written(line, token)} cannot stand here", f"here comes {comes}")


def _unknown_beginning(line: Line, token: Token, names: Reader) -> Mistake:
    follows = line.tokens[1].value if len(line.tokens) > 1 else ""
    actors = [*names.phones, *names.esmes, *names.browsers]
    verbs = [verb for of_one in language.VERBS.values() for verb in of_one]
    if token.kind is Kind.WORD and (verb := get_close_matches(follows, verbs, n=1)):
        near = get_close_matches(token.value, actors, n=1)
        known = {"PHONE": names.phones, "ESME": names.esmes, "BROWSER": names.browsers}
        slots = [slot for slot in language.ACTORS if verb[0] in language.VERBS[slot]]
        what, named = language.ACTORS[next((slot for slot in slots if near and near[0] in known[slot]), slots[0])]
        hint = f'did you mean "{near[0]}"?' if near else f'name it above: "{named.format(token.value)}"'
        return _at(line, token, f'there is no {what} "{token.value}"', hint)
    if token.kind is Kind.WORD:
        words = [*sorted(language.FIRST_WORDS), *actors]
        return _at(line, token, f'I do not know "{token.value}"', way_out(token.value, words))
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
        elif isinstance(value, model.Body):
            yield from (field.value for field in value.fields)
            yield from filter(None, [value.raw])
        elif isinstance(value, tuple):
            yield from (field.value for field in value if isinstance(field, model.Field))


def _captured(step: Action) -> Iterable[str]:
    match step:
        case (
            model.See(expected=Expected(how=model.MATCHING, text=text), absent=False)
            | model.Receive(expected=Expected(how=model.MATCHING, text=text))
            | model.SeePage(expected=Expected(how=model.MATCHING, text=text), absent=False)
            | model.EsmeReceive(expected=Expected(how=model.MATCHING, text=text))
        ):
            return compiled(text.fill(dict.fromkeys(text.names, "x"))).groupindex
        case model.Submit(capture=name) if name:
            return (name,)
        case _:
            return ()
