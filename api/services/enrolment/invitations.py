"""Invitations in the store: opened by clerks, with codes for the signers, and ended.

Credit code and names are sealed under a data key of the invitation's own, which goes with it.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from api.services.enrolment.invitation import ArrivedKey, Invitation, InvitationState, InvitedFirm
from api.services.one_time_code.code import CodeState, OneTimeCodes
from api.services.staff.person import StaffMember
from api.services.staff.role import StaffRole
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import KeyEncryptionKey, seal, unseal
from api.vault.key_ledger import KEY_ID_BYTES, KeyLedger
from api.vault.key_removal import KeyRemovals
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

CODE: Final = "enrolment"
"""The kind of code that attaches a signer's key."""
FIRST_DEVICE: Final = 1
SECOND_DEVICE: Final = 2
MAX_SIGNERS: Final = 8
"""Each may bring two devices, and a set has 16 keys."""
MAX_NAME: Final = 200
MAX_ADDRESS: Final = 254
KEPT_S: Final = 30 * 86_400
"""For so long what an invitation said is kept after its end."""
_HELD: Final = table.invitation.c
_KEY: Final = table.invitation_key.c
_ID_BYTES: Final = 16
_SALT_BYTES: Final = 32


class Invitations:
    """Opens, shows and ends invitations of one registrar. ``lifetime_s``: of an invitation and its codes."""

    def __init__(
        self,
        store: Store,
        keys: KeyLedger,
        removals: KeyRemovals,
        kek: KeyEncryptionKey,
        codes: OneTimeCodes,
        find_subject: Callable[[str], bytes | None],
        lifetime_s: int,
    ) -> None:
        self._store = store
        self._keys = keys
        self._removals = removals
        self._kek = kek
        self._codes = codes
        self._find_subject = find_subject
        self._lifetime_s = lifetime_s

    def open(
        self,
        by: StaffMember,
        *,
        credit_code: str,
        name: str,
        signers: Sequence[str],
        threshold: int,
        by_post: bool,
        register_phone: str = "",
        register_address: str = "",
        recovers: bool = False,
        now: int,
    ) -> Invitation:
        """Open an invitation as a clerk. ``credit_code``: as ``parse_credit_code`` returns it.

        ``register_address``: where it is told of its registration.
        ``recovers``: the firm is registered, and gets new signers in the place of those who lost their keys.

        Raises:
            InvalidInputError: ``value_malformed`` for a name, ``value_out_of_range`` for the threshold or the number of
                signers, ``subject_exists``, ``subject_unknown`` of one to recover, or ``invitation_exists``.
            VerificationError: ``not_allowed``.
        """
        by.require(StaffRole.CLERK)
        named = tuple(_name(signer, "signers") for signer in signers)
        if not 1 <= len(named) <= MAX_SIGNERS or len(set(named)) != len(named):
            raise InvalidInputError(
                Reason.VALUE_OUT_OF_RANGE, f"1 to {MAX_SIGNERS} different people sign for a firm", field="signers"
            )
        if not 1 <= threshold <= len(named):
            raise InvalidInputError(
                Reason.VALUE_OUT_OF_RANGE, "as many people must sign as there are, or fewer", field="threshold"
            )
        known = self._find_subject(credit_code)
        if known is None and recovers:
            raise InvalidInputError(Reason.SUBJECT_UNKNOWN, "this firm is not registered here", field="credit_code")
        if known is not None and not recovers:
            raise InvalidInputError(Reason.SUBJECT_EXISTS, "this firm is registered already", field="credit_code")
        firm = InvitedFirm(
            credit_code,
            _name(name, "name"),
            named,
            register_phone.strip()[:MAX_NAME],
            random_bytes(_SALT_BYTES),
            register_address.strip()[:MAX_ADDRESS],
        )
        return self._add(by, firm, threshold, known, by_post=by_post, now=now)

    def _add(
        self, by: StaffMember, firm: InvitedFirm, threshold: int, recovers: bytes | None, *, by_post: bool, now: int
    ) -> Invitation:
        invitation, index = random_bytes(_ID_BYTES), self._kek.blind_index(firm.credit_code)
        key_id, (key, wrapped) = random_bytes(KEY_ID_BYTES), self._kek.new_data_key()
        self._keys.put({key_id: wrapped})
        with self._removals.removing() as connection:
            self._forget_old(connection, now)
            is_open = (_HELD.subject_index == index) & (_HELD.expires_at > now)
            live = _HELD.state.in_([InvitationState.OPEN.value, InvitationState.RELEASED.value])
            if connection.execute(select(_HELD.id).where(is_open, live)).first() is not None:
                self._removals.schedule(connection, [key_id], erases=True)
                is_new = False
            else:
                is_new = True
                connection.execute(
                    insert(table.invitation).values(
                        id=invitation,
                        registrar=by.member,
                        subject_index=index,
                        data_key=key_id,
                        sealed=seal(key, firm.to_bytes(), invitation),
                        threshold=threshold,
                        persons=len(firm.signers),
                        by_post=int(by_post),
                        state=InvitationState.OPEN.value,
                        handled_by=json.dumps([by.id.hex()]),
                        opened_at=now,
                        expires_at=now + self._lifetime_s,
                        recovers=recovers,
                    )
                )
        if not is_new:
            raise InvalidInputError(
                Reason.INVITATION_EXISTS, "an invitation of this firm is open; end it first", field="credit_code"
            )
        return self.require(by.member, invitation, now=now)

    def issue_code(self, by: StaffMember, invitation: bytes, person: int, *, now: int) -> str:
        """Return a fresh code for a signer who has brought no key yet; the one before ends.

        Whoever takes one out has handled the invitation, and may not release it.

        Raises:
            InvalidInputError: ``not_found``.
            VerificationError: ``not_allowed``, or ``release_not_waiting``: the key is there, or all is over.
        """
        by.require(StaffRole.CLERK)
        held = self.require(by.member, invitation, now=now)
        if held.state is not InvitationState.OPEN or person not in held.missing:
            raise not_waiting(held.state)
        with self._store.begin() as connection:
            self._handle(connection, held, by)
            return self._codes.issue(
                CODE,
                holder_of(invitation, person, FIRST_DEVICE),
                lifetime_s=max(1, held.expires_at - now),
                ends_others=True,
                connection=connection,
            )

    def note_handled(self, by: StaffMember, invitation: bytes, *, now: int) -> None:
        """Note that a clerk handled an invitation, and so may not release it.

        Raises:
            InvalidInputError: ``not_found``.
            VerificationError: ``not_allowed``.
        """
        by.require(StaffRole.CLERK)
        held = self.require(by.member, invitation, now=now)
        with self._store.begin() as connection:
            self._handle(connection, held, by)

    @staticmethod
    def _handle(connection: Connection, held: Invitation, by: StaffMember) -> None:
        handled = json.dumps(sorted(each.hex() for each in {*held.handled_by, by.id}))
        connection.execute(update(table.invitation).where(_HELD.id == held.id).values(handled_by=handled))

    def code_state(self, invitation: bytes, person: int) -> CodeState | None:
        """Return what is known of a signer's code."""
        return self._codes.state(CODE, holder_of(invitation, person, FIRST_DEVICE))

    def end(self, by: StaffMember, invitation: bytes, *, now: int) -> None:
        """End an invitation that is not released; what it said is erased, and its codes are over.

        Raises:
            InvalidInputError: ``not_found``.
            VerificationError: ``not_allowed`` or ``release_not_waiting``.
        """
        by.require(StaffRole.CLERK, StaffRole.APPROVER)
        held = self.require(by.member, invitation, now=now)
        if held.state not in {InvitationState.OPEN, InvitationState.READY, InvitationState.EXPIRED}:
            raise not_waiting(held.state)
        with self._removals.removing() as connection:
            ended = update(table.invitation).where(_HELD.id == invitation, _HELD.state == InvitationState.OPEN.value)
            connection.execute(ended.values(state=InvitationState.VOID.value))
            self.end_codes(connection, held)
            keys = connection.execute(select(_HELD.data_key).where(_HELD.id == invitation)).scalars().all()
            self._removals.schedule(connection, keys, erases=True)

    def end_codes(self, connection: Connection, held: Invitation) -> None:
        """End all codes of an invitation."""
        for person in range(1, held.persons + 1):
            for device in (FIRST_DEVICE, SECOND_DEVICE):
                self._codes.end(connection, CODE, holder_of(held.id, person, device))

    def of(self, registrar: bytes, *, now: int, limit: int = 500) -> list[Invitation]:
        """Return the invitations of a registrar, the newest first."""
        query = select(table.invitation).where(_HELD.registrar == registrar)
        rows = self._store.rows(query.order_by(_HELD.opened_at.desc()).limit(limit))
        return self._read(rows, now)

    def find(self, condition: ColumnElement[bool], *, now: int) -> Invitation | None:
        """Return the invitation that fits, or None."""
        return next(iter(self._read(self._store.rows(select(table.invitation).where(condition)), now)), None)

    def require(self, registrar: bytes, invitation: bytes, *, now: int) -> Invitation:
        """Return an invitation of a registrar.

        Raises:
            InvalidInputError: ``not_found``.
        """
        held = self.find((_HELD.id == invitation) & (_HELD.registrar == registrar), now=now)
        if held is None:
            raise InvalidInputError(Reason.NOT_FOUND, "there is no such invitation")
        return held

    def _read(self, rows: Sequence[Any], now: int) -> list[Invitation]:
        wrapped = self._keys.get({row.data_key for row in rows}) if rows else {}
        came: dict[bytes, list[Any]] = {row.id: [] for row in rows}
        if rows:
            query = select(table.invitation_key).where(_KEY.invitation.in_(list(came)))
            for key in self._store.rows(query.order_by(_KEY.person, _KEY.device)):
                came[key.invitation].append(key)
        return [self._invitation(row, wrapped.get(row.data_key), came[row.id]).at(now) for row in rows]

    def _invitation(self, row: Any, wrapped: bytes | None, keys: Sequence[Any]) -> Invitation:  # noqa: ANN401 - a row
        sealed = None if wrapped is None else unseal(self._kek.unwrap(wrapped), row.sealed, row.id)
        return Invitation(
            row.id,
            row.registrar,
            None if sealed is None else InvitedFirm.from_bytes(sealed),
            row.threshold,
            row.persons,
            bool(row.by_post),
            InvitationState(row.state),
            frozenset(map(bytes.fromhex, json.loads(row.handled_by))),
            row.opened_at,
            row.expires_at,
            tuple(ArrivedKey.of_row(key) for key in keys if key.voided_at is None),
            frozenset(key.person for key in keys if key.voided_at is not None),
            row.subject,
            row.registered_at,
            row.recovers,
        )

    def _forget_old(self, connection: Connection, now: int) -> None:
        """Erase what invitations said that nobody released in time."""
        over = (_HELD.state == InvitationState.OPEN.value) & (_HELD.expires_at < now - KEPT_S)
        keys = connection.execute(select(_HELD.data_key).where(over)).scalars().all()
        connection.execute(update(table.invitation).where(over).values(state=InvitationState.VOID.value))
        self._removals.schedule(connection, keys, erases=True)


def holder_of(invitation: bytes, person: int, device: int) -> bytes:
    """Return what a code of a signer's device leads to."""
    return invitation + bytes([person, device])


def read_holder(holder: bytes) -> tuple[bytes, int, int]:
    """Return invitation, person and device of a holder."""
    return holder[:_ID_BYTES], holder[_ID_BYTES], holder[_ID_BYTES + 1]


def not_waiting(state: InvitationState) -> VerificationError:
    """Return the refusal of what an invitation in this state does not take."""
    return VerificationError(Reason.RELEASE_NOT_WAITING, f"the invitation is {state}; open the list anew")


def _name(text: str, field: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInputError(Reason.VALUE_MALFORMED, f"a name has 1 to {MAX_NAME} characters", field=field)
    return name
