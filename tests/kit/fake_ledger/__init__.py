"""A Ledger in memory that refuses what the contracts refuse, for tests that take milliseconds.

It passes the port's own suite (tests/chain/port), as Web3Ledger on the embedded node does.

What it does not do: state proofs and the trust file need headers, seals and a state trie, so ``state_proof`` and
``trust`` raise NotImplementedError. Nothing is ever on its way, unless a test says so in ``chain.on_way``. No endpoint
fails; a test that needs a ledger that does not answer replaces the method.
"""

from tests.kit.fake_ledger.anchor import FakeAnchors
from tests.kit.fake_ledger.chain import CHAIN_ID, GENESIS_TIME, FakeChain
from tests.kit.fake_ledger.consent import FakeConsents
from tests.kit.fake_ledger.council import Council
from tests.kit.fake_ledger.council_vote import FakeCouncil
from tests.kit.fake_ledger.fact import FakeFacts
from tests.kit.fake_ledger.member import FakeMembers
from tests.kit.fake_ledger.subject import FakeSubjects

__all__ = ["CHAIN_ID", "GENESIS_TIME", "Council", "FakeChain", "FakeCouncil", "FakeLedger"]


class FakeLedger(FakeMembers, FakeAnchors, FakeSubjects, FakeConsents, FakeFacts):
    """One member's client of a fake chain, with all of the port."""
