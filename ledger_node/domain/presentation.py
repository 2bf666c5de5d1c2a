"""What a bank receives: everything it needs to check an answer by itself, and nothing more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from ledger_node.domain.batch import ShownAttestation
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import MAX_PARTS, Claim
from ledger_node.domain.commitment import FieldProof, proof_from_json, proof_to_json
from ledger_node.domain.consent import Bounds, Consent, Terms, signatures_from_json
from ledger_node.domain.consent_act import SignedAct
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import JsonObject, from_hex, member_of, to_hex
from ledger_node.domain.proof import Outcome
from ledger_node.domain.question import MAX_TEXT as MAX_QUESTION
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import MAX_PER, Schema, SchemaSet
from ledger_node.domain.schema_field import Field
from ledger_node.domain.shown_use import ShownUse
from ledger_node.domain.subject import Controllers, Signature, signature_to_json

SUBJECT_REGISTRATION = "subject_registration"
SUBJECT_FIELD = "subject_id"
MAX_CLAIMS = 64
MAX_SIGNATURES = 32
MAX_MESSAGE = 16 * 1024
"""Characters; the longest one names all members of a field."""


@dataclass(frozen=True, slots=True)
class ShownConsent:
    """Terms and bounds with the signatures of the subject's controllers, and who the controllers are."""

    id: bytes
    terms: Terms
    bounds: Bounds
    signatures: tuple[Signature, ...]
    controllers: Controllers

    @property
    def consent(self) -> Consent:
        """What the controllers signed."""
        return Consent(self.terms, self.bounds)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "id": to_hex(self.id),
            "terms": self.terms.to_json(),
            "bounds": self.bounds.to_json(),
            "signatures": [signature_to_json(signature) for signature in self.signatures],
            "controllers": self.controllers.to_json(),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "consent") as record:
            return cls(
                id=record.blob("id"),
                terms=Terms.from_json(record.take("terms")),
                bounds=Bounds.from_json(record.take("bounds")),
                signatures=signatures_from_json(record.items("signatures", max_items=MAX_SIGNATURES)),
                controllers=Controllers.from_json(record.take("controllers")),
            )


@dataclass(frozen=True, slots=True)
class ShownSubject:
    """The line credit code -> subject id: the registrar's attestation and the proof of its one field."""

    credit_code: str = field(repr=False)
    registration: ShownAttestation
    proof: FieldProof


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A proof about one part of a claim; ``attestation`` is the digest of the header that it is about.

    ``per``: proofs of the values that the part names, in their order.
    """

    part: int
    attestation: bytes
    proof: FieldProof
    per: tuple[FieldProof, ...] = ()


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
    """An answer to one verification. ``consent``, ``use`` and ``subject`` are missing where nothing may be shown.

    ``resumption``: of a consent that was paused, what the controllers signed so that it goes on.
    """

    claims: tuple[ShownClaim, ...]
    consent: ShownConsent | None = None
    resumption: SignedAct | None = None
    use: ShownUse | None = None
    subject: ShownSubject | None = None
    attestations: Mapping[bytes, ShownAttestation] = field(default_factory=dict)

    def to_json(self, schemas: SchemaSet) -> dict[str, JSON]:
        """Return the JSON form."""
        subject: JSON = None
        if self.subject is not None:
            registered = _read_by(self.subject.registration, SUBJECT_REGISTRATION, schemas)
            subject = {
                "credit_code": self.subject.credit_code,
                "registration": self.subject.registration.to_json(),
                "proof": proof_to_json(self.subject.proof, registered.field(SUBJECT_FIELD)),
            }
        return {
            "claims": [_claim_to_json(claim, self.attestations, schemas) for claim in self.claims],
            "consent": None if self.consent is None else self.consent.to_json(),
            "resumption": None if self.resumption is None else self.resumption.to_json(),
            "use": None if self.use is None else self.use.to_json(),
            "subject": subject,
            "attestations": [shown.to_json() for shown in self.attestations.values()],
        }

    @classmethod
    def from_json(cls, value: JSON, schemas: SchemaSet) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
            VerificationError: a proof is malformed.
        """
        with JsonObject(value, "presentation") as record:
            claims = record.items("claims", max_items=MAX_CLAIMS)
            consent, resumption = record.take("consent"), record.take("resumption")
            use, subject = record.take("use"), record.take("subject")
            listed = [ShownAttestation.from_json(item) for item in record.items("attestations", max_items=MAX_CLAIMS)]
        shown = {attestation.header.digest: attestation for attestation in listed}
        return cls(
            tuple(_claim_from_json(item, shown, schemas) for item in claims),
            None if consent is None else ShownConsent.from_json(consent),
            None if resumption is None else SignedAct.from_json(resumption),
            None if use is None else ShownUse.from_json(use),
            None if subject is None else _subject_from_json(subject, schemas),
            shown,
        )


