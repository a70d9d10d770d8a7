"""What a script says that many users cannot play at once, in real time, on a gateway that is everybody's. No I/O."""

from __future__ import annotations

from ussd_gateway.scenario import model

LONGEST_WAIT = 600.0  # seconds that a step may keep its user waiting

FIT: frozenset[type[model.Action]] = frozenset(
    {
        *(model.Dial, model.Answer, model.HangUp, model.See, model.Measure, model.Push),
        *(model.Receive, model.ReceiveNone, model.Send, model.Turn, model.Memory, model.Speak),
        *(model.Bind, model.Submit, model.GetReceipt, model.GetNoReceipt, model.EsmeReceive, model.EsmeReceiveNone),
        *(model.Leave, model.Request, model.SeeStatus, model.SeePage),
        *(model.Wait, model.Check, model.Let, model.Repeat, model.ForEach, model.Together),
    }
)
"""What each user does by himself."""

_FAULT = (
    "a fault is everybody's, and the users would set and end it for each other",
    "take the line out, and let the fault hold for the whole run: PUT /api/v1/faults, or [[fault]] of the config",
)
_REASONS: dict[type[model.Step], tuple[str, str]] = {
    # what is wrong with a sentence, and the way out
    model.Starts: ("time is real under load, and nobody can set it", "take the line out"),
    model.WaitUntil: ("time is real under load, and the moment will not come for all", "write wait 2s"),
    model.Fault: _FAULT,
    model.FaultOff: _FAULT,
    model.Phone: (
        "this number would be the same for all users, who would get into each other's dialogues",
        "name the phone above the scenarios, phone anna is 70001000001: each user gets a number of his own for it",
    ),
}
_SHARED = ("all users would share this, and get into each other's dialogues", "take the line out")


def unfit(script: model.Script) -> list[str]:
    """What each sentence that cannot be played as load has to say: file and line, the sentence, the way out."""
    steps: list[model.Step] = [script.starts] if script.starts else []
    for scenario in script.scenarios:
        steps += model.walk((*scenario.setup, *scenario.steps, *scenario.teardown))
    told = (f"{step.file or script.name}:{step.line}: {_wrong(step)}" for step in steps if _wrong(step))
    return list(dict.fromkeys(told))  # a setup is played before each scenario, and told once


def _wrong(step: model.Step) -> str:
    """The problem, the sentence and the way out; "" for a sentence that fits."""
    problem, way_out = _REASONS.get(type(step), _SHARED)
    if type(step) in FIT:
        seconds = float(getattr(step, "time", 0.0))
        if seconds <= LONGEST_WAIT:
            return ""
        problem = f"time is real under load, and this keeps a user for {seconds:g} s"
        way_out = f"wait for {LONGEST_WAIT:g} s at most"
    return f"{problem}\n    {step.sentence}\n{way_out}"
