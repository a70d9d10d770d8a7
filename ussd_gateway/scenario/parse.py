"""A script's text to its scenarios; every mistake told at once, with file, line, caret and the nearest word.

No I/O but that of files: `read`, and whatever other files a script speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain
from os.path import normpath
from pathlib import Path, PurePath
from typing import Any, TypeVar

from ussd_gateway.patterns import compiled
from ussd_gateway.scenario import language, model
from ussd_gateway.scenario.language import NAME, SENTENCES, Reader, UnfitError, WrongError, way_out
from ussd_gateway.scenario.model import Action, Expected, Scenario, Script, Step, Text
from ussd_gateway.scenario.tables import Table, table
from ussd_gateway.scenario.tokens import Kind, Line, Mistake, MistakeError, Token, lines

_Value = TypeVar("_Value")
_ENDS = ("end", "done", "}")  # other languages close a block with
_COMMENTS = ("//", "--", "/*", ";", "%")  # and begin a comment with
_OTHER_FILES = (
    (re.compile(r"\A\ufeff?\s*[\[{]"), "this is JSON", "`ussd-gateway script from-json` makes a script of it"),
    (
        re.compile(r"^(url|dial|sessions):", re.MULTILINE),
        "this is a file of dialoguss",
        "`ussd-gateway import-dialoguss` makes a script of it",
    ),
)
_GROUP = re.compile(r"\(\?P<([^\W\d]\w*)>")


LONGEST = 2**20  # octets of a script or a table

NOTHING_TO_PLAY = "there is nothing to play"
"""The one mistake of a file that is there for others to use."""


class ScriptError(ValueError):
    """A script cannot be played. `mistakes` has all that is wrong with it, by line; its str tells each."""

    def __init__(self, source: str, mistakes: Iterable[Mistake]) -> None:
        self.source = source
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.file, mistake.line, mistake.column)))
        super().__init__("\n\n".join(mistake.told(source) for mistake in self.mistakes))


def read(path: Path) -> Script:
    """The script in a file of UTF-8. Raises OSError, and ScriptError for what is wrong in it."""
    octets = path.read_bytes()
    try:
        return parse(_decoded(octets), str(path))
    except MistakeError as error:
        raise ScriptError(str(path), [error.mistake]) from None


def parse(text: str, source: str) -> Script:
    """The scenarios of a script; `source` is the file's name: other files are looked for beside it.

    It is told with mistakes, too, and names a scenario that has no title.

    Raises ScriptError.
    """
    return _Parser(source).script(text)


class Pieces:
    """Reads a scenario that comes piece by piece: names, variables and captures hold from one piece to the next.

    source  str; the file that it stands in, or would: other files are looked for beside it
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._last = _Parser(source)

    def read(self, text: str, name: str) -> Scenario:
        """The piece in a text; `name` is what its steps have as their file. Raises ScriptError, and forgets the text."""
        parser = _PieceParser(self._source, name, self._last)
        parser.read(text)
        if parser.mistakes:
            raise ScriptError(name, parser.mistakes)
        self._last = parser
        return parser.piece()

    def made(self, steps: Iterable[Action], name: str) -> Scenario:
        """The piece of steps that were made without a text. ValueError for whom nobody has named yet."""
        steps = tuple(steps)
        parser = _PieceParser(self._source, name, self._last)
        parser.put(steps)
        self._last = parser
        return parser.piece()


@dataclass(slots=True)
class _Frame:
    """A block that is being read.

    step    what opened it, None for a sentence that could not be read
    steps   those in it, so far
    body    how deep they stand, None before the first
    known   the captures and variables that there were above it
    taken   the phones that had got their number in the scenario above it
    table   that of a `for each`
    """

    line: Line
    step: Step | None
    known: set[str]
    taken: dict[str, str]
    steps: list[Action] = field(default_factory=list)
    body: int | None = None
    table: Table | None = None


