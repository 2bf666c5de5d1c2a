"""What a bank receives: everything it needs to check an answer by itself, and nothing more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from ledger_node.domain.batch import Anchor
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import MAX_PARTS, Claim
from ledger_node.domain.consent import Terms, signatures_from_json
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.header import Header
from ledger_node.domain.opening import FieldProof, proof_from_json, proof_to_json
from ledger_node.domain.proof import Outcome
from ledger_node.domain.question import MAX_TEXT as MAX_QUESTION
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record, from_hex, to_hex
from ledger_node.domain.schema import Schema
from ledger_node.domain.subject import Controllers, Signature, signature_to_json
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
    signatures: tuple[Signature, ...]
    controllers: Controllers

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "id": to_hex(self.id),
            "terms": self.terms.to_json(),
            "signatures": [signature_to_json(signature) for signature in self.signatures],
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
class ShownPart:
    """A proof about one part of a claim; ``attestation`` is the digest of the header that it is about."""

    part: int
    attestation: bytes
    proof: FieldProof


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """One claim with its verdict and the parts that show it, in ascending order."""

    claim: Claim
    verdict: Outcome
    reason: Reason | None = None
    message: str | None = None
    parts: tuple[ShownPart, ...] = ()


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
    def from_json(cls, value: JSON, schemas: Mapping[str, Schema]) -> Self:
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


def _claim_to_json(shown: ShownClaim, schemas: Mapping[str, Schema]) -> dict[str, JSON]:
    claim = shown.claim
    body: dict[str, JSON] = {
        "claim": claim.text(schemas),
        "question": claim.to_json(schemas),
        "verdict": shown.verdict.value,
        "reason": None if shown.reason is None else shown.reason.value,
        "message": shown.message,
    }
    parts = [_part_to_json(part, claim, schemas) for part in shown.parts]
    if claim.is_combined:
        numbers = [part.part for part in shown.parts]
        return body | {"parts": [{"part": number, **part} for number, part in zip(numbers, parts, strict=True)]}
    return body | (parts[0] if parts else {"attestation": None, "proof": None})


def _part_to_json(shown: ShownPart, claim: Claim, schemas: Mapping[str, Schema]) -> dict[str, JSON]:
    proof = proof_to_json(shown.proof, claim.field(shown.part, schemas))
    return {"attestation": to_hex(shown.attestation), "proof": proof}


def _claim_from_json(value: JSON, schemas: Mapping[str, Schema]) -> ShownClaim:
    record = Record(value, "claim")
    claim = Claim.from_json(record.take("question"), schemas)
    if record.text("claim", max_length=MAX_QUESTION) != claim.text(schemas):
        raise VerificationError(Reason.QUESTION_MALFORMED, "the words of a claim are not its question's")
    reason, message = record.take("reason"), record.take("message")
    if claim.is_combined:
        items = [Record(item, "part") for item in record.items("parts", max_items=MAX_PARTS)]
        parts = [
            _part_from_json(item.integer("part", high=len(claim.parts) - 1), item, claim, schemas) for item in items
        ]
        for item in items:
            item.done()
    else:
        parts = [_part_from_json(0, record, claim, schemas)]
    try:
        shown = ShownClaim(
            claim=claim,
            verdict=Outcome(record.text("verdict")),
            reason=None if reason is None else Reason(str(reason)),
            message=None if message is None else str(message),
            parts=tuple(part for part in parts if part is not None),
        )
    except ValueError as error:
        raise InvalidInputError(Reason.VALUE_MALFORMED, "the verdict or reason is unknown") from error
    record.done()
    return shown


def _part_from_json(number: int, record: Record, claim: Claim, schemas: Mapping[str, Schema]) -> ShownPart | None:
    attestation, proof = record.take("attestation"), record.take("proof")
    if attestation is None or proof is None:
        return None
    field_ = claim.field(number, schemas)
    return ShownPart(number, from_hex(attestation, "attestation"), proof_from_json(proof, field_))


def _subject_from_json(value: JSON, schemas: Mapping[str, Schema]) -> ShownSubject:
    record = Record(value, "subject")
    name_field = schemas[SUBJECT_REGISTRATION].field(SUBJECT_FIELD)
    subject = ShownSubject(
        parse_credit_code(record.take("credit_code")),
        ShownAttestation.from_json(record.take("registration")),
        proof_from_json(record.take("proof"), name_field),
    )
    record.done()
    return subject
