"""Rules 8 to 12 and 17 to 19 one by one: a consent that counts, and a use that was spent for just this answer."""

from dataclasses import replace

import pytest

from ledger_node.domain.consent_act import Change, SignedAct, change_digest
from ledger_node.domain.consent_rule import is_resumed, require_consent, rule_times
from ledger_node.domain.controller_entry import HOLD_TIME_S
from ledger_node.domain.error import VerificationError
from ledger_node.domain.fact import ConsentState
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import sign
from ledger_node.domain.ticket import LIFETIME, CountedUse
from ledger_node.domain.verification import Policy, verify
from tests.kit.world import (
    BANK,
    CONSENT_DOMAIN,
    CONTROLLER_KEYS,
    CONTROLLERS,
    DAY,
    HOLDS,
    NOW,
    SCHEMAS,
    bounds,
    build,
    consent,
    h,
    terms,
)

EARLIER = (CountedUse(3, h("an earlier ticket"), NOW - 99),)


def refused(world) -> Reason:
    with pytest.raises(VerificationError) as failed:
        world.verify()
    return failed.value.reason


def resumption(number=2, signers=(0, 1), controllers=CONTROLLERS):
    digest = change_digest(consent(terms()).id, Change.RESUME, number, CONSENT_DOMAIN)
    return SignedAct(controllers, tuple(sign(digest, CONTROLLER_KEYS[signer]) for signer in signers))


def resumed(world, act, *, bound=None, changes=2, at=NOW - 60):
    """The consent goes on since ``at``, and the chain binds what was signed for it."""
    record = {"changes": changes, "changed_at": at, "word_digest": (bound or act).digest}
    return world.with_record(**record).with_presentation(resumption=act)


def test_k4_bounds_are_of_the_id(valid):
    other = replace(valid.presentation.consent, bounds=bounds(grant_before=NOW + 1))
    assert refused(valid.with_presentation(consent=other)) is Reason.CONSENT_ID_MISMATCH


@pytest.mark.parametrize("held", [{"max_uses": 9}, {"spend_key": bytes([7] * 20)}, {"expires_at": NOW + 9 * DAY}])
def test_k4_the_chain_holds_the_bounds_of_the_id(valid, held):
    assert refused(valid.with_record(**held)) is Reason.CONSENT_TERMS_DIFFER


def test_k5_an_id_that_was_withdrawn_before_it_was_granted_never_counts(valid):
    tombstone = valid.with_record(state=ConsentState.WITHDRAWN, granted_at=0)
    assert refused(tombstone) is Reason.CONSENT_WITHDRAWN
    assert rule_times(tombstone.facts.consent, NOW) == frozenset()


def test_k20_who_signs_later_for_what_was_recorded_does_not_count(valid):
    later = consent(terms(), signers=(1, 2))
    assert refused(valid.with_presentation(consent=later)) is Reason.CONSENT_SIGNATURES_DIFFER
    valid.with_consent(later).verify()


def held_since(world, time):
    return world.with_facts(controllers=replace(world.facts.controllers, holds={1: time, 2: 0}))


def test_k24_a_subject_on_hold_gets_no_answer(valid):
    granted = valid.facts.consent.granted_at
    for since in (granted, granted - HOLD_TIME_S + 1, NOW - 5, NOW):
        assert refused(held_since(valid, since)) is Reason.SUBJECT_ON_HOLD
    held_since(valid, granted - HOLD_TIME_S).verify()
    held_since(valid, NOW + 1).verify()


def test_k1_a_resumption_counts_by_the_controllers_word(valid):
    world = resumed(valid, resumption())
    world.verify()
    assert is_resumed(world.facts.consent)
    assert rule_times(world.facts.consent, NOW) == {NOW - DAY, NOW, NOW - 60}
    resumed(valid, resumption(4), changes=4).verify()


@pytest.mark.parametrize(
    ("act", "bound"),
    [
        (None, resumption()),
        (resumption(), resumption(signers=(1, 2))),
        (resumption(1), None),
        (resumption(signers=(0,)), None),
        (resumption(signers=()), None),
        (resumption(controllers=replace(CONTROLLERS, threshold=1)), None),
    ],
    ids=["none", "another bound", "of another change", "of one", "of nobody", "of other controllers"],
)
def test_k1_what_resumes_without_that_word_counts_as_paused(valid, act, bound):
    assert refused(resumed(valid, act, bound=bound)) is Reason.CONSENT_PAUSED


