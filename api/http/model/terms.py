"""What a bank asks for and what controllers sign: their JSON Schemas are made from the fields that are signed."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, ConfigDict, RootModel

from api.http.model.base import EXAMPLE, Strict, refused
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import VERSION
from ledger_node.domain.consent import ConsentRequest as AskedTerms
from ledger_node.domain.consent import Terms as SignedTerms
from ledger_node.domain.consent_schema import REQUEST_SCHEMA, TERMS_SCHEMA
from ledger_node.domain.error import CredenceError

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
    "not_before": 1795000000,
    "expires_at": 1797000000,
    "max_uses": 3,
    "retention_days": 30,
    "salt": "0x" + "44" * 32,
}
TERMS_EXAMPLE: Final[dict[str, Any]] = {
    **REQUEST_EXAMPLE,
    "language": "zh",
    "text_digest": "0x" + "55" * 32,
    "revocation_hash": "0x" + "33" * 32,
}


def _documented(schema: Mapping[str, JSON], example: Mapping[str, Any]) -> Callable[[dict[str, Any]], None]:
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


class ConsentRequestTerms(RootModel[Annotated[dict[str, Any], _read_by(AskedTerms.from_json)]]):
    """What a bank asks for; it binds nobody until the subject signs terms."""

    model_config = ConfigDict(json_schema_extra=_documented(REQUEST_SCHEMA, REQUEST_EXAMPLE))


class ConsentTerms(RootModel[Annotated[dict[str, Any], _read_by(SignedTerms.from_json)]]):
    """Terms of a consent, as the subject's controllers sign them."""

    model_config = ConfigDict(json_schema_extra=_documented(TERMS_SCHEMA, TERMS_EXAMPLE))


AskedByBank: TypeAlias = Annotated[
    AskedTerms,
    Strict(lambda record, name: AskedTerms.from_json(record.take(name)), ConsentRequestTerms),
]
SignedBySubject: TypeAlias = Annotated[
    SignedTerms,
    Strict(lambda record, name: SignedTerms.from_json(record.take(name)), ConsentTerms),
]
