"""The digests of the vectors, as the contracts make them (tests/vectors/README.md).

Tickets and receipts are not here: no contract sees what they are made of. What the fresh keys of a consent sign has no
view; ``data/test_consent_digests.py`` holds the product to the contract there, and the vectors hold the product.
"""

import json
from functools import lru_cache

import pytest
from eth_utils import keccak, to_checksum_address

from tests.kit.contract_anchor import lists_digest
from tests.kit.contract_set import Refused, artifact
from tests.kit.vector import FOLDER, Network, corrupted

VECTORS = json.loads((FOLDER / "digests.json").read_text("utf-8"))
CASES = {case["name"]: case for case in VECTORS["cases"]}
OFF_CHAIN = {"ticket", "receipt"}
WITHOUT_A_VIEW = {"grant", "grant_word", "answer", "change", "use", "uses"}
VIEWED = {"batch", "status_change", "anchor", "consent", "request", "controllers", "withdrawal"}
ON_CHAIN = sorted(name for name, case in CASES.items() if case["kind"] in VIEWED)
ANCHOR_DIGESTS_SLOT = 4
BOUNDS_NAMES = "not_before expires_at max_uses grant_before spend_key steward_key withdrawal_hash"


def blob(text):
    return bytes.fromhex(text[2:])


def mapped(key, slot):
    """The slot of a mapping's entry."""
    return keccak(key.rjust(32, b"\0") + slot)


@pytest.fixture(scope="module")
def codes(deployed):
    """The codes as deployed: what a contract keeps in its code, such as its name for EIP-712, is filled in."""
    consortium, _ = deployed
    registries = {
        "AnchorRegistry": consortium.anchors,
        "ConsentRegistry": consortium.consents,
        "SubjectRegistry": consortium.subjects,
    }
    code = consortium.chain.w3.eth.get_code
    return {name: bytes(code(contract.address)) for name, contract in registries.items()}


@pytest.fixture(scope="module")
def registry(codes):
    """A registry at an address of a chain, with one word or two in its storage."""

    @lru_cache(maxsize=8)
    def at(name, chain_id, address, storage=()):
        network = Network(chain_id, address, codes[name], dict(storage))
        return network, network.w3.eth.contract(address=to_checksum_address(address), abi=artifact(name)["abi"])

    return at


@pytest.fixture(scope="module")
def agrees(registry, deployed):
    """Whether the contract makes, or holds, just the digest that a case says."""

    def judge(case):
        message = case["message"]
        match case["kind"]:
            case "batch":
                network, anchors = registry("AnchorRegistry", case["domain"]["chain_id"], case["domain"]["contract"])
                named = "member stream number root size previous_root"
                batch = (*fields(message, named), changes(message), message["deadline"])
                return network.read(anchors.functions.batchDigest(batch)) == blob(case["digest"])
            case "status_change":
                network, anchors = registry("AnchorRegistry", case["domain"]["chain_id"], case["domain"]["contract"])
                said = (changes(message), message["reason"], message["deadline"])
                change = (*fields(message, "member number plane"), *said)
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
            case "consent":
                network, consents = registry("ConsentRegistry", case["domain"]["chain_id"], case["domain"]["contract"])
                held = consents.functions.consentId(terms_hash(message["terms"]), bounds(message["bounds"]))
                return network.read(held) == blob(case["digest"])
            case "request":
                network, consents = registry("ConsentRegistry", case["domain"]["chain_id"], case["domain"]["contract"])
                key = to_checksum_address(message["answer_key"])
                held = consents.functions.requestIdOf(asked_hash(message["asked"]), key)
                return network.read(held) == blob(case["digest"])
            case "controllers":
                network, subjects = registry("SubjectRegistry", 1, "0x" + "33" * 20)
                keys = b"".join(map(controller, message["keys"]))
                held = subjects.functions.commitmentOf((blob(message["salt"]), message["threshold"], keys))
                return network.read(held) == blob(case["digest"])
            case "withdrawal":
                consortium, _ = deployed
                held = {**CASES["consent"]["message"]["bounds"], "withdrawal_hash": case["digest"]}
                withdraw = consortium.consents.functions.withdraw(bytes(32), bounds(held), blob(message["secret"]))
                try:
                    consortium.chain.read(withdraw)
                except Refused as refused:
                    return refused.name
                return True
        raise AssertionError(case["kind"])

    return judge


