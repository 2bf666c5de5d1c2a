"""Changes of a firm's signers, drawn up on a page and signed by several persons one after the other.

What is signed is the lines that the page shows, with the commitment that follows from the keys in them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from api.services.control.rotation import RotationService
from api.services.draft.signature_collection import SignatureCollection
from api.services.message.seal import SubjectSeal
from api.services.subject.controller_change import ControllerState
from api.services.subject.controller_history import ControllerHistory
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import SubjectLedger
from ledger_node.domain.canonical import decode
from ledger_node.domain.consent_text import Language
from ledger_node.domain.controller_act import SIGNING_TIME_S, Rotation
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.rotation_text import KeyName, RotationLine, rotation_lines
from ledger_node.domain.subject import Controller, ControllerKey, Controllers, Signature
from ledger_node.randomness import random_bytes

_ID_BYTES: Final = 16
_SALT_BYTES: Final = 32
_MINUTE_S: Final = 60
_SEALED_AS: Final = b"rotation/"
_DRAFT: Final = table.rotation_draft.c
_OPEN: Final = _DRAFT.done_at.is_(None) & _DRAFT.cancelled_at.is_(None)


@dataclass(frozen=True, slots=True)
class NamedController:
    """One key of a set that is wanted, and what it is called."""

    controller: Controller
    name: KeyName


@dataclass(frozen=True, slots=True)
class RotationDraft:
    """A change that waits for signatures. ``digest``: what is signed. ``signed``: the persons who did.

    ``names``: of the new keys, in their order. ``needed``: how many persons must sign.
    """

    id: bytes
    rotation: Rotation
    names: tuple[KeyName, ...]
    lines: tuple[RotationLine, ...]
    language: Language
    digest: bytes
    needed: int
    signed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedDraft:
    """What a signature came to: the draft with it, and whether the new signers are in force now."""

    draft: RotationDraft
    is_done: bool


class RotationDrafts:
    """Draws up changes, collects their signatures, and brings them to the ledger once enough persons signed."""

    def __init__(
        self,
        store: Store,
        ledger: SubjectLedger,
        history: ControllerHistory,
        rotations: RotationService,
        seals: SubjectSeal,
    ) -> None:
        self._seals = seals
        self._store = store
        self._ledger = ledger
        self._history = history
        self._rotations = rotations
        self._signatures = SignatureCollection(store)

    def start(
        self,
        subject: bytes,
        wanted: Sequence[NamedController],
        threshold: int,
        retiring: Mapping[ControllerKey, KeyName],
        language: Language,
        *,
        now: int,
    ) -> RotationDraft:
        """Draw up a change; one that nobody signed goes. ``retiring``: the names of the keys in force.

        Raises:
            InvalidInputError: ``rotation_waiting`` where a person signed another change; ``controllers_unchanged``, or
                the set makes no sense.
            ChainError: the ledger does not answer.
        """
        after = Controllers(tuple(one.controller for one in wanted), threshold, random_bytes(_SALT_BYTES))
        with self._history.locked(subject) as current:
            waiting = self._open_draft(current, now)
            if waiting is not None and waiting.signed:
                raise InvalidInputError(
                    Reason.ROTATION_WAITING, "a person signed another change already; sign that, or call it off"
                )
            if current.controllers.same_signers(after):
                raise InvalidInputError(Reason.CONTROLLERS_UNCHANGED, "this changes nothing", field="controllers")
            entry, deadline = self._ledger.entry_count(subject), _whole_minute(now) + SIGNING_TIME_S
            names = dict(retiring) | {one.controller.key: one.name for one in wanted}
            lines = rotation_lines(current.controllers, after, names, deadline, language)
            draft = random_bytes(_ID_BYTES)
            row = {
                "id": draft,
                "subject": subject,
                "entry": entry,
                "controllers": json.dumps(after.to_json()),
                "sealed": self._seal(subject, draft, [one.name for one in wanted], lines),
                "language": language.value,
                "deadline": deadline,
            }
            with self._store.begin() as connection:
                self._end(connection, subject, cancelled_at=now)
                connection.execute(insert(table.rotation_draft).values(row))
            found = self._open_draft(current, now)
            assert found is not None  # noqa: S101 - it was written in this call
            return found

    def find(self, subject: bytes, *, now: int) -> RotationDraft | None:
        """Return the change of a firm that waits for signatures, if there is one.

        Raises:
            InvalidInputError: ``not_found``; there is no such firm.
            ChainError: the ledger does not answer.
        """
        return self._open_draft(self._history.current(subject), now)

    def sign(self, subject: bytes, draft: bytes, signature: Signature, *, now: int) -> SignedDraft:
        """Take a person's signature on a change; the one that is enough puts the new signers in force.

        Signing again what is done changes nothing.

        Raises:
            InvalidInputError: ``draft_unknown``, ``signatures_late`` or ``controllers_changed``.
            VerificationError: ``signer_repeated``, ``subject_on_hold``, or the signature does not check.
            ChainError: the ledger refuses or does not answer; sign again.
        """
        with self._history.locked(subject) as current:
            held = self._open_draft(current, now)
            if held is None or held.id != draft:
                raise InvalidInputError(
                    Reason.DRAFT_UNKNOWN, "this change waits no more; open the page to see how things stand"
                )
            self._history.require_no_hold(subject, now)
            person, signatures = self._signatures.with_new(current, held.digest, signature)
            signed = replace(held, signed=(*held.signed, person))
            if len(signatures) < current.controllers.threshold:
                with self._store.begin() as connection:
                    self._signatures.add(connection, current, held.digest, person, signature)
                return SignedDraft(signed, is_done=False)
        # the service locks the subject itself; until it has, the draft stays open and can be signed again
        self._rotations.rotate(held.rotation, tuple(signatures), now=now)
        self._store.write(update(table.rotation_draft).where(_DRAFT.id == draft).values(done_at=now))
        return SignedDraft(signed, is_done=True)

    def cancel(self, subject: bytes, draft: bytes, *, now: int) -> None:
        """Call a change off; any signer of the firm may. What is called off can be signed no more."""
        with self._history.locked(subject), self._store.begin() as connection:
            self._end(connection, subject, _DRAFT.id == draft, cancelled_at=now)

    def names(self, subject: bytes) -> dict[ControllerKey, KeyName]:
        """Return what the keys of a firm are called by the changes that came in force; the newest name counts.

        Raises:
            InvalidInputError: ``erased``.
        """
        done = (_DRAFT.subject == subject) & _DRAFT.done_at.is_not(None)
        names: dict[ControllerKey, KeyName] = {}
        for row in self._store.rows(select(table.rotation_draft).where(done).order_by(_DRAFT.entry)):
            keys = Controllers.from_json(decode(row.controllers.encode())).keys
            called, _ = self._unseal(row)
            names |= {each.key: name for each, name in zip(keys, called, strict=True)}
        return names

    def _seal(self, subject: bytes, draft: bytes, names: Sequence[KeyName], lines: Sequence[RotationLine]) -> bytes:
        said = [[[one.person, one.device] for one in names], [[line.text, line.place] for line in lines]]
        return self._seals.seal(subject, _SEALED_AS + draft, json.dumps(said, ensure_ascii=False))

    def _unseal(self, row: Any) -> tuple[tuple[KeyName, ...], tuple[RotationLine, ...]]:  # noqa: ANN401 - a row
        names, lines = json.loads(self._seals.open(row.subject, _SEALED_AS + row.id, row.sealed))
        return tuple(KeyName(*each) for each in names), tuple(RotationLine(text, place) for text, place in lines)

    @staticmethod
    def _end(connection: Connection, subject: bytes, *which: ColumnElement[bool], cancelled_at: int) -> None:
        ending = update(table.rotation_draft).where(_DRAFT.subject == subject, _OPEN, *which)
        connection.execute(ending.values(cancelled_at=cancelled_at))

    def _open_draft(self, current: ControllerState, now: int) -> RotationDraft | None:
        """Return the draft that the controllers in force may sign."""
        held = (_DRAFT.subject == current.subject) & _OPEN & (_DRAFT.deadline > now) & (_DRAFT.entry > current.entry)
        row: Any = self._store.row(select(table.rotation_draft).where(held))
        if row is None:
            return None
        names, lines = self._unseal(row)
        controllers = Controllers.from_json(decode(row.controllers.encode()))
        texts = tuple(line.text for line in lines)
        rotation = Rotation(row.subject, row.entry, controllers, row.deadline, texts)
        digest = rotation.digest(self._ledger.subject_domain)
        return RotationDraft(
            row.id,
            rotation,
            names,
            lines,
            Language(row.language),
            digest,
            current.controllers.threshold,
            self._signatures.persons([digest], current.entry)[digest],
        )


def _whole_minute(seconds: int) -> int:
    return seconds - seconds % _MINUTE_S
