"""Subjects: a random id, and a hiding commitment to the controllers who sign for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from ledger_node.domain.canonical import JSON
from ledger_node.domain.eip712 import SigningDomain, text_word, uint_word
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES, parse_address, recover

MAX_CONTROLLERS: Final = 16
_SECP256K1: Final = b"\x01"
_ROTATION_TYPE: Final = keccak(b"ControllerRotation(bytes32 subject,uint64 entry,bytes32 commitment,string statement)")
_CANCELLATION_TYPE: Final = keccak(
    b"RecoveryCancellation(bytes32 subject,uint64 number,bytes32 commitment,string statement)"
)
ROTATION_STATEMENT: Final = "I hand control of this subject to new controllers. 我将本主体的控制权交给新的控制人。"
CANCELLATION_STATEMENT: Final = (
    "I still control this subject; cancel this recovery. 我仍控制本主体，请取消本次控制权恢复。"
)

ControllerKey: TypeAlias = bytes | Passkey
"""The 20-byte address of a secp256k1 key, or a passkey."""
Signature: TypeAlias = bytes | Assertion
"""65 bytes r || s || v by a secp256k1 key, or a passkey's assertion."""


@dataclass(frozen=True, slots=True)
class Controllers:
    """Who signs for a subject: keys in their order, how many of them must sign, and the hiding salt."""

    keys: tuple[ControllerKey, ...]
    threshold: int
    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse sets that nobody or anybody could sign for, and a key that would count twice."""
        different = {key.public_key if isinstance(key, Passkey) else key for key in self.keys}
        if not 1 <= len(self.keys) <= MAX_CONTROLLERS or len(different) != len(self.keys):
            raise InvalidInputError(
                Reason.REQUEST_INVALID,
                f"a subject has 1 to {MAX_CONTROLLERS} different controllers",
                field="controllers",
            )
        if not 1 <= self.threshold <= len(self.keys):
            raise InvalidInputError(
                Reason.REQUEST_INVALID,
                "the threshold lies between 1 and the number of controllers",
                field="threshold",
            )

    @property
    def commitment(self) -> bytes:
        """H(0x31 || salt || u8 threshold || u8 n || (0x01 || 20-byte address or 0x02 || 32 rpIdHash || 64 key) …)."""
        body = b"".join(key.encoded if isinstance(key, Passkey) else _SECP256K1 + key for key in self.keys)
        return keccak(b"\x31" + self.salt + bytes([self.threshold, len(self.keys)]) + body)

    def same_signers(self, other: "Controllers") -> bool:
        """Return whether the same keys sign under the same threshold; their order and the salt do not matter."""
        return set(self.keys) == set(other.keys) and self.threshold == other.threshold

    def require_signatures(self, digest: bytes, signatures: Sequence[Signature]) -> None:
        """Require that enough different controllers signed ``digest``.

        Raises:
            VerificationError: ``signer_repeated``, ``threshold_not_met``, or a signature does not check.
        """
        self._require(digest, signatures, self.threshold)

    def in_one_form(self, digest: bytes, signatures: Sequence[Signature]) -> tuple[Signature, ...]:
        """Return exactly as many signatures as must sign, in the order of their keys in the set.

        Raises:
            VerificationError: as ``require_signatures``.
        """
        by_key = self._require(digest, signatures, self.threshold)
        chosen = [by_key[key] for key in self.keys if key in by_key][: self.threshold]
        return tuple(one.in_one_form() if isinstance(one, Assertion) else one for one in chosen)

    def require_one_form(self, digest: bytes, signatures: Sequence[Signature]) -> None:
        """Require that ``signatures`` are what ``in_one_form`` returns of them.

        Raises:
            VerificationError: ``not_canonical``, or as ``require_signatures``.
        """
        if tuple(signatures) != self.in_one_form(digest, signatures):
            raise VerificationError(
                Reason.NOT_CANONICAL, "exactly as many controllers as must sign are shown, in the order of the set"
            )

    def require_any_signature(self, digest: bytes, signatures: Sequence[Signature]) -> None:
        """Require that at least one controller signed ``digest``, whatever the threshold.

        Raises:
            VerificationError: ``signer_repeated``, ``threshold_not_met``, or a signature does not check.
        """
        self._require(digest, signatures, 1)

    def require_signers(self, signers: Sequence[ControllerKey]) -> None:
        """Require that signatures by these keys would be enough, before any of them signs.

        Raises:
            VerificationError: ``signer_repeated``, ``signer_not_controller`` or ``threshold_not_met``.
        """
        if len(set(signers)) < len(signers):
            raise VerificationError(Reason.SIGNER_REPEATED, "a controller signed twice; one counts")
        if not set(signers) <= set(self.keys):
            raise VerificationError(
                Reason.SIGNER_NOT_CONTROLLER, "a signature is by a key that does not control the subject"
            )
        self._require_enough(len(signers), self.threshold)

    def _require(self, digest: bytes, signatures: Sequence[Signature], needed: int) -> dict[ControllerKey, Signature]:
        """Return the signatures by who made them, in their order."""
        signers: dict[ControllerKey, Signature] = {}
        for signature in signatures[: MAX_CONTROLLERS + 1]:
            signer = self._signer(digest, signature)
            if signer in signers:
                raise VerificationError(Reason.SIGNER_REPEATED, "a controller signed twice; one counts")
            signers[signer] = signature
        self._require_enough(len(signers), needed)
        return signers

    @staticmethod
    def _require_enough(signers: int, needed: int) -> None:
        if signers < needed:
            raise VerificationError(Reason.THRESHOLD_NOT_MET, f"{needed} controllers must sign, {signers} did")

    def _signer(self, digest: bytes, signature: Signature) -> ControllerKey:
        if isinstance(signature, Assertion):
            return signature.require_signer(digest, [key for key in self.keys if isinstance(key, Passkey)])
        signer = recover(digest, signature)
        if signer not in self.keys:
            raise VerificationError(
                Reason.SIGNER_NOT_CONTROLLER, "a signature is by a key that does not control the subject"
            )
        return signer

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, which evidence carries: ``addresses``, or ``keys`` where there are passkeys."""
        name = "keys" if any(isinstance(key, Passkey) for key in self.keys) else "addresses"
        return {name: keys_to_json(self.keys), "threshold": self.threshold, "salt": to_hex(self.salt)}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "controllers") as record:
            keys: tuple[ControllerKey, ...]
            if "keys" in record:
                keys = keys_from_json(record.items("keys", max_items=MAX_CONTROLLERS))
            else:
                items = record.items("addresses", max_items=MAX_CONTROLLERS)
                keys = tuple(parse_address(item, "controllers") for item in items)
            return cls(keys, record.integer("threshold", high=MAX_CONTROLLERS), record.blob("salt"))


