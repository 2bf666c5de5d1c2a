"""Nodes that fail, lag or are of another chain, on real sockets: no wrong answer, and one of the others is asked."""

import threading
from dataclasses import replace

import pytest
from eth_utils import to_checksum_address
from web3 import Web3

from ledger_node.chain.artifact import artifact
from ledger_node.chain.endpoint import Endpoint, Fault
from ledger_node.chain.port import Block
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of
from ledger_node.node.embedded import Engine
from ledger_node.randomness import random_bytes
from tests.kit.chain import RELAYER, RELAYER_ID, copy_chain, count_of, registration
from tests.kit.node import CHAIN_ID, SEALER_KEY, NodeProcess, genesis
from tests.kit.proxy import GARBLED, NO_ANSWER, Proxy

SHORT_S = 0.4
DOWN = "http://127.0.0.1:9"
UNREADABLE = sorted({*NO_ANSWER, *GARBLED} - {"errors"})


def reason_of(call):
    with pytest.raises(ChainError) as refused:
        call()
    return refused.value.reason.value


def always(fault):
    return lambda _: fault


def test_web3_runs_on_an_endpoint(node, book):
    web3 = Web3(Endpoint(node.url, timeout_s=30))
    assert web3.is_connected()
    assert web3.eth.chain_id == CHAIN_ID
    council = web3.eth.contract(to_checksum_address(book.contracts["Council"]), abi=artifact("Council").abi)
    assert council.functions.threshold().call() == 1
    with web3.batch_requests() as batch:
        batch.add(web3.eth.get_block(0))
        batch.add(web3.eth.get_block_number())
        genesis_block, head = batch.execute()
    assert bytes(genesis_block["hash"]) == book.genesis
    assert head >= 1


def test_web3_runs_on_several_endpoints_as_if_they_were_one(node, book):
    web3 = Web3(Rpc(DOWN, node.url, book=book))
    assert web3.is_connected()
    council = web3.eth.contract(to_checksum_address(book.contracts["Council"]), abi=artifact("Council").abi)
    assert council.functions.threshold().call() == 1
    with web3.batch_requests() as batch:
        batch.add(web3.eth.get_block(0))
        batch.add(web3.eth.get_block_number())
        genesis_block, head = batch.execute()
    assert bytes(genesis_block["hash"]) == book.genesis
    assert head >= 1


