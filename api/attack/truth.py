"""The truth to score against: who and what is behind ids and positions. Only a rehearsal knows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.record import Record


@dataclass(frozen=True, slots=True)
class TrueAttestation:
    """Row number ``row`` of a file became leaf ``index`` of ``batch`` (member/number); values in JSON form."""

    schema: str
    code: str
    batch: str
    index: int
    row: int
    values: dict[str, JSON]


@dataclass(frozen=True, slots=True)
class TrueConsent:
    """Whose consent it is, for which bank, and to how many questions."""

    code: str
    bank: str
    questions: int


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that the attacks try to find out."""

    attestations: Sequence[TrueAttestation]
    subjects: dict[bytes, str]
    consents: dict[bytes, TrueConsent]

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read ``{"attestations": […], "subjects": {id: code}, "consents": {id: {…}}}``.

        Raises:
            InvalidInputError: a member is missing or malformed.
        """
        record = Record(value, "truth")
        subjects, consents = record.take("subjects"), record.take("consents")
        items = record.items("attestations", max_items=10_000_000)
        record.done()
        return cls(
            [_attestation(item) for item in items],
            {_id(name): str(code) for name, code in _pairs(subjects)},
            {_id(name): _consent(item) for name, item in _pairs(consents)},
        )


def _pairs(value: JSON) -> list[tuple[str, JSON]]:
    return list(value.items()) if isinstance(value, dict) else []


def _id(name: str) -> bytes:
    return Record({"id": name}, "truth").blob("id")


def _attestation(value: JSON) -> TrueAttestation:
    record = Record(value, "attestation")
    values = record.take("values")
    return TrueAttestation(
        record.text("schema"),
        record.text("credit_code"),
        record.text("batch"),
        record.integer("index"),
        record.integer("row"),
        dict(_pairs(values)),
    )


def _consent(value: JSON) -> TrueConsent:
    record = Record(value, "consent")
    return TrueConsent(record.text("credit_code"), record.text("bank"), record.integer("questions"))
