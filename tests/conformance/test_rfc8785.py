"""Our canonical JSON against the examples of RFC 8785.

In scope: texts, literals, the order of members, and whole numbers within 2^53. Out of scope: fractions, exponents and
larger numbers, which are refused on purpose: nothing that is signed here may hold one. For each example it is said
which it is, and what is accepted is byte for byte what the RFC writes.
"""

import json
import struct
from pathlib import Path

import pytest

from ledger_node.domain.canonical import decode, encode
from ledger_node.domain.error import InvalidInputError

VECTORS = json.loads((Path(__file__).parent / "rfc8785.json").read_text("utf-8"))
NUMBERS = VECTORS["numbers"]
IN_SCOPE = {"0"}
"""Of appendix B: its other numbers are fractions, or 2^53 and more."""


def refused(data):
    with pytest.raises(InvalidInputError) as error:
        decode(data)
    return error.value.reason


def test_the_sample_is_out_of_scope_for_its_fractions_and_the_rest_of_it_is_byte_equal():
    sample = VECTORS["sample"]
    written = bytes.fromhex(sample["canonical_hex"])
    assert refused(sample["input"].encode()) == refused(written) == "type_wrong"
    whole, expected = json.loads(sample["input"]), json.loads(written)
    kept = {name: whole[name] for name in sample["in_scope"]}
    assert set(whole) - set(kept) == set(sample["out_of_scope"])
    # the RFC's own bytes, without the member that holds fractions
    start, end = written.index(b'"numbers":'), written.index(b'"string":')
    assert encode(kept) == written[:start] + written[end:]
    assert decode(encode(kept)) == {name: expected[name] for name in kept}


def test_members_are_sorted_by_units_of_utf_16():
    sorting = VECTORS["sorting"]
    value = decode(sorting["input"].encode())
    assert list(json.loads(encode(value)).values()) == sorting["values_in_order"]
    order = b",".join(
        json.dumps({key: value[key]}, ensure_ascii=False, separators=(",", ":")).encode()[1:-1]
        for wanted in sorting["values_in_order"]
        for key in value
        if value[key] == wanted
    )
    assert encode(value) == b"{" + order + b"}"
    assert decode(encode(value)) == value


@pytest.mark.parametrize(("bits", "written", "what"), NUMBERS)
def test_numbers_of_appendix_b_are_written_so_or_refused(bits, written, what):
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    if written is None:
        for text in (b"NaN", b"Infinity", b"-Infinity"):
            assert refused(text) == "type_wrong", what
        return
    assert float(written) == number
    if written in IN_SCOPE:
        assert encode(decode(written.encode())) == written.encode()
    elif any(mark in written for mark in ".e"):
        assert refused(written.encode()) == "type_wrong"
    else:
        with pytest.raises(InvalidInputError) as error:
            encode(decode(written.encode()))
        assert error.value.reason == "value_out_of_range"


def test_minus_zero_is_zero_and_the_largest_whole_numbers_are_in_scope():
    assert encode(decode(b"-0")) == b"0"
    for number in (2**53 - 1, -(2**53) + 1):
        assert encode(decode(str(number).encode())) == str(number).encode()
