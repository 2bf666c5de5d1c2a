"""Issuing: rows become one signed, anchored batch, or are stored until they are anchored."""

import pytest
from sqlalchemy import select

from api.catalogue.datatype import data_types
from api.services.attestation.stored_attestation import JOINED, anchor_of, signed_batch_of
from api.services.issuing.issuer import Issuer, unanchored, unmarked
from api.services.issuing.row_classifier import Permission
from api.storage import table
from ledger_node.domain.batch import ATTESTATIONS
from ledger_node.domain.error import ChainError
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.hashing import batch_tree
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane, StatusReason
from tests.kit.killed_here import lives
from tests.kit.signed_word import signed_batch
from tests.kit.small_instance import REGISTRAR, TAX, Silence, key_of, refused

PAID, LATER = {"实缴税额（元）": "99.00"}, {"数据截至日期": "2026-02-28"}


@pytest.fixture
def issuer(instance):
    assert type(instance.issuers[TAX]) is Issuer
    return instance.issuers[TAX]


@pytest.fixture
def code(instance):
    return instance.new_code()


def held(instance, digest):
    with instance.store.connect() as connection:
        return connection.execute(select(table.attestation).where(table.attestation.c.digest == digest)).one()


def correct(instance, *codes, **cells):
    rows = instance.rows(*codes, **cells)
    permission = Permission(corrects=True)
    data_type = data_types()["tax_payment"]
    return instance.issuers[TAX].issue(data_type, rows, now=instance.now(), permission=permission)


