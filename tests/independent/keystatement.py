"""Statements of keys of a later block (clause 16)."""

from . import block
from .errors import need
from .form import Bundle, read_block, read_canonical, read_network, read_nodes
from .state import State
from .strict import items, members, octets, rising, text
from .trust import Trust

MAX_KEYS = 1024


def read(data: bytes, bundle: Bundle, trust: Trust) -> dict[tuple[bytes, bytes], int]:
    """compromisedFrom of each key that the statement proves the record of."""
    value = read_canonical(data)
    members(value, "format network keys block nodes")
    need(text(value["format"]) == "credence-keys/v1", "value_malformed")
    network, sealed, nodes = read_network(value["network"]), read_block(value["block"]), read_nodes(value["nodes"])
    keys = []
    for item in items(value["keys"], MAX_KEYS):
        members(item, "member key")
        keys.append((octets(item["member"], 32), octets(item["key"], 20)))
    rising(keys)
    need(network == (trust.chain_id, trust.genesis), "other_network")
    block.check(sealed, trust)
    need(sealed.number >= bundle.block.number, "statement_earlier")
    state = State(sealed.state_root, nodes, trust)
    found = {key: state.key(*key).compromised_from for key in keys}
    need(state.nodes.all_used(), "state_proof_unneeded")
    return found
