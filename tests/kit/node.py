"""What the node tests share: keys, a small contract, and a node in its own process."""

import http.client
import json
import subprocess
import sys
import threading
from pathlib import Path

from eth_account import Account

from ledger_node.node.embedded import Genesis

CHAIN_ID = 7_357
SEALER_KEY = b"\x11" * 32
GENESIS_TIME = 1_700_000_000
ROOT = Path(__file__).parents[2]

# calldata of 64 bytes (slot, value): stores the value, and logs it with topics 1 and slot
#   602035 600035 55   sstore(calldata[0], calldata[32])
#   602035 6000 52     mstore(0, calldata[32])
#   600035 6001 6020 6000 a2 00   log2(0, 32, 1, calldata[0]); stop
# calldata of 32 bytes (slot): returns the stored value
#   5b 600035 54 6000 52 6020 6000 f3
# calldata of 4 bytes: reverts with them, as a custom error without arguments does
#   5b 6000 35 6000 52 6004 6000 fd
_READ, _REVERT = "5b60003554600052602060" + "00f3", "5b6000356000526004" + "6000fd"
_STORE = "60203560003555602035600052600035600160206000a200"
_HEAD = "36602014602757" + "3660041460" + "37" + "57"


def runtime():
    head = bytes.fromhex(_HEAD)
    store = bytes.fromhex(_STORE)
    read = bytes.fromhex(_READ)
    code = bytearray(head + store + read + bytes.fromhex(_REVERT))
    code[5] = len(head + store)
    code[12] = len(head + store + read)
    return bytes(code)


def initcode():
    """Return code that deploys the runtime: codecopy(0, 12, n); return(0, n)."""
    code = runtime()
    return bytes.fromhex(f"60{len(code):02x}600c60003960{len(code):02x}6000f3") + code


def account(index):
    return Account.from_key(bytes([index + 1]) * 32)


def sign(sender, nonce, to, data=b"", *, gas=300_000, chain_id=CHAIN_ID, legacy=False, value=0):
    fields = {"nonce": nonce, "to": to, "data": data, "gas": gas, "chainId": chain_id, "value": value}
    fees = {"gasPrice": 0} if legacy else {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "type": 2}
    return bytes(sender.sign_transaction(fields | fees).raw_transaction)


def word(number):
    return number.to_bytes(32, "big")


def genesis(**changes):
    members = {
        "chain_id": CHAIN_ID,
        "timestamp": GENESIS_TIME,
        "sealer": Account.from_key(SEALER_KEY).address,
        "allowlist": tuple(account(index).address for index in range(8)),
    }
    return Genesis(**(members | changes))


def deploy(engine, sender=None, nonce=0):
    """Deploy the test contract and return its address."""
    tx_hash = engine.submit(sign(sender or account(0), nonce, b"", initcode()))
    with engine.store.reader() as connection:
        return connection.execute("SELECT contract FROM tx WHERE hash=?", (tx_hash,)).fetchone()[0]


_PROGRAM = """
import sys
from ledger_node import clock
true = clock.now
clock.now = lambda: true() + int(sys.argv[2])
from ledger_node.node.embedded import run_node
run_node(sys.argv[1], "127.0.0.1", 0, bytes.fromhex(sys.stdin.readline()),
         on_ready=lambda port: print(port, flush=True), stop_when_stdin_closes=True)
"""


class NodeProcess:
    """A node in a process of its own."""

    def __init__(self, path, sealer_key=SEALER_KEY, *, clock_ahead_s=0):
        self.path = path
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _PROGRAM, str(path), str(clock_ahead_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
        self.process.stdin.write(sealer_key.hex().encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.stderr.read().decode())
        self.port = int(line)
        self.url = f"http://127.0.0.1:{self.port}"
        self._local = threading.local()

    def post(self, body, content_type="application/json"):
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/", body, {"content-type": content_type})
        response = connection.getresponse()
        return response.status, response.read()

    def rpc(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        return json.loads(self.post(body)[1])

    def result(self, method, *params):
        answer = self.rpc(method, *params)
        assert "error" not in answer, answer
        return answer["result"]

    def hang_up(self):
        if getattr(self._local, "connection", None) is not None:
            self._local.connection.close()
            self._local.connection = None

    def end(self, how="stdin"):
        self.hang_up()
        if how == "stdin":
            self.process.stdin.close()
        else:
            self.process.send_signal(how)
        code = self.process.wait(30)
        errors = self.process.stderr.read().decode()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()
        return code, errors
