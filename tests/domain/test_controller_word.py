"""What a controller signs besides acts on the ledger: a look at its own values, and where it is told things."""

import itertools

from eth_utils import keccak

from ledger_node.domain.contact_act import ContactChange, contact_digest
from ledger_node.domain.own_look import NOTHING_IN_PARTICULAR, LookKind, look_digest

SUBJECT, OTHER, NONCE = (bytes([number]) * 32 for number in (1, 2, 3))


def test_a_look_is_hashed_as_the_format_says():
    tag = keccak(b"credence-own-look/v1")
    for kind, about in itertools.product(LookKind, (NOTHING_IN_PARTICULAR, OTHER)):
        expected = keccak(tag + SUBJECT + keccak(kind.value.encode()) + about + NONCE)
        assert look_digest(SUBJECT, kind, about, NONCE) == expected


def test_an_address_is_hashed_as_the_format_says():
    tag = keccak(b"credence-contact/v1")
    for change, about in itertools.product(ContactChange, (b"owner@firm.example", b"\x07" * 16)):
        expected = keccak(tag + SUBJECT + keccak(change.value.encode()) + keccak(about) + (300).to_bytes(8, "big"))
        assert contact_digest(SUBJECT, change, about, 300) == expected


def test_no_two_words_of_a_controller_share_a_digest():
    looks = [
        look_digest(*signed)
        for signed in itertools.product((SUBJECT, OTHER), LookKind, (bytes(32), OTHER), (NONCE, bytes(32)))
    ]
    contacts = [
        contact_digest(*signed)
        for signed in itertools.product((SUBJECT, OTHER), ContactChange, (b"a", b"b"), (1_700_000_000, 1_700_000_001))
    ]
    assert len({*looks, *contacts}) == len(looks) + len(contacts)
