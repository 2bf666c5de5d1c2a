"""What was signed with a number is anchored once, and signed anew where somebody else took the number."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from api.catalogue.datatype import data_types
from api.services.attestation.commitment_pool import CommitPool
from api.services.attestation.stored_attestation import JOINED, anchor_of, signed_batch_of
from api.services.issuing.anchoring import BatchAnchors, anchor
from api.services.issuing.issuer import Issuer
from api.services.issuing.status_change import StatusChanges
from api.storage import table
from ledger_node.chain.port import BatchOrder
from ledger_node.domain.batch import ATTESTATIONS, NO_ROOT, Batch
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SigningKey, address_of
from ledger_node.domain.status import changes_digest
from ledger_node.randomness import random_bytes
from tests.kit.signed_word import SIGNED_FOR_S
from tests.kit.small_instance import DAY, TAX, Silence, key_of, refused

KEY = SigningKey(key_of(TAX))


def order(ledger, number=1, previous_root=NO_ROOT, key=KEY, deadline=None):
    deadline = ledger.head().time + SIGNED_FOR_S if deadline is None else deadline
    batch = Batch(TAX, ATTESTATIONS, number, random_bytes(32), 3, previous_root, changes_digest((), ()), deadline)
    return BatchOrder(batch, key.sign(batch.digest(ledger.anchor_domain)), (), ())


def steal(instance):
    """Anchor a batch with the department's key, as a thief does."""
    head = instance.other.stream_head(TAX, ATTESTATIONS)
    return instance.other.anchor(order(instance.other, head.number + 1, head.last_root))


def never(*_):
    raise AssertionError("it is not signed anew")


def test_a_batch_is_anchored_once_however_often_it_is_asked(instance):
    wanted = order(instance.ledger)
    found = anchor(instance.ledger, wanted, KEY, never)
    assert anchor(instance.ledger, wanted, KEY, never) == found
    assert found[0].root == wanted.batch.root


@pytest.mark.parametrize("thefts", [1, 3])
def test_a_batch_that_was_overtaken_is_signed_anew_behind_the_head(instance, thefts):
    for _ in range(thefts):
        steal(instance)
    anchored, _ = anchor(
        instance.ledger,
        order(instance.ledger),
        KEY,
        lambda _, head: order(instance.ledger, head.number + 1, head.last_root),
    )
    assert anchored.number == thefts + 1


def test_somebody_who_anchors_all_the_time_makes_it_wait(instance):
    def overtaken(_, head):
        steal(instance)
        return order(instance.ledger, head.number + 1, head.last_root)

    steal(instance)
    assert refused(anchor, instance.ledger, order(instance.ledger), KEY, overtaken) is Reason.LEDGER_REFUSED


def test_a_chain_that_ends_before_the_batch_is_an_older_one(instance):
    assert refused(anchor, instance.ledger, order(instance.ledger, number=5), KEY, never) is Reason.LEDGER_REFUSED


def test_k13_what_a_key_signed_that_is_over_is_signed_anew(instance):
    waiting = order(instance.ledger)
    new = SigningKey(random_bytes(32))
    instance.council.add_key(TAX, new.address)
    instance.council.end_key(KEY.address)
    anchored, _ = anchor(
        instance.ledger,
        waiting,
        new,
        lambda _, head: order(instance.ledger, head.number + 1, head.last_root, new),
    )
    assert anchored.key == new.address


def test_k16_what_is_past_its_deadline_is_signed_anew_and_never_dropped(instance):
    late = order(instance.ledger)
    instance.chain.pass_time(SIGNED_FOR_S + 1)
    instance.chain.mine_empty()
    anchored, _ = anchor(instance.ledger, late, KEY, lambda _, head: resigned(instance, late, head))
    assert (anchored.number, anchored.root) == (1, late.batch.root)


def resigned(instance, late, head, key=KEY):
    """Sign a batch behind a head, with another deadline."""
    deadline = instance.now() + SIGNED_FOR_S
    batch = replace(late.batch, number=head.number + 1, previous_root=head.last_root, deadline=deadline)
    return replace(late, batch=batch, signature=key.sign(batch.digest(instance.ledger.anchor_domain)))


def test_k16_a_ledger_that_stood_still_past_a_deadline_holds_nothing_up(instance):
    """No block says that the time is over, so only the refusal does."""
    late = order(instance.ledger)
    instance.chain.pass_time(SIGNED_FOR_S + 1)
    anchored, _ = anchor(instance.ledger, late, KEY, lambda _, head: resigned(instance, late, head))
    assert (anchored.number, anchored.root) == (1, late.batch.root)


