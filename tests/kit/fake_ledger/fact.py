"""The fake's part of facts at a block and of events."""

from ledger_node.chain.port import FactLedger
from ledger_node.domain.event import ConsentEvent, ControlEvent, RestoreEvent, StatusEvent
from ledger_node.domain.fact import IssuerPeriod, LedgerFacts, MemberStanding
from ledger_node.domain.status import WORD_BITS, Plane
from tests.kit.fake_ledger.access import FakeAccess
from tests.kit.fake_ledger.council import NO_KEY, NOBODY
from tests.kit.fake_ledger.subject import controller_history

NEVER = IssuerPeriod(0, 0)


class FakeFacts(FakeAccess, FactLedger):
    """Facts and events. It has neither headers nor a state trie, so it proves nothing."""

    def facts(self, query, at=None):
        at = at or self.head()
        state = self.chain.state(at)
        consent = None if query.consent is None else state.consents.get(query.consent)
        found = {anchor: state.anchors[anchor][0].digest for anchor in query.anchors if anchor in state.anchors}
        words = {(member, position // WORD_BITS) for member, position in query.positions}
        standings = {member: state.members.get(member, NOBODY) for member in query.standings}
        return LedgerFacts(
            block_number=at.number,
            block_hash=at.hash,
            block_time=at.time,
            anchor_domain=self._domain("AnchorRegistry"),
            consent_domain=self._domain("ConsentRegistry"),
            anchor_digests=found,
            keys={key: state.keys.get(key, NO_KEY) for key in query.keys},
            issuers={issuer: state.periods.get(issuer, NEVER) for issuer in query.issuers},
            status={
                (member, plane, word): state.status.get((member, plane, word), 0)
                for member, word in words
                for plane in Plane
            },
            standings={member: MemberStanding(int(one.roles), one.state) for member, one in standings.items()},
            consent=consent,
            controllers=None if query.subject is None else controller_history(state, query.subject),
        )

    def state_proof(self, slots, at):
        raise NotImplementedError("the fake ledger has no state trie; take Web3Ledger on an embedded node")

    def trust(self):
        raise NotImplementedError("the fake ledger has no sealer; take Web3Ledger on an embedded node")

    def events_between(self, first, last):
        told = (ConsentEvent, StatusEvent, RestoreEvent, ControlEvent)
        return [event for _, event in self._events(first, last) if isinstance(event, told)]
