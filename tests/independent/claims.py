"""Claims as a presentation shows them (clause 17)."""

from dataclasses import dataclass
from typing import Any

from . import claim as c
from . import fieldproof
from .claim import Claim
from .codes import CODES
from .errors import need
from .fieldproof import Proof
from .question import Question
from .schema import Field, Schema
from .strict import integer, items, members, octets, one_form, text

MAX_MESSAGE = 16384
VERDICTS = ("holds", "does_not_hold", "cannot_tell")


@dataclass(frozen=True)
class Part:
    """What is shown of one question of a claim."""

    number: int
    question: Question
    attestation: bytes
    proof: Proof
    per: list[Proof]


@dataclass(frozen=True)
class Shown:
    """A claim, its verdict, and the parts that are shown of it."""

    claim: Claim
    verdict: str
    reason: str | None
    message: str | None
    parts: list[Part]


class Reader:
    """Claims are read by the newest schemas, and proofs by the schemas of the attestations they are about."""

    def __init__(self, newest: dict[str, Schema], schema_of: dict[bytes, Schema]) -> None:
        self.newest, self.schema_of = newest, schema_of

    def field(self, question: Question, name: str, attestation: bytes) -> Field:
        """The field that a proof is about; that of the newest schema where the attestation's has none."""
        newest = self.newest[question.schema]
        known = self.schema_of.get(attestation, newest)
        return (known.by_name.get(name) if known.name == newest.name else None) or newest.by_name[name]

    def claims(self, value: Any) -> list[Shown]:
        """The list of claims."""
        return [self._claim(item) for item in items(value, 64)]

    def _claim(self, value: Any) -> Shown:
        common = "claim question verdict reason message"
        combined = isinstance(value, dict) and "parts" in value
        members(value, common + (" parts" if combined else " attestation proof"), "" if combined else "per")
        claim = c.read(value["question"], self.newest)
        need(text(value["claim"], 4096) == claim.text, "question_malformed")
        one_form(c.to_json(claim, self.newest) == value["question"], "the question in another writing")
        need(claim.combined == combined, "field_unknown" if combined else "field_missing")
        verdict = text(value["verdict"])
        need(verdict in VERDICTS, "value_malformed")
        reason = None if value["reason"] is None else text(value["reason"])
        need(reason is None or reason in CODES, "value_malformed")
        message = None if value["message"] is None else text(value["message"], MAX_MESSAGE)
        parts = self._parts(value["parts"], claim) if combined else self._single(value, claim)
        return Shown(claim, verdict, reason, message, parts)

    def _parts(self, value: Any, claim: Claim) -> list[Part]:
        found = []
        for item in items(value, c.MAX_PARTS):
            members(item, "part attestation proof", "per")
            number = integer(item["part"], 0, len(claim.parts) - 1)
            found += self._shown(number, item, claim.parts[number])
        return found

    def _single(self, value: dict[str, Any], claim: Claim) -> list[Part]:
        if value["attestation"] is None and value["proof"] is None:
            need("per" not in value, "field_unknown")
            return []
        return self._shown(0, value, claim.parts[0])

    def _shown(self, number: int, value: dict[str, Any], question: Question) -> list[Part]:
        """A proof stands beside its attestation; neither stands alone (clause 16)."""
        if (value["attestation"] is None) != (value["proof"] is None):
            one_form(condition=False, note="a proof or an attestation alone")
            return []
        return [self._part(number, value, question)]

    def _part(self, number: int, value: dict[str, Any], question: Question) -> Part:
        """One part; `per` stands there exactly if the question names values, a proof for each."""
        need("per" in value or not question.per, "field_missing")
        need("per" not in value or question.per, "field_unknown")
        about = octets(value["attestation"], 32)
        listed = items(value.get("per", []), 4)
        need(len(listed) == len(question.per), "opening_malformed")
        pairs = zip(listed, question.per, strict=True)
        per = [fieldproof.read(item, self.field(question, name, about)) for item, (name, _) in pairs]
        proof = fieldproof.read(value["proof"], self.field(question, question.field, about))
        return Part(number, question, about, proof, per)
