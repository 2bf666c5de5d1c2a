"""Notifications: what the ledger's events mean for whom. They tell kinds, ids and times, and nothing else.

A bank learns of the end of its requests and consents, and of changes to attestations that its answers relied on. A
subject learns of everything that happens to its requests, consents and controllers, whoever sent it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from api.services.message.outbox import Told, queue
from api.storage.database import IDS, Store, rows_among
from api.storage.table import consent, consent_deadline, consent_request, consent_word, notification, reliance, subject
from ledger_node.domain.canonical import JSON, decode, encode
from ledger_node.domain.consent import NO_REQUEST, Bounds
from ledger_node.domain.consent_act import SignedAct
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.event import ConsentEvent, ControlEvent, ControlStep, LedgerEvent, StatusEvent, StatusStep, Step
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act
from ledger_node.domain.status import Plane
from ledger_node.randomness import random_bytes

_ID_BYTES: Final = 16
_WRITTEN: Final = select(notification.c.recipient, notification.c.source).where(notification.c.source.in_(IDS))
_OF_REQUESTS: Final = frozenset({Step.REQUESTED, Step.REFUSED})
_FOR_SUBJECTS: Final = frozenset({Step.REQUESTED, Step.USED})
_RESUMED: Final = Act.RESUMED.value
_HELD: Final = notification.c


class NoticeKind(StrEnum):
    """What is notified; also the ``type`` of a webhook."""

    REQUESTED = "consent.requested"
    REFUSED = "consent.refused"
    GRANTED = "consent.granted"
    PAUSED = "consent.paused"
    RESUMED = "consent.resumed"
    WITHDRAWN = "consent.withdrawn"
    EXPIRED = "consent.expired"
    NOT_GRANTED = "consent.not_granted"
    USED = "consent.used"
    REVOKED = "attestation.revoked"
    SUPERSEDED = "attestation.superseded"
    RESTORED = "attestation.restored"
    ROTATED = "subject.rotated"
    RECOVERY_REQUESTED = "subject.recovery_requested"
    RECOVERY_CANCELLED = "subject.recovery_cancelled"
    RECOVERY_ABANDONED = "subject.recovery_abandoned"
    RECOVERED = "subject.recovered"
    HELD = "subject.held"
    REGISTRAR_NAMED = "subject.registrar_named"
    CHANGE_REFUSED = "subject.change_refused"


_KINDS: Final = {
    Step.REQUESTED: NoticeKind.REQUESTED,
    Step.REFUSED: NoticeKind.REFUSED,
    Step.GRANTED: NoticeKind.GRANTED,
    Step.PAUSED: NoticeKind.PAUSED,
    Step.RESUMED: NoticeKind.RESUMED,
    Step.WITHDRAWN: NoticeKind.WITHDRAWN,
    Step.USED: NoticeKind.USED,
}
"""A request that is answered with a grant is told by the grant."""
_CONTROL_KINDS: Final = {
    ControlStep.ROTATED: NoticeKind.ROTATED,
    ControlStep.RECOVERY_REQUESTED: NoticeKind.RECOVERY_REQUESTED,
    ControlStep.RECOVERY_CANCELLED: NoticeKind.RECOVERY_CANCELLED,
    ControlStep.RECOVERY_ABANDONED: NoticeKind.RECOVERY_ABANDONED,
    ControlStep.RECOVERED: NoticeKind.RECOVERED,
    ControlStep.HELD: NoticeKind.HELD,
    ControlStep.REGISTRAR_NAMED: NoticeKind.REGISTRAR_NAMED,
}
_STATUS_KINDS: Final = {Plane.REVOKED: NoticeKind.REVOKED, Plane.SUPERSEDED: NoticeKind.SUPERSEDED}


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that one recipient is told; ``time`` in seconds. Kind and data together name it for good."""

    recipient: bytes
    kind: NoticeKind
    time: int
    data: dict[str, JSON]

    @property
    def source(self) -> bytes:
        """What tells this notice from any other of its recipient."""
        return sha256_digest(self.kind.encode() + b" " + encode(self.data))


