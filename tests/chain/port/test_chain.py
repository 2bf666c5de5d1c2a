"""What the Ledger port promises of the chain itself, and of who may write."""

import inspect
from dataclasses import replace

import pytest

from ledger_node.chain.port import Ledger
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.reason import Reason
from tests.kit.fake_ledger import FakeLedger
from tests.kit.ledger_consent import Granted
from tests.kit.ledger_port import (
    BY_ANYBODY,
    NOTHING,
    WRITES,
    id_,
    refusal,
    writes,
)


def test_the_fake_has_every_method_of_the_port_itself():
    named = [name for part in Ledger.__mro__ for name in {**vars(part), **inspect.get_annotations(part)}]
    port = {name for name in named if not name.startswith("_")}
    assert {"anchor_domain", "head", "standing", "counted_use"} <= port
    for name in port:
        (first, *_) = [part for part in FakeLedger.__mro__ if name in vars(part)]
        assert first.__module__.startswith("tests.kit.fake_ledger"), name


def test_a_write_is_mined_in_the_newest_block(world, ledger):
    before = ledger.head()
    mined = ledger.request_consent(id_())
    assert ledger.head() == mined.block
    assert (mined.block.number, mined.block.time) == (before.number + 1, max(world.now(), before.time))
    assert mined.gas_used > 0
    ledger.require_block(mined.block)
    ledger.require_block(before)
    ledger.require_same_chain()


@pytest.mark.parametrize("changes", [{"hash": NOTHING}, {"time": 1}, {"number": 10**6}], ids=str)
def test_a_block_that_the_chain_does_not_have_is_refused(ledger, changes):
    with pytest.raises(VerificationError) as refused:
        ledger.require_block(replace(ledger.head(), **changes))
    assert refused.value.reason is Reason.BLOCK_NOT_FINAL


def test_time_that_passes_shows_in_the_next_block(world, ledger):
    before = ledger.head().time
    world.pass_time(77)
    assert ledger.request_consent(id_()).block.time == world.now() >= before + 77


def test_the_time_of_the_next_block_is_known_before_it_is_made(world, ledger):
    before = ledger.head().time
    world.pass_time(3 * 86_400)
    assert ledger.next_time() == world.now() >= before + 3 * 86_400
    assert ledger.head().time == before


def test_nothing_is_on_its_way_that_is_mined(world, ledger):
    use = Granted.of(world).use()
    ledger.record_uses([use])
    assert not ledger.is_on_way(use.ticket)


def test_every_contract_has_a_signing_domain_of_its_own(ledger):
    domains = {ledger.anchor_domain, ledger.consent_domain, ledger.member_domain, ledger.subject_domain}
    assert len(domains) == 4
    assert len({domain.chain_id for domain in domains}) == 1


@pytest.mark.parametrize("write", WRITES)
def test_a_client_without_keys_only_reads(world, write):
    with pytest.raises(ChainError) as refused:
        writes(world, world.reader)[write]()
    assert refused.value.reason is Reason.CONFIGURATION


@pytest.mark.parametrize("write", [write for write in WRITES if write not in BY_ANYBODY])
def test_a_key_of_no_member_sends_nothing(world, write):
    assert refusal(writes(world, world.stranger)[write]) == ("MemberKeyUnknown", Reason.KEY_NOT_VALID)
