"""The node's answers by JSON-RPC, held to our description of them, and to the public one where it is at hand."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ledger_node.node.embedded import Engine
from tests.kit.json_rpc_chain import Chain, calls
from tests.kit.json_rpc_damage import damaged
from tests.kit.json_rpc_public import BESIDE, Public
from tests.kit.json_rpc_request import PROTOCOL, refused, understood
from tests.kit.json_rpc_schema import ANSWER, DATA, RESULTS
from tests.kit.node import SEALER_KEY, genesis


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    path = tmp_path_factory.mktemp("conformance") / "chain.sqlite"
    with Engine.create(path, genesis(), SEALER_KEY) as engine:
        yield Chain(engine)


@pytest.fixture(scope="module")
def public(request):
    folder = request.config.getoption("--execution-apis")
    if folder is None and not BESIDE.is_dir():
        pytest.skip("the public description is not here: name its folder with --execution-apis")
    return Public.read(BESIDE if folder is None else Path(folder))


@pytest.fixture(scope="module", params=["ours", "public"])
def checks(request):
    """What checks the result of each method, by our description and by the public one."""
    results = RESULTS if request.param == "ours" else request.getfixturevalue("public").results
    return {method: Draft202012Validator(schema) for method, schema in results.items()}


@pytest.fixture(params=["ours", "public"])
def requests(request, chain):
    if request.param == "ours":
        return [*understood(chain), *refused(chain)]
    return request.getfixturevalue("public").requests


ENVELOPE = Draft202012Validator(ANSWER)


def faults(check, value):
    return [f"{error.json_path}: {error.message[:200]}" for error in check.iter_errors(value)]


def test_every_method_of_the_node_is_described_and_asked(chain, checks):
    assert sorted(chain.rpc._table) == sorted(checks) == sorted(calls(chain))
    for check in checks.values():
        check.check_schema(check.schema)


@pytest.mark.parametrize("method", sorted(RESULTS))
def test_answers_are_what_is_described(chain, checks, method):
    for params in calls(chain)[method]:
        answer = chain.ask(method, *params)
        assert faults(ENVELOPE, answer) == []
        assert "error" not in answer, (params, answer)
        assert faults(checks[method], answer["result"]) == [], params


def test_requests_are_understood_and_bad_ones_refused(chain, requests):
    """The values of other chains' answers do not count; what counts is who is refused, and with which code."""
    results = {method: Draft202012Validator(schema) for method, schema in RESULTS.items()}
    wrong = []
    for request in requests:
        answer = chain.post(request.body)
        code = answer.get("error", {}).get("code")
        as_due = code == request.code if request.code else code not in PROTOCOL
        if not as_due or faults(ENVELOPE, answer):
            wrong.append((request, answer))
        elif "result" in answer and faults(results[request.method], answer["result"]):
            wrong.append((request, faults(results[request.method], answer["result"])))
    assert len(requests) >= 90
    assert wrong == []


def test_the_node_is_asked_as_the_public_description_allows(chain, public):
    """Except that estimates take a block's hash as well, and that calls take what is to be seen instead (overrides)."""
    overrides = Draft202012Validator(public.schema("StateOverrides"))
    for method, described in public.params.items():
        checked = [Draft202012Validator(schema) for schema, _ in described]
        for params in calls(chain)[method]:
            altered = params[2:] if method in {"eth_call", "eth_estimateGas"} else ()
            assert sum(is_needed for _, is_needed in described) <= len(params) - len(altered) <= len(described)
            for check, value in zip(checked, params, strict=False):
                assert faults(check, value) == [], (method, params)
            assert [faults(overrides, value) for value in altered] == [[] for _ in altered]


def test_a_transaction_that_waits_is_a_transaction_without_a_block(chain):
    waiting = chain.ask("eth_getTransactionByHash", chain.waiting)["result"]
    assert faults(Draft202012Validator(RESULTS["eth_getTransactionByHash"]), waiting) == []
    place = {"blockHash", "blockNumber", "blockTimestamp", "transactionIndex"}
    assert {waiting[name] for name in place} == {None}


def test_a_transaction_that_waits_is_a_public_one_without_a_block(chain, public):
    """The public description knows mined ones only; null for the members that tell the block is what geth answers."""
    waiting = chain.ask("eth_getTransactionByHash", chain.waiting)["result"]
    rest = {name: value for name, value in waiting.items() if value is not None}
    assert faults(Draft202012Validator(public.schema("TransactionSigned")), rest) == []


def test_a_transaction_of_every_kind_was_asked_about(chain):
    found = [chain.ask("eth_getTransactionByHash", one)["result"] for one in chain.hashes]
    assert {one["type"] for one in found} == {"0x0", "0x1", "0x2"}
    receipts = [chain.ask("eth_getTransactionReceipt", one)["result"] for one in chain.hashes]
    assert [one["status"] for one in receipts] == ["0x1", "0x1", "0x1", "0x1", "0x0", "0x1", "0x0"]
    assert sum(len(one["logs"]) for one in receipts) == 3


def test_a_revert_is_error_3_with_its_bytes(chain):
    reverts = {"to": chain.contract, "input": "0xdeadbeef"}
    for method in ("eth_call", "eth_estimateGas"):
        error = chain.ask(method, reverts)["error"]
        assert (error["code"], error["data"]) == (3, "0xdeadbeef")
        assert faults(Draft202012Validator(DATA), error["data"]) == []


def asked_for_damage(chain):
    """Return an answer of every kind that has members, with what is in them: logs, lists, proofs."""
    written = chain.hashes[3]
    number = chain.ask("eth_getTransactionByHash", written)["result"]["blockNumber"]
    return [
        ("eth_getBlockByNumber", number, True),
        ("eth_getBlockByNumber", number, False),
        *(("eth_getTransactionByHash", one) for one in [*chain.hashes[1:4], chain.waiting]),
        ("eth_getTransactionReceipt", written),
        ("eth_getBlockReceipts", number),
        ("eth_getLogs", {"fromBlock": number, "toBlock": number}),
        ("eth_getProof", chain.contract, ["0x0"]),
        ("eth_feeHistory", "0x2", "latest", [50]),
        ("eth_chainId",),
        ("eth_coinbase",),
        ("eth_getCode", chain.contract),
        ("eth_getStorageAt", chain.contract, "0x0"),
    ]


def test_damaged_answers_are_refused(chain):
    """A check that takes anything would say nothing."""
    for method, *params in asked_for_damage(chain):
        check, answer = Draft202012Validator(RESULTS[method]), chain.ask(method, *params)["result"]
        assert check.is_valid(answer)
        # null for all of it is "there is none"
        assert [wrong for wrong in damaged(answer) if wrong is not None and check.is_valid(wrong)] == [], method


def test_the_public_description_refuses_damage_to_every_kind_of_answer(chain, public):
    """It does not see all of it, as it allows other members. Ours refuses all, so also what it sees."""
    for method, *params in asked_for_damage(chain):
        if params != [chain.waiting]:
            check, answer = Draft202012Validator(public.results[method]), chain.ask(method, *params)["result"]
            assert check.is_valid(answer)
            assert sum(not check.is_valid(wrong) for wrong in damaged(answer)) >= 4, method
