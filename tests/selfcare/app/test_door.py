"""Who may ask the application's API, and from where."""

import asyncio

import pytest

from tests.selfcare.conftest import ANNA


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


async def test_r144_a_token_that_dies_while_somebody_sends_slowly_opens_nothing(care, phone):
    assert (await phone.log_in(password=await care.password()))[0] == 201
    asked, died = asyncio.Event(), asyncio.Event()

    async def slowly():
        yield b'{"service": "828", '
        asked.set()
        await died.wait()
        yield b'"connected": true}'

    headers = {"Content-Type": "application/json"}
    answer = asyncio.create_task(phone.ask("PUT", "services", headers=headers, data=slowly()))
    await asked.wait()
    await phone.ask("GET", "account")
    await care.password()
    died.set()

    assert (await answer)[0] == 401
    assert care.records.services.services(ANNA) == ()
