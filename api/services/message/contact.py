"""The addresses to which a firm's notices go. They are confirmed by a code, and every change is told to the old ones.

Whoever calls ``add`` or ``remove`` for a firm has seen a fresh assertion of one of its passkeys.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from api.services.message.address import Address, ContactChannel, read_address
from api.services.message.outbox import CODE_KIND, Told, count_since, forget_contacts, new_message_id, queue, write
from api.services.message.seal import SubjectSeal
from api.services.one_time_code.code import OneTimeCodes
from api.storage.database import Store
from api.storage.table import contact
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

MOST: Final = 6
"""So many addresses a firm may have."""
CODES_A_DAY: Final = 5
"""So many codes go to one address within a day: a firm's page is no machine to bother others with."""
_CODE: Final = "contact"
_CODE_SYMBOLS: Final = 8
_DAY_S: Final = 86_400
_ID_BYTES: Final = 16
_HELD: Final = contact.c


@dataclass(frozen=True, slots=True)
class ContactView:
    """What a firm is shown of an address. ``confirmed_at``: None while the code was not typed."""

    id: bytes
    channel: ContactChannel
    masked: str
    language: Language
    added_at: int
    confirmed_at: int | None


class Contacts:
    """Keeps the addresses of firms. ``channels``: what this instance sends by; ``code_s``: how long codes hold good."""

    def __init__(
        self,
        store: Store,
        seals: SubjectSeal,
        codes: OneTimeCodes,
        channels: Collection[ContactChannel],
        *,
        code_s: int,
    ) -> None:
        self._store = store
        self._seals = seals
        self._codes = codes
        self._channels = channels
        self._code_s = code_s

    @property
    def channels(self) -> Collection[ContactChannel]:
        """The kinds of addresses that this instance sends to."""
        return self._channels

    def of(self, subject: bytes) -> tuple[ContactView, ...]:
        """Return the addresses of a firm in the order in which they were added.

        Raises:
            InvalidInputError: ``subject_unknown``, ``erased`` or ``quarantined``.
        """
        return tuple(self._show(row) for row in self._rows(subject))

    def add(self, subject: bytes, address: str, language: Language, *, now: int) -> ContactView:
        """Add an address and send it a code. For one that waits for its code, a fresh code is sent.

        Raises:
            InvalidInputError: ``value_malformed``, ``channel_missing``, ``contacts_too_many``, or as ``of``.
            VerificationError: ``rate_limited``; too many codes went there today.
        """
        wanted = self._read(address)
        held = self._find(subject, wanted)
        if held is not None and held.confirmed_at is not None:
            return self._show(held)
        contact_id = random_bytes(_ID_BYTES) if held is None else bytes(held.id)
        message_id = new_message_id()
        with self._store.begin() as connection:
            if held is None:
                self._insert(connection, subject, contact_id, wanted, language, now)
            elif count_since(connection, contact_id, CODE_KIND, now - _DAY_S) >= CODES_A_DAY:
                raise VerificationError(Reason.RATE_LIMITED, "enough codes went to this address; try again tomorrow")
            code = self._codes.issue(
                _CODE,
                contact_id,
                symbols=_CODE_SYMBOLS,
                lifetime_s=self._code_s,
                ends_others=True,
                connection=connection,
            )
            sealed = self._seals.seal(subject, message_id.encode(), code)
            told = Told(subject, CODE_KIND, now)
            write(connection, told, contact_id, message_id=message_id, sealed=sealed)
        return self._one(subject, contact_id)

    def confirm(self, subject: bytes, code: str, *, now: int) -> ContactView:
        """Confirm the address that a code went to. All addresses of the firm are told that there is one more.

        Raises:
            VerificationError: ``code_unknown``, ``code_used``, ``code_expired`` or ``code_locked``.
            InvalidInputError: as ``of``.
        """
        contact_id = self._codes.look(_CODE, code, origin=subject)
        ours = (_HELD.id == contact_id) & (_HELD.subject == subject) & _HELD.ended_at.is_(None)
        with self._store.begin() as connection:
            if connection.execute(select(_HELD.id).where(ours)).first() is None:
                # the code of another firm, or of an address that was removed
                raise VerificationError(Reason.CODE_UNKNOWN, "there is no such code", field="code")
            self._codes.spend(connection, _CODE, code)
            connection.execute(update(contact).where(ours).values(confirmed_at=now))
            queue(connection, [Told(subject, "contact.added", now)])
        return self._one(subject, contact_id)

    def add_of_register(self, subject: bytes, address: str, language: Language, *, now: int) -> ContactView:
        """Add an address of the registrar's own register, and tell it that the firm is registered; only once.

        Raises:
            InvalidInputError: as ``add``.
        """
        wanted = self._read(address)
        held = self._find(subject, wanted)
        if held is not None and held.confirmed_at is not None:
            return self._show(held)
        contact_id = random_bytes(_ID_BYTES) if held is None else bytes(held.id)
        with self._store.begin() as connection:
            if held is None:
                self._insert(connection, subject, contact_id, wanted, language, now)
            unconfirmed = (_HELD.id == contact_id) & _HELD.confirmed_at.is_(None)
            connection.execute(update(contact).where(unconfirmed).values(confirmed_at=now))
            queue(connection, [Told(subject, "subject.registered", now)])
        return self._one(subject, contact_id)

    def require_reachable(self, address: str) -> None:
        """Require that this instance sends to an address.

        Raises:
            InvalidInputError: ``value_malformed`` or ``channel_missing``.
        """
        self._read(address)

    def remove(self, subject: bytes, contact_id: bytes, *, now: int) -> None:
        """Remove an address. It and all others are told, if it was confirmed.

        Raises:
            InvalidInputError: ``not_found``.
        """
        ours = (_HELD.id == contact_id) & (_HELD.subject == subject) & _HELD.ended_at.is_(None)
        with self._store.begin() as connection:
            held = connection.execute(select(contact).where(ours)).first()
            if held is None:
                raise InvalidInputError(Reason.NOT_FOUND, "there is no such address", field="contact")
            self._codes.end(connection, _CODE, contact_id)
            if held.confirmed_at is None:
                connection.execute(delete(contact).where(ours))
                return
            connection.execute(update(contact).where(ours).values(ended_at=now))
            queue(connection, [Told(subject, "contact.removed", now)], besides=contact_id)

    def forget(self, connection: Connection, subject: bytes) -> None:
        """Delete every address of a firm, and what is on its way there; nobody is told."""
        forget_contacts(connection, subject)

    def _read(self, address: str) -> Address:
        wanted = read_address(address)
        if wanted.channel not in self._channels:
            raise InvalidInputError(
                Reason.CHANNEL_MISSING, f"this instance sends nothing by {wanted.channel}", field="address"
            )
        return wanted

    def _insert(
        self, connection: Connection, subject: bytes, contact_id: bytes, address: Address, language: Language, now: int
    ) -> None:
        kept = (_HELD.subject == subject) & _HELD.ended_at.is_(None)
        if len(connection.execute(select(_HELD.id).where(kept)).all()) >= MOST:
            raise InvalidInputError(
                Reason.CONTACTS_TOO_MANY, f"a firm has at most {MOST} addresses; remove one first", field="address"
            )
        connection.execute(
            insert(contact).values(
                id=contact_id,
                subject=subject,
                channel=address.channel.value,
                language=language.value,
                sealed=self._seals.seal(subject, contact_id, address.text),
                added_at=now,
            )
        )

    def _rows(self, subject: bytes) -> Sequence[Any]:
        kept = select(contact).where(_HELD.subject == subject, _HELD.ended_at.is_(None))
        return self._store.rows(kept.order_by(_HELD.added_at, _HELD.id))

    def _find(self, subject: bytes, address: Address) -> Any:  # noqa: ANN401 - a row of the contact table, or None
        rows = self._rows(subject)
        return next((row for row in rows if self._seals.open(subject, row.id, row.sealed) == address.text), None)

    def _one(self, subject: bytes, contact_id: bytes) -> ContactView:
        return next(one for one in self.of(subject) if one.id == contact_id)

    def _show(self, row: Any) -> ContactView:  # noqa: ANN401 - a row of the contact table
        channel = ContactChannel(row.channel)
        masked = Address(channel, self._seals.open(row.subject, row.id, row.sealed)).masked
        return ContactView(row.id, channel, masked, Language(row.language), row.added_at, row.confirmed_at)