class _Anybody(dict[str, _Value]):
    """The phones or ESMEs of a file that could not be read: any word may be one of them."""

    def __init__(self, value: _Value, known: Mapping[str, _Value]) -> None:
        super().__init__(known)
        self._value = value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(NAME.fullmatch(name)) and name not in language.FIRST_WORDS

    def __missing__(self, name: str) -> _Value:
        return self._value


class _Parser:
    """Reads one file; `road` are the files that use it, and `used` what was read of those that any of them uses."""

    def __init__(
        self, source: str, file: str = "", road: tuple[Path, ...] = (), used: dict[Path, _Parser] | None = None
    ) -> None:
        self._source = source
        self._file = file
        self._road = (*road, Path(source).resolve())
        self._used = {} if used is None else used
        self.mistakes: list[Mistake] = []
        self.phones: dict[str, str] = {}
        self.esmes: dict[str, model.Account] = {}
        self.browsers: dict[str, bool] = {}
        self.services: dict[str, model.Service] = {}
        self.starts: model.Starts | None = None
        self.variables: dict[str, str] = {}
        self.setups: dict[str, tuple[Action, ...]] = {}  # by file
        self.teardowns: dict[str, tuple[Action, ...]] = {}
        self.known: set[str] = set()  # variables and captures that a step may speak of at this place
        self.taken: dict[str, str] = {}  # phones that have got their number in the scenario, and the text of it
        self._guesses = False  # a file that it uses, or a table, could not be read: any name may be right
        self._tags: tuple[str, ...] = ()
        self._titles: list[tuple[model.Title, Line]] = []
        self._steps: list[list[Action]] = [[]]  # one list more than titles: the first is for what precedes them
        self._frames: list[_Frame] = []
        self._lines: dict[int, Line] = {}

    def script(self, text: str) -> Script:
        self.read(text)
        scenarios = tuple(self._scenarios(text))
        if self.mistakes:
            raise ScriptError(self._source, self.mistakes)
        return Script(self._source, scenarios, self.starts)

    def read(self, text: str) -> None:
        """All lines of the file; self then knows what is in it, and what is wrong."""
        for looks, message, hint in _OTHER_FILES:
            if looks.search(text):
                self.mistakes.append(Mistake(1, 1, 1, message, text.partition("\n")[0], hint))
                return
        for line in lines(text, self.mistakes):
            self._lines[line.number] = line
            self._close_blocks(line.indent)
            try:
                step = _step(line, self._names(line), self._file)
                self._check_depth(line)
                self._put(step, line)
            except MistakeError as error:
                self.mistakes.append(error.mistake)
                self._assume(line)
        self._close_blocks(-1)

    def on_top(self) -> tuple[set[str], dict[str, str]]:
        """What each scenario begins with: variables and captures, and phones that have got their number by then."""
        known, taken = set(self.variables), {}
        for step in model.walk(chain.from_iterable(self.setups.values())):
            known.update(captured(step))
            if isinstance(step, model.Phone):
                taken[step.name] = f"{{{step.capture}}}"
        return known, taken

    def _names(self, line: Line) -> Reader:
        phones = self.phones | self.taken
        if self._guesses:
            return Reader(
                line.tokens,
                _Anybody("", phones),
                _Anybody(model.Account("", ""), self.esmes),
                _Anybody(False, self.browsers),
                _Anybody(model.Service("", ""), self.services),
            )
        return Reader(line.tokens, phones, self.esmes, self.browsers, self.services)

    # What each sentence does to the file ----------------------------------------------------------------------------

    def _put(self, step: Step, line: Line) -> None:
        match step:
            case model.Version():
                if len(self._lines) > 1:
                    raise MistakeError(_whole(line, "the version comes first", "move this line to the top"))
            case model.Tags():
                self._check_on_top(line)
                self._tags += step.tags
            case model.Use():
                self._check_on_top(line)
                self._use(step, line)
            case model.Esme():
                self.esmes[step.name] = model.Account(step.system_id, step.password or step.system_id)
            case model.Application():
                self.services[step.name] = model.Service(step.service_code, step.dialect)
            case model.Starts():
                self._check_on_top(line)
                if self.starts:
                    raise MistakeError(_whole(line, "there is a moment to start at already", "write one of them"))
                self.starts = step
            case model.Browser():
                self.browsers[step.name] = True
            case model.Title():
                self._begin(step, line)
            case model.Setup() | model.Teardown():
                self._check_on_top(line)
                self._open(step, line)
                if self._file in (self.setups if isinstance(step, model.Setup) else self.teardowns):
                    raise MistakeError(_whole(line, f"there is a {line.sentence} already", "write one with all steps"))
            case model.Let():
                self._check_texts(step, line)
                self._let(step, line)
            case model.Phone():
                self._name_phone(step, line)
            case model.Block():
                self._open(step, line)
            case Action():
                self._add(step)  # also if a capture is unknown: the scenario is not empty
                self._check_texts(step, line)
                self.known.update(captured(step))

    def _begin(self, step: model.Title, line: Line) -> None:
        inside, self._frames = self._frames, []
        known = {title.title: title.line for title, _ in self._titles}
        self._titles.append((step, line))
        self._steps.append([])
        self.known, self.taken = self.on_top()
        if inside and inside[0].step:
            raise MistakeError(_whole(line, "a scenario cannot stand in a block", _no_deeper(inside[0])))
        if step.title in known:
            raise MistakeError(
                _whole(line, "there is a scenario with this title already", f"it is in line {known[step.title]}")
            )

    def _check_on_top(self, line: Line) -> None:
        about_all = "this stands above the first {}, for it is about all of them"
        if self._frames and self._frames[0].step:
            raise MistakeError(_whole(line, "this cannot stand in a block", _no_deeper(self._frames[0])))
        if self._titles:
            hint = f"move it above line {self._titles[0][1].number}"
            raise MistakeError(_whole(line, about_all.format("scenario"), hint))
        if self._steps[0]:
            hint = f"move it above line {self._steps[0][0].line}"
            raise MistakeError(_whole(line, about_all.format("step"), hint))

    def _let(self, step: model.Let, line: Line) -> None:
        if self._in_scenario:
            self._add(step)
        elif step.variable in self.variables:
            message = f"{{{step.variable}}} has a value already"
            raise MistakeError(_whole(line, message, "a scenario may give it another one for itself"))
        elif late := [name for name in step.text.names if name not in self.variables]:
            message = f"{{{late[0]}}} has its value only once the setup is played"
            raise MistakeError(_whole(line, message, "move this line into the setup"))
        else:
            self.variables[step.variable] = step.text.fill(self.variables)
        self.known.add(step.variable)

    def _name_phone(self, step: model.Phone, line: Line) -> None:
        rows = next((frame.table for frame in reversed(self._frames) if frame.table), None)
        if set(step.msisdn.names) <= self.variables.keys() and not self._in_rows(step.msisdn):
            written = step.msisdn.fill(self.variables)
            if not (number := language.number_of(written)):
                raise MistakeError(_at(line, line.tokens[-1], *language.no_number(written)))
            self.phones[step.name] = number
            return
        self._check_texts(step, line)
        if rows:
            self._check_numbers(step.msisdn, rows)
        self._add(step)
        self.known.add(step.capture)
        self.taken[step.name] = f"{{{step.capture}}}"

    def _in_rows(self, text: Text) -> bool:
        return any(name in frame.table.columns for frame in self._frames if frame.table for name in text.names)

    def _check_numbers(self, text: Text, table: Table) -> None:
        """A number that cannot be one is told before the row is played, if the row alone says what it is."""
        path = str(_beside(self._source, self._table_name))
        for row in table.rows:
            values = self.variables | dict(row.values)
            if set(text.names) <= values.keys() and not language.number_of(text.fill(values)):
                mistake = table.mistake(row.line, *language.no_number(text.fill(values)))
                self.mistakes.append(replace(mistake, file=path))

    @property
    def _table_name(self) -> str:
        return next(frame.step.table for frame in reversed(self._frames) if isinstance(frame.step, model.ForEach))

    def _check_texts(self, step: Action, line: Line) -> None:
        for name in (name for text in model.texts(step) for name in text.names):
            if name not in self.known and not self._guesses:
                raise MistakeError(_unknown_capture(name, line, self.known))

    @property
    def _in_scenario(self) -> bool:
        """Whether what stands here is played, and not only said of the file."""
        return bool(self._titles or self._steps[0] or self._frames)

    def _add(self, step: Action) -> None:
        (self._frames[-1].steps if self._frames else self._steps[-1]).append(step)

    def _assume(self, line: Line) -> None:
        """Takes from a sentence that could not be read what later ones speak of, so that each mistake is told once."""
        words = [token.value for token in line.tokens]
        if words[0] == "phone" and len(words) > 1 and NAME.fullmatch(words[1]):
            self.phones.setdefault(words[1], "")
        if words[0] == "let" and len(words) > 1:
            self.known.add(words[1].strip("{}"))
        if words[0] in ("for", "use"):
            self._guesses = True
        if words[0] == "esme" and len(words) > 1 and NAME.fullmatch(words[1]):
            self.esmes.setdefault(words[1], model.Account("", ""))
        if words[0] == "browser" and len(words) > 1 and NAME.fullmatch(words[1]):
            self.browsers.setdefault(words[1], False)
        if words[0] == "application" and len(words) > 1 and NAME.fullmatch(words[1]):
            self.services.setdefault(words[1], model.Service("", ""))
        for token in line.tokens:
            if token.kind is Kind.PATTERN:
                self.known.update(_GROUP.findall(token.value))
        if not self._frames or self._frames[-1].line is not line:
            if self._frames and self._frames[-1].body is None:
                self._frames[-1].body = line.indent
            self._open(None, line)  # if steps follow that stand deeper, this was to be a block

    # Blocks --------------------------------------------------------------------------------------------------------

    def _open(self, step: Step | None, line: Line) -> None:
        frame = _Frame(line, step, set(self.known), dict(self.taken))
        if isinstance(step, model.ForEach):
            frame.table = self._table(step, line)
            frame.step = replace(step, rows=frame.table.rows)
            self.known.update(frame.table.columns)
        self._frames.append(frame)

    def _check_depth(self, line: Line) -> None:
        """All steps of a block stand equally deep. What a scenario holds may stand anywhere."""
        if not self._frames or self._frames[-1].step is None:
            return
        frame = self._frames[-1]
        if frame.body is None:
            frame.body = line.indent
        elif frame.body != line.indent:
            first = f"the first step of the block in line {frame.line.number}"
            raise MistakeError(
                _whole(
                    line,
                    f"this stands {'deeper' if line.indent > frame.body else 'less deep'} than {first}",
                    f"indent it by {frame.body} columns, as that"
                    + (", and by spaces or by tabs only" if "\t" in line.written else ""),
                )
            )

    def _close_blocks(self, indent: int) -> None:
        """Those that a line of this indentation does not belong to."""
        while self._frames and indent <= self._frames[-1].line.indent:
            self._close(self._frames.pop())

    def _close(self, frame: _Frame) -> None:
        steps = tuple(frame.steps)
        if frame.step and not steps and frame.body is None:
            hint = "indent its steps deeper than this line"
            self.mistakes.append(_whole(frame.line, "this block has no steps", hint))
        match frame.step:
            case None:
                for step in steps:
                    self._add(step)
            case model.Setup():
                self.setups.setdefault(self._file, steps)
            case model.Teardown():
                self.teardowns.setdefault(self._file, steps)
                self.known, self.taken = frame.known, frame.taken
            case model.Block() as block:
                block = replace(block, steps=steps)
                if isinstance(block, model.Together):
                    told = {mistake.line for mistake in self.mistakes if not mistake.file}
                    self.mistakes += (mistake for mistake in _apart(block, self._lines) if mistake.line not in told)
                if frame.table:
                    phones = {step.capture for step in model.walk(steps) if isinstance(step, model.Phone)}
                    self.known = frame.known | (self.known - set(frame.table.columns) - phones)
                    self.taken = frame.taken
                self._add(block)

    # Other files ----------------------------------------------------------------------------------------------------

    def _use(self, step: model.Use, line: Line) -> None:
        path = _beside(self._source, step.script)
        real = path.resolve()
        if real in self._road:
            names = [name.name for name in self._road[self._road.index(real) :]]
            message = f"this is a circle: {' uses '.join([*names, path.name])}"
            raise MistakeError(_at(line, line.tokens[-1], message, "move what both need into a third file"))
        if real not in self._used:
            text = _text_of(path, step.script, line)
            other = self._used[real] = _Parser(str(path), str(path), self._road, self._used)
            other.read(text)
            self.mistakes += [replace(mistake, file=mistake.file or str(path)) for mistake in other.mistakes]
        other = self._used[real]
        self._guesses = self._guesses or bool(other.mistakes)
        declared: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
            ("a phone", self.phones, other.phones),
            ("an esme", self.esmes, other.esmes),
            ("a browser", self.browsers, other.browsers),
            ("an application", self.services, other.services),
            ("a variable", self.variables, other.variables),
        )
        for what, own, others in declared:
            for name, value in others.items():
                if own.setdefault(name, value) != value:
                    message = f"{step.script} has {what} {name}, and there is another one here"
                    raise MistakeError(_at(line, line.tokens[-1], message, "give one of them another name"))
        self.starts = self.starts or other.starts
        self.setups |= other.setups
        self.teardowns |= other.teardowns
        known, taken = other.on_top()
        self.known |= known
        self.taken |= taken

    def _table(self, step: model.ForEach, line: Line) -> Table:
        path = _beside(self._source, step.table)
        mistakes: list[Mistake] = []
        found = table(_text_of(path, step.table, line), mistakes)
        self.mistakes += [replace(mistake, file=str(path)) for mistake in mistakes]
        self._guesses = self._guesses or bool(mistakes)
        return found

    # What comes of it -----------------------------------------------------------------------------------------------

    def _scenarios(self, text: str) -> Iterator[Scenario]:
        first, *others = self._steps
        if not self._titles:
            if first:
                yield self._scenario(PurePath(self._source).stem, first[0].line, first)
            elif not self.mistakes:
                hint = "write what somebody does, such as: anna dials *100#"
                if self.setups or self.teardowns:
                    hint = "a file that others use stands in a folder of its own"
                self.mistakes.append(Mistake(1, 1, 1, NOTHING_TO_PLAY, text.partition("\n")[0], hint))
            return
        for step in first[:1]:
            title, line = self._titles[0]
            hint = f'move it below line {line.number}, where "{title.title}" begins'
            self.mistakes.append(_whole(self._lines[step.line], "this step is in no scenario", hint))
        for (title, line), steps in zip(self._titles, others, strict=True):
            if steps:
                yield self._scenario(title.title, line.number, steps, title.tags)
            elif not self.mistakes:
                message = f'the scenario "{title.title}" has no steps'
                self.mistakes.append(_whole(line, message, "say what somebody does in it"))

    def _scenario(self, name: str, line: int, steps: list[Action], tags: tuple[str, ...] = ()) -> Scenario:
        return Scenario(
            name,
            line,
            dict(self.phones),
            tuple(steps),
            tuple(dict.fromkeys((*self._tags, *tags))),
            tuple(chain.from_iterable(self.setups.values())),
            tuple(chain.from_iterable(reversed(self.teardowns.values()))),
            dict(self.variables),
            dict(self.esmes),
            dict(self.services),
        )


