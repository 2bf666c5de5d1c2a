"""Lists of a bank: what it asked, what it was granted, what it must delete, and what changed since."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.language.translation import N_
from api.portal.bank.words import FirmShown
from api.services.consent.request import StoredRequest
from api.services.notification.notice import NoticeKind
from api.services.portfolio.change import ToldChange
from api.services.portfolio.consents import ConsentStanding
from api.services.portfolio.deletion import KeptAnswer
from ledger_node.domain.consent import RequestState
from ledger_node.domain.json_object import to_hex

PER_PAGE: Final = 20
REQUEST_WORDS: Final = {
    "pending": N_("on its way"),
    "open": N_("not answered yet"),
    "granted": N_("granted"),
    "refused": N_("refused"),
    "ended": N_("ended without an answer"),
}
CONSENT_WORDS: Final = {
    "pending": N_("being recorded"),
    "live": N_("can be used"),
    "early": N_("not yet"),
    "paused": N_("paused by the firm"),
    "expired": N_("ended"),
    "exhausted": N_("all checks used"),
    "withdrawn": N_("withdrawn by the firm"),
    "refused": N_("not granted"),
}
CHANGE_WORDS: Final = {
    NoticeKind.REFUSED: N_("The firm refused your request."),
    NoticeKind.GRANTED: N_("The firm granted a consent."),
    NoticeKind.PAUSED: N_("The firm paused a consent."),
    NoticeKind.RESUMED: N_("The firm resumed a consent."),
    NoticeKind.WITHDRAWN: N_("The firm withdrew a consent."),
    NoticeKind.EXPIRED: N_("A consent ended."),
    NoticeKind.NOT_GRANTED: N_("A consent could not be recorded."),
    NoticeKind.REVOKED: N_("A department revoked data that an answer of yours rests on. Do not rely on it any more."),
    NoticeKind.SUPERSEDED: N_(
        "A department has newer data than an answer of yours rests on. Check again if it matters."
    ),
    NoticeKind.RESTORED: N_("Data that was revoked or replaced by mistake counts again."),
}
_OTHER_CHANGE: Final = N_("Something changed.")


@dataclass(frozen=True, slots=True)
class PageOf:
    """One page of a long list. ``number`` from 1."""

    number: int
    of: int

    @classmethod
    def at(cls, number: str | None, count: int) -> "PageOf":
        """Return the page that an address names, or the nearest there is."""
        of = max(1, -(-count // PER_PAGE))
        wanted = int(number) if number is not None and number.isascii() and number.isdigit() and len(number) < 7 else 1  # noqa: PLR2004 - more digits than any list has pages
        return cls(min(max(1, wanted), of), of)

    @property
    def places(self) -> slice:
        """Where its rows stand in the list."""
        return slice((self.number - 1) * PER_PAGE, self.number * PER_PAGE)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request that the bank sent. ``words``: its state, a text to translate; times in seconds."""

    id: str
    firm: FirmShown
    purpose: str
    questions: int
    requested_at: int
    expires_at: int
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A consent of the bank. ``changes``: what it was told about data under its answers; ``due``: to be deleted."""

    id: str
    firm: FirmShown
    purpose: str
    state: str
    words: str
    uses_left: int
    max_uses: int
    expires_at: int
    changes: int = 0
    due: int = 0


@dataclass(frozen=True, slots=True)
class DueRow:
    """An answer that must be deleted."""

    use: str
    firm: FirmShown
    purpose: str
    answered_at: int
    delete_by: int


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One thing that changed. ``words``: a text to translate; ``uses``: answers that it is about."""

    time: int
    words: str
    firm: FirmShown | None
    consent: str | None
    request: str | None
    uses: tuple[str, ...]
    is_warning: bool


@dataclass(frozen=True, slots=True)
class RequestList:
    """The newest requests of a bank. ``may_ask``: whoever looks may send one."""

    rows: tuple[RequestRow, ...]
    may_ask: bool


@dataclass(frozen=True, slots=True)
class ConsentList:
    """Consents, a page of them."""

    rows: tuple[ConsentRow, ...]
    page: PageOf


@dataclass(frozen=True, slots=True)
class PortfolioPage:
    """All consents by their end, a page of them, and what is to be deleted. ``kept``: answers that may stay."""

    rows: tuple[ConsentRow, ...]
    page: PageOf
    due: tuple[DueRow, ...]
    more_due: int
    kept: int
    may_act: bool


@dataclass(frozen=True, slots=True)
class ChangeList:
    """What changed, the newest first. ``older``: the number to go on from, or None."""

    rows: tuple[ChangeRow, ...]
    older: int | None


Firms = Callable[[bytes], FirmShown]
"""Gives the firm of a subject."""
Purposes = Callable[[str], str]
"""Gives the text of a purpose."""


def request_rows(
    held: Sequence[StoredRequest], states: Sequence[RequestState], firm: Firms, purpose: Purposes, *, now: int
) -> tuple[RequestRow, ...]:
    """Return requests with where they stand."""
    rows = []
    for one, on_ledger in zip(held, states, strict=True):
        state = "pending" if on_ledger is RequestState.NONE else on_ledger.name.lower()
        if state == "open" and one.asked.expires_at <= now:
            state = "ended"
        rows.append(
            RequestRow(
                to_hex(one.id),
                firm(one.asked.subject),
                purpose(one.asked.purpose),
                len(one.asked.questions),
                one.requested_at,
                one.asked.expires_at,
                state,
                REQUEST_WORDS[state],
            )
        )
    return tuple(rows)


def consent_rows(
    standings: Sequence[ConsentStanding],
    firm: Firms,
    purpose: Purposes,
    *,
    changes: Mapping[bytes, int] | None = None,
    due: Mapping[bytes, int] | None = None,
) -> tuple[ConsentRow, ...]:
    """Return consents as a list shows them. ``changes``, ``due``: how many of each, by consent."""
    return tuple(
        ConsentRow(
            to_hex(one.consent.shown.id),
            firm(one.consent.shown.terms.subject),
            purpose(one.consent.shown.terms.purpose),
            one.state,
            CONSENT_WORDS[one.state],
            one.uses_left if one.state in {"live", "early", "paused", "pending"} else 0,
            one.consent.shown.bounds.max_uses,
            one.consent.shown.bounds.expires_at,
            (changes or {}).get(one.consent.shown.id, 0),
            (due or {}).get(one.consent.shown.id, 0),
        )
        for one in standings
    )


def due_rows(due: Sequence[KeptAnswer], firm: Firms, purpose: Purposes) -> tuple[DueRow, ...]:
    """Return answers whose retention is over."""
    return tuple(
        DueRow(to_hex(one.use), firm(one.consent.subject), purpose(one.consent.purpose), one.answered_at, one.delete_by)
        for one in due
    )


def change_rows(told: Sequence[ToldChange], firm_of: Callable[[ToldChange], FirmShown | None]) -> tuple[ChangeRow, ...]:
    """Return what a bank was told in sentences."""
    return tuple(
        ChangeRow(
            one.time,
            CHANGE_WORDS.get(one.kind, _OTHER_CHANGE),
            firm_of(one),
            None if one.consent is None else to_hex(one.consent),
            None if one.request is None else to_hex(one.request),
            tuple(to_hex(use) for use in one.uses),
            one.kind is NoticeKind.REVOKED,
        )
        for one in told
    )
