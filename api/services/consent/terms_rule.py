"""What may be granted here: by the members of the consortium, its purposes, and the words that were shown."""

from collections.abc import Mapping

from api.catalogue.datatype import schemas
from api.catalogue.wording import wording
from ledger_node.chain.port import MemberLedger, Role
from ledger_node.domain.consent import Consent, ConsentRequest
from ledger_node.domain.consent_text import consent_text, language_named, text_digest
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.grant_rule import require_askable, require_parties
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason


class TermsRules:
    """Checks terms against the members of the consortium and its purposes."""

    def __init__(self, ledger: MemberLedger, purposes: Purposes) -> None:
        self._ledger = ledger
        self._purposes = purposes

    def require_grantable(self, asked: ConsentRequest, now: int) -> Mapping[bytes, str]:
        """Require that what is asked for could be granted, and return the names of all members.

        Raises:
            InvalidInputError: naming the part that cannot be granted.
        """
        claims = require_askable(asked, schemas(), now=now)
        asked.require_within_purpose(self._purposes, claims)
        members = self._ledger.members()
        banks = {member.id: member.name for member in members if Role.BANK in member.roles}
        departments = {member.id for member in members if Role.DEPARTMENT in member.roles}
        require_parties(asked, claims, banks=banks, departments=departments)
        return {member.id: member.name for member in members}

    def require_text(self, consent: Consent, now: int) -> str:
        """Require that a consent can be granted and was signed over the text that belongs to it; return this text.

        Raises:
            InvalidInputError: naming the part that cannot be granted.
        """
        terms, asked = consent.terms, consent.asked
        names = self.require_grantable(asked, now)
        if consent.bounds.grant_before <= now:
            raise InvalidInputError(
                Reason.CONSENT_GRANT_LATE, "this consent was to be recorded earlier", field="grant_before"
            )
        language = language_named(terms.language)
        if terms.purpose_text != self._purposes.named(terms.purpose).text(language):
            raise InvalidInputError(
                Reason.CONSENT_TEXT_DIFFERS,
                "the words of the purpose are not those of the consortium in this language",
                field="purpose_text",
            )
        text = consent_text(asked, wording(language, names))
        if text_digest(text) != terms.text_digest:
            raise InvalidInputError(
                Reason.CONSENT_TEXT_DIFFERS,
                "the terms were signed over another text than they say; show the text of POST /v1/consent-texts",
                field="text_digest",
            )
        return text
