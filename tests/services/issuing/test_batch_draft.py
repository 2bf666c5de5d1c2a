"""What a batch will hold: sealed rows in the order of its leaves, which says nothing of the upload's."""

from api.catalogue.datatype import data_types
from api.services.attestation.commitment_pool import CommitPool
from api.services.issuing.batch_draft import draft_batch
from api.services.issuing.row_classifier import PLAIN, classify_rows
from ledger_node.domain.hashing import batch_tree, root_of_batch
from tests.kit.small_instance import TAX

TYPE = data_types()["tax_payment"]


def draft(instance, *codes):
    department = instance.departments[TAX]
    rows = instance.rows(*codes)
    new = classify_rows(instance.store, instance.keys, department, TYPE.schema, rows, PLAIN).new
    pool = CommitPool(instance.workers)
    return draft_batch(TYPE, new, department, pool, instance.ledger.anchor_domain, now=instance.now(), job=None)


def test_every_row_has_its_place_under_the_root_and_a_key_of_its_own(instance):
    found = draft(instance, *(instance.new_code() for _ in range(9)))
    assert found.root == batch_tree(found.digests)[-1][0]
    assert {row["data_key"] for row in found.rows} == found.keys.keys()
    assert len(found.keys) == 9
    for row in found.rows:
        path = [row["path"][at : at + 32] for at in range(0, len(row["path"]), 32)]
        assert root_of_batch(row["digest"], row["leaf"], path, 9) == found.root
    assert [item.row.line for item in found.items] != list(range(2, 11))
    assert sorted(row["line"] for row in found.rows) == list(range(2, 11))


def test_a_draft_says_nothing_of_what_it_seals(instance):
    code = instance.new_code()
    found = draft(instance, code)
    (row,) = found.rows
    assert all(code.encode() not in value for value in row.values() if isinstance(value, bytes))
    assert repr(next(iter(found.keys.values()))) not in repr(found)


def test_nothing_makes_no_batch(instance):
    found = draft(instance)
    assert (found.root, found.digests, found.rows, found.keys) == (None, [], [], {})
