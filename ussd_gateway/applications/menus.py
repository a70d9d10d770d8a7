"""The menus of a gateway: files that answer their codes, read again when they change while the gateway runs.

A file that is wrong changes nothing: what it said before goes on serving, and its mistakes are told. Dialogues that are
open end on the version they began with, also when the file is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from ussd_gateway.applications.callout import Caller
from ussd_gateway.applications.imports import Imports
from ussd_gateway.applications.menu import Handler, MenuApplication, Pushing, ScreenError, Surroundings, Version
from ussd_gateway.client import Client
from ussd_gateway.gateway import Gateway
from ussd_gateway.logs import logger, told
from ussd_gateway.menu.lines import key_lines
from ussd_gateway.menu.load import Examined, examine, text_of, unreadable
from ussd_gateway.menu.mistakes import MenuError, Mistake, Mistakes, way_out
from ussd_gateway.menu.model import Menu

EVERY = 1.0  # real seconds between two looks at the files
PATIENCE = 10  # looks after which a file is tried again whose mistake may be gone without a change of its own
TOLD = 3  # mistakes that the journal names; `listed` has them all

_PASSING = frozenset(("duplicate-code", "missing-handler"))
"""Rules that a file may come to keep without being changed itself."""

log = logger(__name__)

_Stamp = tuple[int, int, int, int] | None
"""What tells one state of a file from the next; None for no file."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One file.

    file      its name
    codes     those that it answers now
    menu      what it says, as far as it serves; None while it never has
    mistakes  why the file as it is now does not serve; () when it does
    sessions  dialogues that are open, those of older versions too
    since     the gateway's seconds when it began to serve as it serves now; None while it never has
    """

    file: str
    codes: tuple[str, ...]
    menu: Menu | None
    mistakes: tuple[Mistake, ...]
    sessions: int
    since: float | None


class _File:
    """A file of menus.

    codes        in place of those that it says, where the settings name some
    seen         its stamp at the last look
    done         the stamp of what was made of it: it serves, or its mistakes were told
    application  None while it has never served
    attached     the codes that the application has
    """

    __slots__ = ("application", "attached", "codes", "done", "mistakes", "path", "seen", "since")

    def __init__(self, path: Path, codes: tuple[str, ...]) -> None:
        self.path = path
        self.codes = codes
        self.seen: _Stamp = None
        self.done: _Stamp = None
        self.application: MenuApplication | None = None
        self.attached: tuple[str, ...] = ()
        self.mistakes: tuple[Mistake, ...] = ()
        self.since: float | None = None


class Menus:
    """All of them.

    handlers    the functions that screens may name, by dotted name: {"selfcare.balance": balance}
    language    gives the language of a subscriber's texts by msisdn: "ru", "en", "latin"
    imports     where handlers with an import string come from
    client      for the calls that menus make
    patience    seconds that the network gives an application for an answer
    utc_offset  hours that the operator's time is ahead of UTC, for the variable `today`
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        handlers: Mapping[str, Handler],
        language: Callable[[str], str],
        imports: Imports,
        client: Client,
        patience: float,
        utc_offset: float = 3.0,
    ) -> None:
        self._gateway = gateway
        self._handlers = handlers
        self._imports = imports
        ahead = timedelta(hours=utc_offset)

        def today() -> date:
            return (datetime.fromtimestamp(gateway.now(), UTC) + ahead).date()

        self._around = Surroundings(gateway, language, Caller(client, patience), today, patience)
        self._folder: Path | None = None
        self._files: dict[Path, _File] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looks = 0

    # What there is ---------------------------------------------------------------------------------------------------

    def add_folder(self, folder: Path) -> None:
        """Every *.toml of the folder answers its codes, now and later; `mistakes` tells of those that are wrong."""
        self._folder = folder.resolve()
        for path in self._of_folder():
            if path not in self._files:
                self._begin(_File(path, ()))

    def add_file(self, path: Path, codes: tuple[str, ...]) -> None:
        """The file answers these codes too, and none that it says itself; before the folder that it may lie in.

        Raises MenuError.
        """
        path = path.resolve()
        file = self._files.get(path) or _File(path, ())
        file.codes += codes
        self._begin(file)
        if file.mistakes:
            raise MenuError(file.mistakes)

    def _begin(self, file: _File) -> None:
        self._files[file.path] = file
        file.seen = file.done = _stamp(file.path)
        try:
            self._serve(file)
        except MenuError as error:
            file.mistakes = error.mistakes

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Whatever is wrong now, file by file."""
        return tuple(mistake for file in self._files.values() for mistake in file.mistakes)

    def listed(self) -> list[Listed]:
        """Every file, by name."""
        return sorted(map(_listed, self._files.values()), key=lambda listed: listed.file)

    async def push_screen(self, code: str, msisdn: str, screen: str, variables: Mapping[str, object]) -> Pushing:
        """The network begins a dialogue with `msisdn` on a screen of the menu that answers the code.

        Returns when the handlers of the screen have run. Raises ScreenError where there is no such menu or screen.
        """
        by_code = {code: file.application for file in self._files.values() for code in file.attached}
        application = by_code.get(code)
        if application is None:
            raise ScreenError(f"no menu answers {code}{way_out(code, by_code)}")
        return await application.push(msisdn, screen, variables, code)

    def reset(self) -> None:
        """Forget what is kept from one dialogue to the next."""
        for file in self._files.values():
            if file.application:
                file.application.forget()

    # Changes ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Look for changes every second of real time, from now on."""
        self._timer = asyncio.get_running_loop().call_later(EVERY, self._look_again)

    def stop(self) -> None:
        """Look no more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _look_again(self) -> None:
        self.start()
        try:
            self.look()
        except Exception as error:
            log.error("menu.look_failed", error=told(error))

    def look(self) -> None:
        """Make of new, changed and removed files what has to be made of them.

        A file that is wrong or gone may be in the middle of being written: it is believed once two looks saw it so.
        """
        changed = False
        for path in dict.fromkeys((*self._files, *self._of_folder())):
            file = self._files.setdefault(path, _File(path, ()))
            stamp = _stamp(path)
            settled, file.seen = stamp == file.seen, stamp
            if stamp != file.done:
                changed |= self._look_into(file, settled)
        self._looks += 1
        if changed or self._looks % PATIENCE == 0:
            for file in list(self._files.values()):
                if file.seen == file.done and any(mistake.rule in _PASSING for mistake in file.mistakes):
                    self._look_into(file, settled=True)

    def _look_into(self, file: _File, settled: bool) -> bool:
        """Whether codes or handlers may be there now that were not."""
        if file.seen is None and not file.codes:
            if settled:
                self._remove(file)
            return settled
        try:
            self._serve(file)
        except MenuError as error:
            if settled and (file.seen, error.mistakes) != (file.done, file.mistakes):
                file.done, file.mistakes = file.seen, error.mistakes
                said = [str(mistake) for mistake in error.mistakes[:TOLD]]
                self._gateway.warn("menu.not_reloaded", file=file.path.name, mistakes=said)
            return False
        file.done, file.mistakes = file.seen, ()
        self._gateway.note("menu.reloaded", file=file.path.name, codes=list(file.attached))
        return True

    def _serve(self, file: _File) -> None:
        """Serve what the file says now. Raises MenuError, and nothing has changed."""
        text = _text(file.path)
        menu, found = self._examined(text, file.path.name)
        if menu is None:
            raise MenuError(mistake for mistake in found if not mistake.warning)
        if file.codes:
            menu = replace(menu, codes=file.codes)
        version = Version(menu, self._handlers, self._imports)
        application = file.application or MenuApplication(version, self._around)
        self._take_codes(file, application, menu, text)
        application.serve(version)
        file.application, file.since = application, self._gateway.now()

    def _examined(self, text: str, name: str) -> Examined:
        try:
            return _examined(text, name, frozenset(self._handlers))
        except _ImportsError:
            return examine(text, name, handlers=self._handlers, imported=self._imports.wrong)

    def _take_codes(self, file: _File, application: MenuApplication, menu: Menu, text: str) -> None:
        """The application answers the menu's codes and no others. Raises MenuError where one is another's."""
        directory = self._gateway.directory
        refused: list[tuple[tuple[str | int, ...], str]] = []
        taken: list[str] = []
        for index, code in enumerate(menu.codes):
            if code in file.attached or code in taken:
                continue
            try:
                directory.attach_code(code, application)
                taken.append(code)
            except ValueError as error:
                owner = next((f": {each.path.name}" for each in self._files.values() if code in each.attached), "")
                # Codes of the settings stand in no line of the file
                refused.append((() if file.codes else ("codes", index), f"{error}{owner}"))
        if refused:
            for code in taken:
                directory.detach_code(code, application)
            mistakes = Mistakes(file.path.name, key_lines(text))
            for place, said in refused:
                mistakes.add(place, said, "duplicate-code")
            raise MenuError(mistakes.found)
        for code in set(file.attached) - set(menu.codes):
            directory.detach_code(code, application)
        file.attached = menu.codes

    def _remove(self, file: _File) -> None:
        del self._files[file.path]
        if file.application:
            for code in file.attached:
                self._gateway.directory.detach_code(code, file.application)
            self._gateway.note("menu.removed", file=file.path.name, codes=list(file.attached))

    def _of_folder(self) -> list[Path]:
        return sorted(self._folder.glob("*.toml")) if self._folder else []


class _ImportsError(Exception):
    """The menu names functions to import, and what becomes of that is not in its text."""


@lru_cache(maxsize=64)
def _examined(text: str, name: str, handlers: frozenset[str]) -> Examined:
    """The same text says the same again: a test's gateway need not read what the one before has read.

    Raises _ImportsError.
    """

    def imported(function: str) -> str:
        raise _ImportsError(function)

    return examine(text, name, handlers=handlers, imported=imported)


def _listed(file: _File) -> Listed:
    application = file.application
    return Listed(
        file.path.name,
        file.attached,
        application.menu if application else None,
        file.mistakes,
        len(application.sessions) if application else 0,
        file.since,
    )


def _stamp(path: Path) -> _Stamp:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino


def _text(path: Path) -> str:
    """Raises MenuError for a file that cannot be read."""
    try:
        return text_of(path.read_bytes(), path.name)
    except OSError as error:
        raise MenuError([unreadable(path.name, f"cannot be read: {error.strerror}")]) from None
