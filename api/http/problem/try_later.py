"""Refusals that only HTTP knows: the caller is fine and the request is, but not now."""

from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason


class TryLaterError(CredenceError):
    """The same request may be sent again after ``seconds``."""

    def __init__(self, reason: Reason, message: str, seconds: int) -> None:
        super().__init__(reason, message)
        self.seconds = seconds
