"""Which facts an answer needs, and that they lie where they are looked for."""

from api.catalogue.datatype import schemas
from api.services.attestation.stored_attestation import AttestationQuery
from api.services.verification.fact_selector import FactSelector
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.signature import address_of
from tests.kit.small_instance import BANK, NAMES, REGISTRAR, RELAYER, TAX, Silence, key_of


def test_an_answer_takes_the_facts_of_what_it_is_made_of(instance, taxpayer, finder, selector):
    assert type(selector) is FactSelector
    consent = instance.consents.find(instance.grant(taxpayer))
    subject = instance.subjects.find(taxpayer.subject)
    query = AttestationQuery("tax_payment")
    (found,) = finder.find([(subject, {query})])
    selection = selector.select(found.readable, consent)
    asked = selection.query
    assert asked.anchors == {(TAX, 0, 1), (REGISTRAR, 0, 1)}
    assert {member for member, _ in asked.keys} == {TAX, REGISTRAR, RELAYER}
    assert (RELAYER, address_of(key_of(RELAYER))) in asked.keys
    assert asked.positions == {(TAX, 0), (REGISTRAR, 0)}
    assert asked.consent == consent.shown.id
    own = asked.subject
    assert (own.subject, own.entries, own.begins, own.holds) == (taxpayer.subject, {0}, {1}, {1})
    assert {member for member, _ in own.keys} == {REGISTRAR}
    assert (asked.standings, asked.grantee) == ({RELAYER}, BANK)
    assert selection.names == {member: NAMES[member] for member in (TAX, REGISTRAR, RELAYER, BANK)}
    assert set(selection.slots) == set(Contract) - {Contract.DISPUTES}


def test_names_of_members_are_asked_for_once(instance, firm, selector):
    consent = instance.consents.find(instance.grant(firm))
    first = selector.select([], consent)
    with Silence(instance.ledger, "members"):
        assert selector.select([], consent) == first


def test_attesters_are_those_whom_the_ledger_allows_now(instance, selector):
    assert selector.attesters()["tax_payment"] == {TAX}
    instance.council.disallow_issuer(schemas()["tax_payment"].id, TAX)
    instance.council.allow_issuer(schemas()["tax_payment"].id, REGISTRAR)
    assert selector.attesters()["tax_payment"] == {REGISTRAR}
