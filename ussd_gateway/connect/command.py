"""The command `connect`. What the program shows goes to standard output, mistakes to standard error."""

from __future__ import annotations

import asyncio
import sys
from typing import NoReturn

import click

REFUSED, WRONG, NO_GATEWAY = 1, 2, 3  # the exit codes

TEXTS = {
    "ru": {
        "number": "Номер SIM-карты: +{msisdn}",
        "asked": "Запрошен пароль: SMS «{text}» на {to}.",
        "sms": "SMS от {to}: {sms}",
        "balance": "Баланс: {balance} р.",
        "tariff": "Тариф: {tariff}",
    },
    "en": {
        "number": "Number of the SIM: +{msisdn}",
        "asked": "A password has been asked for: SMS {text} to {to}.",
        "sms": "SMS from {to}: {sms}",
        "balance": "Balance: {balance} RUB",
        "tariff": "Tariff: {tariff}",
    },
}


@click.command("connect")
@click.option("--msisdn", required=True, metavar="NUMBER", help="The SIM in the modem, such as 70003000001.")
@click.option("--gateway", default="http://127.0.0.1:8080", show_default=True, metavar="URL")
@click.option("--password", metavar="TEXT", help="One that came before; without it a new one is asked for by SMS.")
@click.option(
    "--device", default="modem", show_default=True, metavar="NAME", help="How the settings of the cabinet list it."
)
@click.option("--language", type=click.Choice(["ru", "en"]), default="ru", show_default=True)
def connect_command(msisdn: str, gateway: str, password: str | None, device: str, language: str) -> None:
    """The program of the operator's modems: log in with the SIM inside, and show the balance.

    A new password ends every other log-in of the number.

    Exit status: 0 done, 1 refused, 2 an option is wrong, 3 no gateway answers.
    """
    from ussd_gateway.connect.program import Connect, ConnectError, password_in
    from ussd_gateway.scenario.driver import NoGatewayError
    from ussd_gateway.scenario.remote import Api, RefusedError

    number = msisdn.removeprefix("+")
    if not (number.isascii() and number.isdigit()):
        _fail(f"--msisdn {msisdn}: write the digits of a number, such as 70003000001", WRONG)
    texts = TEXTS[language]

    async def run() -> None:
        async with Api(gateway) as api:
            program = Connect(api, number, device)
            operator = await program.operator()
            click.echo(operator.program[language])
            click.echo(texts["number"].format(msisdn=number))
            word = password
            if word is None:
                sms = await program.ask_password(operator)
                assert operator.password_sms
                to, text = operator.password_sms
                click.echo(texts["asked"].format(to=to, text=text))
                click.echo(texts["sms"].format(to=to, sms=sms))
                word = password_in(sms)
            await program.log_in(word)
            account = await program.account()
            click.echo(texts["tariff"].format(tariff=account["tariff"]))
            click.echo(texts["balance"].format(balance=f"{account['balance_kopecks'] / 100:.2f}"))

    try:
        asyncio.run(run())
    except NoGatewayError as error:
        _fail(str(error), NO_GATEWAY)
    except (RefusedError, ConnectError) as error:
        _fail(str(error), REFUSED)


def _fail(words: str, code: int) -> NoReturn:
    click.echo(words, err=True)
    sys.exit(code)
