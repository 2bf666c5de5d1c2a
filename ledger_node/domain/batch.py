"""Headers of attestations, and the batches that anchor them (CL1, header D and batches).

A header holds all of an attestation but its values. Many headers stand under one anchored root, and the department
signs over it. ``ShownAttestation`` is how a consented bank is shown one.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Self, TypeAlias

from ledger_node.domain.canonical import JSON
from ledger_node.domain.eip712 import SignedType, SigningDomain, address_word, bytes32, number, uint_word
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import HASH_BYTES, MAX_DEPTH, MAX_SIZE, keccak
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES, parse_address, recover
from ledger_node.domain.value import Period, format_date, parse_date

ATTESTATIONS: Final = 0
ACCESS_LOG: Final = 1
NO_ROOT: Final = bytes(HASH_BYTES)
NO_PREDECESSOR: Final = bytes(HASH_BYTES)
_MAX_STREAM: Final = 255
_MAX_U64: Final = (1 << 64) - 1
_BATCH: Final = SignedType(
    "Batch",
    (
        bytes32("member"),
        number("stream", 8, 0, _MAX_STREAM),
        number("number", 64, 1, _MAX_U64),
        bytes32("root"),
        number("size", 32, 1, MAX_SIZE),
        bytes32("previousRoot"),
        bytes32("supersededDigest"),
        number("deadline", 64, 0, _MAX_U64),
    ),
)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a member signs to anchor a batch (EIP-712); ``superseded_digest`` is ``changes_digest``.

    ``deadline``: the last block time at which it may be anchored, in seconds.
    """

    member: bytes
    stream: int
    number: int
    root: bytes
    size: int
    previous_root: bytes
    superseded_digest: bytes
    deadline: int

    def digest(self, domain: SigningDomain) -> bytes:
        """Return the EIP-712 digest under the AnchorRegistry's domain."""
        return domain.digest(_BATCH.struct_hash(self))


@dataclass(frozen=True, slots=True)
class Anchor:
    """A batch as the chain holds it: the AnchorRegistry stores ``digest`` in one word."""

    member: bytes
    stream: int
    number: int
    root: bytes
    size: int
    start: int
    anchored_at: int
    key: bytes

    @property
    def digest(self) -> bytes:
        """keccak(abi.encode(member, stream, number, root, size, start, anchoredAt, key))."""
        place = uint_word(self.stream) + uint_word(self.number)
        extent = uint_word(self.size) + uint_word(self.start) + uint_word(self.anchored_at)
        return keccak(self.member + place + self.root + extent + address_word(self.key))

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "member": to_hex(self.member),
            "stream": self.stream,
            "number": self.number,
            "root": to_hex(self.root),
            "size": self.size,
            "start": self.start,
            "anchored_at": self.anchored_at,
            "key": to_hex(self.key),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "anchor") as record:
            return cls(
                member=record.blob("member"),
                stream=record.integer("stream", high=_MAX_STREAM),
                number=record.integer("number", low=1),
                root=record.blob("root"),
                size=record.integer("size", low=1, high=MAX_SIZE),
                start=record.integer("start"),
                anchored_at=record.integer("anchored_at"),
                key=parse_address(record.take("key"), "key"),
            )


