"""People of a member's staff with passkeys of their own, on a small instance."""

import itertools
from dataclasses import dataclass

from api.services.one_time_code.code import OneTimeCodes
from api.services.staff.person import StaffMember
from api.services.staff.prepared_act import PreparedActs
from api.services.staff.program import Programs
from api.services.staff.release import Releases
from api.services.staff.role import StaffRole
from api.services.staff.roster import Roster
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.signature import sign
from ledger_node.domain.staff_release import StaffAct, new_staff_document
from tests.kit.authenticator import Authenticator
from tests.kit.small_instance import REGISTRAR, key_of

_SCALARS = itertools.count(1_001)


@dataclass(frozen=True)
class Device:
    """A security key, and what the instance holds of it."""

    authenticator: Authenticator

    @property
    def credential(self):
        return b"credential" + self.authenticator.scalar.to_bytes(4, "big")

    @property
    def passkey(self):
        return Passkey(self.authenticator.rp_id_hash, self.authenticator.public_key)

    def assertion(self, digest):
        return Assertion(*self.authenticator.assertion(digest))


def new_device():
    return Device(Authenticator(next(_SCALARS)))


@dataclass(frozen=True)
class Person:
    """An active person and the key that it has in its hand."""

    held: StaffMember
    device: Device

    @property
    def id(self):
        return self.held.id


class Office:
    """The staff services of a small instance, and people of one member."""

    def __init__(self, instance, member=REGISTRAR):
        self.instance, self.member = instance, member
        mac = instance.departments[REGISTRAR].kek.keyed_digest
        self.codes = OneTimeCodes(instance.store, mac, instance.now)
        self.releases = Releases(instance.store, instance.ledger)
        self.roster = Roster(instance.store, self.codes, self.releases)
        self.prepared = PreparedActs(instance.store, self.releases)
        self.programs = Programs(self.roster, self.releases)

    def signed_by_member(self, act, document, key=None):
        """Return number and signature of a release by the member's own key."""
        draft = self.releases.draft(self.member, act, document)
        return {"number": draft.number, "signature": sign(self.releases.digest(draft), key or key_of(self.member))}

    def invite_by_member(self, name, *roles):
        roles = frozenset(roles)
        signed = self.signed_by_member(StaffAct.ADD_STAFF, new_staff_document(name, roles))
        return self.roster.invite_by_member(self.member, name, roles, **signed, now=self.instance.now())

    def enrol(self, code, device=None, *, is_synced=False):
        device = device or new_device()
        came = self.roster.enrol(code, device.credential, device.passkey, is_synced=is_synced)
        return Person(came, device)

    def hire(self, name, *roles):
        """Return an active person whom the member's own key invited."""
        return self.enrol(self.invite_by_member(name, *roles or tuple(StaffRole)).code)

    def signed(self, person, draft):
        """Return number and assertion of a release that a person signs."""
        return draft.number, person.device.assertion(self.releases.digest(draft))

    def release(self, by, person):
        draft = self.roster.draft_release(self.roster.find(person.id), StaffAct.ADD_STAFF)
        return self.roster.release(by.held, person.id, *self.signed(by, draft), now=self.instance.now())

    def end(self, by, person):
        draft = self.roster.draft_release(self.roster.find(person.id), StaffAct.END_STAFF)
        return self.roster.end(by.held, person.id, *self.signed(by, draft), now=self.instance.now())
