"""What a menu is: screens, choices and words. Built by `load.parse`, walked by `advance`; never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from jinja2 import Template

from ussd_gateway.menu.profiles import DEFAULT, Limits, Navigation, Numbers

LATIN = "latin"  # never written in a file: the Russian text in Latin letters
RUSSIAN = "ru"

PHRASES: Mapping[str, Mapping[str, str]] = {
    "back": {"ru": "Назад", "en": "Back"},
    "home": {"ru": "В начало", "en": "Home"},
    "more": {"ru": "Далее", "en": "More"},
    "exit": {"ru": "Выход", "en": "Exit"},
    "wrong": {"ru": "Нет такого пункта.", "en": "There is no such choice."},
    "wrong_input": {"ru": "Неверный ввод.", "en": "This cannot be taken."},
    "too_many": {"ru": "Слишком много попыток.", "en": "Too many attempts."},
    "failure": {"ru": "Сервис временно недоступен. Попробуйте позже.", "en": "Please try again later."},
    "empty": {"ru": "Список пуст.", "en": "Nothing here."},
    "price": {"ru": "Цена: ", "en": "Price: "},
    "yes": {"ru": "Да", "en": "Yes"},
    "no": {"ru": "Нет", "en": "No"},
    "cancelled": {"ru": "Отменено.", "en": "Cancelled."},
    "goodbye": {"ru": "До свидания!", "en": "Goodbye!"},
    "resume": {"ru": "Продолжить с того же места?", "en": "Go on where you stopped?"},
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text in one language: what the file says, and its template if anything in it varies."""

    source: str
    template: Template | None = None


Texts = Mapping[str, Text]  # by language
Variables = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Expression:
    """A computed value: what the file says, and the function that works it out from the dialogue's variables."""

    source: str
    evaluate: Callable[[Variables], object] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of a screen that the user picks by typing its key; a hidden one is not shown, only accepted.

    when  the choice is there only where this is true
    sets  variables that picking it sets
    """

    key: str
    to: str
    labels: Texts = field(default_factory=dict)
    hidden: bool = False
    when: Expression | None = None
    sets: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Input:
    """What a user types freely.

    name          the variable that it sets
    to            the screen to go to with it
    kind          a key of inputs.KINDS
    pattern       what all of it must look like, as a regular expression, or ""
    least, most   the bounds of a number, an amount (in major units: roubles) or a date; of the length of a text.
                  An Expression gives the value itself: an amount in minor units (kopecks), a date
    errors        what to say when it is wrong; the menu's phrase "wrong_input" where empty
    tries         wrong answers after which it goes on to `exhausted`, or ends there; 0 for any number
    exhausted     a screen, or "": the dialogue ends with the phrase "too_many"
    secret        nobody may find it in a log or a journal
    """

    name: str
    to: str
    kind: str = "text"
    pattern: str = ""
    least: Bound = None
    most: Bound = None
    errors: Texts = field(default_factory=dict)
    tries: int = 0
    exhausted: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Choices made of data, numbered from 1; numbers that mean something else here are left out.

    of      the items: a list
    name    the variable that holds the item, while its label is rendered and once it is picked
    labels  of one item
    to      the screen to go to with the picked one
    empty   what stands in place of the items when there are none; the phrase "empty" where it has nothing
    """

    of: Expression
    name: str
    labels: Texts
    to: str
    empty: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confirm:
    """A question before something that costs: the price, 1 yes, 2 no.

    price   whole minor units (kopecks), or None where nothing is shown
    cancel  a screen, or "": the dialogue ends with the phrase "cancelled"
    """

    to: str
    price: Expression | None = None
    cancel: str = ""


@dataclass(frozen=True, slots=True)
class Fetch:
    """A call of somebody's HTTP API; its answer's fields become variables. Values are templates, but of `method`.

    timeout  seconds
    json     what is sent as application/json: tables, arrays, and strings that are templates
    form     the same as application/x-www-form-urlencoded
    fields   variable -> dotted path in the answer ("data.items[0].price"); empty: every key of the answer
    error    the screen to go to when there is no answer, or none that can be used; "": the dialogue ends with `failure`
    """

    url: Text
    method: str = "GET"
    query: Mapping[str, Text] = field(default_factory=dict)
    headers: Mapping[str, Text] = field(default_factory=dict)
    json: object = None
    form: Mapping[str, Text] | None = None
    timeout: float = 5.0
    fields: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class SmsText:
    """An SMS that leaves when the screen is entered.

    source  the sender: a short number or up to 11 letters
    to      the receiver; that of the dialogue where None
    """

    source: str
    texts: Texts
    to: Text | None = None


@dataclass(frozen=True, slots=True)
class PushTo:
    """A dialogue that the network begins with somebody else when the screen is entered, on a screen of this menu."""

    to: Text
    screen: str


Bound = Decimal | object | Expression | None  # a date is an object here


