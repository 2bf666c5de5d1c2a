"""What is signed about a consent or request besides its terms: by controllers in words, and by its keys for the chain.

Controllers sign statements, which people read and evidence shows. The fresh keys of a consent sign for the contract:
the steward key words the grant and each change, the answer key answers a request. What the steward key signs binds
what controllers signed by its digest, so nobody signs later for what was recorded without them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, Self

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.consent import signatures_from_json
from ledger_node.domain.eip712 import SigningDomain, text_word, uint_word
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.subject import MAX_CONTROLLERS, Controllers, Signature, signature_to_json

NO_WORD: Final = bytes(HASH_BYTES)
"""In the place of a digest of controllers' words: there is none."""
NO_CONSENT: Final = bytes(HASH_BYTES)
"""In the place of a consent's id in an answer: the request is refused."""
_SECRET_TAG: Final = b"\x40"
_SIGNATURES_TAG: Final = b"\x41"
_WORD_TAG: Final = b"\x42"
_WITHDRAWAL_TYPE: Final = keccak(b"ConsentWithdrawal(bytes32 consent,string statement)")
_REFUSAL_TYPE: Final = keccak(b"ConsentRefusal(bytes32 request,string statement)")
_CHANGE_TYPE: Final = keccak(b"ConsentChange(bytes32 consent,uint24 number,string statement)")
_GRANT_TYPE: Final = keccak(b"Grant(bytes32 consent,bytes32 signaturesDigest)")
_ANSWER_TYPE: Final = keccak(b"Answer(bytes32 request,bytes32 consent)")
_STEWARD_TYPE: Final = keccak(b"Change(bytes32 consent,uint24 number,uint8 kind,bytes32 wordDigest)")
WITHDRAWAL_STATEMENT: Final = "I withdraw this consent. 我撤回本授权。"
REFUSAL_STATEMENT: Final = "I refuse this request. 我拒绝本申请。"


class Change(StrEnum):
    """What a subject does with a running consent, short of withdrawing it."""

    PAUSE = "pause"
    RESUME = "resume"

    @property
    def statement(self) -> str:
        """The sentence that controllers sign."""
        return _CHANGE_STATEMENTS[self]

    @property
    def kind(self) -> "ChangeKind":
        """What the steward key signs for it."""
        return {Change.PAUSE: ChangeKind.PAUSE, Change.RESUME: ChangeKind.RESUME}[self]


class ChangeKind(IntEnum):
    """What the steward key signs after the grant."""

    PAUSE = 1
    RESUME = 2
    WITHDRAW = 3


_CHANGE_STATEMENTS: Final = {
    Change.PAUSE: "I pause this consent. 我暂停本授权。",
    Change.RESUME: "I resume this consent. 我恢复本授权。",
}


@dataclass(frozen=True, slots=True)
class SignedAct:
    """What controllers signed after the grant, and who they were."""

    controllers: Controllers
    signatures: tuple[Signature, ...]

    @property
    def digest(self) -> bytes:
        """H(0x42 || canonical JSON), of signatures in their one form: what the steward key binds to a change."""
        return keccak(_WORD_TAG + encode(self.to_json()))

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "controllers": self.controllers.to_json(),
            "signatures": [signature_to_json(signature) for signature in self.signatures],
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "word") as record:
            controllers = Controllers.from_json(record.take("controllers"))
            return cls(controllers, signatures_from_json(record.items("signatures", max_items=MAX_CONTROLLERS)))


def withdrawal_hash(secret: bytes) -> bytes:
    """Return H(0x40 || secret); whoever shows the 32-byte secret withdraws the consent."""
    return keccak(_SECRET_TAG + secret)


def signatures_digest(signatures: Sequence[Signature]) -> bytes:
    """Return H(0x41 || canonical JSON of the list): what a grant binds; the signatures stand in their one form."""
    return keccak(_SIGNATURES_TAG + encode([signature_to_json(signature) for signature in signatures]))


def grant_hash(withdrawal: bytes, signatures: bytes) -> bytes:
    """Return what the chain keeps of a grant: keccak(abi.encode(withdrawalHash, signaturesDigest))."""
    return keccak(withdrawal + signatures)


def withdrawal_digest(consent_id: bytes, domain: SigningDomain) -> bytes:
    """Return what controllers sign to withdraw a consent without its secret (EIP-712)."""
    return domain.digest(keccak(_WITHDRAWAL_TYPE + consent_id + text_word(WITHDRAWAL_STATEMENT)))


def refusal_digest(request_id: bytes, domain: SigningDomain) -> bytes:
    """Return what controllers sign to refuse a request (EIP-712)."""
    return domain.digest(keccak(_REFUSAL_TYPE + request_id + text_word(REFUSAL_STATEMENT)))


def change_digest(consent_id: bytes, change: Change, number: int, domain: SigningDomain) -> bytes:
    """Return what controllers sign to pause or resume a consent (EIP-712); ``number`` makes it count once."""
    return domain.digest(keccak(_CHANGE_TYPE + consent_id + uint_word(number) + text_word(change.statement)))


def grant_digest(consent_id: bytes, signatures: bytes, domain: SigningDomain) -> bytes:
    """Return what the steward key signs for a grant; ``signatures``: the digest of the controllers' signatures."""
    return domain.digest(keccak(_GRANT_TYPE + consent_id + signatures))


def answer_digest(request_id: bytes, consent_id: bytes, domain: SigningDomain) -> bytes:
    """Return what the answer key signs; ``consent_id``: ``NO_CONSENT`` for a refusal."""
    return domain.digest(keccak(_ANSWER_TYPE + request_id + consent_id))


def steward_digest(consent_id: bytes, number: int, kind: ChangeKind, word: bytes, domain: SigningDomain) -> bytes:
    """Return what the steward key signs for the ``number``th change; ``word``: the digest of the controllers' word."""
    return domain.digest(keccak(_STEWARD_TYPE + consent_id + uint_word(number) + uint_word(kind) + word))
