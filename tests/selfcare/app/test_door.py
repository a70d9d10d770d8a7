"""Who may ask the application's API, and from where."""

import pytest


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer guess", "Basic Z3Vlc3M6", "guess"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "account"),
        ("GET", "services"),
        ("PUT", "services"),
        ("GET", "expenses"),
        ("GET", "tariff"),
        ("PUT", "tariff"),
        ("GET", "options"),
        ("PUT", "options"),
        ("DELETE", "log-in"),
    ],
)
async def test_r003_nothing_is_told_without_a_token(phone, method, path, header):
    json = {"service": "828", "connected": True} if method == "PUT" else None
    assert (await phone.ask(method, path, json, headers={"Authorization": header}))[0] == 401


async def test_no_page_of_another_site_can_ask(phone):
    assert (await phone.ask("POST", "password", headers={"Content-Type": "text/plain"}, data=b'{"number": "1"}'))[
        0
    ] == 415
    assert (await phone.ask("GET", "operator", headers={"Host": "thief.example"}))[0] == 421