@pytest.fixture
def proxy(node):
    with Proxy(node.url) as made:
        yield made


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A node of the same chain id with another genesis."""
    path = tmp_path_factory.mktemp("other") / "chain.sqlite"
    Engine.create(path, genesis(timestamp=1_700_000_001), SEALER_KEY).close()
    running = NodeProcess(path)
    yield running
    running.end()


@pytest.fixture
def old(node, book, relayer, tmp_path):
    """A node that has stopped following: the chain of ``node`` as it was a block ago."""
    running = NodeProcess(copy_chain(node.path, tmp_path / "chain.sqlite"))
    mine_a_block(relayer, book)
    yield running
    running.end()


def mine_a_block(relayer, book):
    subject = random_bytes(32)
    return subject, relayer.send(book.contracts["SubjectRegistry"], registration(subject), gas=400_000).mined.block


def known(ledger, subject):
    return count_of(ledger, subject) == 1


@pytest.mark.parametrize("fault", UNREADABLE)
def test_n4_an_answer_that_does_not_count_is_no_answer(proxy, book, fault):
    proxy.fault = always(fault)
    ledger = Web3Ledger(book, Rpc(proxy.url, timeout_s=SHORT_S))
    for call in (ledger.head, ledger.members, lambda: ledger.facts(FactQuery(consent=b"\x01" * 32))):
        assert reason_of(call) == "ledger_unavailable"


@pytest.mark.parametrize("fault", sorted({*NO_ANSWER, *GARBLED}))
def test_n4_where_one_endpoint_fails_the_other_one_answers(node, proxy, book, relayer, fault):
    subject, _ = mine_a_block(relayer, book)
    proxy.fault = always(fault)
    rpc = Rpc(proxy.url, node.url, timeout_s=SHORT_S)
    ledger = Web3Ledger(book, rpc)
    assert known(ledger, subject)
    assert [member.id for member in ledger.members()] == [RELAYER_ID]
    assert [health.fault is None for health in rpc.health()] == [False, True]


def test_n4_an_endpoint_that_fails_is_left_alone_while_another_answers(node, proxy, book):
    proxy.fault = always("html")
    ledger = Web3Ledger(book, Rpc(proxy.url, node.url))
    for _ in range(5):
        ledger.head()
    assert len(proxy.batches) == 1


def test_n4_errors_of_every_endpoint_are_a_refusal(proxy, book):
    proxy.fault = always("errors")
    assert reason_of(Web3Ledger(book, Rpc(proxy.url, proxy.url)).head) == "ledger_refused"


def test_n4_a_failing_endpoint_that_is_well_again_is_used_again(proxy, book):
    proxy.fault = always("status_503")
    rpc = Rpc(proxy.url, DOWN)
    assert reason_of(Web3Ledger(book, rpc).head) == "ledger_unavailable"
    proxy.fault = always(None)
    assert Web3Ledger(book, rpc).head().number > 0
    assert [health.fault for health in rpc.health()] == [None, Fault.UNREACHABLE]


def test_n4_a_probe_finds_out_that_an_endpoint_is_well_again(node, proxy):
    rpc = Rpc(node.url, proxy.url)
    proxy.fault = always("html")
    rpc.outcomes_everywhere([])
    assert [health.fault for health in rpc.health()] == [None, Fault.MALFORMED]
    proxy.fault = always(None)
    rpc._members[1].next_try_at = 0.0
    rpc.probe()
    assert [health.fault for health in rpc.health()] == [None, None]


def test_n4_many_threads_get_each_its_own_answer(node):
    with Proxy(node.url, lambda _: "answer_lost" if len(proxy.batches) % 3 == 0 else None) as proxy:
        rpc = Rpc(proxy.url, node.url)
        keys = [address_of(bytes([number]) * 32) for number in range(1, 41)]
        wrong = []

        def ask(number):
            (chain_id, code, block) = rpc.batch(
                [
                    ("eth_chainId", []),
                    ("eth_getCode", [to_hex(keys[number]), "latest"]),
                    ("eth_getBlockByNumber", [hex(number % 3), False]),
                ]
            )
            if (chain_id, code, block["number"]) != (hex(CHAIN_ID), "0x", hex(number % 3)):
                wrong.append(number)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_n5_what_lags_behind_what_was_seen_is_not_asked(old, proxy, book, relayer):
    subject, _ = mine_a_block(relayer, book)
    rpc = Rpc(proxy.url, old.url, book=book)
    ledger = Web3Ledger(book, rpc)
    assert known(ledger, subject)
    head = ledger.head()
    proxy.fault = always("status_503")
    # the old node answers well, and as if the subject did not exist
    assert not known(Web3Ledger(book, Rpc(old.url)), subject)
    for call in (ledger.head, lambda: known(ledger, subject), ledger.members):
        assert reason_of(call) == "ledger_unavailable"
    assert [health.fault for health in rpc.health()] == [Fault.MALFORMED, Fault.BEHIND]
    proxy.fault = always(None)
    assert ledger.head() == head


def test_n5_an_endpoint_that_caught_up_is_asked_again(node, old, book, relayer):
    with Proxy(old.url) as proxy:
        rpc = Rpc(proxy.url, book=book)
        ledger = Web3Ledger(book, rpc)
        subject, block = mine_a_block(relayer, book)
        rpc.observe_block(block.number)
        assert reason_of(ledger.head) == "ledger_unavailable"
        proxy.lead_to(node.url)
        assert known(ledger, subject)


def test_n5_the_block_of_a_receipt_is_seen(node, old, book):
    with Proxy(node.url) as proxy:
        rpc = Rpc(proxy.url, old.url, book=book)
        sender = Sender(rpc, CHAIN_ID, RELAYER)
        subject, _ = mine_a_block(sender, book)
        proxy.fault = always("lost")
        assert reason_of(lambda: known(Web3Ledger(book, rpc), subject)) == "ledger_unavailable"


def test_n5_what_is_pinned_at_a_block_is_read_where_that_block_is_known(node, old, book, relayer):
    ledger = Web3Ledger(book, Rpc(old.url, node.url, book=book))
    _, block = mine_a_block(relayer, book)
    facts = ledger.facts(FactQuery(consent=b"\x01" * 32), block)
    assert (facts.block_number, facts.consent) == (block.number, None)
    unknown = Block(block.number, b"\x99" * 32, block.time)
    assert reason_of(lambda: ledger.facts(FactQuery(consent=b"\x01" * 32), unknown)) == "ledger_refused"


@pytest.mark.parametrize("member", ["chain_id", "genesis", "contract"])
def test_a6_an_endpoint_of_another_chain_is_never_asked_anything(book, proxy, member):
    wrong = {
        "chain_id": replace(book, chain_id=book.chain_id + 1),
        "genesis": replace(book, genesis=b"\x01" * 32),
        "contract": replace(book, contracts={**book.contracts, "ConsentRegistry": b"\x55" * 20}),
    }[member]
    ledger = Web3Ledger(wrong, Rpc(proxy.url, book=wrong))
    for call in (ledger.head, ledger.members, lambda: ledger.facts(FactQuery(consent=b"\x01" * 32))):
        assert reason_of(call) == "ledger_wrong_chain"
    assert {method for batch in proxy.batches for method, _ in batch} == {
        "eth_chainId",
        "eth_getBlockByNumber",
        "eth_getCode",
    }


def test_a6_where_one_endpoint_is_of_another_chain_the_other_one_is_asked(node, other, book):
    rpc = Rpc(other.url, node.url, book=book)
    assert [member.id for member in Web3Ledger(book, rpc).members()] == [RELAYER_ID]
    assert [health.fault for health in rpc.health()] == [Fault.WRONG_CHAIN, None]


def test_a6_a_node_that_is_replaced_by_one_of_another_chain_is_noticed(node, other, book):
    with Proxy(node.url) as proxy:
        ledger = Web3Ledger(book, Rpc(proxy.url, book=book))
        assert ledger.head().number > 0
        proxy.lead_to(other.url)
        for call in (ledger.head, ledger.members, ledger.require_same_chain):
            assert reason_of(call) == "ledger_wrong_chain"
        proxy.lead_to(node.url)
        assert ledger.head().number > 0


@pytest.mark.parametrize(
    "url", ["", "node", "ftp://127.0.0.1", "http://", "127.0.0.1:8545", "http://[::1", "unix:///tmp/node"]
)
def test_what_is_no_http_address_is_refused(url):
    with pytest.raises(InvalidInputError) as refused:
        Rpc(url)
    assert refused.value.reason == "configuration"


def test_health_shows_no_user_no_password_and_no_path():
    (health,) = Rpc("https://user:password@node.example:8545/secret?key=secret").health()
    assert health.name == "https://node.example:8545"


def test_a_user_and_password_in_the_address_are_sent(proxy):
    Rpc(proxy.url.replace("http://", "http://user:word@")).request("eth_chainId")
    assert proxy.users == ["Basic dXNlcjp3b3Jk"]


def test_a6_a_proxy_that_changes_nodes_on_a_kept_connection_is_noticed(node, book, tmp_path):
    path = tmp_path / "chain.sqlite"
    Engine.create(path, genesis(chain_id=CHAIN_ID + 1), SEALER_KEY).close()
    other = NodeProcess(path)
    with Proxy(node.url) as proxy:
        ledger = Web3Ledger(book, Rpc(proxy.url, book=book))
        assert ledger.head().number > 0
        proxy.target = other.url
        assert reason_of(ledger.head) == "ledger_wrong_chain"
    other.end()
