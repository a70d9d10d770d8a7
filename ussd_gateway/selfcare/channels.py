"""Words that all of self-care's use cases share. Pure."""

from __future__ import annotations

from collections.abc import Callable

QUARTER, DAY = 15 * 60.0, 24 * 3600.0

USSD, SMS, WEB, APP, CLOCK = "ussd", "sms", "web", "app", "clock"
"""The channels; what comes by itself, such as a monthly fee, comes by the clock."""

Send = Callable[[str, str, str], None]
"""`send(source, destination, text)`: an SMS leaves; returns at once."""
