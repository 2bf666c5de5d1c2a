"""Receipts: what happened to a consent and where the ledger recorded it, signed to check offline (CL1, receipts).

The member that relayed it and keeps the access log signs. A receipt carries its basis, which is what the act
rests on: the terms with the controllers' signatures, and their signed word or the secret where more was needed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final, Self

from ledger_node.domain.canonical import JSON, decode, encode
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.consent_act import SignedAct
from ledger_node.domain.consent_scope import MAX_SECONDS
from ledger_node.domain.eip712 import SigningDomain, text_word, uint_word
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.event import Inclusion
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.json_object import JsonObject, Versioned, member_of, to_hex
from ledger_node.domain.officer import MEMBER as OFFICER
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES, parse_address

FORMAT: Final = "credence-receipt/v2"
STATEMENT: Final = "This is recorded on the ledger. 本事项已记录于账本。"
MAX_BYTES: Final = 1 << 20
_NO_USE: Final = bytes(HASH_BYTES)
_UNSIGNED: Final = bytes(SIGNATURE_BYTES)
_BASIS_TAG: Final = b"\x70"
_TYPE: Final = keccak(
    b"Receipt(string act,bytes32 keeper,bytes32 id,bytes32 transaction,uint64 blockNumber,bytes32 blockHash,"
    b"uint64 blockTime,uint32 number,bytes32 use,bytes32 basis,string statement)"
)


class Act(StrEnum):
    """What there are receipts for."""

    GRANTED = "granted"
    REFUSED = "refused"
    PAUSED = "paused"
    RESUMED = "resumed"
    WITHDRAWN = "withdrawn"
    USED = "used"


_NEED_WORD: Final = (Act.REFUSED, Act.RESUMED)
_MAY_HAVE_OFFICER: Final = (Act.USED, Act.REFUSED)
_MAY_HAVE_WORD: Final = (Act.PAUSED, Act.WITHDRAWN)
"""The steward key alone pauses and withdraws; what controllers signed is shown where it was bound."""


@dataclass(frozen=True, slots=True)
class BankWord:
    """What the consent's spend key signed for a use, beside its number and ticket."""

    not_after: int
    signature: bytes = field(repr=False)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {"not_after": self.not_after, "signature": to_hex(self.signature)}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "use") as record:
            not_after = record.integer("not_after", high=MAX_SECONDS)
            return cls(not_after, record.blob("signature", length=SIGNATURE_BYTES))


