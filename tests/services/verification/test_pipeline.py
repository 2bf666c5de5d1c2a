"""From a bank's question to its answer: a use is counted first, a row is logged always, and nothing leaves before."""

import pytest

from api.catalogue.datatype import schemas
from api.services.access_log.reader import AccessReader
from api.services.access_log.writer import AccessLog
from api.services.idempotency.attempt import Attempt
from api.services.verification.answer import Answer, build_presentation, shown_subject
from api.services.verification.answer_builder import BuiltAnswer
from api.services.verification.pipeline import VerificationService
from api.services.verification.use_recorder import UseRecorder
from api.telemetry.metric import Metrics
from ledger_node.domain.claim import Claim
from ledger_node.domain.reason import Reason
from ledger_node.domain.verification import Policy
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, GOOD, REGISTRAR, RELAYER, SECRET, Silence, one_form, refused

PATIENCE_S = 30
OTHER = one_form("penalty_summary.count_24m < 1")


class FactPool:
    """Builds answers from the facts of the fake ledger, where the real pool takes them out of a state proof."""

    def __init__(self, ledger):
        self._ledger = ledger

    def start(self):
        pass

    close = start

    def build(self, group):
        return [BuiltAnswer(self._answer(inputs, block), {}) for inputs, _, block in group]

    def _answer(self, inputs, block):
        facts = self._ledger.facts(inputs.facts.query, block)
        subject = shown_subject(inputs.credit_code, inputs.registration)
        told = (inputs.claims, inputs.unconsented, inputs.attestations, facts, inputs.policy)
        return Answer.showing(build_presentation(inputs.consent, subject, *told), facts, entry=inputs.entry)


@pytest.fixture
def service(instance, finder, selector):
    instance.ledger.state_proof = lambda _, at: at
    log = AccessLog(instance.store, instance.keys, instance.departments[REGISTRAR], instance.now)
    made = VerificationService(
        finder,
        instance.subjects,
        instance.consents,
        UseRecorder(instance.ledger),
        log,
        selector,
        FactPool(instance.ledger),
        Metrics(),
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
def ask(instance, service):
    def answer(consent, *questions, attempt=None, purpose=None):
        claims = [Claim.parse(text, schemas()) for text in questions]
        attempt = attempt or Attempt(random_bytes(32))
        given = {"purpose": purpose, "policy": Policy(), "now": instance.now(), "attempt": attempt}
        found = service.verify(BANK, consent, claims, **given).result(PATIENCE_S)
        return [(one.verdict.value, one.reason) for one in found.results]

    return answer


@pytest.fixture
def logged(instance):
    reader = AccessReader(instance.store, instance.keys, instance.departments[REGISTRAR], RELAYER)
    return lambda: [one["row"] for one in reader.of_bank(BANK, after=None, limit=100)]


def test_a_question_costs_a_use_and_is_logged(instance, taxpayer, ask, logged):
    consent = instance.grant(taxpayer)
    assert ask(consent, GOOD) == [("holds", None)]
    assert instance.record_of(consent).uses == 1
    (row,) = logged()
    assert (row["verdict"], row["question"], row["reason"]) == ("holds", GOOD, None)


def test_what_the_store_can_refuse_costs_no_use_and_is_logged(instance, taxpayer, ask, logged):
    consent = instance.grant(taxpayer)
    assert ask(consent, OTHER) == [("cannot_tell", Reason.QUESTION_NOT_CONSENTED)]
    assert ask(random_bytes(32), GOOD) == [("cannot_tell", Reason.CONSENT_UNKNOWN)]
    assert ask(consent, GOOD, purpose="guarantee") == [("cannot_tell", Reason.CONSENT_OTHER_PURPOSE)]
    assert instance.record_of(consent).uses == 0
    assert [row["use"] for row in logged()] == [None] * 3


def test_what_the_ledger_refuses_is_told_and_logged(instance, taxpayer, ask, logged):
    consent = instance.grant(taxpayer, max_uses=1)
    assert ask(consent, GOOD) == [("holds", None)]
    assert ask(consent, GOOD) == [("cannot_tell", Reason.CONSENT_EXHAUSTED)]
    instance.ledger.withdraw(consent, SECRET)
    assert ask(consent, GOOD) == [("cannot_tell", Reason.CONSENT_WITHDRAWN)]
    assert [row["reason"] for row in logged()] == [None, "consent_exhausted", "consent_withdrawn"]


def test_one_that_asks_again_costs_one_use(instance, taxpayer, ask):
    consent, seed = instance.grant(taxpayer), random_bytes(32)
    assert ask(consent, GOOD, attempt=Attempt(seed)) == ask(consent, GOOD, attempt=Attempt(seed, again=True))
    assert instance.record_of(consent).uses == 1


def test_while_the_ledger_does_not_answer_nothing_is_told_and_the_question_is_logged(instance, taxpayer, ask, logged):
    consent = instance.grant(taxpayer)
    with Silence(instance.ledger, "record_uses"):
        assert refused(ask, consent, GOOD) is Reason.LEDGER_UNAVAILABLE
    assert [row["reason"] for row in logged()] == ["ledger_unavailable"]
    assert ask(consent, GOOD) == [("holds", None)]


def test_a_firm_without_attestation_is_told_as_such(instance, firm, ask):
    assert ask(instance.grant(firm), GOOD) == [("cannot_tell", Reason.NO_ATTESTATION)]


def test_what_cannot_be_asked_is_refused_before_anything_else(instance, ask, logged):
    assert refused(ask, random_bytes(32)) is Reason.REQUEST_INVALID
    assert logged() == []
    assert instance.ledger.uses_since(0) == []
