"""Subjects: their controllers, what these sign, and how control changes hands."""

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field

from api.http.model.base import (
    EXAMPLE,
    AnswerModel,
    Count,
    Hex32,
    HexText,
    RequestModel,
    SignatureText,
    Strict,
    Time,
    absent,
    example,
    missing_member,
    opened,
    shown,
    whole,
)
from api.services.subject.controller_change import ChangeKind
from ledger_node.domain.consent import signatures_from_json
from ledger_node.domain.controller_act import MAX_DEADLINE, Hold
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import MAX_CONTROLLERS, MAX_PERSON, Controller, Signature, keys_from_json

MAX_SIGNATURES: Final = 16
_Bytes: TypeAlias = Annotated[str, Field(pattern="^0x([0-9a-f]{2})*$", examples=["0x5a5a"])]
ADDRESS_EXAMPLE: Final = "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"
PASSKEY_EXAMPLE: Final[dict[str, Any]] = {
    "rp_id_hash": "0x" + "77" * 32,
    # the base point of the curve (SEC 2), which is the public key of the private key 1
    "public_key": "0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
}
_KEY_EXAMPLES: Final[list[Any]] = [
    {"person": 1, "address": ADDRESS_EXAMPLE},
    {"person": 2, "passkey": PASSKEY_EXAMPLE},
]


class Passkey(AnswerModel, json_schema_extra={EXAMPLE: PASSKEY_EXAMPLE}):
    """A P-256 key that an authenticator made for one domain."""

    rp_id_hash: Annotated[HexText, Field(description="SHA-256 of the domain that the passkey was made for")]
    public_key: Annotated[str, Field(pattern="^0x[0-9a-f]{128}$", description="point of P-256: x, then y")]


class ControllerKey(AnswerModel, json_schema_extra={EXAMPLE: _KEY_EXAMPLES[0]}):
    """A controller's key, an address or a passkey, and the number of the person who holds it."""

    person: Annotated[int, Field(ge=1, le=MAX_PERSON, description="two keys of one person have one number")]
    address: Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")] = absent()
    passkey: Passkey = absent()


class Assertion(AnswerModel, json_schema_extra={}):
    """A WebAuthn assertion of a passkey, with the digest as its challenge."""

    authenticator_data: _Bytes
    client_data_json: _Bytes
    signature: Annotated[_Bytes, Field(description="ES256, in DER or as 64 bytes r, s")]


class Controllers(
    AnswerModel,
    json_schema_extra=example({"keys": _KEY_EXAMPLES, "threshold": 1, "salt": "0x" + "5a" * 32}, opened),
):
    """Who controls a subject: ``threshold`` of the persons who hold ``keys`` sign."""

    keys: list[ControllerKey]
    threshold: int
    salt: HexText


SignatureJson: TypeAlias = SignatureText | Assertion
"""A signature as answers show it."""
SignatureList: TypeAlias = Annotated[list[SignatureJson], Field(max_length=MAX_SIGNATURES), shown(["0x" + "5a" * 65])]


def _signatures(record: JsonObject, name: str) -> tuple[Signature, ...]:
    return signatures_from_json(record.items(name, max_items=MAX_SIGNATURES))


def _keys(record: JsonObject, name: str) -> tuple[Controller, ...]:
    keys = keys_from_json(record.items(name, max_items=MAX_CONTROLLERS))
    if any(isinstance(each.key, bytes) and not any(each.key) for each in keys):
        raise InvalidInputError(Reason.REQUEST_INVALID, "the zero address is nobody's", field="controllers")
    return keys


Signatures: TypeAlias = Annotated[tuple[Signature, ...], Strict(_signatures, SignatureList)]
"""Signatures of controllers, as requests bring them."""
ControllerKeys: TypeAlias = Annotated[
    tuple[Controller, ...],
    Strict(
        _keys,
        Annotated[
            list[ControllerKey],
            Field(min_length=1, max_length=MAX_CONTROLLERS, json_schema_extra={EXAMPLE: _KEY_EXAMPLES}),
        ],
    ),
]
"""The keys of a set and who holds them, as requests bring them."""
Threshold: TypeAlias = Annotated[
    int, whole(low=1, high=MAX_CONTROLLERS), Field(description="how many persons must sign")
]
Deadline: TypeAlias = Annotated[
    int, whole(low=1, high=MAX_DEADLINE), Field(description="the last second at which the signatures are good")
]

MAX_ENTRY: Final = 2**32 - 1
CreditCode = Annotated[
    str,
    Strict(
        lambda record, name: parse_credit_code(record.take(name)),
        Annotated[
            str,
            Field(
                description="unified social credit code: 18 characters, the last one a check character (GB 32100)",
                examples=["91990000MABYF3008C"],
            ),
        ],
    ),
]


class NewSubject(RequestModel):
    """A firm and the keys of those who may sign for it."""

    credit_code: CreditCode
    controllers: ControllerKeys
    threshold: Threshold


class RegisteredSubject(AnswerModel):
    """A subject that is registered."""

    subject: Hex32
    commitment: Hex32
    threshold: Count
    registration: Hex32


