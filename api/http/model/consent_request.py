"""What banks ask for, how it is refused, and the seed that a bank may hand over so that less has to be named."""

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, RootModel

from api.http.model.base import AnswerModel, Hex32, RequestModel, Strict, example
from api.http.model.consent import REQUEST_EXAMPLE, documented
from api.http.model.controllers import OfficerAssertion, Signatures
from api.services.consent.spend_seed import KeylessRequest
from ledger_node.domain.consent import ASKED_TYPE
from ledger_node.domain.consent import ConsentRequest as AskedTerms
from ledger_node.domain.consent_schema import REQUEST_SCHEMA
from ledger_node.domain.json_object import JsonObject

_ANY_KEY: Final = "0x" + "01" * 20
_KEYLESS_SCHEMA: Final = {
    **REQUEST_SCHEMA,
    "required": [field.member for field in ASKED_TYPE.fields if field.member != "spend_key"],
}


class NewConsentRequestTerms(
    RootModel[dict[str, Any]],
    json_schema_extra=documented(_KEYLESS_SCHEMA, REQUEST_EXAMPLE),
):
    """What a bank asks for; ``spend_key`` may be left out if this instance holds the bank's seed."""


def _asked_or_keyless(record: JsonObject, name: str) -> AskedTerms | KeylessRequest:
    value = record.take(name)
    if not isinstance(value, dict) or "spend_key" in value:
        return AskedTerms.from_json(value)
    # all else is read as strictly as where it is there
    return KeylessRequest(AskedTerms.from_json({**value, "spend_key": _ANY_KEY}))


AskedWithOrWithoutKey: TypeAlias = Annotated[
    AskedTerms | KeylessRequest, Strict(_asked_or_keyless, NewConsentRequestTerms)
]


class NewConsentRequest(RequestModel):
    """What a bank would like to be granted, and a private key that it drew for the answer, fresh for each request."""

    request: AskedWithOrWithoutKey
    answer_key: Annotated[
        Hex32, Field(repr=False, description="32 bytes of a secp256k1 key; it goes to who serves the subject")
    ]
    officer: OfficerAssertion | None = None


class Refusal(RequestModel):
    """Signatures over the refusal statement."""

    signatures: Signatures


class RefusedRequest(AnswerModel):
    """A request that was refused."""

    request: Hex32
    state: Literal["refused"] = "refused"


class NewSpendSeed(RequestModel, json_schema_extra=example({"seed": "0x" + "6b" * 32})):
    """A bank's seed, from which the spend keys of its consents follow."""

    seed: Annotated[Hex32, Field(repr=False, description="as in the file keys/NAME.spend-seed of the bank's folder")]


class SpendSeedState(AnswerModel):
    """Whether this instance holds your seed, and so signs for you what comes without a signature of yours."""

    is_held: bool
