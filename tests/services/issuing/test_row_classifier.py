"""Which rows of a block are news, which stand already, and which cannot be issued."""

import pytest

from api.catalogue.datatype import data_types
from api.services.erasure.erasure import ErasureService
from api.services.issuing.row_classifier import PLAIN, Permission, classify_rows, row_tag
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import TAX

PAID, LATER, EARLIER = {"实缴税额（元）": "99.00"}, {"数据截至日期": "2026-02-28"}, {"数据截至日期": "2026-01-30"}
SCHEMA = data_types()["tax_payment"].schema


@pytest.fixture
def code(instance):
    code = instance.new_code()
    instance.attest(code)
    return code


def decide(instance, code, permission=PLAIN, **cells):
    rows = instance.rows(code, **cells)
    return classify_rows(instance.store, instance.keys, instance.departments[TAX], SCHEMA, rows, permission)


def test_a_row_about_a_firm_that_nobody_attested_to_is_news(instance):
    found = decide(instance, instance.new_code())
    ((new,), unchanged, refused) = (found.new, found.unchanged, found.refused)
    assert (new.supersedes, new.restores, unchanged, refused) == (None, False, [], [])


def test_the_same_row_stands(instance, code):
    found = decide(instance, code)
    assert (found.new, found.refused, [line for line, _ in found.unchanged]) == ([], [], [2])


@pytest.mark.parametrize(
    ("cells", "reason"), [(PAID, Reason.CORRECTION_NEEDED), (PAID | EARLIER, Reason.ROW_OUTDATED)], ids=str
)
def test_another_row_that_is_not_newer_needs_to_be_a_correction(instance, code, cells, reason):
    assert [one.reason for one in decide(instance, code, **cells).refused] == [reason]
    (new,) = decide(instance, code, Permission(corrects=True), **cells).new
    assert new.supersedes is not None


def test_a_newer_row_replaces_the_one_that_stands(instance, code):
    (new,) = decide(instance, code, **PAID, **LATER).new
    assert (new.newest_as_of, new.supersedes is None) == (new.row.as_of, False)


def test_a_row_about_an_erased_firm_is_refused_unless_the_upload_says_so(instance, code):
    ErasureService(instance.store, instance.keys, instance.removals, instance.issuers).erase(
        TAX, credit_code=code, schema=None
    )
    assert [one.reason for one in decide(instance, code).refused] == [Reason.SUBJECT_ERASED]
    (new,) = decide(instance, code, Permission(restores=True)).new
    assert new.restores


def test_a_tag_says_the_same_of_the_same_row_under_one_key_only(instance):
    one, other = instance.rows(instance.new_code())[0], instance.rows(instance.new_code(), **PAID)[0]
    tags = [row_tag(key, row, SCHEMA) for key in (bytes(32), b"k" * 32) for row in (one, other, one)]
    assert len(set(tags)) == 4