def _read_by(shown: ShownAttestation | None, name: str, schemas: SchemaSet) -> Schema:
    """Return the version of a schema that proofs about an attestation are read by.

    That of the attestation, or the newest one where it is of no schema there is, which the check then refuses.
    """
    schema = None if shown is None else schemas.find(shown.header.schema_id)
    return schema if schema is not None and schema.name == name else schemas[name]


def _claim_to_json(
    shown: ShownClaim, attestations: Mapping[bytes, ShownAttestation], schemas: SchemaSet
) -> dict[str, JSON]:
    claim = shown.claim
    body: dict[str, JSON] = {
        "claim": claim.text(schemas),
        "question": claim.to_json(schemas),
        "verdict": shown.verdict.value,
        "reason": None if shown.reason is None else shown.reason.value,
        "message": shown.message,
    }
    parts = [_part_to_json(part, claim, attestations, schemas) for part in shown.parts]
    if claim.is_combined:
        numbers = [part.part for part in shown.parts]
        return body | {"parts": [{"part": number, **part} for number, part in zip(numbers, parts, strict=True)]}
    return body | (parts[0] if parts else {"attestation": None, "proof": None})


def _part_to_json(
    shown: ShownPart, claim: Claim, attestations: Mapping[bytes, ShownAttestation], schemas: SchemaSet
) -> dict[str, JSON]:
    question = claim.parts[shown.part]
    schema = _read_by(attestations.get(shown.attestation), question.schema, schemas)
    body: dict[str, JSON] = {
        "attestation": to_hex(shown.attestation),
        "proof": proof_to_json(shown.proof, schema.field(question.field)),
    }
    if question.selector.per:
        named = zip(shown.per, _named_fields(question, schema), strict=True)
        body["per"] = [proof_to_json(proof, field_) for proof, field_ in named]
    return body


def _named_fields(question: Question, schema: Schema) -> list[Field]:
    return [schema.field(name) for name, _ in question.selector.per]


def _claim_from_json(value: JSON, attestations: Mapping[bytes, ShownAttestation], schemas: SchemaSet) -> ShownClaim:
    unknown = InvalidInputError(Reason.VALUE_MALFORMED, "the verdict or reason is unknown")
    with JsonObject(value, "claim") as record:
        claim = _asked(record.take("question"), schemas)
        if record.text("claim", max_length=MAX_QUESTION) != claim.text(schemas):
            raise VerificationError(Reason.QUESTION_MALFORMED, "the words of a claim are not its question's")
        reason = None if record.is_null("reason") else record.text("reason")
        message = None if record.is_null("message") else record.text("message", max_length=MAX_MESSAGE)
        if claim.is_combined:
            items = [JsonObject(item, "part") for item in record.items("parts", max_items=MAX_PARTS)]
            numbers = [item.integer("part", high=len(claim.parts) - 1) for item in items]
        else:
            items, numbers = [record], [0]
        parts = [
            _part_from_json(number, item, claim.parts[number], attestations, schemas)
            for number, item in zip(numbers, items, strict=True)
        ]
        shown = ShownClaim(
            claim=claim,
            verdict=member_of(Outcome, record.text("verdict"), unknown),
            reason=None if reason is None else member_of(Reason, reason, unknown),
            message=message,
            parts=tuple(part for part in parts if part is not None),
        )
        for item in items:
            item.done()
        return shown


def _asked(value: JSON, schemas: SchemaSet) -> Claim:
    record = JsonObject(value, "question")
    if "of" in record:
        for part in record.items("of", max_items=MAX_PARTS):
            # where questions are asked, their texts are read too; here they would be a second writing
            JsonObject(part, "question")
    return Claim.from_json(value, schemas)


def _part_from_json(
    number: int,
    record: JsonObject,
    question: Question,
    attestations: Mapping[bytes, ShownAttestation],
    schemas: SchemaSet,
) -> ShownPart | None:
    digest, proof = record.take("attestation"), record.take("proof")
    if digest is None or proof is None:
        return None
    attestation = from_hex(digest, "attestation")
    schema = _read_by(attestations.get(attestation), question.schema, schemas)
    per: tuple[FieldProof, ...] = ()
    if question.selector.per:
        fields, items = _named_fields(question, schema), record.items("per", max_items=MAX_PER)
        if len(items) != len(fields):
            raise VerificationError(Reason.OPENING_MALFORMED, "each value that a question names comes with its proof")
        per = tuple(proof_from_json(item, field_) for item, field_ in zip(items, fields, strict=True))
    return ShownPart(number, attestation, proof_from_json(proof, schema.field(question.field)), per)


def _subject_from_json(value: JSON, schemas: SchemaSet) -> ShownSubject:
    with JsonObject(value, "subject") as record:
        credit_code = parse_credit_code(record.take("credit_code"))
        registration = ShownAttestation.from_json(record.take("registration"))
        field_ = _read_by(registration, SUBJECT_REGISTRATION, schemas).field(SUBJECT_FIELD)
        return ShownSubject(credit_code, registration, proof_from_json(record.take("proof"), field_))
