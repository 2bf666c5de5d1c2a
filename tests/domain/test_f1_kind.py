"""F1: a type says by which fields attestations of one firm and period are told apart, and a question names them."""

from dataclasses import replace

import pytest

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.claim import Claim
from ledger_node.domain.commitment import PlainOpening
from ledger_node.domain.consent_text import Language, WordingDocument, claim_words
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.proof import Outcome
from ledger_node.domain.purpose import Purpose
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import KindField, Schema
from ledger_node.domain.selection import names_its_attestation, prove_kind
from tests.kit import council_words
from tests.kit.kind import LEVY, PAID, RAW, SPEC, answered, judged, schemas, verdict
from tests.kit.world import TAX, attest, consent, h, terms

KNOWN = schemas()
ISSUER = to_hex(TAX)
TEXTS = (
    PAID,
    "levy[kind=total, place=north].count equals 4",
    f"levy[issuer={ISSUER}].grade in {{A, B}}",
    f"levy[kind=vat, place=west, issuer={ISSUER}].grade reveal",
)


def refused(call, *arguments):
    with pytest.raises((InvalidInputError, VerificationError)) as error:
        call(*arguments)
    return error.value.reason


def schema(**changes):
    return Schema.from_json({**SPEC, **changes})


def kind(**changes):
    return [{**SPEC["fields"][0], **changes}, *SPEC["fields"][1:]]


def test_f1_a_schema_names_the_fields_that_tell_its_attestations_apart():
    first, second = LEVY.per
    assert (first, second) == (KindField(LEVY.field("kind"), "total"), KindField(LEVY.field("place"), None))
    assert [field.tells_apart for field in LEVY.fields] == [True, True, False, False, False]
    without = Schema.from_json({name: value for name, value in SPEC.items() if name != "per"})
    assert (without.per, without.id == LEVY.id) == ((), False)
    assert schema(per=[{"field": "place", "total": "west"}]).per[0].total == "west"
    assert schema(per=[{"field": "kind"}], fields=kind(type="text")).per[0].total is None


@pytest.mark.parametrize(
    "changes",
    [
        {"per": []},
        {"per": [{"field": "colour"}]},
        {"per": [{"field": "kind"}, {"field": "kind"}]},
        {"per": [{"field": "paid"}]},
        {"per": [{"field": "kind"}], "fields": kind(optional=True)},
        {"per": [{"field": "kind"}], "fields": kind(type="integer")},
        {"per": [{"field": "issuer"}], "fields": kind(name="issuer")},
        {"per": [{"field": "place", "total": "everywhere"}]},
        {"per": [{"field": "kind", "total": "a,b"}]},
        {"per": [{"field": "kind", "total": ""}]},
    ],
)
def test_f1_a_schema_whose_fields_tell_nothing_apart_is_refused(changes):
    assert refused(lambda: schema(**changes)) is Reason.SCHEMA_INVALID


@pytest.mark.parametrize("value", ["a,b", "a]", "[a", "a=b", "a;b"])
def test_f1_a_value_that_no_question_could_name_is_not_attested(value):
    assert refused(LEVY.parse_values, RAW | {"kind": value}) is Reason.VALUE_MALFORMED
    text = schema(fields=kind(type="text"))
    assert text.parse_values(RAW | {"kind": "增值 税"})[0] == "增值 税"
    assert refused(text.parse_values, RAW | {"kind": " x"}) is Reason.VALUE_MALFORMED
    assert refused(text.parse_values, RAW | {"kind": "x\n"}) is Reason.VALUE_MALFORMED


@pytest.mark.parametrize("text", TEXTS)
def test_f1_a_question_that_names_values_has_one_form_in_text_and_json(text):
    question = Question.parse(text, KNOWN)
    field = LEVY.field(question.field)
    assert question.text(field) == text
    assert Question.from_json(decode(encode(question.to_json(field))), KNOWN) == question
    mixed = text.replace("kind=vat, place=south", " place = south ,kind= vat ")
    assert Question.parse(mixed, KNOWN) == question
    assert Claim.parse(f"any({text}; levy.count < 3)".replace("grade reveal", "count < 4"), KNOWN).is_combined


def test_f1_the_json_form_names_values_by_field():
    body = Question.parse(PAID, KNOWN).to_json(LEVY.field("paid"))
    assert body["per"] == {"kind": "vat", "place": "south"}
    assert "issuer" not in body
    named = Question.parse(f"levy[issuer={ISSUER}].count < 3", KNOWN).to_json(LEVY.field("count"))
    assert (named["issuer"], "per" in named) == (ISSUER, False)


