"""Subjects: their controllers, what these sign, and how control changes hands."""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from api.http.model.base import (
    AnswerModel,
    Count,
    Hex32,
    HexText,
    RequestModel,
    Strict,
    Time,
    missing_member,
    shown,
    text,
    whole,
)
from api.http.model.controllers import ControllerKeys, Controllers, Deadline, SignatureJson, Signatures, Threshold
from api.services.subject.controller_change import ChangeKind
from ledger_node.domain.controller_act import Hold
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature

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

_RegisterAddress = Annotated[
    str, text(320, description="where the business register says that the firm is told: e-mail or mobile number")
]


class NewSubject(RequestModel):
    """A firm and the keys of those who may sign for it."""

    credit_code: CreditCode
    controllers: ControllerKeys
    threshold: Threshold
    register_address: Annotated[_RegisterAddress | None, Field(repr=False)] = None


class SubjectSearch(RequestModel):
    """The firm that is looked for."""

    credit_code: CreditCode


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


class WaitingRecovery(PendingRecovery):
    """A recovery that waits, and whose it is."""

    subject: HexText


class RecoveryList(AnswerModel):
    """The recoveries that wait, those first that can be completed first."""

    recoveries: list[WaitingRecovery]


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
