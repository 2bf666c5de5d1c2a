"""A firm lets one bank find it: a code of 40 bits, for one named bank, once, for a day. There is no other way to it."""

from typing import Final

from sqlalchemy import delete, insert, select

from api.services.one_time_code.code import OneTimeCodes
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import MemberLedger, Role
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.reason import Reason

KIND: Final = "handover"
SYMBOLS: Final = 8
"""Of five bits each."""
_HANDOVER: Final = table.handover.c


class Handovers:
    """Makes codes for firms and redeems them for banks. ``lifetime_s``: how long a code holds good."""

    def __init__(self, store: Store, ledger: MemberLedger, codes: OneTimeCodes, *, lifetime_s: int) -> None:
        self._store = store
        self._ledger = ledger
        self._codes = codes
        self._lifetime_s = lifetime_s

    def banks(self) -> dict[bytes, str]:
        """Return the names of all active banks by id.

        Raises:
            ChainError: the ledger does not answer.
        """
        members = self._ledger.members()
        return {member.id: member.name for member in members if member.active and Role.BANK in member.roles}

    def make(self, subject: bytes, bank: bytes) -> str:
        """Return a fresh code of a firm for one bank; an unused one for the same bank ends.

        Raises:
            InvalidInputError: ``member_unknown``: there is no such bank.
            ChainError: the ledger does not answer.
        """
        if bank not in self.banks():
            raise InvalidInputError(Reason.MEMBER_UNKNOWN, "there is no such bank", field="bank")
        return self._codes.issue(KIND, bank + subject, symbols=SYMBOLS, lifetime_s=self._lifetime_s, ends_others=True)

    def redeem(self, bank: bytes, code: str, *, now: int) -> bytes:
        """Return the firm that a code is of, and remember that this bank can find it; the code counts once.

        Raises:
            VerificationError: ``code_unknown``, also for a code for another bank; ``code_used``, ``code_expired`` or
                ``code_locked``.
        """
        holder = self._codes.look(KIND, code, origin=b"bank" + bank)
        if holder[:HASH_BYTES] != bank:
            raise VerificationError(Reason.CODE_UNKNOWN, "there is no such code", field="code")
        with self._store.begin() as connection:
            subject = self._codes.spend(connection, KIND, code)[HASH_BYTES:]
            connection.execute(delete(table.handover).where(_HANDOVER.bank == bank, _HANDOVER.subject == subject))
            connection.execute(insert(table.handover).values(bank=bank, subject=subject, time=now))
        return subject

    def is_known(self, bank: bytes, subject: bytes) -> bool:
        """Return whether a firm let this bank find it."""
        held = select(_HANDOVER.time).where(_HANDOVER.bank == bank, _HANDOVER.subject == subject)
        return self._store.scalar(held) is not None

    def firms_of(self, bank: bytes) -> list[bytes]:
        """Return the firms that let a bank find them, the newest first."""
        return self._store.scalars(
            select(_HANDOVER.subject).where(_HANDOVER.bank == bank).order_by(_HANDOVER.time.desc())
        )
