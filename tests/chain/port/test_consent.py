"""What the Ledger port promises of consents, requests and uses."""

import pytest

from ledger_node.chain.port import MAX_USES_AT_A_TIME, UseRefusal
from ledger_node.domain.consent import RequestState
from ledger_node.domain.consent_act import NO_WORD, grant_hash
from ledger_node.domain.event import ConsentEvent, Step
from ledger_node.domain.fact import ConsentRecord, ConsentState
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import CountedUse, uses_digest
from ledger_node.randomness import random_bytes
from tests.kit.ledger_consent import WORD, Asked, Granted
from tests.kit.ledger_port import NOTHING, id_, record_of, recorded, refusal
from tests.kit.ledger_world import RELAYER_KEY


def results_of(ledger, *uses):
    return [one.refusal for one in ledger.record_uses(uses)]


def test_k4_a_consent_is_granted_in_its_bounds_under_the_id_that_they_make(world, ledger):
    one = Granted.of(world)
    order, bounds = one.order(), one.consent.bounds
    mined = ledger.grant(order)
    records, block = ledger.consents([id_(), one.id])
    assert list(records) == [
        None,
        ConsentRecord(
            state=ConsentState.LIVE,
            granted_at=mined.block.time,
            not_before=bounds.not_before,
            expires_at=bounds.expires_at,
            max_uses=3,
            changes=0,
            changed_at=0,
            spend_key=bounds.spend_key,
            used=0,
            uses_digest=one.id,
            grant_digest=grant_hash(bounds.withdrawal_hash, order.signatures_digest),
            word_digest=NO_WORD,
        ),
    ]
    assert block == ledger.head()
    assert ledger.consent_events(one.id) == [ConsentEvent(Step.GRANTED, one.id, recorded(mined))]
    assert refusal(ledger.grant, order) == ("ConsentExists", Reason.CONSENT_EXISTS)


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"expires_at": 5, "not_before": 5}, "ConsentPeriodInvalid", Reason.LEDGER_REFUSED),
        ({"expires_at": 2**40}, "ConsentPeriodInvalid", Reason.LEDGER_REFUSED),
        ({"expires_at": 5, "not_before": 4}, "ConsentExpired", Reason.CONSENT_EXPIRED),
        ({"grant_before": 5}, "ConsentGrantLate", Reason.CONSENT_GRANT_LATE),
        ({"max_uses": 0}, "ConsentUsesInvalid", Reason.LEDGER_REFUSED),
        ({"max_uses": 97}, "ConsentUsesInvalid", Reason.LEDGER_REFUSED),
        ({"spend_key": bytes(20)}, "ConsentKeyZero", Reason.LEDGER_REFUSED),
        ({"withdrawal_hash": NOTHING}, "ConsentWithdrawalHashZero", Reason.LEDGER_REFUSED),
    ],
    ids=str,
)
def test_k5_a_consent_out_of_bounds_is_refused(world, ledger, changes, error, reason):
    assert refusal(ledger.grant, Granted.of(world).bounded(**changes).order()) == (error, reason)


def test_k20_a_grant_needs_the_steward_keys_word(world, ledger):
    wrong = Granted.of(world).order(steward=random_bytes(32))
    assert refusal(ledger.grant, wrong) == ("ConsentSignatureWrong", Reason.NOT_ALLOWED)