_OF_FILES = (model.Version, model.Title, model.Tags, model.Setup, model.Teardown, model.Starts)


class _PieceParser(_Parser):
    """Reads a piece of a scenario; `last` has read those before it."""

    def __init__(self, source: str, file: str, last: _Parser) -> None:
        super().__init__(source, file)
        self.phones, self.esmes, self.browsers = dict(last.phones), dict(last.esmes), dict(last.browsers)
        self.services = dict(last.services)
        self.variables, self.known, self.taken = dict(last.variables), set(last.known), dict(last.taken)

    def piece(self) -> Scenario:
        return self._scenario("", 1, self._steps[0])

    def put(self, steps: tuple[Action, ...]) -> None:
        for step in model.walk(steps):
            if step.phone and step.phone not in self.phones | self.taken:
                raise ValueError(f'there is no phone "{step.phone}"; first say "phone {step.phone} is 70001000001"')
            if isinstance(step, model.EsmeAction) and step.esme not in self.esmes:
                raise ValueError(f'there is no esme "{step.esme}"; first say "esme {step.esme} is test"')
            if isinstance(step, model.ApplicationAction) and step.application not in self.services:
                name = step.application
                raise ValueError(f'there is no application "{name}"; first say "application {name} at *384*77#"')
            self.known.update(captured(step))
            if isinstance(step, model.Phone):
                self.taken[step.name] = f"{{{step.capture}}}"
        self._steps[0] += steps

    def _put(self, step: Step, line: Line) -> None:
        if isinstance(step, _OF_FILES):
            hint = "say it in a *.ussd file; here every sentence is played at once"
            raise MistakeError(_whole(line, "this is about a whole file", hint))
        super()._put(step, line)

    @property
    def _in_scenario(self) -> bool:
        return True


