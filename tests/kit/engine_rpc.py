"""The embedded node in the test's own process, as the client of the port asks it: no socket, and a clock of its own."""

import json

from eth_account import Account

from ledger_node.chain.rpc import Rpc
from ledger_node.node.embedded import Engine, Genesis
from ledger_node.node.embedded.rpc import Rpc as EngineMethods

SEALER_KEY = b"\x11" * 32


class EngineRpc(Rpc):
    """A node of its own, asked in place of endpoints; ``now`` is the time of its next block."""

    def __init__(self, folder, chain_id, keys, now):
        self.now = now
        genesis = Genesis(
            chain_id=chain_id,
            timestamp=now,
            sealer=Account.from_key(SEALER_KEY).address,
            allowlist=tuple(Account.from_key(key).address for key in keys),
        )
        path = folder / "chain.sqlite"
        Engine.create(path, genesis, SEALER_KEY).close()
        self._engine = Engine.open(path, SEALER_KEY, now=lambda: self.now)
        self._methods = EngineMethods(self._engine)

    def ask(self, calls, *, must_succeed):  # noqa: ARG002 - there is nobody else to ask
        batch = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        answers = json.loads(self._methods.handle(json.dumps(batch).encode()))
        return sorted(answers, key=lambda answer: answer["id"])

    def ask_all(self, calls):
        return [self.ask(calls, must_succeed=False)]

    def observe_block(self, block):
        pass

    def close(self):
        self._engine.close()
