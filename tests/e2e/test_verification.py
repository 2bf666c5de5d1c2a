"""Banks ask a served instance, and check what they get."""

import threading

import pytest

from api.client.answer_check import check_answer
from api.client.client import ApiError
from ledger_node.domain.error import CredenceError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.proof import Outcome
from ledger_node.domain.verification import Policy
from ledger_node.randomness import random_bytes
from tests.kit.served import AGE_DAYS, BANK_NAME, changed, one_form, seen

EXPECTED = {
    "tax_payment.paid_amount >= 1000000 CNY during 2025": ("holds", None),
    "tax_payment.paid_amount >= 2000000 CNY during 2025": ("does_not_hold", None),
    "tax_payment.paid_amount < 2000000 CNY": ("holds", None),
    "tax_payment.paid_amount < 1000000 CNY": ("does_not_hold", None),
    "tax_payment.paid_amount between 1000000 CNY and 2000000 CNY": ("holds", None),
    "tax_payment.paid_amount >= 1000000 CNY during 2024": ("cannot_tell", "no_attestation"),
    "tax_payment.months_paid_on_time_12m >= 12 months": ("holds", None),
    "tax_payment.sales_income >= 1000000 CNY": ("cannot_tell", "value_absent"),
    "tax_payment.tax_kind equals 10101": ("holds", None),
    "tax_payment.tax_kind equals 10104": ("cannot_tell", "needs_disclosure"),
    "tax_credit_rating.grade in {A, B}": ("holds", None),
    "tax_credit_rating.grade in {A}": ("does_not_hold", None),
    "tax_credit_rating.grade not in {D}": ("holds", None),
    "tax_credit_rating.grade not in {B, C}": ("does_not_hold", None),
    "tax_credit_rating.valid_to reveal": ("holds", None),
    "penalty_summary.count_24m < 1": ("holds", None),
    "penalty_summary.count_24m >= 1": ("does_not_hold", None),
    "penalty_summary.last_month < 2024-01": ("holds", None),
}
GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
BAD = "tax_payment.paid_amount >= 2000000 CNY during 2025"
GRADE = "tax_credit_rating.grade in {A, B}"


@pytest.fixture(scope="module")
def answered(place):
    """One answer to all questions, under one consent and for one use."""
    consent = place.grant(*EXPECTED)
    return place.verify(consent, list(EXPECTED))


@pytest.mark.parametrize("number", range(len(EXPECTED)), ids=list(EXPECTED))
def test_a_question_is_answered(answered, number):
    text, expected = list(EXPECTED.items())[number]
    assert answered["presentation"]["claims"][number]["claim"] == one_form(text)
    assert seen(answered)[number] == expected


def test_every_question_of_one_request_costs_one_use(answered):
    assert (answered["uses"], answered["max_uses"]) == (1, 3)


def test_the_bank_reaches_the_same_verdicts_by_itself(place, answered):
    verdicts = check_answer(answered, place.ledger, grantee=place.bank_id, policy=Policy())
    assert [(verdict.outcome, verdict.reason) for verdict in verdicts] == list(EXPECTED.values())


def test_a_no_that_shows_the_value_needs_consent_to_reveal_it(place):
    question = "tax_payment.tax_kind equals 10104"
    consent = place.grant(question, "tax_payment.tax_kind reveal")
    answer = place.verify(consent, [question])
    assert seen(answer) == [("does_not_hold", None)]
    verdicts = check_answer(answer, place.ledger, grantee=place.bank_id, policy=Policy())
    assert [verdict.outcome for verdict in verdicts] == [Outcome.DOES_NOT_HOLD]


def test_a_question_outside_the_consent_cannot_be_told_and_the_others_can(place):
    consent = place.grant(GOOD)
    assert place.ask(consent, GOOD, BAD) == [("holds", None), ("cannot_tell", "question_not_consented")]


def test_questions_outside_the_consent_alone_cost_no_use(place):
    consent = place.grant(GOOD)
    answer = place.verify(consent, [BAD])
    assert seen(answer) == [("cannot_tell", "question_not_consented")]
    assert answer["use"] is None
    assert answer["presentation"]["consent"] is None
    assert place.shop.client.get(f"/v1/consents/{consent}")["uses"] == 0


