"""The header of an attestation (CL1, header D): everything but the values, shown to a consented bank."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.period import Period
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address
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


def _day(record: JsonObject, name: str) -> int:
    day = parse_date(record.take(name), name)
    if day < 0:
        # D holds days as u32
        raise InvalidInputError(Reason.VALUE_OUT_OF_RANGE, f"'{name}' lies before 1970-01-01", field=name)
    return day
