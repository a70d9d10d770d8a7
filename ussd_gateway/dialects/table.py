"""Every dialect by the name that people write in the config. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from ussd_gateway.dialects.africas_talking import AfricasTalking
from ussd_gateway.dialects.airtel_flares import AirtelFlares
from ussd_gateway.dialects.model import Dialect
from ussd_gateway.dialects.rows import ROWS, generic, regular
from ussd_gateway.dialects.settings import way_out

DIALECTS: Mapping[str, Callable[[Mapping[str, object]], Dialect]] = {
    "africas_talking": AfricasTalking,
    "airtel_flares": AirtelFlares,
    "generic": generic,
    **{name: partial(regular, name) for name in ROWS},
}
"""How each is made of its settings; ValueError with a sentence where one of them is unknown, missing or wrong."""


def dialect(name: str, settings: Mapping[str, object]) -> Dialect:
    """The dialect of this name. Raises ValueError with a sentence on the name, or on the setting that is wrong."""
    if make := DIALECTS.get(name):
        return make(settings)
    raise ValueError(f'the dialect "{name}" is unknown{way_out(name, DIALECTS)}')
