"""The request builder as pages show it: purposes with their ceilings, questions so far, and what may be asked next."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.catalogue.datatype import data_types, schemas
from api.catalogue.question_choice import (
    FieldChoice,
    OperandKind,
    choice_named,
    ends_of,
    field_choices,
    nearest_steps,
    operand_kind,
    step_text,
    steps_of,
    takes_moving_threshold,
)
from api.language.translation import N_
from api.portal.bank.signing import Signing
from api.portal.bank.words import BankWords, FirmShown
from api.services.asking.draft import RequestDraft
from ledger_node.domain.claim import Claim
from ledger_node.domain.purpose import Purpose, Purposes
from ledger_node.domain.question import Op
from ledger_node.domain.schema_field import Field
from ledger_node.domain.value import FieldType, Special, format_date

_YEARS: Final = 6
_OPERATORS: Final = {
    Op.AT_LEAST: N_("at least"),
    Op.ABOVE: N_("more than"),
    Op.AT_MOST: N_("at most"),
    Op.BELOW: N_("below"),
    Op.RANGE: N_("from one step to below another"),
    Op.IN: N_("is one of"),
    Op.NOT_IN: N_("is none of"),
    Op.HAS_ANY: N_("has at least one of"),
    Op.HAS_NONE: N_("has none of"),
    Op.HAS_ALL: N_("has all of"),
    Op.EQUALS: N_("is exactly"),
    Op.REVEAL: N_("show the value"),
}
_OF_TIMES: Final = {
    Op.AT_LEAST: N_("then or later"),
    Op.ABOVE: N_("later than"),
    Op.AT_MOST: N_("then or earlier"),
    Op.BELOW: N_("earlier than"),
    Op.EQUALS: N_("nothing on record, or no end"),
}
_ENDS: Final = {Special.NONE_ON_RECORD: N_("nothing is on record"), Special.NO_END: N_("it has no end")}


@dataclass(frozen=True, slots=True)
class PurposeShown:
    """A purpose with what it allows at most."""

    code: str
    text: str
    max_days: int
    max_uses: int
    max_uses_a_month: int | None
    max_retention_days: int
    max_questions: int


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list. ``is_text``: ``label`` is a text to translate."""

    value: str
    label: str
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class DraftCard:
    """A request that is being made up."""

    id: str
    firm: FirmShown
    purpose: str
    questions: int
    created_at: int


@dataclass(frozen=True, slots=True)
class StartPage:
    """Where a request begins. ``firms``: those that the bank knows; ``can_send``: the bank's seed is here."""

    purposes: tuple[PurposeShown, ...]
    firms: tuple[tuple[str, FirmShown], ...]
    drafts: tuple[DraftCard, ...]
    can_send: bool


@dataclass(frozen=True, slots=True)
class QuestionShown:
    """A question of a draft, in sentences. ``combines``: it may become a part of a combination."""

    place: int
    lines: tuple[str, ...]
    combines: bool


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """The fields of one type that a purpose covers."""

    title: str
    fields: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class BuilderPage:
    """A request that is being made up. ``problem``: a text to translate, why the last step was not taken."""

    draft: str
    firm: FirmShown
    purpose: PurposeShown
    questions: tuple[QuestionShown, ...]
    parts: int
    groups: tuple[FieldGroup, ...]
    days: int
    uses: int
    retention_days: int
    can_send: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class OperatorPage:
    """A field, and the ways in which it may be asked about."""

    draft: str
    field: str
    title: str
    label: str
    operators: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class OperandPage:
    """A field and an operator: what it may be compared with, for which period, of which kind and department.

    ``steps``: those of the ladder, or those near to what was typed; none where something has to be typed first.
    ``is_near``: nothing else than these lies near. ``kinds``: names of the fields that tell attestations apart, each
    with the value that stands for all together, or nothing.
    """

    draft: str
    field: str
    title: str
    label: str
    op: Option
    kind: OperandKind
    steps: tuple[Option, ...]
    is_near: bool
    typed: str
    moving: bool
    members: tuple[Option, ...]
    ends: tuple[Option, ...]
    years: tuple[str, ...]
    kinds: tuple[Option, ...]
    departments: tuple[Option, ...]
    is_time: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """A request as the firm will see it. ``signing``: what the officer signs, or None: the seed is not here."""

    draft: str
    firm: FirmShown
    lines: tuple[str, ...]
    signing: Signing | None

    @property
    def can_send(self) -> bool:
        """Whether it can be sent here."""
        return self.signing is not None


def purpose_shown(purpose: Purpose, words: BankWords) -> PurposeShown:
    """Return a purpose in the language of the page."""
    return PurposeShown(
        purpose.code,
        purpose.text(words.language),
        purpose.max_days,
        purpose.max_uses,
        purpose.max_uses_a_month,
        purpose.max_retention_days,
        purpose.max_questions,
    )


