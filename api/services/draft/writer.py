"""Drawing up drafts: the same request, language and minute always give the same one, so nothing needs to be stored."""

from dataclasses import replace
from typing import Final

from api.catalogue.wording import wording
from api.services.consent.lifecycle import ConsentService
from api.services.consent.request import StoredRequest
from api.services.draft.draft import RECORDED_WITHIN_S, Draft, TextLine
from ledger_node.chain.port import Ledger
from ledger_node.domain.consent import Bounds, Consent, ConsentRequest, Terms
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.consent_text import Language, consent_text, text_digest
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.signature import address_of

_BEFORE: Final = ("title", "blank", "bank", "purpose", "questions")
_AFTER: Final = ("departments", "data", "validity", "retention", "told", "withdraw")
"""What the lines before and after the questions are about."""


class DraftWriter:
    """Writes the consent that grants just what a request asks for."""

    def __init__(self, ledger: Ledger, purposes: Purposes, consents: ConsentService) -> None:
        self._ledger = ledger
        self._purposes = purposes
        self._keys = consents.keys

    def write(self, held: StoredRequest, language: Language, drawn_up_at: int, *, attempt: int, needed: int) -> Draft:
        """Return the draft of a request. ``attempt``: how many drafts of it were closed; ``needed``: who must sign.

        Raises:
            InvalidInputError: ``purpose_unknown``, ``subject_unknown`` or ``erased``.
            ChainError: the ledger does not answer.
        """
        asked = replace(held.asked, purpose_text=self._purposes.named(held.asked.purpose).text(language))
        text = self._text(asked, language)
        terms = Terms.accepting(asked, language.value, text_digest(text))
        bounds = Bounds.accepting(
            asked,
            grant_before=min(drawn_up_at + RECORDED_WITHIN_S, asked.expires_at),
            steward_key=address_of(self._keys.steward(terms)),
            withdrawal_hash=withdrawal_hash(self._keys.withdrawal_secret(terms, attempt)),
        )
        return self.read(held.id, Consent(terms, bounds), drawn_up_at, needed=needed)

    def read(self, request: bytes, consent: Consent, drawn_up_at: int, *, needed: int) -> Draft:
        """Return a draft that was drawn up before, in the words that its consent has.

        Raises:
            ChainError: the ledger does not answer.
        """
        text = self._text(consent.asked, Language(consent.terms.language))
        return Draft(consent.digest(self._ledger.consent_domain), request, consent, _lines(text), drawn_up_at, needed)

    def _text(self, asked: ConsentRequest, language: Language) -> str:
        names = {member.id: member.name for member in self._ledger.members()}
        return consent_text(asked, wording(language, names))


def _lines(text: str) -> tuple[TextLine, ...]:
    lines = text.removesuffix("\n").split("\n")
    asked = len(lines) - len(_BEFORE) - len(_AFTER)
    keys = [*_BEFORE, *_question_keys(lines[len(_BEFORE) : len(_BEFORE) + asked]), *_AFTER]
    return tuple(TextLine(key, line) for key, line in zip(keys, lines, strict=True))


def _question_keys(lines: list[str]) -> list[str]:
    keys, number, part = [], 0, 0
    for line in lines:
        is_first = line.startswith(f"  {number + 1}. ")
        number, part = (number + 1, 0) if is_first else (number, part + 1)
        keys.append(f"question.{number}" if is_first else f"question.{number}.{part}")
    return keys