BatchKey: TypeAlias = tuple[bytes, int, int]
"""(member, stream, number)."""


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """What the anchor of a batch does not say of the message that was signed, and the signature."""

    previous_root: bytes
    superseded_digest: bytes
    deadline: int
    signature: bytes = field(repr=False)

    def require_signed(self, anchor: Anchor, domain: SigningDomain) -> None:
        """Require that the anchor's key signed this batch (EIP-712 under the AnchorRegistry's domain).

        Raises:
            VerificationError: ``batch_not_signed``, or ``signature_malformed``.
        """
        batch = Batch(
            anchor.member,
            anchor.stream,
            anchor.number,
            anchor.root,
            anchor.size,
            self.previous_root,
            self.superseded_digest,
            self.deadline,
        )
        if recover(batch.digest(domain), self.signature) != anchor.key:
            raise VerificationError(Reason.BATCH_NOT_SIGNED, "the key that a batch was anchored under did not sign it")

    def to_json(self, key: BatchKey) -> dict[str, JSON]:
        """Return the JSON form, with the batch that it is of."""
        member, stream, number = key
        return {
            "member": to_hex(member),
            "stream": stream,
            "number": number,
            "previous_root": to_hex(self.previous_root),
            "superseded_digest": to_hex(self.superseded_digest),
            "deadline": self.deadline,
            "signature": to_hex(self.signature),
        }

    @classmethod
    def from_json(cls, value: JSON) -> tuple[BatchKey, Self]:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "batch") as record:
            key = (record.blob("member"), record.integer("stream", high=_MAX_STREAM), record.integer("number", low=1))
            signed = cls(
                previous_root=record.blob("previous_root"),
                superseded_digest=record.blob("superseded_digest"),
                deadline=record.integer("deadline"),
                signature=record.blob("signature", length=SIGNATURE_BYTES),
            )
        return key, signed


@dataclass(frozen=True)
class Header:
    """Times are seconds since 1970-01-01 UTC, dates days since then; ``digest`` (D) is the batch's leaf."""

    schema_id: bytes
    fields_root: bytes
    subject_tag: bytes
    issuer: bytes
    issued_at: int
    valid_until: int
    as_of: int
    period: Period
    supersedes: bytes
    chain_id: int
    anchor_registry: bytes

    @cached_property
    def digest(self) -> bytes:
        """D = H(0x03 || schemaId || fieldsRoot || subjectTag || … || chainId || AnchorRegistry)."""
        return keccak(
            b"\x03"
            + self.schema_id
            + self.fields_root
            + self.subject_tag
            + self.issuer
            + self.issued_at.to_bytes(8, "big")
            + self.valid_until.to_bytes(8, "big")
            + self.as_of.to_bytes(4, "big")
            + self.period.first.to_bytes(4, "big")
            + self.period.last.to_bytes(4, "big")
            + self.supersedes
            + self.chain_id.to_bytes(8, "big")
            + self.anchor_registry
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "schema_id": to_hex(self.schema_id),
            "fields_root": to_hex(self.fields_root),
            "subject_tag": to_hex(self.subject_tag),
            "issuer": to_hex(self.issuer),
            "issued_at": self.issued_at,
            "valid_until": self.valid_until,
            "as_of": format_date(self.as_of),
            "period_from": format_date(self.period.first),
            "period_to": format_date(self.period.last),
            "supersedes": to_hex(self.supersedes),
            "chain_id": self.chain_id,
            "anchor_registry": to_hex(self.anchor_registry),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "header") as record:
            return cls(
                schema_id=record.blob("schema_id"),
                fields_root=record.blob("fields_root"),
                subject_tag=record.blob("subject_tag"),
                issuer=record.blob("issuer"),
                issued_at=record.integer("issued_at"),
                valid_until=record.integer("valid_until"),
                as_of=_day(record, "as_of"),
                period=Period(_day(record, "period_from"), _day(record, "period_to")),
                supersedes=record.blob("supersedes"),
                chain_id=record.integer("chain_id"),
                anchor_registry=parse_address(record.take("anchor_registry"), "anchor_registry"),
            )


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
        with JsonObject(value, "attestation") as record:
            return cls(
                header=Header.from_json(record.take("header")),
                anchor=Anchor.from_json(record.take("anchor")),
                index=record.integer("index"),
                path=tuple(from_hex(item, "path") for item in record.items("path", max_items=MAX_DEPTH)),
                subject_key=record.blob("subject_key"),
            )


def _day(record: JsonObject, name: str) -> int:
    day = parse_date(record.take(name), name)
    if day < 0:
        # D holds days as u32
        raise InvalidInputError(Reason.VALUE_OUT_OF_RANGE, f"'{name}' lies before 1970-01-01", field=name)
    return day
