"""The YAML files of dialoguss, a tester of USSD applications at a URL, to scripts. No I/O.

What is known of the format is from its documentation and source (github.com/nndi-oss/dialoguss): `url`, `dial`,
`phoneNumber`, `timeout`, `sessions` and `components`; a step's text is to be exactly the application's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ussd_gateway.network.directory import SERVICE_CODE
from ussd_gateway.scenario.language import no_number, number_of, way_out
from ussd_gateway.scenario.model import EXACTLY, Action, Answer, Dial, Expected, Scenario, Script, See, Text
from ussd_gateway.scenario.parse import ScriptError
from ussd_gateway.scenario.tokens import Mistake
from ussd_gateway.scenario.tokens import rows as rows_of
from ussd_gateway.scenario.writing import TOP, escaped, write

DIALECTS = ("africas_talking", "truroute")
"""How dialoguss speaks to an application: as Africa's Talking does, or as TruRoute."""

KEYS = {
    "file": ("url", "dial", "phoneNumber", "timeout", "sessions", "components"),
    "session": ("id", "phoneNumber", "description", "steps", "timeout"),
    "step": ("text", "userInput", "expect", "componentId"),
    "namespace": ("namespace", "items"),
    "component": ("id", "expect"),
}
"""The keys of each mapping in a file. `text` is what older versions of dialoguss call `userInput`."""