def test_the_same_question_for_another_period_is_another_question(place):
    consent = place.grant("tax_payment.paid_amount >= 1000000 CNY")
    assert place.ask(consent, GOOD) == [("cannot_tell", "question_not_consented")]


def test_a_policy_on_age_refuses_older_data(place):
    consent = place.grant(GOOD)
    assert place.ask(consent, GOOD, max_age_days=AGE_DAYS - 1) == [("cannot_tell", "attestation_too_old")]
    assert place.ask(consent, GOOD, max_age_days=AGE_DAYS + 1) == [("holds", None)]


def test_c1_a_consent_for_another_purpose_is_refused_without_a_use(place):
    consent = place.grant(GOOD)
    answer = place.verify(consent, [GOOD], purpose="guarantee")
    assert seen(answer) == [("cannot_tell", "consent_other_purpose")]
    assert answer["use"] is None
    assert place.ask(consent, GOOD, purpose="loan_application") == [("holds", None)]


def test_a_consent_for_one_department_does_not_cover_another(place):
    tax_bureau = next(m["id"] for m in place.bank.get("/v1/members")["members"] if m["name"] == "Demo tax bureau")
    penalty = "penalty_summary.count_24m < 1"
    consent = place.grant(GOOD, penalty, departments=(bytes.fromhex(tax_bureau[2:]),))
    assert place.ask(consent, GOOD, penalty) == [("holds", None), ("cannot_tell", "consent_other_department")]


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("tax_payment.paid_amount >= 1234567 CNY", "off_ladder"),
        ("tax_payment.paid_amount >= 1 CNY", "off_ladder"),
        ("tax_payment.paid_amount >= 9000000000000 CNY", "off_ladder"),
        ("tax_payment.paid_amount >= 1000000", "unit_missing"),
        ("tax_payment.paid_amount >= 1000000 USD", "currency_differs"),
        ("tax_payment.paid_amount >= 1000000 yuan", "unit_unknown"),
        ("tax_payment.paid_amount >= 0.001 CNY", "value_malformed"),
        ("tax_payment.paid_amount <= 1000000 CNY", "off_ladder"),
        ("tax_payment.paid_amount => 1000000 CNY", "question_malformed"),
        ("tax_payment.paid_amount between 2000000 CNY and 1000000 CNY", "range_empty"),
        ("tax_payment.paid_amount in {1}", "operator_unsupported"),
        ("tax_payment.other >= 5", "field_unknown"),
        ("other.paid_amount >= 5", "schema_unknown"),
        ("tax_credit_rating.grade in {}", "set_empty"),
        ("tax_credit_rating.grade in {E}", "set_member_unknown"),
        ("tax_credit_rating.grade in {A, A}", "set_duplicate"),
        ("tax_credit_rating.grade in {A, B, M, C, D}", "set_full"),
        ("tax_credit_rating.grade >= 5", "set_member_unknown"),
        ("tax_payment.paid_amount reveal", "not_revealable"),
        ("tax_payment.paid_amount >= 1000000 CNY during never", "value_malformed"),
        ("", "question_malformed"),
        ("; drop table attestation", "question_malformed"),
        ("tax_payment.paid_amount >= 1000000 CNY\x00", "question_malformed"),
        ("x" * 5000, "question_malformed"),
        (5, "type_wrong"),
        (None, "type_wrong"),
        ({}, "field_missing"),
        ({"schema": "tax_payment", "field": "paid_amount", "op": ">=", "operand": True}, "type_wrong"),
        ({"schema": "tax_payment", "field": "paid_amount", "op": ">=", "operand": 5}, "type_wrong"),
        ({"schema": "tax_payment", "field": "paid_amount", "op": ">=", "operand": "5.0"}, "value_malformed"),
        ({"schema": "tax_payment", "field": "paid_amount", "op": "~", "operand": 5}, "operator_unsupported"),
        ({"schema": "tax_payment", "field": "paid_amount", "op": ">=", "operand": "90071992547409.91"}, "off_ladder"),
        (
            {"schema": "tax_payment", "field": "paid_amount", "op": ">=", "operand": "90071992547409.92"},
            "value_out_of_range",
        ),
        (
            {"schema": "tax_payment", "field": "paid_amount", "op": ">=", "operand": "1000000", "more": 1},
            "field_unknown",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_whatever_the_consent(place, question, reason):
    with pytest.raises(ApiError) as refused:
        place.verify("0x" + "00" * 32, [question])
    assert refused.value.status == 422
    assert refused.value.reason == reason


def test_a_wrong_threshold_says_which_ones_are_nearby(place):
    with pytest.raises(ApiError) as refused:
        place.verify("0x" + "00" * 32, ["tax_payment.paid_amount >= 1234567 CNY"])
    assert refused.value.reason == "off_ladder"
    assert "1000000" in refused.value.message
    assert "2000000" in refused.value.message


@pytest.mark.parametrize("count", [0, 65])
def test_a_request_asks_one_to_64_questions(place, count):
    with pytest.raises(ApiError) as refused:
        place.verify("0x" + "00" * 32, [GOOD] * count)
    assert refused.value.reason in {"request_invalid", "too_large"}


def test_c1_the_uses_of_a_consent_run_out_even_for_twenty_at_once(place):
    consent = place.grant(GOOD)
    start = threading.Barrier(20)
    answers = []

    def ask():
        client = place.client("demo-bank")
        start.wait()
        answers.append(place.verify(consent, [GOOD], client=client))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdicts = sorted(seen(answer)[0] for answer in answers if answer["use"])
    refused = [seen(answer)[0] for answer in answers if not answer["use"]]
    assert verdicts == [("holds", None)] * 3
    assert refused == [("cannot_tell", "consent_exhausted")] * 17
    assert sorted(answer["use"]["id"] for answer in answers if answer["use"]) == sorted(
        {answer["use"]["id"] for answer in answers if answer["use"]}
    )
    assert place.shop.client.get(f"/v1/consents/{consent}")["uses"] == 3


@pytest.fixture(scope="module")
def answer(place):
    consent = place.grant(GOOD, BAD, GRADE)
    return place.verify(consent, [GOOD, BAD, GRADE])


def refusal(place, answer, **options):
    with pytest.raises(CredenceError) as refused:
        check_answer(answer, place.ledger, **{"grantee": place.bank_id, "policy": Policy(), **options})
    return refused.value.reason


def test_the_true_answer_is_accepted(place, answer):
    verdicts = check_answer(answer, place.ledger, grantee=place.bank_id, policy=Policy())
    assert [verdict.outcome for verdict in verdicts] == ["holds", "does_not_hold", "holds"]


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("presentation.claims.0.verdict", "does_not_hold", "field_proof_failed"),
        ("presentation.claims.1.verdict", "holds", "field_proof_failed"),
        ("presentation.claims.0.verdict", "cannot_tell", "field_proof_failed"),
        ("presentation.claims.0.verdict", "perhaps", "value_malformed"),
        ("presentation.claims.0.proof", None, "opening_malformed"),
        ("presentation.claims.0.claim", BAD, "question_malformed"),
        ("presentation.claims.0.attestation", "0x" + "11" * 32, "no_attestation"),
        ("presentation.claims.0.question.period", "2024", "question_malformed"),
        ("presentation.attestations", [], "no_attestation"),
        ("presentation.attestations.0.index", 5000, "index_out_of_range"),
        ("presentation.attestations.0.header.as_of", "2026-10-31", "no_attestation"),
        ("presentation.attestations.0.header.fields_root", "0x" + "22" * 32, "no_attestation"),
        ("presentation.attestations.0.anchor.root", "0x" + "22" * 32, "not_in_batch"),
        ("presentation.attestations.0.anchor.number", 4000, "not_anchored"),
        ("presentation.attestations.0.anchor.start", 5, "not_anchored"),
        ("presentation.attestations.0.subject_key", "0x" + "22" * 32, "subject_mismatch"),
        ("presentation.consent", None, "consent_unknown"),
        ("presentation.subject", None, "consent_unknown"),
        ("presentation.consent.bounds.max_uses", 2, "consent_id_mismatch"),
        ("presentation.use", None, "use_not_recorded"),
        ("presentation.use.number", 96, "use_not_recorded"),
        ("presentation.use.uses", [], "uses_differ"),
        ("presentation.consent.terms.questions.0", "tax_payment.tax_kind reveal", "consent_id_mismatch"),
        ("presentation.consent.id", "0x" + "33" * 32, "consent_id_mismatch"),
        ("presentation.consent.signatures", [], "threshold_not_met"),
        ("presentation.consent.controllers.threshold", 2, "request_invalid"),
        ("presentation.subject.credit_code", "91990000MABYF3008C", "subject_mismatch"),
        ("presentation.subject.proof", None, None),
        ("block.number", 1, "block_not_final"),
        ("block.hash", "0x" + "44" * 32, "block_not_final"),
        ("controllers.entries", [], None),
    ],
)
def test_a_changed_answer_is_refused_with_its_reason(place, answer, path, value, reason):
    def change(copy):
        *way, last = path.split(".")
        for step in way:
            copy = copy[int(step) if step.isdigit() else step]
        key = int(last) if last.isdigit() else last
        copy[key] = value

    found = refusal(place, changed(answer, change))
    assert reason is None or found == reason