def _beside(source: str, name: str) -> Path:
    return Path(normpath(Path(source).parent / name))


def _text_of(path: Path, name: str, line: Line) -> str:
    """The text of another file, that the last word of the line names. MistakeError when it cannot be read."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        base = Path(str(path).removesuffix(normpath(name)))
        depth = "*/" * (len(PurePath(name).parts) - 1)
        there = [found.relative_to(base).as_posix() for found in base.glob(f"{depth}*{path.suffix}")]
        stems = {found.removesuffix(path.suffix): found for found in there}
        near = get_close_matches(name.removesuffix(path.suffix), stems, n=1)
        hint = f'did you mean "{stems[near[0]]}"?' if near else f"looked for {path}"
        raise MistakeError(_at(line, line.tokens[-1], f'there is no file "{name}"', hint)) from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        words = error.strerror if isinstance(error, OSError) else str(error)
        raise MistakeError(
            _at(line, line.tokens[-1], f'"{name}" cannot be read: {words}', f"looked for {path}")
        ) from None
    try:
        return _decoded(octets)
    except MistakeError as error:
        raise MistakeError(replace(error.mistake, file=str(path))) from None


def _decoded(octets: bytes) -> str:
    if len(octets) > LONGEST:
        message = f"this file has {len(octets):,} octets; there can be {LONGEST:,}"
        raise MistakeError(Mistake(1, 1, 1, message, "", "make several of it"))
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        written = octets.splitlines()[line - 1].decode(errors="replace")
        column = written.find("\ufffd") + 1
        mistake = Mistake(line, column, 1, "this is no UTF-8", written, "save the file as UTF-8")
        raise MistakeError(mistake) from None


def _apart(block: model.Together, lines: Mapping[int, Line]) -> Iterator[Mistake]:
    """What keeps the phones of a block from acting at once."""
    captures: dict[str, model.Action] = {}  # who finds what first
    for step in block.steps:
        if not step.actor:
            message = "what stands in together is about one phone, ESME, browser or application"
            yield _whole(lines[step.line], message, "move this above or below the block")
        for inner in model.walk([step]):
            for name in captured(inner):
                if captures.setdefault(name, step).actor != step.actor:
                    line = captures[name].line
                    yield _whole(lines[inner.line], f"line {line} captures {{{name}}} at the same time", "rename one")
    for step in block.steps:
        for inner in model.walk([step]):
            for name in (name for text in model.texts(inner) for name in text.names):
                if name in captures and captures[name].actor != step.actor:
                    who, line = captures[name].actor, captures[name].line
                    message = f"{{{name}}} is captured by {who} at the same time, in line {line}"
                    hint = "move this below the block"
                    yield _whole(lines[inner.line], message, hint)


def _step(line: Line, names: Reader, file: str) -> Step:
    """The step that the line's sentence makes; MistakeError when there is no such sentence."""
    refusals: list[UnfitError] = []
    wrongs: list[WrongError] = []
    for sentence in (*_likely(line), *SENTENCES):
        reader = replace(names, at=0, refusals=[])
        try:
            found = language.match(sentence, reader)
        except WrongError as wrong:
            wrongs.append(wrong)
            continue
        if found is not None:
            return sentence.step(line=line.number, sentence=line.sentence, file=file, **found)
        refusals += reader.refusals
    furthest = max((refusal.at for refusal in refusals), default=-1)
    if wrongs and max(wrong.at for wrong in wrongs) >= furthest:
        raise MistakeError(_wrong(line, max(wrongs, key=lambda wrong: wrong.at)))
    raise MistakeError(_unfit(line, furthest, [refusal for refusal in refusals if refusal.at == furthest], names))


