"""A mobile operator on your laptop: USSD and SMS for phones, testers and integration tests.

async with Gateway.from_config("config.toml", clock=VirtualClock()) as gateway:
    alice = gateway.handset("70001000001")
    screen = await alice.dial("*111*25#")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ussd_gateway.alone import sync_gateway
    from ussd_gateway.clock import RealClock, VirtualClock
    from ussd_gateway.handsets.handset import Screen
    from ussd_gateway.scenario.stage import script_on
    from ussd_gateway.serve import Gateway

__all__ = ["Gateway", "RealClock", "Screen", "VirtualClock", "script_on", "sync_gateway"]

_HOMES = {
    "Gateway": "ussd_gateway.serve",
    "RealClock": "ussd_gateway.clock",
    "Screen": "ussd_gateway.handsets.handset",
    "VirtualClock": "ussd_gateway.clock",
    "script_on": "ussd_gateway.scenario.stage",
    "sync_gateway": "ussd_gateway.alone",
}


def __getattr__(name: str) -> Any:
    # On first use, so that `ussd-gateway --help` and the pytest plugin do not import a web server.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
