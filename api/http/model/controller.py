"""Controllers of a subject, their keys, and what they sign."""

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import ConfigDict, Field

from api.http.model.base import (
    EXAMPLE,
    Address,
    AnswerModel,
    HexText,
    SignatureText,
    Strict,
    absent,
    opened,
    shown,
    whole,
)
from ledger_node.domain.consent import signatures_from_json
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.passkey import KIND
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import MAX_CONTROLLERS, ControllerKey, Signature, keys_from_json

MAX_SIGNATURES: Final = 16
_Bytes: TypeAlias = Annotated[str, Field(pattern="^0x([0-9a-f]{2})*$", examples=["0x5a5a"])]
ADDRESS_EXAMPLE: Final = "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"
PASSKEY_EXAMPLE: Final[dict[str, Any]] = {
    "kind": KIND,
    "rp_id_hash": "0x" + "77" * 32,
    # the base point of the curve (SEC 2), which is the public key of the private key 1
    "public_key": "0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
}


class Passkey(AnswerModel):
    """A controller that is a passkey."""

    kind: Literal["passkey"]
    rp_id_hash: Annotated[HexText, Field(description="SHA-256 of the domain that the passkey was made for")]
    public_key: Annotated[str, Field(pattern="^0x[0-9a-f]{128}$", description="point of P-256: x, then y")]

    model_config = ConfigDict(json_schema_extra={EXAMPLE: PASSKEY_EXAMPLE})


class Assertion(AnswerModel):
    """A WebAuthn assertion of a passkey, with the digest as its challenge."""

    authenticator_data: _Bytes
    client_data_json: _Bytes
    signature: Annotated[_Bytes, Field(description="ES256, in DER or as 64 bytes r, s")]

    model_config = ConfigDict(json_schema_extra={})


class Controllers(AnswerModel):
    """Who controls a subject: ``addresses``, or ``keys`` where there are passkeys; ``threshold`` of them sign."""

    addresses: list[Address] = absent()
    keys: list[Address | Passkey] = absent()
    threshold: int
    salt: HexText

    model_config = ConfigDict(
        json_schema_extra=opened({"addresses": ["0x" + "19" * 20], "threshold": 1, "salt": "0x" + "5a" * 32})
    )


SignatureJson: TypeAlias = SignatureText | Assertion
"""A signature as answers show it."""
SignatureList: TypeAlias = Annotated[list[SignatureJson], Field(max_length=MAX_SIGNATURES), shown(["0x" + "5a" * 65])]


def _signatures(record: JsonObject, name: str) -> tuple[Signature, ...]:
    return signatures_from_json(record.items(name, max_items=MAX_SIGNATURES))


def _keys(record: JsonObject, name: str) -> tuple[ControllerKey, ...]:
    keys = keys_from_json(record.items(name, max_items=MAX_CONTROLLERS))
    if any(isinstance(key, bytes) and not any(key) for key in keys):
        raise InvalidInputError(Reason.REQUEST_INVALID, "the zero address is nobody's", field="controllers")
    return keys


Signatures: TypeAlias = Annotated[tuple[Signature, ...], Strict(_signatures, SignatureList)]
"""Signatures of controllers, as requests bring them."""
_AnyCaseAddress: TypeAlias = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]
ControllerKeys: TypeAlias = Annotated[
    tuple[ControllerKey, ...],
    Strict(
        _keys,
        Annotated[
            list[_AnyCaseAddress | Passkey],
            Field(
                min_length=1,
                max_length=MAX_CONTROLLERS,
                json_schema_extra={EXAMPLE: [ADDRESS_EXAMPLE, PASSKEY_EXAMPLE]},
            ),
        ],
    ),
]
"""Addresses and passkeys, as requests bring them."""


Threshold: TypeAlias = Annotated[int, whole(low=1, high=MAX_CONTROLLERS)]
