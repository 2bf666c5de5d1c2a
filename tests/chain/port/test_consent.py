"""What the Ledger port promises of consents, requests and uses."""

import pytest

from ledger_node.domain.consent import RequestState
from ledger_node.domain.consent_act import Change, withdrawal_hash
from ledger_node.domain.event import ConsentEvent, Step
from ledger_node.domain.fact import ConsentRecord, ConsentState
from ledger_node.domain.reason import Reason
from tests.kit.ledger_port import (
    EXHAUSTED,
    EXPIRED,
    NOT_YET_VALID,
    NOTHING,
    PAUSED,
    UNKNOWN,
    WITHDRAWN,
    granted,
    id_,
    record_of,
    recorded,
    refusal,
)
from tests.kit.ledger_world import (
    DEPARTMENT_KEY,
    SECRET,
)


def test_a_consent_is_granted_with_its_bounds(world, ledger):
    consent, terms = id_(), world.terms()
    mined = ledger.grant(consent, terms)
    records, block = ledger.consents([id_(), consent])
    bounds = (mined.block.time, terms.not_before, terms.expires_at, 3)
    assert list(records) == [None, ConsentRecord(ConsentState.LIVE, *bounds, 0, 0, terms.withdrawal_hash)]
    assert block == ledger.head()
    assert ledger.consent_events(consent) == [ConsentEvent(Step.GRANTED, consent, recorded(mined))]
    assert refusal(ledger.grant, consent, terms) == ("ConsentExists", Reason.CONSENT_EXISTS)


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"expires_at": 5, "not_before": 5}, "ConsentPeriodInvalid", Reason.LEDGER_REFUSED),
        ({"expires_at": 2**40}, "ConsentPeriodInvalid", Reason.LEDGER_REFUSED),
        ({"expires_at": 5, "not_before": 4}, "ConsentExpired", Reason.CONSENT_EXPIRED),
        ({"max_uses": 0}, "ConsentUsesZero", Reason.LEDGER_REFUSED),
        ({"withdrawal_hash": NOTHING}, "ConsentRevocationHashZero", Reason.LEDGER_REFUSED),
    ],
    ids=str,
)
def test_a_consent_out_of_bounds_is_refused(world, ledger, changes, error, reason):
    assert refusal(ledger.grant, id_(), world.terms(**changes)) == (error, reason)
    assert refusal(ledger.grant, NOTHING, world.terms())[0] == "ConsentIdZero"


def test_a_request_is_answered_once(world, ledger):
    asked, refused, consent = id_(), id_(), id_()
    mined = [ledger.request_consent(asked), ledger.request_consent(refused)]
    assert ledger.request_states([asked, id_()]) == [RequestState.OPEN, RequestState.NONE]
    assert refusal(ledger.request_consent, asked) == ("RequestExists", Reason.REQUEST_ANSWERED)
    assert refusal(ledger.request_consent, NOTHING)[0] == "RequestIdZero"
    mined.append(ledger.grant(consent, world.terms(), request=asked))
    mined.append(ledger.refuse_consent(refused))
    assert ledger.request_states([refused, asked]) == [RequestState.REFUSED, RequestState.GRANTED]
    at = [recorded(one) for one in mined]
    events = [
        ConsentEvent(Step.REQUESTED, asked, at[0]),
        ConsentEvent(Step.REQUESTED, refused, at[1]),
        ConsentEvent(Step.GRANTED, consent, at[2]),
        ConsentEvent(Step.ANSWERED, asked, at[2], answer=consent),
        ConsentEvent(Step.REFUSED, refused, at[3]),
    ]
    assert ledger.events_between(at[0].block_number, at[3].block_number) == events
    assert ledger.consent_events(asked) == [events[0], events[3]]
    for request in (asked, refused, id_()):
        assert refusal(ledger.refuse_consent, request) == ("RequestNotOpen", Reason.REQUEST_ANSWERED)
        late = id_()
        assert refusal(ledger.grant, late, world.terms(), request=request)[0] == "RequestNotOpen"
        assert record_of(ledger, late) is None


def test_a_consent_is_paused_and_resumed_by_number(world, ledger):
    consent = granted(world)
    assert refusal(ledger.change_consent, consent, Change.RESUME, 1) == ("ConsentNotPaused", Reason.CONSENT_NOT_PAUSED)
    wrong = ("ConsentChangeNumberWrong", Reason.CONSENT_CHANGED_ALREADY)
    assert refusal(ledger.change_consent, consent, Change.PAUSE, 2) == wrong
    paused = ledger.change_consent(consent, Change.PAUSE, 1)
    assert (record_of(ledger, consent).state, record_of(ledger, consent).changes) == (ConsentState.PAUSED, 1)
    assert refusal(ledger.change_consent, consent, Change.PAUSE, 2) == (
        "ConsentAlreadyPaused",
        Reason.CONSENT_PAUSED,
    )
    assert refusal(ledger.change_consent, consent, Change.RESUME, 1) == wrong
    resumed = ledger.change_consent(consent, Change.RESUME, 2)
    assert (record_of(ledger, consent).state, record_of(ledger, consent).changes) == (ConsentState.LIVE, 2)
    assert ledger.consent_events(consent)[1:] == [
        ConsentEvent(Step.PAUSED, consent, recorded(paused), number=1),
        ConsentEvent(Step.RESUMED, consent, recorded(resumed), number=2),
    ]
    unknown = ("ConsentUnknown", Reason.CONSENT_UNKNOWN)
    assert refusal(ledger.change_consent, id_(), Change.PAUSE, 1) == unknown