@dataclass(frozen=True, slots=True)
class Screen:
    """A place in the menu.

    What a screen does when it is entered comes first: the handler or the call, then what is computed, then the SMS and
    the push, then the route. What it shows comes after that, unless the route has led elsewhere.

    texts      what it says, by language; empty when it only does something and goes on
    choices    in the order of the file
    listing    choices made of data, behind the others
    input      what may be typed instead of a choice
    confirm    a question with yes and no in place of choices
    handler    the name of the Python function that runs when the screen is entered, or ""
    fetch      the HTTP call that is made in place of a handler
    computed   variable -> its value
    route      the word to go on by, where no handler has said it
    on         word -> the screen to go to
    otherwise  the screen for every other word, and where there is none; or ""
    sms, push  what leaves when the screen is entered
    fresh      whether handler, call and the rest run again when the user comes back to it; otherwise it is as it was
    end        whether the dialogue is over once the text is shown
    secrets    names of variables that nobody may find in a log, here and on later screens
    language   the language of the dialogue from here on, or "" for no change
    failure    what to say when the handler fails, by language; the menu's phrase where empty
    """

    name: str
    texts: Texts = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    listing: Listing | None = None
    input: Input | None = None
    confirm: Confirm | None = None
    handler: str = ""
    fetch: Fetch | None = None
    computed: Mapping[str, Expression] = field(default_factory=dict)
    route: Expression | None = None
    on: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""
    sms: SmsText | None = None
    push: PushTo | None = None
    fresh: bool = False
    end: bool = False
    secrets: tuple[str, ...] = ()
    language: str = ""
    failure: Mapping[str, str] = field(default_factory=dict)

    def choice(self, key: str) -> Choice | None:
        """The choice that `key` picks, hidden ones included."""
        return next((choice for choice in self.choices if choice.key == key), None)

    @property
    def works(self) -> bool:
        """Whether somebody outside the menu has to do something before the screen can go on."""
        return bool(self.handler or self.fetch)

    @property
    def asks(self) -> bool:
        """Whether the user can answer something that leads on."""
        return bool(self.choices or self.listing or self.input or self.confirm)

    @property
    def static(self) -> bool:
        """Whether the screen looks the same for everybody."""
        labels = (text for choice in self.choices for text in choice.labels.values())
        varies = self.listing or self.confirm or any(choice.when for choice in self.choices)
        return not varies and all(text.template is None for text in (*self.texts.values(), *labels))

    def targets(self) -> Iterator[str]:
        """The names of the screens that may come next, but for those that a fault leads to."""
        yield from (choice.to for choice in self.choices)
        for part in (self.listing, self.input, self.confirm):
            if part:
                yield part.to
        yield from self.going_on()
        more = (self.input and self.input.exhausted, self.confirm and self.confirm.cancel)
        yield from (target for target in more if target)

    def going_on(self) -> Iterator[str]:
        """The names of the screens to which it leads without asking the user anything."""
        yield from self.on.values()
        for target in (self.otherwise, self.fetch.error if self.fetch else ""):
            if target:
                yield target


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu as its file describes it.

    codes           the service codes it answers
    code_languages  the language of those codes that fix one: {"#100#": "latin"}
    start           the name of the first screen
    screens         by name
    languages       those that the file writes, the first one for a subscriber who has none of them
    navigation      the keys that every screen understands
    limits          how much a screen shows and an answer holds, and what is done about more
    numbers         how numbers are written in the country
    currency        ISO 4217, of the filter `money`
    variables       what every dialogue begins with
    remembered      names of variables that the next dialogue of the same number begins with
    resume          what happens after a dialogue that broke off: "start" anew, "continue", or "ask"
    resume_within   seconds after which it is forgotten
    phrases         a key of PHRASES -> language -> words
    source          the file's name
    rendered        screens that look the same for everybody, kept by `render`
    """

    codes: tuple[str, ...]
    title: str
    start: str
    screens: Mapping[str, Screen]
    source: str = ""
    languages: tuple[str, ...] = (RUSSIAN, "en")
    navigation: Navigation = DEFAULT.navigation
    limits: Limits = DEFAULT.limits
    numbers: Numbers = DEFAULT.numbers
    currency: str = DEFAULT.currency
    variables: Variables = field(default_factory=dict)
    remembered: tuple[str, ...] = ()
    resume: str = "start"
    resume_within: float = 300.0
    phrases: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: PHRASES)
    code_languages: Mapping[str, str] = field(default_factory=dict)
    rendered: dict[object, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def spoken(self) -> tuple[str, ...]:
        """Every language a dialogue may be in: those of the file, and Latin where there is Russian."""
        return (*self.languages, LATIN) if RUSSIAN in self.languages else self.languages

    def language(self, wanted: str) -> str:
        """The language to speak to somebody who wants `wanted`."""
        return wanted if wanted in self.spoken else self.languages[0]

    def handlers(self) -> tuple[str, ...]:
        """The names of the handlers that the screens run, each once."""
        return tuple(dict.fromkeys(screen.handler for screen in self.screens.values() if screen.handler))


def written(language: str) -> str:
    """The language of the text that is shown to somebody who reads `language`: Latin is made of Russian."""
    return RUSSIAN if language == LATIN else language
