"""anvil, an independent EVM, for tests that hold the embedded node against it."""

import contextlib
import functools
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest


def anvil_program():
    found = shutil.which("anvil")
    if found:
        return found
    tools = Path(__file__).parents[2] / "contracts" / "node_modules" / "@foundry-rs"
    return next((str(program) for program in tools.glob("anvil-*/bin/anvil")), None)


def _free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


def _ask(port, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - loopback
        answer = json.load(response)
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer["result"]


@contextlib.contextmanager
def running_anvil(chain_id, *options):
    """Run anvil with free gas, and yield a function that asks it."""
    program = anvil_program()
    if program is None:
        pytest.skip("anvil is not installed: scripts/check installs it, or put it on PATH")
    port = _free_port()
    run = [program, "--port", str(port), "--chain-id", str(chain_id), "--hardfork", "cancun", "--silent"]
    run += ["--base-fee", "0", "--gas-price", "0", "--accounts", "1", "--gas-limit", "1000000000"]
    run += ["--disable-min-priority-fee", "--order", "fifo", *options]
    with subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    _ask(port, "eth_chainId")
                    break
                time.sleep(0.05)
            yield functools.partial(_ask, port)
        finally:
            process.kill()


def mined_by(anvil, tx_hash):
    """Return anvil's receipt, which comes a moment after it took the transaction."""
    for _ in range(500):
        receipt = anvil("eth_getTransactionReceipt", tx_hash)
        if receipt is not None:
            return receipt
        time.sleep(0.01)
    raise TimeoutError(tx_hash)