EntryOrigin: TypeAlias = Literal["registration", "rotation", "recovery"]


class ControllerEntry(AnswerModel):
    """Who controls a subject from ``since`` on; null where the ledger does not hold the entry yet."""

    entry: Count
    since: Time | None
    by: EntryOrigin
    recovery: Annotated[int | None, Field(description="number of the recovery that it completed")]
    controllers: Controllers
    commitment: HexText
    signatures: Annotated[list[SignatureJson], Field(description="those on a rotation")]


class PendingRecovery(AnswerModel):
    """A recovery that waits; ``controllers`` is null where it was requested at another instance."""

    number: Count
    commitment: HexText
    completable_at: Time
    lapses_at: Annotated[Time, Field(description="when it is pending no more")]
    needed_to_cancel: Annotated[
        int | None,
        Field(description="how many persons must sign to cancel it now; null where that set is unknown", examples=[1]),
    ]
    controllers: Controllers | None


class RefusedChange(AnswerModel):
    """A change of controllers that was refused. ``number``: of the entry or of the recovery."""

    subject: HexText
    change: ChangeKind
    number: Count
    commitment: HexText
    reason: Reason
    time: Time


class Subject(AnswerModel):
    """A subject: its present controllers, their predecessors, the recovery that is pending, and whether it is held.

    ``controllers`` is null where the ledger shows a set that this instance does not know: others brought it there.
    Where no entry counts, because a registrar's key is compromised, ``entry`` and all that is of it are null.
    """

    subject: HexText
    entry: Count | None
    since: Time | None
    by: EntryOrigin | None
    recovery: Annotated[int | None, Field(description="number of the recovery that it completed")]
    controllers: Controllers | None
    commitment: HexText | None
    signatures: Annotated[list[SignatureJson], Field(description="those on a rotation")]
    next_entry: Annotated[int, Field(description="the entry that a rotation is signed for", examples=[1])]
    held_until: Annotated[Time | None, Field(description="when its last hold ends or ended; null if there was none")]
    next_hold: Annotated[int, Field(description="the number that a hold is signed for", examples=[1])]
    registration: HexText
    history: list[ControllerEntry]
    pending_recovery: PendingRecovery | None
    refused: Annotated[list[RefusedChange], shown([])]


class Rotation(RequestModel):
    """New controllers, by the signatures of the present ones."""

    controllers: ControllerKeys
    threshold: Threshold
    salt: Annotated[Hex32, Field(description="random; it hides the controllers in their commitment")]
    entry: Annotated[int, whole(low=1, high=MAX_ENTRY), Field(description="next_entry of the subject")]
    deadline: Deadline
    signatures: Signatures


class RotatedSubject(AnswerModel):
    """A subject with new controllers."""

    subject: Hex32
    entry: Count
    since: Time | None
    commitment: Hex32


class NewRecovery(RequestModel):
    """Controllers for a firm that lost its keys."""

    controllers: ControllerKeys
    threshold: Threshold


class Recovery(AnswerModel):
    """Which recovery of which subject."""

    subject: Hex32
    number: Count


class RequestedRecovery(Recovery):
    """A recovery that was requested; its time is null until the ledger holds it."""

    commitment: Hex32
    completable_at: Time | None


class SignedUnlessRegistrar(RequestModel):
    """Signatures of present controllers, good until a deadline; the registrar sends neither."""

    signatures: Signatures | None = None
    deadline: Deadline | None = None

    def signed(self) -> tuple[tuple[Signature, ...], int] | None:
        """Return signatures and deadline, or None for neither.

        Raises:
            InvalidInputError: ``field_missing``; one is there without the other.
        """
        if self.signatures is None and self.deadline is None:
            return None
        for name in ("signatures", "deadline"):
            if getattr(self, name) is None:
                raise missing_member(name)
        return self.signatures or (), self.deadline or 0


class Cancellation(SignedUnlessRegistrar):
    """Signatures of present controllers; the registrar needs none for what it requested itself."""


class NewHold(SignedUnlessRegistrar):
    """The signature of any one present controller on the next hold; the registrar needs none."""

    number: Annotated[int, whole(low=1, high=MAX_ENTRY)] | None = None

    def act(self, subject: bytes) -> tuple[Hold, tuple[Signature, ...]] | None:
        """Return what was signed and by whom, or None for the registrar's own hold.

        Raises:
            InvalidInputError: ``field_missing``; not all is there.
        """
        signed = self.signed()
        if signed is None and self.number is None:
            return None
        if signed is None or self.number is None:
            raise missing_member("number" if self.number is None else "signatures")
        signatures, deadline = signed
        return Hold(subject, self.number, deadline), signatures


class HeldSubject(AnswerModel):
    """A subject that is held."""

    subject: Hex32
    number: Count
    until: Time


class CancelledRecovery(Recovery):
    """A recovery that was called off."""

    state: Literal["cancelled"] = "cancelled"


class Completion(RequestModel):
    """Nothing: the path says it all."""


class CompletedRecovery(RotatedSubject, Recovery):
    """A subject whose recovered controllers are in force."""
