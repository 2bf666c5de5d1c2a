"""A draft: the consent that grants just what a bank asks for, in the words of one language, before it is granted."""

from dataclasses import dataclass, replace
from typing import Final

from ledger_node.domain.consent import Bounds, Consent, Terms
from ledger_node.domain.consent_text import TextLine
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason

MINUTE_S: Final = 60
UNSIGNED_S: Final = 15 * MINUTE_S
"""So long a draft that nobody signed may be signed; whoever opens the page again gets a new one."""
RECORDED_WITHIN_S: Final = 7 * 86_400
"""So long a consent can be recorded after it was drawn up: several persons may sign one after the other."""


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """What a page held when somebody signed it, and what the browser hashed. ``drawn_up_at``: as of ``Draft``."""

    terms: Terms
    bounds: Bounds
    drawn_up_at: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A consent that is shown, and who signed it so far. ``id``: the consent's, which is what is signed.

    ``drawn_up_at``: a whole minute. ``lines``: the words, of which each line is shown by itself. ``signed``: the
    persons who signed. ``needed``: how many must. ``is_granted``: whether enough did, so that the consent is granted.
    """

    id: bytes
    request: bytes
    consent: Consent
    lines: tuple[TextLine, ...]
    drawn_up_at: int
    needed: int
    signed: tuple[int, ...] = ()
    is_granted: bool = False

    @property
    def good_until(self) -> int:
        """When it can be signed no more; once a person signed it, that is when it could be recorded no more."""
        late = self.consent.bounds.grant_before
        return late if self.signed else min(late, self.drawn_up_at + UNSIGNED_S)

    def require_same(self, shown: ShownDraft) -> None:
        """Require that what a browser showed and hashed is this draft.

        Raises:
            InvalidInputError: ``consent_text_differs`` or ``consent_terms_differ``.
        """
        own = self.consent
        if shown.terms.text_digest != own.terms.text_digest:
            raise InvalidInputError(
                Reason.CONSENT_TEXT_DIFFERS, "the words on the page are not those of the consent; nothing was granted"
            )
        if (shown.terms, shown.bounds) != (own.terms, own.bounds):
            raise InvalidInputError(
                Reason.CONSENT_TERMS_DIFFER, "the page held other terms than the consent; nothing was granted"
            )

    def require_time(self, now: int) -> None:
        """Require that it can be signed still.

        Raises:
            InvalidInputError: ``draft_expired``.
        """
        if not self.drawn_up_at <= now < self.good_until:
            raise InvalidInputError(Reason.DRAFT_EXPIRED, "this page was open for too long, and nothing was signed")

    def require_in_force(self, shown: ShownDraft) -> None:
        """Require that a page showed the draft that somebody signed, where there is one.

        Raises:
            VerificationError: ``draft_superseded``.
        """
        own = self.consent
        if self.signed and (shown.terms.language, shown.bounds) != (own.terms.language, own.bounds):
            raise VerificationError(
                Reason.DRAFT_SUPERSEDED, "another person signed this request in another draft; open it again"
            )

    def with_signers(self, signed: tuple[int, ...], *, is_granted: bool = False) -> "Draft":
        """Return this draft with the persons who signed it."""
        return replace(self, signed=signed, is_granted=is_granted)