def test_a_request_is_answered_once(world, ledger):
    asked, refused, one = Asked.of(world), Asked.of(world), Granted.of(world)
    mined = [ledger.request_consent(asked.id), ledger.request_consent(refused.id)]
    assert ledger.request_states([asked.id, id_()]) == [RequestState.OPEN, RequestState.NONE]
    assert refusal(ledger.request_consent, asked.id) == ("RequestExists", Reason.REQUEST_ANSWERED)
    assert refusal(ledger.request_consent, NOTHING)[0] == "RequestIdZero"
    mined.append(ledger.grant(one.order(answer=asked.answer(consent=one.id))))
    mined.append(ledger.refuse_consent(refused.answer()))
    assert ledger.request_states([refused.id, asked.id]) == [RequestState.REFUSED, RequestState.GRANTED]
    at = [recorded(each) for each in mined]
    events = [
        ConsentEvent(Step.REQUESTED, asked.id, at[0]),
        ConsentEvent(Step.REQUESTED, refused.id, at[1]),
        ConsentEvent(Step.GRANTED, one.id, at[2]),
        ConsentEvent(Step.ANSWERED, asked.id, at[2], answer=one.id),
        ConsentEvent(Step.REFUSED, refused.id, at[3]),
    ]
    assert ledger.events_between(at[0].block_number, at[3].block_number) == events
    assert ledger.consent_events(asked.id) == [events[0], events[3]]
    for request in (asked, refused, Asked.of(world)):
        assert refusal(ledger.refuse_consent, request.answer()) == ("RequestNotOpen", Reason.REQUEST_ANSWERED)
        late = Granted.of(world)
        order = late.order(answer=request.answer(consent=late.id))
        assert refusal(ledger.grant, order)[0] == "RequestNotOpen"
        assert record_of(ledger, late.id) is None


def test_k3_only_the_answer_key_answers_and_only_with_the_consent_that_it_signed(world, ledger):
    asked, one, other = Asked.of(world), Granted.of(world), Granted.of(world)
    ledger.request_consent(asked.id)
    wrong = ("RequestSignatureWrong", Reason.NOT_ALLOWED)
    assert refusal(ledger.refuse_consent, asked.answer(consent=one.id)) == wrong
    assert refusal(ledger.grant, other.order(answer=asked.answer(consent=one.id))) == wrong
    assert refusal(ledger.grant, one.order(answer=asked.answer())) == wrong
    assert ledger.request_states([asked.id]) == [RequestState.OPEN]


def test_a_consent_is_paused_and_resumed_by_number(world, ledger):
    one = Granted.of(world).granted()
    assert refusal(ledger.change_consent, one.resume(1)) == ("ConsentNotPaused", Reason.CONSENT_NOT_PAUSED)
    wrong = ("ConsentChangeNumberWrong", Reason.CONSENT_CHANGED_ALREADY)
    assert refusal(ledger.change_consent, one.pause(2)) == wrong
    paused = ledger.change_consent(one.pause())
    assert (record_of(ledger, one.id).state, record_of(ledger, one.id).changes) == (ConsentState.PAUSED, 1)
    assert refusal(ledger.change_consent, one.pause(2)) == ("ConsentAlreadyPaused", Reason.CONSENT_PAUSED)
    assert refusal(ledger.change_consent, one.resume(1)) == wrong
    assert refusal(ledger.change_consent, one.resume(act=None)) == ("ConsentWordDigestZero", Reason.NOT_ALLOWED)
    resumed = ledger.change_consent(one.resume())
    held = record_of(ledger, one.id)
    assert (held.state, held.changes, held.word_digest) == (ConsentState.LIVE, 2, WORD.digest)
    assert held.changed_at == resumed.block.time
    assert ledger.consent_events(one.id)[1:] == [
        ConsentEvent(Step.PAUSED, one.id, recorded(paused), number=1, word_digest=NO_WORD),
        ConsentEvent(Step.RESUMED, one.id, recorded(resumed), number=2, word_digest=WORD.digest),
    ]
    unknown = ("ConsentUnknown", Reason.CONSENT_UNKNOWN)
    assert refusal(ledger.change_consent, Granted.of(world).pause()) == unknown


def test_k1_nobody_but_the_steward_key_changes_a_consent_and_anybody_may_send_it(world, ledger):
    one = Granted.of(world).granted()
    for order in (one.pause, one.withdrawal):
        wrong = refusal(ledger.change_consent, order(steward=random_bytes(32)))
        assert wrong == ("ConsentSignatureWrong", Reason.NOT_ALLOWED)
    world.stranger.change_consent(one.pause())
    assert record_of(ledger, one.id).state is ConsentState.PAUSED


