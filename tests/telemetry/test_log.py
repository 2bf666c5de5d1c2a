"""Logs: one line each, ours in our words, and of everybody else's nothing that may be a value."""

import io
import json
import logging
import sys
import threading
import warnings

import pytest

from api.telemetry import log
from ledger_node import trace

CANARY = "91310000canary7X1L"


@pytest.fixture
def lines():
    """Configures logs as a process does, and returns what was written; everything is put back afterwards."""
    root = logging.getLogger()
    before = list(root.handlers), root.level, warnings.showwarning, sys.excepthook, threading.excepthook
    stream = io.StringIO()

    def read(form=log.LogFormat.JSON):
        text = stream.getvalue()
        return [json.loads(line) for line in text.splitlines()] if form is log.LogFormat.JSON else text

    read.configure = lambda form=log.LogFormat.JSON: log.configure(form, stream)
    yield read
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in before[0]:
        root.addHandler(handler)
    root.setLevel(before[1])
    warnings.showwarning, sys.excepthook, threading.excepthook = before[2:]


def raised(error):
    """Return ``error`` with a stack and a cause."""
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as cause:
            raise error from cause
    except type(error) as caught:
        return caught


def test_a_line_says_when_how_bad_where_what_and_for_which_trace(lines):
    lines.configure()
    part = trace.Trace.of_header(None)
    with trace.traced(part):
        logging.getLogger("api.some.where").warning("it is %s", "so", extra={"fields": {"status": 503}})
    (line,) = lines()
    assert line.pop("time")[10] == "T"
    assert line == {
        "level": "warning",
        "logger": "api.some.where",
        "event": "it is so",
        "trace_id": part.id,
        "status": 503,
    }


def test_an_exception_is_its_kind_and_stack_without_its_words(lines):
    lines.configure()
    logging.getLogger("ledger_node.x").error("failed", exc_info=raised(ValueError(CANARY)))
    (line,) = lines()
    assert line["error"] == "ValueError < KeyError"
    assert any("test_log.py" in frame and "raised" in frame for frame in line["stack"])
    assert CANARY not in json.dumps(line)


@pytest.mark.parametrize("form", list(log.LogFormat))
def test_d1_libraries_words_are_cut_where_they_may_quote_what_they_were_given(lines, form):
    lines.configure(form)
    logging.getLogger("urllib3.pool").warning("Retrying %r", CANARY)
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: %s" % CANARY)  # noqa: UP031, G002
    logging.getLogger("other").error(ValueError(CANARY))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn_explicit(CANARY, UserWarning, "somewhere.py", 7)
    sys.excepthook(ValueError, raised(ValueError(CANARY)), None)

    def fail():
        raise ValueError(CANARY)

    thread = threading.Thread(target=fail, name=CANARY)
    thread.start()
    thread.join()
    written = lines(form)
    text = str(written)
    assert CANARY not in text
    for word in ("Retrying", "never retrieved", "event of a library", "UserWarning at somewhere.py:7", "in a thread"):
        assert word in text


def test_text_is_one_line_whatever_is_in_it(lines):
    lines.configure(log.LogFormat.TEXT)
    logging.getLogger("api.x").warning("a\nb\x1b[31m", extra={"fields": {"route": "/v1/me"}})
    (line,) = lines(log.LogFormat.TEXT).splitlines()
    assert line.endswith("warning api.x a b [31m route=/v1/me")


def test_what_libraries_say_of_everyday_things_is_not_written(lines):
    lines.configure()
    logging.getLogger("httpx").info("HTTP Request: GET %s", CANARY)
    logging.getLogger("api.x").info("ours")
    assert [line["event"] for line in lines()] == ["ours"]
