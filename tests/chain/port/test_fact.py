"""What the Ledger port promises of facts at a block, and of events."""

import pytest

from ledger_node.chain.port import Role
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.fact import EVERY_PURPOSE, NO_PURPOSE, FactQuery, IssuerPeriod, KeyRecord, MemberStanding
from ledger_node.domain.signature import address_of
from tests.kit.ledger_port import ACTIVE, NOTHING, SUSPENDED, granted, id_, record_of, registered
from tests.kit.ledger_world import (
    BANK,
    FOREVER,
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


def test_controllers_are_those_of_the_time_of_the_grant(world, ledger):
    subject, first = registered(ledger)
    world.pass_time(10)
    consent = granted(world)
    world.pass_time(10)
    second = id_()
    ledger.rotate(subject, second)
    later = granted(world)

    def found(consent, entry):
        return ledger.facts(FactQuery(consent=consent, subject=(subject, entry))).controllers

    assert (found(consent, 0), found(consent, 1)) == (first, None)
    assert (found(later, 0), found(later, 1)) == (None, second)
    assert found(id_(), 0) is None
    facts = ledger.facts(FactQuery(consent=consent, subject=(subject, 0)))
    assert facts.consent == record_of(ledger, consent)
    assert found(consent, 2) is None
    assert facts.controllers == first


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
