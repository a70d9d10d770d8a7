"""What a menu is: screens, choices and words. Built by `load.parse`, walked by `advance`; never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import Template

LATIN = "latin"  # never written in a file: the Russian text in Latin letters
RUSSIAN = "ru"

PHRASES: Mapping[str, Mapping[str, str]] = {
    "back": {"ru": "Назад", "en": "Back"},
    "home": {"ru": "В начало", "en": "Home"},
    "more": {"ru": "Далее", "en": "More"},
    "wrong": {"ru": "Нет такого пункта.", "en": "There is no such choice."},
    "failure": {"ru": "Сервис временно недоступен. Попробуйте позже.", "en": "Please try again later."},
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text in one language: what the file says, and its template if anything in it varies."""

    source: str
    template: Template | None = None


Texts = Mapping[str, Text]  # by language


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of a screen that the user picks by typing its key; a hidden one is not shown, only accepted."""

    key: str
    to: str
    labels: Texts = field(default_factory=dict)
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """A place in the menu.

    texts     what it says, by language; empty when it only runs a handler and goes on
    choices   in the order of the file
    handler   the name of the Python function that runs when the screen is entered, or ""
    on        the handler's word -> the screen to go to
    end       whether the dialogue is over once the text is shown
    secrets   names of variables that nobody may find in a log, here and on later screens
    language  the language of the dialogue from here on, or "" for no change
    failure   what to say when the handler fails, by language; the menu's phrase where empty
    """

    name: str
    texts: Texts = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    handler: str = ""
    on: Mapping[str, str] = field(default_factory=dict)
    end: bool = False
    secrets: tuple[str, ...] = ()
    language: str = ""
    failure: Mapping[str, str] = field(default_factory=dict)

    def choice(self, key: str) -> Choice | None:
        """The choice that `key` picks, hidden ones included."""
        for choice in self.choices:
            if choice.key == key:
                return choice
        return None

    @property
    def static(self) -> bool:
        """Whether the screen looks the same for everybody."""
        labels = (text for choice in self.choices for text in choice.labels.values())
        return all(text.template is None for text in (*self.texts.values(), *labels))

    def targets(self) -> Iterator[str]:
        """The names of the screens that may come next."""
        yield from (choice.to for choice in self.choices)
        yield from self.on.values()


@dataclass(frozen=True, slots=True)
class Navigation:
    """The keys that every screen understands."""

    back: str = "0"
    home: str = "00"
    more: str = "9"

    @property
    def keys(self) -> tuple[str, str, str]:
        """All three, in the order of the file."""
        return self.back, self.home, self.more


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu as its file describes it.

    codes           the service codes it answers
    code_languages  the language of those codes that fix one: {"#100#": "latin"}
    start           the name of the first screen
    screens         by name
    languages       those that the file writes, the first one for a subscriber who has none of them
    phrases         "back", "home", "more", "wrong", "failure" -> language -> words
    source          the file's name
    rendered        screens that look the same for everybody, kept by `render`
    """

    codes: tuple[str, ...]
    title: str
    start: str
    screens: Mapping[str, Screen]
    source: str = ""
    languages: tuple[str, ...] = (RUSSIAN, "en")
    navigation: Navigation = Navigation()
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