def _likely(line: Line) -> Iterable[language.Sentence]:
    """The sentences that have the first two words of the line, which are seldom others than its own."""
    words = [token.value for token in line.tokens[:2]]
    return chain(language.WITH_FIRST_WORD.get(words[0], ()), language.WITH_VERB.get(words[-1], ()))


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
    if _written(line, token) == ":" and all(refusal.optional or not comes for refusal in refusals):
        return _at(line, token, "no colon stands behind this sentence", "leave it out")
    if at == 1 and (mistake := _not_his(line, token, names)):
        return mistake
    known = [refusal.word for refusal in refusals if refusal.word]
    if token.kind is Kind.WORD and (near := get_close_matches(token.value, known, n=1)):
        return _at(line, token, f'I do not know "{token.value}"', f'did you mean "{near[0]}"?')
    hint = next((refusal.hint for refusal in refusals if refusal.hint), "")
    if not comes:
        return _at(line, token, f"the sentence ends before {_written(line, token)}", hint or _behind(token))
    hint = hint or f"here comes {comes}"
    if token.kind is Kind.WORD and words and not slots:
        return _at(line, token, f'I do not know "{token.value}"', hint)
    return _at(line, token, f"{_written(line, token)} cannot stand here", hint)


def _behind(token: Token) -> str:
    """The way out of something behind the end of a sentence."""
    if token.value == "{":
        return "the steps of a block stand below it, deeper"
    return "leave it out: one sentence a line, and a comment begins with # and a space"


