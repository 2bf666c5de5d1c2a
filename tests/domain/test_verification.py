"""The whole plan end to end, and what a bank may not be talked into."""

from dataclasses import replace

import pytest

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.presentation import Presentation, ShownClaim, ShownPart
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.statement import lower
from ledger_node.domain.verification import Verdict
from tests.kit.world import (
    CANNOT_TELL,
    DOES_NOT_HOLD,
    FACTS,
    HOLDS,
    NOW,
    RAW,
    SCHEMAS,
    TAX,
    Policy,
    attest,
    build,
    consent,
    day,
    h,
    terms,
)


def test_a_valid_presentation_verifies_to_what_is_true(valid):
    expected = (
        [Outcome.HOLDS] * len(HOLDS)
        + [Outcome.DOES_NOT_HOLD] * len(DOES_NOT_HOLD)
        + [Outcome.CANNOT_TELL] * len(CANNOT_TELL)
    )
    verdicts = valid.verify(purpose="loan_application")
    assert [verdict.outcome for verdict in verdicts] == expected
    assert [verdict.claim for verdict in verdicts] == [shown.claim for shown in valid.presentation.claims]
    assert {(verdict.reason, verdict.message) for verdict in verdicts[:-1]} == {(None, None)}
    absent = (Reason.VALUE_ABSENT, "the department has no value for this field")
    assert (verdicts[-1].reason, verdicts[-1].message) == absent


def test_a_presentation_survives_its_json_form(valid):
    sent = encode(valid.presentation.to_json(SCHEMAS))
    assert Presentation.from_json(decode(sent), SCHEMAS) == valid.presentation


@pytest.mark.parametrize("claimed", list(Outcome))
@pytest.mark.parametrize("text", [HOLDS[0], DOES_NOT_HOLD[0], CANNOT_TELL[0]])
def test_a_verdict_that_its_proof_does_not_show_is_refused(text, claimed):
    world = build(questions=(text,))
    (claim,) = world.presentation.claims
    if claimed is claim.verdict:
        return
    with pytest.raises(VerificationError) as failed:
        world.with_presentation(claims=(replace(claim, verdict=claimed),)).verify()
    assert failed.value.reason is Reason.FIELD_PROOF_FAILED


def test_a_yes_without_a_proof_is_refused():
    world = build(questions=(HOLDS[0],))
    (claim,) = world.presentation.claims
    with pytest.raises(VerificationError) as failed:
        world.with_presentation(claims=(replace(claim, parts=()),)).verify()
    assert failed.value.reason is Reason.OPENING_MALFORMED


def test_a_cannot_tell_without_a_proof_passes_with_its_reason():
    world = build(questions=(HOLDS[0],))
    (claim,) = world.presentation.claims
    for given, told in ((Reason.ERASED, Reason.ERASED), (None, Reason.NO_ATTESTATION)):
        bare = replace(claim, verdict=Outcome.CANNOT_TELL, reason=given, message="the prover's words", parts=())
        (verdict,) = world.with_presentation(claims=(bare,), attestations={}).verify()
        assert verdict == Verdict(claim.claim, Outcome.CANNOT_TELL, told, "the prover's words")


def test_a_cannot_tell_without_consent_passes_with_its_reason():
    world = build(questions=(HOLDS[0],))
    (claim,) = world.presentation.claims
    for given, told in ((Reason.CONSENT_EXPIRED, Reason.CONSENT_EXPIRED), (None, Reason.CONSENT_UNKNOWN)):
        bare = replace(claim, verdict=Outcome.CANNOT_TELL, reason=given, message="the prover's words", parts=())
        (verdict,) = world.with_presentation(claims=(bare,), attestations={}, consent=None, subject=None).verify()
        assert verdict == Verdict(claim.claim, Outcome.CANNOT_TELL, told, "the prover's words")


def test_a_cannot_tell_about_a_revoked_attestation_says_why():
    world = build(questions=(HOLDS[0],))
    (claim,) = world.presentation.claims
    world = world.with_facts(status={}).with_presentation(
        claims=(replace(claim, verdict=Outcome.CANNOT_TELL),), subject=None
    )
    (verdict,) = world.verify()
    assert (verdict.outcome, verdict.reason) == (Outcome.CANNOT_TELL, Reason.CONSENT_UNKNOWN)


def test_e6_a_cannot_tell_shows_nothing_that_does_not_check():
    world = build(questions=(HOLDS[0],))
    (claim,) = world.presentation.claims
    world = world.with_presentation(claims=(replace(claim, verdict=Outcome.CANNOT_TELL),))
    with pytest.raises(VerificationError) as failed:
        world.verify(policy=Policy(max_age_days=10))
    assert failed.value.reason is Reason.ATTESTATION_TOO_OLD


