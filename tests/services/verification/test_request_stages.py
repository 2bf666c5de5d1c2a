"""A verification on its way through the stages: each step adds to the request, and an outcome ends it for one alone."""

import pytest

from api.catalogue.datatype import schemas
from api.client.spending import Spending
from api.services.consent.stored_consent import StoredConsent
from api.services.idempotency.attempt import attempt_without_key
from api.services.verification.pipeline import VerificationService
from api.telemetry.metric import Metrics
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import ChainError, StoreError
from ledger_node.domain.reason import Reason
from ledger_node.domain.verification import Policy
from tests.kit.world import BANK, CONSENT_DOMAIN, NOW, SPEND_KEY, TAX, consent, terms

ASKED = "tax_payment.paid_amount >= 500000 CNY during 2025"
OTHER = "tax_payment.paid_amount >= 900000 CNY during 2025"
GRANTED = StoredConsent(consent(terms(questions=(ASKED,), departments=(TAX,))), 0, True, "", bytes(32))


class Parts:
    """Stands in for all that the stages work with: one consent, and a firm that was erased."""

    def __init__(self):
        self.consents = {GRANTED.shown.id: GRANTED}
        self.fault = None
        self.entries = []

    def find_all(self, ids):
        if self.fault is not None:
            raise self.fault
        return {one: self.consents[one] for one in ids if one in self.consents}

    def why_unknown(self, _):
        return Reason.ERASED

    def write_all(self, entries):
        self.entries += entries
        return [None for _ in entries]

    @property
    def history(self):
        return self

    def note_kept(self, uses):
        assert uses == ()

    def start(self):
        """Stand in for the pool."""

    def close(self):
        """Stand in for the pool."""


@pytest.fixture
def parts():
    return Parts()


@pytest.fixture
def service(parts):
    whole = (parts,) * 9
    made = VerificationService(*whole, Metrics(), answering=TAX, domain=CONSENT_DOMAIN)
    made.start()
    yield made
    made.stop()


def verify(service, *claims, bank=BANK, consent_id=GRANTED.shown.id, purpose=None):
    asked = [Claim.parse(text, schemas()) for text in claims or (ASKED,)]
    order = Spending(consent_id, GRANTED.shown.terms, SPEND_KEY, TAX, CONSENT_DOMAIN).sign(asked, 1, now=NOW)
    given = {"purpose": purpose, "policy": Policy(), "now": NOW, "attempt": attempt_without_key()}
    return service.verify(bank, consent_id, asked, order, **given)


def reasons(answer):
    return [one.reason for one in answer.result(timeout=10).results]


def test_a_consent_of_another_bank_is_answered_like_one_that_is_not_there_and_its_subject_sees_it(parts, service):
    assert reasons(verify(service, bank=b"o" * 32)) == [Reason.CONSENT_UNKNOWN]
    assert reasons(verify(service, consent_id=b"n" * 32)) == [Reason.CONSENT_UNKNOWN]
    stranger, nobodys = (entry.rows[0] for entry in parts.entries)
    assert (stranger.subject, stranger.row.purpose) == (GRANTED.shown.terms.subject, None)
    assert (nobodys.subject, nobodys.row.purpose) == (None, None)


def test_claims_that_the_consent_does_not_list_cost_no_use(parts, service):
    assert reasons(verify(service, OTHER)) == [Reason.QUESTION_NOT_CONSENTED]
    (entry,) = parts.entries
    assert entry.rows[0].row.use is None


def test_another_purpose_is_refused(service):
    assert reasons(verify(service, purpose="guarantee")) == [Reason.CONSENT_OTHER_PURPOSE]


def test_a_firm_that_was_erased_is_answered_with_that_reason(service):
    assert reasons(verify(service)) == [Reason.ERASED]


def test_an_error_of_a_step_is_the_outcome_of_the_request_and_is_logged(parts, service):
    parts.fault = ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")
    with pytest.raises(ChainError):
        verify(service).result(timeout=10)
    (entry,) = parts.entries
    assert [one.row.reason for one in entry.rows] == [Reason.LEDGER_UNAVAILABLE]


def test_nothing_leaves_that_is_not_logged(parts, service):
    parts.write_all = lambda entries: [StoreError(Reason.STORE_UNAVAILABLE, "no disk") for _ in entries]
    with pytest.raises(StoreError):
        verify(service).result(timeout=10)
