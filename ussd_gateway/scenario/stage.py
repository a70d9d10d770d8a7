"""Sentences of the language said from Python, on a gateway that is there: played at once, call by call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Self, overload

from ussd_gateway.scenario.local import LocalDriver
from ussd_gateway.scenario.model import Action, Block, Scenario
from ussd_gateway.scenario.parse import Pieces, ScriptError
from ussd_gateway.scenario.play import PlayInPieces
from ussd_gateway.scenario.report import failure_report
from ussd_gateway.scenario.result import Result
from ussd_gateway.scenario.writing import written
from ussd_gateway.serve import Gateway
from ussd_gateway.sync import Caller, SyncGateway


class StepFailedError(AssertionError):
    """A step did not go as written; its str is the report, as `ussd-gateway play` has it. `result` has all of it."""

    def __init__(self, result: Result) -> None:
        super().__init__(failure_report(result).plain.rstrip())
        self.result = result


@overload
def script_on(
    gateway: Gateway, *, name: str = "script", folder: str | Path = ""
) -> AbstractAsyncContextManager[Stage]: ...


@overload
def script_on(
    gateway: SyncGateway, *, name: str = "script", folder: str | Path = ""
) -> AbstractContextManager[SyncStage]: ...


def script_on(
    gateway: Gateway | SyncGateway, *, name: str = "script", folder: str | Path = ""
) -> AbstractAsyncContextManager[Stage] | AbstractContextManager[SyncStage]:
    """Says sentences on this gateway: `async with script_on(gateway) as script:`, for plain code `with ...`.

    name    what reports call it
    folder  where the files are that sentences name

    In the end ESMEs and browsers of the script are gone and its faults are off; phones stay as they are.
    """
    if isinstance(gateway, SyncGateway):
        assert isinstance(gateway.gateway, Gateway)
        return SyncStage(gateway.gateway, name, folder, gateway.call)
    return Stage(gateway, name, folder)


class _Stage:
    """What is played, and what was found."""

    def __init__(self, gateway: Gateway, name: str, folder: str | Path) -> None:
        self._name = name
        self._pieces = Pieces(str(Path(folder, name)))
        self._play = PlayInPieces(LocalDriver(gateway))
        self._calls = 0
        self._one_by_one = asyncio.Lock()

    @property
    def found(self) -> Mapping[str, str]:
        """What patterns have captured so far, and variables, by name."""
        return MappingProxyType(self._play.found)

    def _said(self, sentences: str) -> Scenario:
        __tracebackhide__ = True
        try:
            return self._pieces.read(sentences, self._next())
        except ScriptError as error:  # it says all there is to say
            raise error.with_traceback(None) from None

    def _made(self, steps: Iterable[Action]) -> Scenario:
        name, lines = self._next(), count(1)

        def told(step: Action) -> Action:
            sentence, *_ = written(step).split("\n")
            step = replace(step, line=next(lines), sentence=sentence, file=name)
            return replace(step, steps=tuple(map(told, step.steps))) if isinstance(step, Block) else step

        return self._pieces.made(map(told, steps), name)

    def _next(self) -> str:
        self._calls += 1
        return f"call {self._calls}"

    async def _result(self, piece: Scenario) -> Result:
        async with self._one_by_one:
            return await self._play.go_on(self._name, replace(piece, name=self._name))

    def _found_in(self, result: Result) -> Mapping[str, str]:
        __tracebackhide__ = True
        if not result.passed:
            raise StepFailedError(result)
        return self.found


class Stage(_Stage):
    """Plays sentences for code that awaits."""

    async def __call__(self, sentences: str) -> Mapping[str, str]:
        """Play the sentences; what has been found so far, by name. Raises ScriptError and StepFailedError."""
        __tracebackhide__ = True
        return self._found_in(await self._result(self._said(sentences)))

    async def play(self, *steps: Action) -> Mapping[str, str]:
        """Play steps; as with sentences. ValueError for those that no sentence says, or about whom nothing is known."""
        __tracebackhide__ = True
        return self._found_in(await self._result(self._made(steps)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._play.end()


class SyncStage(_Stage):
    """Plays sentences for code that does not await."""

    def __init__(self, gateway: Gateway, name: str, folder: str | Path, call: Caller) -> None:
        super().__init__(gateway, name, folder)
        self._call = call

    def __call__(self, sentences: str) -> Mapping[str, str]:
        """As Stage."""
        __tracebackhide__ = True
        return self._found_in(self._call(self._result(self._said(sentences))))

    def play(self, *steps: Action) -> Mapping[str, str]:
        """As Stage."""
        __tracebackhide__ = True
        return self._found_in(self._call(self._result(self._made(steps))))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._call(self._play.end())
