"""What one colluding bank got: answers of POST /v1/verifications, and what they told it on purpose."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from api.catalogue.datatype import data_types
from api.lab.attack.corpus import WORD, Json
from ledger_node.domain.commitment import leaf_digest, plain_digest, subject_tag
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.schema_field import ABSENT_BYTE, Field


@dataclass(frozen=True, slots=True)
class ShownProof:
    """One proof: of which field of which attestation, and the 32-byte strings of its opening."""

    attestation: str
    schema: Schema
    field: Field
    chains: frozenset[bytes]
    """Heads and tips of a ladder."""
    shut: dict[str, bytes]
    """Bits that stay shut, by member."""


@dataclass(slots=True)
class BankView:
    """All answers together. ``told``: words that the bank can open with what it was told, so no news."""

    words: dict[bytes, str] = field(default_factory=dict)
    asked: list[ShownProof] = field(default_factory=list)
    told: set[bytes] = field(default_factory=set)
    consents: set[bytes] = field(default_factory=set)


def bank_view_of(answers: Sequence[Json]) -> BankView:
    """Read answers of the API.

    Raises:
        InvalidInputError: ``request_invalid``; one of them is no answer of POST /v1/verifications.
    """
    shown = BankView()
    for answer in answers:
        try:
            for word, place in _words(answer, "answer"):
                shown.words.setdefault(word, place)
            _read(shown, answer["presentation"])
        except (KeyError, TypeError, ValueError, AttributeError, InvalidInputError) as error:
            raise InvalidInputError(
                Reason.REQUEST_INVALID, "this file is no answer of POST /v1/verifications"
            ) from error
    return shown


def _words(value: Json, place: str) -> Iterator[tuple[bytes, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _words(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item, place)
    elif isinstance(value, str) and len(value) == 2 + 2 * WORD and value.startswith("0x"):
        yield bytes.fromhex(value[2:]), place


def _read(shown: BankView, presentation: Json) -> None:
    if presentation["consent"] is not None:
        shown.consents.add(bytes.fromhex(presentation["consent"]["id"][2:]))
    attestations = list(presentation["attestations"])
    subject = presentation["subject"]
    if subject is not None:
        code = str(subject["credit_code"])
        attestations.append(subject["registration"])
        schema = data_types()["subject_registration"].schema
        _read_proof(shown, "registration", schema, schema.fields[0], subject["proof"])
        for attestation in attestations:
            tag = bytes.fromhex(attestation["header"]["subject_tag"][2:])
            if tag == subject_tag(bytes.fromhex(attestation["subject_key"][2:]), code):
                shown.told.add(tag)
    for claim in presentation["claims"]:
        if claim["proof"] is not None:
            schema = data_types()[claim["question"]["schema"]].schema
            _read_proof(shown, claim["attestation"], schema, schema.field(claim["question"]["field"]), claim["proof"])
            for per, proof in zip(schema.per, claim.get("per", ()), strict=False):
                _read_proof(shown, claim["attestation"], schema, per.field, proof)


def _read_proof(shown: BankView, attestation: str, schema: Schema, field_: Field, proof: Json) -> None:
    opening, salt = proof["opening"], bytes.fromhex(proof["salt"][2:])
    if opening["kind"] == "plain":
        digest = plain_digest(field_, field_.parse(opening["value"]))
        shown.told.add(leaf_digest(schema.id, field_.index, field_.mode_byte, salt, digest))
    elif opening["kind"] == "absent":
        shown.told.add(leaf_digest(schema.id, field_.index, ABSENT_BYTE, salt, bytes(WORD)))
    names = ("head_up", "head_down", "tip_up", "tip_down")
    chains = frozenset(bytes.fromhex(opening[name][2:]) for name in names if name in opening)
    shut = {member: bytes.fromhex(digest[2:]) for member, digest in opening.get("shut", {}).items()}
    shown.asked.append(ShownProof(attestation, schema, field_, chains, shut))
