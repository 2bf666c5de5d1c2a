"""Batches: many headers under one anchored root, and the department's own signature over it (CL1, batches)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from ledger_node.domain.canonical import JSON
from ledger_node.domain.eip712 import SigningDomain, address_word, uint_word
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES, parse_address, recover
from ledger_node.domain.tree import BATCH_NODE, depth_of, levels_of, root_from_path

EMPTY_SLOT: Final = keccak(b"\x06")
MAX_SIZE: Final = 2**24 - 1
ATTESTATIONS: Final = 0
ACCESS_LOG: Final = 1
NO_ROOT: Final = bytes(HASH_BYTES)
_BATCH_TYPE: Final = keccak(
    b"Batch(bytes32 member,uint8 stream,uint64 number,bytes32 root,uint32 size,bytes32 previousRoot,"
    b"bytes32 supersededDigest)"
)


def batch_leaf(header_digest: bytes) -> bytes:
    """Return H(0x04 || D)."""
    return keccak(b"\x04" + header_digest)


def batch_tree(header_digests: Sequence[bytes]) -> list[list[bytes]]:
    """Return the levels of the tree over the digests, in their order, padded with empty slots."""
    slots = [batch_leaf(digest) for digest in header_digests]
    slots += [EMPTY_SLOT] * ((1 << depth_of(len(slots))) - len(slots))
    return levels_of(slots, BATCH_NODE)


def root_of_batch(header_digest: bytes, index: int, path: Sequence[bytes], size: int) -> bytes:
    """Return the batch root that a header at ``index`` of ``size`` leads to.

    Raises:
        VerificationError: ``index_out_of_range`` (index >= size), ``path_length`` or ``sibling_length``.
    """
    if not 1 <= size <= MAX_SIZE or not 0 <= index < size:
        raise VerificationError(Reason.INDEX_OUT_OF_RANGE, "the index must lie below the size of the batch")
    return root_from_path(batch_leaf(header_digest), index, path, depth=depth_of(size), tag=BATCH_NODE)


def changes_digest(words: Sequence[int], masks: Sequence[int]) -> bytes:
    """Return keccak(abi.encode(uint256[] words, uint256[] masks)), or zero for no changes."""
    if not words:
        return bytes(HASH_BYTES)
    count = uint_word(len(words))
    tail = count + b"".join(map(uint_word, words)) + count + b"".join(map(uint_word, masks))
    return keccak(uint_word(64) + uint_word(64 + 32 * (len(words) + 1)) + tail)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a member signs to anchor a batch (EIP-712); ``superseded_digest`` is ``changes_digest``."""

    member: bytes
    stream: int
    number: int
    root: bytes
    size: int
    previous_root: bytes
    superseded_digest: bytes

    def digest(self, domain: SigningDomain) -> bytes:
        """Return the EIP-712 digest under the AnchorRegistry's domain."""
        return domain.digest(
            keccak(
                _BATCH_TYPE
                + self.member
                + uint_word(self.stream)
                + uint_word(self.number)
                + self.root
                + uint_word(self.size)
                + self.previous_root
                + self.superseded_digest
            )
        )


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
        return keccak(
            self.member
            + uint_word(self.stream)
            + uint_word(self.number)
            + self.root
            + uint_word(self.size)
            + uint_word(self.start)
            + uint_word(self.anchored_at)
            + address_word(self.key)
        )

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
        record = JsonObject(value, "anchor")
        anchor = cls(
            member=record.blob("member"),
            stream=record.integer("stream", high=255),
            number=record.integer("number", low=1),
            root=record.blob("root"),
            size=record.integer("size", low=1, high=MAX_SIZE),
            start=record.integer("start"),
            anchored_at=record.integer("anchored_at"),
            key=parse_address(record.take("key"), "key"),
        )
        record.done()
        return anchor


BatchKey: TypeAlias = tuple[bytes, int, int]
"""(member, stream, number)."""
_MAX_STREAM: Final = 255


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """What the anchor of a batch does not say of the message that was signed, and the signature."""

    previous_root: bytes
    superseded_digest: bytes
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
            "signature": to_hex(self.signature),
        }

    @classmethod
    def from_json(cls, value: JSON) -> tuple[BatchKey, Self]:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        record = JsonObject(value, "batch")
        key = (record.blob("member"), record.integer("stream", high=_MAX_STREAM), record.integer("number", low=1))
        signed = cls(
            previous_root=record.blob("previous_root"),
            superseded_digest=record.blob("superseded_digest"),
            signature=record.blob("signature", length=SIGNATURE_BYTES),
        )
        record.done()
        return key, signed
