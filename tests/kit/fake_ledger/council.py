"""What the council decides: members, keys, schemas and documents (MemberRegistry, SchemaRegistry)."""

from dataclasses import dataclass, replace

from ledger_node.chain.port import Role
from ledger_node.domain.event import ControlEvent, ControlStep
from ledger_node.domain.fact import EVERY_PURPOSE, NO_PURPOSE, IssuerPeriod, KeyPurpose, KeyRecord
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.reason import Reason
from tests.kit.fake_ledger.chain import require
from tests.kit.fake_ledger.status import StatusCouncil

FOREVER = 2**64 - 1
NONE, ACTIVE, SUSPENDED, LEFT = range(4)
NO_KEY = KeyRecord(0, 0, 0, NO_PURPOSE)
NO_MEMBER = bytes(HASH_BYTES)
MAX_SUCCESSORS = 8


@dataclass(frozen=True)
class MemberState:
    """A member as the MemberRegistry holds it."""

    roles: Role
    state: int
    name: str
    service_url: str
    successor: bytes = NO_MEMBER


NOBODY = MemberState(Role(0), NONE, "", "")


def require_not_frozen(made):
    """Require that the council has not stopped everything."""
    require(not made.state.frozen, "MembersFrozen")


def require_actor(made, member, key, roles, purpose):
    """Require that a key may act for its member now, in one of ``roles`` and for one of the purposes."""
    require_not_frozen(made)
    known = made.state.members.get(member, NOBODY)
    require(known.state != NONE, "MemberUnknown")
    require(known.state == ACTIVE, "MemberNotActive")
    require(known.roles & roles, "MemberLacksRole")
    fault = made.state.keys.get((member, key), NO_KEY).fault_at(made.time, purpose)
    require(fault in {None, Reason.KEY_PURPOSE_WRONG}, "MemberKeyNotValid")
    require(fault is None, "MemberKeyLacksPurpose")


def actor_of(made, key, roles, purpose):
    """Return the member that a key acts for, if it may act in one of ``roles`` and for one of the purposes."""
    member = made.state.member_of.get(key)
    require(member is not None, "MemberKeyUnknown")
    require_actor(made, member, key, roles, purpose)
    return member


def is_successor(state, member, predecessor):
    """Return whether ``member`` is reached from ``predecessor`` by one to eight steps to a successor."""
    current = predecessor
    for _ in range(MAX_SUCCESSORS):
        current = state.members.get(current, NOBODY).successor
        if current in {NO_MEMBER, member}:
            return current == member
    return False


class Council(StatusCouncil):
    """The council of a fake chain; it needs no votes. Each call is one transaction."""

    def __init__(self, chain):
        self._chain = chain

    def add_member(self, member, roles, name, service_url=""):
        with self._chain.transaction() as made:
            require(any(member), "MemberIdZero")
            require(member not in made.state.members, "MemberExists")
            made.state.members[member] = MemberState(Role(roles), ACTIVE, name, service_url)

    def add_roles(self, member, roles):
        with self._chain.transaction() as made:
            known = self._not_left(made, member)
            made.state.members[member] = replace(known, roles=known.roles | roles)

    def remove_roles(self, member, roles):
        with self._chain.transaction() as made:
            known = self._known(made, member)
            made.state.members[member] = replace(known, roles=Role(known.roles & ~roles))

    def set_roles(self, member, roles):
        """Add and remove what it takes to have exactly these roles."""
        with self._chain.transaction() as made:
            known = self._not_left(made, member)
            made.state.members[member] = replace(known, roles=Role(roles))

    def suspend(self, member):
        self.set_state(member, SUSPENDED)

    def reactivate(self, member):
        self.set_state(member, ACTIVE)

    def retire(self, member):
        self.set_state(member, LEFT)

    def set_state(self, member, state):
        """Suspend, reactivate or retire."""
        with self._chain.transaction() as made:
            known = self._known(made, member)
            legal = known.state != LEFT and state not in {NONE, known.state}
            require(legal, "MemberTransitionIllegal")
            made.state.members[member] = replace(known, state=state)

    def set_successor(self, member, successor):
        with self._chain.transaction() as made:
            known = self._known(made, member)
            if successor != NO_MEMBER:
                self._known(made, successor)
            require(successor != member, "MemberSuccessorInvalid")
            made.state.members[member] = replace(known, successor=successor)

    def set_service_url(self, member, service_url):
        with self._chain.transaction() as made:
            known = self._not_left(made, member)
            made.state.members[member] = replace(known, service_url=service_url)

    def add_key(self, member, key, valid_from=0, valid_until=FOREVER, purposes=EVERY_PURPOSE):
        with self._chain.transaction() as made:
            self._not_left(made, member)
            require(any(key), "MemberKeyZero")
            require(key not in made.state.member_of, "MemberKeyTaken")
            require(purposes, "MemberKeyPurposesZero")
            require(valid_until > valid_from, "MemberKeyPeriodInvalid")
            made.state.member_of[key] = member
            made.state.keys[member, key] = KeyRecord(valid_from, valid_until, 0, KeyPurpose(purposes))

    def end_key(self, key, valid_until=0):
        with self._chain.transaction() as made:
            member, record = self._key(made, key)
            end = min(max(valid_until, made.time), record.valid_until)
            made.state.keys[member, key] = replace(record, valid_until=end)

    def mark_compromised(self, key, since=0):
        with self._chain.transaction() as made:
            member, record = self._key(made, key)
            marked = min(filter(None, (record.compromised_from, since or made.time)))
            made.state.keys[member, key] = replace(record, compromised_from=marked)

    def set_frozen(self, frozen):
        with self._chain.transaction() as made:
            made.state.frozen.clear()
            if frozen:
                made.state.frozen[True] = True

    def register_schema(self, schema, name):
        with self._chain.transaction() as made:
            require(any(schema), "SchemaIdZero")
            require(schema not in made.state.schemas, "SchemaExists")
            made.state.schemas[schema] = name

    def allow_issuer(self, schema, member):
        with self._chain.transaction() as made:
            require(any(member), "IssuerZero")
            require(schema in made.state.schemas, "SchemaUnknown")
            require((schema, member) not in made.state.periods, "IssuerPeriodExists")
            made.state.periods[schema, member] = IssuerPeriod(made.time, FOREVER)

    def disallow_issuer(self, schema, member):
        with self._chain.transaction() as made:
            period = made.state.periods.get((schema, member))
            require(period is not None and period.until == FOREVER, "IssuerNotAllowed")
            made.state.periods[schema, member] = replace(period, until=made.time)

    def name_registrar(self, subject, registrar):
        with self._chain.transaction() as made:
            require(subject in made.state.entries, "SubjectUnknown")
            known = made.state.members.get(registrar, NOBODY)
            require(not any(registrar) or known.roles & Role.REGISTRAR, "SubjectRegistrarInvalid")
            made.state.named_registrars[subject] = registrar
            made.emit(
                ControlEvent(
                    ControlStep.REGISTRAR_NAMED,
                    subject,
                    made.recorded,
                    member=registrar if any(registrar) else None,
                )
            )

    def set_document(self, name, digest):
        with self._chain.transaction() as made:
            made.state.documents[name] = digest

    @staticmethod
    def _known(made, member):
        require(member in made.state.members, "MemberUnknown")
        return made.state.members[member]

    def _not_left(self, made, member):
        known = self._known(made, member)
        require(known.state != LEFT, "MemberNotActive")
        return known

    @staticmethod
    def _key(made, key):
        member = made.state.member_of.get(key)
        require(member is not None, "MemberKeyUnknown")
        return member, made.state.keys[member, key]
