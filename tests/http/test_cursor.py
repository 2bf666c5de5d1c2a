"""Cursors go on where they were made for, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.request.cursor import CursorCodec
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import hmac_sha256

CODEC = CursorCodec(lambda text: hmac_sha256(b"key", text))


@given(st.text(), st.binary(min_size=1, max_size=64))
def test_a_cursor_is_read_as_it_was_written(listing, position):
    assert CODEC.read(listing, CODEC.write(listing, position)) == position


@given(st.text(max_size=300))
def test_a_text_that_is_no_cursor_is_refused(text):
    with pytest.raises(InvalidInputError) as refused:
        CODEC.read("rows", text)
    assert refused.value.reason == "cursor_invalid"


def test_every_changed_character_is_noticed():
    cursor = CODEC.write("rows", b"\x00\x00\x00\x07")
    for at, old in enumerate(cursor):
        for new in "AQgw_9":
            if new != old:
                with pytest.raises(InvalidInputError):
                    CODEC.read("rows", cursor[:at] + new + cursor[at + 1 :])


def test_a_cursor_of_another_list_or_instance_is_refused():
    cursor = CODEC.write("rows", b"\x07")
    other = CursorCodec(lambda text: hmac_sha256(b"other key", text))
    for codec, listing in ((CODEC, "lines"), (other, "rows")):
        with pytest.raises(InvalidInputError) as refused:
            codec.read(listing, cursor)
        assert refused.value.reason == "cursor_invalid"
