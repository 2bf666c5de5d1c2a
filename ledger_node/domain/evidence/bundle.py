"""The bundle: an answer with everything that proves it, as one canonical JSON text."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Self

from ledger_node.domain.batch import BatchKey, SignedBatch
from ledger_node.domain.canonical import JSON, decode, encode
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence import qbft
from ledger_node.domain.evidence.block_header import MAX_HEADER_BYTES, BlockHeader
from ledger_node.domain.evidence.claim_form import not_canonical, require_one_form
from ledger_node.domain.evidence.receipt import AnswerReceipt, receipt_digest
from ledger_node.domain.fact import FactQuery, members_of, query_of
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.presentation import SUBJECT_REGISTRATION, Presentation
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema, SchemaSet
from ledger_node.domain.signature import SIGNATURE_BYTES
from ledger_node.domain.version import read_by_version

FORMAT: Final = "credence-evidence/v1"
MEDIA_TYPE: Final = "application/vnd.credence.evidence+json"
MAX_BYTES: Final = 1024 * 1024
MAX_NODES: Final = 4096
MAX_NAME: Final = 256
_MAX_ENTRY: Final = 2**32
MAX_MEMBERS: Final = 130
_TAG: Final = b"\x61"


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """A header and, on the embedded chain, the sealer's 65-byte seal; QBFT seals inside the header."""

    header: BlockHeader
    seal: bytes | None

    @property
    def hash(self) -> bytes:
        """The hash that the chain knows the block by."""
        return self.header.hash if self.seal is not None else qbft.block_hash(self.header)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "header": to_hex(self.header.encoded),
            "seal": None if self.seal is None else to_hex(self.seal),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
            VerificationError: ``header_malformed``.
        """
        record = JsonObject(value, "block")
        encoded = record.text("header", max_length=2 * MAX_HEADER_BYTES + 2)
        seal = record.take("seal")
        record.done()
        return cls(
            BlockHeader.from_rlp(from_hex(encoded, "header", length=None)),
            None if seal is None else from_hex(seal, "seal", length=SIGNATURE_BYTES),
        )


def node_set(nodes: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the RLP of trie nodes, from any number of ``eth_getProof`` answers, as a bundle carries them.

    Each once, by rising hash. A node shorter than a hash stands inside its parent and is left out.
    """
    return tuple(sorted({node for node in nodes if len(node) >= HASH_BYTES}, key=keccak))


def nodes_to_json(nodes: Iterable[bytes]) -> list[JSON]:
    """Return trie nodes as base64 (RFC 4648 with padding): they are most of a bundle."""
    return [base64.b64encode(node).decode("ascii") for node in nodes]


def nodes_from_json(record: JsonObject, name: str) -> tuple[bytes, ...]:
    """Read trie nodes; whether they are in order and needed, the check of the state tells."""
    return tuple(_node(item, name) for item in record.items(name, max_items=MAX_NODES))


