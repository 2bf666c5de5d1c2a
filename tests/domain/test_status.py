"""Status words: lists of bits, how they are split, what of them is left, and what the ledger keeps of a list."""

import pytest
from eth_abi import encode as abi_encode
from eth_utils import keccak as eth_keccak
from hypothesis import given
from hypothesis import strategies as st

from ledger_node.domain.event import Inclusion, StatusEvent, StatusStep
from ledger_node.domain.status import (
    MAX_WORDS,
    NOBODY,
    Mark,
    Plane,
    StatusReason,
    changes_digest,
    fold,
    split,
    unfold,
    without,
)
from tests.kit.world import TAX, h

POSITIONS = st.sets(st.integers(0, 5_000), max_size=60)
KEY = bytes(range(20))


def mark(**changes):
    fields = {
        "member": TAX,
        "plane": Plane(1),
        "number": 4,
        "reason": int(StatusReason.SUPERSEDED),
        "changes_digest": changes_digest([1], [2]),
        "marked_at": 1_700_000_000,
        "actor": TAX,
        "key": KEY,
    }
    return Mark(**(fields | changes))


@given(POSITIONS)
def test_positions_are_folded_into_words_and_back(positions):
    words, masks = fold(positions)
    assert words == sorted(set(words))
    assert all(masks)
    assert list(unfold(words, masks)) == sorted(positions)


@pytest.mark.parametrize(
    ("count", "parts"), [(0, []), (1, [1]), (MAX_WORDS, [MAX_WORDS]), (MAX_WORDS + 1, [MAX_WORDS, 1])]
)
def test_k12_lists_are_split_into_what_one_transaction_carries(count, parts):
    words, masks = list(range(count)), [word + 1 for word in range(count)]
    made = list(split(words, masks))
    assert [len(part) for part, _ in made] == parts
    assert [word for part, _ in made for word in part] == words
    assert [mask for _, part in made for mask in part] == masks


@given(POSITIONS, POSITIONS)
def test_what_is_set_already_is_left_out(positions, held):
    left = without(fold(positions), dict(zip(*fold(held), strict=True)))
    assert set(unfold(*left)) == positions - held
    assert all(left[1])


@pytest.mark.parametrize("changes", [{}, {"actor": NOBODY}, {"reason": 0, "plane": Plane(0), "number": 2**63}])
def test_a_mark_is_hashed_as_the_contract_encodes_it(changes):
    one = mark(**changes)
    types = ["bytes32", "uint8", "uint64", "uint8", "bytes32", "uint64", "bytes32", "address"]
    values = [one.member, one.plane, one.number, one.reason, one.changes_digest, one.marked_at, one.actor, one.key]
    assert one.digest == eth_keccak(abi_encode(types, values))


def test_a_batchs_own_list_is_told_from_a_members_change():
    assert mark().by_batch
    assert not mark(reason=int(StatusReason.ERASED)).by_batch


def test_the_event_of_a_list_says_what_its_mark_says():
    one = mark()
    event = StatusEvent.changed(one, [1], [2], Inclusion(h("transaction"), 7, h("block"), one.marked_at))
    assert (event.step, event.member, event.plane) == (StatusStep.CHANGED, one.member, one.plane)
    assert event.mark == one.digest
    assert (event.number, event.reason, event.actor, event.key) == (one.number, one.reason, one.actor, one.key)
    assert event.changes_digest == one.changes_digest
