"""L6: versions of schemas, terms, receipts and bundles side by side."""

from dataclasses import dataclass, fields, replace
from typing import ClassVar

import pytest

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.consent import TERMS_TYPE, ConsentRequest, Terms
from ledger_node.domain.eip712 import SignedType, number
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.proof import Outcome
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Receipt
from ledger_node.domain.schema import Schema, SchemaSet
from ledger_node.domain.selection import read_in
from tests.kit.evidence import Bundle, data_of
from tests.kit.kind import LEVY, PAID, RAW, SPEC, answered, other, schemas, verdict
from tests.kit.receipt import ALL
from tests.kit.world import CONSENT_DOMAIN, REGISTRATION, consent, terms

FINER = other(paid={"ladder": {"kind": "two_digits", "from": "1000", "to": "1000000"}})
BOTH = schemas(FINER)


def refused(call, *arguments):
    with pytest.raises((InvalidInputError, VerificationError)) as error:
        call(*arguments)
    return error.value.reason


def test_l6_versions_of_one_name_stand_side_by_side():
    assert BOTH["levy"] is FINER
    assert (dict(BOTH), len(BOTH)) == ({"levy": FINER, "subject_registration": REGISTRATION}, 2)
    assert BOTH.listed == (LEVY, FINER, REGISTRATION)
    assert BOTH.versions("levy") == (LEVY, FINER)
    assert (BOTH.find(LEVY.id), BOTH.find(bytes(32))) == (LEVY, None)
    assert BOTH.attested(LEVY.id, "levy") is LEVY
    assert BOTH.ids == {LEVY.id, FINER.id, REGISTRATION.id}
    assert BOTH.those([LEVY.id]).listed == (LEVY,)
    assert SchemaSet((LEVY, LEVY)).listed == (LEVY,)


def test_l6_two_schemas_are_not_one_version():
    assert refused(SchemaSet, (LEVY, replace(FINER, version=1))) is Reason.SCHEMA_INVALID


@pytest.mark.parametrize("schema_id", [bytes(32), REGISTRATION.id])
def test_l6_an_attestation_of_no_version_of_a_type_is_none_of_it(schema_id):
    assert refused(BOTH.attested, schema_id, "levy") is Reason.SCHEMA_MISMATCH


@pytest.mark.parametrize("schema", [LEVY, FINER], ids=["old", "new"])
@pytest.mark.parametrize("text", [PAID, "levy[kind=total, place=west].grade in {A, B}", "levy.count >= 4"])
def test_l6_a_question_is_answered_from_an_attestation_of_either_version(schema, text):
    raw = RAW | ({"kind": "total", "place": "west"} if "total" in text else {})
    world, known = answered(text, known=BOTH, schema=schema, raw=raw)
    assert verdict(world, known).outcome is Outcome.HOLDS


def test_l6_an_old_attestation_is_opened_by_its_own_members():
    # the newest version knows more members, in another order
    newer = other(grade={"members": ["C", "D", "B", "A"]})
    world, known = answered("levy.grade in {A, B}", known=schemas(newer), schema=LEVY)
    asked = Question.parse("levy.grade in {A, B}", known)
    assert (asked.operand, read_in(asked, newer, LEVY).operand) == (("B", "A"), ("A", "B"))
    assert world.presentation.consent.terms.questions == ("levy.grade in {B, A}",)
    assert verdict(world, known).outcome is Outcome.HOLDS


@pytest.mark.parametrize(
    ("newer", "text"),
    [
        (FINER, PAID.replace("500000", "510000")),
        (other(count={"ladder": {"kind": "integers", "from": 1, "to": 20}}), "levy.count >= 15"),
        (other(count={"ladder": {"kind": "integers", "from": 1, "to": 20}}), "levy.count equals 9"),
        (other(count={"unit": "months"}), "levy.count >= 5"),
        (other(paid={"scale": 3}), "levy.paid >= 500000 CNY"),
        (other(kind={"type": "text"}), "levy[kind=vat, place=south].kind equals vat"),
        (other(grade={"members": ["A", "B", "C", "D"]}), "levy.grade in {A, B, C}"),
        (other(grade={"members": ["A", "B", "D"]}), "levy.grade in {D}"),
        (other(per=[{"field": "kind", "total": "all"}, {"field": "place"}]), "levy[kind=total, place=south].count < 3"),
        (other(per=[{"field": "kind"}]), "levy[kind=vat].count < 3"),
    ],
)
def test_l6_a_question_that_means_something_else_in_an_old_version_is_not_answered_from_it(newer, text):
    question = Question.parse(text, schemas(newer))
    assert refused(read_in, question, newer, LEVY) is Reason.SCHEMA_VERSION_DIFFERS
    assert read_in(question, newer, newer) is question


def test_l6_a_field_that_an_old_version_lacks_is_not_answered_from_it():
    older = Schema.from_json({**SPEC, "fields": SPEC["fields"][:3]})
    assert refused(read_in, Question.parse("levy.count < 3", schemas()), LEVY, older) is Reason.SCHEMA_VERSION_DIFFERS


def test_l6_what_means_something_else_there_is_refused_by_the_check_too():
    newer = other(count={"unit": "months"})
    world, known = answered("levy.count >= 3 months", known=schemas(newer), schema=LEVY)
    assert refused(verdict, world, known) is Reason.SCHEMA_VERSION_DIFFERS


