"""Check 1: a bundle in its one form (clauses 16, 17 and 19)."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from . import attestation, block, consent, creditcode, fieldproof, history, onform, schema, use
from .attestation import Attestation
from .block import Block
from .claims import Reader, Shown
from .consent import Consent, Resumption
from .crypto import tagged
from .errors import RefusedError, need
from .fieldproof import Proof
from .history import Asked
from .schema import Schema
from .strict import canonical, integer, items, members, octets, one_form, one_form_last, parse, rising, text
from .use import Use

LIMIT = 1024 * 1024
MANY, MAX_NODES = 130, 4096
REGISTRATION = "subject_registration"


@dataclass(frozen=True)
class Subject:
    """The firm, and the registrar's word for it."""

    credit_code: str
    registration: Attestation
    proof: Proof


@dataclass(frozen=True)
class Batch:
    """What a department signed, beside what the anchor says."""

    id: tuple[bytes, int, int]
    previous_root: bytes
    superseded_digest: bytes
    deadline: int
    signature: bytes


@dataclass(frozen=True)
class Receipt:
    """Who signed the answer, and for which use."""

    member: bytes
    key: bytes
    use: bytes
    max_age_days: int | None
    signature: bytes


@dataclass(frozen=True)
class Bundle:
    """Everything of a bundle, read."""

    raw: dict[str, Any]
    digest: bytes
    chain_id: int
    genesis: bytes
    claims: list[Shown]
    consent: Consent
    resumption: Resumption | None
    use: Use
    subject: Subject
    attestations: dict[bytes, Attestation]
    asked: Asked
    schemas: dict[bytes, Schema]
    newest: dict[str, Schema]
    members: dict[bytes, str]
    batches: list[Batch]
    block: Block
    nodes: list[bytes]
    receipt: Receipt | None

    def all_attestations(self) -> list[Attestation]:
        """The registration and those shown."""
        return [self.subject.registration, *self.attestations.values()]


def read_network(value: Any) -> tuple[int, bytes]:
    """Chain id and genesis."""
    members(value, "chain_id genesis")
    return integer(value["chain_id"], 1), octets(value["genesis"], 32)


def read_block(value: Any) -> Block:
    """A header and its seal."""
    members(value, "header seal")
    return block.read(octets(value["header"]), None if value["seal"] is None else octets(value["seal"], 65))


def read_nodes(value: Any) -> list[bytes]:
    """Nodes in base64; a node that is no text counts as a malformed text. Their order is looked at in check 4."""
    found = []
    for item in items(value, MAX_NODES):
        need(isinstance(item, str), "value_malformed")
        try:
            node = base64.b64decode(item, validate=True)
        except (binascii.Error, ValueError) as error:
            raise RefusedError("value_malformed") from error
        one_form(base64.b64encode(node).decode() == item, "spare bits of base64")
        found.append(node)
    return found


def read_canonical(data: bytes) -> Any:
    """The JSON of a bundle or statement, in its one form to the byte."""
    value = parse(data, LIMIT)
    need(canonical(value) == data, "not_canonical")
    return value


def _subject(value: Any, schemas: dict[bytes, Schema], newest: dict[str, Schema]) -> Subject:
    """The proof is read by the schema of its attestation where that has the right name, else by the newest one."""
    members(value, "credit_code registration proof")
    credit_code = creditcode.read(value["credit_code"])
    registration = attestation.read(value["registration"])
    known = schemas.get(registration.header.schema_id)
    if known is None or known.name != REGISTRATION:
        need(REGISTRATION in newest, "schema_unknown")
        known = newest[REGISTRATION]
    field = known.by_name.get("subject_id")
    need(field is not None, "field_unknown")
    assert field is not None
    return Subject(credit_code, registration, fieldproof.read(value["proof"], field))


def _batch(value: Any) -> Batch:
    members(value, "member stream number previous_root superseded_digest deadline signature")
    number = integer(value["number"], 1)
    identity = (octets(value["member"], 32), integer(value["stream"], 0, 255), number)
    signature = octets(value["signature"], 65)
    roots = octets(value["previous_root"], 32), octets(value["superseded_digest"], 32)
    return Batch(identity, *roots, integer(value["deadline"]), signature)


def _receipt(value: Any) -> Receipt | None:
    if value is None:
        return None
    members(value, "member key use max_age_days signature")
    age = value["max_age_days"]
    return Receipt(
        octets(value["member"], 32),
        octets(value["key"], 20),
        octets(value["use"], 32),
        None if age is None else integer(age, 0, 2**32 - 1),
        octets(value["signature"], 65),
    )


def _member(value: Any) -> tuple[bytes, str]:
    members(value, "id name")
    return octets(value["id"], 32), text(value["name"], 256)


def _shown(value: Any) -> dict[str, Any]:
    """The presentation; a bundle has claims, a consent and a subject."""
    shown = members(value, "claims consent resumption use subject attestations")
    for name in ("consent", "use", "subject", "claims"):
        need(shown[name] is not None and shown[name] != [], "field_missing")
    return shown


def _asked(value: Any) -> Asked:
    need(value is not None, "field_missing")
    return history.read(value)


def read(data: bytes) -> Bundle:
    """Read a bundle; every list in its order, nothing that nothing needs."""
    value = read_canonical(data)
    with one_form_last():
        members(value, "format network presentation controllers schemas members batches block nodes receipt")
        need(text(value["format"]) == "credence-evidence/v2", "value_malformed")
        bundle = _bundle(value, tagged(0x61, data))
        rising([octets(item["id"], 32) for item in value["members"]])
        rising([batch.id for batch in bundle.batches])
        onform.check(bundle)
    return bundle


def _bundle(value: dict[str, Any], digest: bytes) -> Bundle:
    network, shown = read_network(value["network"]), _shown(value["presentation"])
    schemas = [schema.read(item) for item in items(value["schemas"], MANY)]
    names = {s.id: (s.name, s.version) for s in schemas}
    need(len(set(names.values())) == len(names), "schema_invalid", "two of one name and version")
    rising([names[s.id] for s in schemas])
    newest, ids = {s.name: s for s in sorted(schemas, key=lambda s: s.version)}, {s.id: s for s in schemas}
    attestations = [attestation.read(item) for item in items(shown["attestations"], 64)]
    rising([a.digest for a in attestations])
    about = {a.digest: ids[a.header.schema_id] for a in attestations if a.header.schema_id in ids}
    return Bundle(
        value,
        digest,
        *network,
        Reader(newest, about).claims(shown["claims"]),
        consent.read(shown["consent"]),
        consent.read_resumption(shown["resumption"]),
        use.read(shown["use"]),
        _subject(shown["subject"], ids, newest),
        {a.digest: a for a in attestations},
        _asked(value["controllers"]),
        ids,
        newest,
        dict(_member(item) for item in items(value["members"], MANY)),
        [_batch(item) for item in items(value["batches"], MANY)],
        read_block(value["block"]),
        read_nodes(value["nodes"]),
        _receipt(value["receipt"]),
    )
