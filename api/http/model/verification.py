"""Verifications: a bank's questions, and their answers."""

from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from api.catalogue.datatype import schemas
from api.http.model.base import AnswerModel, Count, Hex32, HexText, RequestModel, Strict, example, text, whole
from api.http.model.presentation import Presentation
from api.http.model.proof import Block
from api.http.model.receipt import Receipt
from ledger_node.domain.access import MAX_OPERATOR
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.presentation import MAX_CLAIMS
from ledger_node.domain.reason import Reason

_REMEMBERED: Final = 4096
"""Claims in text form whose meaning is kept: banks ask the same of one firm after another."""


@lru_cache(_REMEMBERED)
def _claim_of(words: str) -> Claim:
    return Claim.parse(words, schemas())


def _claim(item: JSON) -> Claim:
    return _claim_of(item) if isinstance(item, str) else Claim.from_json(item, schemas())


def _claims(record: JsonObject, name: str) -> tuple[Claim, ...]:
    return tuple(_claim(item) for item in record.items(name, max_items=MAX_CLAIMS))


def _operator(record: JsonObject, name: str) -> str:
    operator = record.text(name, max_length=MAX_OPERATOR)
    # subjects read it on their screens, so it holds nothing that a screen would obey
    if not operator.strip() or not operator.isprintable():
        raise InvalidInputError(Reason.VALUE_MALFORMED, "'operator' must be a short printable text", field=name)
    return operator


class VerificationPolicy(RequestModel):
    """What the bank asks for beyond the rules. ``max_age_days``: how old data may be."""

    max_age_days: Annotated[int, whole(high=36_500)] | None = None


_CLAIMS_EXAMPLE: Final = ["tax_payment.paid_amount >= 500000 CNY during 2025", "tax_credit_rating.grade in {A, B}"]


class VerificationRequest(RequestModel):
    """Questions under a consent."""

    consent: Hex32
    claims: Annotated[
        tuple[Claim, ...],
        Strict(
            _claims,
            Annotated[
                list[str | dict[str, Any]],
                Field(
                    min_length=1,
                    max_length=MAX_CLAIMS,
                    description="questions, or all, any or n of several, in text or JSON form",
                ),
            ],
        ),
    ]
    purpose: Annotated[str, text()] | None = None
    operator: (
        Annotated[
            str,
            Strict(
                _operator,
                Annotated[str, Field(min_length=1, max_length=MAX_OPERATOR)],
            ),
            Field(description="your own name for the employee or system that asks; the subject sees it"),
        ]
        | None
    ) = None
    policy: VerificationPolicy | None = None

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "consent": "0x" + "5a" * 32,
                "claims": _CLAIMS_EXAMPLE,
                "operator": "credit desk 7",
                "policy": {"max_age_days": 90},
            }
        )
    )


class RecordedUse(AnswerModel):
    """The use that an answer cost, and the transaction that recorded it."""

    id: HexText
    transaction: HexText


class EvidenceLink(AnswerModel):
    """Where the evidence of an answer lies, and what it must hash to."""

    href: Annotated[str, Field(examples=["/v1/verifications/0x" + "5a" * 32 + "/evidence"])]
    digest: HexText


class Verification(AnswerModel):
    """Verdicts, and what checks them. Where nothing was recorded, ``block``, ``use`` and what follows are null."""

    block: Annotated[Block | None, Field(description="the block that the facts are those of")]
    use: RecordedUse | None
    uses: Annotated[Count | None, Field(description="how many uses of the consent are spent")]
    max_uses: Count | None
    controllers_entry: Count
    evidence: Annotated[EvidenceLink | None, Field(description="a file that checks offline; save it")]
    presentation: Presentation
    receipt: Annotated[Receipt | None, Field(description="that of the use")]
