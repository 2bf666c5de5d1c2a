"""Enrolment: signers bring keys by their codes, an approver compares digits and releases, and the firm is registered.

The four digits are drawn after a key has arrived, for that key. Another key for the same device voids both, so whoever
stole a code cannot stand in for the signer unseen. The approver compares the digits with the signer, and has not
prepared anything of the invitation.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, insert, select, update

from api.services.enrolment.invitation import ArrivedKey, Invitation, InvitationState
from api.services.enrolment.invitations import (
    CODE,
    FIRST_DEVICE,
    SECOND_DEVICE,
    Invitations,
    holder_of,
    not_waiting,
    read_holder,
)
from api.services.one_time_code.code import OneTimeCodes
from api.services.staff.person import PROGRAM, StaffMember
from api.services.staff.release import Releases
from api.services.subject.registration import SubjectService
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.error import VerificationError
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffRelease
from ledger_node.domain.subject import Controllers
from ledger_node.randomness import random_bytes, random_places

_HELD: Final = table.invitation.c
_KEY: Final = table.invitation_key.c
_DIGITS: Final = 10_000

Registered: TypeAlias = Callable[[Connection, Invitation], None]
"""Is told of a firm that is registered, in the transaction that notes it."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A passkey that a browser has just made. ``synced``: whether it can be copied to other devices."""

    credential: bytes
    passkey: Passkey
    synced: bool


@dataclass(frozen=True, slots=True)
class Welcome:
    """Whose code it is: what a signer sees before the key is made."""

    firm: str
    signer: str
    device: int
    by_post: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A key that arrived. ``second_code``: for the same person's second device, where this was the first."""

    welcome: Welcome
    digits: str = field(repr=False)
    second_code: str | None = field(repr=False)


