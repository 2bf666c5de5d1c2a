"""Consents: asked for, granted or refused, listed, changed and withdrawn.

What a bank asks for and what controllers sign has its JSON Schema from the fields that are signed.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    Field,
    RootModel,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from api.http.model.base import (
    EXAMPLE,
    Address,
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
    shown,
    unknown_member,
    whole,
)
from api.http.model.controllers import Controllers, KeptOfficer, SignatureJson, Signatures
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import Bounds as SignedBounds
from ledger_node.domain.consent import ConsentRequest as AskedTerms
from ledger_node.domain.consent import Terms as SignedTerms
from ledger_node.domain.consent_act import Change
from ledger_node.domain.consent_schema import BOUNDS_SCHEMA, REQUEST_SCHEMA, TERMS_SCHEMA
from ledger_node.domain.consent_scope import MAX_SECONDS, VERSION
from ledger_node.domain.consent_text import Language, language_named
from ledger_node.domain.eip712 import minute
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature

REQUEST_EXAMPLE: Final[dict[str, Any]] = {
    "version": VERSION,
    "subject": "0x" + "11" * 32,
    "grantee": "0x" + "22" * 32,
    "grantee_name": "Demo bank",
    "purpose": "loan_application",
    "purpose_text": "Decide on a loan application",
    "questions": ["tax_credit_rating.grade in {A, B}"],
    "departments": [],
    "data_from": "2025-01-01",
    "data_to": "",
    "not_before": 1795000020,
    "expires_at": 1797000000,
    "max_uses": 3,
    "retention_days": 30,
    "spend_key": "0x" + "66" * 20,
    "salt": "0x" + "44" * 32,
}
_NOT_OF_TERMS: Final = {"not_before", "expires_at", "max_uses", "spend_key"}
TERMS_EXAMPLE: Final[dict[str, Any]] = {
    **{name: value for name, value in REQUEST_EXAMPLE.items() if name not in _NOT_OF_TERMS},
    "language": "zh",
    "text_digest": "0x" + "55" * 32,
    "wording": "0x" + "99" * 32,
    "department_names": [],
}
BOUNDS_EXAMPLE: Final[dict[str, Any]] = {
    "not_before": 1795000020,
    "expires_at": 1797000000,
    "max_uses": 3,
    "grant_before": 1795600020,
    "spend_key": "0x" + "66" * 20,
    "steward_key": "0x" + "77" * 20,
    "withdrawal_hash": "0x" + "33" * 32,
}

_SECRET_EXAMPLE: Final[dict[str, Any]] = {
    "terms_hash": "0x" + "4b" * 32,
    "bounds": BOUNDS_EXAMPLE,
    "secret": "0x" + "5a" * 32,
}


def documented(schema: Mapping[str, JSON], example: Mapping[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Return what describes a model by a schema of its own."""

    def replace(generated: dict[str, Any]) -> None:
        generated.clear()
        generated.update(schema, **{EXAMPLE: example})

    return replace


def _read_by(reader: Callable[[JSON], object]) -> AfterValidator:
    def check(value: dict[str, Any]) -> dict[str, Any]:
        try:
            reader(value)
        except CredenceError as error:
            raise refused(error) from error
        return value

    return AfterValidator(check)


class ConsentRequestTerms(
    RootModel[Annotated[dict[str, Any], _read_by(AskedTerms.from_json)]],
    json_schema_extra=documented(REQUEST_SCHEMA, REQUEST_EXAMPLE),
):
    """What a bank asks for; it binds nobody until the subject signs terms."""


class ConsentTerms(
    RootModel[Annotated[dict[str, Any], _read_by(SignedTerms.from_json)]],
    json_schema_extra=documented(TERMS_SCHEMA, TERMS_EXAMPLE),
):
    """Terms of a consent: with the bounds they are what the subject's controllers sign."""