def superseded(instance, position):
    facts = instance.ledger.facts(FactQuery(positions=frozenset({(TAX, position)})))
    return facts.status[TAX, Plane.SUPERSEDED, position // 256] >> position % 256 & 1


def test_rows_are_one_batch_under_the_root_that_is_anchored(instance):
    digests = instance.attest(*(instance.new_code() for _ in range(5)))
    anchor, _ = instance.ledger.find_anchor(TAX, ATTESTATIONS, 1)
    assert (anchor.size, anchor.root) == (5, batch_tree(digests)[-1][0])
    assert unanchored(instance.store) == []


def test_the_order_of_rows_says_nothing(instance):
    codes = [instance.new_code() for _ in range(12)]
    digests = instance.attest(*codes)
    with instance.store.connect() as connection:
        lines = [
            connection.execute(select(table.attestation.c.line).where(table.attestation.c.digest == one)).scalar()
            for one in digests
        ]
    assert sorted(lines) == list(range(2, 14))
    assert lines != sorted(lines)


def test_a_row_that_is_attested_already_is_issued_once(instance, code):
    assert len(instance.attest(code)) == 1
    assert instance.attest(code) == []
    assert instance.ledger.stream_head(TAX, ATTESTATIONS).number == 1


def test_a_newer_row_supersedes_the_one_before_it(instance, code):
    (first,) = instance.attest(code)
    assert instance.attest(code, **PAID) == []
    (second,) = instance.attest(code, **PAID, **LATER)
    assert (held(instance, first).live, held(instance, second).live) == (0, 1)
    assert held(instance, second).supersedes == first
    assert (superseded(instance, 0), superseded(instance, 1)) == (1, 0)


def test_a_correction_replaces_what_is_as_new(instance, code):
    instance.attest(code)
    assert len(correct(instance, code, **PAID)) == 1
    assert superseded(instance, 0)


@pytest.mark.parametrize("lands", [True, False])
def test_a_batch_whose_answer_is_lost_is_anchored_once(instance, issuer, code, lands):
    with Silence(instance.ledger, "anchor", lands=lands):
        assert refused(instance.attest, code) is Reason.LEDGER_UNAVAILABLE
    assert unanchored(instance.store) == [TAX]
    issuer.anchor_pending()
    assert unanchored(instance.store) == []
    assert instance.ledger.stream_head(TAX, ATTESTATIONS).number == 1
    assert instance.attest(code) == []


def test_what_waits_is_anchored_before_the_next_batch(instance):
    with Silence(instance.ledger, "anchor"):
        assert refused(instance.attest, instance.new_code()) is Reason.LEDGER_UNAVAILABLE
    instance.attest(instance.new_code())
    assert instance.ledger.stream_head(TAX, ATTESTATIONS).total == 2


def test_only_whom_the_council_allows_issues(instance, code):
    data_type = data_types()["tax_payment"]
    other = instance.issuers[REGISTRAR]
    assert refused(other.issue, data_type, instance.rows(code), now=instance.now()) is Reason.ISSUER_NOT_ALLOWED
    instance.council.disallow_issuer(data_type.schema.id, TAX)
    assert refused(instance.attest, code) is Reason.ISSUER_NOT_ALLOWED
    assert unanchored(instance.store) == []


@pytest.fixture
def spread(instance, monkeypatch):
    """Firms whose attestations lie in words of their own, and a batch's list that has room for two of them."""
    monkeypatch.setattr("api.services.issuing.issuer.MAX_WORDS", 2)
    return spread_out(instance)


def spread_out(instance):
    """Attest to new firms, each in a word of its own."""
    codes = [instance.new_code() for _ in range(5)]
    for code in codes:
        instance.attest(code)
        instance.other.anchor(signed_batch(instance.other, TAX, key_of(TAX), size=255))
    return codes


def superseding(instance):
    """Return (reason, words) of what the ledger tells of superseded positions."""
    told = instance.ledger.events_between(0, instance.ledger.head().number)
    return [(event.reason, event.words) for event in told if getattr(event, "plane", None) is Plane.SUPERSEDED]


def test_k18_a_list_that_a_batch_has_no_room_for_goes_on_in_status_changes(instance, spread):
    correct(instance, *spread, **PAID)
    assert superseding(instance) == [
        (StatusReason.SUPERSEDED, (0, 1)),
        (StatusReason.NO_LONGER_USED, (2, 3, 4)),
    ]
    assert all(superseded(instance, 256 * word) for word in range(5))
    assert unmarked(instance.store) == []
    # evidence shows the list that was signed with the batch
    with instance.store.connect() as connection:
        row = connection.execute(JOINED.order_by(table.batch.c.number.desc())).first()
    signed_batch_of(row).require_signed(anchor_of(row), instance.ledger.anchor_domain)


def test_what_cannot_be_superseded_now_holds_up_no_batch_and_is_tried_again(instance, issuer, spread):
    with Silence(instance.ledger, "change_status"):
        assert len(correct(instance, *spread, **PAID)) == 5
        assert len(instance.attest(instance.new_code())) == 1
        assert unmarked(instance.store) == [TAX]
        assert refused(issuer.mark_pending) is Reason.LEDGER_UNAVAILABLE
    issuer.mark_pending()
    assert unmarked(instance.store) == []
    assert all(superseded(instance, 256 * word) for word in range(5))


def test_one_rest_that_cannot_be_set_holds_up_no_other(instance, issuer, spread):
    with Silence(instance.ledger, "change_status"):
        correct(instance, *spread, **PAID)
        correct(instance, *spread, **PAID, **LATER)
    real, times = instance.ledger.change_status, iter(range(1))

    def refuses_the_first(*order):
        if next(times, None) is not None:
            raise ChainError(Reason.LEDGER_REFUSED, "not this one")
        return real(*order)

    instance.ledger.change_status = refuses_the_first
    assert refused(issuer.mark_pending) is Reason.LEDGER_REFUSED
    with instance.store.connect() as connection:
        left = connection.execute(select(table.batch.c.number).where(table.batch.c.rest.is_not(None))).scalars().all()
    assert len(left) == 1
    del instance.ledger.change_status
    issuer.mark_pending()
    assert unmarked(instance.store) == []


@pytest.mark.usefixtures("spread")
def test_k18_a_kill_at_any_commit_point_of_a_split_list_supersedes_everything_once(instance, issuer):
    firms = {}

    def act(number):
        firms[number] = spread_out(instance)
        yield
        correct(instance, *firms[number], **PAID)
        yield

    def recover(number):
        """Do what the next start does, and send the rows again."""
        again = (instance.store, instance.keys, instance.ledger, issuer._pool, instance.now)
        instance.issuers[TAX] = Issuer(instance.departments[TAX], *again)
        instance.issuers[TAX].anchor_pending()
        instance.issuers[TAX].mark_pending()
        correct(instance, *firms[number], **PAID)
        whole(instance)

    # the draft, signed anew behind another's, sent, anchored; a change signed, sent, done: each before and after
    assert lives(instance, act, recover) == 7 * 2
    whole(instance)
    told = superseding(instance)
    assert sum(len(words) for _, words in told) == 5 * 15


def whole(instance):
    """Require that every attestation that is not live is superseded on the ledger, and no other one."""
    held, batch = table.attestation.c, table.batch.c
    joined = select(held.live, held.leaf, batch.start).join(table.batch, batch.number == held.batch)
    with instance.store.connect() as connection:
        rows = connection.execute(joined).all()
    assert all(bool(superseded(instance, row.start + row.leaf)) != bool(row.live) for row in rows)
    assert unmarked(instance.store) == unanchored(instance.store) == []
