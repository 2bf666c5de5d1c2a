"""The embedded node's engine behind the same interface as the chain in memory, with a clock that only tests move."""

import shutil

from eth_account import Account
from web3 import Web3
from web3.exceptions import ContractLogicError
from web3.middleware import SignAndSendRawMiddlewareBuilder
from web3.providers.base import JSONBaseProvider

from ledger_node.node.embedded import Engine, Genesis
from ledger_node.node.embedded.rpc import Rpc
from tests.kit.contract_set import GENESIS_TIME, Chain, Refused

CHAIN_ID = 7_358
SEALER_KEY = b"\x11" * 32


class EngineProvider(JSONBaseProvider):
    """Asks the JSON-RPC of whatever engine the chain runs at the moment, without a socket."""

    def __init__(self, chain):
        super().__init__()
        self._chain = chain

    def make_request(self, method, params):
        return self.decode_rpc_response(self._chain.rpc.handle(self.encode_rpc_request(method, params)))


class EmbeddedChain(Chain):
    """One block a transaction, in the second that ``at`` said last; a snapshot is a copy of the chain's files."""

    failures = (ContractLogicError,)

    def __init__(self, folder):
        self._folder, self._time, self._snapshots = folder, GENESIS_TIME, 0
        self.accounts = [Account.from_key(bytes([number]) * 32) for number in range(1, 11)]
        genesis = Genesis(
            chain_id=CHAIN_ID,
            timestamp=GENESIS_TIME,
            sealer=Account.from_key(SEALER_KEY).address,
            allowlist=tuple(account.address for account in self.accounts),
        )
        (folder / "chain").mkdir()
        Engine.create(self._file, genesis, SEALER_KEY).close()
        self._open()
        self.w3 = Web3(EngineProvider(self))
        self.w3.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(self.accounts), layer=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._engine.close()

    @property
    def _file(self):
        return self._folder / "chain" / "chain.sqlite"

    def _open(self):
        self._engine = Engine.open(self._file, SEALER_KEY, now=lambda: self._time)
        self.rpc = Rpc(self._engine)

    @property
    def next_time(self):
        return self._time

    def at(self, time):
        self._time = time

    def snapshot(self):
        self._snapshots += 1
        saved = self._folder / f"snapshot {self._snapshots}"
        self._engine.close()
        shutil.copytree(self._folder / "chain", saved)
        self._open()
        return saved, self._time

    def revert(self, snapshot):
        saved, self._time = snapshot
        self._engine.close()
        shutil.rmtree(self._folder / "chain")
        shutil.copytree(saved, self._folder / "chain")
        self._open()

    def refusal(self, error):
        return Refused.of(bytes.fromhex(error.data[2:])) if isinstance(error.data, str) else error