def _not_his(line: Line, token: Token, names: Reader) -> Mistake | None:
    """Somebody does what only others can do."""
    who = line.tokens[0].value
    near = get_close_matches(token.value, language.FIRST_WORDS, n=1, cutoff=0.8)
    if near and who not in language.FIRST_WORDS:
        return _at(line, token, f'I do not know "{token.value}"', f'did you mean "{near[0]}", without {who}?')
    slots = [slot for slot in language.ACTORS if token.value in language.VERBS[slot]]
    if not slots or who not in _actors(names):
        return None
    what, _ = language.ACTORS[slots[0]]
    own = next(slot for slot, known in _known(names).items() if who in known)
    message = f'{who} is {_one(language.ACTORS[own][0])}: "{token.value}" is what {_one(what)} does'
    return _at(line, token, message, f"{who} {_listed(list(language.VERBS[own]))}")


def _one(what: str) -> str:
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}"


def _known(names: Reader) -> Mapping[str, Collection[str]]:
    """The names so far, by the slot that they fill."""
    return {
        "PHONE": names.phones,
        "ESME": names.esmes,
        "BROWSER": names.browsers,
        "APPLICATION": names.services,
    }


def _actors(names: Reader) -> list[str]:
    return list(chain.from_iterable(_known(names).values()))


