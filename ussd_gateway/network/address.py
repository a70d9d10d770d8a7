"""What was dialled: its kind by the rules a phone follows (3GPP 22.030), its service codes, and numbers in any format.

The rules are tables; nothing here knows who is attached or sends anything. No I/O.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class AddressError(ValueError):
    """What was typed cannot be dialled, or is not a number; the message says what was seen."""


class MmiKind(StrEnum):
    """What a phone does with what was dialled."""

    PHONE_LOCAL = "phone_local"  # handled inside the phone
    SUPPLEMENTARY_SERVICE = "supplementary_service"  # a structured request, not USSD
    USSD = "ussd"
    CALL_HANDLING = "call_handling"  # hold, swap and the like, during a call
    CALL = "call"
    EMERGENCY = "emergency"


class Action(StrEnum):
    """What a supplementary-service string asks for (3GPP 22.030 6.5.2)."""

    ACTIVATE = "activate"
    REGISTER = "register"
    DEACTIVATE = "deactivate"
    ERASE = "erase"
    INTERROGATE = "interrogate"


@dataclass(frozen=True, slots=True)
class Mmi:
    """How a phone takes what was dialled.

    kind         MmiKind
    dialled      str; without the spaces, hyphens, brackets and dots it was typed with
    explanation  str; one English sentence for a person
    service      str such as "call forwarding unconditional" or "IMEI"; "" when there is none
    action       Action of a supplementary service, else None
    parameters   tuple of str; the fields between the stars of a supplementary service, empty ones as ""
    number       str; the number to be called, "" when there is no call
    """

    kind: MmiKind
    dialled: str
    explanation: str
    service: str = ""
    action: Action | None = None
    parameters: tuple[str, ...] = ()
    number: str = ""


EMERGENCY_NUMBERS = frozenset({"112", "911", "101", "102", "103", "104"})
"""112 and 911 everywhere (3GPP 22.101 section 10), the others in Russia."""

# 22.030 6.5.2; the longer prefix is tried first
_ACTIONS = {
    "**": Action.REGISTER,
    "##": Action.ERASE,
    "*#": Action.INTERROGATE,
    "*": Action.ACTIVATE,
    "#": Action.DEACTIVATE,
}

_ALL = frozenset(Action)
_SWITCHED = frozenset({Action.ACTIVATE, Action.DEACTIVATE, Action.INTERROGATE})
_CHANGED = frozenset({Action.ACTIVATE, Action.REGISTER})

# 22.030 annex B: service code, name, actions that make sense. Any other action is no request: it goes out as USSD.
_SERVICE_ROWS: tuple[tuple[str, str, frozenset[Action]], ...] = (
    ("21", "call forwarding unconditional", _ALL),
    ("67", "call forwarding on busy", _ALL),
    ("61", "call forwarding on no reply", _ALL),
    ("62", "call forwarding on not reachable", _ALL),
    ("002", "all call forwarding", _ALL),
    ("004", "all conditional call forwarding", _ALL),
    ("33", "barring of all outgoing calls", _SWITCHED),
    ("331", "barring of outgoing international calls", _SWITCHED),
    ("332", "barring of outgoing international calls except home", _SWITCHED),
    ("35", "barring of all incoming calls", _SWITCHED),
    ("351", "barring of incoming calls when roaming", _SWITCHED),
    ("330", "all call barring", _SWITCHED),
    ("333", "barring of outgoing calls", _SWITCHED),
    ("353", "barring of incoming calls", _SWITCHED),
    ("30", "CLIP", _SWITCHED),
    ("31", "CLIR", _SWITCHED),
    ("76", "COLP", _SWITCHED),
    ("77", "COLR", _SWITCHED),
    ("300", "calling name presentation", _SWITCHED),
    ("43", "call waiting", _SWITCHED),
    ("66", "call deflection", _SWITCHED),
    ("96", "explicit call transfer", _SWITCHED),
    ("37", "completion of calls to busy subscriber", _SWITCHED),
    *((f"37{n}", f"completion of calls to busy subscriber, request {n}", _SWITCHED) for n in range(1, 6)),
    ("214", "follow me", _ALL),
    ("75", "call priority", _SWITCHED),
    *((f"75{n}", f"call priority {n}", _SWITCHED) for n in range(5)),
    *((f"59{n}", f"subscriber profile {n}", _SWITCHED) for n in range(1, 5)),
    ("360", "user-to-user signalling", _SWITCHED),
    *((f"36{n}", f"user-to-user signalling {n}", _SWITCHED) for n in range(1, 4)),
    ("88", "multicall", _SWITCHED),
    ("03", "call barring password", _CHANGED),
)
_SERVICES = {code: (name, actions) for code, name, actions in _SERVICE_ROWS}

# 22.030 6.5.2: action, service code, at most four fields (the fourth repeats a new password), #, and possibly a number
# to be called with the service. A number that ends in # would make the whole of it USSD.
_SUPPLEMENTARY = re.compile(r"(\*\*|##|\*#|\*|#)(\d{2,3})((?:\*[^*#]*){0,4})#([^#]*)")

# 22.030 section 6: pattern, name, what the phone does with it. A PIN that is mistyped stays in the phone as well.
_PHONE_LOCAL = tuple(
    (re.compile(pattern), name, explanation)
    for pattern, name, explanation in (
        (r"\*#06#", "IMEI", "The phone shows its IMEI; nothing is sent."),
        (r"\*\*04(\*[^*#]*)*#", "change of PIN", "The phone changes the PIN of the SIM; nothing is sent."),
        (r"\*\*042(\*[^*#]*)*#", "change of PIN2", "The phone changes the PIN2 of the SIM; nothing is sent."),
        (r"\*\*05(\*[^*#]*)*#", "unblocking of PIN", "The phone unblocks the PIN of the SIM; nothing is sent."),
        (r"\*\*052(\*[^*#]*)*#", "unblocking of PIN2", "The phone unblocks the PIN2 of the SIM; nothing is sent."),
        (r"\d{1,3}#", "SIM phonebook", "The phone recalls that entry of the SIM's phonebook; nothing is sent."),
    )
)

# 22.030 6.5.5.1: short strings during a call; X is the number of a call, from 1 to 7.
_CALL_HANDLING = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"0", "release held calls or reject the waiting call"),
        (r"1", "release active calls and accept the other"),
        (r"1[1-7]", "release one active call"),
        (r"2", "hold active calls and accept the other"),
        (r"2[1-7]", "hold all active calls but one"),
        (r"3", "add the held call to the conversation"),
        (r"4", "connect the two calls and leave"),
        (r"5", "activate completion of calls to busy subscriber"),
    )
)

_SEPARATOR = re.compile(r"[*#]")
_DIALLABLE = re.compile(r"[0-9*#+]+")
_STRAY_PLUS = re.compile(r"(?<![*#])(?<!^)\+|\+(?!\d)")
_HIDDEN = {"Zs", "Cf", "Pd"}  # Unicode categories: spaces, invisible marks, hyphens and dashes
_PUNCTUATION = frozenset("().[]\t\u2212（）．")
_FULL_WIDTH = {"＊": "*", "＃": "#", "＋": "+"}
_ZERO_LOOKALIKES = frozenset("OoОо")  # Latin and Cyrillic


def classify(dialled: str, *, in_call: bool = False) -> Mmi:
    """What a phone does with a string when the green key is pressed (3GPP 22.030).

    `in_call` says that a call is in progress, which changes the meaning of strings of one or two characters. Spaces,
    hyphens, brackets and dots are passed over, and digits of any script taken, as dial pads do with a pasted number.

    Raises AddressError when nothing was dialled or a character is on no dial pad. 22.030 lets USSD carry any
    character of the default alphabet, but nobody can dial one; answers within a dialogue are free text and are not
    classified. A phone's own list of national exceptions to the short strings is not modelled.
    """
    dialled = _dial_pad(dialled)
    for pattern, name, explanation in _PHONE_LOCAL:
        if pattern.fullmatch(dialled):
            return Mmi(MmiKind.PHONE_LOCAL, dialled, explanation, service=name)
    if mmi := _supplementary(dialled):
        return mmi
    if dialled.endswith("#"):
        why = "it ends with # and is no service the phone knows itself"
        return Mmi(MmiKind.USSD, dialled, f"The phone sends it to the network as USSD, as typed: {why}.")
    if dialled in EMERGENCY_NUMBERS:
        return Mmi(MmiKind.EMERGENCY, dialled, "The phone places an emergency call.", number=dialled)
    if len(dialled) <= 2:
        return _short(dialled, in_call)
    return _call(dialled)


def candidates(dialled: str) -> list[tuple[str, tuple[str, ...]]]:
    """The service codes that a dialled string may mean, the longest first, each with the inputs dialled beyond it.

    "*111*828*1#" gives ("*111*828*1#", ()), ("*111*828#", ("1",)), ("*111#", ("828", "1")). A leading * or # belongs
    to the code; an empty field is an empty input. A string without # at its end, such as "7", is one code. Takes what
    `Mmi.dialled` holds; raises nothing.
    """
    if not dialled.endswith("#"):
        return [(dialled, ())]
    fields = _SEPARATOR.split(dialled[:-1].lstrip("*#"))
    found = []
    end = len(dialled) - 1
    for count in range(len(fields), 0, -1):
        found.append((dialled[:end] + "#", tuple(fields[count:])))
        end -= len(fields[count - 1]) + 1
    return found


def normalise_msisdn(text: str, *, country_code: str = "7", trunk_prefix: str = "8", national_digits: int = 10) -> str:
    """A number in any usual format as digits with the country code: "8 (000) 100-00-01" is "70001000001".

    Taken: the national number alone, or with the trunk prefix, the country code, or + and the country code; spaces of
    any kind, hyphens, brackets, dots; digits of any script.

    Raises AddressError for anything else: a letter (О for 0), two numbers, nothing, a wrong length.
    """
    number = text if text.isascii() and text.isdecimal() else _one_number(text)
    digits = number.removeprefix("+")
    if len(digits) == len(country_code) + national_digits and digits.startswith(country_code):
        return digits
    if number.startswith("+"):
        raise AddressError(f"{text!r} is not a number of +{country_code} with {national_digits} digits")
    if len(digits) == national_digits:
        return country_code + digits
    if trunk_prefix and len(digits) == len(trunk_prefix) + national_digits and digits.startswith(trunk_prefix):
        return country_code + digits.removeprefix(trunk_prefix)
    if len(digits) >= 2 * national_digits:
        raise AddressError(f"{text!r} has {len(digits)} digits; it looks like two numbers")
    raise AddressError(
        f"{text!r} has {len(digits)} digits; a number has {national_digits}, or {trunk_prefix or country_code} "
        f"or +{country_code} and {national_digits}"
    )


def _supplementary(dialled: str) -> Mmi | None:
    found = _SUPPLEMENTARY.fullmatch(dialled)
    if not found or found[2] not in _SERVICES:
        return None
    action = _ACTIONS[found[1]]
    name, actions = _SERVICES[found[2]]
    if action not in actions:
        return None
    parameters, number = tuple(found[3].split("*")[1:]), found[4]
    if number:
        explanation = _with_service(name, action, number)
        return Mmi(MmiKind.CALL, dialled, explanation, name, action, parameters, number)
    explanation = f"The phone asks the network to {action} {name}, as a supplementary service and not as USSD."
    return Mmi(MmiKind.SUPPLEMENTARY_SERVICE, dialled, explanation, name, action, parameters)


def _with_service(name: str, action: Action, number: str) -> str:
    # 3GPP 22.081: for one call # withholds the number, where the subscription shows it, and * shows it.
    if name == "CLIR" and action is not Action.INTERROGATE:
        shown = "shown" if action is Action.ACTIVATE else "withheld"
        return f"The phone calls {number}, with the caller's number {shown} for this call only (CLIR)."
    return f"The phone calls {number}, with the request to {action} {name} for this call only."


def _short(dialled: str, in_call: bool) -> Mmi:
    if in_call:
        for pattern, name in _CALL_HANDLING:
            if pattern.fullmatch(dialled):
                explanation = f"During a call this asks the network to {name}."
                return Mmi(MmiKind.CALL_HANDLING, dialled, explanation, service=name)
    elif re.fullmatch(r"1\d", dialled):
        # 22.030 6.5.3.2: two digits that begin with 1 are a call, if none is in progress
        return _call(dialled)
    return Mmi(
        MmiKind.USSD, dialled, "The phone sends it to the network as USSD: it is a string of one or two characters."
    )


def _call(dialled: str) -> Mmi:
    why = "" if dialled.removeprefix("+").isdecimal() else ": without # at its end it is no service code"
    return Mmi(MmiKind.CALL, dialled, f"The phone places a voice call to {dialled}{why}.", number=dialled)


def _dial_pad(text: str) -> str:
    """The text as the keys 0-9 * # + spell it."""
    dialled = text if _DIALLABLE.fullmatch(text) else "".join(_keys(text.strip()))
    if not dialled:
        raise AddressError("nothing was dialled")
    if _STRAY_PLUS.search(dialled):
        raise AddressError(f"{text!r} has a + that does not begin a number")
    return dialled


