import json
from importlib import resources

import pytest
from eth_utils import keccak

from tests.kit.contract_set import NAMES, artifact, deployed_code, errors, type_of

EIP_170 = 24_576


@pytest.mark.parametrize("name", NAMES)
def test_an_artifact_says_how_it_was_made(name):
    made = artifact(name)
    assert set(made) == {
        "abi",
        "bytecode",
        "compiler",
        "contractName",
        "deployedAt",
        "sourceDigest",
    }
    assert made["contractName"] == name
    assert made["compiler"]["version"].startswith("0.8.37+commit.")
    assert made["compiler"]["settings"]["evmVersion"] == "cancun"
    assert len(bytes.fromhex(made["sourceDigest"][2:])) == 32


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_fits_and_carries_no_metadata(name):
    code = deployed_code(name)
    assert len(code) < EIP_170
    assert b"ipfs" not in code
    assert b"solc" not in code


def test_no_two_errors_share_a_selector():
    seen = {}
    for name in NAMES:
        for entry in artifact(name)["abi"]:
            if entry["type"] != "error":
                continue
            signature = f"{entry['name']}({','.join(map(type_of, entry['inputs']))})"
            assert seen.setdefault(keccak(text=signature)[:4], signature) == signature
    assert set(seen) == set(errors())


@pytest.mark.parametrize("name", NAMES)
def test_an_artifact_is_sorted_and_has_a_line_for_each_entry(name):
    text = resources.files("contracts").joinpath(f"artifacts/{name}.json").read_text("utf-8")
    content = json.loads(text)
    assert list(content) == sorted(content)
    entries = [line.removesuffix(",") for line in text.splitlines() if line.startswith('{"')]
    assert [json.loads(line) for line in entries] == content["abi"]
    assert entries == [json.dumps(entry, sort_keys=True, separators=(",", ":")) for entry in content["abi"]]
