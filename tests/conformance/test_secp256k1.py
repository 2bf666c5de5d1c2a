"""Signatures of members and controllers, against deterministic ones that other implementations publish."""

import json
from pathlib import Path

import pytest

from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.signature import address_of, recover, sign

VECTORS = json.loads((Path(__file__).parent / "secp256k1.json").read_text("utf-8"))["signatures"]


@pytest.mark.parametrize("example", VECTORS, ids=lambda example: f"{example['key'][:4]} {example['text'][:16]}")
def test_signatures_are_deterministic_with_low_s_and_lead_to_their_key(example):
    key, digest = bytes.fromhex(example["key"].rjust(64, "0")), sha256_digest(example["text"].encode())
    signature = sign(digest, key)
    assert signature[:64].hex() == example["r"] + example["s"]
    assert recover(digest, signature) == address_of(key)
