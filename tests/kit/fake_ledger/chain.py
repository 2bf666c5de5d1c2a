"""A chain in memory: one block a transaction, the state at every block, and a clock that only a test moves."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, fields

from ledger_node.chain.port import Block, Mined
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.event import Inclusion
from ledger_node.domain.hashing import keccak

CHAIN_ID = 31_337
GENESIS_TIME = 1_800_000_000
GAS_USED = 50_000


@dataclass
class State:
    """What the contracts hold at one block. Values are never changed in place, so a copy of the tables is a copy."""

    members: dict = field(default_factory=dict)
    member_of: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    schemas: dict = field(default_factory=dict)
    periods: dict = field(default_factory=dict)
    documents: dict = field(default_factory=dict)
    frozen: dict = field(default_factory=dict)
    council: dict = field(default_factory=dict)
    proposals: dict = field(default_factory=dict)
    heads: dict = field(default_factory=dict)
    anchors: dict = field(default_factory=dict)
    status: dict = field(default_factory=dict)
    status_numbers: dict = field(default_factory=dict)
    marks: dict = field(default_factory=dict)
    clears: dict = field(default_factory=dict)
    entries: dict = field(default_factory=dict)
    recoveries: dict = field(default_factory=dict)
    standings: dict = field(default_factory=dict)
    holds: dict = field(default_factory=dict)
    named_registrars: dict = field(default_factory=dict)
    consents: dict = field(default_factory=dict)
    requests: dict = field(default_factory=dict)
    use_freezes: dict = field(default_factory=dict)

    def copy(self):
        return State(**{one.name: dict(getattr(self, one.name)) for one in fields(self)})


@dataclass(frozen=True)
class Transaction:
    """A transaction while it runs: the state that it changes, and the block that it will be in."""

    state: State
    mined: Mined
    recorded: Inclusion
    events: list
    call: list

    @property
    def time(self):
        return self.mined.block.time

    def emit(self, event):
        self.events.append(event)

    def called(self, function, *args):
        """Say what the transaction itself asks for, as its input shows it."""
        self.call[:] = [function, *args]


class FakeChain:
    """Blocks, states and events. Several ledgers may send to it, each with the keys of its member.

    ``now``: block time of the next block, in seconds; ``pass_time`` moves it. ``on_way``: words that transactions name
    which are sent and not mined; nothing is ever on its way here by itself.
    """

    def __init__(self, now=GENESIS_TIME):
        self.now = now
        self.on_way = set()
        self.blocks = [Block(0, keccak(b"block 0"), now)]
        self.events = []
        self.calls = {}
        self._states = [State()]
        self._guard = threading.RLock()

    def pass_time(self, seconds):
        """Let time pass; it shows in the next block."""
        self.now += seconds

    @property
    def head(self):
        return self.blocks[-1]

    def state(self, block=None):
        """Return what the contracts hold at a block, by default the newest one."""
        return self._states[-1 if block is None else block.number]

    @contextmanager
    def transaction(self):
        """Give a transaction, and mine it in a block of its own; one that is refused leaves nothing behind."""
        with self._guard:
            number = len(self.blocks)
            block = Block(number, keccak(b"block %d" % number), max(self.now, self.head.time))
            digest = keccak(b"transaction %d" % number)
            recorded = Inclusion(digest, block.number, block.hash, block.time)
            made = Transaction(self.state().copy(), Mined(digest, block, GAS_USED), recorded, [], [])
            yield made
            self.blocks.append(block)
            self._states.append(made.state)
            self.events += [(made.mined, event) for event in made.events]
            self.calls[digest] = made.call

    def mine_empty(self):
        """Add a block in which nothing happens."""
        with self.transaction() as made:
            return made.mined.block


def require(condition, error, **arguments):
    """Refuse as a contract does: with the name of its custom error."""
    if not condition:
        raise ContractRevertError(error, arguments)
