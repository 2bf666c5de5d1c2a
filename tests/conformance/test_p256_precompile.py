"""The embedded engine's precompile at 0x100 (EIP-7951), against Project Wycheproof and the rules of its inputs."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ledger_node.domain.error import ChainError
from ledger_node.node.embedded.state.p256 import verifies
from tests.kit.engine_rpc import EngineRpc
from tests.kit.wycheproof import shipped, wrong

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
KEY, CHAIN_ID, NOW = b"\x01" * 32, 77, 1_800_000_000
PLACE = "0x0000000000000000000000000000000000000100"
YES = (1).to_bytes(32)


def word(number):
    return number.to_bytes(32)


def data_of(case, r, s):
    """The precompile's input for a case: digest, signature, key."""
    point = bytes.fromhex(case.group["publicKey"]["uncompressed"])[1:]
    return hashlib.sha256(case.blob("msg")).digest() + word(r) + word(s) + point


def by_two_numbers(case):
    signature = case.blob("sig")
    if len(signature) != 64:
        return False
    return verifies(data_of(case, int.from_bytes(signature[:32]), int.from_bytes(signature[32:])))


CASES = shipped("Signature", "ecdsa_secp256r1_sha256_p1363_test.json")
VALID = next(case for case in CASES if case.is_valid)
SIGNATURE = VALID.blob("sig")
R, S = int.from_bytes(SIGNATURE[:32]), int.from_bytes(SIGNATURE[32:])
INPUT = data_of(VALID, R, S)
X, Y = (int.from_bytes(INPUT[at : at + 32]) for at in (96, 128))


def test_signatures_are_judged_as_wycheproof_judges_them():
    assert len(CASES) >= 260
    assert wrong(CASES, by_two_numbers) == []


def test_signatures_that_stand_in_der_are_judged_alike():
    cases = [case for case in shipped("Signature", "ecdsa_secp256r1_sha256_test.json") if case.is_valid]
    assert len(cases) > 100
    assert all(verifies(data_of(case, *decode_dss_signature(case.blob("sig")))) for case in cases)


def test_either_s_counts():
    assert verifies(data_of(VALID, R, ORDER - S))


@pytest.mark.parametrize(
    ("r", "s", "x", "y"),
    [
        (0, S, X, Y),
        (R, 0, X, Y),
        (0, 0, X, Y),
        (ORDER, S, X, Y),
        (R, ORDER, X, Y),
        (R, ORDER + S if ORDER + S < 2**256 else 2**256 - 1, X, Y),
        (2**256 - 1, 2**256 - 1, X, Y),
        (R, S, 0, 0),
        (R, S, X, FIELD - Y),
        (R, S, Y, X),
        (R, S, FIELD, Y),
        (R, S, X, FIELD),
        (R, S, 2**256 - 1, 2**256 - 1),
    ],
)
def test_what_is_no_signature_or_no_point_is_refused(r, s, x, y):
    assert not verifies(INPUT[:32] + word(r) + word(s) + word(x) + word(y))


@pytest.mark.parametrize("length", [0, 1, 32, 128, 159, 161, 320])
def test_an_input_of_another_length_is_refused(length):
    assert verifies(INPUT)
    assert not verifies((INPUT * 2)[:length])


@pytest.fixture(scope="module")
def rpc(tmp_path_factory):
    made = EngineRpc(tmp_path_factory.mktemp("chain"), CHAIN_ID, [KEY], NOW)
    yield made
    made.close()


def called(rpc, data, **more):
    return bytes.fromhex(rpc.request("eth_call", {"to": PLACE, "data": "0x" + data.hex(), **more}, "latest")[2:])


def test_the_engine_answers_one_or_nothing(rpc):
    assert called(rpc, INPUT) == YES
    assert called(rpc, INPUT[:-1] + bytes([INPUT[-1] ^ 1])) == b""
    assert called(rpc, b"") == b""


@pytest.mark.parametrize(("data", "answer"), [(INPUT, YES), (bytes(160), b"")])
def test_a_check_costs_6900_gas_whatever_comes_of_it(rpc, data, answer):
    zeros = data.count(0)
    needed = 21_000 + 4 * zeros + 16 * (len(data) - zeros) + 6_900
    assert called(rpc, data, gas=hex(needed)) == answer
    with pytest.raises(ChainError, match="out of gas"):
        called(rpc, data, gas=hex(needed - 1))
