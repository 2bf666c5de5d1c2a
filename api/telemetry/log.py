"""Logs: one line each, JSON or plain, and never a value.

Only our own loggers (and uvicorn's, which speaks of connections) have their words written as they are. Of any other
the first line of its template is written without what it filled in, and of an exception its kind and stack without
its words: those of libraries quote what they were given, which may be a credit code or an amount.
"""

import datetime as dt
import json
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import TracebackType
from typing import IO, Any, Final

from typing_extensions import override

from ledger_node import trace

_OURS: Final = ("api", "ledger_node", "uvicorn")
_MOST_LETTERS: Final = 2_000
_log = logging.getLogger(__name__)


class LogFormat(StrEnum):
    """How a line is written: for a person at a terminal, or for a program."""

    TEXT = "text"
    JSON = "json"

    @classmethod
    def usual(cls) -> "LogFormat":
        """Return what suits whoever reads stderr."""
        return cls.TEXT if sys.stderr.isatty() else cls.JSON


class _Lines(logging.Formatter):
    """Writes ``fields`` of a record (``extra={"fields": {…}}``) beside what all have."""

    def __init__(self, form: LogFormat) -> None:
        super().__init__()
        self._form = form

    @override
    def format(self, record: logging.LogRecord) -> str:
        line = _line(record)
        if self._form is LogFormat.JSON:
            return json.dumps(line, ensure_ascii=True, separators=(",", ":"))
        head = " ".join(str(line.pop(name)) for name in ("time", "level", "logger", "event"))
        stack = line.pop("stack", [])
        rest = [f"{name}={value}" for name, value in line.items()]
        return _one_line(" ".join([head, *rest])) + "".join(f"\n  {frame}" for frame in stack)


def configure(form: LogFormat, stream: IO[str] | None = None) -> None:
    """Write all logs, warnings and uncaught exceptions of this process to ``stream`` (stderr) in one form."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Lines(form))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in ("api", "ledger_node"):
        logging.getLogger(name).setLevel(logging.INFO)
    warnings.showwarning = _warned
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _line(record: logging.LogRecord) -> dict[str, Any]:
    at = dt.datetime.fromtimestamp(record.created, dt.UTC)
    line: dict[str, Any] = {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": _words(record),
    }
    current = trace.current()
    if current is not None:
        line["trace_id"] = current.id
    fields: Mapping[str, Any] = getattr(record, "fields", {})
    line |= fields
    if record.exc_info and record.exc_info[1] is not None:
        line["error"] = " < ".join(_kinds(record.exc_info[1]))
        frames = traceback.extract_tb(record.exc_info[1].__traceback__)
        line["stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return line


def _words(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] in _OURS:
        return record.getMessage()[:_MOST_LETTERS]
    return str(record.msg).partition("\n")[0][:_MOST_LETTERS] if isinstance(record.msg, str) else "event of a library"


def _kinds(error: BaseException) -> Iterator[str]:
    """Yield the kind of an exception, then of what caused it."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield type(cause).__name__
        cause = cause.__cause__ or cause.__context__


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _warned(
    message: Warning | str,  # noqa: ARG001 - it may quote what it warns of
    category: type[Warning],
    filename: str,
    lineno: int,
    file: IO[str] | None = None,  # noqa: ARG001 - Python's signature
    line: str | None = None,  # noqa: ARG001 - same
) -> None:
    _log.warning("%s at %s:%d", category.__name__, filename, lineno)


def _uncaught(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log.critical("uncaught exception", exc_info=error)


def _uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is not None and not issubclass(hook.exc_type, SystemExit):
        _log.critical("uncaught exception in a thread", exc_info=hook.exc_value)
