"""The fake's part of members: it reads what the council decided."""

from ledger_node.chain.port import Member, MemberLedger, Standing
from ledger_node.domain.hashing import HASH_BYTES
from tests.kit.fake_ledger.access import FakeAccess
from tests.kit.fake_ledger.council import ACTIVE, FOREVER, NO_KEY


class FakeMembers(FakeAccess, MemberLedger):
    """Members, schemas and documents."""

    @property
    def member_domain(self):
        return self._domain("MemberRegistry")

    def members(self):
        return [self._member(member) for member in self._state.members]

    def standing(self, member, key):
        known = self._member(member) if member in self._state.members else None
        return Standing(known, self._state.keys.get((member, key), NO_KEY), self.head().time)

    def document(self, name):
        return self._state.documents.get(name, bytes(HASH_BYTES))

    def issuers(self):
        found = {schema: set() for schema, _ in self._state.periods}
        for (schema, member), period in self._state.periods.items():
            if period.until == FOREVER:
                found[schema].add(member)
        return {schema: frozenset(members) for schema, members in found.items()}

    def _member(self, member):
        known = self._state.members[member]
        return Member(member, known.name, known.roles, known.state == ACTIVE, known.service_url)
