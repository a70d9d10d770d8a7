"""What self-care says by SMS about second numbers, by the language of the SIM that reads it. Pure."""

from __future__ import annotations

from ussd_gateway.selfcare.texts import in_language, tongue

LONGEST_REASON = 200
"""Characters of a reviewer's reason."""

_TEXTS = {
    "asked": {
        "ru": "Номер {main} просит добавить ваш номер в свой личный кабинет. Если вы не согласны, наберите *111*828*2# "
        "или позвоните 0890.",
        "en": "The number {main} asks to add your number to its account. If you do not agree, dial *111*828*2# or call 0890.",
    },
    "approved": {
        "ru": "Заявка {id}: номер {number} добавлен в ваш личный кабинет.",
        "en": "Request {id}: the number {number} has been added to your account.",
    },
    "rejected": {
        "ru": "Заявка {id} на номер {number} отклонена. Причина: {reason}",
        "en": "Request {id} for the number {number} was rejected. Reason: {reason}",
    },
    "cancelled": {
        "ru": "Заявка {id} на номер {number} отменена.",
        "en": "Request {id} for the number {number} was cancelled.",
    },
    "lapsed": {
        "ru": "Заявка {id} на номер {number} отменена: {why}.",
        "en": "Request {id} for the number {number} was cancelled: {why}.",
    },
    "ended": {
        "ru": "Номер {number} больше не связан с вашим личным кабинетом: {why}.",
        "en": "The number {number} is no longer linked to your account: {why}.",
    },
    "escalated": {
        "ru": "Заявка {id} на номер {number} просрочена и ждёт решения.",
        "en": "Request {id} for the number {number} is overdue and waits for a decision.",
    },
}

WHY = {
    "by_subscriber": {"ru": "по вашему желанию", "en": "you asked for it"},
    "no_service": {"ru": "услуга «Управление номерами» отключена", "en": "the service Number management is off"},
    "not_active": {"ru": "номер заблокирован или закрыт", "en": "a number is blocked or closed"},
    "resold": {"ru": "номер передан другому владельцу", "en": "a number has another owner"},
}
"""Why a request or a link is no more, where no reviewer has written it."""


def number_sms(what: str, language: str, **facts: object) -> str:
    """The SMS that tells what became of a request. `why` is a word of WHY, the other facts stand as they are."""
    if (why := facts.get("why")) is not None:
        facts["why"] = WHY[str(why)][tongue(language)]
    return in_language(_TEXTS[what], language, **facts)


def plain_reason(typed: str) -> str:
    """A reviewer's reason on one line, without control characters and not too long (3.4, text injection)."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in typed).split())[:LONGEST_REASON].strip()
