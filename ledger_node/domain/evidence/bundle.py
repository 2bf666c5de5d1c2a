"""The bundle: an answer with everything that proves it, as one canonical JSON text, and the receipt of the answer.

What an answer proves needs no receipt. A receipt binds what only the answering instance can say: that these are all the
claims that were asked, why one of them cannot be told, by which schemas they are read, and which use was counted.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar, Final, Self

from ledger_node.domain.batch import BatchKey, SignedBatch
from ledger_node.domain.canonical import JSON, decode, encode
from ledger_node.domain.controller_entry import ControllerQuery
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence.finality import SealedBlock
from ledger_node.domain.fact import FactQuery, members_of, query_of
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.json_object import JsonObject, Versioned, to_hex
from ledger_node.domain.presentation import SUBJECT_REGISTRATION, Presentation, ShownClaim
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema, SchemaSet
from ledger_node.domain.signature import SIGNATURE_BYTES, parse_address

FORMAT: Final = "credence-evidence/v2"
MEDIA_TYPE: Final = "application/vnd.credence.evidence+json"
MAX_BYTES: Final = 1024 * 1024
MAX_NODES: Final = 4096
MAX_NAME: Final = 256
MAX_MEMBERS: Final = 130
_TAG: Final = b"\x61"
_ANSWER_TAG: Final = b"\x60"
_RECEIPT_TYPE: Final = keccak(b"AnswerReceipt(bytes32 member,bytes32 use,bytes32 blockHash,bytes32 answer)")
_MAX_DAYS: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class AnswerReceipt:
    """Who answered, for which ticket, and what age of data the bank allowed (days, None for any).

    ``use``: the id of the use, which is its ticket.
    """

    member: bytes
    key: bytes
    use: bytes
    max_age_days: int | None
    signature: bytes = field(repr=False)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "member": to_hex(self.member),
            "key": to_hex(self.key),
            "use": to_hex(self.use),
            "max_age_days": self.max_age_days,
            "signature": to_hex(self.signature),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "receipt") as record:
            return cls(
                member=record.blob("member"),
                key=parse_address(record.take("key"), "key"),
                use=record.blob("use"),
                max_age_days=None if record.is_null("max_age_days") else record.integer("max_age_days", high=_MAX_DAYS),
                signature=record.blob("signature", length=SIGNATURE_BYTES),
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
class Bundle(Versioned):
    """An answer, and what proves it at one block.

    ``controllers``: which entries and holds of the subject rule 9 takes, None without a consent. ``schemas``: those
    that the answer needs; of a name, the version that questions were read by is the newest one. ``names``: of the
    bank and of those that issued or answered, by id. ``batches``: the departments' signatures over the batches of the
    attestations shown. ``nodes``: the trie nodes that prove the facts (``slot.slots_of(bundle.query, bundle.names)``),
    as ``node_set`` returns them.
    """

    version_member: ClassVar[str] = "format"
    format: ClassVar[str] = FORMAT
    readers: ClassVar[dict[str, Callable[[JSON], Any]]] = {}
    """By format."""

    chain_id: int
    genesis: bytes
    presentation: Presentation
    controllers: ControllerQuery | None
    schemas: SchemaSet
    names: Mapping[bytes, str]
    block: SealedBlock
    nodes: tuple[bytes, ...]
    receipt: AnswerReceipt | None = None
    batches: Mapping[BatchKey, SignedBatch] = field(default_factory=dict)

    @property
    def query(self) -> FactQuery:
        """The facts that the check takes."""
        query = query_of(self.presentation, self.controllers)
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

    def require_exact(self) -> None:
        """Require that schemas, names, attestations and proofs are those that the answer needs, in their one order.

        Raises:
            InvalidInputError: ``not_canonical``.
        """
        _require_one_form(self.presentation.claims, self.schemas, is_signed=self.receipt is not None)
        used = {part.attestation for shown in self.presentation.claims for part in shown.parts}
        held = (self.schemas.ids, set(self.names), set(self.batches), set(self.presentation.attestations))
        if held != (self.needed_schemas(self.schemas), members_of(self.query), set(self.query.anchors), used):
            raise not_canonical(
                "this bundle lacks a schema, a name, a batch or an attestation, or holds one that nothing needs"
            )

    @property
    def digest(self) -> bytes:
        """H(0x61 || canonical JSON): what a printed page carries to find the file again."""
        return bundle_digest(self.encode())

    def receipt_digest(self, receipt: AnswerReceipt, domain: SigningDomain, *, presentation: JSON = None) -> bytes:
        """Return what ``receipt`` signs of this bundle (EIP-712 under the ConsentRegistry's ``domain``).

        Its own signature is not looked at. ``presentation``: the presentation's JSON form, where it was made before.
        """
        said: JSON = {
            "max_age_days": receipt.max_age_days,
            "presentation": presentation or presentation_to_json(self.presentation, self.schemas),
            "schemas": [to_hex(schema.id) for schema in self.schemas.listed],
        }
        answer = keccak(_ANSWER_TAG + encode(said))
        return domain.digest(keccak(_RECEIPT_TYPE + receipt.member + receipt.use + self.block.hash + answer))

    def encode(self, *, presentation: JSON = None) -> bytes:
        """Return the one form of this bundle; ``presentation`` as for ``to_json``."""
        return encode(self.to_json(presentation=presentation))

    def to_json(self, *, presentation: JSON = None) -> dict[str, JSON]:
        """Return the JSON form. ``presentation``: that of the presentation, where it was made before."""
        return {
            "format": self.format,
            "network": {"chain_id": self.chain_id, "genesis": to_hex(self.genesis)},
            "presentation": presentation or presentation_to_json(self.presentation, self.schemas),
            "controllers": None if self.controllers is None else self.controllers.to_json(),
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
    def read(cls, value: JSON) -> Self:
        """Read the JSON form of this version, of which there is one for each bundle.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed, or (``not_canonical``) out of order.
            VerificationError: a proof or the header is malformed.
        """
        with JsonObject(value, "evidence") as record:
            if record.text("format") != cls.format:
                raise InvalidInputError(Reason.VALUE_MALFORMED, f"this is no {cls.format}", field="format")
            with record.record("network") as network:
                chain_id, genesis = network.integer("chain_id", low=1), network.blob("genesis")
            schemas = SchemaSet(Schema.from_json(item) for item in record.items("schemas", max_items=MAX_MEMBERS))
            if SUBJECT_REGISTRATION not in schemas:
                raise InvalidInputError(Reason.SCHEMA_UNKNOWN, f"the schema {SUBJECT_REGISTRATION} is missing")
            receipt = record.take("receipt")
            presentation = Presentation.from_json(record.take("presentation"), schemas)
            bundle = cls(
                chain_id=chain_id,
                genesis=genesis,
                presentation=presentation,
                controllers=_controllers(record.take("controllers"), presentation),
                schemas=schemas,
                names=dict(_member(item) for item in record.items("members", max_items=MAX_MEMBERS)),
                block=SealedBlock.from_json(record.take("block")),
                nodes=nodes_from_json(record, "nodes"),
                receipt=None if receipt is None else AnswerReceipt.from_json(receipt),
                batches=dict(SignedBatch.from_json(item) for item in record.items("batches", max_items=MAX_MEMBERS)),
            )
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


def _controllers(value: JSON, presentation: Presentation) -> ControllerQuery | None:
    # the subject is that of the terms; without a consent there is none, and the check refuses the whole
    consent = presentation.consent
    subject = bytes(HASH_BYTES) if consent is None else consent.terms.subject
    return None if value is None else ControllerQuery.from_json(value, subject)


def _member(item: JSON) -> tuple[bytes, str]:
    with JsonObject(item, "member") as record:
        member, name = record.blob("id"), record.text("name", max_length=MAX_NAME)
    return member, name


def _require_one_form(claims: Sequence[ShownClaim], schemas: Mapping[str, Schema], *, is_signed: bool) -> None:
    """Require that claims show no part more than decides, in order, and stand by their text where nobody signed.

    ``is_signed``: a receipt says which claims were asked, and in which order.

    Raises:
        InvalidInputError: ``not_canonical``.
    """
    for shown in claims:
        numbers = [part.part for part in shown.parts]
        if any(one >= other for one, other in pairwise(numbers)):
            raise not_canonical("the parts of a claim are shown in order, each once")
        if len(numbers) > shown.claim.parts_to_decide(shown.verdict):
            raise not_canonical("a claim shows more parts than decide it")
    texts = [shown.claim.text(schemas) for shown in claims]
    if not is_signed and any(one >= other for one, other in pairwise(texts)):
        raise not_canonical("without a receipt the claims stand in the order of their texts, each once")


def not_canonical(message: str) -> InvalidInputError:
    """Return the refusal of what is not written the one way."""
    return InvalidInputError(Reason.NOT_CANONICAL, message)
