"""Trust files and statements of keys that are refused when they are read, before any check."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.vectors.corrupt_evidence import put
from tests.vectors.evidence_world import trust
from tests.vectors.valid_evidence import statement

CAPITALS = "/contracts/AnchorRegistry/address"


def refused(name: str, reason: str, pointer: str, value: object, file: dict) -> dict[str, Any]:
    changed = copy.deepcopy(file)
    put(pointer, value)(changed)
    return {"name": name, "file": changed, "reason": reason}


def trusts() -> Iterator[dict[str, Any]]:
    invalid, one, qbft = "trust_invalid", trust(), trust("qbft")
    first = "/finality/sets/0/addresses"
    yield refused("address_in_capitals", "not_canonical", CAPITALS, lambda text: "0x" + text[2:].upper(), one)
    yield refused("another_format", invalid, "/format", "credence-trust/v2", one)
    yield refused("another_kind", invalid, "/finality/kind", "clique", one)
    yield refused("no_sets", invalid, "/finality/sets", [], one)
    yield refused("set_without_addresses", invalid, first, [], qbft)
    yield refused("addresses_falling", invalid, first, lambda all_: all_[::-1], qbft)
    yield refused("address_twice", invalid, first, lambda all_: [all_[0], *all_], qbft)
    yield refused("two_sealers", invalid, "/finality/kind", "sealer", qbft)
    again = {**qbft["finality"]["sets"][0], "from_block": 0}
    yield refused("sets_that_begin_together", invalid, "/finality/sets", lambda all_: [*all_, again], qbft)
    yield refused("chain_0", "value_out_of_range", "/chain_id", 0, one)
    yield refused("more_than_is_listed", "field_unknown", "/remark", 1, one)
    yield refused("no_contract", "type_wrong", "/contracts/AnchorRegistry", None, one)


def statements() -> Iterator[dict[str, Any]]:
    late = statement(0)
    yield refused("another_format", "value_malformed", "/format", "credence-keys/v2", late)
    yield refused("key_twice", "not_canonical", "/keys", lambda all_: [*all_, *all_], late)
    yield refused("key_in_capitals", "not_canonical", "/keys/0/key", lambda text: "0x" + text[2:].upper(), late)
    yield refused("seal_too_short", "value_malformed", "/block/seal", lambda text: text[:-2], late)
    yield refused("header_no_rlp", "header_malformed", "/block/header", lambda text: text[:-2], late)
    yield refused("more_than_is_listed", "field_unknown", "/remark", 1, late)
