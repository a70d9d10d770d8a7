"""What self-care says of money by SMS, by the language of the SIM. Pure."""

from __future__ import annotations

from ussd_gateway.selfcare.texts import in_language, tongue
from ussd_gateway.selfcare.web.shown import money

_TEXTS = {
    "unpaid": {
        "ru": "«{name}», {fee} в месяц: не хватает денег. Пополните счёт, и услуга продолжится.",
        "en": "Too little money for {name}, {fee}. It goes on once you have topped up.",
    },
    "repaid": {
        "ru": "Обещанный платёж погашен: {sum}, плата {fee} Баланс: {balance}",
        "en": "Promised payment of {sum} repaid, fee {fee}. Balance: {balance}",
    },
    "received": {
        "ru": "Вам перевели {sum} с номера +{other}.",
        "en": "You have received {sum} from +{other}.",
    },
}


def money_sms(word: str, language: str, /, **facts: object) -> str:
    """The SMS of a word: `sum`, `fee` and `balance` in kopecks, `other` a number in digits."""
    written = tongue(language)
    shown = {name: _money(fact, written) if isinstance(fact, int) else fact for name, fact in facts.items()}
    return in_language(_TEXTS[word], language, **shown)


def _money(kopecks: int, language: str) -> str:
    """As the menus write it."""
    return money(kopecks) if language == "ru" else f"RUB {money(kopecks).removesuffix(' р.')}"
