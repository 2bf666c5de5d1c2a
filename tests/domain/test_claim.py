"""Claims: one question or so many of several; what they say, what follows from their parts, what is shown."""

from dataclasses import replace
from itertools import combinations, permutations, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.claim import MAX_PARTS, MAX_TEXT, Claim
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import kdf
from ledger_node.domain.presentation import Presentation, ShownClaim, ShownPart
from ledger_node.domain.proof import Outcome, check_proof
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.statement import lower
from ledger_node.domain.value import Period
from ledger_node.domain.verification import Policy
from tests.kit.world import (
    CODE,
    FACTS,
    NOW,
    OTHER_CODE,
    RAW,
    SCHEMAS,
    TAX,
    World,
    attest,
    build,
    consent,
    day,
    h,
    terms,
)

YES, NO, UNKNOWN = Outcome.HOLDS, Outcome.DOES_NOT_HOLD, Outcome.CANNOT_TELL
YEARS = ("2023", "2024", "2025")
GRADES = {year: f"firm_facts.grade in {{A, B}} during {year}" for year in YEARS}
TWO_OF_THREE = f"2 of ({'; '.join(GRADES.values())})"
PARTS = (
    "firm_facts.count >= 1",
    "firm_facts.grade in {A, B} during 2025",
    "firm_facts.grade in {A, B} during 2024",
    "firm_facts.paid >= 10000 CNY",
    "firm_facts.kind equals 10101",
    "firm_facts.last_month < as_of - 6 months",
)


def parse(text: str) -> Claim:
    return Claim.parse(text, SCHEMAS)


def refused(call, *args) -> Reason:
    with pytest.raises(InvalidInputError) as error:
        call(*args)
    return error.value.reason


# --- the language -----------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.sampled_from(PARTS), min_size=2, unique=True), st.data())
def test_text_object_and_json_lead_to_each_other(parts, data):
    needed = data.draw(st.integers(1, len(parts)))
    claim = parse(f"{needed} of ({'; '.join(parts)})")
    assert (claim.needed, len(claim.parts)) == (needed, len(parts))
    assert parse(claim.text(SCHEMAS)) == claim
    assert Claim.from_json(claim.text(SCHEMAS), SCHEMAS) == claim
    assert Claim.from_json(decode(encode(claim.to_json(SCHEMAS))), SCHEMAS) == claim
    assert Claim.from_json({"needed": needed, "of": list(parts)}, SCHEMAS) == claim


@pytest.mark.parametrize("text", PARTS)
def test_one_question_is_a_claim_in_its_own_words(text):
    claim, question = parse(text), Question.parse(text, SCHEMAS)
    field = FACTS.field(question.field)
    assert claim == Claim.of(question) == Claim(1, (question,))
    assert claim.text(SCHEMAS) == question.text(field)
    assert claim.to_json(SCHEMAS) == question.to_json(field)
    assert Claim.from_json(question.to_json(field), SCHEMAS) == claim
    assert not claim.is_combined


def test_the_order_of_the_parts_makes_no_other_claim():
    claims = {parse(f"2 of ({'; '.join(parts)})") for parts in permutations(GRADES.values())}
    assert [claim.text(SCHEMAS) for claim in claims] == [TWO_OF_THREE]


