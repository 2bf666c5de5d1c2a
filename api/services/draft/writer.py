"""Drawing up drafts: the same request, language and minute always give the same one, so nothing needs to be stored."""

from dataclasses import replace

from api.services.consent.lifecycle import ConsentService
from api.services.consent.request import StoredRequest
from api.services.draft.draft import RECORDED_WITHIN_S, Draft
from ledger_node.chain.port import Ledger
from ledger_node.domain.consent import Bounds, Consent
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.consent_scope import whole_minute
from ledger_node.domain.consent_text import Language
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.shown_text import accept, require_text
from ledger_node.domain.signature import address_of


class DraftWriter:
    """Writes the consent that grants just what a request asks for."""

    def __init__(self, ledger: Ledger, purposes: Purposes, consents: ConsentService) -> None:
        self._ledger = ledger
        self._purposes = purposes
        self._keys = consents.keys
        self._rules = consents.rules

    def write(self, held: StoredRequest, language: Language, drawn_up_at: int, *, attempt: int, needed: int) -> Draft:
        """Return the draft of a request. ``attempt``: how many drafts of it were closed; ``needed``: who must sign.

        Raises:
            InvalidInputError: ``purpose_unknown``, ``subject_unknown`` or ``erased``.
            ChainError: the ledger does not answer.
        """
        asked = replace(held.asked, purpose_text=self._purposes.named(held.asked.purpose).text(language))
        grant_before = min(whole_minute(drawn_up_at + RECORDED_WITHIN_S), asked.expires_at)
        names = {member.id: member.name for member in self._ledger.members()}
        terms, _ = accept(asked, grant_before, self._rules.wording.in_language(language, names))
        bounds = Bounds.accepting(
            asked,
            grant_before=grant_before,
            steward_key=address_of(self._keys.steward(terms)),
            withdrawal_hash=withdrawal_hash(self._keys.withdrawal_secret(terms, attempt)),
        )
        return self.read(held.id, Consent(terms, bounds), drawn_up_at, needed=needed)

    def read(self, request: bytes, consent: Consent, drawn_up_at: int, *, needed: int) -> Draft:
        """Return a draft that was drawn up before, in the words that its consent has.

        Raises:
            VerificationError: ``wording_unknown`` or ``consent_text_differs``; its terms name another text.
        """
        lines = require_text(consent, self._rules.wordings)
        return Draft(consent.digest(self._ledger.consent_domain), request, consent, lines, drawn_up_at, needed)
