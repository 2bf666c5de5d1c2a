"""Trust files and statements of keys that are refused when they are read, before any check."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.vectors.corrupt_evidence import put
from tests.vectors.evidence_world import trust
from tests.vectors.valid_evidence import statement

OTHER_GENESIS = "0x" + "11" * 32
CAPITALS = "/contracts/AnchorRegistry/address"


def refused(name: str, reason: str, pointer: str, value: object, file: dict) -> dict[str, Any]:
    changed = copy.deepcopy(file)
    put(pointer, value)(changed)
    return {"name": name, "file": changed, "reason": reason}


def trusts() -> Iterator[dict[str, Any]]:
    invalid, one, qbft = "trust_invalid", trust(), trust("qbft")
    finality = "/eras/0/finality"
    first = f"{finality}/sets/0/addresses"
    yield refused("address_in_capitals", "not_canonical", CAPITALS, lambda text: "0x" + text[2:].upper(), one)
    yield refused("another_format", invalid, "/format", "credence-trust/v1", one)
    yield refused("another_kind", invalid, f"{finality}/kind", "clique", one)
    yield refused("no_sets", invalid, f"{finality}/sets", [], one)
    yield refused("set_without_addresses", invalid, first, [], qbft)
    yield refused("addresses_falling", invalid, first, lambda all_: all_[::-1], qbft)
    yield refused("address_twice", invalid, first, lambda all_: [all_[0], *all_], qbft)
    yield refused("two_sealers", invalid, f"{finality}/kind", "sealer", qbft)
    again = {**qbft["eras"][0]["finality"]["sets"][0], "from_block": 0}
    yield refused("sets_that_begin_together", invalid, f"{finality}/sets", lambda all_: [*all_, again], qbft)
    mark = {"block": 5, "hash": one["eras"][0]["genesis"], "root": one["eras"][0]["genesis"]}
    end = {**mark, "state_root": mark["root"]}
    other = {**one["eras"][0], "genesis": OTHER_GENESIS}
    yield refused("no_eras", invalid, "/eras", [], one)
    yield refused("era_twice", invalid, "/eras", lambda all_: [{**all_[0], "ends": end}, *all_], one)
    yield refused("era_after_one_that_goes_on", invalid, "/eras", lambda all_: [*all_, other], one)
    yield refused(
        "era_of_another_state",
        invalid,
        "/eras",
        lambda all_: [{**all_[0], "ends": end}, {**other, "state_root": other["genesis"]}],
        one,
    )
    yield refused("first_era_that_continues", invalid, "/eras/0/state_root", mark["root"], one)
    yield refused("checkpoints_together", invalid, "/checkpoints", [mark, mark], one)
    yield refused("checkpoint_without_root", "type_wrong", "/checkpoints", [{**mark, "root": None}], one)
    yield refused("chain_0", "value_out_of_range", "/chain_id", 0, one)
    yield refused("more_than_is_listed", "field_unknown", "/remark", 1, one)
    yield refused("no_contract", "type_wrong", "/contracts/AnchorRegistry", None, one)


def statements() -> Iterator[dict[str, Any]]:
    late = statement(0)
    yield refused("another_format", "value_malformed", "/format", "credence-keys/v1", late)
    yield refused("key_twice", "not_canonical", "/keys", lambda all_: [*all_, *all_], late)
    yield refused("key_in_capitals", "not_canonical", "/keys/0/key", lambda text: "0x" + text[2:].upper(), late)
    yield refused("seal_too_short", "value_malformed", "/block/seal", lambda text: text[:-2], late)
    yield refused("header_no_rlp", "header_malformed", "/block/header", lambda text: text[:-2], late)
    yield refused("more_than_is_listed", "field_unknown", "/remark", 1, late)