@dataclass(frozen=True, slots=True)
class Basis:
    """What an act rests on: of a refusal what was asked for, of any other act the consent; and who signed for it.

    ``answer_key``: of a refusal, the address that the request's id binds. ``bank_word``: of a use. ``signed_act``: what
    controllers signed, which a pause and a withdrawal may lack. ``secret``: of a withdrawal by it; None where the
    ledger's transaction does not show it. Once a consent is withdrawn its secret opens nothing any more. ``officer``:
    of a use and a refusal, what a person of the bank signed when it asked; None where a program did.
    """

    about: ShownConsent | ConsentRequest
    signed_act: SignedAct | None = None
    secret: bytes | None = None
    answer_key: bytes | None = None
    bank_word: BankWord | None = None
    officer: OfficerSignature | None = None

    @property
    def asked(self) -> ConsentRequest:
        """What was granted or asked for."""
        return self.about.consent.asked if isinstance(self.about, ShownConsent) else self.about

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form; what there is none of is left out."""
        name = "consent" if isinstance(self.about, ShownConsent) else "request"
        shown: dict[str, JSON] = {name: self.about.to_json()}
        if self.answer_key is not None:
            shown["answer_key"] = to_hex(self.answer_key)
        if self.bank_word is not None:
            shown["use"] = self.bank_word.to_json()
        if self.signed_act is not None:
            shown["word"] = self.signed_act.to_json()
        if self.secret is not None:
            shown["secret"] = to_hex(self.secret)
        if self.officer is not None:
            shown[OFFICER] = self.officer.to_json()
        return shown

    @classmethod
    def from_json(cls, value: JSON, act: Act) -> Self:
        """Read the basis that an act has.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "basis") as record:
            about: ShownConsent | ConsentRequest
            signed_act = secret = answer_key = bank_word = None
            officer = OfficerSignature.taken_from(record) if act in _MAY_HAVE_OFFICER else None
            if act is Act.REFUSED:
                about = ConsentRequest.from_json(record.take("request"))
                answer_key = parse_address(record.take("answer_key"), "answer_key")
            else:
                about = ShownConsent.from_json(record.take("consent"))
            if act is Act.USED:
                bank_word = BankWord.from_json(record.take("use"))
            if act in _NEED_WORD or (act in _MAY_HAVE_WORD and "word" in record):
                signed_act = SignedAct.from_json(record.take("word"))
            elif act is Act.WITHDRAWN and "secret" in record:
                secret = record.blob("secret")
        return cls(about, signed_act, secret, answer_key, bank_word, officer)

    @property
    def digest(self) -> bytes:
        """H(0x70 || canonical JSON)."""
        return keccak(_BASIS_TAG + encode(self.to_json()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(Versioned):
    """One receipt. ``id``: the consent, of a refusal the request. ``domain``: the network and its ConsentRegistry.

    ``number`` says which change of the consent it was by its steward key, or the number of the use; else 0, as of a
    withdrawal by the secret. ``use``: the ticket of the use, which is its id.
    """

    version_member: ClassVar[str] = "format"
    format: ClassVar[str] = FORMAT
    readers: ClassVar[dict[str, Callable[[JSON], Any]]] = {}
    """By format."""

    domain: SigningDomain
    keeper: bytes
    act: Act
    id: bytes
    recorded: Inclusion
    number: int = 0
    use: bytes | None = None
    basis: Basis
    signature: bytes = _UNSIGNED

    @property
    def digest(self) -> bytes:
        """What the keeper signs (EIP-712); the receipt's own id."""
        at = self.recorded
        return self.domain.digest(
            keccak(
                _TYPE
                + text_word(self.act.value)
                + self.keeper
                + self.id
                + at.transaction
                + uint_word(at.block_number)
                + at.block_hash
                + uint_word(at.block_time)
                + uint_word(self.number)
                + (self.use or _NO_USE)
                + self.basis.digest
                + text_word(STATEMENT)
            )
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form; ``encode`` of it is the document."""
        at = self.recorded
        return {
            "format": self.format,
            "chain_id": self.domain.chain_id,
            "consent_registry": to_hex(self.domain.contract),
            "keeper": to_hex(self.keeper),
            "act": self.act.value,
            "id": to_hex(self.id),
            "transaction": to_hex(at.transaction),
            "block": {"number": at.block_number, "hash": to_hex(at.block_hash), "time": at.block_time},
            "number": self.number,
            "use": None if self.use is None else to_hex(self.use),
            "basis": self.basis.to_json(),
            "signature": to_hex(self.signature),
        }

    def to_bytes(self) -> bytes:
        """Return the document: canonical JSON (RFC 8785)."""
        return encode(self.to_json())

    @classmethod
    def read(cls, value: JSON) -> Self:
        """Read the JSON form of this version.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "receipt") as record:
            if record.text("format") != cls.format:
                raise InvalidInputError(
                    Reason.VALUE_MALFORMED, f"the format of a receipt is {cls.format}", field="format"
                )
            no_act = InvalidInputError(Reason.VALUE_MALFORMED, f"a receipt is for one of {', '.join(Act)}", field="act")
            act = member_of(Act, record.text("act"), no_act)
            with record.record("block") as at:
                block = (at.integer("number"), at.blob("hash"), at.integer("time"))
            receipt = cls(
                domain=SigningDomain(
                    record.integer("chain_id", low=1),
                    parse_address(record.take("consent_registry"), "consent_registry"),
                ),
                keeper=record.blob("keeper"),
                act=act,
                id=record.blob("id"),
                recorded=Inclusion(record.blob("transaction"), *block),
                number=record.integer("number", high=2**32 - 1),
                use=None if record.is_null("use") else record.blob("use"),
                basis=Basis.from_json(record.take("basis"), act),
                signature=record.blob("signature", length=SIGNATURE_BYTES),
            )
        _require_numbers(receipt)
        return receipt

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a document that is canonical to the byte.

        Raises:
            InvalidInputError: ``not_canonical``, or it is no receipt at all.
        """
        receipt = cls.from_json(decode(data, max_bytes=MAX_BYTES))
        if receipt.to_bytes() != data:
            raise InvalidInputError(
                Reason.NOT_CANONICAL,
                "the document was written anew since it was signed; keep a receipt byte for byte (RFC 8785)",
            )
        return receipt


Receipt.readers[FORMAT] = Receipt.read


def _require_numbers(receipt: Receipt) -> None:
    is_numbered = receipt.number > 0
    match receipt.act:
        case Act.PAUSED | Act.RESUMED | Act.USED:
            fits = is_numbered
        case Act.WITHDRAWN:
            # by the steward key as its change of this number, or by the secret
            fits = receipt.basis.signed_act is None or is_numbered
            fits = fits and not (receipt.basis.secret is not None and is_numbered)
        case _:
            fits = not is_numbered
    if not fits or (receipt.act is Act.USED) != (receipt.use is not None):
        raise InvalidInputError(
            Reason.VALUE_MALFORMED,
            "changes and uses are numbered from 1, and a use has a ticket; nothing else is, nor a withdrawal by secret",
        )
