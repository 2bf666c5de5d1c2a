"""Chunks hold everything once, in its order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.storage.store import CHUNK, chunks


@given(st.lists(st.integers()), st.integers(1, 9))
def test_chunks_put_together_are_what_was_cut_and_only_the_last_is_short(items, size):
    cut = list(chunks(iter(items), size))
    assert [item for chunk in cut for item in chunk] == items
    assert all(len(chunk) == size for chunk in cut[:-1])
    assert all(1 <= len(chunk) <= size for chunk in cut[-1:])


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (CHUNK, [CHUNK]), (CHUNK + 1, [CHUNK, 1])])
def test_a_chunk_is_full_before_the_next_one_begins(count, sizes):
    assert [len(chunk) for chunk in chunks(range(count))] == sizes
