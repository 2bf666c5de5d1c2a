"""What several persons of a firm sign one after the other: drafts of grants, and of changes of signers."""

from typing import Annotated, Final, TypeAlias

from pydantic import Field

from api.http.model.base import (
    AnswerModel,
    Count,
    Hex32,
    HexText,
    RequestModel,
    Strict,
    Time,
    example,
    opened,
    shown,
    whole,
)
from api.http.model.consent import BoundsOfConsent, ConsentBounds, ConsentLine, ConsentTerms, SignedBySubject
from api.http.model.controllers import ControllerKeys, Controllers, Threshold
from api.http.model.firm import OneSignature
from ledger_node.domain.consent_text import Language, language_named
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.rotation_text import MAX_NAME
from ledger_node.domain.rotation_text import KeyName as Name
from ledger_node.domain.subject import MAX_CONTROLLERS

_ID: Final = "0x" + "6b" * 32
_NAME: Final = {"person": "Wang Xiaohong", "device": "Phone"}
DraftLanguage: TypeAlias = Annotated[Language, Strict(lambda record, name: language_named(record.text(name)), Language)]
Signers: TypeAlias = Annotated[list[Count], Field(description="numbers of the persons who signed")]
DrawnUpAt: TypeAlias = Annotated[int, whole(), Field(description="a whole minute, as the draft says")]


class NewDraft(RequestModel, json_schema_extra=example({"request": _ID, "language": "zh"})):
    """The request that is to be granted, and the language of the words."""

    request: Hex32
    language: DraftLanguage


class Draft(AnswerModel):
    """A consent that grants just what a request asks for. ``id`` is the digest that each person signs."""

    id: HexText
    request: HexText
    terms: ConsentTerms
    bounds: ConsentBounds
    lines: list[ConsentLine]
    drawn_up_at: Time
    good_until: Time
    needed: Annotated[Count, Field(description="how many persons must sign")]
    signed: Signers
    granted: bool


class DraftSignature(RequestModel):
    """A person's signature, and the draft as it was shown to that person."""

    request: Hex32
    terms: SignedBySubject
    bounds: BoundsOfConsent
    drawn_up_at: DrawnUpAt
    signature: OneSignature


class DraftList(AnswerModel):
    """The drafts that a person signed and that wait for others."""

    drafts: list[Draft]


class DraftRequest(RequestModel):
    """The request whose draft is meant."""

    request: Hex32


class KeyName(AnswerModel, json_schema_extra=example(_NAME, opened)):
    """What a key is called in the lines: the person who holds it, and the device."""

    person: str
    device: str


def _names(record: JsonObject, name: str) -> tuple[Name, ...]:
    found = []
    for item in record.items(name, max_items=MAX_CONTROLLERS):
        with JsonObject(item, "name") as one:
            found.append(Name(one.text("person", max_length=MAX_NAME), one.text("device", max_length=MAX_NAME)))
    return tuple(found)


Names: TypeAlias = Annotated[
    tuple[Name, ...], Strict(_names, Annotated[list[KeyName], Field(max_length=MAX_CONTROLLERS), shown([_NAME])])
]


class NewRotationDraft(RequestModel):
    """The signers that are wanted, what their keys are called, and what those in force are, both in their order."""

    controllers: ControllerKeys
    threshold: Threshold
    names: Annotated[Names, Field(description="of the keys in 'controllers'")]
    present_names: Annotated[Names, Field(description="of the keys in force, as GET /v1/subjects/{id} shows them")]
    language: DraftLanguage


class RotationLine(AnswerModel):
    """One line of what is signed. ``place``: of the new key that it is about, or null."""

    text: str
    place: int | None


class RotationDraft(AnswerModel):
    """A change of signers that waits. ``digest``: what each person signs, over the lines and the new set."""

    id: Annotated[str, Field(pattern="^0x[0-9a-f]{32}$", examples=["0x" + "6b" * 16])]
    controllers: Controllers
    entry: Count
    deadline: Time
    names: list[KeyName]
    lines: list[RotationLine]
    language: Language
    digest: HexText
    needed: Annotated[Count, Field(description="how many persons must sign")]
    signed: Signers
    done: Annotated[bool, Field(description="whether the new signers are in force now")]


class RotationDraftList(AnswerModel):
    """The change that waits, if there is one."""

    drafts: list[RotationDraft]


class RotationSignature(RequestModel, json_schema_extra=example({"signature": "0x" + "5a" * 65})):
    """A person's signature over the digest of a change."""

    signature: OneSignature
