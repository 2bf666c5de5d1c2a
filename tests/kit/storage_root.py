"""The root of everything that a contract stores, computed from slots and read from a chain."""

import rlp
from eth_utils import keccak, to_canonical_address
from trie import HexaryTrie

from tests.kit.anvil_chain import AnvilChain


def at(key, slot):
    """k . s: the slot of a mapping's entry."""
    key = bytes.fromhex(key[2:]) if isinstance(key, str) else key
    key = key.to_bytes(32) if isinstance(key, int) else key.rjust(32, b"\0")
    return int.from_bytes(keccak(key + slot.to_bytes(32)))


def elements(slot):
    """Where the elements of the array at a slot begin."""
    return int.from_bytes(keccak(slot.to_bytes(32)))


def packed(*parts):
    """(value, bits) from the low end."""
    value = shift = 0
    for part, bits in parts:
        value |= number(part) << shift
        shift += bits
    return value


def number(value):
    """A stored value as a number: bytes and addresses too."""
    if isinstance(value, str):
        return int(value, 16)
    return int.from_bytes(value) if isinstance(value, bytes) else int(value)


def root_of(slots):
    """The storage root of exactly these slots; those of zero are not stored."""
    trie = HexaryTrie({})
    for slot, value in slots.items():
        if number(value):
            trie[keccak(slot.to_bytes(32))] = rlp.encode(number(value))
    return trie.root_hash


def root_on(chain, contract):
    """The storage root that the last block has for a contract."""
    if isinstance(chain, AnvilChain):
        # its storageHash is another one; so the root is that of all its slots
        return root_of(chain.storage_of(contract))
    if not hasattr(chain, "tester"):
        return bytes(chain.w3.eth.get_proof(contract.address, [])["storageHash"])
    state = chain.tester.backend.chain.get_vm().state
    return state._account_db._get_account(to_canonical_address(contract.address)).storage_root


def logs_of(chain, contract):
    """Every event of a contract, in order, as (name, arguments)."""
    found = chain.w3.eth.get_logs({"address": contract.address, "fromBlock": 0, "toBlock": "latest"})
    kinds = {
        contract.events[entry["name"]]().topic: entry["name"] for entry in contract.abi if entry["type"] == "event"
    }
    for log in found:
        name = kinds["0x" + bytes(log["topics"][0]).hex()]
        yield name, dict(contract.events[name]().process_log(log)["args"])
