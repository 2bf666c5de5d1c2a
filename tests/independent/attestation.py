"""Attestations: header, anchor, place in the batch (clauses 6, 7 and 17)."""

from dataclasses import dataclass
from typing import Any

from . import values
from .crypto import depth_of, keccak, struct_hash, tagged, tree_root, word
from .errors import need
from .strict import integer, items, members, octets

MAX_SIZE, MAX_SIBLINGS = 2**24 - 1, 32
BATCH = (
    "Batch(bytes32 member,uint8 stream,uint64 number,bytes32 root,uint32 size,bytes32 previousRoot,"
    "bytes32 supersededDigest,uint64 deadline)"
)


@dataclass(frozen=True)
class Header:
    """The header of clause 6; days as integers."""

    schema_id: bytes
    fields_root: bytes
    subject_tag: bytes
    issuer: bytes
    issued_at: int
    valid_until: int
    as_of: int
    period_from: int
    period_to: int
    supersedes: bytes
    chain_id: int
    anchor_registry: bytes

    def digest(self) -> bytes:
        """D."""
        times = self.issued_at.to_bytes(8) + self.valid_until.to_bytes(8)
        days = b"".join(d.to_bytes(4) for d in (self.as_of, self.period_from, self.period_to))
        head = (self.schema_id, self.fields_root, self.subject_tag, self.issuer, times, days)
        return tagged(0x03, *head, self.supersedes, self.chain_id.to_bytes(8), self.anchor_registry)


@dataclass(frozen=True)
class Anchor:
    """What the chain stores one word of."""

    member: bytes
    stream: int
    number: int
    root: bytes
    size: int
    start: int
    anchored_at: int
    key: bytes

    def digest(self) -> bytes:
        """keccak(abi.encode(member, stream, number, root, size, start, anchoredAt, key))."""
        parts = (self.member, self.stream, self.number, self.root, self.size, self.start, self.anchored_at, self.key)
        return keccak(*(word(p) for p in parts))

    def batch(self) -> tuple[bytes, int, int]:
        """Which batch it is of."""
        return self.member, self.stream, self.number


@dataclass(frozen=True)
class Attestation:
    """A header, where it is anchored, and what opens its subject tag."""

    header: Header
    anchor: Anchor
    index: int
    path: list[bytes]
    subject_key: bytes
    digest: bytes

    def position(self) -> int:
        """start + index (clause 7)."""
        return self.anchor.start + self.index

    def opens_to(self, credit_code: str) -> bool:
        """Whether the subject tag is that of this credit code (clause 6)."""
        return tagged(0x30, self.subject_key, credit_code.encode()) == self.header.subject_tag


def read(value: Any) -> Attestation:
    """The JSON of an attestation (clause 17)."""
    members(value, "header anchor index path subject_key")
    header, anchor = read_header(value["header"]), read_anchor(value["anchor"])
    index, path = integer(value["index"]), read_path(value["path"])
    return Attestation(header, anchor, index, path, octets(value["subject_key"], 32), header.digest())


def read_path(value: Any) -> list[bytes]:
    """Siblings of 32 bytes, from the leaf upwards."""
    return [octets(sibling, 32) for sibling in items(value, MAX_SIBLINGS)]


def _day(value: Any) -> int:
    """A day that the header has room for: u32 days from 1970-01-01 on."""
    days = values.day(value)
    need(days >= 0, "value_out_of_range")
    return days


def read_header(value: Any) -> Header:
    """The JSON of a header."""
    days, hashes = ("as_of", "period_from", "period_to"), ("schema_id", "fields_root", "subject_tag", "issuer")
    members(value, " ".join((*hashes, *days, "issued_at valid_until supersedes chain_id anchor_registry")))
    return Header(
        *(octets(value[name], 32) for name in hashes),
        integer(value["issued_at"]),
        integer(value["valid_until"]),
        *(_day(value[name]) for name in days),
        octets(value["supersedes"], 32),
        integer(value["chain_id"]),
        octets(value["anchor_registry"], 20),
    )


def read_anchor(value: Any) -> Anchor:
    """The JSON of an anchor."""
    members(value, "member stream number root size start anchored_at key")
    return Anchor(
        octets(value["member"], 32),
        integer(value["stream"], 0, 255),
        integer(value["number"], 1),
        octets(value["root"], 32),
        integer(value["size"], 1, MAX_SIZE),
        integer(value["start"]),
        integer(value["anchored_at"]),
        octets(value["key"], 20),
    )


def check_place(attestation: Attestation) -> None:
    """Rule 3: the place in the batch."""
    anchor, path = attestation.anchor, attestation.path
    need(anchor.size >= 1 and 0 <= attestation.index < anchor.size, "index_out_of_range")
    need(len(path) == depth_of(anchor.size), "path_length")
    need(all(len(sibling) == 32 for sibling in path), "sibling_length")
    leaf = tagged(0x04, attestation.digest)
    need(tree_root(leaf, attestation.index, path, 0x05) == anchor.root, "not_in_batch")


def batch_struct(anchor: Anchor, previous_root: bytes, superseded_digest: bytes, deadline: int) -> bytes:
    """hashStruct of what the member's key signs (clause 7)."""
    numbers = (anchor.member, anchor.stream, anchor.number, anchor.root, anchor.size)
    return struct_hash(BATCH, *numbers, previous_root, superseded_digest, deadline)