def test_all_and_any_are_the_words_for_the_ends():
    both = f"{PARTS[0]}; {PARTS[1]}"
    assert parse(f"2 of ({both})").text(SCHEMAS) == parse(f" all ( {both} ) ").text(SCHEMAS) == f"all({both})"
    assert parse(f"1 of({both})").text(SCHEMAS) == parse(f"any({both})").text(SCHEMAS) == f"any({both})"
    assert parse(f"any({both})").to_json(SCHEMAS) == {
        "needed": 1,
        "of": [
            {"schema": "firm_facts", "field": "count", "op": ">=", "operand": 1},
            {"schema": "firm_facts", "field": "grade", "op": "in", "operand": ["A", "B"], "period": "2025"},
        ],
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"all({PARTS[0]})", Reason.QUESTION_MALFORMED),
        ("all()", Reason.QUESTION_MALFORMED),
        ("all", Reason.QUESTION_MALFORMED),
        (f"all({PARTS[0]}; {PARTS[1]}", Reason.QUESTION_MALFORMED),
        (f"all({PARTS[0]}; {PARTS[1]}) during 2025", Reason.QUESTION_MALFORMED),
        (f"all({PARTS[0]}, {PARTS[1]})", Reason.QUESTION_MALFORMED),
        (f"none({PARTS[0]}; {PARTS[1]})", Reason.QUESTION_MALFORMED),
        (f"all({PARTS[0]}; any({PARTS[1]}; {PARTS[2]}))", Reason.QUESTION_MALFORMED),
        (f"all({PARTS[0]}; )", Reason.QUESTION_MALFORMED),
        (f"0 of ({PARTS[0]}; {PARTS[1]})", Reason.VALUE_OUT_OF_RANGE),
        (f"3 of ({PARTS[0]}; {PARTS[1]})", Reason.VALUE_OUT_OF_RANGE),
        (f"111 of ({PARTS[0]}; {PARTS[1]})", Reason.QUESTION_MALFORMED),
        (f"2 of ({PARTS[0]}; {PARTS[1]}; {PARTS[0]})", Reason.SET_DUPLICATE),
        (f"2 of ({PARTS[0]}; firm_facts.count  >=  1 ; {PARTS[1]})", Reason.SET_DUPLICATE),
        (f"all({PARTS[0]}; firm_facts.note reveal)", Reason.OPERATOR_UNSUPPORTED),
        (f"all({PARTS[0]}; firm_facts.colour reveal)", Reason.FIELD_UNKNOWN),
        (f"all({PARTS[0]}; other.paid >= 10000 CNY)", Reason.SCHEMA_UNKNOWN),
        (
            f"any({'; '.join(f'firm_facts.year equals {year}' for year in range(MAX_PARTS + 1))})",
            Reason.QUESTION_MALFORMED,
        ),
        (f"any({PARTS[0]}; firm_facts.note equals {'x' * MAX_TEXT})", Reason.QUESTION_MALFORMED),
    ],
)
def test_a_combination_that_is_none_is_refused(text, reason):
    assert refused(Claim.from_json, text, SCHEMAS) is reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"needed": 1, "of": [PARTS[0]]}, Reason.QUESTION_MALFORMED),
        ({"needed": 1, "of": []}, Reason.QUESTION_MALFORMED),
        ({"needed": 1, "of": PARTS[0]}, Reason.TYPE_WRONG),
        ({"needed": True, "of": PARTS[:2]}, Reason.TYPE_WRONG),
        ({"needed": 0, "of": PARTS[:2]}, Reason.VALUE_OUT_OF_RANGE),
        ({"needed": 3, "of": PARTS[:2]}, Reason.VALUE_OUT_OF_RANGE),
        ({"of": PARTS[:2]}, Reason.FIELD_MISSING),
        ({"needed": 1, "of": PARTS[:2], "or": 1}, Reason.FIELD_UNKNOWN),
        ({"needed": 1}, Reason.FIELD_MISSING),
        ({"needed": 1, "of": [PARTS[0], {"needed": 1, "of": PARTS[1:3]}]}, Reason.QUESTION_MALFORMED),
        ({"needed": 1, "of": [PARTS[0], f"any({PARTS[1]}; {PARTS[2]})"]}, Reason.QUESTION_MALFORMED),
        ({"needed": 1, "of": [PARTS[0], 7]}, Reason.TYPE_WRONG),
        ({"needed": 1, "of": [PARTS[0], PARTS[0]]}, Reason.SET_DUPLICATE),
        ({"needed": 1, "of": [PARTS[0]] * (MAX_PARTS + 1)}, Reason.TOO_LARGE),
        ({"needed": 1, "of": [PARTS[0], f"firm_facts.note equals {'x' * MAX_TEXT}"]}, Reason.QUESTION_MALFORMED),
        (["any", *PARTS[:2]], Reason.TYPE_WRONG),
        (None, Reason.TYPE_WRONG),
    ],
)
def test_json_that_is_no_claim_is_refused(value, reason):
    assert refused(Claim.from_json, value, SCHEMAS) is reason


@pytest.mark.parametrize("note", ["a; b", "a); any(b", "x;firm_facts.count >= 1"])
def test_two_claims_never_share_a_text(note):
    by_note = {"schema": "firm_facts", "field": "note", "op": "equals", "operand": note}
    assert refused(Claim.from_json, {"needed": 1, "of": [PARTS[0], by_note]}, SCHEMAS) is Reason.QUESTION_MALFORMED
    assert Claim.from_json(by_note, SCHEMAS).text(SCHEMAS) == f"firm_facts.note equals {note}"


