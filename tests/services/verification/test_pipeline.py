"""From a bank's question to its answer: a use is counted first, a row is logged always, and nothing leaves before."""

from dataclasses import replace

import pytest

from api.catalogue.datatype import schemas
from api.services.access_log.reader import AccessReader
from api.services.access_log.writer import AccessLog
from api.services.consent.signed_act import signed_act
from api.services.idempotency.attempt import Attempt
from api.services.verification.answer import Answer, build_presentation, shown_subject
from api.services.verification.answer_builder import BuiltAnswer
from api.services.verification.pipeline import VerificationService
from api.services.verification.use_error import UseError
from api.services.verification.use_history import UseHistory
from api.services.verification.use_recorder import UseRecorder
from api.services.verification.use_signer import UseSigner
from api.services.verification.use_step import FactSources
from api.telemetry.metric import Metrics
from ledger_node.chain.port import UseRefusal
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_act import Change, ChangeKind
from ledger_node.domain.reason import Reason
from ledger_node.domain.shown_use import ShownUse
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import SpendSeed
from ledger_node.domain.ticket import CountedUse
from ledger_node.domain.verification import Policy, verify
from ledger_node.randomness import random_bytes
from tests.kit.fake_words import FactWords
from tests.kit.small_control import rotate_elsewhere
from tests.kit.small_instance import (
    BANK,
    GOOD,
    REGISTRAR,
    RELAYER,
    SECRET,
    STRANGER,
    TAX,
    Silence,
    controllers_of,
    one_form,
    refused,
)

PATIENCE_S = 30
SEED = SpendSeed(bytes(range(32)))
OTHER = one_form("penalty_summary.count_24m < 1")


class FakeProof:
    """What a state proof says of a consent and its subject's controllers, out of the facts of the fake ledger."""

    def __init__(self, ledger, slots, at):
        self.at = at
        self.words = FactWords(ledger, slots, at)


class FactPool:
    """Builds answers from the facts of the fake ledger, where the real pool takes them out of a state proof."""

    def __init__(self, ledger):
        self._ledger = ledger

    def start(self):
        pass

    close = start

    def build(self, group):
        return [BuiltAnswer(self._answer(inputs, proof.at), {}) for inputs, _, proof in group]

    def _answer(self, inputs, block):
        facts = self._ledger.facts(inputs.facts.query, block)
        subject = shown_subject(inputs.credit_code, inputs.registration)
        told = (inputs.claims, inputs.unconsented, inputs.attestations, facts, inputs.policy)
        use = ShownUse(inputs.order, tuple(CountedUse(*one) for one in inputs.uses))
        presentation = build_presentation(inputs.consent, subject, *told, use=use, resumption=inputs.resumption)
        if presentation.consent is not None:
            verify(presentation, schemas(), facts, grantee=inputs.bank, policy=inputs.policy)
        return replace(Answer.showing(presentation, facts), use=inputs.ticket)


