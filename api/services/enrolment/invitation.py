"""An invitation: whom a registrar invited, which keys arrived, and what an approver releases."""

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.staff_release import StaffAct
from ledger_node.domain.subject import Controller


class InvitationState(StrEnum):
    """``OPEN`` waits for keys, ``READY`` for an approver; both end in ``EXPIRED``. ``RELEASED`` is being registered."""

    OPEN = "open"
    READY = "ready"
    RELEASED = "released"
    REGISTERED = "registered"
    VOID = "void"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class InvitedFirm:
    """Whom an invitation is for. ``signers``: names, in the order of persons from 1. ``salt``: hides it in digests.

    ``register_phone``: the number in the business register, which is called for an enrolment by post.
    ``register_address``: the e-mail address or mobile number of that register, which is told of the registration.
    """

    credit_code: str = field(repr=False)
    name: str = field(repr=False)
    signers: tuple[str, ...] = field(repr=False)
    register_phone: str = field(repr=False)
    salt: bytes = field(repr=False)
    register_address: str = field(default="", repr=False)

    def to_bytes(self) -> bytes:
        """Return what is sealed."""
        return json.dumps(
            [
                *(self.credit_code, self.name, list(self.signers), self.register_phone, self.salt.hex()),
                self.register_address,
            ],
            ensure_ascii=False,
        ).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what ``to_bytes`` wrote."""
        code, name, signers, phone, salt, *address = json.loads(data)
        return cls(code, name, tuple(signers), phone, bytes.fromhex(salt), *address)


@dataclass(frozen=True, slots=True)
class ArrivedKey:
    """A key that a signer brought. ``device``: 1, or 2 for the second one. ``digits``: shown to both sides.

    ``synced``: whether it can be copied to other devices.
    """

    person: int
    device: int
    credential: bytes
    passkey: Passkey
    synced: bool
    digits: str = field(repr=False)
    arrived_at: int = 0

    @classmethod
    def of_row(cls, row: Any) -> Self:  # noqa: ANN401 - a row of the table
        """Return the key of a row of ``invitation_key``."""
        passkey = Passkey.from_json(decode(row.passkey.encode()))
        return cls(row.person, row.device, row.credential, passkey, bool(row.synced), row.digits, row.arrived_at)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as the registrar sees it. ``firm``: None once its data key is gone.

    ``keys``: those that count, by person and device. ``handled_by``: who prepared it, and so may not release it.
    ``recovers``: the registered subject that gets new signers.
    """

    id: bytes
    registrar: bytes
    firm: InvitedFirm | None
    threshold: int
    persons: int
    by_post: bool
    state: InvitationState
    handled_by: frozenset[bytes]
    opened_at: int
    expires_at: int
    keys: tuple[ArrivedKey, ...] = ()
    voided: frozenset[int] = frozenset()
    subject: bytes | None = None
    registered_at: int | None = None
    recovers: bytes | None = None

    @property
    def missing(self) -> tuple[int, ...]:
        """The persons who have brought no key yet."""
        came = {key.person for key in self.keys}
        return tuple(person for person in range(1, self.persons + 1) if person not in came)

    @property
    def controllers(self) -> tuple[Controller, ...]:
        """The keys as the ledger commits to them."""
        return tuple(Controller(key.person, key.passkey) for key in self.keys)

    @property
    def act(self) -> StaffAct:
        """What an approver does with it."""
        return StaffAct.REGISTER_SUBJECT if self.recovers is None else StaffAct.REQUEST_RECOVERY

    def document(self) -> dict[str, JSON]:
        """Return what an approver releases: credit code, names, threshold and keys.

        Raises:
            InvalidInputError: ``erased``.
        """
        firm = self.require_firm()
        signers: list[JSON] = []
        for person, name in enumerate(firm.signers, start=1):
            keys: list[JSON] = [key.passkey.to_json() for key in self.keys if key.person == person]
            signers.append({"person": person, "name": name, "keys": keys})
        return {
            "credit_code": firm.credit_code,
            "name": firm.name,
            "recovers": None if self.recovers is None else to_hex(self.recovers),
            "salt": to_hex(firm.salt),
            "signers": signers,
            "threshold": self.threshold,
        }

    def require_firm(self) -> InvitedFirm:
        """Return whom it is for.

        Raises:
            InvalidInputError: ``erased``.
        """
        if self.firm is None:
            raise InvalidInputError(Reason.ERASED, "what this invitation said is deleted")
        return self.firm

    def at(self, now: int) -> Self:
        """Return it with the state that follows from the time and from the keys that arrived."""
        if self.state is not InvitationState.OPEN:
            return self
        if self.expires_at <= now:
            return replace(self, state=InvitationState.EXPIRED)
        return self if self.missing else replace(self, state=InvitationState.READY)
