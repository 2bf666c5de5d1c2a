"""What has changed since an answer: every kind of change, by itself, on evidence that checked."""

from dataclasses import replace

import pytest

from api.client.change_report import ChangeKind, _changes
from ledger_node.domain.evidence.era import SealerSet
from ledger_node.domain.evidence.slot import facts_of, member_slots, slots_of
from ledger_node.domain.evidence.state_proof import StateProofs, prove
from ledger_node.domain.fact import ConsentState, IssuerPeriod
from ledger_node.domain.status import WORD_BITS, Plane
from tests.kit.evidence import checked, in_era, named, trust_of

NAME = next(name for name in named("", valid=True) if checked(name).bundle.receipt is not None)


ACTIVE, SUSPENDED, LEFT = 1, 2, 3


@pytest.fixture
def then():
    """The bundle, its trust file, and the facts and words as of its block: nothing has changed."""
    bundle, trust = checked(NAME).bundle, trust_of(NAME)
    query, header = bundle.query, bundle.block.header
    words = prove(StateProofs(bundle.nodes, header.state_root), trust.contracts, slots_of(query, bundle.names))
    facts = facts_of(
        query,
        words,
        anchor_domain=trust.anchor_domain,
        consent_domain=trust.consent_domain,
        number=header.number,
        block_hash=bundle.block.hash,
        time=header.timestamp,
    )
    standings = {member_slots(member): (ACTIVE << 8 | 1, 0) for member in bundle.names}
    words |= {slot: word for slots, held in standings.items() for slot, word in zip(slots, held, strict=True)}
    return bundle, trust, facts, words


def kinds(bundle, trust, facts, words):
    return [change.kind for change in _changes(bundle, trust, facts, words)]


def test_as_of_its_own_block_nothing_has_changed(then):
    assert kinds(*then) == []


@pytest.mark.parametrize(
    ("state", "kind"),
    [(ConsentState.WITHDRAWN, ChangeKind.CONSENT_WITHDRAWN), (ConsentState.PAUSED, ChangeKind.CONSENT_PAUSED)],
)
def test_a_consent_that_is_not_live_any_more_is_told(then, state, kind):
    bundle, trust, facts, words = then
    assert kinds(bundle, trust, replace(facts, consent=replace(facts.consent, state=state)), words) == [kind]


def test_a_consent_that_ran_out_is_told(then):
    bundle, trust, facts, words = then
    consent = replace(facts.consent, expires_at=facts.block_time)
    assert kinds(bundle, trust, replace(facts, consent=consent), words) == [ChangeKind.CONSENT_EXPIRED]


@pytest.mark.parametrize(
    ("plane", "kind"), [(Plane.REVOKED, ChangeKind.REVOKED), (Plane.SUPERSEDED, ChangeKind.SUPERSEDED)]
)
def test_an_attestation_that_is_revoked_or_superseded_is_told_and_its_neighbours_are_not(then, plane, kind):
    bundle, trust, facts, words = then
    shown = next(iter(bundle.presentation.attestations.values()))
    word, bit = divmod(shown.position, WORD_BITS)
    place = (shown.anchor.member, plane, word)
    others = replace(facts, status={**facts.status, place: ~(1 << bit) & 2**256 - 1})
    told = [change for change in _changes(bundle, trust, others, words) if shown.header.digest.hex() in change.words]
    assert told == []
    own = replace(facts, status={**facts.status, place: 1 << bit})
    (change,) = _changes(bundle, trust, own, words)
    assert (change.kind, shown.header.digest.hex() in change.words) == (kind, True)


def test_attestations_that_ran_out_are_told(then):
    bundle, trust, facts, words = then
    late = replace(facts, block_time=2**40)
    expected = [ChangeKind.ATTESTATION_EXPIRED] * (1 + len(bundle.presentation.attestations))
    found = kinds(bundle, trust, late, words)
    assert [kind for kind in found if kind is ChangeKind.ATTESTATION_EXPIRED] == expected


def test_an_issuer_that_may_issue_no_more_is_told(then):
    bundle, trust, facts, words = then
    shown = next(iter(bundle.presentation.attestations.values()))
    issuers = {**facts.issuers, (shown.header.schema_id, shown.header.issuer): IssuerPeriod(0, facts.block_time)}
    found = kinds(bundle, trust, replace(facts, issuers=issuers), words)
    assert set(found) == {ChangeKind.ISSUER_ENDED}


@pytest.mark.parametrize(
    ("field", "kind"), [("valid_until", ChangeKind.KEY_ENDED), ("compromised_from", ChangeKind.KEY_COMPROMISED)]
)
def test_a_key_that_ended_or_was_lost_is_told(then, field, kind):
    bundle, trust, facts, words = then
    key = next(iter(facts.keys))
    keys = {**facts.keys, key: replace(facts.keys[key], **{field: facts.block_time})}
    (change,) = _changes(bundle, trust, replace(facts, keys=keys), words)
    assert (change.kind, key[1].hex() in change.words) == (kind, True)


@pytest.mark.parametrize(("after", "expected"), [(0, []), (1, [ChangeKind.CONTROLLERS_CHANGED])])
def test_other_controllers_are_told_if_they_came_after_the_answer(then, after, expected):
    bundle, trust, facts, words = then
    (following,) = bundle.controllers.begins
    history = replace(facts.controllers, begins={following: bundle.block.header.timestamp + after})
    assert kinds(bundle, trust, replace(facts, controllers=history), words) == expected


@pytest.mark.parametrize(("after", "expected"), [(0, []), (1, [ChangeKind.SUBJECT_HELD])])
def test_k24_a_hold_is_told_if_it_came_after_the_answer(then, after, expected):
    bundle, trust, facts, words = then
    (following,) = bundle.controllers.holds
    history = replace(facts.controllers, holds={following: bundle.block.header.timestamp + after})
    assert kinds(bundle, trust, replace(facts, controllers=history), words) == expected


@pytest.mark.parametrize(
    ("state", "successor", "expected"),
    [
        (SUSPENDED, 0, [ChangeKind.MEMBER_SUSPENDED]),
        (LEFT, 0, [ChangeKind.MEMBER_LEFT]),
        (ACTIVE, 7, [ChangeKind.MEMBER_SUCCEEDED]),
        (LEFT, 7, [ChangeKind.MEMBER_LEFT, ChangeKind.MEMBER_SUCCEEDED]),
    ],
)
def test_a_member_that_was_suspended_left_or_was_taken_over_is_told(then, state, successor, expected):
    bundle, trust, facts, words = then
    member, name = next(iter(bundle.names.items()))
    standing, place = member_slots(member)
    changes = list(_changes(bundle, trust, facts, {**words, standing: state << 8 | 1, place: successor}))
    assert [change.kind for change in changes] == expected
    assert all(name in change.words for change in changes)


def test_other_sealers_are_told(then):
    bundle, trust, facts, words = then
    number = facts.block_number
    others = in_era(trust, sets=(*trust.current.sets, SealerSet(number + 1, (b"\x01" * 20,))))
    assert kinds(bundle, others, facts, words) == []
    assert kinds(bundle, others, replace(facts, block_number=number + 1), words) == [ChangeKind.SEALERS_CHANGED]
