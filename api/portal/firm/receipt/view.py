"""The firm's receipts: what it agreed to and what it refused, and all that happened since, in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.instance.wiring import Instance
from api.language.moment import table_time
from api.language.translation import N_, translation
from api.portal.firm.receipt_number import receipt_number
from api.portal.shell.language import HTML_CODES
from api.services.consent.request import StoredRequest
from api.services.consent.stored_consent import StoredConsent
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.consent import ConsentRequest, RequestState
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act, Receipt

ACTS: Final[Mapping[Act, str]] = {
    Act.GRANTED: N_("You agreed"),
    Act.REFUSED: N_("You refused"),
    Act.PAUSED: N_("You paused the consent"),
    Act.RESUMED: N_("You let the consent go on"),
    Act.WITHDRAWN: N_("You withdrew the consent"),
    Act.USED: N_("The bank checked"),
}
"""What happened, in the words of the firm."""
_BY_SLIP: Final = N_("The consent was withdrawn with its slip")


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A consent, or a request that was refused. ``time``: of that answer."""

    path: str
    number: str
    bank: str
    time: str
    is_refusal: bool
    is_withdrawn: bool


@dataclass(frozen=True, slots=True)
class ActRow:
    """One thing that happened. ``count``: which check of how many; ``file``: the path of the signed file."""

    words: str
    time: str
    count: int | None
    file: str


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """All receipts of one consent or refusal, on one sheet. ``lines``: the signed words, in ``words_language``."""

    number: str
    bank: str
    purpose: str
    max_uses: int
    begins: str
    until: str
    acts: tuple[ActRow, ...]
    lines: tuple[str, ...]
    words_language: str
    consent: str | None


def receipt_list(instance: Instance, subject: bytes, language: Language) -> tuple[ReceiptRow, ...]:
    """Return the answers of a firm, the newest first.

    Raises:
        ChainError: the ledger does not answer.
    """
    granted = [one for one in instance.consents.of_subject(subject) if one.refusal is None]
    records, _ = instance.ledger.consents([one.shown.id for one in granted])
    rows = []
    for one, record in zip(granted, records, strict=True):
        if record is not None:
            at, bank = record.granted_at, one.shown.terms.grantee_name
            rows.append((at, _row(one.shown.id, bank, at, language, record.state.name)))
    asked = instance.consent_requests.of_subject(subject)
    states = instance.ledger.request_states([one.id for one in asked])
    rows += [
        (one.requested_at, _row(one.id, one.asked.grantee_name, one.requested_at, language, "REFUSED"))
        for one, state in zip(asked, states, strict=True)
        if state is RequestState.REFUSED
    ]
    return tuple(row for _, row in sorted(rows, key=lambda one: one[0], reverse=True))


def _row(id_: bytes, bank: str, time: int, language: Language, state: str) -> ReceiptRow:
    return ReceiptRow(
        path=f"/receipts/{id_.hex()}",
        number=receipt_number(id_),
        bank=bank,
        time=time_words(time, language),
        is_refusal=state == "REFUSED",
        is_withdrawn=state == "WITHDRAWN",
    )


def receipts_of(instance: Instance, subject: bytes, id_: bytes) -> tuple[StoredConsent | StoredRequest, list[Receipt]]:
    """Return a consent or a refused request of a firm, and its receipts in the order of what happened.

    Raises:
        InvalidInputError: ``not_found``.
        ChainError: the ledger does not answer.
    """
    held = instance.consents.find(id_)
    if held is not None and held.shown.terms.subject == subject:
        return held, instance.receipts.of_consent(held)
    for request in instance.consent_requests.of_subject(subject):
        if request.id == id_:
            found = instance.receipts.of_request(request)
            return request, [] if found is None or found.act is not Act.REFUSED else [found]
    raise InvalidInputError(Reason.NOT_FOUND, "there is no such receipt of yours")


def receipt_page(instance: Instance, subject: bytes, id_: bytes, language: Language) -> ReceiptPage:
    """Return the sheet of one consent or refusal.

    Raises:
        InvalidInputError: ``not_found``.
        ChainError: the ledger does not answer.
    """
    held, receipts = receipts_of(instance, subject, id_)
    if not receipts:
        raise InvalidInputError(Reason.NOT_FOUND, "nothing of this is recorded yet")
    asked = receipts[0].basis.asked
    is_consent = isinstance(held, StoredConsent)
    return ReceiptPage(
        number=receipt_number(id_),
        bank=asked.grantee_name,
        purpose=_purpose(instance, asked, language),
        max_uses=asked.max_uses,
        begins=time_words(asked.not_before, language),
        until=time_words(asked.expires_at, language),
        acts=tuple(_act(one, id_, language) for one in receipts),
        lines=tuple(held.text.rstrip("\n").split("\n")) if isinstance(held, StoredConsent) else (),
        words_language=HTML_CODES[Language(held.shown.terms.language)] if isinstance(held, StoredConsent) else "",
        consent=f"/consents/{id_.hex()}" if is_consent else None,
    )


def _purpose(instance: Instance, asked: ConsentRequest, language: Language) -> str:
    try:
        return instance.purposes.named(asked.purpose).text(language)
    except CredenceError:
        return asked.purpose_text


def _act(receipt: Receipt, id_: bytes, language: Language) -> ActRow:
    # a page withdraws with a key that is kept for the firm, and that change has a number
    by_slip = receipt.act is Act.WITHDRAWN and receipt.basis.signed_act is None and not receipt.number
    return ActRow(
        words=translation(language).gettext(_BY_SLIP if by_slip else ACTS[receipt.act]),
        time=table_time(receipt.recorded.block_time),
        count=receipt.number if receipt.act is Act.USED else None,
        file=f"/receipts/{id_.hex()}/{receipt.digest.hex()}",
    )
