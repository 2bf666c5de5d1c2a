"""What the Ledger port promises of facts at a block, and of events."""

import pytest

from ledger_node.chain.port import Role
from ledger_node.domain.controller_entry import ControllerHistory, ControllerQuery
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.fact import EVERY_PURPOSE, NO_PURPOSE, FactQuery, IssuerPeriod, KeyRecord, MemberStanding
from ledger_node.domain.signature import address_of
from tests.kit.ledger_firm import new_firm, people
from tests.kit.ledger_port import ACTIVE, NOTHING, SUSPENDED, id_
from tests.kit.ledger_world import (
    BANK,
    FOREVER,
    RELAYER,
)


def test_facts_are_of_one_block(world, ledger, department):
    member, key = department
    schema, address = id_(), address_of(key)
    world.council.register_schema(schema, "s")
    world.council.allow_issuer(schema, member)
    allowed_at = ledger.head().time
    query = FactQuery(
        keys=frozenset({(member, address), (BANK, address)}),
        issuers=frozenset({(schema, member), (schema, BANK)}),
        standings=frozenset({member, NOTHING}),
    )
    before = ledger.head()
    world.pass_time(10)
    world.council.disallow_issuer(schema, member)
    world.council.mark_compromised(address, 9)
    world.council.set_state(member, SUSPENDED)
    facts = ledger.facts(query)
    head = ledger.head()
    assert (facts.block_number, facts.block_hash, facts.block_time) == (head.number, head.hash, head.time)
    assert (facts.anchor_domain, facts.consent_domain) == (ledger.anchor_domain, ledger.consent_domain)
    assert facts.keys == {
        (member, address): KeyRecord(0, FOREVER, 9, EVERY_PURPOSE),
        (BANK, address): KeyRecord(0, 0, 0, NO_PURPOSE),
    }
    assert facts.issuers[schema, member] == IssuerPeriod(allowed_at, head.time)
    assert facts.issuers[schema, BANK] == IssuerPeriod(0, 0)
    assert facts.standings == {
        member: MemberStanding(Role.DEPARTMENT, SUSPENDED),
        NOTHING: MemberStanding(0, 0),
    }
    assert (facts.consent, facts.controllers) == (None, None)
    then = ledger.facts(query, before)
    assert (then.block_number, then.keys[member, address]) == (before.number, KeyRecord(0, FOREVER, 0, EVERY_PURPOSE))
    assert then.issuers[schema, member] == IssuerPeriod(allowed_at, FOREVER)
    assert then.standings[member] == MemberStanding(Role.DEPARTMENT, ACTIVE)


def test_entries_and_holds_of_a_subject_are_facts_of_one_block(ledger):
    firm, heirs = new_firm(ledger, RELAYER), people()
    first, before = ledger.controller_entry(firm.id, 0), ledger.head()
    firm.rotate(heirs)
    firm.hold()
    asker = (first.registrar, first.key)
    subject = ControllerQuery(firm.id, frozenset({0}), frozenset({1, 2}), frozenset({1, 2}), frozenset({asker}))

    def facts(at=None):
        return ledger.facts(FactQuery(subject=subject), at)

    assert facts().controllers == ControllerHistory(
        {0: first}, {1: ledger.controller_entry(firm.id, 1).since, 2: 0}, {1: ledger.head().time, 2: 0}
    )
    assert facts(before).controllers == ControllerHistory({0: first}, {1: 0, 2: 0}, {1: 0, 2: 0})
    assert facts().keys.keys() == {asker}


def test_events_end_with_the_newest_block(ledger):
    mined = ledger.request_consent(id_())
    number = mined.block.number
    assert len(ledger.events_between(number, number + 100)) == 1
    assert ledger.events_between(number + 1, number + 100) == []
    assert ledger.events_between(number, number - 1) == []


def test_state_proofs_and_trust_are_of_a_real_chain_only(world, ledger):
    if world.is_fake:
        for call in (lambda: ledger.state_proof({}, ledger.head()), ledger.trust):
            with pytest.raises(NotImplementedError, match="embedded node"):
                call()
    else:
        proof = ledger.state_proof({Contract.CONSENTS: [0]}, ledger.head())
        assert (proof.words, proof.block.hash) == ({(Contract.CONSENTS, 0): 0}, ledger.head().hash)
        assert ledger.trust().chain_id == ledger.consent_domain.chain_id
