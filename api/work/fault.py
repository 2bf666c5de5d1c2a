"""Naming faults of ours in logs: their kind and place, never their words, which may hold values."""

import traceback


class WorkerFault(Exception):  # noqa: N818 - it stands for one
    """A fault in a worker process; ``fault``: what ``fault_of`` returned there."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def fault_of(error: BaseException) -> str:
    """Return the kind of ``error`` and the line it was raised at."""
    if isinstance(error, WorkerFault):
        return error.fault
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {where.filename}:{where.lineno}"