def write_notices(connection: Connection, notices: Iterable[Notice]) -> None:
    """Write notices that were not written before, in their order, and the messages that tell firms of them."""
    wanted = {(notice.recipient, notice.source): notice for notice in notices}
    for row in rows_among(connection, _WRITTEN, [source for _, source in wanted]):
        wanted.pop((row.recipient, row.source), None)
    rows = [
        {
            "id": f"msg_{random_bytes(_ID_BYTES).hex()}",
            "recipient": notice.recipient,
            "kind": notice.kind.value,
            "time": notice.time,
            "data": encode(notice.data).decode(),
            "source": source,
        }
        for (_, source), notice in wanted.items()
    ]
    if rows:
        connection.execute(insert(notification), rows)
        queue(connection, [Told(one.recipient, one.kind.value, one.time) for one in wanted.values()])


def notices_of(connection: Connection, events: Sequence[LedgerEvent]) -> list[Notice]:
    """Return what events mean for the parties that this instance knows, and store the deadlines of consents."""
    steps = [event for event in events if isinstance(event, ConsentEvent)]
    known = _stored_rows(connection, {event.id for event in steps})
    notices = []
    for event in steps:
        row = known.get((event.step in _OF_REQUESTS, event.id))
        if row is not None and event.step in _KINDS and not _is_foreign(event, row):
            _store_deadline(connection, event, row)
            counts = event.step is not Step.RESUMED or _is_word_kept(connection, event)
            notices += _of_step(event, row, counts=counts)
    changes = [event for event in events if isinstance(event, StatusEvent)]
    for change, row in relying_on(connection, changes):
        notices.append(_of_change(change, row))
    controls = [event for event in events if isinstance(event, ControlEvent)]
    subjects = _subjects(connection, {event.subject for event in controls})
    notices += [_of_control(event) for event in controls if event.subject in subjects]
    return notices


def of_status(row: Any, plane: Plane, time: int) -> Notice:  # noqa: ANN401 - a row of the reliance table
    """Return the notice that an attestation which a bank relied on got a status."""
    data: dict[str, JSON] = {"attestation": to_hex(row.attestation), "consent": to_hex(row.consent)}
    return Notice(row.bank, _STATUS_KINDS[plane], time, data)


def _of_change(event: StatusEvent, row: Any) -> Notice:  # noqa: ANN401 - a row of the reliance table
    told = of_status(row, event.plane, event.recorded.block_time)
    if event.step is StatusStep.CHANGED:
        return told
    # what was told of it before is taken back, or told again: the block tells one time from another
    told = replace(told, data={**told.data, "block": event.recorded.block_number})
    return replace(told, kind=NoticeKind.RESTORED) if event.step is StatusStep.RESTORED else told


def expired_notices(connection: Connection, now: int) -> list[Notice]:
    """Return the notices of consents that ended by block time ``now``; each of them is told once."""
    held = consent_deadline.c
    rows = connection.execute(select(consent_deadline).where(held.expires_at <= now)).all()
    connection.execute(delete(consent_deadline).where(held.expires_at <= now))
    return [Notice(row.grantee, NoticeKind.EXPIRED, row.expires_at, {"consent": to_hex(row.consent)}) for row in rows]


def _is_foreign(event: ConsentEvent, row: Any) -> bool:  # noqa: ANN401 - a row of a consent or request
    """Return whether this grants what was refused here, and whose parties were told so."""
    return event.step is Step.GRANTED and row.refusal is not None


def _stored_rows(connection: Connection, ids: set[bytes]) -> dict[tuple[bool, bytes], Any]:
    """Return requests and consents by whether they are a request, and id: a relayer may grant the id of a request."""
    return {
        (table is consent_request, row.id): row
        for table in (consent, consent_request)
        for row in rows_among(connection, select(table).where(table.c.id.in_(IDS)), sorted(ids))
    }


def _subjects(connection: Connection, ids: set[bytes]) -> set[bytes]:
    return {row.id for row in rows_among(connection, select(subject.c.id).where(subject.c.id.in_(IDS)), sorted(ids))}


