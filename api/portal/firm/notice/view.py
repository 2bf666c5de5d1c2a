"""What a firm was told, when, and where it was sent."""

from dataclasses import dataclass

from api.instance.wiring import Instance
from api.language.translation import translation
from api.portal.firm.notice.words import UNKNOWN, WORDS
from api.services.notification.feed import FeedItem, SentTo
from api.services.notification.notice import NoticeKind
from api.storage.table import MessageState
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.consent_text import Language
from ledger_node.domain.json_object import from_hex

_URGENT = frozenset({NoticeKind.RECOVERY_REQUESTED.value, NoticeKind.HELD.value})


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice. ``bank``: whom it is about, where that is known; ``path``: of the page that shows more.

    ``sent``: masked addresses that it went to; ``failed``: those that did not take it.
    """

    time: str
    words: str
    bank: str | None
    path: str | None
    is_read: bool
    is_urgent: bool
    sent: tuple[str, ...]
    failed: tuple[str, ...]
    is_on_its_way: bool


@dataclass(frozen=True, slots=True)
class NoticePage:
    """The page. ``newest``: the notice up to which all are marked as read; None where none is unread."""

    rows: tuple[NoticeRow, ...]
    unread: int
    newest: str | None
    has_address: bool


def notice_page(instance: Instance, subject: bytes, language: Language) -> NoticePage:
    """Return the page of a firm.

    Raises:
        InvalidInputError: ``erased`` or ``quarantined``.
    """
    feed = instance.notice_feed
    items, sent, unread = feed.newest(subject), feed.sent(subject), feed.unread(subject)
    paths = _paths(instance, subject, items)
    rows = tuple(_row(one, sent.get((one.kind, one.time), []), paths, language) for one in items)
    newest = next((one.id for one in items if one.id), None)
    return NoticePage(
        rows=rows,
        unread=unread,
        newest=newest if unread else None,
        has_address=any(one.confirmed_at is not None for one in instance.contacts.of(subject)),
    )


def _row(item: FeedItem, sent: list[SentTo], paths: dict[str, tuple[str, str]], language: Language) -> NoticeRow:
    named = next((paths[text] for name in ("consent", "request") if (text := str(item.data.get(name))) in paths), None)
    return NoticeRow(
        time=time_words(item.time, language),
        words=translation(language).gettext(WORDS.get(item.kind, UNKNOWN)),
        bank=None if named is None else named[1],
        path=None if named is None else named[0],
        is_read=item.is_read,
        is_urgent=item.kind in _URGENT,
        sent=tuple(one.masked for one in sent if one.masked and one.state is MessageState.SENT),
        failed=tuple(one.masked for one in sent if one.masked and one.state is MessageState.GIVEN_UP),
        is_on_its_way=any(one.state is MessageState.WAITING for one in sent),
    )


def _paths(instance: Instance, subject: bytes, items: list[FeedItem]) -> dict[str, tuple[str, str]]:
    """Return (path, bank) of consents and requests of this firm that notices name, by what they name."""
    named = {str(item.data[name]) for item in items for name in ("consent",) if name in item.data}
    consents = instance.consents.find_all([from_hex(text, "consent") for text in named])
    found = {
        "0x" + id_.hex(): (f"/consents/{id_.hex()}", held.shown.terms.grantee_name)
        for id_, held in consents.items()
        if held.shown.terms.subject == subject
    }
    for held in instance.consent_requests.of_subject(subject):
        found["0x" + held.id.hex()] = (f"/requests/{held.id.hex()}", held.asked.grantee_name)
    return found
