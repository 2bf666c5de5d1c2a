"""What a bank receives: everything it needs to check an answer by itself, and nothing more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from ledger_node.domain.batch import Anchor
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import Terms, signatures_from_json
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.header import Header
from ledger_node.domain.opening import FieldProof, proof_from_json, proof_to_json
from ledger_node.domain.proof import Outcome
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record, from_hex, to_hex
from ledger_node.domain.schema import Schema
from ledger_node.domain.subject import Controllers
from ledger_node.domain.tree import MAX_DEPTH

SUBJECT_REGISTRATION = "subject_registration"
SUBJECT_FIELD = "subject_id"
MAX_CLAIMS = 64


@dataclass(frozen=True, slots=True)
class ShownAttestation:
    """A header with its place in an anchored batch, and the key that opens its subject tag."""

    header: Header
    anchor: Anchor
    index: int
    path: tuple[bytes, ...]
    subject_key: bytes = field(repr=False)

    @property
    def position(self) -> int:
        """Position on the issuer's status bitmaps."""
        return self.anchor.start + self.index

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "header": self.header.to_json(),
            "anchor": self.anchor.to_json(),
            "index": self.index,
            "path": [to_hex(sibling) for sibling in self.path],
            "subject_key": to_hex(self.subject_key),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        record = Record(value, "attestation")
        shown = cls(
            header=Header.from_json(record.take("header")),
            anchor=Anchor.from_json(record.take("anchor")),
            index=record.integer("index"),
            path=tuple(from_hex(item, "path") for item in record.items("path", max_items=MAX_DEPTH)),
            subject_key=record.blob("subject_key"),
        )
        record.done()
        return shown


@dataclass(frozen=True, slots=True)
class ShownConsent:
    """The terms with the signatures of the subject's controllers, and who the controllers are."""

    id: bytes
    terms: Terms
    signatures: tuple[bytes, ...]
    controllers: Controllers

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "id": to_hex(self.id),
            "terms": self.terms.to_json(),
            "signatures": [to_hex(signature) for signature in self.signatures],
            "controllers": self.controllers.to_json(),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        record = Record(value, "consent")
        shown = cls(
            id=record.blob("id"),
            terms=Terms.from_json(record.take("terms")),
            signatures=signatures_from_json(record.items("signatures", max_items=32)),
            controllers=Controllers.from_json(record.take("controllers")),
        )
        record.done()
        return shown


@dataclass(frozen=True, slots=True)
class ShownSubject:
    """The line credit code -> subject id: the registrar's attestation and the proof of its one field."""

    credit_code: str = field(repr=False)
    registration: ShownAttestation
    proof: FieldProof


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """One question with its verdict; ``attestation`` is the digest of the header that the proof is about."""

    question: Question
    verdict: Outcome
    reason: Reason | None
    message: str | None
    attestation: bytes | None
    proof: FieldProof | None


@dataclass(frozen=True, slots=True)
class Presentation:
    """An answer to one verification. ``consent`` and ``subject`` are missing where nothing may be shown."""

    claims: tuple[ShownClaim, ...]
    consent: ShownConsent | None = None
    subject: ShownSubject | None = None
    attestations: Mapping[bytes, ShownAttestation] = field(default_factory=dict)

    def to_json(self, schemas: Mapping[str, Schema]) -> dict[str, JSON]:
        """Return the JSON form."""
        subject: JSON = None
        if self.subject is not None:
            name_field = schemas[SUBJECT_REGISTRATION].field(SUBJECT_FIELD)
            subject = {
                "credit_code": self.subject.credit_code,
                "registration": self.subject.registration.to_json(),
                "proof": proof_to_json(self.subject.proof, name_field),
            }
        return {
            "claims": [_claim_to_json(claim, schemas) for claim in self.claims],
            "consent": None if self.consent is None else self.consent.to_json(),
            "subject": subject,
            "attestations": [shown.to_json() for shown in self.attestations.values()],
        }

    @classmethod
    def from_json(cls, value: JSON, schemas: dict[str, Schema]) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
            VerificationError: a proof is malformed.
        """
        record = Record(value, "presentation")
        claims = tuple(_claim_from_json(item, schemas) for item in record.items("claims", max_items=MAX_CLAIMS))
        consent, subject = record.take("consent"), record.take("subject")
        shown = [ShownAttestation.from_json(item) for item in record.items("attestations", max_items=MAX_CLAIMS)]
        record.done()
        return cls(
            claims,
            None if consent is None else ShownConsent.from_json(consent),
            None if subject is None else _subject_from_json(subject, schemas),
            {attestation.header.digest: attestation for attestation in shown},
        )


def _claim_to_json(claim: ShownClaim, schemas: Mapping[str, Schema]) -> dict[str, JSON]:
    field_ = schemas[claim.question.schema].field(claim.question.field)
    return {
        "claim": claim.question.text(field_),
        "question": claim.question.to_json(field_),
        "verdict": claim.verdict.value,
        "reason": None if claim.reason is None else claim.reason.value,
        "message": claim.message,
        "attestation": None if claim.attestation is None else to_hex(claim.attestation),
        "proof": None if claim.proof is None else proof_to_json(claim.proof, field_),
    }


def _claim_from_json(value: JSON, schemas: dict[str, Schema]) -> ShownClaim:
    record = Record(value, "claim")
    question = Question.from_json(record.take("question"), schemas)
    field_ = schemas[question.schema].field(question.field)
    if record.text("claim", max_length=8192) != question.text(field_):
        raise VerificationError(Reason.QUESTION_MALFORMED, "the words of a claim are not its question's")
    reason, message = record.take("reason"), record.take("message")
    attestation, proof = record.take("attestation"), record.take("proof")
    try:
        claim = ShownClaim(
            question=question,
            verdict=Outcome(record.text("verdict")),
            reason=None if reason is None else Reason(str(reason)),
            message=None if message is None else str(message),
            attestation=None if attestation is None else from_hex(attestation, "attestation"),
            proof=None if proof is None else proof_from_json(proof, field_),
        )
    except ValueError as error:
        raise InvalidInputError(Reason.VALUE_MALFORMED, "the verdict or reason is unknown") from error
    record.done()
    return claim


def _subject_from_json(value: JSON, schemas: dict[str, Schema]) -> ShownSubject:
    record = Record(value, "subject")
    name_field = schemas[SUBJECT_REGISTRATION].field(SUBJECT_FIELD)
    subject = ShownSubject(
        parse_credit_code(record.take("credit_code")),
        ShownAttestation.from_json(record.take("registration")),
        proof_from_json(record.take("proof"), name_field),
    )
    record.done()
    return subject
