"""Cases H1 to H9: the header, its place in a batch, who anchored it, and its status."""

from dataclasses import fields, replace

import pytest

from ledger_node.domain.batch import ACCESS_LOG, Header
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.fact import IssuerPeriod, KeyPurpose, KeyRecord
from ledger_node.domain.hashing import EMPTY_SLOT, MAX_SIZE, batch_leaf, batch_tree, depth_of, path_of, root_of_batch
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane
from ledger_node.domain.value import Period
from tests.kit.world import ANCHOR_DOMAIN, FACTS, NOW, REGISTRAR, SCHEMAS, TAX, Presentation, anchored, attest, build, h

CHANGED = {
    "schema_id": Reason.SCHEMA_MISMATCH,
    "chain_id": Reason.OTHER_NETWORK,
    "anchor_registry": Reason.OTHER_NETWORK,
}


def refused(world) -> Reason:
    with pytest.raises(VerificationError) as failed:
        world.verify()
    return failed.value.reason


@pytest.mark.parametrize("name", [field.name for field in fields(Header)])
def test_h1_any_changed_header_field_is_refused(valid, name):
    header = valid.shown.header
    old = getattr(header, name)
    match old:
        case bytes():
            new = bytes([old[0] ^ 1]) + old[1:]
        case Period():
            new = Period(old.first, old.last + 1)
        case _:
            new = old + 1
    world = valid.with_shown(replace(valid.shown, header=replace(header, **{name: new})))
    assert refused(world) is CHANGED.get(name, Reason.NOT_IN_BATCH)


@pytest.mark.parametrize("name", [field.name for field in fields(Header)])
def test_h1_every_header_field_is_in_the_digest(valid, name):
    header = valid.shown.header
    old = getattr(header, name)
    new = h(name)[: len(old)] if isinstance(old, bytes) else Period(0, 1) if isinstance(old, Period) else old + 1
    assert replace(header, **{name: new}).digest != header.digest


@pytest.mark.parametrize("index", [5, 7, 8, -1, 2**31])
def test_h2_an_index_not_below_the_size_is_refused(valid, index):
    assert refused(valid.with_shown(replace(valid.shown, index=index))) is Reason.INDEX_OUT_OF_RANGE


@pytest.mark.parametrize("size", [0, -1, MAX_SIZE + 1])
def test_h2_an_impossible_size_is_refused(size):
    with pytest.raises(VerificationError) as failed:
        root_of_batch(h("D"), 0, [], size)
    assert failed.value.reason is Reason.INDEX_OUT_OF_RANGE


@pytest.mark.parametrize(
    ("size", "reason"), [(6, Reason.NOT_ANCHORED), (4, Reason.PATH_LENGTH), (9, Reason.PATH_LENGTH)]
)
def test_h3_another_size_than_the_anchored_one_is_refused(valid, size, reason):
    anchor = replace(valid.shown.anchor, size=size)
    assert refused(valid.with_shown(replace(valid.shown, anchor=anchor))) is reason


@pytest.mark.parametrize(
    "changes",
    [{"number": 2}, {"start": 301}, {"anchored_at": NOW - 1}, {"key": b"\x01" * 20}, {"stream": ACCESS_LOG}],
)
def test_h3_any_other_anchor_than_the_one_held_is_refused(valid, changes):
    anchor = replace(valid.shown.anchor, **changes)
    assert refused(valid.with_shown(replace(valid.shown, anchor=anchor))) is Reason.NOT_ANCHORED


def test_h3_an_anchored_access_log_is_no_batch_of_attestations(valid):
    shown = replace(valid.shown, anchor=replace(valid.shown.anchor, stream=ACCESS_LOG))
    world = valid.with_shown(shown)
    world = world.with_facts(anchor_digests=world.facts.anchor_digests | anchored(shown))
    assert refused(world) is Reason.NOT_ANCHORED


def test_h4_an_empty_slot_cannot_be_claimed():
    # the three slots behind the five attestations are empty; no header is their preimage, and no index reaches them
    digests = [h(slot) for slot in range(5)]
    levels = batch_tree(digests)
    assert levels[0][5:] == [EMPTY_SLOT] * 3
    with pytest.raises(VerificationError) as failed:
        root_of_batch(digests[0], 5, path_of(levels, 5), 5)
    assert failed.value.reason is Reason.INDEX_OUT_OF_RANGE


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 9])
def test_h4_batches_of_every_size_lead_to_their_root(size):
    digests = [h(slot) for slot in range(size)]
    levels = batch_tree(digests)
    for index, digest in enumerate(digests):
        assert root_of_batch(digest, index, path_of(levels, index), size) == levels[-1][0]
    assert len(levels) == depth_of(size) + 1
    assert levels[0][:size] == [batch_leaf(digest) for digest in digests]


@pytest.mark.parametrize(
    "period", [None, IssuerPeriod(0, 0), IssuerPeriod(NOW, NOW + 9), IssuerPeriod(0, NOW - 4 * 86_400)]
)
def test_h5_a_batch_of_a_member_not_allowed_at_that_time_is_refused(valid, period):
    issuers = dict(valid.facts.issuers)
    del issuers[FACTS.id, TAX]
    if period is not None:
        issuers[FACTS.id, TAX] = period
    assert refused(valid.with_facts(issuers=issuers)) is Reason.ISSUER_NOT_ALLOWED


def test_h5_an_unknown_issuer_was_allowed_at_no_time_at_all(valid):
    shown = replace(valid.shown, anchor=replace(valid.shown.anchor, anchored_at=0))
    world = valid.with_shown(shown).with_facts(issuers={})
    world = world.with_facts(anchor_digests=world.facts.anchor_digests | anchored(shown))
    assert refused(world) is Reason.ISSUER_NOT_ALLOWED


