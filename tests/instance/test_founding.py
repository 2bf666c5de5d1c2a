"""What a consortium of one is when it has just been founded."""

from contextlib import contextmanager

import pytest

from api.home.home import Home
from api.home.node_process import NodeProcess
from api.instance.embedded import LARGEST_CHAIN_ID, drawn_chain_id, found_instance
from ledger_node.chain.artifact import artifact
from ledger_node.chain.governance import RULES
from ledger_node.chain.node_limit import require_limits
from ledger_node.chain.port import Delays, Role
from ledger_node.chain.rpc import ContractRevertError, Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of

GIVE, CHANGE = 3 * 86_400, 7 * 86_400
AS_DEPARTMENT = (
    KeyPurpose.ATTEST | KeyPurpose.STATUS | KeyPurpose.ERASE | KeyPurpose.LOG | KeyPurpose.RECEIPT | KeyPurpose.SIGN_IN
)
AS_RELAYER = KeyPurpose.LOG | KeyPurpose.RECEIPT | KeyPurpose.RELAY | KeyPurpose.SIGN_IN


class Founded:
    """A home with its node, and a client of it."""

    def __init__(self, home, rpc):
        self.home = home
        self.rpc = rpc
        self.book = home.address_book()
        self.ledger = Web3Ledger(self.book, rpc)
        self.members = {member.slug: member for member in home.members()}

    def read(self, contract, function, *args):
        return self.ledger._read(contract, function, *args)

    def purposes(self, slug, key=None):
        address = address_of(self.home.read_key(key or slug))
        return self.ledger.standing(self.members[slug].id, address).key.purposes


@contextmanager
def founded(path, **options):
    home = Home(path)
    found_instance(home, **options)
    node = NodeProcess(home)
    node.start()
    try:
        yield Founded(home, Rpc(node.wait_ready()))
    finally:
        node.stop()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    with founded(tmp_path_factory.mktemp("founded") / "home", delays=Delays(GIVE, CHANGE)) as made:
        yield made


@pytest.mark.parametrize(
    ("slug", "purposes"),
    [
        ("operator", AS_RELAYER),
        ("tax-bureau", AS_DEPARTMENT),
        ("market-regulator", AS_DEPARTMENT | KeyPurpose.REGISTER),
        ("demo-bank", KeyPurpose.SIGN_IN),
    ],
)
def test_k14_a_members_key_is_for_what_its_roles_ask_for(network, slug, purposes):
    assert network.purposes(slug) == purposes


def test_k14_accounts_that_send_for_the_operator_do_nothing_else(network):
    senders = [f"operator.sender-{number}" for number in (1, 2)]
    assert [network.purposes("operator", sender) for sender in senders] == [KeyPurpose.RELAY] * 2


@pytest.mark.parametrize("key", ["governor", "sealer"])
def test_keys_of_the_council_and_of_the_sealer_are_no_members(network, key):
    address = to_hex(address_of(network.home.read_key(key)))
    assert network.read("MemberRegistry", "memberOf", address) == (bytes(32),)


def test_k15_the_dispute_verifier_is_founded_and_reads_the_other_contracts(network):
    contracts = {name: to_hex(address) for name, address in network.book.contracts.items()}
    read = {name: network.read("DisputeVerifier", name)[0] for name in ("ANCHORS", "MEMBERS", "SCHEMAS")}
    names = ("AnchorRegistry", "MemberRegistry", "SchemaRegistry")
    assert read == dict(zip(read, (contracts[name] for name in names), strict=True))


def test_k12_the_delays_hold_from_the_end_of_the_founding_on(network):
    assert network.read("Council", "delays") == (GIVE, CHANGE)
    governor = Sender(network.rpc, network.book.chain_id, network.home.read_key("governor"))
    add = artifact("MemberRegistry").encode("addMember", b"\x0a" * 32, int(Role.RELAYER), "Added at once", "")
    data = artifact("Council").encode("proposeAndExecute", [(to_hex(network.book.contracts["MemberRegistry"]), add)])
    with pytest.raises(ContractRevertError) as refused:
        governor.send(network.book.contracts["Council"], data, gas=1_000_000)
    assert refused.value.error == "ProposalEarly"


def test_k12_every_function_has_the_class_of_the_table(network):
    held = {
        (name, function): network.read(
            "Council", "classOf", to_hex(network.book.contracts[name]), artifact(name).selector(function)
        )[0]
        for name, functions in RULES.items()
        for function in functions
    }
    assert held == {(name, function): one for name, each in RULES.items() for function, one in each.items()}


def test_k18_the_embedded_node_allows_what_a_network_needs(network):
    require_limits(network.rpc, network.book)


def test_only_the_council_that_was_founded_owns_the_contracts(network):
    council = to_hex(network.book.contracts["Council"])
    owned = ("MemberRegistry", "SchemaRegistry", "SubjectRegistry", "AnchorRegistry")
    assert {network.read(name, "owner") for name in owned} == {(council,)}


def test_k16_each_founding_draws_a_chain_id_of_its_own_and_one_may_be_named(network, tmp_path):
    drawn = {drawn_chain_id() for _ in range(1_000)} | {network.book.chain_id}
    assert len(drawn) == 1_001
    assert all(2**47 <= one <= LARGEST_CHAIN_ID < 2**53 for one in drawn)
    with founded(tmp_path / "named", chain_id=4_711) as named:
        assert (named.book.chain_id, named.rpc.request("eth_chainId")) == (4_711, hex(4_711))
        assert named.read("Council", "delays") == (0, 0)


def test_k16_signatures_of_a_rehearsal_count_nowhere_else(network, tmp_path):
    with founded(tmp_path / "rehearsal") as rehearsal:
        assert rehearsal.ledger.anchor_domain != network.ledger.anchor_domain
        assert rehearsal.members["tax-bureau"].id != network.members["tax-bureau"].id
