"""Issuing: rows become one signed, anchored batch, or are stored until they are anchored."""

import pytest
from sqlalchemy import select

from api.catalogue.datatype import data_types
from api.services.issuing.issuer import Issuer, unanchored
from api.services.issuing.row_classifier import Permission
from api.storage import table
from ledger_node.domain.batch import ATTESTATIONS
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.hashing import batch_tree
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane
from tests.kit.small_instance import REGISTRAR, TAX, Silence, refused

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


def correct(instance, code, **cells):
    rows = instance.rows(code, **cells)
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