def fields(message, names):
    """Values as the contract takes them, in this order."""
    values = (message[name] for name in names.split())
    return tuple(blob(value) if isinstance(value, str) else value for value in values)


def struct(kind, *words):
    """The hash of an EIP-712 struct whose members are encoded already."""
    return keccak(keccak(text=kind) + b"".join(words))


def scope(message):
    """The words that terms and requests begin with, and the type text of those members."""
    words = [message["version"].to_bytes(32), blob(message["subject"]), blob(message["grantee"])]
    words += [keccak(text=message[name]) for name in ("grantee_name", "purpose", "purpose_text")]
    words.append(keccak(b"".join(keccak(text=question) for question in message["questions"])))
    words.append(keccak(b"".join(map(blob, message["departments"]))))
    return [*words, keccak(text=message["data_from"]), keccak(text=message["data_to"])]


SCOPE = (
    "uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,"
    "string[] questions,bytes32[] departments,string dataFrom,string dataTo,"
)


def terms_hash(terms):
    words = "string language,bytes32 textDigest,bytes32 wording,string[] departmentNames"
    kind = f"Terms({SCOPE}uint32 retentionDays,bytes32 salt,{words})"
    rest = [terms["retention_days"].to_bytes(32), blob(terms["salt"]), keccak(text=terms["language"])]
    rest += [blob(terms["text_digest"]), blob(terms["wording"])]
    rest.append(keccak(b"".join(keccak(text=name) for name in terms["department_names"])))
    return struct(kind, *scope(terms), *rest)


def asked_hash(asked):
    limits = "uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint32 retentionDays,address spendKey,bytes32 salt"
    kind = f"Asked({SCOPE}{limits})"
    names = ("not_before", "expires_at", "max_uses", "retention_days")
    numbers_ = [asked[name].to_bytes(32) for name in names]
    return struct(kind, *scope(asked), *numbers_, blob(asked["spend_key"]).rjust(32, b"\0"), blob(asked["salt"]))


def bounds(message):
    """Bounds as the contract takes them."""
    values = [message[name] for name in BOUNDS_NAMES.split()]
    keys = [to_checksum_address(key) for key in values[4:6]]
    return (*values[:4], *keys, blob(values[6]))


def controller(key):
    person = bytes([key["person"]])
    if "address" in key:
        return person + b"\x01" + blob(key["address"])
    return person + b"\x02" + blob(key["passkey"]["rp_id_hash"]) + blob(key["passkey"]["public_key"])


def numbers(message, names):
    return [message[name].to_bytes(32) for name in names.split()]


def changes(message):
    """The digest over words and masks; zeros where there are none."""
    words, masks = ([int(text) for text in message[name]] for name in ("words", "masks"))
    return lists_digest(words, masks) if words or masks else bytes(32)


def test_every_kind_is_run_or_is_never_on_chain():
    assert {case["kind"] for case in CASES.values()} == VIEWED | WITHOUT_A_VIEW | OFF_CHAIN


@pytest.mark.parametrize("name", ON_CHAIN)
def test_the_contract_makes_the_digest(name, agrees):
    assert agrees(CASES[name]) is True


@pytest.mark.parametrize("name", ON_CHAIN)
def test_the_contract_makes_another_digest_of_what_was_changed(name, agrees):
    changed = [item for item in VECTORS["corruptions"] if item["of"] == name and item["stage"] == "check"]
    said = {agrees(corrupted(CASES[name], item["change"])) for item in changed}
    assert said == {"ConsentWrongSecret" if CASES[name]["kind"] == "withdrawal" else False}
