"""A bank's seed: a key for each consent, of which none tells another."""

import pytest

from api.catalogue.datatype import schemas
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import SpendSeed, UnsignedUse
from ledger_node.domain.ticket import SignedUse
from ledger_node.domain.ticket_slot import by_department
from tests.kit.world import CONSENT_DOMAIN, NOW, TAX, terms

SEED = SpendSeed(b"\x11" * 32)
CLAIM = "tax_payment.paid_amount >= 500000 CNY during 2025"


def test_a_seed_is_read_as_it_was_written_and_shown_nowhere_else():
    assert SpendSeed.from_text(SEED.to_text() + "\n") == SEED
    assert "11" * 4 not in repr(SEED)
    with pytest.raises(InvalidInputError) as refused:
        SpendSeed.from_text("0x" + "11" * 31)
    assert "11" * 4 not in str(refused.value)


def test_all_that_follows_from_a_seed_differs():
    salts = [bytes([number]) * 32 for number in range(3)]
    drawn = {
        secret
        for seed in (SEED, SpendSeed(b"\x12" * 32))
        for salt in salts
        for secret in (seed.spend_key(salt), seed.answer_key(salt), *seed.use_secrets(salt))
    }
    assert len(drawn) == 2 * 3 * 4


def test_a_use_is_signed_for_its_claims_and_nothing_else():
    granted, key = terms(questions=(CLAIM,)), SEED.spend_key(b"s" * 32)
    asked = by_department([Claim.parse(CLAIM, schemas())], schemas())
    use = UnsignedUse.draft(
        b"c" * 32, granted, asked, number=2, answering=TAX, not_after=NOW, secrets=SEED.use_secrets(b"a" * 32)
    )
    order = use.sign(key, CONSENT_DOMAIN)
    assert (order.number, order.answered_by, order.not_after) == (2, TAX, NOW)
    ticket = use.ticket.digest(CONSENT_DOMAIN)
    SignedUse(b"c" * 32, 2, ticket, NOW, order.signature).require_signed_by(address_of(key), CONSENT_DOMAIN)
    assert "11" * 4 not in repr(use)