def test_proofs_of_two_claims_cannot_be_swapped(place, answer):
    def swap(copy):
        first, second = copy["presentation"]["claims"][:2]
        first["proof"], second["proof"] = second["proof"], first["proof"]

    assert refusal(place, changed(answer, swap)) == "field_proof_failed"


def test_two_claims_with_each_others_verdicts_are_refused(place, answer):
    def swap(copy):
        first, second = copy["presentation"]["claims"][:2]
        for name in ("proof", "verdict"):
            first[name], second[name] = second[name], first[name]

    assert refusal(place, changed(answer, swap)) == "field_proof_failed"


def test_attestations_of_two_claims_cannot_be_swapped(place, answer):
    def swap(copy):
        first, third = copy["presentation"]["claims"][0], copy["presentation"]["claims"][2]
        first["attestation"], third["attestation"] = third["attestation"], first["attestation"]

    assert refusal(place, changed(answer, swap)) == "schema_mismatch"


def test_an_answer_for_another_bank_is_refused(place, answer):
    assert refusal(place, answer, grantee=random_bytes(32)) == "consent_other_grantee"


def test_an_unknown_member_is_refused(place, answer):
    changes = changed(answer, lambda copy: copy["presentation"].update(note="trust me"))
    assert refusal(place, changes) == "field_unknown"