@settings(deadline=None, max_examples=300)
@given(st.text("ab ;(),{}0", min_size=1, max_size=12))
def test_any_text_that_can_be_combined_comes_back(note):
    by_note = {"schema": "firm_facts", "field": "note", "op": "equals", "operand": note}
    try:
        claim = Claim.from_json({"needed": 1, "of": [PARTS[0], by_note]}, SCHEMAS)
    except InvalidInputError:
        return
    assert parse(claim.text(SCHEMAS)) == claim
    assert note in {part.operand for part in claim.parts}


@settings(deadline=None)
@given(st.text(" ()alny2of;>=firm_facts.count 1", max_size=80))
@example("all(" + ";" * 70)
def test_any_text_is_a_claim_or_refused(text):
    try:
        claim = parse(text)
    except InvalidInputError:
        return
    assert parse(claim.text(SCHEMAS)) == claim


def test_a_combination_has_at_most_twelve_parts_and_1024_characters():
    longest = [f"firm_facts.year equals {year}" for year in range(2000, 2000 + MAX_PARTS)]
    assert parse(f"all({'; '.join(longest)})").needed == MAX_PARTS == 12
    filled = f"any({PARTS[0]}; firm_facts.note equals "
    text = filled + "x" * (1023 - len(filled)) + ")"
    assert len(text) == MAX_TEXT == 1024
    assert parse(text).text(SCHEMAS) == text
    assert refused(parse, text[:-1] + "x)") is Reason.QUESTION_MALFORMED


def test_every_part_must_be_askable():
    parse(f"all({PARTS[0]}; {PARTS[3]})").require_askable(SCHEMAS)
    bad = parse(f"all({PARTS[0]}; firm_facts.paid >= 10001 CNY)")
    assert refused(bad.require_askable, SCHEMAS) is Reason.OFF_LADDER


# --- what follows -----------------------------------------------------------------------------------------


def follows(needed: int, parts: tuple[Outcome, ...]) -> Outcome:
    """What follows is what every way of settling the unknown parts agrees on."""
    ways = product(*([part] if part is not UNKNOWN else [YES, NO] for part in parts))
    answers = {way.count(YES) >= needed for way in ways}
    return UNKNOWN if len(answers) > 1 else YES if answers.pop() else NO


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_combination_says_what_follows_from_its_parts_and_no_more(size):
    question = Question.parse(PARTS[0], SCHEMAS)
    for needed in range(1, size + 1):
        claim = Claim(needed, (question,) * size)
        for parts in product((YES, NO, UNKNOWN), repeat=size):
            outcome = claim.outcome(parts)
            assert outcome is follows(needed, parts)
            ranks = [h("rank", number) for number in range(size)]
            shown = claim.deciding(parts, ranks)
            assert list(shown) == sorted(set(shown))
            if outcome is not UNKNOWN:
                # what is shown decides alone, and nothing less would
                assert claim.outcome([parts[n] if n in shown else UNKNOWN for n in range(size)]) is outcome
                for fewer in combinations(shown, len(shown) - 1):
                    assert claim.outcome([parts[n] if n in fewer else UNKNOWN for n in range(size)]) is UNKNOWN
            else:
                assert shown == ((0,) if size == 1 else ())


def test_of_parts_alike_the_first_by_rank_are_shown():
    claim = Claim(1, (Question.parse(PARTS[0], SCHEMAS),) * 3)
    assert claim.deciding((YES, YES, YES), (b"\2", b"\3", b"\1")) == (2,)
    assert claim.deciding((YES, YES, NO), (b"\2", b"\3", b"\1")) == (0,)
    assert replace(claim, needed=2).deciding((YES, YES, YES), (b"\2", b"\3", b"\1")) == (0, 2)
    assert replace(claim, needed=2).deciding((NO, YES, NO), (b"\2", b"\3", b"\1")) == (0, 2)


def test_ranks_differ_by_attestation_and_by_part_and_come_again():
    one, other = (attest(FACTS, RAW, member=TAX, seed=h("seed", n)).prover for n in range(2))
    ranks = [prover.rank(text) for prover in (one, other) for text in PARTS]
    assert len(set(ranks)) == len(ranks)
    # another label would show other parts of claims that were shown before
    assert one.rank(PARTS[0]) == ranks[0] == kdf(h("seed", 0), b"rank" + PARTS[0].encode())


