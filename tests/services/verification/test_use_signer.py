"""Uses that the instance signs: for just what is asked, and what is drawn follows from seed and attempt."""

import pytest

from api.catalogue.datatype import schemas
from api.services.idempotency.attempt import Attempt
from api.services.verification.use_signer import UseSigner
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import SpendSeed
from ledger_node.domain.ticket import LIFETIME, SignedUse
from ledger_node.domain.ticket_slot import by_department
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, GOOD, RELAYER, refused

SEED = SpendSeed(b"\x3c" * 32)


@pytest.fixture
def signer(instance):
    instance.spend_seeds.hand_over(BANK, SEED)
    record_of, ledger = instance.consents.record_of, instance.ledger
    domain = ledger.consent_domain
    return UseSigner(instance.spend_seeds, record_of, ledger, answering=RELAYER, domain=domain)


@pytest.fixture
def consent(instance, taxpayer):
    salt = random_bytes(32)
    return instance.grant(taxpayer, salt=salt, spend_key=address_of(SEED.spend_key(salt)))


@pytest.fixture
def request_of(asked, consent):
    return lambda **attempt: asked(consent, GOOD, order=None, attempt=Attempt(**{"seed": b"a" * 32} | attempt))


def signed_use(instance, request, order):
    ticket = order.ticket(
        consent=request.consent_id,
        bank=BANK,
        purpose=request.terms.purpose,
        asked=by_department(request.claims, schemas()),
    ).digest(instance.ledger.consent_domain)
    return SignedUse(request.consent_id, order.number, ticket, order.not_after, order.signature)


def test_a_use_is_signed_for_ten_minutes_by_the_spend_key_of_the_consent(instance, signer, request_of):
    request = request_of()
    order = signer.sign(request)
    assert (order.answered_by, order.not_after) == (RELAYER, instance.now() + LIFETIME)
    key = request.consent.shown.bounds.spend_key
    signed_use(instance, request, order).require_signed_by(key, instance.ledger.consent_domain)


def test_what_is_drawn_is_the_same_in_each_try_and_another_in_each_call(signer, request_of):
    first, same, other = (signer.sign(request_of(seed=seed * 32)) for seed in (b"a", b"a", b"b"))
    assert first == same
    assert len({first.nonce, first.seed, other.nonce, other.seed, b"a" * 32, b"b" * 32}) == 6


def test_a_try_again_finds_the_use_that_was_counted(instance, signer, request_of):
    request = request_of()
    order = signer.sign(request)
    instance.ledger.record_uses([signed_use(instance, request, order)])
    instance.chain.pass_time(LIFETIME // 2)
    assert signer.sign(request_of(again=True)) == order
    assert signer.sign(request_of(), number_was_taken=True) == order
    assert signer.sign(request_of(seed=b"b" * 32, again=True)).number != order.number


def test_a_use_that_is_too_old_to_be_answered_is_signed_anew(instance, signer, request_of):
    request = request_of()
    order = signer.sign(request)
    instance.ledger.record_uses([signed_use(instance, request, order)])
    instance.chain.pass_time(2 * LIFETIME)
    assert signer.sign(request_of(again=True)).number != order.number


def test_without_the_right_seed_nothing_is_signed(instance, signer, request_of):
    instance.spend_seeds.hand_over(BANK, SpendSeed(b"x" * 32))
    assert refused(signer.sign, request_of()) is Reason.USE_SIGNATURE_WRONG
    instance.spend_seeds.take_back(BANK)
    assert refused(signer.sign, request_of()) is Reason.FIELD_MISSING