@pytest.mark.parametrize("by_secret", [True, False])
@pytest.mark.parametrize("is_paused", [True, False])
def test_a_withdrawal_is_final(world, ledger, by_secret, is_paused):
    consent = granted(world)
    if is_paused:
        ledger.change_consent(consent, Change.PAUSE, 1)
    mined = ledger.withdraw(consent, SECRET) if by_secret else ledger.withdraw_by_request(consent)
    assert record_of(ledger, consent).state is ConsentState.WITHDRAWN
    event = ConsentEvent(Step.WITHDRAWN, consent, recorded(mined), by_secret=by_secret)
    assert ledger.consent_events(consent)[-1] == event
    assert ledger.withdrawal_secret(mined.transaction) == (SECRET if by_secret else None)
    over = ("ConsentNotLive", Reason.CONSENT_WITHDRAWN)
    assert refusal(ledger.withdraw, consent, SECRET) == over
    assert refusal(ledger.withdraw_by_request, consent) == over
    assert refusal(ledger.change_consent, consent, Change.RESUME, 1) == over
    assert refusal(ledger.grant, consent, world.terms())[0] == "ConsentExists"


def test_only_the_secret_withdraws_and_anybody_may_show_it(world, ledger):
    consent = granted(world)
    wrong = ("ConsentWrongSecret", Reason.CONSENT_WRONG_SECRET)
    assert refusal(ledger.withdraw, consent, id_()) == wrong
    assert refusal(ledger.withdraw, id_(), SECRET) == ("ConsentUnknown", Reason.CONSENT_UNKNOWN)
    assert refusal(ledger.withdraw_by_request, id_()) == ("ConsentUnknown", Reason.CONSENT_UNKNOWN)
    assert ledger.withdrawal_secret(id_()) is None
    world.stranger.withdraw(consent, SECRET)
    assert record_of(ledger, consent).state is ConsentState.WITHDRAWN


def test_uses_are_counted_one_by_one_up_to_the_limit(world, ledger):
    consent, other, uses = granted(world), granted(world), [id_() for _ in range(5)]
    results = ledger.record_uses([*((consent, use) for use in uses[:4]), (other, uses[4])])
    assert [(one.recorded, one.uses, one.refusal) for one in results] == [
        (True, 1, None),
        (True, 2, None),
        (True, 3, None),
        (False, 0, EXHAUSTED),
        (True, 1, None),
    ]
    (mined,) = {one.mined for one in results}
    assert record_of(ledger, consent).uses == 3
    assert ledger.recorded_uses([other, consent]) == {other: [uses[4]], consent: uses[:3]}
    number = mined.block.number
    assert ledger.uses_since(number) == [*((consent, use) for use in uses[:3]), (other, uses[4])]
    assert ledger.uses_since(number + 1) == []
    assert ledger.consent_events(other)[1:] == [ConsentEvent(Step.USED, other, recorded(mined), number=1, use=uses[4])]
    found = ledger.recorded_use(consent, uses[1])
    assert (found.recorded, found.uses, found.refusal, found.mined) == (True, 2, None, mined)
    assert ledger.recorded_use(consent, uses[3]) is None
    assert ledger.recorded_use(other, uses[1]) is None


def test_a_use_id_that_repeats_counts_each_time_and_is_found_as_the_first(world, ledger):
    consent, use = granted(world), id_()
    assert [one.uses for one in ledger.record_uses([(consent, use), (consent, use)])] == [1, 2]
    assert ledger.recorded_use(consent, use).uses == 1


def test_a_use_is_refused_with_the_first_reason_that_there_is(world, ledger):
    now = world.now()
    early = granted(world, not_before=now + 50)
    short = granted(world, expires_at=now + 20)
    paused, withdrawn = granted(world, expires_at=now + 20), granted(world)
    ledger.change_consent(paused, Change.PAUSE, 1)
    ledger.withdraw(withdrawn, SECRET)
    ids = [id_(), early, short, paused, withdrawn]

    def refusals():
        return [one.refusal for one in ledger.record_uses([(consent, id_()) for consent in ids])]

    assert refusals() == [UNKNOWN, NOT_YET_VALID, None, PAUSED, WITHDRAWN]
    world.pass_time(20)
    assert refusals() == [UNKNOWN, NOT_YET_VALID, EXPIRED, PAUSED, WITHDRAWN]
    world.pass_time(30)
    assert refusals()[1] is None


def test_uses_are_recorded_for_departments_as_well_and_at_most_1024_at_a_time(world, ledger):
    consent, use = granted(world), id_()
    (result,) = world.of(DEPARTMENT_KEY).record_uses([(consent, use)])
    assert result.recorded
    assert refusal(ledger.record_uses, [(consent, use)] * 1025)[0] == "UseListTooLong"
    assert ledger.record_uses([]) == []


def test_a_revocation_hash_is_what_the_registry_computes(world, ledger):
    consent = granted(world, withdrawal_hash=withdrawal_hash(b"z" * 32))
    ledger.withdraw(consent, b"z" * 32)
    assert record_of(ledger, consent).state is ConsentState.WITHDRAWN
