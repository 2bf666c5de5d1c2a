"""Signing in to the portal: a passkey signs a challenge of this instance, and still counts for somebody.

A firm's passkey must be a controller's key in force; that of a member's person belongs to an active person of an
active member. Both are looked at again with every request of the session.
"""

from dataclasses import dataclass
from typing import Final

from api.services.passkey.challenge import Challenge, Challenges
from api.services.passkey.credential import Credentials
from api.services.session.session import Session, SessionHolder, Sessions
from api.services.staff.person import StaffMember, StaffState
from api.services.staff.roster import Roster
from api.services.subject.controller_history import ControllerHistory
from api.sign_in.server.key_set import NO_SIGNER
from api.sign_in.server.principal import Kind, kind_of
from api.storage.database import Store
from ledger_node.chain.port import MemberLedger
from ledger_node.domain.error import VerificationError
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason

SIGN_IN: Final = "sign-in"
FRESH: Final = "fresh"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that counts now. ``staff``: of a member, the person."""

    session: Session
    staff: StaffMember | None


class PortalSignIn:
    """Signs people in, and says who they are with every request."""

    def __init__(
        self,
        store: Store,
        ledger: MemberLedger,
        controllers: ControllerHistory,
        roster: Roster,
        credentials: Credentials,
        challenges: Challenges,
        sessions: Sessions,
    ) -> None:
        self._store, self._ledger, self._controllers, self._roster = store, ledger, controllers, roster
        self._credentials, self._challenges, self._sessions = credentials, challenges, sessions

    def challenge(self, *, now: int) -> Challenge:
        """Return what a passkey signs to sign in."""
        return self._challenges.make(SIGN_IN, now=now)

    def sign_in(self, token: str, credential: bytes, assertion: Assertion, *, now: int) -> tuple[SessionHolder, str]:
        """Start a session for whose passkey signed, and return who it is and the value of the cookie.

        Raises:
            VerificationError: ``sign_in_late``, ``passkey_unknown``, or why the assertion does not check.
            ChainError: the ledger does not answer.
        """
        digest, _ = self._challenges.look(SIGN_IN, token, now=now)
        passkey, holder = self._holder(credential)
        assertion.require_signer(digest, [passkey])
        with self._store.begin() as connection:
            self._challenges.redeem(connection, SIGN_IN, token, now=now)
            return holder, self._sessions.start(connection, holder, now=now)

    def fresh_challenge(self, session: bytes, *, now: int) -> Challenge:
        """Return what the passkey of a session signs to be fresh; it is for this session alone."""
        return self._challenges.make(_fresh(session), now=now)

    def freshen(self, session: Session, token: str, credential: bytes, assertion: Assertion, *, now: int) -> None:
        """Note that a passkey of whoever is signed in was shown again.

        Raises:
            VerificationError: ``sign_in_late``, ``passkey_unknown``, or why the assertion does not check.
            ChainError: the ledger does not answer.
        """
        digest, _ = self._challenges.look(_fresh(session.digest), token, now=now)
        passkey, holder = self._holder(credential)
        if (holder.kind, holder.id, holder.staff) != (session.holder.kind, session.holder.id, session.holder.staff):
            raise _unknown()
        assertion.require_signer(digest, [passkey])
        with self._store.begin() as connection:
            self._challenges.redeem(connection, _fresh(session.digest), token, now=now)
            self._sessions.freshen(connection, session, now=now)

    def find(self, value: str, *, now: int) -> SignedIn | None:
        """Return who the cookie says is signed in, if that still counts.

        Raises:
            ChainError: the ledger does not answer.
        """
        session = self._sessions.find(value, now=now)
        if session is None:
            return None
        holder = session.holder
        if holder.staff is None:
            credential = self._credentials.find(holder.credential)
            is_known = credential is not None and self._is_controller(holder.id, credential.passkey)
            return SignedIn(session, None) if is_known else None
        person = self._roster.find(holder.staff)
        is_active = person is not None and person.state is StaffState.ACTIVE and person.credential == holder.credential
        return SignedIn(session, person) if is_active else None

    def _holder(self, credential: bytes) -> tuple[Passkey, SessionHolder]:
        """Return whose passkey this is and counts as now."""
        known = self._credentials.find(credential)
        if known is not None:
            if not self._is_controller(known.owner, known.passkey):
                raise _unknown()
            return known.passkey, SessionHolder(Kind.SUBJECT, known.owner, None, credential, "")
        person = self._roster.of_credential(credential)
        if person is None or person.passkey is None:
            raise _unknown()
        member = self._ledger.standing(person.member, NO_SIGNER).member
        kind = None if member is None else kind_of(member.roles)
        if member is None or not member.active or kind is None:
            raise VerificationError(Reason.MEMBER_NOT_ACTIVE, "this member does not act here at present")
        return person.passkey, SessionHolder(kind, person.member, person.id, credential, member.name)

    def _is_controller(self, subject: bytes, passkey: Passkey) -> bool:
        controllers = self._controllers.find_current(subject)
        return controllers is not None and passkey in {each.key for each in controllers.keys}


def _fresh(session: bytes) -> str:
    return f"{FRESH}/{session.hex()}"


def _unknown() -> VerificationError:
    return VerificationError(Reason.PASSKEY_UNKNOWN, "this passkey signs in nobody here, or no longer")
