"""RLP and look-ups in tries agree with the libraries of the field, on what they write and on what nobody writes."""

import pytest
import rlp as library
from hypothesis import given
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from ledger_node.domain.evidence.rlp import MAX_DEPTH, decode, encode, texts
from ledger_node.domain.evidence.state_proof import EMPTY_ROOT, find
from ledger_node.domain.hashing import keccak

ITEMS = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=20), max_leaves=40)
KEY = keccak(b"key")
DIGITS = KEY.hex()


@given(ITEMS)
def test_an_item_is_written_and_read_as_the_library_does(item):
    assert encode(item) == library.encode(item)
    assert decode(encode(item)) == item == library.decode(encode(item))


@given(st.binary(min_size=255, max_size=70_000))
def test_long_texts_are_written_and_read_as_the_library_does(text):
    assert encode(text) == library.encode(text)
    assert decode(encode([text])) == [text]


@given(
    st.binary(max_size=24)
    | st.builds(lambda head, rest: bytes(head) + rest, st.lists(st.integers(0xB7, 0xFF)), st.binary(max_size=70))
)
def test_whatever_the_library_refuses_is_refused(data):
    try:
        expected = library.decode(data)
    except (library.DecodingError, RecursionError):
        with pytest.raises(ValueError, match=r"^(it|a|bytes) "):
            decode(data)
    else:
        assert decode(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81\x05",
        b"\x82\x01",
        b"\xb8\x37" + bytes(55),
        b"\xb9\x00\x40" + bytes(64),
        b"\xb8",
        b"\xc2\x82\x01",
        b"\x01\x02",
        b"\xf8\x01\xc0",
    ],
)
def test_another_form_than_the_shortest_is_refused(data):
    with pytest.raises(ValueError, match=r"^(it|a|bytes) "):
        decode(data)


def nested(depth):
    return [] if depth == 0 else [nested(depth - 1)]


def test_lists_lie_only_so_deep_in_one_another():
    assert decode(encode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    with pytest.raises(ValueError, match="too deep"):
        decode(encode(nested(MAX_DEPTH + 1)))
    with pytest.raises(ValueError, match="too deep"):
        decode(encode(nested(300)))


def test_a_list_of_texts_is_that_and_nothing_else():
    assert texts([b"a", b""]) == (b"a", b"")
    assert texts([]) == ()
    for other in (b"", b"a", [[]], [b"a", [b"b"]]):
        with pytest.raises(ValueError, match="no list"):
            texts(other)


@given(st.dictionaries(st.integers(0, 300), st.binary(min_size=1, max_size=40), max_size=40), st.integers(0, 330))
def test_a_trie_is_read_as_the_library_wrote_it(values, wanted):
    nodes = {}
    trie = HexaryTrie(nodes)
    for number, value in values.items():
        trie[keccak(bytes([number % 256, number // 256]))] = value
    key = keccak(bytes([wanted % 256, wanted // 256]))
    assert find(lambda digest: decode(nodes[digest]), trie.root_hash, key) == values.get(wanted, b"")


@given(st.dictionaries(st.binary(min_size=2, max_size=2), st.binary(min_size=1, max_size=9), min_size=1, max_size=30))
def test_nodes_inside_others_are_read(values):
    nodes = {}
    trie = HexaryTrie(nodes)
    for key, value in values.items():
        trie[key] = value
    for key, value in values.items():
        assert find(lambda digest: decode(nodes[digest]), trie.root_hash, key) == value
    assert find(lambda digest: decode(nodes[digest]), trie.root_hash, b"\x00" * 3) == b""


def look_up(*chain):
    """Look ``KEY`` up where each node is the child of the one before; the first one is the root."""
    nodes = {keccak(encode(node)): node for node in chain}
    return find(nodes.__getitem__, keccak(encode(chain[0])), KEY)


def branch(child, *, value=b""):
    return [child if digit == int(DIGITS[0], 16) else b"" for digit in range(16)] + [value]


def test_what_is_not_there_is_found_to_be_nothing():
    assert find({}.__getitem__, EMPTY_ROOT, KEY) == b""
    assert look_up(branch(b"")) == b""
    assert look_up([b"\x20" + keccak(b"other"), b"value"]) == b""
    assert look_up([b"\x20" + KEY, b"value"]) == b"value"
    elsewhere = "1" if DIGITS[0] == "0" else "0"
    assert look_up([bytes.fromhex("1" + elsewhere), KEY]) == b""
    assert look_up([b"\x00" + KEY, b""]) == b""


def test_a_branch_at_the_end_of_a_key_holds_its_value():
    assert look_up([b"\x00" + KEY, [*[b""] * 16, b"value"]]) == b"value"


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (b"text" * 10, "a node is a list"),
        ([b"\x20" + KEY], "17 parts"),
        ([b"", b"value"], "begins with its kind"),
        ([b"\x40" + KEY, b"value"], "begins with its kind"),
        ([b"\x21" + KEY, b"value"], "begins with its kind"),
        ([b"\x00", b"value"], "not empty"),
        ([[b"\x20"], b"value"], "bytes belong"),
        ([b"\x20" + KEY, [b"value"]], "bytes belong"),
        (branch(KEY[:31]), "by its hash"),
        (branch(KEY + b"1"), "by its hash"),
        (branch([b"\x20" + KEY, b"value"]), "shorter than a hash"),
        ([b"\x00" + KEY, [*[b""] * 16, [b""]]], "bytes belong"),
    ],
)
def test_a_node_that_no_chain_makes_is_refused(node, why):
    with pytest.raises(ValueError, match=why):
        look_up(node)