@pytest.mark.parametrize(
    ("brackets", "reason"),
    [
        ("kind=vat", Reason.QUESTION_MALFORMED),
        ("kind=vat, place=south, colour=red", Reason.QUESTION_MALFORMED),
        ("kind=vat, kind=vat", Reason.QUESTION_MALFORMED),
        ("", Reason.QUESTION_MALFORMED),
        ("kind", Reason.QUESTION_MALFORMED),
        ("=vat", Reason.QUESTION_MALFORMED),
        ("kind=, place=south", Reason.QUESTION_MALFORMED),
        ("kind=a=b, place=south", Reason.VALUE_MALFORMED),
        ("kind=vat, place=east", Reason.SET_MEMBER_UNKNOWN),
        ("issuer=tax", Reason.VALUE_MALFORMED),
        ("[kind=vat]", Reason.QUESTION_MALFORMED),
    ],
)
def test_f1_brackets_that_name_nothing_are_refused(brackets, reason):
    assert refused(Question.parse, f"levy[{brackets}].count < 3", KNOWN) is reason


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"per": {}}, Reason.TYPE_WRONG),
        ({"per": None}, Reason.TYPE_WRONG),
        ({"per": ["vat"]}, Reason.TYPE_WRONG),
        ({"per": {"kind": "vat"}}, Reason.QUESTION_MALFORMED),
        ({"per": {"kind": 5, "place": "south"}}, Reason.TYPE_WRONG),
        ({"issuer": None}, Reason.TYPE_WRONG),
        ({"issuer": "0x00"}, Reason.VALUE_MALFORMED),
    ],
)
def test_f1_members_that_name_nothing_are_refused(members, reason):
    body = {"schema": "levy", "field": "count", "op": "<", "operand": 3}
    assert refused(Question.from_json, body | members, KNOWN) is reason


def test_f1_a_type_without_such_fields_has_nothing_to_name():
    plain = Schema.from_json({"name": "plain", "version": 1, "fields": SPEC["fields"]})
    assert refused(Question.parse, "plain[kind=vat].count < 3", {"plain": plain}) is Reason.QUESTION_MALFORMED


def test_f1_an_answer_opens_the_values_that_are_named_and_nothing_else():
    world, known = answered(PAID)
    assert verdict(world, known).outcome is Outcome.HOLDS
    (part,) = world.presentation.claims[0].parts
    kind, place = part.per
    assert kind.opening == PlainOpening("vat")
    assert (set(place.opening.opened), set(place.opening.shut)) == ({0, 2}, {1})
    (claim,) = world.presentation.to_json(known)["claims"]
    assert [proof["opening"]["kind"] for proof in claim["per"]] == ["plain", "bits"]
    plain, known = answered("levy.count < 3")
    assert "per" not in plain.presentation.to_json(known)["claims"][0]
    assert verdict(plain, known).outcome is Outcome.DOES_NOT_HOLD


def test_f1_parts_of_a_combination_open_what_each_names():
    combined = f"any({PAID}; levy[kind=vat, place=south].count >= 4)"
    world, known = answered(PAID)
    claim = Claim.parse(combined, known)
    number = next(n for n, part in enumerate(claim.parts) if part.field == "paid")
    (shown,) = world.presentation.claims
    parts = (replace(shown.parts[0], part=number),)
    world = world.with_presentation(claims=(replace(shown, claim=claim, parts=parts),))
    sent = Presentation.from_json(world.presentation.to_json(known), known)
    assert sent.claims[0].parts[0].per == shown.parts[0].per


@pytest.mark.parametrize(
    "named", ["levy[kind=cit, place=south]", "levy[kind=vat, place=north]", "levy[kind=total, place=south]"]
)
def test_f1_an_attestation_of_another_kind_answers_nothing(named):
    text = PAID.replace("levy[kind=vat, place=south]", named)
    one = attest(LEVY, RAW, member=TAX)
    if "kind=vat" not in named:
        assert refused(prove_kind, one.prover, Question.parse(text, KNOWN)) is Reason.KIND_MISMATCH
    world, known = answered(text, asked=PAID)
    # opened to what it is, or shut so that it is not the one asked about
    assert refused(verdict, world, known) in {Reason.KIND_MISMATCH, Reason.OPENED_SET_MISMATCH}


