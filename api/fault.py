"""Naming faults of ours in logs: their kind and place, never their words, which may hold values."""

import traceback


def fault_of(error: BaseException) -> str:
    """Return the kind of ``error`` and the line it was raised at."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {where.filename}:{where.lineno}"