@pytest.fixture
def service(instance, finder, selector):
    instance.ledger.state_proof = lambda slots, at: FakeProof(instance.ledger, slots, at)
    log = AccessLog(instance.store, instance.keys, instance.departments[REGISTRAR], instance.now)
    made = VerificationService(
        finder,
        instance.subjects,
        instance.consents,
        UseRecorder(instance.ledger),
        log,
        selector,
        FactSources(UseHistory(instance.store, instance.ledger), instance.consents.find_resumption),
        UseSigner(
            instance.spend_seeds,
            instance.consents.record_of,
            instance.ledger,
            answering=RELAYER,
            domain=instance.ledger.consent_domain,
        ),
        FactPool(instance.ledger),
        Metrics(),
        answering=RELAYER,
        domain=instance.ledger.consent_domain,
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
def ask(instance, service):
    def answer(consent, *questions, attempt=None, purpose=None, order=None, **options):
        claims = [Claim.parse(text, schemas()) for text in questions]
        attempt = attempt or Attempt(random_bytes(32))
        given = {"purpose": purpose, "policy": Policy(), "now": instance.now(), "attempt": attempt}
        free = instance.record_of(consent)
        if free is not None and free.free_numbers:
            options = {"number": free.free_numbers[0]} | options
        order = order or instance.order(consent, *questions, **options)
        found = service.verify(BANK, consent, claims, order, **given).result(PATIENCE_S)
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
    instance.consents.withdraw(consent, secret=SECRET, signatures=())
    assert ask(consent, GOOD) == [("cannot_tell", Reason.CONSENT_WITHDRAWN)]
    assert [row["reason"] for row in logged()] == [None, "consent_exhausted", "consent_withdrawn"]


@pytest.fixture
def ask_unsigned(instance, service):
    """Ask as a bank that handed its seed over, and leave the use to the instance."""
    instance.spend_seeds.hand_over(BANK, SEED)

    def answers(consent, *attempts):
        given = {"purpose": None, "policy": Policy(), "now": instance.now()}
        claims = [Claim.parse(GOOD, schemas())]
        waiting = [service.verify(BANK, consent, claims, None, **given, attempt=one) for one in attempts]
        found = [one.result(PATIENCE_S) for one in waiting]
        return [(one.verdict.value, one.reason) for answer in found for one in answer.results]

    return answers


def granted_to_seed(instance, firm, **changes):
    salt = random_bytes(32)
    return instance.grant(firm, salt=salt, spend_key=address_of(SEED.spend_key(salt)), **changes)


def test_k2_an_instance_that_holds_the_banks_seed_signs_its_uses(instance, taxpayer, ask_unsigned, logged):
    consent = granted_to_seed(instance, taxpayer)
    attempts = [Attempt(random_bytes(32)) for _ in range(3)]
    # together: each finds a number of its own
    assert ask_unsigned(consent, *attempts) == [("holds", None)] * 3
    assert instance.record_of(consent).uses == 3
    assert ask_unsigned(consent, Attempt(random_bytes(32))) == [("cannot_tell", Reason.CONSENT_EXHAUSTED)]
    assert [row["use"] is None for row in logged()] == [False] * 3 + [True]


def test_k2_a_try_again_without_signature_costs_one_use_also_later(instance, taxpayer, ask_unsigned):
    consent, seed = granted_to_seed(instance, taxpayer), random_bytes(32)
    assert ask_unsigned(consent, Attempt(seed)) == [("holds", None)]
    instance.chain.pass_time(90)
    assert ask_unsigned(consent, Attempt(seed, again=True)) == [("holds", None)]
    assert instance.record_of(consent).uses == 1


def test_k2_without_a_seed_the_instance_signs_nothing(instance, taxpayer, ask_unsigned, logged):
    consent = granted_to_seed(instance, taxpayer)
    instance.spend_seeds.take_back(BANK)
    with pytest.raises(UseError) as missing:
        ask_unsigned(consent, Attempt(random_bytes(32)))
    assert (missing.value.reason, missing.value.field) == (Reason.FIELD_MISSING, "use")
    assert instance.record_of(consent).uses == 0
    assert [row["use"] for row in logged()] == [None]


def test_k2_whoever_has_a_banks_seed_spends_its_uses_and_is_answered_nothing(instance, taxpayer, service):
    consent = granted_to_seed(instance, taxpayer)
    salt = instance.consents.find(consent).shown.terms.salt
    stolen, claims = SEED.spend_key(salt), [Claim.parse(GOOD, schemas())]
    order = instance.order(consent, GOOD, key=stolen)
    given = {"purpose": None, "policy": Policy(), "now": instance.now(), "attempt": Attempt(random_bytes(32))}
    # the member that signs in has to be the bank of the consent
    found = service.verify(STRANGER, consent, claims, order, **given).result(PATIENCE_S)
    assert [one.reason for one in found.results] == [Reason.CONSENT_UNKNOWN]
    assert instance.record_of(consent).uses == 0
    instance.ledger.record_uses([instance.signed_use(consent, 1, key=stolen)])
    assert instance.record_of(consent).uses == 1
    instance.consents.withdraw(consent, secret=SECRET, signatures=())
    (result,) = instance.ledger.record_uses([instance.signed_use(consent, 2, key=stolen)])
    assert result.refusal is UseRefusal.WITHDRAWN


def test_k2_a_consent_of_another_seed_is_not_spent(instance, taxpayer, ask_unsigned):
    consent = instance.grant(taxpayer)
    with pytest.raises(UseError) as wrong:
        ask_unsigned(consent, Attempt(random_bytes(32)))
    assert (wrong.value.reason, wrong.value.field) == (Reason.USE_SIGNATURE_WRONG, "use")
    assert instance.record_of(consent).uses == 0


@pytest.mark.parametrize("again", [True, False])
def test_k2_one_that_asks_again_with_the_same_ticket_costs_one_use(instance, taxpayer, ask, again):
    consent, seed = instance.grant(taxpayer), random_bytes(32)
    order = instance.order(consent, GOOD)
    answers = [ask(consent, GOOD, order=order, attempt=Attempt(seed, again=one)) for one in (False, again)]
    assert answers == [[("holds", None)]] * 2
    assert instance.record_of(consent).uses == 1


def test_k2_a_number_that_is_taken_is_answered_with_a_free_one(instance, taxpayer, ask, logged):
    consent = instance.grant(taxpayer)
    ask(consent, GOOD, number=2)
    with pytest.raises(UseError) as taken:
        ask(consent, GOOD, number=2)
    assert (taken.value.reason, taken.value.free_number) == (Reason.USE_NUMBER_TAKEN, 1)
    assert [row["use"] is None for row in logged()] == [False, True]
    assert ask(consent, GOOD, number=1) == [("holds", None)]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"answered_by": TAX}, Reason.USE_OTHER_MEMBER),
        ({"key": b"x" * 32}, Reason.USE_SIGNATURE_WRONG),
        ({"number": 4}, Reason.VALUE_OUT_OF_RANGE),
        ({"now": 1}, Reason.USE_TOO_LATE),
    ],
    ids=str,
)
def test_k2_a_use_that_the_bank_did_not_sign_for_this_costs_nothing(instance, taxpayer, ask, logged, options, reason):
    consent = instance.grant(taxpayer)
    assert refused(ask, consent, GOOD, **options) is reason
    assert instance.record_of(consent).uses == 0
    assert [(row["use"], row["reason"]) for row in logged()] == [(None, reason)]