class Enrolments:
    """Takes keys and releases. ``request_recovery``: lets new signers of a registered firm wait for their time.

    ``on_registered``: adds what belongs to a registered firm, such as its credentials. ``tell_register``: tells the
    address of the business register that the firm is registered, once.
    """

    def __init__(
        self,
        store: Store,
        codes: OneTimeCodes,
        invitations: Invitations,
        releases: Releases,
        subjects: SubjectService,
        request_recovery: Callable[[bytes, Controllers], object],
        on_registered: Registered = lambda _, __: None,
        tell_register: Callable[[bytes, str, int], None] = lambda _, __, ___: None,
    ) -> None:
        self._store = store
        self._codes = codes
        self._invitations = invitations
        self._releases = releases
        self._subjects = subjects
        self._request_recovery = request_recovery
        self._on_registered = on_registered
        self._tell_register = tell_register

    def look(self, code: str, *, now: int, origin: bytes = b"") -> Welcome:
        """Return whose invitation a code is, before a key is made.

        Raises:
            VerificationError: why the code does not count.
        """
        held, person, device = self._held(self._codes.look(CODE, code, origin=origin), now)
        return _welcome(held, person, device)

    def arrive(self, code: str, key: NewKey, *, now: int, origin: bytes = b"") -> Arrival:
        """Take a signer's key, and draw its digits; the same key again is answered the same.

        Raises:
            VerificationError: why the code does not count, ``key_known``, or ``enrolment_void``: another key came by
                this code, and neither counts.
        """
        holder = self._codes.look(CODE, code, origin=origin, takes_spent=True)
        try:
            came = self._take(holder, code, key, now)
        except VerificationError as error:
            if error.reason is not Reason.CODE_USED:
                raise
            # the key that spent it may have come in this very moment: look once more whose it is
            came = self._take(holder, None, key, now)
        held, person, _ = self._held(holder, now)
        if came is None:
            self._void(held, person, now)
            raise VerificationError(
                Reason.ENROLMENT_VOID, "two keys came by this code, so neither counts; tell the registrar", field="code"
            )
        return self._answer(held, came, now)

    def _take(self, holder: bytes, code: str | None, key: NewKey, now: int) -> ArrivedKey | None:
        """Return a key that came by a code, this time or before, or None where another one did."""
        held, person, device = self._held(holder, now)
        came = next((one for one in held.keys if (one.person, one.device) == (person, device)), None)
        if came is not None or code is None:
            is_same = came is not None and (came.credential, came.passkey) == (key.credential, key.passkey)
            return came if is_same else None
        wanted = ArrivedKey(person, device, key.credential, key.passkey, key.synced, "", now)
        with self._store.begin() as connection:
            self._codes.spend(connection, CODE, code)
            return self._add(connection, held, wanted)

    def _answer(self, held: Invitation, came: ArrivedKey, now: int) -> Arrival:
        second = self._second_code(held, came.person, now) if came.device == FIRST_DEVICE else None
        return Arrival(_welcome(held, came.person, came.device), came.digits, second)

    def draft_release(self, held: Invitation) -> StaffRelease:
        """Return what an approver signs."""
        return self._releases.draft(held.registrar, held.act, held.document())

    def release(self, by: StaffMember, invitation: bytes, number: int, assertion: Assertion, *, now: int) -> Invitation:
        """Release all keys of an invitation as an approver who prepared nothing of it, and register the firm.

        Raises:
            InvalidInputError: ``not_found``, or why the firm cannot be registered.
            VerificationError: ``not_allowed``, ``release_by_preparer``, ``release_not_waiting`` before all keys have
                arrived, or ``challenge_mismatch`` where another key has arrived since.
            ChainError: the ledger does not answer; it is released, and goes on by itself.
        """
        held = self._invitations.require(by.member, invitation, now=now)
        if held.state is not InvitationState.READY:
            raise not_waiting(held.state)
        people = held.handled_by - {PROGRAM}
        if not people:
            raise VerificationError(Reason.NOT_ALLOWED, "a program alone prepared this; a clerk must sign it as well")
        prepared_by = by.id if by.id in people else min(people)
        release = replace(self.draft_release(held), number=number)
        with self._store.begin() as connection:
            self._releases.take(connection, release, assertion, by=by, prepared_by=prepared_by, now=now)
            ready = update(table.invitation).where(_HELD.id == invitation, _HELD.state == InvitationState.OPEN.value)
            if not connection.execute(ready.values(state=InvitationState.RELEASED.value)).rowcount:
                raise not_waiting(InvitationState.RELEASED)
            self._require_same_keys(connection, held)
            self._invitations.end_codes(connection, held)
        self.resume(invitation, now)
        return self._invitations.require(by.member, invitation, now=now)

    def waiting(self) -> list[bytes]:
        """Return invitations that are released and not registered yet."""
        return self._store.scalars(select(_HELD.id).where(_HELD.state == InvitationState.RELEASED.value))

    def resume(self, invitation: bytes, now: int) -> None:
        """Register the firm of a released invitation, or request its recovery; asking again changes nothing.

        Raises:
            InvalidInputError: why the firm cannot be registered.
            ChainError: the ledger does not answer; nothing is lost.
        """
        held = self._invitations.find(_HELD.id == invitation, now=now)
        if held is None or held.state is not InvitationState.RELEASED or held.firm is None:
            return
        subject = held.recovers
        if subject is None:
            subject = self._subjects.register(held.firm.credit_code, held.controllers, held.threshold, now=now).id
            if held.firm.register_address:
                self._tell_register(subject, held.firm.register_address, now)
        else:
            self._request_recovery(subject, Controllers(held.controllers, held.threshold, random_bytes(32)))
        # after a recovery its own wait of days is enough
        at = now if held.recovers is None else None
        with self._store.begin() as connection:
            done = update(table.invitation).where(_HELD.id == invitation, _HELD.state == InvitationState.RELEASED.value)
            values = {"state": InvitationState.REGISTERED.value, "subject": subject, "registered_at": at}
            if connection.execute(done.values(values)).rowcount:
                registered = replace(held, subject=subject, state=InvitationState.REGISTERED, registered_at=at)
                self._on_registered(connection, registered)

    def _held(self, holder: bytes, now: int) -> tuple[Invitation, int, int]:
        invitation, person, device = read_holder(holder)
        held = self._invitations.find(_HELD.id == invitation, now=now)
        if held is None or held.firm is None or held.state not in {InvitationState.OPEN, InvitationState.READY}:
            raise VerificationError(Reason.CODE_EXPIRED, "this invitation is over; ask for a new one", field="code")
        return held, person, device

    def _add(self, connection: Connection, held: Invitation, key: ArrivedKey) -> ArrivedKey:
        query = select(table.invitation_key).where(_KEY.invitation == held.id)
        rows = list(connection.execute(query))
        passkey = json.dumps(key.passkey.to_json())
        elsewhere = select(table.credential.c.id).where(table.credential.c.id == key.credential)
        is_known = connection.execute(elsewhere).first() is not None
        if is_known or any(row.credential == key.credential or row.passkey == passkey for row in rows):
            raise VerificationError(Reason.KEY_KNOWN, "this key is linked here already; use another device")
        taken = {row.digits for row in rows}
        drawn = replace(key, digits=_draw_digits(taken))
        connection.execute(
            insert(table.invitation_key).values(
                invitation=held.id,
                credential=key.credential,
                person=key.person,
                device=key.device,
                passkey=passkey,
                synced=int(key.synced),
                digits=drawn.digits,
                arrived_at=key.arrived_at,
            )
        )
        return drawn

    def _second_code(self, held: Invitation, person: int, now: int) -> str | None:
        if any((key.person, key.device) == (person, SECOND_DEVICE) for key in held.keys):
            return None
        return self._codes.issue(
            CODE,
            holder_of(held.id, person, SECOND_DEVICE),
            lifetime_s=max(1, held.expires_at - now),
            ends_others=True,
        )

    def _void(self, held: Invitation, person: int, now: int) -> None:
        """Void every key of a person, and end the person's codes: the clerk gives out a new one."""
        with self._store.begin() as connection:
            live = (_KEY.invitation == held.id) & (_KEY.person == person) & _KEY.voided_at.is_(None)
            connection.execute(update(table.invitation_key).where(live).values(voided_at=now))
            for device in (FIRST_DEVICE, SECOND_DEVICE):
                self._codes.end(connection, CODE, holder_of(held.id, person, device))

    @staticmethod
    def _require_same_keys(connection: Connection, held: Invitation) -> None:
        """Require that no key came or went since the invitation was read."""
        live = select(_KEY.credential).where(_KEY.invitation == held.id, _KEY.voided_at.is_(None))
        now_held: list[Any] = list(connection.execute(live).scalars())
        if sorted(now_held) != sorted(key.credential for key in held.keys):
            raise VerificationError(Reason.CHALLENGE_MISMATCH, "a key came or went meanwhile; open the page anew")


def _welcome(held: Invitation, person: int, device: int) -> Welcome:
    firm = held.require_firm()
    return Welcome(firm.name, firm.signers[person - 1], device, held.by_post)


def _draw_digits(taken: set[str]) -> str:
    """Return four digits that no other key of the invitation has."""
    while (digits := f"{random_places(1, _DIGITS)[0]:04d}") in taken:
        pass
    return digits
