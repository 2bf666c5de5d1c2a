"""The clock of the host and that of the chain are five minutes apart: consents live and end by the chain's."""

from types import SimpleNamespace

import pytest

from ledger_node import clock
from ledger_node.chain.deployment import Founder, FounderKey, deploy
from ledger_node.chain.port import Role, UseRefusal
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import ChainError
from ledger_node.domain.fact import EVERY_PURPOSE, FactQuery
from ledger_node.domain.signature import address_of
from ledger_node.node.embedded import Engine
from tests.kit.chain import GOVERNOR, RELAYER, RELAYER_ID
from tests.kit.ledger_consent import Granted
from tests.kit.node import CHAIN_ID, SEALER_KEY, NodeProcess, genesis

FIVE_MINUTES = 300
MINUTE = 60
HOUR = 3_600
GAS = 400_000


class Place:
    """A chain whose clock differs from ours."""

    def __init__(self, folder, ahead_s):
        path = folder / "chain.sqlite"
        Engine.create(path, genesis(), SEALER_KEY).close()
        self.node = NodeProcess(path, clock_ahead_s=ahead_s)
        rpc = Rpc(self.node.url)
        founder = Founder(
            RELAYER_ID, "Relayer", Role.RELAYER | Role.REGISTRAR, (FounderKey(address_of(RELAYER), EVERY_PURPOSE),)
        )
        self.book = deploy(rpc, Sender(rpc, CHAIN_ID, GOVERNOR), [founder], [], {})
        self.sender = Sender(rpc, CHAIN_ID, RELAYER)
        self.ledger = Web3Ledger(self.book, rpc, relayer=self.sender)

    def grant(self, not_before, expires_at):
        """Grant between two moments of the host's clock, in seconds from now."""
        now = clock.now()
        times = {"not_before": now + not_before, "expires_at": now + expires_at, "grant_before": 2**40 - 1}
        return Granted.of(SimpleNamespace(ledger=self.ledger, now=clock.now), **times).granted()

    def use(self, consent):
        (result,) = self.ledger.record_uses([consent.use()])
        return result


@pytest.fixture(scope="module")
def ahead(tmp_path_factory):
    """The host's clock is five minutes slow."""
    place = Place(tmp_path_factory.mktemp("ahead"), FIVE_MINUTES)
    yield place
    place.node.end()


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """The host's clock is five minutes fast."""
    place = Place(tmp_path_factory.mktemp("behind"), -FIVE_MINUTES)
    yield place
    place.node.end()


def test_n6_what_is_over_by_the_chain_cannot_be_granted_though_the_host_thinks_it_has_time(ahead):
    with pytest.raises(ChainError) as refused:
        ahead.grant(-HOUR, MINUTE)
    assert refused.value.reason == "consent_expired"


def test_n6_what_has_begun_by_the_chain_is_used_though_the_host_thinks_it_has_not(ahead):
    assert ahead.use(ahead.grant(MINUTE, HOUR)).recorded


def test_n6_what_lasts_by_the_chain_is_used_though_the_host_thinks_it_is_over(behind):
    assert behind.use(behind.grant(-HOUR, -MINUTE)).recorded


def test_n6_what_has_not_begun_by_the_chain_is_refused_though_the_host_thinks_it_has(behind):
    result = behind.use(behind.grant(-MINUTE, HOUR))
    assert result.refusal is UseRefusal.NOT_YET_VALID


@pytest.mark.parametrize("name", ["ahead", "behind"])
def test_n6_the_time_of_facts_is_that_of_their_block(request, name):
    place = request.getfixturevalue(name)
    consent = place.grant(-HOUR, HOUR)
    head = place.ledger.head()
    facts = place.ledger.facts(FactQuery(consent=consent.id), head)
    assert facts.block_time == head.time
    assert facts.consent.granted_at == head.time
    assert abs(facts.block_time - clock.now()) > FIVE_MINUTES // 2