# --- across attestations ----------------------------------------------------------------------------------


def grades(text: str, shown: tuple[str, ...], *, verdict: Outcome, grade: dict[str, str], code: str = CODE) -> World:
    """A world with an attestation a year, in which a claim shows the parts of some years."""
    years = {
        year: attest(
            FACTS,
            RAW | {"grade": grade[year]},
            member=TAX,
            seed=h("seed", year),
            period=Period.parse(year),
            number=number,
            start=300 + 16 * number,
            code=code if year == YEARS[0] else CODE,
        )
        for number, year in enumerate(YEARS, start=1)
    }
    claim = parse(text)
    parts = []
    for number, part in enumerate(claim.parts):
        if str(part.period) in shown:
            attested = years[str(part.period)]
            field = FACTS.field(part.field)
            proof = attested.prover.prove(field, lower(part, field), may_disclose=False)
            parts.append(ShownPart(number, attested.shown.header.digest, proof))
            check_proof(FACTS, attested.shown.header.fields_root, field, lower(part, field), proof)
    base = build(questions=())
    world = base.with_consent(consent(terms(questions=(text,)))).with_presentation(
        claims=(ShownClaim(claim, verdict, parts=tuple(parts)),),
        attestations={attested.shown.header.digest: attested.shown for attested in years.values()},
    )
    held = {
        (a.shown.anchor.member, a.shown.anchor.stream, a.shown.anchor.number): a.shown.anchor.digest
        for a in years.values()
    }
    registration = world.presentation.subject.registration.anchor
    held[registration.member, registration.stream, registration.number] = registration.digest
    return world.with_facts(anchor_digests=held)


GOOD = {"2023": "A", "2024": "D", "2025": "B"}
POOR = {"2023": "C", "2024": "D", "2025": "B"}


def outcome_of(world: World, **options) -> tuple[Outcome, Reason | None]:
    (verdict,) = world.verify(**options)
    return verdict.outcome, verdict.reason


def test_two_of_three_years_are_shown_by_two():
    world = grades(TWO_OF_THREE, ("2023", "2025"), verdict=YES, grade=GOOD)
    assert outcome_of(world) == (YES, None)
    sent = decode(encode(world.presentation.to_json(SCHEMAS)))
    assert Presentation.from_json(sent, SCHEMAS) == world.presentation
    assert [part["part"] for part in sent["claims"][0]["parts"]] == [0, 2]


def test_two_bad_years_of_three_show_a_no():
    assert outcome_of(grades(TWO_OF_THREE, ("2023", "2024"), verdict=NO, grade=POOR)) == (NO, None)


@pytest.mark.parametrize(
    ("shown", "verdict", "grade"),
    [
        (("2023",), YES, GOOD),
        (("2023", "2024"), YES, GOOD),
        (("2024",), NO, GOOD),
        (("2024", "2025"), NO, POOR),
        (("2023", "2025"), NO, GOOD),
        (("2023", "2025"), UNKNOWN, GOOD),
        (("2023", "2024"), YES, POOR),
    ],
)
def test_a_verdict_that_its_parts_do_not_show_is_refused(shown, verdict, grade):
    with pytest.raises(VerificationError) as failed:
        grades(TWO_OF_THREE, shown, verdict=verdict, grade=grade).verify()
    assert failed.value.reason is Reason.FIELD_PROOF_FAILED


@pytest.mark.parametrize("shown", [(), ("2023",)])
def test_too_few_parts_cannot_tell_with_the_provers_reason(shown):
    world = grades(TWO_OF_THREE, shown, verdict=UNKNOWN, grade=GOOD)
    assert outcome_of(world) == (UNKNOWN, Reason.NO_ATTESTATION)
    (claim,) = world.presentation.claims
    told = world.with_presentation(claims=(replace(claim, reason=Reason.ERASED),))
    assert outcome_of(told) == (UNKNOWN, Reason.ERASED)


def test_no_part_counts_twice_and_none_stands_out_of_order():
    world = grades(TWO_OF_THREE, ("2023", "2025"), verdict=YES, grade=GOOD)
    (claim,) = world.presentation.claims
    first, second = claim.parts
    for parts in ((first, first), (second, first), (first, second, second)):
        with pytest.raises(VerificationError) as failed:
            world.with_presentation(claims=(replace(claim, parts=parts),)).verify()
        assert failed.value.reason is Reason.OPENING_MALFORMED


