"""What controllers sign about their own subject, and how its id comes about (EIP-712 under the SubjectRegistry)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger_node.domain.eip712 import SigningDomain, address_word, text_word, uint_word
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.subject import Controllers, Signature
from ledger_node.domain.value import format_date

_SUBJECT_TAG: Final = keccak(b"credence-subject/v2")
_ROTATION_TYPE: Final = keccak(
    b"ControllerRotation(bytes32 subject,uint64 entry,bytes32 commitment,bytes32 textDigest,uint64 deadline,"
    b"string statement)"
)
_CANCELLATION_TYPE: Final = keccak(
    b"RecoveryCancellation(bytes32 subject,uint64 number,bytes32 commitment,uint64 deadline,string statement)"
)
_HOLD_TYPE: Final = keccak(b"SubjectHold(bytes32 subject,uint64 number,uint64 deadline,string statement)")
ROTATION_STATEMENT: Final = "I hand control of this subject to new controllers. 我将本主体的控制权交给新的控制人。"
CANCELLATION_STATEMENT: Final = (
    "I still control this subject; cancel this recovery. 我仍控制本主体，请取消本次控制权恢复。"
)
HOLD_STATEMENT: Final = "Hold this subject for 14 days. 请将本主体冻结十四天。"
SIGNING_TIME_S: Final = 2 * 86_400
"""How long what controllers sign about their subject is good by default."""
MAX_DEADLINE: Final = 2**37 - 1
_DAY, _HOUR, _MINUTE = 86_400, 3600, 60


def subject_id(domain: SigningDomain, registrar: bytes, commitment: bytes, salt: bytes) -> bytes:
    """Return the id of the subject that a registrar registers so; ``domain``: of the SubjectRegistry.

    keccak256(abi.encode(SUBJECT_TAG, chainid, SubjectRegistry, registrar, commitment, salt)).
    """
    words = uint_word(domain.chain_id) + address_word(domain.contract) + registrar + commitment + salt
    return keccak(_SUBJECT_TAG + words)


@dataclass(frozen=True, slots=True)
class Rotation:
    """The present controllers hand a subject to ``controllers``, who become entry number ``entry``.

    ``deadline``: the last second at which the signatures are good, on the chain. ``lines``: what they read on a page
    (``rotation_text``); without any they read what follows from the keys.
    """

    subject: bytes
    entry: int
    controllers: Controllers
    deadline: int
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What the present controllers read; its digest is signed."""
        if self.lines:
            return "".join(f"{line}\n" for line in self.lines)
        persons, threshold = len(self.controllers.persons), self.controllers.threshold
        sign = f"{threshold} of {persons} persons sign ({persons} 人中须 {threshold} 人签署)"
        return "\n".join(
            [
                ROTATION_STATEMENT,
                f"Subject 主体: {to_hex(self.subject)}",
                f"New entry 新条目: {self.entry}",
                f"New controllers 新的控制人: {sign}",
                *controller_lines(self.controllers),
                f"Good until 有效期至: {time_text(self.deadline)}",
            ]
        )

    @property
    def text_digest(self) -> bytes:
        """keccak256 of the text."""
        return text_word(self.text)

    def digest(self, domain: SigningDomain) -> bytes:
        """Return what the present controllers sign."""
        words = self.subject + uint_word(self.entry) + self.controllers.commitment + self.text_digest
        return domain.digest(keccak(_ROTATION_TYPE + words + uint_word(self.deadline) + text_word(ROTATION_STATEMENT)))


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Controllers call off recovery ``number`` of a subject to ``commitment``."""

    subject: bytes
    number: int
    commitment: bytes
    deadline: int

    def digest(self, domain: SigningDomain) -> bytes:
        """Return what controllers sign."""
        words = self.subject + uint_word(self.number) + self.commitment + uint_word(self.deadline)
        return domain.digest(keccak(_CANCELLATION_TYPE + words + text_word(CANCELLATION_STATEMENT)))


@dataclass(frozen=True, slots=True)
class Hold:
    """One controller stops everything but withdrawals for 14 days; ``number``: of the hold, from 1."""

    subject: bytes
    number: int
    deadline: int

    def digest(self, domain: SigningDomain) -> bytes:
        """Return what one controller signs."""
        words = self.subject + uint_word(self.number) + uint_word(self.deadline)
        return domain.digest(keccak(_HOLD_TYPE + words + text_word(HOLD_STATEMENT)))


def controller_lines(controllers: Controllers) -> list[str]:
    """Return the keys of a set in words, a key a line."""
    return [
        f"  person {each.person} 第 {each.person} 人: passkey 通行密钥 {to_hex(each.key.public_key)}"
        if isinstance(each.key, Passkey)
        else f"  person {each.person} 第 {each.person} 人: key 密钥 {to_hex(each.key)}"
        for each in controllers.keys
    ]


def chain_signatures(
    controllers: Controllers, digest: bytes, signatures: Sequence[Signature], needed: int
) -> list[tuple[int, bytes]]:
    """Return signatures as the SubjectRegistry takes them: places in the set, rising, and bytes.

    Raises:
        VerificationError: fewer than ``needed`` persons signed, a signature does not check, or
            (``signature_malformed``) the chain cannot check it.
    """
    return [
        (index, one.for_chain(digest) if isinstance(one, Assertion) else one)
        for index, one in controllers.signed_by(digest, signatures, needed)
    ]


def time_text(seconds: int) -> str:
    """Return a time to the second, in UTC."""
    rest = seconds % _DAY
    return f"{format_date(seconds // _DAY)} {rest // _HOUR:02}:{rest % _HOUR // _MINUTE:02}:{rest % _MINUTE:02} UTC"
