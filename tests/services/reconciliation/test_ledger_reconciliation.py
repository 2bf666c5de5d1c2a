"""A store that is older than the ledger says what it lacks, once, and nothing is deleted for it."""

import logging

import pytest
from sqlalchemy import delete, select, update

from api.services.erasure.erasure import ErasureService
from api.services.erasure.foreign_change import ForeignChanges
from api.services.notification.follower import ChainFollower
from api.services.reconciliation.ledger_reconciliation import LedgerReconciliation
from api.services.reconciliation.network_binding import require_network
from api.storage import table
from ledger_node.chain.address_book import AddressBook
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from tests.kit.signed_word import signed_batch
from tests.kit.small_control import rotate_elsewhere
from tests.kit.small_instance import NAMES, REGISTRAR, RELAYER, TAX, Silence, controllers_of, key_of, refused


@pytest.fixture
def reconciliation(instance):
    return made(instance)


def made(instance):
    names = {member: NAMES[member] for member in instance.departments}
    changes = ForeignChanges(instance.store, instance.keys, instance.ledger, names)
    return LedgerReconciliation(instance.store, instance.keys, changes, instance.ledger, names, RELAYER)


def forget(instance, *tables):
    """Make the store one that knows nothing of what was written after its copy."""
    with instance.store.begin() as connection:
        for one in tables:
            connection.execute(delete(one))


def anchor(instance, member, stream):
    instance.other.anchor(signed_batch(instance.other, member, key_of(member), stream=stream))


def counts(gap):
    return {name: getattr(gap, name) for name in gap.__slots__ if name != "batches" and getattr(gap, name)}


def test_a_store_that_knows_everything_lacks_nothing(instance, firm, reconciliation):
    instance.attest(instance.new_code())
    instance.grant(firm)
    gap = reconciliation.close()
    assert (gap.is_older, gap.batches, counts(gap), list(gap.report_lines())) == (False, [], {}, [])


def test_what_a_store_lacks_is_counted_and_told_once(instance, firm, reconciliation, caplog):
    assert instance.ask(firm).id
    instance.use(instance.grant(firm), count=2)
    instance.attest(instance.new_code())
    instance.attest(instance.new_code())
    anchor(instance, RELAYER, ACCESS_LOG)
    forget(instance, table.consent, table.consent_request, table.attestation, table.batch)
    with caplog.at_level(logging.WARNING):
        gap = reconciliation.close()
        assert reconciliation.close() is gap
    assert gap.batches == [("Tax bureau", 2, 2), ("Market regulator", 1, 1)]
    assert counts(gap) == {"consents": 1, "requests": 1, "uses": 2, "intervals": 1}
    assert gap.is_older
    assert len(caplog.records) == 1 + len(list(gap.report_lines())) == 7


def test_subjects_and_their_controllers_are_missed(instance, reconciliation):
    lost, held = instance.new_firm(), instance.new_firm()
    rotate_elsewhere(instance, held, controllers_of(b"h" * 32))
    with instance.store.begin() as connection:
        entry = table.subject_controllers.c
        connection.execute(delete(table.subject_controllers).where(entry.subject == lost.subject))
        connection.execute(delete(table.subject).where(table.subject.c.id == lost.subject))
    assert counts(reconciliation.close()) == {"subjects": 1, "controllers": 1}


def test_what_a_key_signed_that_did_not_count_is_no_work_of_this_instance(instance, reconciliation):
    anchor(instance, TAX, ATTESTATIONS)
    instance.council.mark_compromised(address_of(key_of(TAX)), 1)
    assert not reconciliation.close().is_older


def test_it_reads_from_where_notifications_stand(instance, firm):
    instance.grant(firm)
    ChainFollower(instance.store, instance.ledger).catch_up()
    forget(instance, table.consent)
    assert counts(made(instance).close()) == {}


def test_while_the_ledger_does_not_answer_it_is_tried_again(instance, reconciliation):
    with Silence(instance.ledger, "events_between"):
        assert refused(reconciliation.close) is Reason.LEDGER_UNAVAILABLE
    assert not reconciliation.close().is_older


def test_a_store_is_of_the_network_that_used_it_first(instance):
    book = AddressBook(7, bytes(32), {})
    for _ in range(2):
        require_network(instance.store, book)
    for other in (AddressBook(8, bytes(32), {}), AddressBook(7, b"x" * 32, {})):
        assert refused(require_network, instance.store, other) is Reason.CONFIGURATION


@pytest.mark.usefixtures("reconciliation")
def test_tombstones_are_replayed_also_where_the_store_lacks_nothing_else(instance, firm):
    """A copy that was made just before an erasure lacks no batch, and links the firm still."""
    erasures = ErasureService(instance.store, instance.keys, instance.removals, instance.issuers)
    with instance.store.connect() as connection:
        linked = connection.execute(select(table.subject.c.subject_index)).scalars().all()
    erasures.erase(REGISTRAR, credit_code=firm.code, schema=None)
    with instance.store.begin() as connection:
        connection.execute(update(table.subject).values(subject_index=linked[0]))
        connection.execute(delete(table.status_order))
        connection.execute(delete(table.erased_subject))
    gap = made(instance).close()
    assert (gap.is_older, gap.quarantined) == (False, 0)
    with instance.store.connect() as connection:
        assert connection.execute(select(table.subject.c.subject_index)).scalars().all() != linked
        assert len(connection.execute(select(table.erased_subject)).all()) == 1