def test_k1_a_resumption_during_a_hold_counts_as_paused(valid):
    world = resumed(valid, resumption(), at=NOW - 60)
    facts = world.facts
    entries = {**facts.controllers.entries, 1: replace(facts.controllers.entries[0], since=NOW - 30, kind=2, link=0)}
    history = replace(facts.controllers, entries=entries, begins={2: 0}, holds={1: NOW - 90, 2: 0})
    assert refused(world.with_facts(controllers=history)) is Reason.CONSENT_PAUSED


def test_an_answer_comes_with_its_use(valid):
    with pytest.raises(VerificationError) as failed:
        verify(valid.presentation, SCHEMAS, valid.facts, grantee=BANK, policy=Policy())
    assert failed.value.reason is Reason.USE_NOT_RECORDED


def test_k2_uses_come_in_any_order_and_of_any_number(valid):
    valid.spent(earlier=EARLIER).verify()
    valid.spent(earlier=(*EARLIER, CountedUse(1, h("one"), NOW - 9)), number=2).verify()


def with_uses(world, uses):
    return world.with_presentation(use=replace(world.presentation.use, uses=tuple(uses)))


def test_k2_the_uses_shown_are_those_that_the_chain_counted(valid):
    world = valid.spent(earlier=EARLIER)
    uses = world.presentation.use.uses
    for other in (uses[::-1], uses[1:], uses[:1], (), (*uses, uses[0]), (uses[0]._replace(time=1), uses[1])):
        assert refused(with_uses(world, other)) is Reason.USES_DIFFER
    assert refused(world.with_record(uses_digest=h("others"))) is Reason.USES_DIFFER


def test_k2_the_number_was_used_and_once(valid):
    world = valid.spent(earlier=EARLIER)
    assert refused(world.with_record(used=0b100)) is Reason.USE_NOT_RECORDED
    order = replace(world.presentation.use.order, number=2)
    other = replace(world.presentation.use, order=order)
    assert refused(world.with_presentation(use=other)) is Reason.USE_NOT_RECORDED
    twice = valid.spent(earlier=(CountedUse(1, h("an earlier ticket"), NOW - 9),))
    assert refused(twice) is Reason.USE_NOT_RECORDED


@pytest.mark.parametrize(
    "change",
    [
        {"answered_by": h("another member")},
        {"nonce": h("another nonce")},
        {"seed": h("another seed")},
        {"not_after": NOW + 299},
        {"number": 3},
    ],
    ids=str,
)
def test_k2_a_use_is_for_one_ticket(valid, change):
    world = valid.spent(earlier=EARLIER)
    other = replace(world.presentation.use, order=replace(world.presentation.use.order, **change))
    assert refused(world.with_presentation(use=other)) is Reason.USE_DIFFERS


def test_k2_a_ticket_is_for_these_claims_and_no_others(valid):
    world = valid.spent()
    claims = world.presentation.claims
    for other in (claims[1:], claims[:1], ()):
        assert refused(world.with_presentation(claims=other)) is Reason.USE_DIFFERS
    one = build(questions=HOLDS[:1])
    assert refused(one.with_presentation(claims=one.spent().presentation.claims, use=world.presentation.use)) in {
        Reason.USE_DIFFERS,
        Reason.USES_DIFFER,
    }


def test_k2_only_the_spend_key_spends(valid):
    assert refused(valid.spent(key=h("another key"))) is Reason.USE_SIGNATURE_WRONG


def test_k2_no_bank_answers_itself(valid):
    assert refused(valid.spent(answered_by=BANK)) is Reason.USE_OTHER_MEMBER


def test_k2_a_use_is_counted_in_its_time_and_answered_within_600_seconds(valid):
    valid.spent(time=NOW - LIFETIME).verify()
    assert refused(valid.spent(time=NOW - LIFETIME - 1)) is Reason.ANSWERED_LATE
    assert refused(valid.spent(time=NOW + 1)) is Reason.ANSWERED_LATE
    valid.spent(not_after=NOW).verify()
    assert refused(valid.spent(not_after=NOW - 1)) is Reason.USE_TOO_LATE


def test_a_purpose_that_nobody_names_is_not_looked_at(valid):
    require_consent(valid.presentation.consent, valid.facts, grantee=BANK)
    with pytest.raises(VerificationError) as failed:
        require_consent(valid.presentation.consent, valid.facts, grantee=BANK, purpose="guarantee")
    assert failed.value.reason is Reason.CONSENT_OTHER_PURPOSE
