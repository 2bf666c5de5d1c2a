"""Rules for terms that can be granted: in force later, within their purpose, for members, in the agreed words."""

from collections.abc import Mapping, Sequence

from api.catalogue.datatype import schemas
from api.catalogue.wording import wording
from ledger_node.chain.port import Member, MemberLedger, Role
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import ConsentRequest, Terms
from ledger_node.domain.consent_text import consent_text, language_named, text_digest
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import day_in_china


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
        if asked.expires_at <= now:
            raise InvalidInputError(Reason.CONSENT_EXPIRED, "this consent would be over already", field="expires_at")
        claims = _claims(asked.questions, now)
        asked.require_within_purpose(self._purposes, claims)
        members = {member.id: member for member in self._ledger.members()}
        _require_members(asked, claims, members)
        return {member.id: member.name for member in members.values()}

    def require_text(self, terms: Terms, now: int) -> str:
        """Require that terms can be granted and were signed over the text that belongs to them, and return this text.

        Raises:
            InvalidInputError: naming the part that cannot be granted.
        """
        names = self.require_grantable(terms, now)
        language = language_named(terms.language)
        if terms.purpose_text != self._purposes.named(terms.purpose).text(language):
            raise InvalidInputError(
                Reason.CONSENT_TEXT_DIFFERS,
                "the words of the purpose are not those of the consortium in this language",
                field="purpose_text",
            )
        text = consent_text(terms, wording(language, names))
        if text_digest(text) != terms.text_digest:
            raise InvalidInputError(
                Reason.CONSENT_TEXT_DIFFERS,
                "the terms were signed over another text than they say; show the text of POST /v1/consent-texts",
                field="text_digest",
            )
        return text


def _claims(questions: Sequence[str], now: int) -> list[Claim]:
    """Read questions, each of which must stand in its one form and be askable."""
    claims = []
    for text in questions:
        claim = Claim.parse(text, schemas())
        claim.require_askable(schemas(), today=day_in_china(now))
        if claim.text(schemas()) != text:
            raise InvalidInputError(
                Reason.QUESTION_MALFORMED,
                f"write this question in its one form: {claim.text(schemas())}",
                field="questions",
            )
        claims.append(claim)
    return claims


def _require_members(asked: ConsentRequest, claims: Sequence[Claim], members: Mapping[bytes, Member]) -> None:
    grantee = members.get(asked.grantee)
    if grantee is None or Role.BANK not in grantee.roles or grantee.name != asked.grantee_name:
        raise InvalidInputError(
            Reason.MEMBER_UNKNOWN,
            "the grantee is no bank of this consortium under this name",
            field="grantee",
        )
    for department in asked.departments:
        if department not in members or Role.DEPARTMENT not in members[department].roles:
            raise InvalidInputError(
                Reason.MEMBER_UNKNOWN,
                "a listed department is none of this consortium",
                field="departments",
            )
    named = [part.selector.issuer for claim in claims for part in claim.parts]
    for issuer in (each for each in named if each is not None):
        if issuer not in members or Role.DEPARTMENT not in members[issuer].roles:
            raise InvalidInputError(
                Reason.MEMBER_UNKNOWN,
                "a question names a department that is none of this consortium",
                field="questions",
            )
        if asked.departments and issuer not in asked.departments:
            raise InvalidInputError(
                Reason.CONSENT_OTHER_DEPARTMENT,
                "a question names a department that the consent does not cover",
                field="questions",
            )