def test_k16_what_another_key_signed_is_signed_anew_when_its_time_is_over_for_sure(instance):
    """Until then its signature may still land, and evidence would show the wrong one."""
    late, new = order(instance.ledger), SigningKey(random_bytes(32))
    instance.council.add_key(TAX, new.address)
    instance.chain.pass_time(SIGNED_FOR_S + 1)
    assert refused(anchor, instance.ledger, late, new, never) is Reason.LEDGER_REFUSED
    instance.chain.mine_empty()
    anchored, _ = anchor(instance.ledger, late, new, lambda _, head: resigned(instance, late, head, new))
    assert (anchored.root, anchored.key) == (late.batch.root, new.address)


def anchors_of(instance):
    department, now = instance.departments[TAX], instance.now
    changes = StatusChanges(department, instance.store, instance.ledger, now)
    return BatchAnchors(department, instance.store, instance.ledger, changes, now)


def test_k16_a_stored_batch_gets_another_deadline_and_keeps_its_number(instance):
    with Silence(instance.ledger, "anchor"):
        assert refused(instance.attest, instance.new_code()) is Reason.LEDGER_UNAVAILABLE
    (before,) = batches(instance)
    instance.chain.pass_time(3 * DAY)
    instance.chain.mine_empty()
    anchors_of(instance).anchor_pending()
    (row,) = batches(instance)
    assert before.deadline < instance.now() < row.deadline
    assert (row.number, row.root, row.start) == (before.number, before.root, 0)
    with instance.store.connect() as connection:
        joined = connection.execute(JOINED).one()
    signed_batch_of(joined).require_signed(anchor_of(joined), instance.ledger.anchor_domain)


@pytest.mark.parametrize("ahead", [-30 * DAY, 3 * DAY, 400 * DAY])
def test_k16_a_deadline_follows_the_clock_of_the_ledger_before_a_block_shows_it(instance, ahead):
    """By the clock of the instance it would be over again at once, for ever."""
    code, own, newest = instance.new_code(), instance.now(), instance.chain.head.time
    instance.chain.pass_time(ahead)
    pool = CommitPool(instance.workers)
    issuer = Issuer(instance.departments[TAX], instance.store, instance.keys, instance.ledger, pool, lambda: own)
    issuer.issue(data_types()["tax_payment"], instance.rows(code), now=own)
    (row,) = batches(instance)
    assert (row.start, row.deadline) == (0, max(own, newest, instance.chain.now) + 2 * DAY)


def batches(instance):
    with instance.store.connect() as connection:
        return connection.execute(select(table.batch).order_by(table.batch.c.number)).all()


def test_a_stored_batch_gets_the_number_that_it_is_anchored_under(instance):
    with Silence(instance.ledger, "anchor"):
        assert refused(instance.attest, instance.new_code()) is Reason.LEDGER_UNAVAILABLE
    steal(instance)
    pending = anchors_of(instance)
    pending.anchor_pending()
    pending.anchor_pending()
    (row,) = batches(instance)
    found, mined = instance.ledger.find_anchor(TAX, ATTESTATIONS, 2)
    assert (row.number, row.start, row.key, row.block) == (2, 3, address_of(key_of(TAX)), mined.block.number)
    assert found.root == row.root
    with instance.store.connect() as connection:
        assert connection.execute(select(table.attestation.c.batch)).scalars().all() == [2]


def test_a_node_that_does_not_show_what_it_holds_has_nothing_signed_anew(instance):
    wanted = order(instance.ledger)
    anchor(instance.ledger, wanted, KEY, never)
    instance.ledger.find_anchor = lambda *_, **__: None
    assert refused(anchor, instance.ledger, wanted, KEY, never) is Reason.LEDGER_UNAVAILABLE


def test_a_batch_that_is_overtaken_while_it_is_sent_is_signed_anew_at_once(instance):
    wanted, real = order(instance.ledger), instance.ledger.anchor
    thefts = iter(range(1))

    def overtaken(sent):
        if next(thefts, None) is not None:
            steal(instance)
        return real(sent)

    instance.ledger.anchor = overtaken
    anchored, _ = anchor(instance.ledger, wanted, KEY, lambda before, head: resigned(instance, before, head))
    assert (anchored.number, anchored.root) == (2, wanted.batch.root)


def test_what_the_ledger_refuses_for_good_is_told_and_not_signed_anew(instance):
    instance.council.mark_compromised(KEY.address)
    assert refused(anchor, instance.ledger, order(instance.ledger), KEY, never) is Reason.KEY_NOT_VALID
