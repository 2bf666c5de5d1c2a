"""Ours against the examples of EIP-712, with eth-account as a second witness.

In scope: words, strings, lists, structs within structs, digests and signatures. Out of scope: a reader of types. We
write out the few structs that we sign, and the name of our domain is always "Credence", so the example's domain is
put together here from the same parts.
"""

import json
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak as eth_keccak

from ledger_node.domain.eip712 import SigningDomain, address_word, list_word, text_word, uint_word
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of, parse_address, recover, sign

VECTORS = json.loads((Path(__file__).parent / "eip712.json").read_text("utf-8"))
EXAMPLES = VECTORS["examples"]
KEY = keccak(VECTORS["key_is_hash_of"].encode())
MAIL = "Mail(Person from,Person to,string contents)Person(string name,address wallet)"
MAILS = "Mail(Person from,Person[] to,string contents)Person(string name,address[] wallets)"


def person(shown):
    """Return the struct hash of a person, with one wallet or several."""
    if "wallet" in shown:
        wallets, written = address_word(parse_address(shown["wallet"], "wallet")), "address wallet"
    else:
        words = [address_word(parse_address(wallet, "wallet")) for wallet in shown["wallets"]]
        wallets, written = list_word(words), "address[] wallets"
    return keccak(text_word(f"Person(string name,{written})") + text_word(shown["name"]) + wallets)


def mail(message):
    """Return type hash and struct hash of a mail."""
    to = message["to"]
    many = isinstance(to, list)
    type_hash = text_word(MAILS if many else MAIL)
    people = list_word([person(one) for one in to]) if many else person(to)
    return type_hash, keccak(type_hash + person(message["from"]) + people + text_word(message["contents"]))


class MailDomain(SigningDomain):
    """The domain of the examples: ours but for the name."""

    @property
    def separator(self):
        kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        names = text_word(VECTORS["domain"]["name"]) + text_word(VECTORS["domain"]["version"])
        return keccak(text_word(kind) + names + uint_word(self.chain_id) + address_word(self.contract))


DOMAIN = MailDomain(VECTORS["domain"]["chainId"], parse_address(VECTORS["domain"]["verifyingContract"], "contract"))


def test_the_domain_of_the_examples_is_put_together_as_ours_is():
    assert to_hex(DOMAIN.separator) == VECTORS["domain_separator"]
    ours = SigningDomain(DOMAIN.chain_id, DOMAIN.contract)
    domain = {**VECTORS["domain"], "name": "Credence"}
    signable = encode_typed_data(domain, EXAMPLES[0]["types"], EXAMPLES[0]["message"])
    assert ours.separator == signable.header


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["source"])
def test_the_examples_hash_as_they_say(example):
    type_hash, struct_hash = mail(example["message"])
    assert to_hex(type_hash) == example["type_hash"]
    assert to_hex(struct_hash) == example["struct_hash"]
    assert to_hex(DOMAIN.digest(struct_hash)) == example["digest"]
    signable = encode_typed_data(VECTORS["domain"], example["types"], example["message"])
    digest = eth_keccak(b"\x19" + signable.version + signable.header + signable.body)
    assert to_hex(digest) == example["digest"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["source"])
def test_the_examples_are_signed_as_they_say(example):
    digest = bytes.fromhex(example["digest"][2:])
    assert to_hex(sign(digest, KEY)) == example["signature"]
    assert recover(digest, sign(digest, KEY)) == address_of(KEY) == parse_address(VECTORS["signer"], "signer")
    assert Account.from_key(KEY).address == VECTORS["signer"]


def test_another_word_of_the_example_gives_another_digest():
    message = {**EXAMPLES[0]["message"], "contents": "Hello, Eve!"}
    assert to_hex(DOMAIN.digest(mail(message)[1])) != EXAMPLES[0]["digest"]
