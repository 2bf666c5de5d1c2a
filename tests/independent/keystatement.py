"""Statements of keys of a later block (clause 16)."""

from dataclasses import dataclass

from . import block
from .block import Block
from .errors import need
from .form import read_block, read_canonical, read_network, read_nodes
from .state import State
from .strict import items, members, octets, one_form_last, rising, text
from .trust import Trust

MAX_KEYS = 1024
Key = tuple[bytes, bytes]


@dataclass(frozen=True)
class KeyStatement:
    """A statement that was read."""

    network: tuple[int, bytes]
    block: Block
    nodes: list[bytes]
    keys: list[Key]

    def check(self, trust: Trust, number: int) -> dict[Key, int]:
        """compromisedFrom of each key: network, seals and state, then that it is not of an earlier block."""
        chain_id, genesis = self.network
        need(chain_id == trust.chain_id and trust.era(genesis), "other_network")
        block.check(self.block, trust, genesis)
        state = State(self.block.state_root, self.nodes, trust)
        state.codes("MemberRegistry")
        found = {key: state.key(*key).compromised_from for key in self.keys}
        need(state.nodes.all_used(), "state_proof_unneeded")
        need(self.block.number >= number, "statement_earlier")
        return found


def read(data: bytes) -> KeyStatement:
    """The bytes of a statement; what is wrong with its form is found before any check."""
    value = read_canonical(data)
    with one_form_last():
        members(value, "format network keys block nodes")
        need(text(value["format"]) == "credence-keys/v2", "value_malformed")
        network, sealed, nodes = read_network(value["network"]), read_block(value["block"]), read_nodes(value["nodes"])
        keys = []
        for item in items(value["keys"], MAX_KEYS):
            members(item, "member key")
            keys.append((octets(item["member"], 32), octets(item["key"], 20)))
        rising(keys)
    return KeyStatement(network, sealed, nodes, keys)
