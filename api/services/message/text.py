"""The words of messages. They tell what happened and when, and that a true message has no link."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from api.language.translation import N_, translation
from api.services.message.outbox import CODE_KIND
from ledger_node.domain.consent_text import Language

_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WORDS: Final[Mapping[str, str]] = {
    "consent.requested": N_("A bank asks for your firm's consent."),
    "consent.granted": N_("Your firm has given a consent."),
    "consent.paused": N_("A consent of your firm is paused."),
    "consent.resumed": N_("A consent of your firm goes on again."),
    "consent.withdrawn": N_("A consent of your firm was withdrawn."),
    "consent.used": N_("A bank has looked at what your firm consented to."),
    "subject.registered": N_(
        "Your firm is registered, and can soon agree to what banks ask. Is this wrong? Call your registrar at once."
    ),
    "subject.rotated": N_("The people or devices that sign for your firm have changed."),
    "subject.recovery_requested": N_(
        "Somebody asked to replace everyone who signs for your firm. You can stop this only before it takes effect."
    ),
    "subject.recovery_cancelled": N_("The replacement of those who sign for your firm was stopped."),
    "subject.recovery_abandoned": N_("The replacement of those who sign for your firm was given up."),
    "subject.recovered": N_("Those who sign for your firm were replaced."),
    "subject.held": N_("Your firm is held: for some days nothing but withdrawals goes on."),
    "subject.registrar_named": N_("Another registrar now looks after your firm."),
    "contact.added": N_("An address was added to which your firm's notices go."),
    "contact.removed": N_("An address was removed to which your firm's notices went."),
    CODE_KIND: N_("The code that confirms this address for your firm's notices"),
}
"""Kind of message -> what happened."""
_TITLE: Final = N_("Notice for your firm")
_END: Final = N_("Look at your firm's page the way you always do; our messages never have a link.")
_CODE_END: Final = N_("If you did not ask for it, do nothing. Tell it to nobody.")


@dataclass(frozen=True, slots=True)
class Words:
    """A message in words: ``title`` of an e-mail, ``text`` of all."""

    title: str
    text: str = field(repr=False)


def words_of(kind: str, time: int, language: Language, code: str = "") -> Words:
    """Return the words of a message. ``time``: in seconds; ``code``: of a message that confirms an address."""
    texts = translation(language)
    words, title, gap = texts.gettext(WORDS[kind]), texts.gettext(_TITLE), "" if language is Language.CHINESE else " "
    if kind == CODE_KIND:
        colon, stop = ("：", "。") if language is Language.CHINESE else (":", ".")
        return Words(title, gap.join((words + colon, code + stop, texts.gettext(_CODE_END))))
    return Words(title, gap.join((_time_words(time, language), words, texts.gettext(_END))))


def _time_words(time: int, language: Language) -> str:
    at = dt.datetime.fromtimestamp(time, _BEIJING)
    if language is Language.CHINESE:
        return f"{at.year} 年 {at.month} 月 {at.day} 日 {at:%H:%M}（北京时间）："
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} (Beijing time):"
