"""An officer's use: its ticket is known before it is spent, and one click twice spends one."""

import pytest

from api.catalogue.datatype import schemas
from api.services.verification.prepared_use import PreparedUses
from ledger_node.domain.claim import Claim
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import SpendSeed
from ledger_node.domain.ticket_slot import by_department
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, GOOD, RELAYER, refused

SEED, SALT = SpendSeed(b"s" * 32), b"\x05" * 32
CLAIMS = [Claim.parse(GOOD, schemas())]


@pytest.fixture
def uses(instance):
    instance.spend_seeds.hand_over(BANK, SEED)
    return PreparedUses(
        instance.spend_seeds, instance.consents.record_of, answering=RELAYER, domain=instance.ledger.consent_domain
    )


@pytest.fixture
def consent(instance, firm):
    granted = instance.grant(firm, salt=SALT, spend_key=address_of(SEED.spend_key(SALT)), max_uses=2)
    return instance.consents.find(granted)


def ordered(uses, consent, prepared):
    said = {"attempt": prepared.attempt, "number": prepared.number, "not_after": prepared.not_after}
    return uses.order(consent, CLAIMS, **said)


def test_the_ticket_is_that_of_the_use_that_is_ordered(instance, uses, consent):
    prepared = uses.prepare(consent, CLAIMS, now=instance.now())
    order = ordered(uses, consent, prepared)
    ticket = order.ticket(
        consent=consent.shown.id,
        bank=BANK,
        purpose=consent.shown.terms.purpose,
        asked=by_department(CLAIMS, schemas()),
    )
    assert ticket.digest(instance.ledger.consent_domain) == prepared.ticket
    assert order.signature != bytes(65)
    assert ordered(uses, consent, prepared) == order


def test_preparing_spends_nothing_and_each_page_has_its_own_ticket(instance, uses, consent):
    tickets = {uses.prepare(consent, CLAIMS, now=instance.now()).ticket for _ in range(5)}
    assert len(tickets) == 5
    assert instance.record_of(consent.shown.id).uses == 0


def test_a_number_that_is_used_is_not_prepared_and_none_is_left_in_the_end(instance, uses, consent):
    instance.ledger.record_uses([instance.signed_use(consent.shown.id, 1, key=SEED.spend_key(SALT))])
    assert {uses.prepare(consent, CLAIMS, now=instance.now()).number for _ in range(5)} == {2}
    instance.ledger.record_uses([instance.signed_use(consent.shown.id, 2, key=SEED.spend_key(SALT))])
    assert refused(uses.prepare, consent, CLAIMS, now=instance.now()) is Reason.CONSENT_EXHAUSTED


def test_without_the_banks_seed_nothing_is_prepared(instance, uses, consent, firm):
    prepared = uses.prepare(consent, CLAIMS, now=instance.now())
    foreign = instance.consents.find(instance.grant(firm))
    assert refused(uses.prepare, foreign, CLAIMS, now=instance.now()) is Reason.USE_SIGNATURE_WRONG
    instance.spend_seeds.take_back(BANK)
    assert refused(uses.prepare, consent, CLAIMS, now=instance.now()) is Reason.FIELD_MISSING
    assert refused(ordered, uses, consent, prepared) is Reason.FIELD_MISSING


def test_a_page_that_was_changed_is_refused(instance, uses, consent):
    said = {"attempt": random_bytes(31), "number": 1, "not_after": instance.now()}
    assert refused(uses.ticket, consent, CLAIMS, **said) is Reason.VALUE_MALFORMED
