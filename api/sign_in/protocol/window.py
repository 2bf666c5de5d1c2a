"""The clock rule of everything that is signed to sign in."""

from dataclasses import dataclass
from typing import Final, Self

from api.sign_in.protocol.claims import start_of, time_of
from ledger_node.domain.json_object import JsonObject

AHEAD_S: Final = 10
BEHIND_S: Final = 60


@dataclass(frozen=True, slots=True)
class Window:
    """When something counts, by what it says of itself (RFC 7519, 4.1.4 to 4.1.6)."""

    issued_at: int
    expires_at: int | None = None
    not_before: int | None = None

    @classmethod
    def of(cls, claims: JsonObject) -> Self:
        """Read ``iat``, and ``exp`` and ``nbf`` where they are.

        Raises:
            InvalidInputError: one of them is no time, or ``iat`` is missing.
        """
        return cls(
            time_of(claims, "iat"),
            time_of(claims, "exp") if "exp" in claims else None,
            start_of(claims, "nbf") if "nbf" in claims else None,
        )

    @property
    def until(self) -> int:
        """When it is too old, whatever else it says; it is remembered as used up to then."""
        return self.issued_at + BEHIND_S

    def fault_at(self, now: int) -> str | None:
        """Return why this does not count at ``now``, or None: it may be 10 s ahead, and not be 60 s old."""
        if not self.issued_at - AHEAD_S <= now < self.until:
            return (
                f"'iat' must be less than {BEHIND_S} s old and at most {AHEAD_S} s ahead of this instance's clock, "
                f"which says {now}"
            )
        if self.expires_at is not None and now >= self.expires_at:
            return f"it has expired, as its 'exp' says; this instance's clock says {now}"
        if self.not_before is not None and now < self.not_before - AHEAD_S:
            return f"it does not count yet, as its 'nbf' says; this instance's clock says {now}"
        return None
