"""What anybody may know: the network, its members, schemas and purposes; and who the caller is."""

from typing import Annotated, Any

from pydantic import Field

from api.catalogue.question_choice import OperandKind
from api.http.model.base import EXAMPLE, Address, AnswerModel, Count, Hex32, HexText, shown
from api.http.model.proof import Block
from api.sign_in.server.principal import Kind
from ledger_node.domain.consent_text import Language


class Ledger(AnswerModel):
    """The network: what signatures and checks need."""

    chain_id: Count
    genesis: HexText
    contracts: Annotated[
        dict[str, Address],
        Field(
            description="addresses by the contracts' names",
            json_schema_extra={EXAMPLE: {"ConsentRegistry": "0x" + "19" * 20}},
        ),
    ]
    answers: Annotated[HexText, Field(description="id of the member that answers here, for the uses of banks")]
    head: Block


class Bilingual(AnswerModel):
    """Words in English and Chinese."""

    en: Annotated[str, Field(examples=["Tax payment"])]
    zh: Annotated[str, Field(examples=["纳税情况"])]


class DataType(AnswerModel):
    """A type of attestation. ``schema``: its fields, ladders and bounds, as the chain holds its id."""

    schema_id: HexText
    specification: Annotated[
        dict[str, Any],
        Field(alias="schema"),
        shown({"name": "tax_payment", "version": 1, "fields": []}),
    ]
    title: Bilingual
    cadence: Annotated[str, Field(examples=["yearly"])]
    valid_days: Count
    headings: Annotated[
        dict[str, list[str]],
        Field(
            description="headings of columns by field", json_schema_extra={EXAMPLE: {"paid_amount": ["实缴税额（元）"]}}
        ),
    ]


class DataTypeList(AnswerModel):
    """All types of attestation."""

    schemas: list[DataType]


class Member(AnswerModel):
    """A member of the consortium, as the chain holds it."""

    id: HexText
    name: Annotated[str, Field(examples=["Demo bank"])]
    roles: Annotated[list[str], shown(["bank"])]
    active: bool


class MemberList(AnswerModel):
    """All members."""

    members: list[Member]


class Purpose(AnswerModel):
    """A purpose of consents, and its ceilings."""

    code: Annotated[str, Field(examples=["loan_application"])]
    text: Bilingual
    max_days: Count
    max_uses: Count
    max_uses_a_month: int | None
    max_retention_days: Count
    max_questions: Count
    topics: Annotated[list[str], Field(description="what questions may be about"), shown(["tax_payment"])]
    usual: Annotated[
        list[str] | None,
        Field(default=None, description="what the purpose usually needs; a firm's page marks other questions"),
        shown(["tax_payment.paid_amount"]),
    ]


class PurposeList(AnswerModel):
    """All purposes, and their digest as the chain holds it."""

    purposes: list[Purpose]
    digest: HexText


class CatalogueStep(AnswerModel):
    """A step of a ladder, or a member of a set: as the operand of a question in JSON, and as people read it."""

    value: Annotated[str | int, Field(examples=["500000"])]
    words: Annotated[str, Field(examples=["CNY 500,000"])]


class CatalogueOperator(AnswerModel):
    """A way to ask about a field. ``sentence``: its question in words, with marks for what it compares with."""

    op: Annotated[str, Field(examples=[">="])]
    operand: Annotated[OperandKind, Field(examples=["step"])]
    sentence: Annotated[str | None, Field(examples=["Was at least {0} of tax paid {period}?"])]


class CatalogueField(AnswerModel):
    """A field that may be asked about. ``steps`` is null where they are too many for a list: see ``/v1/schemas``."""

    type: Annotated[str, Field(examples=["tax_payment"])]
    field: Annotated[str, Field(examples=["paid_amount"])]
    title: Annotated[str, Field(examples=["Tax payment"])]
    label: Annotated[str, Field(examples=["tax paid"])]
    purposes: Annotated[list[str], Field(description="codes of those that cover it"), shown(["loan_application"])]
    operators: list[CatalogueOperator]
    steps: list[CatalogueStep] | None
    members: list[CatalogueStep]


class Catalogue(AnswerModel):
    """What may be asked, in the words of one language."""

    language: Language
    wording: HexText
    fields: list[CatalogueField]


class WordingAnswer(AnswerModel):
    """The words of consents as the council agreed on them (docs/format.md, clause 22), and their digest."""

    wording: Annotated[dict[str, Any], shown({"format": "credence-wording/v1"})]
    digest: HexText


class Me(AnswerModel):
    """Who the API takes the caller for."""

    kind: Annotated[Kind, Field(examples=["bank"])]
    id: Hex32
    label: Annotated[str, Field(examples=["Demo bank"])]