class ConsentBounds(
    RootModel[Annotated[dict[str, Any], _read_by(SignedBounds.from_json)]],
    json_schema_extra=documented(BOUNDS_SCHEMA, BOUNDS_EXAMPLE),
):
    """What the ledger holds of a consent in the open: times, number of uses, and the keys that act for it."""


AskedByBank: TypeAlias = Annotated[
    AskedTerms,
    Strict(lambda record, name: AskedTerms.from_json(record.take(name)), ConsentRequestTerms),
]
SignedBySubject: TypeAlias = Annotated[
    SignedTerms,
    Strict(lambda record, name: SignedTerms.from_json(record.take(name)), ConsentTerms),
]
BoundsOfConsent: TypeAlias = Annotated[
    SignedBounds,
    Strict(lambda record, name: SignedBounds.from_json(record.take(name)), ConsentBounds),
]


class ShownConsent(AnswerModel):
    """A consent with what makes it one: terms and bounds, the signatures on them, and who signed."""

    id: HexText
    terms: ConsentTerms
    bounds: ConsentBounds
    signatures: list[SignatureJson]
    controllers: Controllers


class Consent(ShownConsent):
    """A consent, and how it stands with it."""

    state: Literal["pending", "live", "early", "paused", "expired", "exhausted", "withdrawn", "refused"]
    refusal: Reason | None
    text: Annotated[str, Field(examples=["the words that were shown before signing"])]
    request: Annotated[HexText | None, Field(description="the request that it answers")]
    uses: Count
    free_numbers: Annotated[list[Count], Field(description="numbers of uses that are not used yet"), shown([2, 3])]
    changes: Count
    granted_at: Time | None


class ConsentList(AnswerModel):
    """The newest consents."""

    consents: list[Consent]


class Grant(RequestModel):
    """Terms and bounds, and the signatures that are the authority, whoever delivers them."""

    terms: SignedBySubject
    bounds: BoundsOfConsent
    signatures: Signatures
    request: Annotated[Hex32 | None, Field(description="the request that this answers")] = None


_LEFT_OUT: Final[tuple[Signature, ...]] = ()


class Withdrawal(RequestModel, json_schema_extra=example({"secret": "0x" + "5a" * 32})):
    """The secret, or signatures over the withdrawal statement."""

    secret: Hex32 | None = None
    signatures: Signatures = Field(_LEFT_OUT, validate_default=True)

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


class StewardKeyRequest(RequestModel):
    """Terms that the subject is about to sign."""

    terms: SignedBySubject


class StewardKey(AnswerModel):
    """The address of the key by which this instance acts for a consent, as its controllers say."""

    steward_key: Address


class SecretWithdrawal(RequestModel, json_schema_extra=example(_SECRET_EXAMPLE)):
    """What leads to a consent's id, and its secret; the struct hash of the terms says nothing of them."""

    terms_hash: Hex32
    bounds: BoundsOfConsent
    secret: Hex32


class ConsentRequest(AnswerModel):
    """A request, and how it stands with it; it is ``pending`` until the ledger holds it.

    ``answer_key``: the address of the key that answers it on the ledger.
    """

    id: HexText
    request: ConsentRequestTerms
    answer_key: Address
    requested_at: Time
    state: Literal["pending", "open", "granted", "refused"]
    officer: KeptOfficer | None


class ConsentRequestList(AnswerModel):
    """The newest requests."""

    requests: list[ConsentRequest]


class ConsentTextRequest(RequestModel):
    """Terms whose words are wanted; ``grant_before``: the bound of the consent that has no place in a request."""

    request: AskedByBank
    grant_before: Annotated[int, Strict(minute("grantBefore", MAX_SECONDS).read, Time)]
    language: Annotated[
        Language,
        Strict(lambda record, name: language_named(record.text(name)), Language),
    ]


class ConsentLine(AnswerModel):
    """One line of the words; ``key`` says what it is about."""

    key: str
    text: str


class ConsentText(AnswerModel):
    """The words in which terms are shown before they are signed."""

    text: str
    text_digest: Hex32
    wording: Hex32
    department_names: list[str]
    lines: list[ConsentLine]
