import pytest
import rlp
from eth.constants import BLANK_ROOT_HASH
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded.state.trie import decode_node, encode_node, lookup, update

# few keys that differ late, so that extensions, embedded nodes and collapsing branches are frequent
KEYS = st.one_of(
    st.integers(0, 40).map(lambda n: keccak(n.to_bytes(32, "big"))),
    st.integers(0, 600).map(lambda n: b"\x00" * 29 + n.to_bytes(3, "big")),
)
VALUES = st.one_of(st.just(b""), st.binary(min_size=1, max_size=3), st.binary(min_size=30, max_size=80))
BLOCKS = st.lists(st.dictionaries(KEYS, VALUES, max_size=25), max_size=8)


@settings(max_examples=300, deadline=None)
@given(BLOCKS)
def test_roots_and_values_equal_those_of_the_reference_trie(blocks):
    reference, nodes, root, values = HexaryTrie({}), {}, BLANK_ROOT_HASH, {}
    for changes in blocks:
        for key, value in changes.items():
            reference[key] = value
        root, new = update(nodes.__getitem__, root, changes)
        nodes |= new
        values |= changes
        assert root == reference.root_hash
    for key, value in values.items():
        assert lookup(nodes.__getitem__, root, key) == value
    assert lookup(nodes.__getitem__, root, b"\x77" * 32) == b""


@pytest.mark.parametrize("count", [0, 1, 2, 16, 127, 128, 129, 300])
def test_lists_of_items_have_the_reference_root(count):
    items = {rlp.encode(n): bytes([n % 250 + 1]) * (n % 60 + 1) for n in range(count)}
    reference = HexaryTrie({})
    for key, value in items.items():
        reference[key] = value
    assert update({}.__getitem__, BLANK_ROOT_HASH, items)[0] == reference.root_hash


@pytest.mark.parametrize(
    "node",
    [
        [b"\x20", b"\x01"],
        [b"\x20", b"x" * 55],
        [b"\x20", b"x" * 56],
        [b"\x20", b"x" * 400],
        [b"\x00\x12", [b"\x20", b"a"]],
        [b"h" * 32] * 16 + [b""],
        [[b"\x20", b"\x7f"], b"", b"\x80"] + [b""] * 14,
    ],
)
def test_nodes_are_encoded_as_rlp_says(node):
    assert encode_node(node) == rlp.encode(node)
    assert decode_node(rlp.encode(node)) == node
