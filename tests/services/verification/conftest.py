import pytest

from api.catalogue.datatype import schemas
from api.services.idempotency.attempt import Attempt
from api.services.verification.answer import store_nothing
from api.services.verification.attestation_finder import AttestationFinder
from api.services.verification.fact_selector import FactSelector
from api.services.verification.request import VerificationRequest
from ledger_node.domain.claim import Claim
from ledger_node.domain.signature import address_of
from ledger_node.domain.verification import Policy
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, RELAYER, key_of


@pytest.fixture
def finder(instance):
    return AttestationFinder(instance.store, instance.keys, instance.departments, instance.ledger.anchor_domain)


@pytest.fixture
def selector(instance):
    return FactSelector(instance.ledger, (RELAYER, address_of(key_of(RELAYER))))


@pytest.fixture
def taxpayer(instance):
    """A registered firm of which a tax payment is attested."""
    firm = instance.new_firm()
    instance.attest(firm.code)
    return firm


@pytest.fixture
def asked(instance):
    """Return what a bank asks under a consent, found as the pipeline finds it."""

    def request(consent, *questions, bank=BANK, purpose=None, **options):
        given = {"order": instance.order(consent, *questions), "attempt": Attempt(random_bytes(32))} | options
        return VerificationRequest(
            bank=bank,
            operator=None,
            consent_id=consent,
            claims=[Claim.parse(text, schemas()) for text in questions],
            purpose=purpose,
            policy=Policy(),
            now=instance.now(),
            store_response=store_nothing,
            consent=instance.consents.find(consent),
            **given,
        )

    return request
