"""Rows K1 to K5, K17, K20 and K21 of contract set 2: what a member that the council admitted tries."""

import pytest

from tests.kit.consent_replay import Replay
from tests.kit.consent_set import (
    LIVE,
    NUMBER_USED,
    OPEN,
    PAUSED,
    SIGNATURE_WRONG,
    TOO_LATE,
    WITHDRAWN,
    Consent,
    Request,
)
from tests.kit.contract_set import (
    BANK,
    DELAYS,
    DEPARTMENT,
    RELAYER,
    ZERO,
    ContractSet,
    Member,
    call_of,
    events,
    word,
)
from tests.kit.storage_root import logs_of, root_of, root_on


@pytest.fixture
def granted(world):
    consent = Consent.of(world, "loan")
    world.chain.send(consent.grant(), world.relayer.key)
    return consent


@pytest.fixture
def thief(world):
    """A second member with every role that ever touched consents, admitted by the council."""
    return world.admit(Member(word("thief"), RELAYER | DEPARTMENT | BANK, world.chain.accounts[7]))


def state(world, consent):
    return world.chain.read(world.consents.functions.consent(consent.id))[0]


def record(world, uses, sender):
    receipt = world.chain.send(world.consents.functions.recordUses(uses), sender)
    recorded = [event["number"] for event in events(world.consents, receipt, "UseRecorded")]
    return recorded, [event["reason"] for event in events(world.consents, receipt, "UseRefused")]


def test_k1_another_relayer_neither_pauses_nor_resumes_nor_withdraws(world, chain, granted, thief):
    for key in (thief.key, granted.spend):
        chain.refuses("ConsentSignatureWrong", granted.pause(1, key=key), granted.id, sender=thief.key)
        chain.refuses("ConsentSignatureWrong", granted.withdraw_by_steward(1, key=key), granted.id, sender=thief.key)
    chain.refuses("ConsentWrongSecret", granted.withdraw(word("guess")), granted.id, sender=thief.key)
    assert state(world, granted) == LIVE
    chain.send(granted.pause(1), world.relayer.key)
    chain.refuses("ConsentSignatureWrong", granted.resume(2, key=thief.key), granted.id, sender=thief.key)
    assert state(world, granted) == PAUSED


def test_k1_an_old_word_of_the_steward_key_is_not_replayed(world, chain, granted, thief):
    chain.send(granted.pause(1), world.relayer.key)
    chain.send(granted.resume(2), world.relayer.key)
    chain.refuses("ConsentChangeNumberWrong", granted.pause(1), granted.id, 1, 3, sender=thief.key)
    chain.send(granted.pause(3), world.relayer.key)
    chain.refuses("ConsentChangeNumberWrong", granted.resume(2), granted.id, 2, 4, sender=thief.key)


def test_k1_a_resumption_without_a_word_of_the_controllers_is_refused(world, chain, granted):
    chain.send(granted.pause(1), world.relayer.key)
    chain.refuses("ConsentWordDigestZero", granted.resume(2, word_digest=ZERO), granted.id)
    chain.send(granted.resume(2, word_digest=word("kept")), world.relayer.key)
    assert chain.read(world.consents.functions.consent(granted.id))[-1] == word("kept")


def test_k1_a_word_for_one_consent_says_nothing_of_another(world, chain, granted, thief):
    other = Consent.of(world, "other")
    chain.send(other.grant(), world.relayer.key)
    chain.refuses("ConsentSignatureWrong", other.pause(1, key=granted.steward), other.id, sender=thief.key)


def test_k2_a_department_or_relayer_spends_nobodys_uses(world, granted, thief):
    forged = [granted.use(1, key=thief.key), granted.use(2, key=granted.steward), granted.use(3)]
    assert record(world, forged, thief.key) == ([3], [SIGNATURE_WRONG, SIGNATURE_WRONG])


def test_k2_what_is_sent_twice_counts_once_and_leaves_the_group_alone(world, granted, thief):
    other = Consent.of(world, "other")
    world.chain.send(other.grant(), world.relayer.key)
    assert record(world, [granted.use(1), granted.use(1), other.use(1)], thief.key) == ([1, 1], [NUMBER_USED])
    assert record(world, [granted.use(1), other.use(2)], world.relayer.key) == ([2], [NUMBER_USED])


def test_k2_a_number_binds_one_ticket(world, chain, granted):
    first, second = granted.use(1, ticket=word("first")), granted.use(1, ticket=word("second"))
    assert record(world, [first, second], world.relayer.key) == ([1], [NUMBER_USED])
    now = chain.w3.eth.get_block("latest")["timestamp"]
    digest = chain.read(world.consents.functions.consent(granted.id))[9]
    assert digest == granted.uses_digest((1, word("first"), now))


def test_k2_a_use_that_comes_late_does_not_count(world, chain, granted, thief):
    use = granted.use(1, not_after=chain.next_time + 600)
    chain.at(chain.next_time + 601)
    assert record(world, [use], thief.key) == ([], [TOO_LATE])


