"""The clock rule of everything that is signed to sign in."""

from typing import Final

from api.sign_in.principal import SignInError
from ledger_node.domain.reason import Reason

AHEAD_S: Final = 10
BEHIND_S: Final = 60


def require_fresh(issued_at: int, now: int, reason: Reason) -> int:
    """Return until when this time counts: it may be 10 s ahead, and is refused once it is 60 s old.

    Raises:
        SignInError: ``reason``.
    """
    if not issued_at - AHEAD_S <= now < issued_at + BEHIND_S:
        raise SignInError(
            reason,
            f"'iat' must be less than {BEHIND_S} s old and at most {AHEAD_S} s ahead of this instance's clock, "
            f"which says {now}",
        )
    return issued_at + BEHIND_S