_BEYOND = re.compile(r"[\d*]*\d")  # what can be dialled behind a code
_URL = re.compile(r"https?://\S")
_NULL = "tag:yaml.org,2002:null"
_DEFAULT = "default"  # the namespace of components without one


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file.

    script       str; a script, with what it cannot say as comments
    application  str; TOML for the gateway's config: it then calls the URL of the file when the code is dialled
    notes        tuple of str; what the script cannot say, each with file and line
    """

    script: str
    application: str
    notes: tuple[str, ...]


def imported(text: str, source: str, dialect: str = DIALECTS[0]) -> Imported:
    """The script of a file; `source` is its name. ScriptError tells every mistake."""
    reading = _Import(text, source, dialect)
    try:
        return reading.imported()
    except yaml.MarkedYAMLError as error:
        mistake = reading.told(error)
    except RecursionError:
        mistake = reading.mistake(0, 0, 1, "lists and mappings stand too deep in one another")
    except yaml.reader.ReaderError as error:  # a character that YAML does not have
        before = rows_of(text[: error.position])
        message = f"this is no YAML: the character {error.character:#06x}"
        mistake = reading.mistake(len(before) - 1, len(before[-1]), 1, message)
    raise ScriptError(source, [mistake])


class _Import:
    """Reads one file. Values are taken as they are written: 0700123456 is a number's digits, and `no` an answer."""

    def __init__(self, text: str, source: str, dialect: str) -> None:
        self._text, self._source, self._dialect = text, source, dialect
        self._rows = rows_of(text)
        self._mistakes: list[Mistake] = []
        self._phones: dict[str, str] = {}  # the names of phones by number
        self._components: dict[str, str] = {}
        self._comments: dict[int, str] = {}
        self._notes: list[tuple[int, str]] = []
        self._titles: list[str] = []
        self._lines = count(1)  # of scenarios and steps, to comment on them

    def imported(self) -> Imported:
        root = self._root()
        file = self._mapping(root, "file", required=("url", "dial"))
        if not isinstance(root, MappingNode):
            raise ScriptError(self._source, self._mistakes)
        if "url" in file and not _URL.match(url := self._value(file["url"])):
            self._wrong(file["url"], f'"{url}" is no URL', "it begins with http:// or https://")
        application = self._application(file)
        self._learn_components(file.get("components"))
        code, number = self._code(file.get("dial")), file.get("phoneNumber")
        sessions = list(self._items(file.get("sessions")))
        scenarios = [one for session in sessions if (one := self._scenario(session, code, number))]
        if not scenarios:
            self._note(root, TOP, "the file has no steps of sessions: the script only dials")
            scenarios = [self._alone(code, *self._phone(root, number))]
        if "timeout" in file:
            note = f"timeout {self._value(file['timeout'])}: the gateway has network.user_timeout for that, in seconds"
            self._note(file["timeout"], TOP, note)
        if self._mistakes:
            raise ScriptError(self._source, self._mistakes)
        top = [
            f"From {self._source}, a file of dialoguss.",
            "",
            "These lines in the gateway's config.toml have it call the application:",
            "",
            *(f"    {row}" for row in application.splitlines()),
        ]
        if self._dialect == DIALECTS[0]:
            top += ["", 'Its "text" is all answers so far, joined by *; that of dialoguss was the last one alone.']
        if TOP in self._comments:
            top += ["", self._comments[TOP]]
        script = write(Script(self._source, tuple(scenarios)), {**self._comments, TOP: "\n".join(top)})
        notes = (f"{self._source}:{line}: {note}" for line, note in sorted(self._notes))
        return Imported(script, application, tuple(notes))

    # What the file says --------------------------------------------------------------------------------------------

    def _application(self, file: Mapping[str, Node]) -> str:
        rows = {"code": self._value(file.get("dial")), "url": self._value(file.get("url")), "dialect": self._dialect}
        return "[[application]]\n" + "".join(
            f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in rows.items()
        )

    def _code(self, node: Node | None) -> str:
        code = self._value(node)
        if node and not SERVICE_CODE.fullmatch(code):
            self._wrong(node, f'"{code}" is no code', "a code looks like *111# or *111*25#")
        return code

    def _phone(self, where: Node, number: Node | None) -> tuple[str, str]:
        """The name of a phone and its number."""
        written = self._value(number) if number else ""
        msisdn = number_of(written)
        if not written:
            self._wrong(where, "nobody knows who dials", "a phoneNumber is missing, here or at the top of the file")
        elif not msisdn:
            self._wrong(number or where, *no_number(written))
        elif msisdn not in (*self._phones, written.removeprefix("+")):
            self._note(
                number or where, TOP, f"{written} is {msisdn} here: a phone has its number with the country's code"
            )
        known = len(self._phones)
        return self._phones.setdefault(msisdn or "", f"caller{known + 1}" if known else "caller"), msisdn or ""

    def _learn_components(self, node: Node | None) -> None:
        for namespace in self._items(node):
            said = self._mapping(namespace, "namespace", required=("namespace",))
            for item in self._items(said.get("items")):
                component = self._mapping(item, "component", required=("id",))
                if "namespace" in said and "id" in component:
                    name = f"{self._value(said['namespace'])}/{self._value(component['id'])}"
                    self._components[name] = self._value(component.get("expect"))

    def _scenario(self, session: Node, code: str, number: Node | None) -> Scenario | None:
        said = self._mapping(session, "session")
        line = next(self._lines)
        name, nodes = self._value(said.get("id")), list(self._items(said.get("steps")))
        if not nodes:
            self._note(session, TOP, f"{f'session {name}' if name else 'a session'} has no steps: it is left out")
            return None
        phone, msisdn = self._phone(session, said.get("phoneNumber") or number)
        steps: list[Action] = []
        for node in nodes:
            steps += self._steps(node, phone, code, first=not steps)
        if "timeout" in said:
            self._note(said["timeout"], line, "timeout: dialoguss itself looks only at that of the file")
        if name:
            self._comments[line] = "\n".join(filter(None, [f"session {name}", self._comments.get(line)]))
        title = " ".join(self._value(said.get("description")).split()) or f"session {name}".rstrip()
        return Scenario(self._unique(title, name), line, {phone: msisdn}, tuple(steps))

    def _alone(self, code: str, phone: str, msisdn: str) -> Scenario:
        return Scenario(f"{code} is dialled", next(self._lines), {phone: msisdn}, (Dial(phone=phone, code=Text(code)),))

    def _unique(self, title: str, name: str) -> str:
        """No two scenarios of a script have the same title."""
        more = chain([title, f"{title} ({name})"], (f"{title} ({number})" for number in count(2)))
        self._titles.append(next(one for one in more if one not in self._titles))
        return self._titles[-1]

    def _steps(self, node: Node, phone: str, code: str, *, first: bool) -> Iterator[Action]:
        said = self._mapping(node, "step")
        typed = said.get("userInput") or said.get("text")
        text, line = self._value(typed), next(self._lines)
        if not first:
            yield Answer(line=line, phone=phone, answer=Text(escaped(text)))
        elif _BEYOND.fullmatch(text):
            yield Dial(line=line, phone=phone, code=Text(f"{code.removesuffix('#')}*{text.lstrip('*')}#"))
        else:
            if typed and text not in ("", code):
                self._note(typed, line, f'dialoguss sends "{text}" when it dials; a phone dials digits, * and #')
            yield Dial(line=line, phone=phone, code=Text(code))
        expected = self._expected(said)
        if expected.endswith("\n"):
            self._note(said.get("expect", node), line, 'the text ends with a line feed; "|-" in YAML makes none')
        if expected:
            yield See(phone=phone, expected=Expected(EXACTLY, Text(escaped(expected))))
        else:
            self._note(node, line, "nothing is expected here; dialoguss wants an empty text, which no screen has")

    def _expected(self, step: Mapping[str, Node]) -> str:
        """As in dialoguss a text goes before the name of a component."""
        text, node = self._value(step.get("expect")), step.get("componentId")
        if text or node is None:
            return text
        name = re.sub(r"\A([^/.]*)[/.]", r"\1/", self._value(node))
        if "/" not in name:
            name = f"{_DEFAULT}/{name}"
        if name not in self._components:
            short = name.removeprefix(f"{_DEFAULT}/")
            known = [one.removeprefix(f"{_DEFAULT}/") for one in self._components]
            self._wrong(node, f'there is no component "{short}"', way_out(short, known))
        return self._components.get(name, "")

    # YAML ----------------------------------------------------------------------------------------------------------

    def _root(self) -> Node:
        root: Node | None = yaml.compose(self._text, Loader=yaml.SafeLoader)
        if root is None:
            raise ScriptError(self._source, [self.mistake(0, 0, 1, "there is nothing in this file")])
        return root

    def told(self, error: yaml.MarkedYAMLError) -> Mistake:
        """What keeps the file from being YAML."""
        in_alias = "alias" in (error.context or "") or "alias" in (error.problem or "")
        mark = (error.context_mark if in_alias else None) or error.problem_mark or error.context_mark
        hint = 'what begins with * stands in quotes: "*111#"' if in_alias else ""
        message = f"this is no YAML: {error.problem or error.context}"
        if "'\\t'" in message:
            hint = "indent with spaces; YAML takes no tabs"
        elif "quoted scalar" in (error.context or "") and error.context_mark:
            hint = f"the text in quotes begins in line {error.context_mark.line + 1}"
        return self.mistake(mark.line, mark.column, 1, message, hint) if mark else Mistake(1, 1, 1, message, "", hint)

    def _mapping(self, node: Node, kind: str, required: Iterable[str] = ()) -> dict[str, Node]:
        """The values by their keys; those that are wrong are told and left out."""
        if not isinstance(node, MappingNode):
            what = "file of dialoguss" if kind == "file" else kind
            self._wrong(node, f"this is no {what}", f"write keys and values: {', '.join(KEYS[kind])}")
            return {}
        yaml.SafeLoader("").flatten_mapping(node)
        found: dict[str, Node] = {}
        for key, value in node.value:
            name = self._value(key)
            if name not in KEYS[kind]:
                self._wrong(key, f'a {kind} has no key "{name}"', way_out(name, KEYS[kind]))
            else:
                found[name] = value  # the last one, where a merge brought more
        for name in required:
            if name not in found and found.keys() >= {
                self._value(key) for key, _ in node.value
            }:  # a wrong key may have been to be this one
                self._wrong(node, f'the key "{name}" is missing')
        return found

    def _items(self, node: Node | None) -> Iterable[Node]:
        if node is None or node.tag == _NULL:
            return ()
        if not isinstance(node, SequenceNode):
            self._wrong(node, "this is no list", 'begin each item with "- "')
            return ()
        return list(node.value)

    def _value(self, node: Node | None) -> str:
        """As it is written; "" for null and for what is not there."""
        if node is None or node.tag == _NULL:
            return ""
        if not isinstance(node, ScalarNode):
            self._wrong(node, "one text belongs here, no list and no keys")
            return ""
        return str(node.value)

    # What is wrong, and what cannot be said ------------------------------------------------------------------------

    def _wrong(self, node: Node, message: str, hint: str = "") -> None:
        start, end = node.start_mark, node.end_mark
        width = end.column - start.column if end.line == start.line else 1
        mistake = self.mistake(start.line, start.column, width, message, hint)
        if mistake not in self._mistakes:
            self._mistakes.append(mistake)

    def mistake(self, line: int, column: int, width: int, message: str, hint: str = "") -> Mistake:
        return Mistake(line + 1, column + 1, width, message, "".join(self._rows[line : line + 1]), hint)

    def _note(self, node: Node, line: int, note: str) -> None:
        """Told in the end, and in the script above the scenario or step with this line."""
        self._notes.append((node.start_mark.line + 1, note))
        self._comments[line] = "\n".join(filter(None, [self._comments.get(line), note]))