@pytest.mark.parametrize("by_secret", [True, False])
@pytest.mark.parametrize("is_paused", [True, False])
def test_a_withdrawal_is_final(world, ledger, by_secret, is_paused):
    one = Granted.of(world).granted()
    if is_paused:
        ledger.change_consent(one.pause())
    number = 1 + is_paused
    mined = ledger.withdraw(one.by_secret()) if by_secret else ledger.change_consent(one.withdrawal(number))
    assert record_of(ledger, one.id).state is ConsentState.WITHDRAWN
    event = ConsentEvent(
        Step.WITHDRAWN,
        one.id,
        recorded(mined),
        number=0 if by_secret else number,
        by_secret=by_secret,
        word_digest=NO_WORD,
    )
    assert ledger.consent_events(one.id)[-1] == event
    assert ledger.withdrawal_secret(mined.transaction) == (one.secret if by_secret else None)
    over = ("ConsentNotLive", Reason.CONSENT_WITHDRAWN)
    assert refusal(ledger.withdraw, one.by_secret()) == over
    assert refusal(ledger.change_consent, one.withdrawal(number + 1)) == over
    assert refusal(ledger.change_consent, one.resume(number + 1)) == over
    assert refusal(ledger.grant, one.order()) == over


def test_k21_only_the_secret_withdraws_and_anybody_may_show_it(world, ledger):
    one = Granted.of(world).granted()
    wrong = ("ConsentWrongSecret", Reason.CONSENT_WRONG_SECRET)
    assert refusal(ledger.withdraw, one.by_secret(id_())) == wrong
    assert ledger.withdrawal_secret(id_()) is None
    world.stranger.withdraw(one.by_secret())
    assert record_of(ledger, one.id).state is ConsentState.WITHDRAWN


@pytest.mark.parametrize("by_secret", [True, False])
def test_k5_a_consent_that_was_not_granted_is_withdrawn_for_good(world, ledger, by_secret):
    one = Granted.of(world)
    mined = world.stranger.withdraw(one.by_secret()) if by_secret else ledger.change_consent(one.withdrawal())
    held = record_of(ledger, one.id)
    assert (held.state, held.granted_at, held.changed_at) == (ConsentState.WITHDRAWN, 0, mined.block.time)
    assert refusal(ledger.grant, one.order()) == ("ConsentNotLive", Reason.CONSENT_WITHDRAWN)


def test_uses_are_counted_in_any_order_each_number_once(world, ledger):
    one, other = Granted.of(world).granted(), Granted.of(world).granted()
    uses = [one.use(3), one.use(1), one.use(3), one.use(4), one.use(0), one.use(2), other.use(1)]
    results = ledger.record_uses(uses)
    assert [each.refusal for each in results] == [
        None,
        None,
        UseRefusal.NUMBER_USED,
        UseRefusal.NUMBER_INVALID,
        UseRefusal.NUMBER_INVALID,
        None,
        None,
    ]
    assert [each.recorded for each in results] == [each.refusal is None for each in results]
    (mined,) = {each.mined for each in results}
    counted = [CountedUse(use.number, use.ticket, mined.block.time) for use in uses]
    mine = [counted[0], counted[1], counted[5]]
    assert ledger.counted_uses([other.id, one.id]) == {other.id: [counted[6]], one.id: mine}
    number = mined.block.number
    assert ledger.counted_uses([one.id], since=mined.block.time) == {one.id: mine}
    assert ledger.uses_since(number) == [*((one.id, use) for use in mine), (other.id, counted[6])]
    assert ledger.uses_since(number + 1) == []
    assert ledger.consent_events(other.id)[1:] == [
        ConsentEvent(Step.USED, other.id, recorded(mined), number=1, use=uses[6].ticket)
    ]
    assert ledger.counted_use(one.id, uses[1].ticket) == (counted[1], recorded(mined))
    assert ledger.counted_use(one.id, uses[2].ticket) is None
    assert ledger.counted_use(other.id, uses[1].ticket) is None
    assert ledger.signed_use(mined.transaction, uses[5].ticket) == uses[5]
    assert ledger.signed_use(mined.transaction, id_()) is None
    held = record_of(ledger, one.id)
    assert (held.uses, held.free_numbers) == (3, ())
    assert held.uses_digest == uses_digest(one.id, mine)


def test_k2_what_is_sent_twice_counts_once_and_spoils_no_other_use(world, ledger):
    one, other = Granted.of(world).granted(), Granted.of(world).granted()
    use = one.use()
    assert results_of(ledger, use, use, other.use()) == [None, UseRefusal.NUMBER_USED, None]
    assert results_of(world.stranger, use) == [UseRefusal.NUMBER_USED]
    assert record_of(ledger, one.id).uses == 1
    (alone,) = ledger.record_uses([one.use(2)])
    assert ledger.signed_use(alone.mined.transaction, use.ticket) is None


