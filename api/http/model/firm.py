"""What a firm reads of its own, lets a bank find it by, and is told things at."""

from typing import Annotated, TypeAlias

from pydantic import Field

from api.http.model.base import (
    AnswerModel,
    Count,
    Day,
    Hex32,
    HexText,
    RequestModel,
    Strict,
    Time,
    example,
    text,
    whole,
)
from api.http.model.controllers import Passkey, SignatureJson
from api.services.message.address import ContactChannel
from ledger_node.domain.consent_text import Language
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.own_look import LookKind
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import MAX_PERSON, Signature, signature_from_json

_NONCE = "0x" + "6b" * 32
_SIGNATURE = "0x" + "5a" * 65


def _one_signature(record: JsonObject, name: str) -> Signature:
    return signature_from_json(record.take(name))


OneSignature: TypeAlias = Annotated[
    Signature, Strict(_one_signature, SignatureJson), Field(repr=False, description="of one controller")
]


class NewLook(RequestModel, json_schema_extra=example({"kind": "records"})):
    """What you are about to look at. ``request``: whose answers, for ``answers`` alone."""

    kind: Annotated[LookKind, Field(examples=["records"])]
    request: Hex32 | None = None


class BegunLook(AnswerModel):
    """A look that waits for a signature of one controller over ``challenge``."""

    nonce: Hex32
    challenge: Hex32
    signed_before: Time


class SignedLook(RequestModel, json_schema_extra=example({"nonce": _NONCE, "signature": _SIGNATURE})):
    """A look that a controller signed."""

    nonce: Hex32
    signature: OneSignature


class LoggedLook(AnswerModel):
    """A look that a controller signed. ``request``: whose answers; ``person``: the number of who signed."""

    time: Time
    kind: Annotated[LookKind, Field(examples=["records"])]
    request: HexText | None
    person: Annotated[int, Field(examples=[1])]


class LookList(AnswerModel):
    """Your own looks, the newest first; at most 200."""

    looks: list[LoggedLook]


class RecordedValue(AnswerModel):
    """One field of a record; ``value`` as questions write it."""

    field: Annotated[str, Field(examples=["paid_amount"])]
    value: Annotated[str, Field(repr=False, examples=["500000 CNY"])]


class OwnRecord(AnswerModel):
    """One record about you. ``values`` is empty unless a look was signed."""

    attestation: HexText
    department: HexText
    type: Annotated[str, Field(examples=["tax_payment"])]
    as_of: Day
    issued_at: Time
    valid_until: Time
    values: list[RecordedValue]


class OwnRecordList(AnswerModel):
    """Your records, by department."""

    records: list[OwnRecord]


class FileWish(AnswerModel):
    """From when on the file of your records can be fetched."""

    ready_at: Time


class OwnAnswer(AnswerModel):
    """What one question would come to now."""

    question: Annotated[str, Field(examples=["tax_payment.paid_amount >= 500000 CNY during 2025"])]
    verdict: Annotated[Outcome, Field(examples=["holds"])]
    reason: Reason | None


class OwnAnswers(AnswerModel):
    """What the questions of a request would come to now; no use is counted."""

    answers: list[OwnAnswer]


class NewHandover(RequestModel):
    """The bank that is to find you."""

    bank: Hex32


class Handover(AnswerModel):
    """A code that you tell this bank; nothing gives it out again."""

    code: Annotated[str, Field(repr=False, examples=["K7QM-2F9T"])]
    lifetime_s: Count


class HandoverCode(RequestModel, json_schema_extra=example({"code": "K7QM-2F9T"})):
    """A code that a firm told you."""

    code: Annotated[str, text(64), Field(repr=False)]


class FoundSubject(AnswerModel):
    """The firm that you may ask now."""

    subject: Hex32


class Contact(AnswerModel):
    """An address of yours. ``confirmed_at`` is null until its code was typed."""

    id: Annotated[str, Field(pattern="^0x[0-9a-f]{32}$", examples=["0x" + "6b" * 16])]
    channel: ContactChannel
    masked: Annotated[str, Field(examples=["w…@shop.example"])]
    language: Language
    added_at: Time
    confirmed_at: Time | None


class ContactList(AnswerModel):
    """Your addresses, and the channels by which this instance sends."""

    contacts: list[Contact]
    channels: Annotated[list[ContactChannel], Field(json_schema_extra={"x-example": ["email"]})]


SignedAt: TypeAlias = Annotated[int, whole(), Field(description="when you signed, in seconds; good for five minutes")]


class NewContact(
    RequestModel,
    json_schema_extra=example(
        {"address": "wang@shop.example", "language": "zh", "signed_at": 1795000000, "signature": _SIGNATURE}
    ),
):
    """An address, signed by a controller over the digest of docs/api.md."""

    address: Annotated[str, text(320), Field(repr=False)]
    language: Language
    signed_at: SignedAt
    signature: OneSignature


class ContactCode(RequestModel, json_schema_extra=example({"code": "K7QM-2F9T"})):
    """The code that went to an address of yours."""

    code: Annotated[str, text(64), Field(repr=False)]


class ContactRemoval(RequestModel, json_schema_extra=example({"signed_at": 1795000000, "signature": _SIGNATURE})):
    """The removal of an address, signed by a controller."""

    signed_at: SignedAt
    signature: OneSignature


class NewDevice(RequestModel, json_schema_extra=example({"person": 1, "name": "Wang Fang"})):
    """Whose device shall sign for you. ``person``: the number of who holds it, 0 for somebody new."""

    person: Annotated[int, whole(0, MAX_PERSON)]
    name: Annotated[str, text(200)]


class DeviceCode(AnswerModel):
    """A code by which a device shows its key at ``/device``; nothing gives it out again."""

    device: Annotated[str, Field(pattern="^0x[0-9a-f]{32}$", examples=["0x" + "6b" * 16])]
    code: Annotated[str, Field(repr=False, examples=["K7QMW-2F9TX"])]
    lifetime_s: Count


class WaitingDevice(AnswerModel):
    """A device that waits. ``passkey`` and ``digits`` are null until it showed its key."""

    device: Annotated[str, Field(pattern="^0x[0-9a-f]{32}$", examples=["0x" + "6b" * 16])]
    person: Annotated[int, Field(ge=0, le=MAX_PERSON)]
    name: Annotated[str, Field(examples=["Wang Fang"])]
    made_at: Time
    passkey: Passkey | None
    digits: Annotated[
        str | None, Field(description="compare them with those on the device", examples=["1234 5678 9012"])
    ]


class WaitingDeviceList(AnswerModel):
    """Devices that wait; a rotation that lists their passkeys takes them in."""

    devices: list[WaitingDevice]
