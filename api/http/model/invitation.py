"""Invitations: how a registrar lets a firm's signers bring their passkeys, and two of its people take them."""

from typing import Annotated, Final, TypeAlias

from pydantic import Field

from api.http.model.base import (
    AnswerModel,
    Count,
    HexText,
    RequestModel,
    Strict,
    Time,
    example,
    text,
    whole,
)
from api.http.model.controllers import Passkey, SignatureJson, Threshold
from api.http.model.firm import OneSignature
from api.http.model.staff import ReleaseNumber
from api.http.model.subject import CreditCode
from api.services.enrolment.invitation import InvitationState
from api.services.enrolment.invitations import MAX_NAME, MAX_SIGNERS
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.subject import Signature, signature_from_json

InvitationId: TypeAlias = Annotated[str, Field(pattern="^0x[0-9a-f]{32}$", examples=["0x" + "6b" * 16])]
Code: TypeAlias = Annotated[str, Field(repr=False, examples=["K7QMW-2F9TX"])]
_NEW: Final = {
    "credit_code": "91990000MABYF3008C",
    "name": "Wang's bakery",
    "signers": ["Wang Xiaohong"],
    "threshold": 1,
    "by_post": False,
}
_MAX_HEX: Final = 20_000
_HEX: Final = r"^0x([0-9a-f]{2})*$"


def _bytes(record: JsonObject, name: str) -> bytes:
    return record.blob(name, length=None)


def _flag(record: JsonObject, name: str) -> bool:
    return record.flag(name)


def _signers(record: JsonObject, name: str) -> tuple[str, ...]:
    return record.texts(name, max_items=MAX_SIGNERS)


Blob: TypeAlias = Annotated[
    bytes, Strict(_bytes, Annotated[str, Field(pattern=_HEX, max_length=_MAX_HEX, examples=["0x5a5a"])])
]
Flag: TypeAlias = Annotated[bool, Strict(_flag, bool)]
Prepared: TypeAlias = Annotated[
    Signature, Strict(lambda record, name: signature_from_json(record.take(name)), SignatureJson)
]
ShownCode: TypeAlias = Annotated[str, text(64), Field(repr=False, examples=["K7QMW-2F9TX"])]


class NewInvitation(RequestModel, json_schema_extra=example(_NEW)):
    """Whom you invite. ``recovers``: a registered firm gets new signers; call it back first."""

    credit_code: CreditCode
    name: Annotated[str, text(MAX_NAME)]
    signers: Annotated[
        tuple[str, ...],
        Strict(_signers, Annotated[list[str], Field(min_length=1, max_length=MAX_SIGNERS)]),
        Field(description="names, in the order of persons from 1"),
    ]
    threshold: Threshold
    by_post: Flag
    register_phone: Annotated[str, text(MAX_NAME)] = ""
    recovers: Flag = False


class BroughtKey(AnswerModel):
    """A passkey that a signer brought. ``digits``: compare them with the signer. ``synced``: it can be copied."""

    device: Count
    passkey: Passkey
    digits: Annotated[str, Field(repr=False, examples=["4711"])]
    synced: bool


class InvitedSigner(AnswerModel):
    """A signer, and the keys that came."""

    person: Count
    name: str
    keys: list[BroughtKey]


class Invitation(AnswerModel):
    """An invitation. ``content``: what is released, by its digest; null until all keys are there.

    What it says of the firm is null once it was erased.
    """

    id: InvitationId
    credit_code: Annotated[str | None, Field(repr=False)]
    name: str | None
    signers: list[InvitedSigner]
    threshold: Count
    by_post: bool
    state: Annotated[InvitationState, Field(examples=["open"])]
    opened_at: Time
    expires_at: Time
    subject: HexText | None
    recovers: HexText | None
    content: HexText | None


class InvitationList(AnswerModel):
    """Your invitations, the newest first."""

    invitations: list[Invitation]


class CodeWish(RequestModel, json_schema_extra=example({"person": 1})):
    """The signer who needs a code."""

    person: Annotated[int, whole(low=1, high=MAX_SIGNERS)]


class SignerCode(AnswerModel):
    """A code for a signer; nothing gives it out again, and the one before has ended."""

    code: Code


class ShownSignerCode(RequestModel, json_schema_extra=example({"code": "K7QMW-2F9TX"})):
    """A signer's code."""

    code: ShownCode


class Welcome(AnswerModel):
    """Whose code it is, and what a new passkey is made for. ``token`` comes back with it within five minutes."""

    firm: str
    signer: str
    device: Count
    rp_id: Annotated[str, Field(examples=["credence.example"])]
    origin: Annotated[str, Field(examples=["https://credence.example"])]
    challenge: HexText
    token: Annotated[str, Field(examples=["5a5a"])]


class NewSignerKey(RequestModel):
    """A passkey that an authenticator made (``navigator.credentials.create``) for the challenge of ``Welcome``."""

    code: ShownCode
    token: Annotated[str, text(200)]
    credential_id: Blob
    attestation_object: Blob
    client_data_json: Blob


class ArrivedKey(AnswerModel):
    """The key is there. ``digits``: tell the registrar; ``second_code``: for another device of the same person."""

    digits: Annotated[str, Field(repr=False, examples=["4711"])]
    second_code: Annotated[str | None, Field(repr=False, examples=["K7QMW-2F9TX"])]


class Confirmation(RequestModel):
    """Assertions over ``StaffRelease`` with the invitation's content, both with this number.

    ``prepared``: by a clerk, where programs alone handled the invitation. ``signature``: by an approver.
    """

    number: ReleaseNumber
    signature: OneSignature
    prepared: Annotated[Prepared | None, Field(repr=False)] = None