def test_k2_nobody_frames_a_bank(world, granted, thief):
    """Who lacks the spend key leaves nothing on the chain but `signature wrong`, whatever state the consent is in."""
    world.chain.send(granted.withdraw())
    forged = [granted.use(number, key=thief.key, not_after=0) for number in (0, 1, 2, 97)]
    assert record(world, forged, thief.key) == ([], [SIGNATURE_WRONG] * 4)


def test_k3_another_relayer_neither_refuses_nor_answers_a_request(world, chain, thief):
    request, junk = Request(world, "one"), Consent.of(world, "junk")
    chain.send(request.ask(), world.relayer.key)
    chain.refuses("RequestSignatureWrong", request.refuse(thief.key), request.id, sender=thief.key)
    answering = request.answering(junk.id, thief.key)
    chain.refuses("RequestSignatureWrong", junk.grant(answering=answering), request.id, sender=thief.key)
    own = (request.asked_hash, thief.key.address, request.answering(junk.id, thief.key)[2])
    with pytest.raises(AssertionError, match="RequestNotOpen"):
        chain.refuses("RequestSignatureWrong", junk.grant(answering=own), sender=thief.key)
    assert chain.read(world.consents.functions.requestState(request.id)) == OPEN


def test_k3_an_answer_for_one_consent_does_not_answer_with_another(world, chain, thief):
    request, good, junk = Request(world, "one"), Consent.of(world, "good"), Consent.of(world, "junk")
    chain.send(request.ask(), world.relayer.key)
    call = junk.grant(answering=request.answering(good.id))
    chain.refuses("RequestSignatureWrong", call, request.id, sender=thief.key)
    chain.refuses("RequestSignatureWrong", world.consents.functions.refuse(*request.answering(good.id)), request.id)


def test_k4_a_pending_grants_id_is_not_taken_with_other_bounds(world, chain, thief):
    consent = Consent.of(world, "pending")
    for changed in (consent.but(max_uses=96), consent.but(expires_at=consent.expires_at + 1)):
        assert changed.id != consent.id
        chain.send(changed.grant(), thief.key)
    chain.send(consent.grant(), world.relayer.key)
    found = chain.read(world.consents.functions.consent(consent.id))
    assert list(found[2:5]) == [consent.not_before, consent.expires_at, consent.max_uses]


def test_k4_a_grant_without_the_steward_keys_word_is_refused(world, chain, thief):
    consent = Consent.of(world, "pending")
    chain.refuses("ConsentSignatureWrong", consent.grant(key=thief.key), consent.id, sender=thief.key)


@pytest.mark.parametrize("way", ["secret", "steward"])
def test_k5_signed_terms_that_were_not_recorded_are_cancelled(world, chain, thief, way):
    consent = Consent.of(world, "signed")
    call = consent.withdraw() if way == "secret" else consent.withdraw_by_steward(1)
    receipt = chain.send(call, world.stranger)
    assert len(events(world.consents, receipt, "ConsentWithdrawn")) == 1
    assert state(world, consent) == WITHDRAWN
    assert not chain.read(world.consents.functions.exists(consent.id))
    chain.refuses("ConsentNotLive", consent.grant(), consent.id, sender=thief.key)


def test_k5_a_tombstone_takes_the_secret_or_the_steward_key(world, chain, thief):
    consent = Consent.of(world, "signed")
    chain.refuses("ConsentWrongSecret", consent.withdraw(word("guess")), consent.id, sender=thief.key)
    call = consent.withdraw_by_steward(1, key=thief.key)
    chain.refuses("ConsentSignatureWrong", call, consent.id, sender=thief.key)
    chain.send(consent.grant(), world.relayer.key)


def test_k5_a_bank_records_no_terms_years_later(world, chain, thief):
    consent = Consent.of(world, "signed", grant_within=86_400, lasts=10 * 365 * 86_400)
    chain.wait(3 * 365 * 86_400)
    chain.refuses("ConsentGrantLate", consent.grant(), consent.id, consent.grant_before, sender=thief.key)


def test_k14_a_relayers_key_without_the_purpose_records_nothing(world, chain):
    key = world.add_key(world.relayer, chain.accounts[8], 255 - 32)
    chain.refuses("MemberKeyLacksPurpose", Consent.of(world, "one").grant(), key.address, 32, sender=key)
    chain.refuses("MemberKeyLacksPurpose", Request(world, "one").ask(), key.address, 32, sender=key)


def test_k12_a_freeze_stops_everything_but_withdrawals_and_tombstones(world, chain, granted):
    request, signed, other = Request(world, "one"), Consent.of(world, "signed"), Consent.of(world, "other")
    chain.send(request.ask(), world.relayer.key)
    chain.send(other.grant(), world.relayer.key)
    calls = world.consents.functions
    world.govern(world.members.functions.setFrozen(True), calls.followFreeze())
    stopped = (signed.grant(), Request(world, "two").ask(), request.refuse(), granted.pause(1), granted.resume(1))
    for call in (*stopped, calls.recordUses([granted.use(1)]), calls.recordUse(granted.use(1))):
        chain.refuses("MembersFrozen", call, sender=world.relayer.key)
    for call in (granted.withdraw(), other.withdraw_by_steward(1), signed.withdraw()):
        chain.send(call, world.stranger)
    assert [state(world, one) for one in (granted, other, signed)] == [WITHDRAWN] * 3


