"""The department's own signature over a batch: what makes an anchor its word, and not only the registry's."""

from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from ledger_node.domain.batch import Anchor, Batch
from ledger_node.domain.canonical import JSON
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES, recover

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
