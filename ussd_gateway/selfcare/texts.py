"""What self-care says by SMS, by the language of the SIM, and what of it no record may show. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

import regex

from ussd_gateway.coding.transliteration import to_latin

LATIN = "latin"

_LABELS = {"ru": "Пароль: ", "latin": "Parol: ", "en": "Password: "}
_TAILS = {
    "ru": ". Вход в личный кабинет по номеру.",
    "latin": ". Vkhod v lichnyy kabinet po nomeru.",
    "en": ". Log in to your account with your number.",
}

SECRET = re.compile(f"(?:{'|'.join(f'(?<={label})' for label in _LABELS.values())})[A-Za-z0-9]+")
"""The password within a password's SMS, and nothing else of it (R178)."""

SENT_SECRET = regex.compile(r"(?<=^\s*25\s+)\S.*", regex.DOTALL)
"""The password of one's own in an SMS to 111 (2.1, R178)."""

NUMBERS = "828"
"""The code of the service «Управление номерами» (R154)."""

_SERVICES = {NUMBERS: {"ru": "Управление номерами", "en": "Number management"}}
_UNNAMED = {"ru": "{code}", "en": "{code}"}

_ANSWERS = {
    "too_often": {
        "ru": "Слишком много запросов пароля. Попробуйте позже.",
        "en": "Too many requests for a password. Please try again later.",
    },
    "refused": {
        "ru": "Услуга недоступна: номер заблокирован.",
        "en": "Not available: this number is blocked.",
    },
    "held": {
        "ru": "Карта недавно заменена: пароль будет доступен через сутки.",
        "en": "The card was replaced lately: a password can be had a day later.",
    },
    "connected": {
        "ru": "Услуга «Управление номерами» подключена.",
        "en": "The service Number management is now connected.",
    },
    "already_connected": {
        "ru": "Услуга «Управление номерами» уже подключена.",
        "en": "The service Number management is already connected.",
    },
    "disconnected": {
        "ru": "Услуга «Управление номерами» отключена.",
        "en": "The service Number management is now disconnected.",
    },
    "not_connected": {
        "ru": "Услуга «Управление номерами» не подключена.",
        "en": "The service Number management is not connected.",
    },
    "set": {
        "ru": "Пароль личного кабинета изменён.",
        "en": "The password of your account has been changed.",
    },
    "not_allowed": {
        "ru": "Не принят: нужны 6-10 лат. букв и цифр: строчная, заглавная, цифра",
        "en": "Not accepted. It takes 6 to 10 Latin letters and digits: a small one, a capital, a digit.",
    },
    "unavailable": {
        "ru": "Сервис временно недоступен. Попробуйте позже.",
        "en": "The service is unavailable. Please try again later.",
    },
    "asks": {
        "ru": "Чтобы задать пароль личного кабинета, наберите *111*25#.",
        "en": "To choose the password of your account, dial *111*25#.",
    },
    "tells": {
        "ru": "Чтобы задать пароль кабинета, отправьте на 111: 25, пробел, пароль.",
        "en": "To choose the password of your account, send to 111: 25, a space, the password.",
    },
    "unknown_word": {
        "ru": "Для получения пароля личного кабинета отправьте слово ПАРОЛЬ.",
        "en": "To get a password of your account, send the word PASSWORD.",
    },
    "unknown_command": {
        "ru": "Неверная команда. «Управление номерами»: 828 вкл., 8280 выкл.",
        "en": "There is no such command. Number management: 828 on, 8280 off.",
    },
}

_LOGGED_IN = {
    "ru": "Вход в личный кабинет {at}. Не вы? Наберите *111*25#.",
    "en": "Your account was opened on {at}. Not you? Dial *111*25#.",
}

_SOCIAL = {
    "bound": {
        "ru": "Вход в кабинет через «{network}» включён. Не вы? Отключите его там.",
        "en": "{network} opens your account from now on. Not you? Unbind it in the settings.",
    },
    "unbound": {
        "ru": "Вход в кабинет через «{network}» отключён. Пароль: *111*25#.",
        "en": "{network} does not open your account any more. For a password dial *111*25#.",
    },
}


def password_sms(password: str, language: str) -> str:
    """The SMS that brings a password: one part in every language, for the longest password too (R115, R175)."""
    return f"{_LABELS[language]}{password}{_TAILS[language]}"


def log_in_sms(at: str, language: str) -> str:
    """The SMS that tells of a log-in at a moment, such as "27.04.2018 17:50"; one part in every language."""
    return in_language(_LOGGED_IN, language, at=at)


def social_sms(what: str, title: Mapping[str, str], language: str) -> str:
    """The SMS that tells of a network that was "bound" or "unbound"; `title` is its name in "ru" and "en"."""
    return in_language(_SOCIAL[what], language, network=title[tongue(language)])


def answer_sms(word: str, language: str) -> str:
    """The SMS that answers a command: `word` is a result of `service.Service`, or what was wrong with the command."""
    return in_language(_ANSWERS[word], language)


def service_name(code: str, language: str) -> str:
    """The name of a service; its code where it has none."""
    return in_language(_SERVICES.get(code, _UNNAMED), language, code=code)


def tongue(language: str) -> str:
    """In which of "ru" and "en" a text for a SIM's language is written."""
    return "ru" if language == LATIN else language


def in_language(texts: Mapping[str, str], language: str, /, **facts: object) -> str:
    """The text for a SIM's language, with its facts in their places; all of it in Latin letters where that wants them."""
    text = texts[tongue(language)].format_map(facts)
    return to_latin(text) if language == LATIN else text
