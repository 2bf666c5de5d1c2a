"""The digests of the vectors, as the contracts make them (tests/vectors/README.md).

Terms, controllers and receipts are not here: no contract ever sees them.
"""

import json
from functools import lru_cache

import pytest
from eth_utils import keccak, to_checksum_address

from tests.kit.contract import ARTIFACTS, Refused, lists_digest, word
from tests.kit.vector import FOLDER, Network, corrupted

pytest.skip("the digests of set 2 come with the vectors of version 2", allow_module_level=True)

VECTORS = json.loads((FOLDER / "digests.json").read_text("utf-8"))
CASES = {case["name"]: case for case in VECTORS["cases"]}
OFF_CHAIN = {"consent_terms", "controllers", "receipt"}
ON_CHAIN = sorted(name for name, case in CASES.items() if case["kind"] not in OFF_CHAIN)
ANCHOR_DIGESTS_SLOT = 3
CONSENTS_SLOT = 0
LIVE = 1
CONSENT = word("consent")


def blob(text):
    return bytes.fromhex(text[2:])


def mapped(key, slot):
    """The slot of a mapping's entry."""
    return keccak(key.rjust(32, b"\0") + slot)


@pytest.fixture(scope="module")
def codes(deployed):
    """The codes as deployed: what a contract keeps in its code, such as its name for EIP-712, is filled in."""
    consortium, _ = deployed
    registries = {"AnchorRegistry": consortium.anchors, "ConsentRegistry": consortium.consents}
    code = consortium.chain.w3.eth.get_code
    return {name: bytes(code(contract.address)) for name, contract in registries.items()}


@pytest.fixture(scope="module")
def registry(codes):
    """A registry at an address of a chain, with one word or two in its storage."""

    @lru_cache(maxsize=8)
    def at(name, chain_id, address, storage=()):
        network = Network(chain_id, address, codes[name], dict(storage))
        return network, network.w3.eth.contract(address=to_checksum_address(address), abi=ARTIFACTS[name]["abi"])

    return at


@pytest.fixture(scope="module")
def agrees(registry):
    """Whether the contract makes, or holds, just the digest that a case says."""

    def judge(case):
        message = case["message"]
        match case["kind"]:
            case "batch":
                network, anchors = registry("AnchorRegistry", case["domain"]["chain_id"], case["domain"]["contract"])
                batch = (*fields(message, "member stream number root size previous_root"), changes(message))
                return network.read(anchors.functions.batchDigest(batch)) == blob(case["digest"])
            case "status_change":
                network, anchors = registry("AnchorRegistry", case["domain"]["chain_id"], case["domain"]["contract"])
                change = (*fields(message, "member number plane"), changes(message), message["reason"])
                return network.read(anchors.functions.statusChangeDigest(change)) == blob(case["digest"])
            case "anchor":
                # the chain holds the digest of the valid case at its place; what differs is not anchored
                held = CASES["anchor"]
                slot = ANCHOR_DIGESTS_SLOT.to_bytes(32)
                for key in (blob(held["message"]["member"]), *numbers(held["message"], "stream number")):
                    slot = mapped(key, slot)
                storage = ((int.from_bytes(slot), int(case["digest"], 16)),)
                network, anchors = registry("AnchorRegistry", 1, "0x" + "11" * 20, storage)
                shown = fields(message, "member stream number root size start anchored_at")
                return network.read(anchors.functions.isAnchored((*shown, to_checksum_address(message["key"]))))
            case "revocation":
                slot = int.from_bytes(mapped(CONSENT, CONSENTS_SLOT.to_bytes(32)))
                storage = ((slot, LIVE), (slot + 1, int(case["digest"], 16)))
                network, consents = registry("ConsentRegistry", 1, "0x" + "22" * 20, storage)
                try:
                    network.read(consents.functions.withdraw(CONSENT, blob(message["secret"])))
                except Refused as refused:
                    return refused.name
                return True
        raise AssertionError(case["kind"])

    return judge


def fields(message, names):
    """Values as the contract takes them, in this order."""
    values = (message[name] for name in names.split())
    return tuple(blob(value) if isinstance(value, str) else value for value in values)


def numbers(message, names):
    return [message[name].to_bytes(32) for name in names.split()]


def changes(message):
    """The digest over words and masks; zeros where there are none."""
    words, masks = ([int(text) for text in message[name]] for name in ("words", "masks"))
    return lists_digest(words, masks) if words or masks else bytes(32)


def test_every_kind_is_run_or_is_never_on_chain():
    assert {CASES[name]["kind"] for name in ON_CHAIN} == {"batch", "status_change", "anchor", "revocation"}


@pytest.mark.parametrize("name", ON_CHAIN)
def test_the_contract_makes_the_digest(name, agrees):
    assert agrees(CASES[name]) is True


@pytest.mark.parametrize("name", ON_CHAIN)
def test_the_contract_makes_another_digest_of_what_was_changed(name, agrees):
    changed = [item for item in VECTORS["corruptions"] if item["of"] == name and item["stage"] == "check"]
    said = {agrees(corrupted(CASES[name], item["change"])) for item in changed}
    assert said == {"ConsentWrongSecret" if CASES[name]["kind"] == "revocation" else False}
