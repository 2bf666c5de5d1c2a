"""Officers' signatures: what people of a bank signed to ask or check, kept before anything follows from it."""

import json
from collections.abc import Collection
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_new

from api.services.staff.person import StaffMember
from api.services.staff.program import Programs
from api.services.staff.role import StaffRole
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.canonical import decode
from ledger_node.domain.error import VerificationError
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.reason import Reason

_HELD: Final = table.officer_signature.c
_ADD: Final = insert_new(table.officer_signature).on_conflict_do_nothing()


class Officers:
    """Checks and keeps what officers sign. ``programs``: says whose programs may act alone."""

    def __init__(self, store: Store, programs: Programs) -> None:
        self._store = store
        self._programs = programs

    def require_if_needed(self, bank: bytes, assertion: Assertion | None) -> None:
        """Require that an officer signed, where a bank's programs must not act alone.

        Raises:
            VerificationError: ``officer_missing``.
        """
        if assertion is None and not self._programs.may_act_alone(bank):
            raise VerificationError(
                Reason.OFFICER_MISSING, "this bank has people here, so that one of its officers must sign this"
            )

    def keep(
        self, bank: bytes, signed: bytes, assertion: Assertion, *, by: StaffMember | None = None, now: int
    ) -> OfficerSignature:
        """Check and keep what an officer of a bank signed; what was kept before stays. ``by``: who it must be.

        Raises:
            VerificationError: nobody of the bank's officers signed this, or another one than ``by``.
        """
        person = self._programs.require_signer(bank, signed, assertion, StaffRole.OFFICER)
        if person.passkey is None or (by is not None and by.id != person.id):
            raise VerificationError(Reason.SIGNER_NOT_CONTROLLER, "another person signed than the one who is signed in")
        kept = OfficerSignature(signed, person.passkey, assertion.in_one_form())
        row = {
            "signed": signed,
            "member": bank,
            "staff": person.id,
            "signature": json.dumps(kept.to_json()),
            "time": now,
        }
        if not self._store.write(_ADD, row):
            return find_officers(self._store, [signed]).get(signed, kept)
        return kept


def find_officers(store: Store, signed: Collection[bytes]) -> dict[bytes, OfficerSignature]:
    """Return what officers signed over ids of requests or tickets; where a program acted there is nothing."""
    rows = store.rows(select(_HELD.signed, _HELD.signature).where(_HELD.signed.in_(signed)))
    return {row.signed: OfficerSignature.from_json(decode(row.signature.encode())) for row in rows}