def keys_to_json(keys: Sequence[ControllerKey]) -> list[JSON]:
    """Return keys as JSON: an address is a text, a passkey an object."""
    return [key.to_json() if isinstance(key, Passkey) else to_hex(key) for key in keys]


def keys_from_json(items: Sequence[JSON]) -> tuple[ControllerKey, ...]:
    """Read keys that are addresses or objects of kind passkey.

    Raises:
        InvalidInputError: one of them is neither.
    """
    return tuple(
        Passkey.from_json(item) if isinstance(item, Mapping) else parse_address(item, "controllers") for item in items
    )


def signature_to_json(signature: Signature) -> JSON:
    """Return a signature as JSON: 65 bytes are a text, an assertion an object."""
    return signature.to_json() if isinstance(signature, Assertion) else to_hex(signature)


def signature_from_json(item: JSON) -> Signature:
    """Read a signature: 0x and 130 hexadecimal digits, or an assertion.

    Raises:
        InvalidInputError: it is neither.
    """
    if isinstance(item, Mapping):
        return Assertion.from_json(item)
    return from_hex(item, "signature", length=SIGNATURE_BYTES)


def rotation_digest(subject: bytes, entry: int, commitment: bytes, domain: SigningDomain) -> bytes:
    """Return what the present controllers sign so that ``commitment`` becomes entry number ``entry`` (EIP-712)."""
    words = subject + uint_word(entry) + commitment + text_word(ROTATION_STATEMENT)
    return domain.digest(keccak(_ROTATION_TYPE + words))


def cancellation_digest(subject: bytes, number: int, commitment: bytes, domain: SigningDomain) -> bytes:
    """Return what one controller signs to cancel recovery ``number`` of a subject to ``commitment`` (EIP-712)."""
    words = subject + uint_word(number) + commitment + text_word(CANCELLATION_STATEMENT)
    return domain.digest(keccak(_CANCELLATION_TYPE + words))


DECOY: Final = Controllers((bytes(20),), 1, bytes(32))
"""Controllers in the place of unknown ones; nobody has the key of address zero."""