def test_the_policy_of_the_bank_decides_and_not_the_answers(place, answer):
    assert refusal(place, answer, policy=Policy(AGE_DAYS - 5)) == "attestation_too_old"


def is_noticed(place, altered):
    try:
        check_answer(altered, place.ledger, grantee=place.bank_id, policy=Policy())
    except CredenceError:
        return True
    return False


def test_every_digest_in_an_answer_matters(place, answer):
    """Flip one digit of every long hexadecimal string, one at a time: no change passes as the truth.

    The receipt has a check of its own, and evidence is what its digest says.
    """
    honest = check_answer(answer, place.ledger, grantee=place.bank_id, policy=Policy())
    for path, value in _strings({part: answer[part] for part in ("block", "presentation")}):
        if not (value.startswith("0x") and len(value) >= 42):
            continue

        def flip(copy, path=path, value=value):
            for step in path[:-1]:
                copy = copy[int(step) if isinstance(copy, list) else step]
            last = int(path[-1]) if isinstance(copy, list) else path[-1]
            copy[last] = value[:-1] + ("0" if value[-1] != "0" else "1")

        assert is_noticed(place, changed(answer, flip)), path
    assert [verdict.outcome for verdict in honest] == ["holds", "does_not_hold", "holds"]


def _strings(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _strings(item, (*path, str(key)))
    if isinstance(value, str):
        yield path, value


def test_the_answer_names_the_bank_it_is_for(answered):
    assert answered["presentation"]["consent"]["terms"]["grantee_name"] == BANK_NAME


RATED_TWICE = "2 of ({0}2023; {0}2024; {0}2025)".format("tax_credit_rating.grade in {A, B} during ")


@pytest.fixture(scope="module")
def rated(place):
    """A firm with grades B, D, A in three years, and no tax payment."""
    firm = place.fresh()
    for year, grade in (("2023", "B"), ("2024", "D"), ("2025", "A")):
        job = place.attest("tax_credit_rating", [(firm, {"评价年度": year, "信用级别": grade})], name=f"rated-{year}")
        assert job["issued"] == 1
    return place.register(firm)


@pytest.mark.parametrize(
    ("claim", "expected", "parts"),
    [
        (RATED_TWICE, ("holds", None), 2),
        (RATED_TWICE.replace("2 of", "all"), ("does_not_hold", None), 1),
        (RATED_TWICE.replace("2 of", "any"), ("holds", None), 1),
        (f"any({GRADE} during 2024; {GOOD})", ("cannot_tell", "no_attestation"), 0),
        (f"all({GRADE} during 2024; {GOOD})", ("does_not_hold", None), 1),
        (f"any({GRADE} during 2025; {GOOD})", ("holds", None), 1),
    ],
)
def test_a_combination_shows_the_parts_that_decide_it_and_no_more(place, rated, claim, expected, parts):
    consent = place.grant(claim, firm=rated)
    answers = [place.verify(consent, [claim]) for _ in range(2)]
    for answer in answers:
        assert seen(answer) == [expected]
        (shown,) = answer["presentation"]["claims"]
        assert shown["claim"] == one_form(claim)
        assert len(shown["parts"]) == parts == len(answer["presentation"]["attestations"])
        (verdict,) = check_answer(answer, place.ledger, grantee=place.bank_id, policy=Policy())
        assert (verdict.outcome, verdict.reason) == expected
    # asked again, the same parts are shown
    first, second = (answer["presentation"]["claims"][0]["parts"] for answer in answers)
    assert [part["part"] for part in first] == [part["part"] for part in second]


def test_consent_to_a_combination_does_not_answer_its_parts(place, rated):
    consent = place.grant(RATED_TWICE, firm=rated)
    assert place.ask(consent, f"{GRADE} during 2025", RATED_TWICE) == [
        ("cannot_tell", "question_not_consented"),
        ("holds", None),
    ]


def test_the_parts_of_all_claims_are_counted(place):
    consent = place.grant(GOOD)
    with pytest.raises(ApiError) as refused:
        place.verify(consent, [RATED_TWICE] * 22)
    assert (refused.value.status, refused.value.reason) == (422, "request_invalid")


def test_k2_the_same_use_sent_again_gets_the_same_answer_and_costs_nothing(place):
    consent = place.grant(GOOD)
    body = place.body(consent, [GOOD])
    with place.http("demo-bank") as http:
        first, second = (http.post("/v1/verifications", json=body).json() for _ in range(2))
    for part in ("block", "use", "presentation", "receipt"):
        assert first[part] == second[part]
    assert place.bank.get(f"/v1/consents/{consent}")["uses"] == 1
    assert place.bank.evidence(second["use"]["id"])


def test_k2_a_number_that_is_taken_is_answered_with_a_free_one(place):
    consent = place.grant(GOOD)
    with place.http("demo-bank") as http:
        assert http.post("/v1/verifications", json=place.body(consent, [GOOD])).status_code == 200
        taken = http.post("/v1/verifications", json=place.body(consent, [GOOD]))
    problem = taken.json()
    assert (taken.status_code, problem["reason"], problem["free_number"]) == (409, "use_number_taken", 2)
    assert place.bank.get(f"/v1/consents/{consent}")["free_numbers"] == [2, 3]


def test_k2_an_instance_cannot_spend_a_use_by_itself(place):
    consent = place.grant(GOOD)
    body = place.body(consent, [GOOD])
    forged = body | {"use": body["use"] | {"number": 2}}
    with place.http("demo-bank") as http:
        refused = http.post("/v1/verifications", json=forged)
    assert (refused.status_code, refused.json()["reason"]) == (422, "use_signature_wrong")
    assert place.bank.get(f"/v1/consents/{consent}")["uses"] == 0


def test_k21_a_consent_is_withdrawn_by_what_the_firm_keeps_whoever_serves_it(place):
    secret = random_bytes(32)
    consent = place.consent([one_form(GOOD)], secret=secret)
    body = {
        "terms_hash": to_hex(consent.terms.struct_hash),
        "bounds": consent.bounds.to_json(),
        "secret": to_hex(secret),
    }
    shown = place.client_with(None).post("/v1/withdrawals", body)
    assert shown == {"consent": to_hex(consent.digest(place.ledger.consent_domain)), "state": "withdrawn"}
    with pytest.raises(ApiError) as refused:
        place.post_consent(consent)
    assert refused.value.reason == "consent_withdrawn"
