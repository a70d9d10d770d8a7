"""What every answer says to the browser, and from which hosts it is asked."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection
from ipaddress import ip_address

_LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost"})


def headers(style: str) -> dict[str, str]:
    """Of a page whose <style> is this text: no script runs, nothing is fetched from elsewhere, nobody frames or keeps it."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:; media-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def is_loopback(address: str | None) -> bool:
    """Whether the peer is on this machine."""
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False


def is_own_host(host: str, names: Collection[str]) -> bool:
    """Whether a Host header names this machine or one of `names`.

    Another name that leads here is that of a page which has its name's address changed (DNS rebinding).
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    name = name.removeprefix("[").removesuffix("]").removesuffix(".").lower()
    return is_loopback(name) or name in _LOOPBACK_NAMES or name.endswith(".localhost") or name in names