def _no_deeper(frame: _Frame) -> str:
    return f"indent it no deeper than line {frame.line.number}, where the block begins"


def _unknown_beginning(line: Line, token: Token, names: Reader) -> Mistake:
    follows = line.tokens[1].value if len(line.tokens) > 1 else ""
    actors = _actors(names)
    verbs = [verb for of_one in language.VERBS.values() for verb in of_one]
    if token.kind is Kind.WORD and (verb := get_close_matches(follows, verbs, n=1)):
        near = get_close_matches(token.value, actors, n=1)
        known = _known(names)
        slots = [slot for slot in language.ACTORS if verb[0] in language.VERBS[slot]]
        what, named = language.ACTORS[next((slot for slot in slots if near and near[0] in known[slot]), slots[0])]
        hint = f'did you mean "{near[0]}"?' if near else f'name it above: "{named.format(token.value)}"'
        return _at(line, token, f'there is no {what} "{token.value}"', hint)
    if _written(line, token).strip('"').startswith(_COMMENTS):
        return _at(line, token, f"no sentence begins with {token.value or '//'}", "a comment begins with # and a space")
    if token.value in _ENDS:
        hint = "a block ends where a line stands no deeper than its first one"
        return _at(line, token, f"nothing is written where a block ends, no {token.value}", hint)
    if follows in actors or follows in language.FIRST_WORDS:
        return _at(line, token, f'I do not know "{token.value}"', f"leave it out: the sentence begins with {follows}")
    if token.kind is Kind.WORD:
        words = [*sorted(language.FIRST_WORDS), *actors]
        word = token.value.lower() if token.value.lower() in words else token.value
        return _at(line, token, f'I do not know "{token.value}"', way_out(word, words))
    return _at(line, token, f"no sentence begins with {_written(line, token)}")


