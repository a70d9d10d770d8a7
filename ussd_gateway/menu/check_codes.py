"""What is wrong with service codes: nobody can dial them, something else answers them, or one hides another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ussd_gateway.menu.mistakes import way_out
from ussd_gateway.menu.model import Menu
from ussd_gateway.menu.node import Node

CODE = re.compile(r"[*#]{1,3}[0-9]+([*#][0-9]+)*#")

_ALL = ("*", "**", "#", "##", "*#")
_SWITCHED = ("*", "#", "*#")

# 3GPP 22.030: the service codes of supplementary services, and what they can be asked for by. With any other prefix
# the string is no such request and goes out as USSD.
SUPPLEMENTARY: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(("21", "67", "61", "62", "002", "004"), ("call forwarding", _ALL)),
    **dict.fromkeys(("33", "331", "332", "35", "351", "330", "333", "353"), ("call barring", _SWITCHED)),
    **dict.fromkeys(("30", "31", "76", "77"), ("presentation of numbers", _SWITCHED)),
    "300": ("calling name presentation", _SWITCHED),
    "43": ("call waiting", _SWITCHED),
    "66": ("call deflection", _SWITCHED),
    "96": ("explicit call transfer", _SWITCHED),
    **dict.fromkeys(("37", "371", "372", "373", "374", "375"), ("completion of calls to busy subscriber", _SWITCHED)),
    "214": ("follow me", _ALL),
    **dict.fromkeys(("75", "750", "751", "752", "753", "754"), ("call priority", _SWITCHED)),
    **dict.fromkeys(("591", "592", "593", "594"), ("multiple subscriber profile", _SWITCHED)),
    **dict.fromkeys(("360", "361", "362", "363"), ("user-to-user signalling", _SWITCHED)),
    "88": ("multicall", _SWITCHED),
    "03": ("the call barring password", ("*", "**")),
}

# 3GPP 22.030: what the phone does by itself; nothing is sent.
PHONE_LOCAL: Mapping[str, str] = {
    r"\*#06#": "shows the IMEI",
    r"\*\*04(\*[^*#]*)*#": "changes the PIN",
    r"\*\*042(\*[^*#]*)*#": "changes the PIN2",
    r"\*\*05(\*[^*#]*)*#": "unblocks the PIN",
    r"\*\*052(\*[^*#]*)*#": "unblocks the PIN2",
}

_REQUEST = re.compile(r"(\*\*|##|\*#|\*|#)(\d{2,3})((?:\*[^*#]*){0,4})#")
_FIELDS = re.compile(r"[*#]")


def check_codes(menu: Menu, file: Node) -> None:
    """Note what is wrong with the codes of one file."""
    for code, nodes in _by_code(file).items():
        for node in nodes:
            if not CODE.fullmatch(code):
                node.wrong(f'"{code}" is not a service code such as *111# or *111*25#', "bad-code")
            elif owner := reserved(code):
                node.wrong(f'"{code}" never comes to a menu: {owner}; take another', "reserved-code")
            elif len(nodes) > 1:
                node.wrong(f'"{code}" stands here twice', "duplicate-code")
    for code, node in file["code_languages"].items():
        if code not in menu.codes:
            node.wrong(f"is not among the codes{way_out(code, menu.codes)}", "bad-code")


def reserved(code: str) -> str:
    """Why the code never reaches an application, in a sentence; "" where it does."""
    for pattern, deed in PHONE_LOCAL.items():
        if re.fullmatch(pattern, code):
            return f"the phone {deed}"
    request = _REQUEST.fullmatch(code)
    name, prefixes = SUPPLEMENTARY.get(request[2], ("", ())) if request else ("", ())
    return f"it is a supplementary service, {name}" if request and request[1] in prefixes else ""


def check_together(files: Sequence[tuple[Menu, Node]]) -> None:
    """Note what the codes of several files, or of one, do to each other."""
    owners: dict[str, str] = {}
    for menu, file in files:
        for code, nodes in _by_code(file).items():
            owner = owners.setdefault(code, menu.source)
            if owner != menu.source:
                nodes[0].wrong(f'"{code}" is a code of {owner} too; only one can answer it', "duplicate-code")
            for other, _ in files:
                for whole in other.codes:
                    if path := _hidden(code, whole, other):
                        nodes[0].wrong(
                            f'"{code}" hides choice {path} of "{whole}" in {other.source}: who dials it does not come '
                            "there; give that choice another key, or hidden = true",
                            "shadowed-code",
                            warning=True,
                        )


def _by_code(file: Node) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in file["codes"].elements():
        if isinstance(node.value, str) and node.value.strip():
            found.setdefault(node.value, []).append(node)
    return found


def _hidden(code: str, whole: str, menu: Menu) -> str:
    """The answers, such as "6*2", that lead from the code `whole` where `code` does, if a user sees each as a choice."""
    rest = code.removeprefix(whole[:-1])
    if rest == code or not rest.startswith(("*", "#")) or not CODE.fullmatch(code):
        return ""
    answers, name = _FIELDS.split(rest[1:-1]), menu.start
    for answer in answers:
        screen = menu.screens.get(name)
        seen = (choice for choice in screen.choices if not choice.hidden) if screen else ()
        name = next((choice.to for choice in seen if choice.key == answer), "")
    return "*".join(answers) if name else ""
