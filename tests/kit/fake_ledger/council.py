"""What the council decides: members, keys, schemas and documents (MemberRegistry, SchemaRegistry)."""

from dataclasses import dataclass, replace

from ledger_node.chain.port import Role
from ledger_node.domain.fact import IssuerPeriod, KeyRecord
from tests.kit.fake_ledger.chain import require

FOREVER = 2**64 - 1
NONE, ACTIVE, SUSPENDED, LEFT = range(4)
NO_KEY = KeyRecord(0, 0, 0)


@dataclass(frozen=True)
class MemberState:
    """A member as the MemberRegistry holds it."""

    roles: Role
    state: int
    name: str
    service_url: str


NOBODY = MemberState(Role(0), NONE, "", "")


def require_actor(made, member, key, roles):
    """Require that a key may act for its member in one of ``roles`` now."""
    known = made.state.members.get(member, NOBODY)
    require(known.state != NONE, "MemberUnknown")
    require(known.state == ACTIVE, "MemberNotActive")
    require(known.roles & roles, "MemberLacksRole")
    record = made.state.keys.get((member, key), NO_KEY)
    require(record.fault_at(made.time) is None, "MemberKeyNotValid")


def actor_of(made, key, roles):
    """Return the member whose key sent the transaction, if it may act in one of ``roles``."""
    member = made.state.member_of.get(key)
    require(member is not None, "MemberKeyUnknown")
    require_actor(made, member, key, roles)
    return member


class Council:
    """The council of a fake chain; it needs no votes. Each call is one transaction."""

    def __init__(self, chain):
        self._chain = chain

    def add_member(self, member, roles, name, service_url=""):
        with self._chain.transaction() as made:
            require(any(member), "MemberIdZero")
            require(member not in made.state.members, "MemberExists")
            made.state.members[member] = MemberState(Role(roles), ACTIVE, name, service_url)

    def set_roles(self, member, roles):
        with self._chain.transaction() as made:
            known = self._not_left(made, member)
            made.state.members[member] = replace(known, roles=Role(roles))

    def set_state(self, member, state):
        with self._chain.transaction() as made:
            known = self._known(made, member)
            legal = known.state != LEFT and state not in {NONE, known.state}
            require(legal, "MemberTransitionIllegal")
            made.state.members[member] = replace(known, state=state)

    def add_key(self, member, key, valid_from=0, valid_until=FOREVER):
        with self._chain.transaction() as made:
            self._not_left(made, member)
            require(key not in made.state.member_of, "MemberKeyTaken")
            require(valid_until > valid_from, "MemberKeyPeriodInvalid")
            made.state.member_of[key] = member
            made.state.keys[member, key] = KeyRecord(valid_from, valid_until, 0)

    def end_key(self, key, valid_until):
        with self._chain.transaction() as made:
            member, record = self._key(made, key)
            require(made.time <= valid_until < record.valid_until, "MemberKeyPeriodInvalid")
            made.state.keys[member, key] = replace(record, valid_until=valid_until)

    def mark_compromised(self, key, since):
        with self._chain.transaction() as made:
            member, record = self._key(made, key)
            before = record.compromised_from
            require(since and (not before or since < before), "MemberKeyCompromiseInvalid")
            made.state.keys[member, key] = replace(record, compromised_from=since)

    def register_schema(self, schema, name):
        with self._chain.transaction() as made:
            require(any(schema), "SchemaIdZero")
            require(schema not in made.state.schemas, "SchemaExists")
            made.state.schemas[schema] = name

    def allow_issuer(self, schema, member):
        with self._chain.transaction() as made:
            require(schema in made.state.schemas, "SchemaUnknown")
            require((schema, member) not in made.state.periods, "IssuerPeriodExists")
            made.state.periods[schema, member] = IssuerPeriod(made.time, FOREVER)

    def disallow_issuer(self, schema, member):
        with self._chain.transaction() as made:
            period = made.state.periods.get((schema, member))
            require(period is not None and period.until == FOREVER, "IssuerNotAllowed")
            made.state.periods[schema, member] = replace(period, until=made.time)

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
