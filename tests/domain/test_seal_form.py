"""E6 of seals: whatever order and number a node shows, evidence carries one form, and the hash stays the same."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence import finality
from ledger_node.domain.evidence.block_header import BlockHeader
from ledger_node.domain.evidence.era import FinalityKind, SealerSet
from ledger_node.domain.evidence.finality import SealedBlock, in_one_form, quorum, require_final
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from tests.kit.evidence import Trust, in_era, naive_state, world

BLOCKS = json.loads((Path(__file__).parent / "besu" / "blocks.json").read_text("utf-8"))
IDS = [f"{int(block['number'], 16)}-{len(block)}" for block in BLOCKS]
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def read(block):
    return SealedBlock(BlockHeader.from_rpc(block), None)


def extra_of(sealed):
    return finality.ExtraData.decode(sealed.header.extra_data)


def with_seals(sealed, seals):
    extra = replace(extra_of(sealed), seals=tuple(seals))
    return replace(sealed, header=sealed.header.with_extra_data(extra.encode()))


def trust_in(sealed):
    """A trust file that believes the validators of a header."""
    addresses = tuple(sorted(extra_of(sealed).validators))
    return in_era(Trust.from_json(world.trust()), finality=FinalityKind.QBFT, sets=(SealerSet(0, addresses),))


def high(seal):
    s = (ORDER - int.from_bytes(seal[32:64], "big")).to_bytes(32, "big")
    return seal[:32] + s + bytes([seal[64] ^ 1])


@pytest.mark.parametrize("block", BLOCKS, ids=IDS)
def test_e6_a_header_of_besu_is_brought_into_one_form_and_keeps_its_hash(block):
    sealed = read(block)
    form = in_one_form(sealed)
    assert to_hex(form.hash) == to_hex(sealed.hash) == block["hash"]
    final = require_final(form, trust_in(sealed), world.GENESIS)
    assert len(final.signers) == len(extra_of(form).seals) == quorum(len(extra_of(form).validators))
    assert in_one_form(form) == form


@pytest.mark.parametrize("block", BLOCKS, ids=IDS)
def test_e6_seals_in_another_order_or_written_with_a_high_s_come_to_the_same_form(block):
    sealed = read(block)
    seals, form = extra_of(sealed).seals, in_one_form(sealed)
    for other in (seals[::-1], tuple(map(high, seals)), (*seals, *map(high, seals)), (*seals, seals[0])):
        assert in_one_form(with_seals(sealed, other)) == form


@pytest.mark.parametrize("block", BLOCKS, ids=IDS)
def test_k22_a_header_of_besu_that_validators_sealed_with_high_s_is_evidence(block):
    sealed = read(block)
    seals = extra_of(sealed).seals
    for count in range(1, len(seals) + 1):
        other = with_seals(sealed, [*map(high, seals[:count]), *seals[count:]])
        assert to_hex(other.hash) == block["hash"]
        final = require_final(in_one_form(other), trust_in(sealed), trust_in(sealed).genesis)
        assert final == require_final(in_one_form(sealed), trust_in(sealed), trust_in(sealed).genesis)


@pytest.mark.parametrize("block", BLOCKS, ids=IDS)
def test_k22_a_validator_that_sealed_in_two_forms_counts_once(block):
    sealed = read(block)
    seals, of = extra_of(sealed).seals, len(extra_of(sealed).validators)
    few = seals[: quorum(of) - 1]
    again = in_one_form(with_seals(sealed, [*few, *map(high, few), *(with_v_27(seal) for seal in few)]))
    assert len(extra_of(again).seals) == len(few)
    with pytest.raises(VerificationError) as refused:
        require_final(again, trust_in(sealed), trust_in(sealed).genesis)
    assert refused.value.reason is Reason.BLOCK_NOT_FINAL


@pytest.mark.parametrize("block", BLOCKS, ids=IDS)
def test_k22_in_a_bundle_seals_are_written_one_way(block):
    form = in_one_form(read(block))
    for other in (high, with_v_27):
        first, *rest = extra_of(form).seals
        with pytest.raises(VerificationError) as refused:
            require_final(with_seals(form, [other(first), *rest]), trust_in(form), trust_in(form).genesis)
        assert refused.value.reason is Reason.NOT_CANONICAL
        twice = [first, other(first), *rest[1:]]
        with pytest.raises(VerificationError) as refused:
            require_final(with_seals(form, twice), trust_in(form), trust_in(form).genesis)
        assert refused.value.reason is Reason.SEAL_REPEATED


def with_v_27(seal):
    return seal[:64] + bytes([seal[64] + 27])


@pytest.mark.parametrize("block", BLOCKS, ids=IDS)
def test_e6_seals_that_do_not_rise_are_refused(block):
    form = in_one_form(read(block))
    with pytest.raises(VerificationError) as refused:
        require_final(with_seals(form, extra_of(form).seals[::-1]), trust_in(form), world.GENESIS)
    assert refused.value.reason is Reason.NOT_CANONICAL


def synthetic(*signers):
    keys = [world.VALIDATORS[n] if n < len(world.VALIDATORS) else world.h("outsider", n) for n in signers]
    validators = [naive_state.address(key) for key in world.VALIDATORS]
    fields = naive_state.header_fields(bytes(32), 1000, world.NOW, b"", bytes(20))
    return SealedBlock(BlockHeader.from_rlp(naive_state.committed(fields, validators, keys)[0]), None)


def test_e6_of_more_seals_than_a_quorum_those_of_the_lowest_addresses_stay():
    assert in_one_form(synthetic(3, 2, 1, 0)) == synthetic(0, 1, 2)
    assert in_one_form(synthetic(4, 3, 1, 0)) == synthetic(0, 1, 3)


def test_e6_a_block_with_too_few_seals_keeps_them_and_is_refused_later():
    assert in_one_form(synthetic(3, 1)) == synthetic(1, 3)


def test_e6_a_seal_beside_the_header_has_one_form_already():
    sealed = replace(synthetic(0), seal=bytes(65))
    assert in_one_form(sealed) == sealed


def test_e6_a_seal_that_nobody_can_have_made_is_refused():
    with pytest.raises(VerificationError) as refused:
        in_one_form(with_seals(synthetic(0, 1, 2), [bytes(65)]))
    assert refused.value.reason is Reason.SEAL_MALFORMED