def test_k12_a_freeze_of_uses_waits_for_nothing(chain):
    """With the delays of a consortium the proposal that freezes everything acts at once; to let go of it waits."""
    world = ContractSet(chain, delays=DELAYS)
    calls, frozen = world.consents.functions, world.members.functions.setFrozen
    world.govern(frozen(True), calls.followFreeze())
    chain.refuses("MembersFrozen", calls.recordUses([]))
    both = [call_of(frozen(False)), call_of(calls.followFreeze())]
    assert chain.read(world.council.functions.waitOf(both)) == DELAYS[0]


def test_k12_anyone_brings_the_copy_of_the_freeze_up_to_date(world, chain, granted, thief):
    calls = world.consents.functions
    assert not chain.send(calls.followFreeze(), thief.key)["logs"]
    world.govern(world.members.functions.setFrozen(True))
    receipt = chain.send(calls.followFreeze(), world.stranger)
    assert events(world.consents, receipt, "UsesFrozenChanged") == [{"frozen": True}]
    chain.refuses("MembersFrozen", calls.recordUse(granted.use(1)))
    world.govern(world.members.functions.setFrozen(False))
    assert events(world.consents, chain.send(calls.followFreeze(), thief.key), "UsesFrozenChanged") == [
        {"frozen": False}
    ]
    assert record(world, [granted.use(1)], world.relayer.key) == ([1], [])


def test_k20_a_grant_binds_the_signatures_that_it_was_recorded_with(world, chain, thief):
    """A relayer that has no word of the steward key binds nothing, and what is bound is not bound anew."""
    consent = Consent.of(world, "signed")
    call = consent.grant(key=thief.key, signatures_digest=word("signed later by a retired key"))
    chain.refuses("ConsentSignatureWrong", call, consent.id, sender=thief.key)
    *shown, _, worded, answering = consent.grant().arguments
    swapped = world.consents.functions.grant(*shown, word("another digest"), worded, answering)
    chain.refuses("ConsentSignatureWrong", swapped, consent.id, sender=thief.key)
    chain.send(consent.grant(), world.relayer.key)
    assert chain.read(world.consents.functions.consent(consent.id))[10] == consent.grant_digest
    chain.refuses("ConsentExists", consent.grant(signatures_digest=word("later")), consent.id, sender=thief.key)


@pytest.mark.parametrize("recorded", [False, True])
def test_k21_the_slip_alone_withdraws_through_any_account(world, chain, recorded):
    """The instance with the steward key is lost; the slip has terms hash, bounds and secret."""
    consent = Consent.of(world, "slip")
    slip = (*consent.shown, consent.secret)
    if recorded:
        chain.send(consent.grant(), world.relayer.key)
    world.govern(world.members.functions.suspend(world.relayer.id))
    chain.send(world.consents.functions.withdraw(*slip), world.relayer.key)
    assert state(world, consent) == WITHDRAWN


def test_k21_a_slip_with_other_bounds_withdraws_another_id(world, chain, granted, thief):
    chain.send(granted.but(max_uses=1).withdraw(), thief.key)
    assert state(world, granted) == LIVE


def test_k17_storage_is_rebuilt_from_logs_alone(world, chain):
    made = [Consent.of(world, f"loan {i}", max_uses=96) for i in range(6)]
    requests = [Request(world, f"request {i}") for i in range(4)]
    sender = world.relayer.key
    for request in requests:
        chain.send(request.ask(), sender)
    chain.send(made[0].grant(answering=requests[0].answering(made[0].id)), sender)
    for consent in made[1:4]:
        chain.send(consent.grant(), sender)
    chain.send(requests[1].refuse(), sender)
    uses = [made[0].use(96), made[0].use(1), made[1].use(7), made[1].use(7), made[5].use(1), made[2].use(3, key=sender)]
    chain.send(world.consents.functions.recordUses(uses), sender)
    chain.send(world.consents.functions.recordUse(made[1].use(8)), world.stranger)
    chain.send(made[1].pause(1, word_digest=word("word")), sender)
    chain.send(made[1].resume(2), sender)
    chain.send(made[2].pause(1), sender)
    chain.send(made[0].withdraw(), world.stranger)
    chain.send(made[3].withdraw_by_steward(1, word_digest=word("word")), sender)
    chain.send(made[4].withdraw(), sender)
    chain.send(made[5].withdraw_by_steward(1), sender)
    world.govern(world.members.functions.setFrozen(True), world.consents.functions.followFreeze())
    replay = Replay()
    for name, told in logs_of(chain, world.consents):
        replay.take(name, told)
    slots = replay.slots()
    assert {slot: chain.slot(world.consents, slot) for slot in slots} == {k: int(v) for k, v in slots.items()}
    assert root_of(slots) == root_on(chain, world.consents)