def test_f1_an_enum_that_is_shown_to_be_another_member_is_another_kind():
    text = PAID.replace("place=south", "place=north")
    one = attest(LEVY, RAW, member=TAX)
    per = prove_kind(one.prover, Question.parse(text, KNOWN))
    world, known = answered(text, asked=PAID, per=per)
    assert refused(verdict, world, known) is Reason.KIND_MISMATCH


@pytest.mark.parametrize("count", [0, 1, 3])
def test_f1_each_value_that_is_named_comes_with_its_proof(count):
    world, known = answered(PAID)
    (shown,) = world.presentation.claims
    (part,) = shown.parts
    form = world.presentation.to_json(known)
    form["claims"][0]["per"] = (form["claims"][0]["per"] * 2)[:count]
    assert refused(Presentation.from_json, form, known) is Reason.OPENING_MALFORMED
    parts = (replace(part, per=(part.per * 2)[:count]),)
    world = world.with_presentation(claims=(replace(shown, parts=parts),))
    assert refused(judged, world, known) is Reason.OPENING_MALFORMED


def test_f1_proofs_that_nothing_asked_for_or_that_are_missing_are_refused():
    world, known = answered(PAID)
    form = world.presentation.to_json(known)
    del form["claims"][0]["per"]
    assert refused(Presentation.from_json, form, known) is Reason.FIELD_MISSING
    world, known = answered("levy.count < 3")
    form = world.presentation.to_json(known)
    form["claims"][0]["per"] = []
    assert refused(Presentation.from_json, form, known) is Reason.FIELD_UNKNOWN


def test_f1_a_proof_of_another_attestation_does_not_say_of_which_kind_this_one_is():
    other = attest(LEVY, RAW, member=TAX, seed=h("another"))
    world, known = answered(PAID, per=prove_kind(other.prover, Question.parse(PAID, KNOWN)))
    assert refused(verdict, world, known) is Reason.FIELD_PROOF_FAILED


def test_f1_consent_to_one_kind_is_consent_to_no_other():
    world, known = answered(PAID)
    other = world.presentation.consent.terms
    text = PAID.replace("kind=vat", "kind=cit")
    world = world.with_consent(consent(replace(other, questions=(text,))))
    assert refused(verdict, world, known) is Reason.QUESTION_NOT_CONSENTED


def test_f1_a_purpose_allows_a_topic_whatever_kind_is_named():
    purpose = Purpose("p", "p", "p", 1, 1, None, 1, 4, ("levy.paid",))
    purpose.require_questions([Claim.parse(PAID, KNOWN)])
    count = Claim.parse("levy[kind=vat, place=south].count < 3", KNOWN)
    assert refused(purpose.require_questions, [count]) is Reason.PURPOSE_CEILING


def test_f1_only_a_question_that_names_its_kind_and_department_names_its_attestation():
    named, nothing = (
        Question.parse(f"{text} during 2025", KNOWN) for text in (PAID.partition(" during")[0], "levy.count < 3")
    )
    by_tax = Question.parse(f"levy[kind=vat, place=south, issuer={ISSUER}].count < 3 during 2025", KNOWN)
    anybody, one, two = (terms(departments=listed) for listed in ((), (TAX,), (TAX, h("another"))))
    assert [names_its_attestation(by_tax, LEVY, granted) for granted in (anybody, one, two)] == [True] * 3
    assert [names_its_attestation(named, LEVY, granted) for granted in (anybody, one, two)] == [False, True, False]
    assert not names_its_attestation(nothing, LEVY, one)
    plain = Schema.from_json({"name": "levy", "version": 1, "fields": SPEC["fields"]})
    assert names_its_attestation(nothing, plain, one)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            Language.ENGLISH,
            "Is count now less than 3? (all together; place south; only as recorded by Tax bureau)",
        ),
        (Language.CHINESE, "最近的count是否少于 3？（合计；place south；仅依据Tax bureau的数据）"),
    ],
)
def test_f1_a_consent_says_which_kind_and_department_is_asked_about(language, said):
    specs = {name: schema.spec for name, schema in KNOWN.items()}
    wording = WordingDocument.from_json(council_words.document(specs, {})).in_language(language, {TAX: "Tax bureau"})
    claim = Claim.parse(f"levy[kind=total, place=south, issuer={ISSUER}].count < 3", KNOWN)
    assert claim_words(claim, wording) == [said]


def test_f1_what_proves_a_kind_does_not_show_another_value():
    one = attest(LEVY, RAW, member=TAX)
    assert "vat" not in repr(prove_kind(one.prover, Question.parse(PAID, KNOWN)))
