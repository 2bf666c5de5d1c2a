"""What may be granted here: by the members of the consortium, its purposes, and the words that were shown."""

from collections.abc import Mapping

from api.catalogue.datatype import schemas
from ledger_node.chain.port import MemberLedger, Role
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Consent, ConsentRequest
from ledger_node.domain.consent_text import text_of
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.grant_rule import require_askable, require_parties
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.shown_text import named_departments, require_text
from ledger_node.domain.wording import WordingDocument


class TermsRules:
    """Checks terms against the members of the consortium, its purposes and its words.

    ``wordings``: the documents of words that the council has agreed on, by digest; the newest last.
    """

    def __init__(self, ledger: MemberLedger, purposes: Purposes, wordings: Mapping[bytes, WordingDocument]) -> None:
        self._ledger = ledger
        self._purposes = purposes
        self.wordings = wordings

    @property
    def wording(self) -> WordingDocument:
        """The words of today."""
        return list(self.wordings.values())[-1]

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
        claims = [Claim.parse(text, schemas()) for text in asked.questions]
        if terms.department_names != tuple(names[one] for one in named_departments(asked, claims)):
            raise InvalidInputError(
                Reason.CONSENT_TEXT_DIFFERS,
                "the terms call a department by another name than the consortium",
                field="department_names",
            )
        try:
            return text_of(require_text(consent, self.wordings))
        except VerificationError as error:
            field = "wording" if error.reason is Reason.WORDING_UNKNOWN else "text_digest"
            raise InvalidInputError(error.reason, error.message, field=field) from error
