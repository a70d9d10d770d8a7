"""Every dialect by the name that people write in the config. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from ussd_gateway.dialects.africas_talking import AfricasTalking
from ussd_gateway.dialects.airtel_flares import AirtelFlares
from ussd_gateway.dialects.ideamart import Ideamart
from ussd_gateway.dialects.infobip import Infobip
from ussd_gateway.dialects.model import Asynchronous, Dialect
from ussd_gateway.dialects.restcomm import RestComm
from ussd_gateway.dialects.rows import ROWS, generic, regular
from ussd_gateway.dialects.settings import way_out
from ussd_gateway.dialects.truroute import TruRoute

DIALECTS: Mapping[str, Callable[[Mapping[str, object]], Dialect]] = {
    "africas_talking": AfricasTalking,
    "airtel_flares": AirtelFlares,
    "generic": generic,
    "infobip": Infobip,
    "restcomm": RestComm,
    "truroute": TruRoute,
    **{name: partial(regular, name) for name in ROWS},
}
"""How each is made of its settings; ValueError with a sentence where one of them is unknown, missing or wrong."""

ASYNCHRONOUS: Mapping[str, Callable[[Mapping[str, object]], Asynchronous]] = {"ideamart": Ideamart}
"""The same for those whose applications answer by a request of their own."""


def speaker(name: str, settings: Mapping[str, object]) -> Dialect | Asynchronous:
    """The dialect of this name. Raises ValueError with a sentence on the name, or on the setting that is wrong."""
    if make := DIALECTS.get(name) or ASYNCHRONOUS.get(name):
        return make(settings)
    raise ValueError(f'the dialect "{name}" is unknown{way_out(name, [*DIALECTS, *ASYNCHRONOUS])}')
