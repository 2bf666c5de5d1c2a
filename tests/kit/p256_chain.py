"""The chain in memory with EIP-7951's precompile at 0x100, which forks before Osaka do not have."""

from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.state import CancunState
from eth_tester import EthereumTester, PyEVMBackend
from eth_utils import to_canonical_address
from web3 import Web3
from web3.providers.eth_tester import EthereumTesterProvider

from tests.kit.contract_set import GENESIS_TIME, Account, Chain

PLACE, GAS, INPUT = (0x100).to_bytes(20), 6_900, 160


def verifies(data):
    """Whether hash || r || s || x || y is a signature by the key."""
    if len(data) != INPUT:
        return False
    digest, *numbers = (data[i : i + 32] for i in range(0, INPUT, 32))
    r, s, x, y = map(int.from_bytes, numbers)
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(SHA256())))
    except (ValueError, InvalidSignature):
        return False
    return True


def p256_verify(computation):
    """32 bytes of one, or nothing."""
    computation.consume_gas(GAS, reason="P256VERIFY")
    computation.output = (1).to_bytes(32) if verifies(bytes(computation.msg.data)) else b""
    return computation


class _Computation(CancunComputation):
    _precompiles: ClassVar = {**CancunComputation._precompiles, to_canonical_address(PLACE): p256_verify}


class _State(CancunState):
    computation_class = _Computation


class _VM(CancunVM):
    _state_class = _State


class P256Chain(Chain):
    """As Chain, with the precompile."""

    def __init__(self):
        genesis = PyEVMBackend.generate_genesis_params({"timestamp": GENESIS_TIME})
        self.tester = EthereumTester(PyEVMBackend(genesis_parameters=genesis, vm_configuration=((0, _VM),)))
        self.w3 = Web3(EthereumTesterProvider(self.tester))
        self.accounts = [Account.from_key(key.to_bytes()) for key in self.tester.backend.account_keys]
