"""Subjects: a random id, and a hiding commitment to the controllers who sign for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record, to_hex
from ledger_node.domain.signature import parse_address, recover

MAX_CONTROLLERS: Final = 16
_SECP256K1: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class Controllers:
    """Who signs for a subject: addresses of secp256k1 keys, how many must sign, and the hiding salt."""

    addresses: tuple[bytes, ...]
    threshold: int
    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse sets that nobody or anybody could sign for."""
        if not 1 <= len(self.addresses) <= MAX_CONTROLLERS or len(set(self.addresses)) != len(self.addresses):
            raise InvalidInputError(
                Reason.REQUEST_INVALID,
                f"a subject has 1 to {MAX_CONTROLLERS} different controllers",
                field="controllers",
            )
        if not 1 <= self.threshold <= len(self.addresses):
            raise InvalidInputError(
                Reason.REQUEST_INVALID,
                "the threshold lies between 1 and the number of controllers",
                field="threshold",
            )

    @property
    def commitment(self) -> bytes:
        """H(0x31 || salt || u8 threshold || u8 n || (0x01 || 20-byte address) …), what the chain holds."""
        body = b"".join(_SECP256K1 + address for address in self.addresses)
        return keccak(b"\x31" + self.salt + bytes([self.threshold, len(self.addresses)]) + body)

    def require_signatures(self, digest: bytes, signatures: Sequence[bytes]) -> None:
        """Require that enough different controllers signed ``digest``.

        Raises:
            VerificationError: ``signature_malformed``, ``signer_not_controller``, ``signer_repeated`` or
                ``threshold_not_met``.
        """
        signers: set[bytes] = set()
        for signature in signatures[: MAX_CONTROLLERS + 1]:
            signer = recover(digest, signature)
            if signer not in self.addresses:
                raise VerificationError(
                    Reason.SIGNER_NOT_CONTROLLER, "a signature is by a key that does not control the subject"
                )
            if signer in signers:
                raise VerificationError(Reason.SIGNER_REPEATED, "a controller signed twice; one counts")
            signers.add(signer)
        if len(signers) < self.threshold:
            raise VerificationError(
                Reason.THRESHOLD_NOT_MET, f"{self.threshold} controllers must sign, {len(signers)} did"
            )

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, which evidence carries."""
        return {
            "addresses": [to_hex(address) for address in self.addresses],
            "threshold": self.threshold,
            "salt": to_hex(self.salt),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        record = Record(value, "controllers")
        addresses = tuple(
            parse_address(item, "controllers") for item in record.items("addresses", max_items=MAX_CONTROLLERS)
        )
        controllers = cls(addresses, record.integer("threshold", high=MAX_CONTROLLERS), record.blob("salt"))
        record.done()
        return controllers