@pytest.mark.parametrize("missing", ["consent", "subject"])
def test_a_yes_without_consent_or_subject_is_refused(valid, missing):
    with pytest.raises(VerificationError) as failed:
        valid.with_presentation(**{missing: None}).verify()
    assert failed.value.reason is Reason.CONSENT_UNKNOWN


def test_a_claim_about_an_attestation_that_is_not_shown_is_refused(valid):
    with pytest.raises(VerificationError) as failed:
        valid.with_presentation(attestations={}).verify()
    assert failed.value.reason is Reason.NO_ATTESTATION


def test_an_attestation_of_another_firm_is_refused():
    with pytest.raises(VerificationError) as failed:
        build(code="91990000MAQP1Q003N").verify()
    assert failed.value.reason is Reason.SUBJECT_MISMATCH


def test_a_registration_of_another_credit_code_is_refused(valid):
    subject = replace(valid.presentation.subject, credit_code="91990000MAQP1Q003N")
    with pytest.raises(VerificationError) as failed:
        valid.with_presentation(subject=subject).verify()
    assert failed.value.reason is Reason.SUBJECT_MISMATCH


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"valid_until": NOW}, Reason.ATTESTATION_EXPIRED),
        ({"as_of": NOW // 86_400 - 31}, Reason.ATTESTATION_TOO_OLD),
    ],
)
def test_an_expired_or_old_attestation_is_refused(changes, reason):
    with pytest.raises(VerificationError) as failed:
        build(**changes).verify(policy=Policy(max_age_days=30))
    assert failed.value.reason is reason


def test_an_attestation_as_old_as_the_policy_allows_passes():
    oldest = build(as_of=NOW // 86_400 - 30)
    for now in (NOW, NOW + 86_399):
        oldest.with_facts(block_time=now).verify(policy=Policy(max_age_days=30))


@pytest.mark.parametrize(("last", "outcome"), [("2025-09", Outcome.HOLDS), ("2025-10", Outcome.DOES_NOT_HOLD)])
def test_a_moving_threshold_is_counted_from_the_day_the_data_is_of(last, outcome):
    text = "firm_facts.last_month < as_of - 12 months"
    raw = RAW | {"last_month": last}
    attested, claim = attest(FACTS, raw, member=TAX), Claim.parse(text, SCHEMAS)
    field = SCHEMAS[claim.parts[0].schema].field(claim.parts[0].field)
    statement = lower(claim.parts[0], field, as_of=day("2026-10-31"))
    proof = attested.prover.prove(field, statement, may_disclose=False)
    shown = ShownClaim(claim, outcome, parts=(ShownPart(0, attested.shown.header.digest, proof),))
    world = build(questions=(), raw=raw).with_consent(consent(terms(questions=(text,))))
    (verdict,) = world.with_presentation(claims=(shown,)).verify()
    assert verdict.outcome is outcome


def test_an_attestation_of_another_period_is_refused(valid):
    period = replace(valid.shown.header.period, first=valid.shown.header.period.first + 1)
    with pytest.raises(VerificationError) as failed:
        build(period=period).verify()
    assert failed.value.reason is Reason.PERIOD_MISMATCH


def _claim_json(valid, **changes):
    form = decode(encode(valid.presentation.to_json(SCHEMAS)))
    form["claims"][0] |= changes
    return form


@pytest.mark.parametrize(
    ("changes", "kind", "reason"),
    [
        ({"claim": "something nicer"}, VerificationError, Reason.QUESTION_MALFORMED),
        ({"verdict": "perhaps"}, InvalidInputError, Reason.VALUE_MALFORMED),
        ({"reason": "because"}, InvalidInputError, Reason.VALUE_MALFORMED),
        ({"extra": 1}, InvalidInputError, Reason.FIELD_UNKNOWN),
        ({"attestation": "0x00"}, InvalidInputError, Reason.VALUE_MALFORMED),
        ({"proof": {}}, VerificationError, Reason.OPENING_MALFORMED),
    ],
)
def test_a_malformed_claim_is_refused_with_its_reason(valid, changes, kind, reason):
    with pytest.raises(kind) as refused:
        Presentation.from_json(_claim_json(valid, **changes), SCHEMAS)
    assert refused.value.reason is reason


def test_more_claims_than_allowed_are_refused(valid):
    form = _claim_json(valid)
    form["claims"] *= 10
    with pytest.raises(InvalidInputError) as refused:
        Presentation.from_json(form, SCHEMAS)
    assert refused.value.reason is Reason.TOO_LARGE


def test_an_empty_presentation_survives_its_json_form():
    empty = Presentation(())
    assert Presentation.from_json(decode(encode(empty.to_json(SCHEMAS))), SCHEMAS) == empty


def test_a_registration_of_another_subject_id_is_refused(valid):
    elsewhere = valid.with_consent(consent(terms(subject=h("another subject"))))
    with pytest.raises(VerificationError) as failed:
        elsewhere.verify()
    assert failed.value.reason is Reason.SUBJECT_MISMATCH
