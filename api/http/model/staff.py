"""People of a member's staff, and what two of them released."""

from typing import Annotated, TypeAlias

from pydantic import Field

from api.http.model.base import (
    Address,
    AnswerModel,
    HexText,
    RequestModel,
    SignatureText,
    Strict,
    Time,
    absent,
    example,
    opened,
    text,
    whole,
)
from api.http.model.controllers import ADDRESS_EXAMPLE, Passkey, SignatureJson
from api.services.staff.person import StaffState
from api.services.staff.role import StaffRole
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES
from ledger_node.domain.staff_release import MAX_NUMBER, StaffAct

_MAX_ROLES = len(StaffRole)
_SIGNATURE = "0x" + "5a" * SIGNATURE_BYTES
StaffId: TypeAlias = Annotated[str, Field(pattern="^0x[0-9a-f]+$", examples=["0x" + "6b" * 16])]


def _roles(record: JsonObject, name: str) -> frozenset[StaffRole]:
    listed = record.items(name, max_items=_MAX_ROLES)
    try:
        return frozenset(StaffRole(str(each)) for each in listed)
    except ValueError as error:
        known = ", ".join(role.value for role in StaffRole)
        raise InvalidInputError(Reason.VALUE_MALFORMED, f"roles are: {known}", field=name) from error


def _signature(record: JsonObject, name: str) -> bytes:
    return record.blob(name, length=SIGNATURE_BYTES)


Roles: TypeAlias = Annotated[
    frozenset[StaffRole],
    Strict(_roles, Annotated[list[StaffRole], Field(min_length=1, max_length=_MAX_ROLES)]),
]
MemberSignature: TypeAlias = Annotated[
    bytes,
    Strict(_signature, SignatureText),
    Field(description="by a key of the member on the MemberRegistry, over StaffRelease"),
]
ReleaseNumber: TypeAlias = Annotated[
    int, whole(low=1, high=MAX_NUMBER), Field(description="drawn by who signs; it counts once")
]


class NewStaff(
    RequestModel,
    json_schema_extra=example({"name": "Wang Fang", "roles": ["admin"], "number": 1, "signature": _SIGNATURE}),
):
    """A person whom the member's own key invites: the first one, above all."""

    name: Annotated[str, text(100)]
    roles: Roles
    number: ReleaseNumber
    signature: MemberSignature


class EndedStaff(RequestModel, json_schema_extra=example({"number": 2, "signature": _SIGNATURE})):
    """The end of a person's access, on the word of the member's own key."""

    number: ReleaseNumber
    signature: MemberSignature


class Staff(AnswerModel):
    """A person. ``invited_by`` is null where the member's own key signed."""

    id: StaffId
    name: Annotated[str, Field(examples=["Wang Fang"])]
    roles: list[StaffRole]
    state: Annotated[StaffState, Field(examples=["active"])]
    invited_by: StaffId | None
    invited_at: Time
    ended_at: Time | None


class InvitedStaff(AnswerModel):
    """A person who is invited, and the code that brings the passkey; nothing gives it out again."""

    staff: Staff
    code: Annotated[str, Field(repr=False, examples=["K7QMW-2F9TX"])]


class StaffList(AnswerModel):
    """Your people, also those who ended."""

    staff: list[Staff]


class ReleaseKey(AnswerModel, json_schema_extra=example({"address": ADDRESS_EXAMPLE}, opened)):
    """The passkey of a person, or the address of the member's own key."""

    address: Address = absent()
    passkey: Passkey = absent()


class Release(AnswerModel):
    """What was released, by whom, and what proves it: ``signature`` by ``key`` over the EIP-712 struct."""

    member: HexText
    act: Annotated[StaffAct, Field(examples=["add_staff"])]
    content: HexText
    number: int
    statement: str
    staff: StaffId | None
    prepared_by: StaffId | None
    key: ReleaseKey
    signature: SignatureJson
    time: Time


class ReleaseList(AnswerModel):
    """What was released for you, the newest first."""

    releases: list[Release]
