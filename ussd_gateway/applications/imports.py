"""Functions by import string, "airtime:balance", always in the newest code of their file.

importlib.reload would run the new code in the namespace of the old: a dialogue that is open would see a mix of both, and a
file that fails half-way would leave neither. So each version of a file gets a module of its own. An old function keeps the
module it was made in, and the new version begins with fresh module state. Only the module that an import string names is
read again, not what that imports.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module, invalidate_caches
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypeVar

from ussd_gateway.logs import told, where
from ussd_gateway.menu.mistakes import way_out

T = TypeVar("T")
Function = Callable[..., Any]
Stamp = tuple[int, int, int] | None
"""What tells one state of a file from the next: its time in nanoseconds, its size, its inode; None for no file."""

# What a file can raise when it is run; a script without a main guard may end itself, and not the gateway
FAULTS = (Exception, SystemExit)


class GivenUpError(Exception):
    """A function waited for something that was cancelled, and nobody had cancelled the function."""


class HandlerError(LookupError):
    """A function that a menu or a setting names cannot be had; the message says which, why, and the way out."""


class Imports:
    """The functions of a gateway that have import strings.

    folder  where modules are looked for first, and put before sys.path for what they import: the config file's
    note    takes (kind, **facts) of what happens to a file later: application.reloaded ...
    warn    ... and application.not_reloaded
    """

    def __init__(
        self,
        folder: Path | None = None,
        note: Callable[..., object] = lambda kind, **facts: None,
        warn: Callable[..., object] | None = None,
    ) -> None:
        self._folder = folder.resolve() if folder else None
        self._tells = (note, warn or note)
        self._sources: dict[str, _Source] = {}

    def function(self, name: str) -> Imported:
        """The function with this import string. Raises HandlerError."""
        module, colon, path = name.partition(":")
        if not (module and colon and path):
            raise HandlerError(
                f'"{name}" is no import string; one looks like airtime:balance, a module and its function'
            )
        try:
            if source := self._sources.get(module):
                source.refresh()
            else:
                source = self._found(module)
            source.add(path)
        except HandlerError as error:
            raise HandlerError(f'"{name}" cannot be imported: {error}') from error
        self._sources[module] = source
        return Imported(name, source, path)

    def wrong(self, name: str) -> str:
        """What is wrong with an import string, in a sentence; "" for nothing."""
        try:
            self.function(name)
        except HandlerError as error:
            return str(error)
        return ""

    def _found(self, name: str) -> _Source:
        """The module, run as its file is now; for what comes from no file, or is a package, as Python has it."""
        if self._folder and str(self._folder) not in sys.path:
            sys.path.insert(0, str(self._folder))
        invalidate_caches()  # the file may be younger than the listing of its folder that Python remembers
        spec = self._spec(name)
        of_file = spec and type(spec.loader) is SourceFileLoader and spec.submodule_search_locations is None
        path = Path(spec.origin) if spec and spec.origin and of_file else None
        try:
            if path is None:
                return _Source(name, None, import_module(name), self._tells)
            if parent := name.rpartition(".")[0]:
                import_module(parent)
            stamp = _stamp(path)
            return _Source(name, path, _module(name, path, stamp, any_version=True), self._tells, stamp)
        except FAULTS as error:
            if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
                raise HandlerError(self._nowhere(error.name)) from error
            raise HandlerError(_sentence(error, path)) from error

    def _spec(self, name: str) -> ModuleSpec | None:
        """Where the module is, by its file; sys.modules does not count, for it may have a namesake of another folder."""
        places = [*([str(self._folder)] if self._folder else []), *sys.path]
        first, *others = name.split(".")
        spec = PathFinder.find_spec(first, places)
        beside = spec and spec.origin and self._folder in Path(spec.origin).parents[:2]  # the file, or its package
        if beside and first in sys.stdlib_module_names:
            raise HandlerError(f"{first} beside the config has the name of a module of Python's own; rename it")
        for part in others:
            if spec is None or spec.submodule_search_locations is None:
                return None
            spec = PathFinder.find_spec(f"{spec.name}.{part}", spec.submodule_search_locations)
        return spec

    def _nowhere(self, name: str) -> str:
        if name.endswith(".py"):
            return f"there is no module {name}; leave out .py"
        if self._folder is None or "." in name:
            return f"there is no module {name}"
        return f"there is no module {name}; write {name}.py into {self._folder}, or install the package that has it"


class Imported:
    """A function with an import string. Called, it is the newest; `current` is for who wants to stay with one version."""

    __slots__ = ("_path", "_source", "name")

    def __init__(self, name: str, source: _Source, path: str) -> None:
        self.name = name
        self._source = source
        self._path = path

    def current(self) -> Function:
        """The function in the code that its file has now, or the last that could be run. Costs a stat of the file."""
        self._source.refresh()
        return self._source.functions[self._path]

    def __call__(self, *given: Any) -> Any:
        """Call the function in the code that its file has now."""
        return self.current()(*given)


class _Source:
    """A module, and those of its functions that are in use."""

    __slots__ = ("_name", "_note", "_path", "_stamp", "_warn", "functions", "module")

    def __init__(
        self,
        name: str,
        path: Path | None,
        module: ModuleType,
        tells: Sequence[Callable[..., object]],
        stamp: Stamp = None,
    ) -> None:
        self._name = name
        self._path = path  # None: never read again
        self._note, self._warn = tells
        self._stamp = stamp
        self.module = module
        self.functions: dict[str, Function] = {}

    def add(self, path: str) -> None:
        self.functions[path] = _function(self.module, path)

    def refresh(self) -> None:
        """Read the file again if it is another since; what cannot be run is told once, and changes nothing."""
        if self._path is None or (stamp := _stamp(self._path)) == self._stamp:
            return
        self._stamp = stamp
        try:
            if stamp is None:
                raise HandlerError(f"{self._path.name} is gone")
            module = _module(self._name, self._path, stamp)
            self.functions = {path: _function(module, path) for path in self.functions}
        except FAULTS as error:
            _install(self._name, self.module)
            why = str(error) if isinstance(error, HandlerError) else _sentence(error, self._path)
            self._warn("application.not_reloaded", module=self._name, why=f"{why}; its last version goes on")
            return
        self.module = module
        self._note("application.reloaded", module=self._name)


class _Loader(SourceFileLoader):
    """Reads the source, never bytecode: that is known by whole seconds, and an editor saves twice within one."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