def _node(item: JSON, name: str) -> bytes:
    try:
        if isinstance(item, str):
            return base64.b64decode(item, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise InvalidInputError(Reason.VALUE_MALFORMED, f"'{name}' must be texts in base64", field=name)


@dataclass(frozen=True, slots=True)
class Bundle:
    """An answer, and what proves it at one block.

    ``entry``: index of the subject's controllers in force when the consent was granted. ``schemas``: those
    that the answer needs; of a name, the version that questions were read by is the newest one. ``names``: of the
    bank and of those that issued or answered, by id. ``batches``: the departments' signatures over the batches of the
    attestations shown. ``nodes``: the trie nodes that prove the facts (``slot.slots_of(bundle.query, bundle.names)``),
    as ``node_set`` returns them.
    """

    format: ClassVar[str] = FORMAT
    readers: ClassVar[dict[str, Callable[[JSON], Any]]] = {}
    """By format."""

    chain_id: int
    genesis: bytes
    presentation: Presentation
    entry: int
    schemas: SchemaSet
    names: Mapping[bytes, str]
    block: SealedBlock
    nodes: tuple[bytes, ...]
    receipt: AnswerReceipt | None = None
    batches: Mapping[BatchKey, SignedBatch] = field(default_factory=dict)

    @property
    def query(self) -> FactQuery:
        """The facts that the check takes."""
        query = query_of(self.presentation, self.entry)
        if self.receipt is None:
            return query
        member, key = self.receipt.member, self.receipt.key
        return replace(query, keys=query.keys | {(member, key)}, standings=frozenset({member}))

    def needed_schemas(self, known: SchemaSet) -> frozenset[bytes]:
        """Return the ids of the schemas that the answer needs, as far as they are ``known``.

        They are those that claims and registrations are read by, the newest ones, and those of the attestations shown.
        """
        asked = {part.schema for shown in self.presentation.claims for part in shown.claim.parts}
        shown = {schema_id for schema_id, _ in self.query.issuers}
        return frozenset({known[name].id for name in asked | {SUBJECT_REGISTRATION}} | (shown & known.ids))

    @property
    def needed_names(self) -> set[bytes]:
        """Ids of the bank and of the members that issued or answered."""
        return members_of(self.query)

    def require_exact(self) -> None:
        """Require that schemas, names, attestations and proofs are those that the answer needs, in their one order.

        Raises:
            InvalidInputError: ``not_canonical``.
        """
        require_one_form(self.presentation.claims, self.schemas, is_signed=self.receipt is not None)
        used = {part.attestation for shown in self.presentation.claims for part in shown.parts}
        held = (self.schemas.ids, set(self.names), set(self.batches), set(self.presentation.attestations))
        if held != (self.needed_schemas(self.schemas), self.needed_names, set(self.query.anchors), used):
            raise not_canonical(
                "this bundle lacks a schema, a name, a batch or an attestation, or holds one that nothing needs"
            )

    @property
    def digest(self) -> bytes:
        """H(0x61 || canonical JSON): what a printed page carries to find the file again."""
        return bundle_digest(self.encode())

    def receipt_digest(self, receipt: AnswerReceipt, domain: SigningDomain, *, presentation: JSON = None) -> bytes:
        """Return what ``receipt`` signs of this bundle; its own signature is not looked at.

        ``presentation``: the presentation's JSON form, where it was made before.
        """
        return receipt_digest(
            presentation or presentation_to_json(self.presentation, self.schemas),
            [schema.id for schema in self.schemas.listed],
            member=receipt.member,
            use=receipt.use,
            block_hash=self.block.hash,
            max_age_days=receipt.max_age_days,
            domain=domain,
        )

    def encode(self, *, presentation: JSON = None) -> bytes:
        """Return the one form of this bundle; ``presentation`` as for ``to_json``."""
        return encode(self.to_json(presentation=presentation))

    def to_json(self, *, presentation: JSON = None) -> dict[str, JSON]:
        """Return the JSON form. ``presentation``: that of the presentation, where it was made before."""
        return {
            "format": self.format,
            "network": {"chain_id": self.chain_id, "genesis": to_hex(self.genesis)},
            "presentation": presentation or presentation_to_json(self.presentation, self.schemas),
            "controllers_entry": self.entry,
            "schemas": [schema.spec for schema in self.schemas.listed],
            "members": [{"id": to_hex(member), "name": self.names[member]} for member in sorted(self.names)],
            "batches": [self.batches[key].to_json(key) for key in sorted(self.batches)],
            "block": self.block.to_json(),
            "nodes": nodes_to_json(self.nodes),
            "receipt": None if self.receipt is None else self.receipt.to_json(),
        }

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a bundle from its one form.

        Raises:
            InvalidInputError: it is no bundle, or (``not_canonical``) not written the one way.
            VerificationError: a proof or the header is malformed.
        """
        value = decode(data, max_bytes=MAX_BYTES)
        if encode(value) != data:
            raise not_canonical("this file is not canonical JSON (RFC 8785); pass it on byte for byte")
        return cls.from_json(value)

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form, of which there is one for each bundle, of whichever version it is.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed, or (``not_canonical``) out of order.
            VerificationError: a proof or the header is malformed.
        """
        read: Self = read_by_version(cls.readers, value, "format")
        return read

    @classmethod
    def read(cls, value: JSON) -> Self:
        """Read the JSON form of this version; raises as ``from_json``."""
        record = JsonObject(value, "evidence")
        if record.text("format") != cls.format:
            raise InvalidInputError(Reason.VALUE_MALFORMED, f"this is no {cls.format}", field="format")
        network = record.record("network")
        chain_id, genesis = network.integer("chain_id", low=1), network.blob("genesis")
        network.done()
        schemas = SchemaSet(Schema.from_json(item) for item in record.items("schemas", max_items=MAX_MEMBERS))
        if SUBJECT_REGISTRATION not in schemas:
            raise InvalidInputError(Reason.SCHEMA_UNKNOWN, f"the schema {SUBJECT_REGISTRATION} is missing")
        receipt = record.take("receipt")
        bundle = cls(
            chain_id=chain_id,
            genesis=genesis,
            presentation=Presentation.from_json(record.take("presentation"), schemas),
            entry=record.integer("controllers_entry", high=_MAX_ENTRY),
            schemas=schemas,
            names=dict(_member(item) for item in record.items("members", max_items=MAX_MEMBERS)),
            block=SealedBlock.from_json(record.take("block")),
            nodes=nodes_from_json(record, "nodes"),
            receipt=None if receipt is None else AnswerReceipt.from_json(receipt),
            batches=dict(SignedBatch.from_json(item) for item in record.items("batches", max_items=MAX_MEMBERS)),
        )
        record.done()
        if bundle.to_json() != value:
            raise not_canonical("the parts of this bundle are not in their order, or not in their one form")
        return bundle


Bundle.readers[FORMAT] = Bundle.read


def bundle_digest(encoded: bytes) -> bytes:
    """Return H(0x61 || canonical JSON) of an encoded bundle."""
    return keccak(_TAG + encoded)


def presentation_to_json(presentation: Presentation, schemas: SchemaSet) -> dict[str, JSON]:
    """Return the JSON form with the attestations by rising digest, which receipts sign."""
    ordered = {digest: presentation.attestations[digest] for digest in sorted(presentation.attestations)}
    return replace(presentation, attestations=ordered).to_json(schemas)


def _member(item: JSON) -> tuple[bytes, str]:
    record = JsonObject(item, "member")
    member, name = record.blob("id"), record.text("name", max_length=MAX_NAME)
    record.done()
    return member, name
