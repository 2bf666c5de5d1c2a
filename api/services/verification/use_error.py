"""Why a bank's use of a consent is not taken, where the bank can mend it."""

from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason


class UseError(VerificationError):
    """A use that spends nothing. ``free_number``: one that can be used instead, where its number is taken."""

    def __init__(
        self, reason: Reason, message: str, *, field: str | None = None, free_number: int | None = None
    ) -> None:
        super().__init__(reason, message, field=field)
        self.free_number = free_number
