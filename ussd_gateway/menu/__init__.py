"""Menus: a file's TOML to Menu, and the state machine that walks it. No I/O, no asyncio, no clock."""
