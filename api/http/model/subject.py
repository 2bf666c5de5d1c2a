"""Subjects: who controls them, who did, and how control changes hands."""

from typing import Annotated, Final, Literal

from pydantic import Field

from api.http.model.base import AnswerModel, Count, Hex32, HexText, RequestModel, Strict, Time, shown, whole
from api.http.model.controller import ControllerKeys, Controllers, SignatureJson, Signatures, Threshold
from api.services.subject.controller_change import ChangeKind
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.reason import Reason

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


class ControllerEntry(AnswerModel):
    """Who controls a subject from ``since`` on; null where the ledger does not hold the entry yet."""

    entry: Count
    since: Time | None
    by: Literal["registration", "rotation", "recovery"]
    recovery: Annotated[int | None, Field(description="number of the recovery that it completed")]
    controllers: Controllers
    commitment: HexText
    signatures: Annotated[list[SignatureJson], Field(description="those on a rotation")]


class PendingRecovery(AnswerModel):
    """A recovery that waits; ``controllers`` is null where it was requested at another instance."""

    number: Count
    commitment: HexText
    requested_at: Time
    completable_at: Time
    controllers: Controllers | None


class RefusedChange(AnswerModel):
    """A change of controllers that was refused. ``number``: of the entry or of the recovery."""

    subject: HexText
    change: ChangeKind
    number: Count
    commitment: HexText
    reason: Reason
    time: Time


class Subject(ControllerEntry):
    """A subject: its present controllers, their predecessors, and the recovery that is pending."""

    subject: HexText
    registration: HexText
    history: list[ControllerEntry]
    pending_recovery: PendingRecovery | None
    refused: Annotated[list[RefusedChange], shown([])]


class Rotation(RequestModel):
    """New controllers, by the signatures of the present ones."""

    controllers: ControllerKeys
    threshold: Threshold
    salt: Annotated[Hex32, Field(description="random; it hides the controllers in their commitment")]
    entry: Annotated[int, whole(low=1, high=MAX_ENTRY), Field(description="one more than the present entry")]
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


class RequestedRecovery(AnswerModel):
    """A recovery that was requested; times are null until the ledger holds it."""

    subject: Hex32
    number: Count
    commitment: Hex32
    requested_at: Time | None
    completable_at: Time | None


class Cancellation(RequestModel):
    """The signature of a present controller; the registrar needs none for what it requested itself."""

    signatures: Signatures | None = None


class CancelledRecovery(AnswerModel):
    """A recovery that was called off."""

    subject: Hex32
    number: Count
    state: Literal["cancelled"] = "cancelled"


class Completion(RequestModel):
    """Nothing: the path says it all."""


class CompletedRecovery(AnswerModel):
    """A subject whose recovered controllers are in force."""

    subject: Hex32
    number: Count
    entry: Count
    since: Time | None
    commitment: Hex32
