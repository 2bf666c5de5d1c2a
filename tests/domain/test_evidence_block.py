"""Headers, seals and quorums: the documented example, a chain of four validators, and what is no header."""

import dataclasses

import pytest

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence import finality
from ledger_node.domain.evidence.block_header import MAX_HEADER_BYTES, BlockHeader
from ledger_node.domain.evidence.finality import SealedBlock, quorum, require_final
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from tests.kit.evidence import Trust, in_era, naive_state, world
from tests.kit.reference import H

BESU = (  # four validators, genesis, no vote, round 0, no seals; see Besu's documentation of QBFT
    "f87aa00000000000000000000000000000000000000000000000000000000000000000f8549464a702e6263b7297a96638cac6ae65e6541f41"
    "69943923390ad55e90c237593b3b0e401f3b08a0318594aefdb9a738c9f433e5b6b212a6d62f6370c2f69294c7eeb9a4e00ce683cf93039b21"
    "2648e01c6c6b78c080c0"
)
VALIDATORS = [naive_state.address(key) for key in world.VALIDATORS]
TRUST = Trust.from_json(world.trust("qbft"))
FIELDS = naive_state.header_fields(H(b"state"), 1000, world.NOW, b"", bytes(20))
ENCODED, SEAL, HASH = naive_state.sealed(FIELDS, world.SEALER)
FIELDS_ENCODED = BlockHeader.from_rlp(ENCODED).fields
NAMES = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty"),
    *(
        "number",
        "gasLimit",
        "gasUsed",
        "timestamp",
        "extraData",
        "mixHash",
        "nonce",
        "baseFeePerGas",
        "withdrawalsRoot",
    ),
    *("blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot"),
)


def sealed(signers, **changes):
    """A block of the synthetic chain: 0 to 3 are validators, others are outsiders."""
    keys = [world.VALIDATORS[n] if n < 4 else world.h("outsider", n) for n in signers]
    header, _, block_hash = naive_state.committed(FIELDS, VALIDATORS, keys, **changes)
    return SealedBlock(BlockHeader.from_rlp(header), None), block_hash


def reason_of(signers, **changes):
    block, _ = sealed(signers, **changes)
    with pytest.raises(VerificationError) as refused:
        require_final(block, TRUST, world.GENESIS)
    return refused.value.reason


def rpc_block():
    """A block as ``eth_getBlockByNumber`` returns it, with what is no part of the header."""
    values = [to_hex(one) if isinstance(one, bytes) else hex(one) for one in FIELDS]
    return dict(zip(NAMES, values, strict=True)) | {"hash": to_hex(HASH), "totalDifficulty": "0x0", "uncles": []}


def test_the_documented_extra_data_of_besu_is_reproduced_byte_for_byte():
    data = bytes.fromhex(BESU)
    read = finality.ExtraData.decode(data)
    assert read.encode() == data
    assert read == finality.ExtraData(
        vanity=bytes(32),
        validators=tuple(
            bytes.fromhex(one)
            for one in (
                "64a702e6263b7297a96638cac6ae65e6541f4169",
                "3923390ad55e90c237593b3b0e401f3b08a03185",
                "aefdb9a738c9f433e5b6b212a6d62f6370c2f692",
                "c7eeb9a4e00ce683cf93039b212648e01c6c6b78",
            )
        ),
        vote=None,
        round=0,
        seals=(),
    )


@pytest.mark.parametrize(("validators", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (10, 7)])
def test_the_quorum_is_two_thirds_rounded_up(validators, needed):
    assert quorum(validators) == needed


@pytest.mark.parametrize("round_", [0, 1, 200, 2**31])
@pytest.mark.parametrize("signers", [(0, 1, 2), (0, 1, 3), (1, 2, 3)])
def test_three_of_four_seals_make_a_block_final(signers, round_):
    block, block_hash = sealed(signers, round_=round_)
    final = require_final(block, TRUST, world.GENESIS)
    assert final.hash == block_hash == block.hash
    assert final.signers == {VALIDATORS[n] for n in signers}
    assert final.of == 4


def test_the_hash_of_a_block_does_not_depend_on_round_and_seals():
    hashes = {sealed(signers, round_=round_)[1] for signers, round_ in (((0, 1, 2), 0), ((1, 2, 3), 7), ((), 1))}
    assert len(hashes) == 1


@pytest.mark.parametrize("signers", [(), (0,), (0, 3)])
def test_h6_fewer_than_three_of_four_seals_are_not_final(signers):
    assert reason_of(signers) is Reason.BLOCK_NOT_FINAL


@pytest.mark.parametrize("signers", [(0, 0, 0), (0, 1, 1), (0, 1, 2, 2)])
def test_h6_a_seal_that_stands_twice_is_refused(signers):
    assert reason_of(signers) is Reason.SEAL_REPEATED


@pytest.mark.parametrize("signers", [(4, 5, 6), (0, 1, 4), (0, 1, 2, 4), (4, 0, 1, 2)])
def test_h6_a_seal_by_an_outsider_is_refused_however_many_others_there_are(signers):
    assert reason_of(signers) is Reason.SEAL_BY_OUTSIDER


@pytest.mark.parametrize(("round_", "signed"), [(0, 1), (1, 0), (3, 2)])
def test_h6_seals_of_another_round_are_refused(round_, signed):
    assert reason_of((0, 1, 2), round_=round_, signed_round=signed) is Reason.SEAL_BY_OUTSIDER


