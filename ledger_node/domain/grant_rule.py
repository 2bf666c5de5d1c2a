"""Rules for what may be granted: run by whoever is about to sign, and by the API before it records a grant."""

from collections.abc import Collection, Mapping, Sequence

from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import SchemaSet, day_in_china


def require_askable(asked: ConsentRequest, schemas: SchemaSet, *, now: int) -> Sequence[Claim]:
    """Require that a consent is not over and asks what can be asked, each in its one form; return its questions.

    Raises:
        InvalidInputError: naming the part that cannot be granted.
    """
    if asked.expires_at <= now:
        raise InvalidInputError(Reason.CONSENT_EXPIRED, "this consent would be over already", field="expires_at")
    return [_claim(text, schemas, now) for text in asked.questions]


def require_parties(
    asked: ConsentRequest, claims: Sequence[Claim], *, banks: Mapping[bytes, str], departments: Collection[bytes]
) -> None:
    """Require that the members which a consent names are of the consortium. ``banks``: their names by their ids.

    Raises:
        InvalidInputError: ``member_unknown`` or ``consent_other_department``, naming the part.
    """
    if banks.get(asked.grantee) != asked.grantee_name:
        raise InvalidInputError(
            Reason.MEMBER_UNKNOWN, "the grantee is no bank of this consortium under this name", field="grantee"
        )
    if not set(asked.departments) <= set(departments):
        raise InvalidInputError(
            Reason.MEMBER_UNKNOWN, "a listed department is none of this consortium", field="departments"
        )
    named = [part.selector.issuer for claim in claims for part in claim.parts]
    for issuer in (each for each in named if each is not None):
        if issuer not in departments:
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


def _claim(text: str, schemas: SchemaSet, now: int) -> Claim:
    """Read a question, which must stand in its one form and be askable."""
    claim = Claim.parse(text, schemas)
    claim.require_askable(schemas, today=day_in_china(now))
    if claim.text(schemas) != text:
        raise InvalidInputError(
            Reason.QUESTION_MALFORMED, f"write this question in its one form: {claim.text(schemas)}", field="questions"
        )
    return claim
