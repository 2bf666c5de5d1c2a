"""Traces: the caller's is taken up if it has the form of W3C Trace Context, and anything else begins a new one."""

import re
import threading

import pytest

from ledger_node import trace

ID, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize("header", [f"00-{ID}-{SPAN}-01", f"00-{ID}-{SPAN}-00", f"cc-{ID}-{SPAN}-01-what-comes-later"])
def test_a_callers_trace_is_taken_up_with_a_part_of_our_own(header):
    part = trace.Trace.of_header(header)
    assert part.id == ID
    assert part.span != SPAN
    assert part.header == f"00-{ID}-{part.span}-01"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "canary",
        ID,
        f"00-{ID}-{SPAN}",
        f"00-{ID.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{ID}-{'0' * 16}-01",
        f"ff-{ID}-{SPAN}-01",
        f"00-{ID}-{SPAN}-01-more",
        f"00-{ID}-{SPAN}-01\n",
        f"00-{ID[:-1]}g-{SPAN}-01",
    ],
)
def test_what_is_no_trace_begins_a_new_one(header):
    first, second = trace.Trace.of_header(header), trace.Trace.of_header(header)
    assert re.fullmatch("[0-9a-f]{32}", first.id)
    assert len({ID, first.id, second.id}) == 3


def test_work_is_for_the_trace_it_was_begun_for_and_threads_have_their_own():
    part, seen = trace.Trace.of_header(None), []
    assert trace.current() is None
    assert trace.header_for_next() == {}
    with trace.traced(part):
        thread = threading.Thread(target=lambda: seen.append(trace.current()))
        thread.start()
        thread.join()
        assert trace.header_for_next() == {"traceparent": part.header}
    assert trace.current() is None
    assert seen == [None]