def _one_number(text: str) -> str:
    """The digits of the text, with the + they may begin with."""
    number = "".join(_keys(text.strip()))
    if not number:
        raise AddressError("there is no number" if not text.strip() else f"{text!r} has no digits")
    if not re.fullmatch(r"\+?\d+", number):
        sign = next(sign for sign in "*#+" if sign in number)
        raise AddressError(f"{text!r} has a {sign} where a number has none; it must be one number")
    return number


def _keys(text: str) -> Iterator[str]:
    for character in text:
        if character in "0123456789*#+":
            yield character
        elif (digit := unicodedata.decimal(character, None)) is not None:
            yield str(digit)
        elif character in _FULL_WIDTH:
            yield _FULL_WIDTH[character]
        elif unicodedata.category(character) not in _HIDDEN and character not in _PUNCTUATION:
            raise AddressError(_not_a_key(character, text))


def _not_a_key(character: str, text: str) -> str:
    if character in _ZERO_LOOKALIKES:
        return f"{text!r} has the letter {character!r}; was it meant to be the digit 0?"
    if character.isalpha():
        return f"{text!r} has the letter {character!r}"
    if character in ",;/|\r\n":
        return f"{text!r} has {character!r} in it; one number or code at a time"
    return f"{text!r} has {character!r}, which is on no dial pad"
