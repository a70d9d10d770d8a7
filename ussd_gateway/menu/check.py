"""What a menu file gets wrong between its parts. What stands in it alone is found by `load`."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ussd_gateway.menu.check_codes import check_codes
from ussd_gateway.menu.check_screens import check_navigation, check_screens, check_shadows
from ussd_gateway.menu.check_targets import check_targets, check_ways
from ussd_gateway.menu.check_texts import check_texts
from ussd_gateway.menu.check_variables import check_variables
from ussd_gateway.menu.model import Menu
from ussd_gateway.menu.node import Node


def check(menu: Menu, file: Node, handlers: Collection[str] | None, imported: Callable[[str], str] | None) -> None:
    """Note every mistake between the parts of `menu`, which was read from `file`.

    handlers  the names that a screen's handler may have; None for any
    imported  says in a sentence what is wrong with an import string, "" for nothing; None where nobody shall try
    """
    check_codes(menu, file)
    check_navigation(menu, file["navigation"])
    check_targets(menu, file)
    check_screens(menu, file, handlers, imported)
    if not file.mistakes.within():  # what follows walks through the menu
        check_ways(menu, file)
        check_texts(menu, file)
        check_variables(menu, file)
        if not file.mistakes.within():
            check_shadows(menu, file)
