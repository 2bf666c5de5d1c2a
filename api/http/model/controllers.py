"""Controllers of a subject and their signatures, as requests bring them and answers show them."""

from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field

from api.http.model.base import (
    EXAMPLE,
    AnswerModel,
    HexText,
    SignatureText,
    Strict,
    absent,
    example,
    opened,
    shown,
    whole,
)
from ledger_node.domain.consent import signatures_from_json
from ledger_node.domain.controller_act import MAX_DEADLINE
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.passkey import Assertion as PasskeyAssertion
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


class KeptOfficer(AnswerModel):
    """What an officer of the bank signed: the request's id, or the ticket of the use. Without it, a program acted."""

    signed: HexText
    passkey: Passkey
    assertion: Assertion


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


OfficerAssertion: TypeAlias = Annotated[
    PasskeyAssertion,
    Strict(lambda record, name: PasskeyAssertion.from_json(record.take(name)), Assertion),
    Field(
        description="what an officer's passkey signed; needed where the member has people, unless two allowed programs"
    ),
]
"""An assertion of an officer of a bank."""
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
