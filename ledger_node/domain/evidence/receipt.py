"""The receipt of an answer: a member signs which answer it gave, as a whole.

What an answer proves needs no receipt. A receipt binds what only the answering instance can say: that these
are all the claims that were asked, why one of them cannot be told, by which schemas they are read, and which use
was counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.signature import SIGNATURE_BYTES, parse_address

_ANSWER_TAG: Final = b"\x60"
_RECEIPT_TYPE: Final = keccak(b"AnswerReceipt(bytes32 member,bytes32 use,bytes32 blockHash,bytes32 answer)")
_MAX_DAYS: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class AnswerReceipt:
    """Who answered, under which recorded use, and what age of data the bank allowed (days, None for any)."""

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
        record = JsonObject(value, "receipt")
        receipt = cls(
            member=record.blob("member"),
            key=parse_address(record.take("key"), "key"),
            use=record.blob("use"),
            max_age_days=None if record.is_null("max_age_days") else record.integer("max_age_days", high=_MAX_DAYS),
            signature=record.blob("signature", length=SIGNATURE_BYTES),
        )
        record.done()
        return receipt


def receipt_digest(
    presentation: JSON,
    schemas: Sequence[bytes],
    *,
    member: bytes,
    use: bytes,
    block_hash: bytes,
    max_age_days: int | None,
    domain: SigningDomain,
) -> bytes:
    """Return what the answering member signs (EIP-712 under the ConsentRegistry's domain).

    Args:
        presentation: JSON form of the answer's presentation, its attestations by rising digest.
        schemas: ids of the schemas that its claims are read by, in the order of their names and versions.
        member: id of the member that answers.
        use: id of the use that was recorded for this answer.
        block_hash: hash of the block that the answer holds at.
        max_age_days: what the bank demanded of the data's age.
        domain: where the signature counts.
    """
    said: JSON = {
        "max_age_days": max_age_days,
        "presentation": presentation,
        "schemas": [to_hex(schema) for schema in schemas],
    }
    answer = keccak(_ANSWER_TAG + encode(said))
    return domain.digest(keccak(_RECEIPT_TYPE + member + use + block_hash + answer))