def start_page(
    purposes: Purposes,
    words: BankWords,
    firms: Mapping[bytes, FirmShown],
    drafts: Sequence[RequestDraft],
    *,
    can_send: bool,
) -> StartPage:
    """Return where a request begins. ``firms``: those that the bank may ask, by subject."""
    return StartPage(
        tuple(purpose_shown(one, words) for one in purposes.listed),
        tuple((subject.hex(), firm) for subject, firm in firms.items()),
        tuple(
            DraftCard(
                one.id.hex(),
                firms[one.subject],
                purposes.named(one.purpose).text(words.language),
                len(one.questions),
                one.created_at,
            )
            for one in drafts
        ),
        can_send,
    )


def builder_page(
    draft: RequestDraft,
    purpose: Purpose,
    words: BankWords,
    firm: FirmShown,
    *,
    can_send: bool,
    problem: str | None = None,
) -> BuilderPage:
    """Return a draft as its builder shows it."""
    claims = [Claim.parse(text, schemas()) for text in draft.questions]
    groups: dict[str, list[Option]] = {}
    for choice in field_choices(purpose, schemas()):
        label = words.field(choice.schema.name, choice.field)
        groups.setdefault(choice.schema.name, []).append(Option(choice.name, label))
    return BuilderPage(
        draft=draft.id.hex(),
        firm=firm,
        purpose=purpose_shown(purpose, words),
        questions=tuple(
            QuestionShown(
                place,
                words.claim(claim),
                not claim.is_combined and all(part.op is not Op.REVEAL for part in claim.parts),
            )
            for place, claim in enumerate(claims)
        ),
        parts=sum(len(claim.parts) for claim in claims),
        groups=tuple(FieldGroup(words.title(name), tuple(fields)) for name, fields in groups.items()),
        days=draft.days,
        uses=draft.uses,
        retention_days=draft.retention_days,
        can_send=can_send,
        problem=problem,
    )


def operator_page(draft: RequestDraft, purpose: Purpose, field: str, words: BankWords) -> OperatorPage:
    """Return the ways in which a field may be asked about.

    Raises:
        InvalidInputError: ``purpose_ceiling``; the purpose does not cover the field.
    """
    choice = choice_named(purpose, schemas(), field)
    return OperatorPage(
        draft.id.hex(),
        choice.name,
        words.title(choice.schema.name),
        words.field(choice.schema.name, choice.field),
        tuple(operator_option(choice.field, op) for op in choice.operators),
    )


def operator_option(field: Field, op: Op) -> Option:
    """Return an operator as it is called where it is about this field."""
    is_time = field.type in {FieldType.DATE, FieldType.MONTH}
    return Option(op.value, _OF_TIMES.get(op, _OPERATORS[op]) if is_time else _OPERATORS[op], is_text=True)


def operand_page(
    draft: RequestDraft,
    choice: FieldChoice,
    op: Op,
    words: BankWords,
    issuers: Collection[bytes],
    *,
    today: int,
    typed: str = "",
    problem: str | None = None,
) -> OperandPage:
    """Return what a field may be compared with. ``typed``: something that is perhaps no step.

    Raises:
        InvalidInputError: ``value_malformed``; what was typed is no number, day or month.
    """
    field, schema, kind = choice.field, choice.schema, operand_kind(choice.field, op)
    has_steps = kind in {OperandKind.STEP, OperandKind.STEPS}
    listed = steps_of(field, op) if has_steps else ()
    steps = nearest_steps(field, op, typed) if has_steps and typed else listed or ()
    title = words.title(schema.name)
    return OperandPage(
        draft=draft.id.hex(),
        field=choice.name,
        title=title,
        label=words.field(schema.name, field),
        op=operator_option(field, op),
        kind=kind,
        steps=tuple(Option(step_text(field, step), words.step(field, step)) for step in steps),
        is_near=bool(has_steps and typed),
        typed=typed,
        moving=kind is OperandKind.STEP and takes_moving_threshold(field),
        members=tuple(Option(one, words.member_of(schema.name, field, one)) for one in field.members)
        if kind is OperandKind.MEMBERS
        else (),
        ends=tuple(Option(end.value, _ENDS[end], is_text=True) for end in ends_of(field))
        if kind is OperandKind.END
        else (),
        years=_years(schema.name, today),
        kinds=tuple(Option(one.total or "", words.field(schema.name, one.field)) for one in schema.per),
        departments=tuple(Option(issuer.hex(), words.member(issuer)) for issuer in sorted(issuers)),
        is_time=field.type in {FieldType.DATE, FieldType.MONTH},
        problem=problem,
    )


def _years(schema: str, today: int) -> tuple[str, ...]:
    """Return the years that may be asked about, the last whole one first; none where data is of no year."""
    if not data_types()[schema].period.headings:
        return ()
    year = int(format_date(today)[:4])
    return tuple(str(one) for one in (year - 1, year, *range(year - 2, year - _YEARS, -1)))