async def awaited(result: Awaitable[T]) -> T:
    """What a function comes to. Raises what it raises, and GivenUpError where it would look like the end of its task."""
    try:
        return await result
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task and task.cancelling():
            raise
        raise GivenUpError().with_traceback(error.__traceback__) from None


def resolve(name: str, registry: Mapping[str, Function], imports: Imports) -> Function:
    """The handler called `name`: one of the registry, or what an import string "package.module:function" names.

    Raises HandlerError.
    """
    if ":" in name:
        return imports.function(name)
    if name not in registry:
        raise HandlerError(f'there is no handler "{name}"{way_out(name, registry)}')
    return registry[name]


def _module(name: str, path: Path, stamp: Stamp, *, any_version: bool = False) -> ModuleType:
    """The module of the file as it is now; the one that is loaded already if that is of this version.

    any_version  take also one that Python loaded, and whose version nobody knows: a test may have imported it
    """
    before = sys.modules.get(name)
    if before and before.__spec__ and path.resolve() == Path(before.__spec__.origin or "").resolve():
        version = before.__spec__.loader_state
        if version == stamp or (version is None and any_version):
            return before
    loader = _Loader(name, str(path))
    spec = spec_from_file_location(name, path, loader=loader)
    assert spec is not None, "it has a loader"
    spec.loader_state = stamp
    module = module_from_spec(spec)
    _install(name, module)  # it is there already while it runs, as with any import
    try:
        loader.exec_module(module)
    except BaseException:
        _install(name, before)
        raise
    return module


def _install(name: str, module: ModuleType | None) -> None:
    """Whoever imports the name from now on gets this."""
    if module is None:
        del sys.modules[name]
        return
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], child, module)


def _function(module: ModuleType, path: str) -> Function:
    found: object = module
    for attribute in path.split("."):
        if not hasattr(found, attribute):
            names = getattr(found, "__dict__", {})
            functions = [name for name, value in names.items() if callable(value) and not name.startswith("_")]
            raise HandlerError(f"{_file(module)} has no {path}{way_out(path, functions)}")
        found = getattr(found, attribute)
    if not callable(found):
        raise HandlerError(f"{path} in {_file(module)} is no function, it is a value of type {type(found).__name__}")
    return found


def _file(module: ModuleType) -> str:
    return Path(module.__file__ or module.__name__).name if hasattr(module, "__file__") else module.__name__


def _stamp(path: Path) -> Stamp:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


def _sentence(error: BaseException, path: Path | None) -> str:
    """What is wrong with a file, and in which line of it, in words that quote no value; see `logs.told`."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.msg} at {Path(error.filename).name}:{error.lineno}"
    if isinstance(error, ImportError):
        return f"{error}{where(error, str(path))}"
    return told(error, str(path))
