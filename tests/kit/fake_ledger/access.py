"""What every part of the fake does: read the newest state, and send as one of its member's keys."""

from contextlib import contextmanager

from ledger_node.chain.port import ChainLedger
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.reason import Reason
from tests.kit.fake_ledger.chain import CHAIN_ID


def address_of_contract(name):
    """Return where a contract of every fake chain is."""
    return keccak(name.encode())[-20:]


class FakeAccess(ChainLedger):
    """One member's way to a fake chain.

    ``relayer``, ``registrar``: addresses of the keys that send, as the senders of the real client; both are missing
    where only reads are needed.
    """

    def __init__(self, chain, *, relayer=None, registrar=None):
        self.chain = chain
        self._relayer = relayer
        self._registrar = registrar

    def require_same_chain(self):
        """There is no other chain that a fake could be of."""

    def head(self):
        return self.chain.head

    def next_time(self):
        return max(self.chain.now, self.chain.head.time)

    def require_block(self, block):
        blocks = self.chain.blocks
        if not 0 <= block.number < len(blocks) or blocks[block.number] != block:
            raise VerificationError(Reason.BLOCK_NOT_FINAL, "the chain has no such block")

    def is_on_way(self, name):
        if self._relayer is None and self._registrar is None:
            return False
        return name in self.chain.on_way

    @property
    def _state(self):
        return self.chain.state()

    @staticmethod
    def _domain(contract):
        return SigningDomain(CHAIN_ID, address_of_contract(contract))

    def _as_relayer(self):
        return self._sender(self._relayer)

    def _as_registrar(self):
        return self._sender(self._registrar or self._relayer)

    @staticmethod
    def _sender(key):
        if key is None:
            raise ChainError(Reason.CONFIGURATION, "this client only reads; it has no relaying account")
        return key

    @contextmanager
    def _transaction(self, sender_of):
        """Give a transaction, and what ``sender_of`` says of who sends it."""
        with self.chain.transaction() as made:
            yield made, sender_of(made)

    def _events(self, first=0, last=None):
        """Return (mined, event) of the blocks from ``first`` to ``last``, in order."""
        last = self.head().number if last is None else last
        return [(mined, event) for mined, event in self.chain.events if first <= mined.block.number <= last]
