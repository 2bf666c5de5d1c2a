"""Releases: a second person signs what a first one prepared. Each is kept with its signature."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from api.services.staff.person import StaffMember
from api.services.staff.role import RELEASERS
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import MemberLedger
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address, recover
from ledger_node.domain.staff_release import MAX_NUMBER, StaffAct, StaffRelease, content_digest
from ledger_node.domain.subject import Signature, signature_from_json, signature_to_json
from ledger_node.randomness import random_bytes

_HELD: Final = table.staff_release.c
_NUMBER_BYTES: Final = 7


@dataclass(frozen=True, slots=True)
class KeptRelease:
    """A release as it is kept. ``staff``: who signed, None where the member's own key did; ``key``: which key."""

    release: StaffRelease
    staff: bytes | None
    prepared_by: bytes | None
    key: Passkey | bytes
    signature: Signature = field(repr=False)
    time: int = 0

    def require_signed(self, domain: SigningDomain) -> None:
        """Require that its key signed it, as anybody can check without this instance.

        Raises:
            VerificationError: it did not.
        """
        digest = self.release.digest(domain)
        if isinstance(self.key, Passkey) and isinstance(self.signature, Assertion):
            self.signature.require_signer(digest, [self.key])
        elif isinstance(self.signature, Assertion) or recover(digest, self.signature) != self.key:
            raise VerificationError(Reason.KEY_NOT_VALID, "another key than the one that is named signed this release")

    def to_json(self) -> dict[str, JSON]:
        """Return what an auditor is shown, and can check."""
        return {
            **self.release.to_json(),
            "staff": None if self.staff is None else to_hex(self.staff),
            "prepared_by": None if self.prepared_by is None else to_hex(self.prepared_by),
            "key": _key_to_json(self.key),
            "signature": signature_to_json(self.signature),
            "time": self.time,
        }


class Releases:
    """Takes releases once each, and lists them."""

    def __init__(self, store: Store, ledger: MemberLedger) -> None:
        self._store = store
        self._ledger = ledger

    def draft(self, member: bytes, act: StaffAct, document: Mapping[str, JSON]) -> StaffRelease:
        """Return a release for a person to sign, under a number that nobody has used. Nothing is stored."""
        number = int.from_bytes(random_bytes(_NUMBER_BYTES), "big") % MAX_NUMBER + 1
        return StaffRelease(member, act, content_digest(document), number)

    def digest(self, release: StaffRelease) -> bytes:
        """Return what the passkey signs."""
        return release.digest(self._ledger.member_domain)

    def take(
        self,
        connection: Connection,
        release: StaffRelease,
        assertion: Assertion,
        *,
        by: StaffMember,
        prepared_by: bytes | None,
        now: int,
    ) -> None:
        """Keep a release that ``by`` signed, in the transaction of what it releases.

        Raises:
            VerificationError: ``not_allowed`` for this role; ``release_by_preparer``; the passkey of ``by`` did not
                sign this; ``release_number_taken``.
        """
        if by.member != release.member or by.passkey is None:
            raise VerificationError(Reason.NOT_ALLOWED, "people release for their own member alone")
        by.require(*RELEASERS[release.act])
        if by.id == prepared_by:
            raise VerificationError(Reason.RELEASE_BY_PREPARER, "you prepared this; somebody else must release it")
        assertion.require_signer(self.digest(release), [by.passkey])
        kept = KeptRelease(release, by.id, prepared_by, by.passkey, assertion.in_one_form(), now)
        self._add(connection, kept)

    def take_by_member(self, connection: Connection, release: StaffRelease, signature: bytes, *, now: int) -> None:
        """Keep a release that the member's own key on the MemberRegistry signed.

        Raises:
            VerificationError: ``key_not_valid`` or why else the key does not count; ``release_number_taken``.
            ChainError: the ledger does not answer.
        """
        signer = recover(self.digest(release), signature)
        standing = self._ledger.standing(release.member, signer)
        fault = standing.key.fault_at(standing.time, KeyPurpose.SIGN_IN)
        if fault is not None:
            raise VerificationError(fault, "this is not signed by a key of the member that is in force")
        self._add(connection, KeptRelease(release, None, None, signer, signature, now))

    def of(self, member: bytes, *, limit: int = 200) -> list[KeptRelease]:
        """Return what was released for a member, the newest first."""
        query = select(table.staff_release).where(_HELD.member == member)
        return [_kept(row) for row in self._store.rows(query.order_by(_HELD.time.desc()).limit(limit))]

    def find(self, member: bytes, act: StaffAct, content: bytes) -> KeptRelease | None:
        """Return the release of this content, if there is one."""
        same = (_HELD.member == member) & (_HELD.act == act.value) & (_HELD.content == content)
        row = self._store.row(select(table.staff_release).where(same))
        return None if row is None else _kept(row)

    @staticmethod
    def _add(connection: Connection, kept: KeptRelease) -> None:
        row = {
            "member": kept.release.member,
            "number": kept.release.number,
            "act": kept.release.act.value,
            "content": kept.release.content,
            "staff": kept.staff,
            "prepared_by": kept.prepared_by,
            "key": json.dumps(_key_to_json(kept.key)),
            "signature": json.dumps(signature_to_json(kept.signature)),
            "time": kept.time,
        }
        try:
            connection.execute(insert(table.staff_release).values(row))
        except IntegrityError as error:
            raise VerificationError(
                Reason.RELEASE_NUMBER_TAKEN, "a release of this number was taken before; open the page anew"
            ) from error


def require_number(number: int) -> int:
    """Return a number that somebody sent.

    Raises:
        InvalidInputError: ``value_out_of_range``.
    """
    if not 1 <= number <= MAX_NUMBER:
        raise InvalidInputError(Reason.VALUE_OUT_OF_RANGE, f"a number lies between 1 and {MAX_NUMBER}", field="number")
    return number


def _key_to_json(key: Passkey | bytes) -> JSON:
    return {"passkey": key.to_json()} if isinstance(key, Passkey) else {"address": to_hex(key)}


def _kept(row: Any) -> KeptRelease:  # noqa: ANN401 - a row of the table
    key = json.loads(row.key)
    return KeptRelease(
        StaffRelease(row.member, StaffAct(row.act), row.content, row.number),
        row.staff,
        row.prepared_by,
        Passkey.from_json(key["passkey"]) if "passkey" in key else parse_address(key["address"], "address"),
        signature_from_json(decode(row.signature.encode())),
        row.time,
    )
