"""The addresses to which a firm's notices go, as its page shows them."""

from dataclasses import dataclass

from api.instance.wiring import Instance
from api.services.message.address import ContactChannel
from api.services.message.contact import MOST, ContactView
from ledger_node.domain.amount_words import time_words
from ledger_node.domain.consent_text import Language


@dataclass(frozen=True, slots=True)
class ContactRow:
    """An address, masked. ``since``: when it was confirmed, or None while its code was not typed."""

    id: str
    masked: str
    is_phone: bool
    since: str | None


@dataclass(frozen=True, slots=True)
class ContactPage:
    """The page. ``by_email``, ``by_phone``: what this portal sends by; ``can_add``: whether there is room for more."""

    rows: tuple[ContactRow, ...]
    by_email: bool
    by_phone: bool
    can_add: bool

    @property
    def waits_for_code(self) -> bool:
        """Whether an address waits for its code."""
        return any(row.since is None for row in self.rows)


def contact_page(instance: Instance, subject: bytes, language: Language) -> ContactPage:
    """Return the page.

    Raises:
        InvalidInputError: ``erased`` or ``quarantined``.
    """
    rows = tuple(_row(one, language) for one in instance.contacts.of(subject))
    channels = instance.contacts.channels
    return ContactPage(
        rows=rows,
        by_email=ContactChannel.EMAIL in channels,
        by_phone=ContactChannel.PHONE in channels,
        can_add=bool(channels) and len(rows) < MOST,
    )


def _row(one: ContactView, language: Language) -> ContactRow:
    since = None if one.confirmed_at is None else time_words(one.confirmed_at, language)
    return ContactRow(one.id.hex(), one.masked, one.channel is ContactChannel.PHONE, since)
