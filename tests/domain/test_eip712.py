"""What is signed, against eth-account's encoder of typed data; what the contracts hash, against eth-abi."""

from dataclasses import replace

import pytest
from eth_abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak as eth_keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.batch import Anchor, Batch
from ledger_node.domain.canonical import encode as canonical
from ledger_node.domain.consent import Consent
from ledger_node.domain.consent_act import (
    REFUSAL_STATEMENT,
    WITHDRAWAL_STATEMENT,
    Change,
    change_digest,
    refusal_digest,
    withdrawal_digest,
)
from ledger_node.domain.controller_act import (
    CANCELLATION_STATEMENT,
    HOLD_STATEMENT,
    ROTATION_STATEMENT,
    Cancellation,
    Hold,
    Rotation,
    subject_id,
)
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.sign_in_key import SignInKeys
from ledger_node.domain.signature import address_of, recover, sign
from ledger_node.domain.status import Plane, StatusChange, StatusReason, changes_digest
from ledger_node.domain.subject import Controllers, each_person
from tests.kit.world import ANCHOR_DOMAIN, BANK, CONSENT_DOMAIN, CONTROLLER_KEYS, TAX, bounds, h, terms

words = st.binary(min_size=32, max_size=32)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
domains = st.builds(SigningDomain, st.integers(1, 2**64 - 1), st.binary(min_size=20, max_size=20))

GRANTED = Consent(terms(), bounds())


def eip712(domain: SigningDomain, types: str, message: dict) -> bytes:
    """The digest that eth-account computes; ``types`` is written as "Name(kind name,…)"."""
    name, _, members = types.rstrip(")").partition("(")
    listed = [dict(zip(("type", "name"), member.split(" "), strict=True)) for member in members.split(",")]
    signable = encode_typed_data(
        {
            "name": "Credence",
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": "0x" + domain.contract.hex(),
        },
        {name: listed},
        message,
    )
    return eth_keccak(b"\x19" + signable.version + signable.header + signable.body)


@settings(deadline=None, max_examples=40)
@given(domains, words, st.integers(0, 255), *[st.integers(0, 2**64 - 1)] * 2, st.integers(0, 2**32 - 1))
def test_a_batch_is_signed_as_typed_data(domain, root, stream, number, deadline, size):
    batch = Batch(TAX, stream, number, root, size, h("previous"), h("superseded"), deadline)
    expected = eip712(
        domain,
        "Batch(bytes32 member,uint8 stream,uint64 number,bytes32 root,uint32 size,bytes32 previousRoot,"
        "bytes32 supersededDigest,uint64 deadline)",
        {
            "member": TAX,
            "stream": stream,
            "number": number,
            "root": root,
            "size": size,
            "previousRoot": h("previous"),
            "supersededDigest": h("superseded"),
            "deadline": deadline,
        },
    )
    assert batch.digest(domain) == expected


@settings(deadline=None, max_examples=40)
@given(domains, words, words, *[st.integers(1, 2**32 - 1)] * 2)
def test_what_controllers_sign_about_their_subject_is_typed_data(domain, subject, commitment, number, deadline):
    heirs = Controllers(each_person([b"\x07" * 20]), 1, commitment)
    rotation, hold = Rotation(subject, number, heirs, deadline), Hold(subject, number, deadline)
    assert rotation.text_digest == eth_keccak(rotation.text.encode())
    assert rotation.digest(domain) == eip712(
        domain,
        "ControllerRotation(bytes32 subject,uint64 entry,bytes32 commitment,bytes32 textDigest,uint64 deadline,"
        "string statement)",
        {
            "subject": subject,
            "entry": number,
            "commitment": heirs.commitment,
            "textDigest": rotation.text_digest,
            "deadline": deadline,
            "statement": ROTATION_STATEMENT,
        },
    )
    assert Cancellation(subject, number, commitment, deadline).digest(domain) == eip712(
        domain,
        "RecoveryCancellation(bytes32 subject,uint64 number,bytes32 commitment,uint64 deadline,string statement)",
        {
            "subject": subject,
            "number": number,
            "commitment": commitment,
            "deadline": deadline,
            "statement": CANCELLATION_STATEMENT,
        },
    )
    assert hold.digest(domain) == eip712(
        domain,
        "SubjectHold(bytes32 subject,uint64 number,uint64 deadline,string statement)",
        {"subject": subject, "number": number, "deadline": deadline, "statement": HOLD_STATEMENT},
    )


