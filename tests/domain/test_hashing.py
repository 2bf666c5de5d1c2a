"""Hashing outside CL1, and members of records that may be missing."""

import hashlib
import hmac

from ledger_node.domain.hashing import hmac_sha256, keccak, sha256_digest
from ledger_node.domain.json_object import JsonObject


def test_keccak_is_the_one_of_ethereum_and_not_sha3():
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_sha256_and_hmac_are_the_standard_ones():
    assert sha256_digest(b"credence") == hashlib.sha256(b"credence").digest()
    assert hmac_sha256(b"key", b"message") == hmac.new(b"key", b"message", "sha256").digest()


def test_a_null_member_counts_as_missing_and_as_read():
    record = JsonObject({"policy": None, "purpose": "loan_application"}, "request")
    assert not record.has("policy")
    assert not record.has("never")
    assert record.has("purpose")
    assert record.text("purpose") == "loan_application"
    record.done()
