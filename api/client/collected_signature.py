"""Signatures that are collected: one file a signature, bound to the digest that it is over."""

from dataclasses import dataclass, field
from typing import Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature, signature_from_json, signature_to_json


@dataclass(frozen=True, slots=True)
class CollectedSignature:
    """A signature over ``digest`` by a key, or the assertion of a passkey."""

    digest: bytes
    signature: Signature = field(repr=False)

    def over(self, digest: bytes) -> Signature:
        """Return the signature if it is over ``digest``.

        Raises:
            VerificationError: ``challenge_mismatch``; it was made for something else.
        """
        if self.digest != digest:
            raise VerificationError(
                Reason.CHALLENGE_MISMATCH, "this signature is over another draft; sign this one with: credence sign"
            )
        return self.signature

    def to_json(self) -> dict[str, JSON]:
        """Return the content of its file."""
        return {"digest": to_hex(self.digest), "signature": signature_to_json(self.signature)}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read its file.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        record = JsonObject(value, "signature")
        collected = cls(record.blob("digest"), signature_from_json(record.take("signature")))
        record.done()
        return collected
