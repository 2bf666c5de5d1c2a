"""A raw transaction, decoded and checked as far as that needs no state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import rlp
from eth.abc import SignedTransactionAPI
from eth.constants import CREATE_CONTRACT_ADDRESS, GAS_TX, GAS_TXCREATE, GAS_TXDATAZERO, SECPK1_N, UINT_256_MAX
from eth.exceptions import UnrecognizedTransactionType
from eth.vm.forks.berlin.constants import ACCESS_LIST_ADDRESS_COST_EIP_2930, ACCESS_LIST_STORAGE_KEY_COST_EIP_2930
from eth.vm.forks.cancun.transactions import CancunTransactionBuilder
from eth.vm.forks.istanbul.constants import GAS_TXDATANONZERO_EIP2028
from eth.vm.forks.shanghai.constants import INITCODE_WORD_COST, MAX_INITCODE_SIZE
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded.error import refused

_BLOB_TYPE: Final = 3
_MAX_BYTES: Final = 131_072
_MAX_NONCE: Final = 2**64 - 2
_EIP155_FIRST_V: Final = 35


@dataclass(frozen=True, slots=True, eq=False)
class Transaction:
    """A transaction whose form, chain id and signature are good.

    Attributes:
        to: recipient, or None for a contract creation.
    """

    raw: bytes
    hash: bytes
    sender: bytes
    evm: SignedTransactionAPI

    @property
    def to(self) -> bytes | None:
        """Recipient, or None for a contract creation."""
        return None if self.evm.to == CREATE_CONTRACT_ADDRESS else bytes(self.evm.to)


def intrinsic_gas(data: bytes, access_list: Sequence[tuple[bytes, Sequence[int]]], *, creates: bool) -> int:
    """Return the gas a transaction costs before any opcode runs (Yellow Paper g0, EIP-2028, 2930, 3860)."""
    zeros = data.count(0)
    gas = GAS_TX + zeros * GAS_TXDATAZERO + (len(data) - zeros) * GAS_TXDATANONZERO_EIP2028
    if creates:
        gas += GAS_TXCREATE + INITCODE_WORD_COST * ((len(data) + 31) // 32)
    listed = sum(len(slots) for _, slots in access_list)
    return gas + len(access_list) * ACCESS_LIST_ADDRESS_COST_EIP_2930 + listed * ACCESS_LIST_STORAGE_KEY_COST_EIP_2930


def _decode(raw: bytes) -> SignedTransactionAPI:
    if not raw:
        raise refused("typed transaction too short")
    if len(raw) > _MAX_BYTES:
        raise refused("oversized data")
    if raw[0] == _BLOB_TYPE:
        raise refused("transaction type not supported")
    try:
        return CancunTransactionBuilder.decode(raw)
    except UnrecognizedTransactionType as error:
        raise refused("transaction type not supported") from error
    except (rlp.exceptions.RLPException, ValidationError, ValueError, TypeError) as error:
        raise refused("rlp: the transaction cannot be decoded") from error


def _check_chain_id(evm: SignedTransactionAPI, chain_id: int) -> None:
    if not evm.type_id:
        v = evm.v  # type: ignore[attr-defined] # only a legacy transaction has v
        if v < _EIP155_FIRST_V:
            raise refused("only replay-protected (EIP-155) transactions allowed over RPC")
        signed_for = (v - _EIP155_FIRST_V) // 2
    else:
        signed_for = evm.chain_id or 0
    if signed_for != chain_id:
        raise refused(f"invalid chain id for signer: have {signed_for} want {chain_id}")


def _sender(evm: SignedTransactionAPI) -> bytes:
    if not (0 < evm.r < SECPK1_N and 0 < evm.s <= SECPK1_N // 2 and evm.y_parity in {0, 1}):
        raise refused("invalid transaction v, r, s values")
    try:
        return bytes(evm.sender)
    except (BadSignature, ValidationError) as error:
        raise refused("invalid sender: the signature does not recover") from error


def read_transaction(raw: bytes, chain_id: int, max_gas: int) -> Transaction:
    """Decode a raw transaction and check all that does not depend on the state.

    Raises:
        RpcError: worded as geth words it.
    """
    evm = _decode(raw)
    _check_chain_id(evm, chain_id)
    creates = evm.to == CREATE_CONTRACT_ADDRESS
    if evm.nonce > _MAX_NONCE:
        raise refused("nonce has max value")
    if evm.value > UINT_256_MAX or evm.max_fee_per_gas > UINT_256_MAX:
        raise refused("value or fee is larger than 256 bits")
    if evm.max_priority_fee_per_gas > evm.max_fee_per_gas:
        raise refused("max priority fee per gas higher than max fee per gas")
    if creates and len(evm.data) > MAX_INITCODE_SIZE:
        raise refused(f"max initcode size exceeded: code size {len(evm.data)}, limit {MAX_INITCODE_SIZE}")
    if evm.gas > max_gas:
        raise refused(f"exceeds block gas limit: a transaction may use {max_gas}")
    needed = intrinsic_gas(evm.data, evm.access_list, creates=creates)
    if evm.gas < needed:
        raise refused(f"intrinsic gas too low: gas {evm.gas}, minimum needed {needed}")
    return Transaction(raw, keccak(raw), _sender(evm), evm)