def test_k2_only_the_spend_key_spends_a_use(world, ledger):
    one = Granted.of(world).granted()
    assert results_of(ledger, one.use(key=one.steward)) == [UseRefusal.SIGNATURE_WRONG]
    assert results_of(ledger, one.use(key=RELAYER_KEY)) == [UseRefusal.SIGNATURE_WRONG]
    assert record_of(ledger, one.id).uses == 0


def test_a_use_is_refused_with_the_first_reason_that_there_is(world, ledger):
    now = world.now()
    early = Granted.of(world, not_before=now + 50).granted()
    short = Granted.of(world, expires_at=now + 20).granted()
    paused, withdrawn = Granted.of(world, expires_at=now + 20).granted(), Granted.of(world).granted()
    fine = Granted.of(world).granted()
    ledger.change_consent(paused.pause())
    ledger.withdraw(withdrawn.by_secret())
    unknown = Granted.of(world)
    numbers = iter(range(1, 4))

    def refusals():
        number = next(numbers)
        uses = [each.use(number) for each in (unknown, early, short, paused, withdrawn)]
        return results_of(ledger, *uses, fine.use(number, not_after=now + 19))

    first = [UseRefusal.UNKNOWN, UseRefusal.NOT_YET_VALID, None, UseRefusal.PAUSED, UseRefusal.WITHDRAWN]
    assert refusals() == [*first, None]
    world.pass_time(20)
    later = [UseRefusal.UNKNOWN, UseRefusal.NOT_YET_VALID, UseRefusal.EXPIRED, UseRefusal.PAUSED, UseRefusal.WITHDRAWN]
    assert refusals() == [*later, UseRefusal.TOO_LATE]
    world.pass_time(30)
    assert refusals()[1] is None


def test_at_most_500_uses_are_recorded_at_a_time(world, ledger):
    use = Granted.of(world).use()
    assert refusal(ledger.record_uses, [use] * (MAX_USES_AT_A_TIME + 1))[0] == "UseListTooLong"
    assert ledger.record_uses([]) == []


def test_nothing_is_recorded_while_everything_stands_still_but_withdrawals(world, ledger):
    one, paused, late, asked = (
        Granted.of(world).granted(),
        Granted.of(world).granted(),
        Granted.of(world),
        Asked.of(world),
    )
    ledger.request_consent(asked.id)
    ledger.change_consent(paused.pause())
    world.council.set_frozen(True)
    try:
        assert results_of(ledger, one.use(1)) == [None]
        ledger.follow_freeze()
        assert ledger.uses_frozen()
        frozen = ("MembersFrozen", Reason.NOT_ALLOWED)
        assert refusal(ledger.record_uses, [one.use(2), one.use(3)]) == frozen
        assert refusal(ledger.grant, late.order()) == frozen
        assert refusal(ledger.request_consent, id_()) == frozen
        assert refusal(ledger.refuse_consent, asked.answer()) == frozen
        assert refusal(ledger.change_consent, one.pause()) == frozen
        assert refusal(ledger.change_consent, paused.resume()) == frozen
        ledger.withdraw(one.by_secret())
        ledger.change_consent(paused.withdrawal(2))
        ledger.withdraw(late.by_secret())
    finally:
        world.council.set_frozen(False)
        ledger.follow_freeze()
    assert not ledger.uses_frozen()


def test_500_uses_of_as_many_consents_fit_into_one_transaction(world, ledger):
    """What such a use costs does not depend on how many there are, so 24 stand for 500."""
    if world.is_fake:
        pytest.skip("the fake counts no gas")
    uses = [Granted.of(world).granted().use() for _ in range(24)]
    (mined,) = {one.mined for one in ledger.record_uses(uses)}
    alone = ledger.record_uses([Granted.of(world).granted().use()])[0].mined.gas_used
    assert alone <= 46_000
    assert MAX_USES_AT_A_TIME * (mined.gas_used - 21_000) / len(uses) <= 16_000_000
