"""The struct that people of a member sign, against eth-account's encoder and fixed digests."""

import pytest
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from ledger_node.domain.eip712 import DOMAIN_FIELDS, SigningDomain
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.staff_release import (
    MAX_NUMBER,
    STATEMENTS,
    StaffAct,
    StaffRelease,
    content_digest,
    ended_staff_document,
    new_staff_document,
)

DOMAIN = SigningDomain(2_026, b"\x11" * 20)
MEMBER = b"\x22" * 32
CONTENT = "0x69a5e3c38cb76cf0c98a05d64c138e6960ede21e0b619fe90b5b2dd52b62f6ec"
DIGEST = "0xf278f9e0b8190fa482a1e5099c0b0db72ff4fcf95ad5b7a12451e697f70da938"


@pytest.mark.parametrize("number", [1, MAX_NUMBER])
@pytest.mark.parametrize("act", list(StaffAct))
def test_a_release_is_hashed_as_eip_712_says(act, number):
    release = StaffRelease(MEMBER, act, content_digest({"name": "王芳", "roles": ["admin"]}), number)
    typed = release.to_typed_data(DOMAIN)
    types = {"EIP712Domain": DOMAIN_FIELDS, **typed["types"]}
    message = typed["message"] | {name: bytes.fromhex(typed["message"][name][2:]) for name in ("member", "content")}
    signable = encode_typed_data(full_message={**typed, "types": types, "message": message})
    expected = keccak(b"\x19" + signable.version + signable.header + signable.body)
    assert release.digest(DOMAIN) == expected


def test_act_number_member_and_content_are_all_signed():
    base = {"member": MEMBER, "act": StaffAct.ADD_STAFF, "content": bytes(32), "number": 1}
    changes = ({}, {"member": bytes(32)}, {"act": StaffAct.END_STAFF}, {"content": MEMBER}, {"number": 2})
    assert len({StaffRelease(**(base | change)).digest(DOMAIN) for change in changes}) == len(changes)


def test_a_vector_of_the_content_and_of_the_release():
    content = content_digest({"id": "0x01", "name": "王芳"})
    release = StaffRelease(MEMBER, StaffAct.REGISTER_SUBJECT, content, 7)
    assert to_hex(content) == CONTENT
    assert to_hex(release.digest(DOMAIN)) == DIGEST
    assert list(release.to_json()) == ["member", "act", "content", "number", "statement"]


def test_every_act_says_in_both_languages_what_it_means():
    assert set(STATEMENTS) == set(StaffAct)
    for statement in STATEMENTS.values():
        english, chinese = statement.split(". ", 1)
        assert english.isascii()
        assert chinese.endswith("。")


def test_what_is_signed_about_a_person_names_all_roles_in_one_order():
    document = new_staff_document("王芳", {"clerk", "admin"})
    assert document == {"name": "王芳", "roles": ["admin", "clerk"]}
    assert ended_staff_document(b"\x01", "王芳", ("clerk", "admin")) == {"id": "0x01", **document}