@settings(deadline=None, max_examples=40)
@given(domains, words, words, words)
def test_a_subject_id_is_the_hash_of_what_the_abi_encodes(domain, registrar, commitment, salt):
    types = ["bytes32", "uint256", "address", "bytes32", "bytes32", "bytes32"]
    values = [eth_keccak(b"credence-subject/v2"), domain.chain_id, domain.contract, registrar, commitment, salt]
    assert subject_id(domain, registrar, commitment, salt) == eth_keccak(abi_encode(types, values))


@settings(deadline=None, max_examples=40)
@given(domains, *[st.integers(0, 2**64 - 1)] * 2, st.sampled_from(Plane), words, st.sampled_from(StatusReason))
def test_a_status_change_is_signed_as_typed_data(domain, number, deadline, plane, changes, reason):
    change = StatusChange(TAX, number, plane, changes, reason, deadline)
    expected = eip712(
        domain,
        "StatusChange(bytes32 member,uint64 number,uint8 plane,bytes32 changesDigest,uint16 reason,uint64 deadline)",
        {
            "member": TAX,
            "number": number,
            "plane": int(plane),
            "changesDigest": changes,
            "reason": int(reason),
            "deadline": deadline,
        },
    )
    assert change.digest(domain) == expected


@settings(deadline=None, max_examples=20)
@given(domains, words, st.integers(0, 2**64 - 1), st.lists(st.dictionaries(texts, texts, max_size=3), max_size=3))
def test_sign_in_keys_are_signed_as_typed_data(domain, client, number, keys):
    stated = SignInKeys(client, number, tuple(keys))
    expected = eip712(
        domain,
        "SignInKeys(bytes32 client,uint64 number,bytes32 keysDigest)",
        {"client": client, "number": number, "keysDigest": eth_keccak(canonical(keys))},
    )
    assert stated.digest(domain) == expected


@settings(deadline=None, max_examples=40)
@given(domains, st.lists(texts, max_size=4), st.lists(words, max_size=3), texts, st.integers(0, 2**32 - 1))
def test_terms_are_signed_as_the_typed_data_that_wallets_show(domain, questions, departments, name, uses):
    asked = terms(questions=tuple(questions), departments=tuple(departments), grantee_name=name)
    granted = Consent(asked, bounds(max_uses=uses))
    signable = encode_typed_data(full_message=granted.to_typed_data(domain))
    expected = eth_keccak(b"\x19" + signable.version + signable.header + signable.body)
    assert granted.digest(domain) == expected


def test_a_wallets_signature_of_the_terms_counts():
    full = GRANTED.to_typed_data(CONSENT_DOMAIN)
    signed = Account.sign_typed_data(CONTROLLER_KEYS[0], full_message=full)
    signer = recover(GRANTED.digest(CONSENT_DOMAIN), bytes(signed.signature))
    assert signer == address_of(CONTROLLER_KEYS[0]) == bytes.fromhex(Account.from_key(CONTROLLER_KEYS[0]).address[2:])


@settings(deadline=None, max_examples=20)
@given(domains, words)
def test_a_withdrawal_is_signed_as_typed_data(domain, consent_id):
    expected = eip712(
        domain,
        "ConsentWithdrawal(bytes32 consent,string statement)",
        {"consent": consent_id, "statement": WITHDRAWAL_STATEMENT},
    )
    assert withdrawal_digest(consent_id, domain) == expected