def _of_control(event: ControlEvent) -> Notice:
    data: dict[str, JSON] = {"subject": to_hex(event.subject)}
    if event.number:
        data["number"] = event.number
    if event.entry is not None:
        data["entry"] = event.entry
    if event.member is not None:
        data["member"] = to_hex(event.member)
    if event.step is ControlStep.HELD:
        data["by_registrar"] = event.by_registrar
    if event.step is ControlStep.REGISTRAR_NAMED:
        # the council may name one again after it took the name back
        data["transaction"] = to_hex(event.recorded.transaction)
    if event.commitment is not None:
        data["commitment"] = to_hex(event.commitment)
    if event.completable_at is not None:
        data["completable_at"] = event.completable_at
    return Notice(event.subject, _CONTROL_KINDS[event.step], event.recorded.block_time, data)


def _is_word_kept(connection: Connection, event: ConsentEvent) -> bool:
    """Return whether what controllers signed for a resumption is kept here; without it, it counts for nothing."""
    kept = (consent_word.c.target == event.id) & (consent_word.c.number == event.number)
    text = connection.execute(select(consent_word.c.word).where(kept, consent_word.c.act == _RESUMED)).scalar()
    return text is not None and SignedAct.from_json(decode(text.encode())).digest == event.word_digest


def _of_step(event: ConsentEvent, row: Any, *, counts: bool) -> list[Notice]:  # noqa: ANN401 - a row of consent or request
    kind = _KINDS[event.step]
    recipients = [row.subject] if event.step in _FOR_SUBJECTS else [row.subject, row.grantee]
    name = "request" if event.step in _OF_REQUESTS else "consent"
    data: dict[str, JSON] = {name: to_hex(event.id)}
    if event.step is Step.GRANTED and row.request != NO_REQUEST:
        data["request"] = to_hex(row.request)
    if event.number:
        data["number"] = event.number
    if event.use is not None:
        data["use"] = to_hex(event.use)
    if not counts:
        data["counts"] = False
    return [Notice(recipient, kind, event.recorded.block_time, data) for recipient in recipients]


def _store_deadline(connection: Connection, event: ConsentEvent, row: Any) -> None:  # noqa: ANN401 - as above
    if event.step is Step.GRANTED:
        ends = Bounds.from_json(decode(row.bounds.encode())).expires_at
        values = {"consent": event.id, "grantee": row.grantee, "expires_at": ends}
        connection.execute(insert(consent_deadline).values(values))
    elif event.step is Step.WITHDRAWN:
        connection.execute(delete(consent_deadline).where(consent_deadline.c.consent == event.id))


class NoticeReader:
    """Reads feeds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, recipient: bytes, *, after: str | None, limit: int) -> list[dict[str, JSON]]:
        """Return the notifications of a recipient behind the one with the id ``after``.

        Raises:
            InvalidInputError: ``not_found``; the recipient has no notification of this id.
        """
        with self._store.connect() as connection:
            number = 0
            if after is not None:
                # ids are random: numbers would tell how much others are told
                query = select(_HELD.number).where(_HELD.recipient == recipient, _HELD.id == after)
                found = connection.execute(query).scalar_one_or_none()
                if found is None:
                    raise InvalidInputError(Reason.NOT_FOUND, "you have no notification of this id", field="after")
                number = found
            listed = select(notification).where(_HELD.recipient == recipient, _HELD.number > number)
            rows = connection.execute(listed.order_by(_HELD.number).limit(limit)).all()
        return [_show(row) for row in rows]


def _show(row: Any) -> dict[str, JSON]:  # noqa: ANN401 - a row of the notification table
    return {"id": row.id, "kind": row.kind, "time": row.time, "data": decode(row.data.encode())}


def relying_on(connection: Connection, events: Sequence[StatusEvent]) -> Iterable[tuple[StatusEvent, Any]]:
    """Yield (event, row) for every row of an answer that relies on a position which an event changes."""
    words: dict[bytes, dict[int, list[tuple[StatusEvent, int]]]] = {}
    for event in events:
        for word, mask in zip(event.words, event.masks, strict=True):
            words.setdefault(event.member, {}).setdefault(word, []).append((event, mask))
    for member, changed in words.items():
        query = select(reliance).where(reliance.c.member == member, reliance.c.word.in_(IDS))
        for row in rows_among(connection, query, sorted(changed)):
            for event, mask in changed[row.word]:
                if mask >> row.bit & 1:
                    yield event, row
