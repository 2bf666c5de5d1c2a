"""The vectors, their corruptions, and chains that hold just what a case says."""

import copy
from pathlib import Path

from eth.vm.forks.cancun import CancunVM
from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from web3 import Web3
from web3.providers.eth_tester import EthereumTesterProvider

from tests.kit.contract_set import GENESIS_TIME, Chain, deployed_code

FOLDER = Path(__file__).parent.parent / "vectors"
FILES = sorted(FOLDER.glob("*.json"))


class Network(Chain):
    """A chain of this id whose genesis has one contract at this address, with these words in its storage."""

    def __init__(self, chain_id, address, code, storage):
        state = dict(PyEVMBackend.generate_genesis_state(num_accounts=2))
        state[bytes.fromhex(address[2:])] = {"balance": 0, "nonce": 1, "code": code, "storage": storage}
        backend = PyEVMBackend(
            genesis_parameters=PyEVMBackend.generate_genesis_params({"timestamp": GENESIS_TIME}),
            genesis_state=state,
            vm_configuration=((0, CancunVM),),
        )
        backend.chain.chain_id = chain_id
        self.tester = EthereumTester(backend)
        self.w3 = Web3(EthereumTesterProvider(self.tester))
        self.accounts = [Account.from_key(key.to_bytes()) for key in backend.account_keys]


def code_of(name):
    """The code of a contract, its immutables left zero."""
    return deployed_code(name)


def corrupted(case, changes):
    """The case after the changes, each at its JSON pointer (RFC 6901)."""
    changed = copy.deepcopy(case)
    for change in changes:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in change["path"].split("/")[1:]]
        target = changed
        for part in parents:
            target = target[int(part)] if isinstance(target, list) else target[part]
        key = int(last) if isinstance(target, list) and last != "-" else last
        if change.get("remove"):
            del target[key]
        elif isinstance(target, list) and key in {"-", len(target)}:
            target.append(change["value"])
        else:
            target[key] = change["value"]
    return changed
