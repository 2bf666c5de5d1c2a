"""Consents: granted, listed, changed and withdrawn."""

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, ValidationInfo, ValidatorFunctionWrapHandler, field_validator

from api.http.model.base import (
    AnswerModel,
    Count,
    Hex32,
    HexText,
    RequestModel,
    Strict,
    Time,
    example,
    missing_member,
    refused,
    unknown_member,
    whole,
)
from api.http.model.controller import Controllers, SignatureJson, Signatures
from api.http.model.terms import ConsentTerms, SignedBySubject
from ledger_node.domain.consent import Change
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature


class ShownConsent(AnswerModel):
    """A consent with what makes it one: terms, the signatures on them, and who signed."""

    id: HexText
    terms: ConsentTerms
    signatures: list[SignatureJson]
    controllers: Controllers


class Consent(ShownConsent):
    """A consent, and how it stands with it."""

    state: Literal["pending", "live", "early", "paused", "expired", "exhausted", "withdrawn", "refused"]
    refusal: Reason | None
    text: Annotated[str, Field(examples=["the words that were shown before signing"])]
    request: Annotated[HexText | None, Field(description="the request that it answers")]
    uses: Count
    changes: Count
    granted_at: Time | None


class ConsentList(AnswerModel):
    """The newest consents."""

    consents: list[Consent]


class Grant(RequestModel):
    """Terms, and the signatures that are the authority, whoever delivers them."""

    terms: SignedBySubject
    signatures: Signatures
    request: Annotated[Hex32 | None, Field(description="the request that this answers")] = None


_LEFT_OUT: Final[tuple[Signature, ...]] = ()


class Withdrawal(RequestModel):
    """The secret, or signatures over the withdrawal statement."""

    secret: Hex32 | None = None
    signatures: Signatures = Field(_LEFT_OUT, validate_default=True)

    model_config = ConfigDict(json_schema_extra=example({"secret": "0x" + "5a" * 32}))

    @field_validator("signatures", mode="wrap")
    @classmethod
    def _one_of_two(cls, value: object, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
        is_left_out = value is _LEFT_OUT
        if info.data.get("secret") is not None:
            if is_left_out:
                return value
            raise refused(unknown_member("signatures"))
        if is_left_out:
            raise refused(missing_member("signatures"))
        return read(value)


def _change(record: JsonObject, name: str) -> Change:
    raw = record.text(name)
    try:
        return Change(raw)
    except ValueError as error:
        raise InvalidInputError(
            Reason.REQUEST_INVALID, f"a change is one of {', '.join(Change)}", field=name
        ) from error


class ConsentChange(RequestModel):
    """A pause or its end. ``number`` is one more than the consent's ``changes``."""

    change: Annotated[Change, Strict(_change, Change)]
    number: Annotated[int, whole(low=1, high=2**24 - 1)]
    signatures: Signatures


class ChangedConsent(AnswerModel):
    """A consent that was paused or resumed."""

    consent: Hex32
    changes: Count


class WithdrawnConsent(AnswerModel):
    """A consent that nobody can use any more."""

    consent: Hex32
    state: Literal["withdrawn"] = "withdrawn"
