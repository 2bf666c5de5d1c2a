"""The vectors that product and reference are held to, run by the contract (tests/vectors/README.md).

The contract sees what has passed the stages ``question`` and ``form``. Of what it sees, it must say of every valid
case what the case expects, and of no corruption that it proves anything.
"""

import json
from functools import lru_cache

import pytest
from eth_abi import encode
from eth_utils import keccak, to_checksum_address

from ledger_node.domain.batch import Anchor, Header
from ledger_node.domain.commitment import proof_from_json
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.proof import Outcome
from ledger_node.domain.schema import Schema
from ledger_node.domain.statement import AtLeast, Below, Between, Equals, HasAll, HasAny, HasNone, NoneOf, OneOf, Reveal
from tests.kit.contract_set import Refused
from tests.kit.dispute import ask, deploy, header_argument, pure_verifier, settle
from tests.kit.vector import FILES, Network, code_of, corrupted

KINDS = {"field_proof", "attestation"}
ANCHOR_DIGESTS_SLOT = 4


THE_CALLERS = {"schema_mismatch"}
"""Which schema a header is of is the caller's to compare: checkInclusion takes no schema."""
REFUSALS = {
    # None: nothing is proven. The contract looks at what the header says before it climbs the tree
    "field_proof_failed": {None},
    # bits of a field that has no members; to reveal with no bit left shut is to ask whether v is one of none
    "mode_mismatch": {"NoSuchQuestion", "BitsCountInvalid"},
    "opened_set_mismatch": {None, "BitsNotComplement", "BitsShownWrong", "NoSuchQuestion"},
    "path_length": {"PathLengthWrong"},
    "index_out_of_range": {"BatchIndexOutOfRange", "PathIndexOutOfRange"},
    "other_network": {"HeaderChainWrong", "HeaderRegistryWrong"},
    "not_in_batch": {None, "HeaderIssuerWrong"},
    "not_anchored": {None, "HeaderIssuerWrong", "AnchorStreamWrong"},
    "issuer_mismatch": {"HeaderIssuerWrong"},
}
"""What the contract may say where the product refuses with a reason."""


def settle_field_proof(case):
    """The outcome of a field proof on chain."""
    schema = Schema.from_json(case["schema"])
    field = schema.field(case["question"]["field"])
    statement = read_statement(case["statement"], field)
    proof = proof_from_json(case["proof"], field)
    root = from_hex(case["fields_root"], "fields_root")
    return settle(pure_verifier()[1], schema, root, field, statement, proof)


def read_statement(value, field):
    match value:
        case {"kind": "at_least", "j": j}:
            return AtLeast(j)
        case {"kind": "below", "j": j}:
            return Below(j)
        case {"kind": "between", "low": low, "high": high}:
            return Between(low, high)
        case {"kind": "one_of", "positions": positions}:
            return OneOf(frozenset(positions))
        case {"kind": "none_of", "positions": positions}:
            return NoneOf(frozenset(positions))
        case {"kind": "has_any" | "has_none" | "has_all" as kind, "positions": positions}:
            return {"has_any": HasAny, "has_none": HasNone, "has_all": HasAll}[kind](frozenset(positions))
        case {"kind": "equals", "value": asked}:
            return Equals(field.parse(asked))
        case {"kind": "reveal"}:
            return Reveal()
    raise AssertionError(value)


def settle_attestation(case):
    """The outcome of an attestation on a chain of its network that holds ``held`` and nothing else."""
    header, anchor = Header.from_json(case["header"]), Anchor.from_json(case["anchor"])
    path = [from_hex(sibling, "sibling") for sibling in case["path"]]
    slot = keccak(encode(["bytes32", "uint256"], [anchor.member, ANCHOR_DIGESTS_SLOT]))
    slot = keccak(encode(["uint8", "bytes32"], [anchor.stream, slot]))
    slot = keccak(encode(["uint64", "bytes32"], [anchor.number, slot]))
    network = case["network"]
    contract = verifier_on(network["chain_id"], network["anchor_registry"], slot, case["held"])
    given = (
        anchor.member,
        anchor.stream,
        anchor.number,
        anchor.root,
        anchor.size,
        anchor.start,
        anchor.anchored_at,
        to_checksum_address(anchor.key),
    )
    try:
        call = contract.functions.checkInclusion(given, header_argument(header), case["index"], path)
        return Outcome.HOLDS if ask(call) else None
    except Refused as refused:
        return refused.name


@lru_cache(maxsize=4)
def verifier_on(chain_id, registry, slot, held):
    storage = {int.from_bytes(slot): int(held, 16)}
    return deploy(Network(chain_id, registry, code_of("AnchorRegistry"), storage), to_checksum_address(registry))


def settle_case(case):
    """What the contract says: an outcome, None, or the name of its refusal."""
    return {"field_proof": settle_field_proof, "attestation": settle_attestation}[case["kind"]](case)


def disagreements(vectors):
    """(what the contract judges otherwise, how many it judged); nothing is passed over but what it never sees."""
    cases = {case["name"]: case for case in vectors["cases"]}
    wrong = [(name, said) for name, case in cases.items() if (said := settle_case(case)) != case["expect"]]
    judged = len(cases)
    for corruption in vectors["corruptions"]:
        reason = corruption["expect"]["reason"]
        if corruption["stage"] != "check" or reason in THE_CALLERS:
            continue
        said = settle_case(corrupted(cases[corruption["of"]], corruption["change"]))
        judged += 1
        if said not in REFUSALS[reason]:
            wrong.append((corruption["name"], reason, said))
    return wrong, judged


def is_the_verifiers(file):
    """Digests are run by test_digest_vectors.py; claims are read and put together off chain."""
    return KINDS.issuperset(case.get("kind") for case in json.loads(file.read_text("utf-8"))["cases"])


def test_all_vectors_of_proofs_are_judged():
    assert {file.stem for file in FILES if not is_the_verifiers(file)} == {"claim", "digests", "text"}


@pytest.mark.parametrize("file", [file for file in FILES if is_the_verifiers(file)], ids=lambda file: file.stem)
def test_the_contract_agrees_with_every_vector(file):
    vectors = json.loads(file.read_text("utf-8"))
    assert vectors["format"] == "CL1"
    wrong, judged = disagreements(vectors)
    assert not wrong
    assert judged > len(vectors["cases"])
