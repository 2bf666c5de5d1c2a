"""Texts of consents: what is asked and until when, and the lines and digests that it has in both languages.

The questions are all that the catalogue takes, with steps of every size. What is expected comes from the independent
reading of the format (tests/independent/words.py).
"""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from api.catalogue.datatype import schemas
from api.catalogue.purpose import default_purposes
from api.catalogue.question_choice import (
    OperandKind,
    QuestionInput,
    ends_of,
    field_choices,
    make_claim,
    operand_kind,
    step_text,
    steps_of,
    takes_moving_threshold,
)
from api.catalogue.wording import default_wording
from ledger_node.domain.question import Op
from tests.independent import words
from tests.independent.crypto import keccak

TODAY = 20_787
NOW = 1_796_000_040
DAY = 86_400
LOAN = "loan_application"
TAX, COURT = "0x" + "a1" * 32, "0x" + "b2" * 32
BASE: dict[str, Any] = {
    "grantee_name": "虚构银行",
    "purpose": LOAN,
    "questions": ["tax_credit_rating.grade in {A, B} during 2025"],
    "departments": [],
    "department_names": [],
    "data_from": "",
    "data_to": "",
    "retention_days": 31,
    "not_before": NOW,
    "expires_at": NOW + 30 * DAY,
    "max_uses": 3,
    "grant_before": NOW + 7 * DAY,
}
"""What a case asks for where it says nothing else."""
RATING = "tax_credit_rating.grade in {A, B} during 2025"
PAID = "tax_payment[tax_kind=total].paid_amount >= 500000 CNY during 2025"
OTHERS: dict[str, dict[str, Any]] = {
    "one use": {"max_uses": 1},
    "one day kept": {"retention_days": 1},
    "english name": {"grantee_name": "Demo bank"},
    "name that would turn the line": {"grantee_name": "bank\u202e\u200bname\ufeff"},
    "data from": {"data_from": "2024-01-01"},
    "data to": {"data_to": "2026-12-31"},
    "data between": {"data_from": "2024-01-01", "data_to": "2026-12-31"},
    "one department": {"departments": [TAX], "department_names": ["虚构市税务局"]},
    "two departments": {"departments": [TAX, COURT], "department_names": ["虚构市税务局", "Court of Nowhere"]},
    "question by a department": {
        "questions": [f"tax_credit_rating[issuer={TAX}].grade in {{A}} during 2025"],
        "department_names": ["虚构市税务局"],
    },
    "two questions": {"questions": [RATING, PAID]},
    "all of two": {"questions": [f"all({RATING}; {PAID})"]},
    "any of two": {"questions": [f"any({RATING}; {PAID})"]},
    "two of three": {"questions": [f"2 of ({RATING}; tax_credit_rating.grade in {{A}} during 2024; {PAID})"]},
    "a plain value": {"questions": ["tax_credit_rating.rated_on reveal during 2025"]},
    "a value shown and one asked": {"questions": [PAID, "tax_credit_rating.grade reveal during 2025"]},
    "the last time of a calendar": {"expires_at": 253_402_214_400},
    "a time beyond calendars": {"expires_at": 253_402_214_460},
    "midnight": {"grant_before": 1_796_054_400},
}


def named_questions() -> Iterator[tuple[str, str]]:
    """Yield a name and a text for every way to ask: each operator, steps of every size, and each end."""
    for choice in field_choices(default_purposes().named(LOAN), schemas()):
        for op in choice.operators:
            for number, chosen in enumerate(chosen_by(choice.field, op)):
                claim = make_claim(choice, QuestionInput(op=op, **chosen), schemas(), today=TODAY)
                yield f"{choice.name} {op.value} {number}", claim.text(schemas())


def chosen_by(field: Any, op: Op) -> list[dict[str, Any]]:
    """Return what is chosen for a field and an operator."""
    match operand_kind(field, op):
        case OperandKind.STEP:
            steps = list(steps_of(field, op))
            some = [steps[at * (len(steps) - 1) // 5] for at in range(6)] if len(steps) > 6 else steps
            moving = [{"months": 24}, {"months": 1}] if takes_moving_threshold(field) else []
            return [{"steps": [step_text(field, step)]} for step in some] + moving
        case OperandKind.STEPS:
            low, high, *_ = steps_of(field, op)
            return [{"steps": [step_text(field, low), step_text(field, high)]}]
        case OperandKind.MEMBERS:
            return [{"members": list(field.members[:count])} for count in (1, 2, 3)]
        case OperandKind.END:
            return [{"value": end.value} for end in ends_of(field)]
        case OperandKind.NOTHING:
            return [{}]
        case _:
            return []


def made() -> dict[str, Any]:
    """Return the contents of text.json."""
    spec: Any = default_wording().to_json()
    document = words.read(spec)
    cases = [{"name": name, "change": {"questions": [text]}} for name, text in named_questions()]
    cases += [{"name": name, "change": change} for name, change in OTHERS.items()]
    for case in cases:
        texts = {language: text_in(document, {**BASE, **case["change"]}, language) for language in words.LANGUAGES}
        case["lines"] = {language: text.removesuffix("\n").split("\n") for language, text in texts.items()}
        case["digest"] = {language: "0x" + keccak(text.encode()).hex() for language, text in texts.items()}
    return {"format": "CL1", "topic": "text", "document": spec, "base": BASE, "cases": cases}


def written(vectors: dict[str, Any]) -> str:
    """Return the JSON text: one case a line."""
    head = {name: value for name, value in vectors.items() if name != "cases"}
    cases = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in vectors["cases"])
    begun = json.dumps(head, ensure_ascii=False, separators=(",", ":")).removesuffix("}")
    return f'{begun},\n"cases":[\n{cases}\n]}}\n'


def text_in(document: words.Document, asked: dict[str, Any], language: str) -> str:
    """Return the text of a case in one language, by the independent reading."""
    departments = [bytes.fromhex(one[2:]) for one in asked["departments"]]
    purpose_text = document.raw["purposes"][asked["purpose"]][language]
    said = {**asked, "departments": departments, "language": language, "purpose_text": purpose_text}
    return words.text_of(SimpleNamespace(**said), SimpleNamespace(**said), document)