@pytest.mark.parametrize("number", [0, 999])
def test_h6_a_block_before_the_history_of_the_trust_file_is_not_final(number):
    header = BlockHeader((*FIELDS_ENCODED[:8], number.to_bytes(2, "big").lstrip(b"\0"), *FIELDS_ENCODED[9:]))
    history = dataclasses.replace(TRUST.current.sets[0], from_block=1000)
    with pytest.raises(VerificationError) as refused:
        require_final(SealedBlock(header, None), in_era(TRUST, sets=(history,)), world.GENESIS)
    assert refused.value.reason is Reason.BLOCK_NOT_FINAL


def test_a_header_is_read_from_rlp_and_from_a_block_of_json_rpc_to_the_same_hash():
    header = BlockHeader.from_rlp(ENCODED)
    assert header == BlockHeader.from_rpc(rpc_block())
    assert header.encoded == ENCODED
    assert header.hash == HASH
    assert (header.number, header.timestamp, header.state_root) == (1000, world.NOW, H(b"state"))
    assert header.extra_data == b""


@pytest.mark.parametrize("count", range(15, 21))
def test_a_header_of_an_earlier_fork_has_the_fields_of_its_fork(count):
    block = {name: value for name, value in rpc_block().items() if name not in NAMES[count:]}
    header = BlockHeader.from_rpc(block)
    assert len(header.fields) == count
    assert BlockHeader.from_rlp(header.encoded) == header


def test_a_header_with_a_requests_hash_has_21_fields():
    header = BlockHeader.from_rpc(rpc_block() | {"requestsHash": to_hex(H(b"requests"))})
    assert len(header.fields) == 21
    assert header.hash != HASH


def test_a_number_of_json_rpc_may_have_leading_zeros_or_an_odd_number_of_digits():
    block = rpc_block()
    for number in ("0x3e8", "0x03e8", "0x0000003e8"):
        assert BlockHeader.from_rpc(block | {"number": number}).hash == HASH


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        ({"stateRoot": None}, VerificationError, Reason.HEADER_MALFORMED),
        ({"baseFeePerGas": None}, VerificationError, Reason.HEADER_MALFORMED),
        ({"stateRoot": "0x00"}, VerificationError, Reason.HEADER_MALFORMED),
        ({"stateRoot": "0xzz"}, InvalidInputError, Reason.VALUE_MALFORMED),
        ({"number": "0x-5"}, InvalidInputError, Reason.VALUE_MALFORMED),
        ({"number": 1000}, InvalidInputError, Reason.TYPE_WRONG),
        ({"number": "0x" + "f" * 80}, VerificationError, Reason.HEADER_MALFORMED),
    ],
)
def test_a_block_that_lacks_a_field_or_has_another_one_is_refused(change, kind, reason):
    with pytest.raises(kind) as refused:
        BlockHeader.from_rpc(rpc_block() | change)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc0",
        ENCODED[:-1],
        ENCODED + b"\x00",
        b"\xc1" * 3000 + b"\xc0",
        b"\xb8\x01\x00",
        bytes(MAX_HEADER_BYTES + 1),
    ],
    ids=range(7),
)
def test_bytes_that_are_no_header_are_refused(data):
    with pytest.raises(VerificationError) as refused:
        BlockHeader.from_rlp(data)
    assert refused.value.reason is Reason.HEADER_MALFORMED


def listed(items):
    """RLP of a long list of items that are RLP already."""
    payload = b"".join(items)
    return b"\xf9" + len(payload).to_bytes(2, "big") + payload


def test_a_header_that_is_not_rlp_in_its_shortest_form_is_refused():
    items = [naive_state.rlp.encode(field) for field in FIELDS_ENCODED]
    assert listed(items) == ENCODED
    time, difficulty = FIELDS_ENCODED[11], FIELDS_ENCODED[7]
    long_text = listed([*items[:11], b"\xb8" + bytes([len(time)]) + time, *items[12:]])
    byte_as_text = listed([*items[:7], b"\x81" + difficulty, *items[8:]])
    for data in (long_text, byte_as_text, b"\xfa\x00" + ENCODED[1:]):
        with pytest.raises(VerificationError) as refused:
            BlockHeader.from_rlp(data)
        assert refused.value.reason is Reason.HEADER_MALFORMED


def rlp(*parts):
    return naive_state.rlp.encode(list(parts))


GOOD = [bytes(32), [bytes(20)], [], 0, [bytes(65)]]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x85hello",
        b"\xc1" * 3000 + b"\xc0",
        rlp(*GOOD[:4]),
        rlp(*GOOD, b""),
        rlp(bytes(31), *GOOD[1:]),
        rlp([], *GOOD[1:]),
        rlp(bytes(32), [bytes(19)], *GOOD[2:]),
        rlp(bytes(32), [[]], *GOOD[2:]),
        rlp(bytes(32), bytes(20), *GOOD[2:]),
        rlp(*GOOD[:2], [bytes(20)], *GOOD[3:]),
        rlp(*GOOD[:2], [bytes(19), b"\xff"], *GOOD[3:]),
        rlp(*GOOD[:2], [bytes(20), b"\x01"], *GOOD[3:]),
        rlp(*GOOD[:2], [bytes(20), []], *GOOD[3:]),
        rlp(*GOOD[:2], b"", *GOOD[3:]),
        rlp(*GOOD[:2], b"ab", *GOOD[3:]),
        rlp(*GOOD[:3], b"\x00", GOOD[4]),
        rlp(*GOOD[:3], 2**32, GOOD[4]),
        rlp(*GOOD[:3], [], GOOD[4]),
        rlp(*GOOD[:4], [bytes(64)]),
        rlp(*GOOD[:4], [[]]),
        rlp(*GOOD[:4], b""),
    ],
    ids=range(22),
)
def test_extra_data_that_is_not_that_of_qbft_is_refused(data):
    with pytest.raises(VerificationError) as refused:
        finality.ExtraData.decode(data)
    assert refused.value.reason is Reason.HEADER_MALFORMED
