"""The truth to score against: who and what is behind ids and positions. Only a rehearsal knows it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.json_object import JsonObject


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
    """Whose consent it is, for which bank and purpose, and to which questions; how many, where they are not known."""

    code: str
    bank: str
    questions: int
    purpose: str | None = None
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrueRequest:
    """Which bank asked which firm for a consent."""

    code: str
    bank: str


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """Everything that the attacks try to find out."""

    attestations: Sequence[TrueAttestation]
    subjects: dict[bytes, str]
    consents: dict[bytes, TrueConsent]
    requests: dict[bytes, TrueRequest] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read ``{"attestations": […], "subjects": {id: code}, "consents": {id: {…}}, "requests": {id: {…}}}``.

        Raises:
            InvalidInputError: a member is missing or malformed.
        """
        record = JsonObject(value, "truth")
        subjects, consents = record.take("subjects"), record.take("consents")
        requests = record.optional("requests")
        items = record.items("attestations", max_items=10_000_000)
        record.done()
        return cls(
            [_attestation(item) for item in items],
            {_id(name): str(code) for name, code in _pairs(subjects)},
            {_id(name): _consent(item) for name, item in _pairs(consents)},
            {_id(name): _request(item) for name, item in _pairs(requests)},
        )


def _pairs(value: JSON) -> list[tuple[str, JSON]]:
    return list(value.items()) if isinstance(value, dict) else []


def _id(name: str) -> bytes:
    return JsonObject({"id": name}, "truth").blob("id")


def _attestation(value: JSON) -> TrueAttestation:
    record = JsonObject(value, "attestation")
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
    record = JsonObject(value, "consent")
    return TrueConsent(
        record.text("credit_code"),
        record.text("bank"),
        record.integer("questions"),
        record.text("purpose") if record.has("purpose") else None,
        record.texts("asked") if record.has("asked") else (),
    )


def _request(value: JSON) -> TrueRequest:
    record = JsonObject(value, "request")
    return TrueRequest(record.text("credit_code"), record.text("bank"))