def test_l6_an_amount_in_another_currency_is_not_compared():
    newer = other(paid={"currency": "USD"})
    question = Question.parse("levy.paid >= 500000 USD", schemas(newer))
    assert refused(read_in, question, newer, LEVY) is Reason.CURRENCY_DIFFERS
    assert refused(Question.parse, "levy.paid >= 500000 CNY", schemas(newer)) is Reason.CURRENCY_DIFFERS
    world, known = answered("levy.paid >= 500000 USD", known=schemas(newer), schema=LEVY)
    assert refused(verdict, world, known) is Reason.CURRENCY_DIFFERS


def test_l6_another_resolution_is_the_same_question():
    newer = other(paid={"resolution": "10000"})
    world, known = answered(PAID, known=schemas(newer), schema=LEVY)
    assert verdict(world, known).outcome is Outcome.HOLDS


def test_l6_a_bundle_carries_the_version_that_was_asked_by_and_the_one_that_is_shown():
    value = decode(data_of("one_claim_yes"))
    firm, registration = value["schemas"]
    newer = {**firm, "version": 2, "fields": [*firm["fields"], {"name": "new", "type": "code", "mode": "plain"}]}
    both = Bundle.from_json({**value, "schemas": [firm, newer, registration]})
    both.require_exact()
    assert both.encode() == encode({**value, "schemas": [firm, newer, registration]})
    assert [schema.version for schema in both.schemas.listed] == [1, 2, 1]
    for listed in ([newer, firm, registration], [firm, firm, registration]):
        assert refused(Bundle.from_json, {**value, "schemas": listed}) is Reason.NOT_CANONICAL
    third = {**newer, "version": 3}
    between = Bundle.from_json({**value, "schemas": [firm, newer, third, registration]})
    assert refused(between.require_exact) is Reason.NOT_CANONICAL


def test_l6_a_receipt_binds_every_schema_of_an_answer_in_the_order_of_name_and_version():
    value = decode(data_of("one_claim_yes"))
    firm, registration = value["schemas"]
    newer = {**firm, "version": 2}
    both, one = (
        Bundle.from_json({**value, "schemas": listed}) for listed in ([firm, newer, registration], value["schemas"])
    )
    assert both.receipt_digest(both.receipt, CONSENT_DOMAIN) != one.receipt_digest(one.receipt, CONSENT_DOMAIN)


_NEXT_TYPE = SignedType("Terms", (number("version", 16, 3, 3), *TERMS_TYPE.fields[1:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTerms(Terms):
    """Terms of a version that is not there yet."""

    signed: ClassVar[SignedType] = _NEXT_TYPE
    version: ClassVar[int] = 3


def test_l6_terms_of_two_versions_are_read_side_by_side(monkeypatch):
    monkeypatch.setitem(Terms.readers, 3, NextTerms.read)
    old = terms()
    new = NextTerms(**{one.name: getattr(old, one.name) for one in fields(old)})
    for each in (old, new):
        form = decode(encode(each.to_json()))
        assert (Terms.from_json(form), type(Terms.from_json(form))) == (each, type(each))
        shown = consent(each)
        assert ShownConsent.from_json(shown.to_json()) == shown
    assert old.struct_hash != new.struct_hash
    assert refused(ConsentRequest.from_json, new.to_json()) is Reason.VALUE_OUT_OF_RANGE


@pytest.mark.parametrize("value", [{"version": 4}, {"version": [1]}, {"version": True}, {}, [], None])
def test_l6_terms_of_no_known_version_are_refused(value):
    assert refused(Terms.from_json, value) in {Reason.VALUE_OUT_OF_RANGE, Reason.TYPE_WRONG, Reason.FIELD_MISSING}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextReceipt(Receipt):
    """A receipt of a version that is not there yet."""

    format: ClassVar[str] = "credence-receipt/next"


def test_l6_receipts_of_two_versions_are_read_side_by_side(monkeypatch):
    monkeypatch.setitem(Receipt.readers, NextReceipt.format, NextReceipt.read)
    old = next(iter(ALL.values()))
    new = NextReceipt(**{one.name: getattr(old, one.name) for one in fields(old)})
    for each in (old, new):
        read = Receipt.from_bytes(each.to_bytes())
        assert (read, type(read)) == (each, type(each))
    assert refused(Receipt.from_json, {**old.to_json(), "format": "credence-receipt/other"}) is Reason.VALUE_MALFORMED


@dataclass(frozen=True, slots=True)
class NextBundle(Bundle):
    """A bundle of a version that is not there yet."""

    format: ClassVar[str] = "credence-evidence/next"


def test_l6_bundles_of_two_versions_are_read_side_by_side(monkeypatch):
    monkeypatch.setitem(Bundle.readers, NextBundle.format, NextBundle.read)
    value = decode(data_of("one_claim_yes"))
    old, new = (Bundle.decode(encode({**value, "format": name})) for name in (value["format"], NextBundle.format))
    assert (type(old), type(new), old.presentation == new.presentation) == (Bundle, NextBundle, True)
    assert refused(Bundle.from_json, {**value, "format": "credence-evidence/other"}) is Reason.VALUE_MALFORMED


def test_l6_a_proof_about_an_attestation_of_an_unknown_schema_is_read_and_then_refused():
    stranger = other(version=9)
    world, _ = answered(PAID, known=schemas(stranger), schema=stranger)
    assert refused(verdict, world, schemas()) is Reason.SCHEMA_MISMATCH
