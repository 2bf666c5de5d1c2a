"""Subjects: a random id, and a hiding commitment to the controllers who sign for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES, parse_address, recover

MAX_CONTROLLERS: Final = 16
MAX_PERSON: Final = 255
_SECP256K1: Final = b"\x01"

ControllerKey: TypeAlias = bytes | Passkey
"""The 20-byte address of a secp256k1 key, or a passkey."""
Signature: TypeAlias = bytes | Assertion
"""65 bytes r || s || v by a secp256k1 key, or a passkey's assertion."""


@dataclass(frozen=True, slots=True)
class Controller:
    """One key of a set, and the number of the person who holds it. What is counted is persons."""

    person: int
    key: ControllerKey

    @property
    def encoded(self) -> bytes:
        """u8 person || 0x01 || 20-byte address, or u8 person || 0x02 || 32 rpIdHash || 32 x || 32 y."""
        key = self.key.encoded if isinstance(self.key, Passkey) else _SECP256K1 + self.key
        return bytes([self.person]) + key

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        if isinstance(self.key, Passkey):
            return {"person": self.person, "passkey": self.key.to_json()}
        return {"person": self.person, "address": to_hex(self.key)}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "controller") as record:
            person = record.integer("person", low=1, high=MAX_PERSON)
            if "passkey" in record:
                return cls(person, Passkey.from_json(record.take("passkey")))
            return cls(person, parse_address(record.take("address"), "address"))


def each_person(keys: Iterable[ControllerKey]) -> tuple[Controller, ...]:
    """Return keys as those of so many different persons, numbered from 1."""
    return tuple(Controller(number, key) for number, key in enumerate(keys, start=1))


