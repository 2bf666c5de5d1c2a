"""What the vault holds of an attestation: its receipt, its place under the root, and its secrets."""

import pytest

from api.catalogue.datatype import data_types
from api.services.attestation.commitment_pool import CommitPool, commit_rows, committer_of
from api.services.attestation.stored_attestation import (
    HELD,
    JOINED,
    UnsealedAttestation,
    anchor_of,
    header_of,
    path_of,
    receipt_of,
    signed_batch_of,
    superseded_of,
    text_of,
)
from api.vault.cipher import VaultKey, unseal
from api.work.worker_pool import WorkerPool
from ledger_node.domain.batch import ATTESTATIONS, Batch
from ledger_node.domain.commitment import subject_tag
from ledger_node.domain.hashing import root_of_batch
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, recover
from tests.kit.small_instance import REGISTRAR, TAX, Silence, key_of, refused


@pytest.fixture
def code(instance):
    return instance.new_code()


@pytest.fixture
def digest(instance, code):
    instance.attest(instance.new_code(), instance.new_code())
    digests = instance.attest(instance.new_code(), code, instance.new_code())
    return next(one for one in digests if is_about(instance, one, code))


def row_of(instance, digest):
    with instance.store.connect() as connection:
        return connection.execute(JOINED.where(HELD.digest == digest)).one()


def is_about(instance, digest, code):
    return row_of(instance, digest).subject_index == instance.departments[TAX].kek.blind_index(code)


def source_of(instance, digest):
    row = row_of(instance, digest)
    key = instance.departments[TAX].kek.unwrap(instance.keys.get([row.data_key])[row.data_key])
    return UnsealedAttestation(
        header=header_of(row, instance.ledger.anchor_domain),
        anchor=anchor_of(row),
        index=row.leaf,
        path=path_of(row),
        batch=signed_batch_of(row),
        vault_key=VaultKey(TAX, row.data_key, key),
        content=unseal(key, row.sealed, digest),
    )


def test_a_row_is_the_header_and_anchor_that_the_ledger_holds(instance, digest):
    row = row_of(instance, digest)
    header, anchor = header_of(row, instance.ledger.anchor_domain), anchor_of(row)
    assert header.digest == digest
    assert instance.ledger.find_anchor(TAX, ATTESTATIONS, 2)[0] == anchor
    assert root_of_batch(digest, row.leaf, path_of(row), anchor.size) == anchor.root


def test_a_batch_is_signed_by_its_department(instance, digest):
    row = row_of(instance, digest)
    signed = signed_batch_of(row)
    anchor = anchor_of(row)
    said = (signed.previous_root, signed.superseded_digest, signed.deadline)
    batch = Batch(TAX, ATTESTATIONS, anchor.number, anchor.root, anchor.size, *said)
    assert recover(batch.digest(instance.ledger.anchor_domain), signed.signature) == address_of(key_of(TAX))


def test_words_and_masks_are_stored_as_text():
    words = ([0, 7], [1, 1 << 255])
    assert superseded_of(text_of(*words)) == words


def test_an_unsealed_attestation_proves_what_its_header_commits_to(instance, digest, code):
    source = source_of(instance, digest)
    assert (source.position, source.batch_key) == (2 + source.index, (TAX, ATTESTATIONS, 2))
    assert source.shown.header.subject_tag == subject_tag(source.shown.subject_key, code)
    committed = source.prover.committer.commit(source.prover.seed, source.prover.values)
    assert committed.root == source.header.fields_root
    assert code not in repr(source)


def test_a_receipt_shows_the_place_and_no_value(instance, digest, code):
    receipt = receipt_of(instance.store, instance.ledger.anchor_domain, TAX, digest)
    row = row_of(instance, digest)
    assert (receipt["attestation"], receipt["index"]) == (to_hex(digest), row.leaf)
    assert receipt["anchor"] == anchor_of(row).to_json()
    assert receipt["header"] == header_of(row, instance.ledger.anchor_domain).to_json()
    assert code not in str(receipt)
    assert receipt_of(instance.store, instance.ledger.anchor_domain, REGISTRAR, digest) is None


def test_a_receipt_has_no_anchor_before_there_is_one(instance, code):
    with Silence(instance.ledger, "anchor"):
        assert refused(instance.attest, code) is Reason.LEDGER_UNAVAILABLE
    with instance.store.connect() as connection:
        (row,) = connection.execute(JOINED).all()
    receipt = receipt_of(instance.store, instance.ledger.anchor_domain, TAX, row.digest)
    assert (receipt["anchor"], receipt["transaction"], receipt["block"]) == (None, None, None)


def test_commitments_have_fresh_seeds_and_keep_the_order_of_rows(instance):
    schema = data_types()["tax_payment"].schema
    rows = [(row.credit_code, row.values) for row in instance.rows(*(instance.new_code() for _ in range(3)))]
    pool = CommitPool(WorkerPool(0))
    found = pool.commit(committer_of(schema.id), rows)
    again = commit_rows(committer_of(schema.id), rows)
    assert len({one.seed for one in (*found, *again)}) == len({one.fields_root for one in (*found, *again)}) == 6
    for one, (code, values) in zip(found, rows, strict=True):
        assert committer_of(schema.id).commit(one.seed, values).root == one.fields_root
        assert code not in repr(one)
    assert refused(committer_of, bytes(32)) is Reason.SCHEMA_UNKNOWN
