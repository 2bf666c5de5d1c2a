"""The people of every member's staff: invited, enrolled with a passkey of their own, and ended.

A member's own key invites its first people, who count as soon as they have a key. Later ones take two: an admin
invites, the person brings a key, and another admin or an approver releases name, roles and key. One admin ends
anybody at once.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.services.one_time_code.code import OneTimeCodes
from api.services.staff.person import StaffMember, StaffState
from api.services.staff.release import Releases
from api.services.staff.role import StaffRole
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffAct, StaffRelease, new_staff_document
from ledger_node.randomness import random_bytes

CODE: Final = "staff"
"""The kind of code that invites a person."""
CODE_LIFETIME_S: Final = 7 * 86_400
MAX_NAME: Final = 200
MAX_STAFF: Final = 500
_ID_BYTES: Final = 16
_HELD: Final = table.staff_member.c


@dataclass(frozen=True, slots=True)
class InvitedStaff:
    """A person who was invited, and the code to hand over; nothing gives the code out again."""

    person: StaffMember
    code: str = field(repr=False)


class Roster:
    """All people of all members here. ``new_id``: ids of people, random."""

    def __init__(
        self,
        store: Store,
        codes: OneTimeCodes,
        releases: Releases,
        new_id: Callable[[], bytes] = lambda: random_bytes(_ID_BYTES),
    ) -> None:
        self._store = store
        self._codes = codes
        self._releases = releases
        self._new_id = new_id

    def invite_by_member(
        self,
        member: bytes,
        name: str,
        roles: frozenset[StaffRole],
        *,
        number: int,
        signature: bytes,
        now: int,
    ) -> InvitedStaff:
        """Invite a person on the word of the member's own key, who is active with the first passkey.

        Raises:
            InvalidInputError: ``request_invalid``; there is no role, no name, or somebody of this name.
            VerificationError: the member's key did not sign this, or ``release_number_taken``.
            ChainError: the ledger does not answer.
        """
        person = self._new_person(member, name, roles, None, now)
        release = self._releases.draft(member, StaffAct.ADD_STAFF, new_staff_document(name, roles))
        release = replace(release, number=number)
        with self._store.begin() as connection:
            self._releases.take_by_member(connection, release, signature, now=now)
            return self._add(connection, person)

    def invite(self, by: StaffMember, name: str, roles: frozenset[StaffRole], *, now: int) -> InvitedStaff:
        """Invite a person as an admin; another one releases who came.

        Raises:
            InvalidInputError: as ``invite_by_member``.
            VerificationError: ``not_allowed``.
        """
        by.require(StaffRole.ADMIN)
        with self._store.begin() as connection:
            return self._add(connection, self._new_person(by.member, name, roles, by.id, now))

    def new_code(self, by: StaffMember, staff: bytes) -> InvitedStaff:
        """Give a new code to a person who has not come yet; the one before ends.

        Raises:
            InvalidInputError: ``not_found``.
            VerificationError: ``not_allowed``, or ``release_not_waiting``: the person has a key, or has ended.
        """
        by.require(StaffRole.ADMIN)
        with self._store.begin() as connection:
            person = self._require(connection, by.member, staff)
            _require_state(person, StaffState.INVITED)
            return InvitedStaff(person, self._issue_code(connection, person))

    def look(self, code: str, *, origin: bytes = b"") -> StaffMember:
        """Return whose invitation a code is.

        Raises:
            VerificationError: why the code does not count.
        """
        person = self.find(self._codes.look(CODE, code, origin=origin))
        if person is None or person.state is not StaffState.INVITED:
            raise VerificationError(Reason.CODE_EXPIRED, "this invitation is over; ask for a new one", field="code")
        return person

    def enrol(
        self, code: str, credential: bytes, passkey: Passkey, *, is_synced: bool, origin: bytes = b""
    ) -> StaffMember:
        """Take the passkey of a person who shows a code, and return the person. ``is_synced``: it can leave its device.

        Raises:
            VerificationError: why the code does not count, ``key_synchronised``, or ``key_known``.
        """
        person = self.look(code, origin=origin)
        if is_synced:
            raise VerificationError(
                Reason.KEY_SYNCHRONISED, "this key can be copied to other devices; use a security key that stays one"
            )
        state = StaffState.ACTIVE if person.invited_by is None else StaffState.ARRIVED
        came = replace(person, state=state, credential=credential, passkey=passkey)
        with self._store.begin() as connection:
            self._codes.spend(connection, CODE, code)
            try:
                connection.execute(
                    update(table.staff_member)
                    .where(_HELD.id == person.id)
                    .values(state=state.value, credential=credential, passkey=json.dumps(passkey.to_json()))
                )
            except IntegrityError as error:
                raise VerificationError(Reason.KEY_KNOWN, "this key belongs to somebody here already") from error
        return came

    def draft_release(self, person: StaffMember, act: StaffAct) -> StaffRelease:
        """Return what somebody signs to add a person who came, or to end one."""
        return self._releases.draft(person.member, act, person.document(act))

    def release(self, by: StaffMember, staff: bytes, number: int, assertion: Assertion, *, now: int) -> StaffMember:
        """Make a person who came active, as another one than who invited it.

        Raises:
            InvalidInputError: ``not_found``.
            VerificationError: ``not_allowed``, ``release_by_preparer``, ``release_not_waiting``,
                ``release_number_taken``, or ``by`` did not sign this.
        """
        with self._store.begin() as connection:
            person = self._require(connection, by.member, staff)
            _require_state(person, StaffState.ARRIVED)
            release = replace(self.draft_release(person, StaffAct.ADD_STAFF), number=number)
            self._releases.take(connection, release, assertion, by=by, prepared_by=person.invited_by, now=now)
            connection.execute(
                update(table.staff_member).where(_HELD.id == staff).values(state=StaffState.ACTIVE.value)
            )
        return replace(person, state=StaffState.ACTIVE)

    def end(self, by: StaffMember, staff: bytes, number: int, assertion: Assertion, *, now: int) -> StaffMember:
        """End a person's access at once; one admin is enough.

        Raises:
            InvalidInputError: ``not_found``.
            VerificationError: ``not_allowed``, ``release_not_waiting`` where it has ended, ``release_number_taken``,
                or ``by`` did not sign this.
        """
        with self._store.begin() as connection:
            person = self._require(connection, by.member, staff)
            _require_state(person, StaffState.INVITED, StaffState.ARRIVED, StaffState.ACTIVE)
            release = replace(self.draft_release(person, StaffAct.END_STAFF), number=number)
            self._releases.take(connection, release, assertion, by=by, prepared_by=None, now=now)
            return self._end(connection, person, now)

    def end_by_member(self, member: bytes, staff: bytes, *, number: int, signature: bytes, now: int) -> StaffMember:
        """End a person's access on the word of the member's own key.

        Raises:
            InvalidInputError: ``not_found``.
            VerificationError: the member's key did not sign this, ``release_not_waiting`` or ``release_number_taken``.
            ChainError: the ledger does not answer.
        """
        person = self.find(staff)
        if person is None or person.member != member:
            raise _unknown()
        release = replace(self.draft_release(person, StaffAct.END_STAFF), number=number)
        with self._store.begin() as connection:
            _require_state(person, StaffState.INVITED, StaffState.ARRIVED, StaffState.ACTIVE)
            self._releases.take_by_member(connection, release, signature, now=now)
            return self._end(connection, person, now)

    def _end(self, connection: Connection, person: StaffMember, now: int) -> StaffMember:
        self._codes.end(connection, CODE, person.id)
        connection.execute(
            update(table.staff_member)
            .where(_HELD.id == person.id)
            .values(state=StaffState.ENDED.value, ended_at=now, credential=None)
        )
        return replace(person, state=StaffState.ENDED, ended_at=now, credential=None)

    def find(self, staff: bytes) -> StaffMember | None:
        """Return a person, in whatever state."""
        row = self._store.row(select(table.staff_member).where(_HELD.id == staff))
        return None if row is None else StaffMember.of_row(row)

    def of_credential(self, credential: bytes) -> StaffMember | None:
        """Return the active person whose passkey has this id."""
        row = self._store.row(
            select(table.staff_member).where(_HELD.credential == credential, _HELD.state == StaffState.ACTIVE.value)
        )
        return None if row is None else StaffMember.of_row(row)

    def of(self, member: bytes) -> list[StaffMember]:
        """Return all people of a member, also those who ended, by name."""
        query = select(table.staff_member).where(_HELD.member == member).order_by(_HELD.name, _HELD.invited_at)
        return [StaffMember.of_row(row) for row in self._store.rows(query)]

    def active(self, member: bytes, *roles: StaffRole) -> list[StaffMember]:
        """Return the active people of a member; with ``roles`` those who have one of them."""
        people = [person for person in self.of(member) if person.state is StaffState.ACTIVE]
        return [person for person in people if not roles or person.may(*roles)]

    def has_staff(self, member: bytes) -> bool:
        """Return whether a member has anybody who is active here, so that its programs must not act alone."""
        is_active = (_HELD.member == member) & (_HELD.state == StaffState.ACTIVE.value)
        return bool(self._store.scalar(select(func.count()).select_from(table.staff_member).where(is_active)))

    def _new_person(
        self, member: bytes, name: str, roles: frozenset[StaffRole], by: bytes | None, now: int
    ) -> StaffMember:
        name = name.strip()
        if not 1 <= len(name) <= MAX_NAME:
            raise InvalidInputError(Reason.VALUE_MALFORMED, f"a name has 1 to {MAX_NAME} characters", field="name")
        if not roles:
            raise InvalidInputError(Reason.VALUE_MISSING, "a person has at least one role", field="roles")
        return StaffMember(self._new_id(), member, name, roles, StaffState.INVITED, by, now)

    def _add(self, connection: Connection, person: StaffMember) -> InvitedStaff:
        others = select(_HELD.name).where(_HELD.member == person.member, _HELD.state != StaffState.ENDED.value)
        names = connection.execute(others).scalars().all()
        if person.name in names:
            raise InvalidInputError(
                Reason.STAFF_EXISTS, "somebody of this name is on the list; add what tells them apart", field="name"
            )
        if len(names) >= MAX_STAFF:
            raise InvalidInputError(Reason.TOO_LARGE, f"a member has at most {MAX_STAFF} people here")
        connection.execute(
            insert(table.staff_member).values(
                id=person.id,
                member=person.member,
                name=person.name,
                roles=json.dumps(sorted(role.value for role in person.roles)),
                state=person.state.value,
                invited_by=person.invited_by,
                invited_at=person.invited_at,
            )
        )
        return InvitedStaff(person, self._issue_code(connection, person))

    def _issue_code(self, connection: Connection, person: StaffMember) -> str:
        return self._codes.issue(CODE, person.id, lifetime_s=CODE_LIFETIME_S, ends_others=True, connection=connection)

    @staticmethod
    def _require(connection: Connection, member: bytes, staff: bytes) -> StaffMember:
        held: Any = connection.execute(select(table.staff_member).where(_HELD.id == staff)).first()
        if held is None or held.member != member:
            raise _unknown()
        return StaffMember.of_row(held)


def _require_state(person: StaffMember, *states: StaffState) -> None:
    if person.state not in states:
        raise VerificationError(
            Reason.RELEASE_NOT_WAITING, f"this does not wait any more: the person is {person.state}"
        )


def _unknown() -> InvalidInputError:
    return InvalidInputError(Reason.NOT_FOUND, "there is no such person")