def test_k2_a_use_is_for_the_questions_that_it_was_signed_for(instance, taxpayer, ask):
    consent = instance.grant(taxpayer, GOOD, OTHER)
    order = instance.order(consent, GOOD)
    assert refused(ask, consent, OTHER, order=order) is Reason.USE_SIGNATURE_WRONG
    assert instance.record_of(consent).uses == 0


def test_uses_that_others_sent_are_replayed_as_well(instance, taxpayer, ask):
    consent = instance.grant(taxpayer)
    assert ask(consent, GOOD) == [("holds", None)]
    instance.other.record_uses([instance.signed_use(consent, 3)])
    assert ask(consent, GOOD) == [("holds", None)]
    kept = UseHistory(instance.store, instance.ledger).kept(consent)
    assert kept == instance.ledger.counted_uses([consent])[consent]
    assert [use.number for use in kept] == [1, 3, 2]


def test_k1_what_was_resumed_by_controllers_goes_on_and_by_the_steward_key_alone_does_not(instance, taxpayer, ask):
    consent, other = instance.grant(taxpayer), instance.grant(taxpayer)
    for one in (consent, other):
        instance.consents.change(one, Change.PAUSE, 1, instance.signed_change(taxpayer, one, Change.PAUSE, 1))
    instance.consents.change(consent, Change.RESUME, 2, instance.signed_change(taxpayer, consent, Change.RESUME, 2))
    stranger = instance.new_firm()
    act = signed_act(instance.history.current(stranger.subject).controllers, b"x" * 32, stranger.sign(b"x" * 32))
    shown = instance.consents.find(other).shown.consent
    instance.other.change_consent(instance.change_order(shown, ChangeKind.RESUME, 2, act))
    assert ask(consent, GOOD) == [("holds", None)]
    assert ask(other, GOOD) == [("cannot_tell", Reason.CONSENT_PAUSED)]


def test_controllers_that_came_meanwhile_are_read(instance, taxpayer, ask):
    consent = instance.grant(taxpayer)
    assert ask(consent, GOOD) == [("holds", None)]
    instance.chain.pass_time(1)
    rotate_elsewhere(instance, taxpayer, controllers_of(b"h" * 32))
    assert ask(consent, GOOD) == [("holds", None)]


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