def test_one_year_does_not_stand_for_another():
    world = grades(TWO_OF_THREE, ("2023", "2025"), verdict=YES, grade=GOOD)
    (claim,) = world.presentation.claims
    first, second = claim.parts
    for moved in (replace(first, part=1), replace(second, part=1), replace(first, attestation=second.attestation)):
        with pytest.raises(VerificationError) as failed:
            world.with_presentation(claims=(replace(claim, parts=(moved, second)),)).verify()
        assert failed.value.reason is Reason.PERIOD_MISMATCH


def test_a_part_about_another_firm_is_refused():
    with pytest.raises(VerificationError) as failed:
        grades(TWO_OF_THREE, ("2023", "2025"), verdict=YES, grade=GOOD, code=OTHER_CODE).verify()
    assert failed.value.reason is Reason.SUBJECT_MISMATCH


def test_every_part_is_held_to_the_policy():
    world = grades(TWO_OF_THREE, ("2023", "2025"), verdict=YES, grade=GOOD)
    with pytest.raises(VerificationError) as failed:
        world.verify(policy=Policy(max_age_days=NOW // 86_400 - day("2026-10-31") - 1))
    assert failed.value.reason is Reason.ATTESTATION_TOO_OLD


def test_consent_to_the_parts_is_no_consent_to_the_combination_nor_the_other_way_round():
    world = grades(TWO_OF_THREE, ("2023", "2025"), verdict=YES, grade=GOOD)
    with pytest.raises(VerificationError) as failed:
        world.with_consent(consent(terms(questions=tuple(GRADES.values())))).verify()
    assert failed.value.reason is Reason.QUESTION_NOT_CONSENTED
    single = grades(GRADES["2023"], ("2023",), verdict=YES, grade=GOOD)
    assert outcome_of(single) == (YES, None)
    with pytest.raises(VerificationError) as failed:
        single.with_consent(consent(terms(questions=(TWO_OF_THREE,)))).verify()
    assert failed.value.reason is Reason.QUESTION_NOT_CONSENTED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda part: part.update(part=3), Reason.VALUE_OUT_OF_RANGE),
        (lambda part: part.update(part=True), Reason.TYPE_WRONG),
        (lambda part: part.pop("part"), Reason.FIELD_MISSING),
        (lambda part: part.pop("proof"), Reason.FIELD_MISSING),
        (lambda part: part.update(extra=1), Reason.FIELD_UNKNOWN),
        (lambda part: part.update(attestation="0x00"), Reason.VALUE_MALFORMED),
    ],
)
def test_a_malformed_part_is_refused(change, reason):
    world = grades(TWO_OF_THREE, ("2023", "2025"), verdict=YES, grade=GOOD)
    sent = decode(encode(world.presentation.to_json(SCHEMAS)))
    change(sent["claims"][0]["parts"][0])
    assert refused(Presentation.from_json, sent, SCHEMAS) is reason


def test_more_parts_than_a_claim_can_have_are_refused():
    sent = decode(encode(grades(TWO_OF_THREE, ("2023",), verdict=UNKNOWN, grade=GOOD).presentation.to_json(SCHEMAS)))
    sent["claims"][0]["parts"] *= MAX_PARTS + 1
    assert refused(Presentation.from_json, sent, SCHEMAS) is Reason.TOO_LARGE


def test_a_part_without_a_proof_shows_nothing():
    world = grades(TWO_OF_THREE, ("2023", "2025"), verdict=YES, grade=GOOD)
    sent = decode(encode(world.presentation.to_json(SCHEMAS)))
    sent["claims"][0]["parts"][0]["proof"] = None
    with pytest.raises(VerificationError) as failed:
        world.with_presentation(claims=Presentation.from_json(sent, SCHEMAS).claims).verify()
    assert failed.value.reason is Reason.FIELD_PROOF_FAILED


def test_the_text_is_that_of_the_schema_however_many_were_written_out_before(monkeypatch):
    monkeypatch.setattr("ledger_node.domain.claim._REMEMBERED", 1)
    texts = ["firm_facts.count >= 1", "firm_facts.grade in {A, B}", "firm_facts.paid >= 10000 CNY"]
    for _ in range(2):
        assert [Claim.parse(text, SCHEMAS).text(SCHEMAS) for text in texts] == texts
