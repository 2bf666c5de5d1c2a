"""The header of an attestation (CL1, header D): all but the values; and how a consented bank is shown it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Self

from ledger_node.domain.batch import Anchor
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.period import Period
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address
from ledger_node.domain.tree import MAX_DEPTH
from ledger_node.domain.value import format_date, parse_date

NO_PREDECESSOR: Final = bytes(HASH_BYTES)


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
        record = JsonObject(value, "header")
        header = cls(
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
        record.done()
        return header


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
        record = JsonObject(value, "attestation")
        shown = cls(
            header=Header.from_json(record.take("header")),
            anchor=Anchor.from_json(record.take("anchor")),
            index=record.integer("index"),
            path=tuple(from_hex(item, "path") for item in record.items("path", max_items=MAX_DEPTH)),
            subject_key=record.blob("subject_key"),
        )
        record.done()
        return shown


def _day(record: JsonObject, name: str) -> int:
    day = parse_date(record.take(name), name)
    if day < 0:
        # D holds days as u32
        raise InvalidInputError(Reason.VALUE_OUT_OF_RANGE, f"'{name}' lies before 1970-01-01", field=name)
    return day