def _wrong(line: Line, wrong: WrongError) -> Mistake:
    token = line.tokens[wrong.at]
    if wrong.offset is not None:
        column = line.written.find("{", token.column + wrong.offset)
        if column >= 0:
            return Mistake(line.number, column + 1, 1, wrong.message, line.written, wrong.hint)
    return _at(line, token, wrong.message, wrong.hint)


def _unknown_capture(name: str, line: Line, known: set[str]) -> Mistake:
    message = f"nothing above has captured {{{name}}}"
    written = sorted(known - {name for name in known if name.startswith(model.NUMBER_OF)})
    hint = way_out(name, written) or f"a pattern captures it: matching /(?P<{name}>...)/"
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


def captured(step: Action) -> Iterable[str]:
    """The captures that the step finds, and the variables that it sets."""
    match step:
        case (
            model.See(expected=Expected(how=model.MATCHING, text=text), absent=False)
            | model.Receive(expected=Expected(how=model.MATCHING, text=text))
            | model.SeePage(expected=Expected(how=model.MATCHING, text=text), absent=False)
            | model.EsmeReceive(expected=Expected(how=model.MATCHING, text=text))
            | model.Asked(expected=Expected(how=model.MATCHING, text=text))
        ):
            return compiled(text.fill(dict.fromkeys(text.names, "x"))).groupindex
        case model.Let():
            return (step.variable,)
        case model.Phone():
            return (step.capture,)
        case model.Submit(capture=name) if name:
            return (name,)
        case _:
            return ()