@dataclass(frozen=True, slots=True)
class Controllers:
    """Who signs for a subject: keys in their order, how many persons must sign, and the hiding salt."""

    keys: tuple[Controller, ...]
    threshold: int
    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse sets that nobody or anybody could sign for, and a key that stands twice."""
        keys = [each.key for each in self.keys]
        different = {key.public_key if isinstance(key, Passkey) else key for key in keys}
        if not 1 <= len(keys) <= MAX_CONTROLLERS or len(different) != len(keys):
            raise InvalidInputError(
                Reason.REQUEST_INVALID,
                f"a subject has 1 to {MAX_CONTROLLERS} different controllers",
                field="controllers",
            )
        if not 1 <= self.threshold <= len(self.persons):
            raise InvalidInputError(
                Reason.REQUEST_INVALID,
                "the threshold lies between 1 and the number of persons",
                field="threshold",
            )

    @property
    def persons(self) -> frozenset[int]:
        """The persons who hold the keys."""
        return frozenset(each.person for each in self.keys)

    @property
    def packed(self) -> bytes:
        """The keys in a row, as a set is shown on the chain."""
        return b"".join(each.encoded for each in self.keys)

    @property
    def commitment(self) -> bytes:
        """H(0x31 || salt || u8 threshold || u8 n || n keys), a key as in ``Controller.encoded``."""
        return keccak(b"\x31" + self.salt + bytes([self.threshold, len(self.keys)]) + self.packed)

    def same_signers(self, other: "Controllers") -> bool:
        """Return whether the same keys of the same persons sign under the same threshold, in any order."""
        return self.threshold == other.threshold and _by_person(self) == _by_person(other)

    def require_signatures(self, digest: bytes, signatures: Sequence[Signature], *, needed: int | None = None) -> None:
        """Require that enough different persons signed ``digest``: the threshold, or ``needed``.

        Raises:
            VerificationError: ``signer_repeated``, ``threshold_not_met``, or a signature does not check.
        """
        self._require(digest, signatures, self.threshold if needed is None else needed)

    def in_one_form(
        self, digest: bytes, signatures: Sequence[Signature], *, needed: int | None = None
    ) -> tuple[Signature, ...]:
        """Return the signatures of exactly as many persons as must sign, in the order of their keys in the set.

        Raises:
            VerificationError: as ``require_signatures``.
        """
        needed = self.threshold if needed is None else needed
        by_index = self._require(digest, signatures, needed)
        chosen = [by_index[index] for index in sorted(by_index)][:needed]
        return tuple(one.in_one_form() if isinstance(one, Assertion) else one for one in chosen)

    def require_one_form(self, digest: bytes, signatures: Sequence[Signature]) -> None:
        """Require that ``signatures`` are what ``in_one_form`` returns of them.

        Raises:
            VerificationError: ``not_canonical``, or as ``require_signatures``.
        """
        if tuple(signatures) != self.in_one_form(digest, signatures):
            raise VerificationError(
                Reason.NOT_CANONICAL, "exactly as many persons as must sign are shown, in the order of the set"
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
        persons = {each.key: each.person for each in self.keys}
        if not set(signers) <= persons.keys():
            raise _not_controller()
        signed = [persons[signer] for signer in signers]
        if len(set(signed)) < len(signed):
            raise _repeated()
        self._require_enough(len(signed), self.threshold)

    def signed_by(self, digest: bytes, signatures: Sequence[Signature], needed: int) -> list[tuple[int, Signature]]:
        """Return the signatures of at least ``needed`` persons with the places of their keys in the set, rising.

        Raises:
            VerificationError: as ``require_signatures``.
        """
        return sorted(self._require(digest, signatures, needed).items(), key=lambda placed: placed[0])

    def _require(self, digest: bytes, signatures: Sequence[Signature], needed: int) -> dict[int, Signature]:
        """Return the signatures by the places of the keys that made them."""
        places = {each.key: index for index, each in enumerate(self.keys)}
        signed: dict[int, Signature] = {}
        persons: set[int] = set()
        for signature in signatures[: MAX_CONTROLLERS + 1]:
            index = places[self._signer(digest, signature)]
            if self.keys[index].person in persons:
                raise _repeated()
            persons.add(self.keys[index].person)
            signed[index] = signature
        self._require_enough(len(signed), needed)
        return signed

    @staticmethod
    def _require_enough(persons: int, needed: int) -> None:
        if persons < needed:
            raise VerificationError(
                Reason.THRESHOLD_NOT_MET, f"{needed} persons must sign, and {persons} did; devices do not count"
            )

    def _signer(self, digest: bytes, signature: Signature) -> ControllerKey:
        keys = [each.key for each in self.keys]
        if isinstance(signature, Assertion):
            return signature.require_signer(digest, [key for key in keys if isinstance(key, Passkey)])
        signer = recover(digest, signature)
        if signer not in keys:
            raise _not_controller()
        return signer

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, which evidence carries."""
        return {"keys": keys_to_json(self.keys), "threshold": self.threshold, "salt": to_hex(self.salt)}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "controllers") as record:
            keys = keys_from_json(record.items("keys", max_items=MAX_CONTROLLERS))
            return cls(keys, record.integer("threshold", high=MAX_CONTROLLERS), record.blob("salt"))


def _by_person(controllers: Controllers) -> frozenset[frozenset[ControllerKey]]:
    # which number a person has says nothing
    return frozenset(
        frozenset(each.key for each in controllers.keys if each.person == person) for person in controllers.persons
    )


def _repeated() -> VerificationError:
    return VerificationError(Reason.SIGNER_REPEATED, "a person signed twice; one signature of each person counts")


def _not_controller() -> VerificationError:
    return VerificationError(Reason.SIGNER_NOT_CONTROLLER, "a signature is by a key that does not control the subject")


def keys_to_json(keys: Sequence[Controller]) -> list[JSON]:
    """Return the keys of a set as JSON: objects with a person's number and an address or a passkey."""
    return [key.to_json() for key in keys]


def keys_from_json(items: Sequence[JSON]) -> tuple[Controller, ...]:
    """Read the keys of a set.

    Raises:
        InvalidInputError: one of them is malformed.
    """
    return tuple(Controller.from_json(item) for item in items)


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


DECOY: Final = Controllers(each_person([bytes(20)]), 1, bytes(32))
"""Controllers in the place of unknown ones; nobody has the key of address zero."""