def test_h5_the_issuer_period_includes_its_first_second(valid):
    anchored_at = valid.shown.anchor.anchored_at
    period = IssuerPeriod(anchored_at, anchored_at + 1)
    valid.with_facts(issuers=valid.facts.issuers | {(FACTS.id, TAX): period}).verify()


@pytest.mark.parametrize(
    "times", [None, (NOW, NOW + 1, 0), (0, NOW - 4 * 86_400, 0)], ids=["unknown", "later", "ended"]
)
def test_h5_a_batch_by_a_key_that_was_not_valid_then_is_refused(valid, times):
    keys = dict(valid.facts.keys)
    place = (TAX, valid.shown.anchor.key)
    del keys[place]
    if times is not None:
        keys[place] = KeyRecord(*times, KeyPurpose.ATTEST)
    assert refused(valid.with_facts(keys=keys)) is Reason.KEY_NOT_VALID


def test_k14_a_batch_by_a_key_that_is_for_everything_but_attesting_is_refused(valid):
    key = KeyRecord(0, NOW, 0, ~KeyPurpose.ATTEST)
    keys = valid.facts.keys | {(TAX, valid.shown.anchor.key): key}
    assert refused(valid.with_facts(keys=keys)) is Reason.KEY_PURPOSE_WRONG


def test_h5_a_key_is_valid_from_its_first_second(valid):
    anchor = valid.shown.anchor
    key = KeyRecord(anchor.anchored_at, anchor.anchored_at + 1, 0, KeyPurpose.ATTEST)
    valid.with_facts(keys=valid.facts.keys | {(TAX, anchor.key): key}).verify()


def test_h5_a_header_of_another_member_in_a_batch_is_refused():
    assert refused(build(issuer=REGISTRAR)) is Reason.ISSUER_MISMATCH


def test_h6_a_batch_that_the_pinned_block_does_not_hold_is_refused(valid):
    # a batch of an orphaned or unsealed block is not among the facts of the pinned one
    digests = {place: digest for place, digest in valid.facts.anchor_digests.items() if place[0] != TAX}
    assert refused(valid.with_facts(anchor_digests=digests)) is Reason.NOT_ANCHORED


@pytest.mark.parametrize(
    "domain", [SigningDomain(1, ANCHOR_DOMAIN.contract), SigningDomain(31337, h("another contract")[:20])]
)
def test_h7_an_attestation_of_another_network_is_refused(valid, domain):
    facts = build(chain_id=domain.chain_id, anchor_registry=domain.contract)
    assert refused(facts) is Reason.OTHER_NETWORK
    assert refused(valid.with_facts(anchor_domain=domain)) is Reason.OTHER_NETWORK


@pytest.mark.parametrize(("plane", "reason"), [(Plane.REVOKED, Reason.REVOKED), (Plane.SUPERSEDED, Reason.SUPERSEDED)])
def test_h8_a_revoked_or_superseded_attestation_is_refused(valid, plane, reason):
    word, bit = divmod(valid.shown.position, 256)
    set_bit = valid.facts.status | {(TAX, plane, word): 1 << bit}
    others = valid.facts.status | {(TAX, plane, word): (2**256 - 1) ^ (1 << bit)}
    assert refused(valid.with_facts(status=set_bit)) is reason
    valid.with_facts(status=others).verify()


def test_h8_an_unknown_status_is_not_a_live_one(valid):
    word = valid.shown.position // 256
    status = {place: bits for place, bits in valid.facts.status.items() if place != (TAX, Plane.SUPERSEDED, word)}
    assert refused(valid.with_facts(status=status)) is Reason.SUPERSEDED


def test_h8_a_revoked_registration_is_refused(valid):
    bits = {(REGISTRAR, Plane.REVOKED, 1): 2**256 - 1}
    assert refused(valid.with_facts(status=valid.facts.status | bits)) is Reason.REVOKED


@pytest.mark.parametrize(("since", "reason"), [(0, Reason.KEY_COMPROMISED), (1, None)])
def test_h9_a_key_compromised_before_the_anchoring_is_refused(valid, since, reason):
    anchor = valid.shown.anchor
    key = KeyRecord(0, NOW * 2, anchor.anchored_at + since, KeyPurpose.ATTEST)
    world = valid.with_facts(keys=valid.facts.keys | {(TAX, anchor.key): key})
    if reason is None:
        world.verify()
    else:
        assert refused(world) is reason


def test_h10_a_status_word_of_one_department_says_nothing_of_another(valid):
    word = valid.shown.position // 256
    everything = {(h("another department"), plane, word): 2**256 - 1 for plane in Plane}
    valid.with_facts(status=valid.facts.status | everything).verify()


@pytest.mark.parametrize("name", ["as_of", "period_from", "period_to"])
def test_a_header_of_days_before_1970_is_refused(valid, name):
    form = valid.shown.to_json()
    form["header"][name] = "1969-12-31"
    presentation = valid.presentation.to_json(SCHEMAS) | {"attestations": [form]}
    with pytest.raises(InvalidInputError) as bad:
        Presentation.from_json(presentation, SCHEMAS)
    assert bad.value.reason is Reason.VALUE_OUT_OF_RANGE


def test_the_same_facts_under_another_seed_share_no_digest():
    raw = {"kind": "1", "paid": "0.01", "grade": "A", "last_month": "none", "count": 0, "year": 1}
    raw |= {"rated_on": "2026-01-01", "listed": True}
    one, two = (attest(FACTS, raw, member=TAX, seed=h(seed)).shown.header for seed in ("one", "two"))
    assert one.fields_root != two.fields_root
    assert one.subject_tag != two.subject_tag