@settings(deadline=None, max_examples=20)
@given(domains, words, st.integers(1, 2**24 - 1), st.sampled_from(Change))
def test_a_refusal_and_a_change_are_signed_as_typed_data(domain, some_id, number, change):
    refusal = {"request": some_id, "statement": REFUSAL_STATEMENT}
    assert refusal_digest(some_id, domain) == eip712(
        domain, "ConsentRefusal(bytes32 request,string statement)", refusal
    )
    changed = {"consent": some_id, "number": number, "statement": change.statement}
    assert change_digest(some_id, change, number, domain) == eip712(
        domain, "ConsentChange(bytes32 consent,uint24 number,string statement)", changed
    )


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.integers(0, 2**64), st.integers(1, 2**256 - 1), min_size=1, max_size=6))
def test_changes_are_hashed_as_the_contract_encodes_them(changes):
    masks = list(changes.values())
    expected = eth_keccak(abi_encode(["uint256[]", "uint256[]"], [list(changes), masks]))
    assert changes_digest(list(changes), masks) == expected


def test_no_changes_are_zero():
    assert changes_digest([], []) == bytes(32)


@settings(deadline=None, max_examples=40)
@given(words, st.integers(0, 255), st.integers(0, 2**53), st.integers(0, 2**24), st.binary(min_size=20, max_size=20))
def test_an_anchor_is_hashed_as_the_contract_encodes_it(root, stream, number, size, key):
    anchor = Anchor(TAX, stream, number, root, size, 7, 8, key)
    kinds = ["bytes32", "uint8", "uint64", "bytes32", "uint32", "uint64", "uint64", "address"]
    assert anchor.digest == eth_keccak(abi_encode(kinds, [TAX, stream, number, root, size, 7, 8, key]))


@settings(deadline=None, max_examples=30)
@given(words, words.filter(lambda key: 0 < int.from_bytes(key, "big") < 2**255))
def test_signatures_have_low_s_and_recover_in_eth_keys_too(digest, key):
    signature = sign(digest, key)
    assert int.from_bytes(signature[32:64], "big") <= (2**256 - 1) // 2
    assert recover(digest, signature) == address_of(key)
    assert Account._recover_hash(digest, signature=signature) == Account.from_key(key).address


@pytest.mark.parametrize("changes", [{"chain_id": 1}, {"contract": bytes(20)}])
def test_a_digest_counts_for_one_contract_on_one_chain(changes):
    assert GRANTED.digest(ANCHOR_DOMAIN) != GRANTED.digest(replace(ANCHOR_DOMAIN, **changes))


def test_wallets_are_shown_the_terms_in_this_form():
    shown = Consent(terms(departments=(TAX,)), bounds()).to_typed_data(CONSENT_DOMAIN)
    for name in ("terms", "bounds"):
        assert list(shown["message"][name]) == [member["name"] for member in shown["types"][name.title()]]
    assert shown["message"]["terms"]["grantee"] == to_hex(BANK)
    assert shown["message"]["terms"]["retentionDays"] == 31
    del shown["message"]
    assert shown == {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Consent": [{"name": "terms", "type": "Terms"}, {"name": "bounds", "type": "Bounds"}],
            "Terms": [
                {"name": "version", "type": "uint16"},
                {"name": "subject", "type": "bytes32"},
                {"name": "grantee", "type": "bytes32"},
                {"name": "granteeName", "type": "string"},
                {"name": "purpose", "type": "string"},
                {"name": "purposeText", "type": "string"},
                {"name": "questions", "type": "string[]"},
                {"name": "departments", "type": "bytes32[]"},
                {"name": "dataFrom", "type": "string"},
                {"name": "dataTo", "type": "string"},
                {"name": "retentionDays", "type": "uint32"},
                {"name": "salt", "type": "bytes32"},
                {"name": "language", "type": "string"},
                {"name": "textDigest", "type": "bytes32"},
                {"name": "wording", "type": "bytes32"},
                {"name": "departmentNames", "type": "string[]"},
            ],
            "Bounds": [
                {"name": "notBefore", "type": "uint64"},
                {"name": "expiresAt", "type": "uint64"},
                {"name": "maxUses", "type": "uint32"},
                {"name": "grantBefore", "type": "uint64"},
                {"name": "spendKey", "type": "address"},
                {"name": "stewardKey", "type": "address"},
                {"name": "withdrawalHash", "type": "bytes32"},
            ],
        },
        "primaryType": "Consent",
        "domain": {
            "name": "Credence",
            "version": "1",
            "chainId": 31337,
            "verifyingContract": to_hex(CONSENT_DOMAIN.contract),
        },
    }
