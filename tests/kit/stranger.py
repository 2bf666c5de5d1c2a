"""A second member of the consortium that registers and relays: what it does, no instance of ours has sent."""

from ledger_node.chain.port import Role
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.fact import EVERY_PURPOSE
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes


def stranger_ledger(place):
    """Let another registrar and relayer join, and return its client of the ledger."""
    # an account that the node lets send, and that is no member's key yet
    key = place.home.read_key("governor")
    book, rpc = place.home.address_book(), Rpc(place.served.node()["url"])
    member = random_bytes(32)
    place.vote(
        ("addMember", member, int(Role.REGISTRAR | Role.RELAYER), "Other registrar", ""),
        ("addKey", member, to_hex(address_of(key)), int(EVERY_PURPOSE), 0, 2**64 - 1),
    )
    sender = Sender(rpc, book.chain_id, key)
    return Web3Ledger(book, rpc, relayer=sender, registrar=sender)
