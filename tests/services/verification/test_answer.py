"""What a claim comes to, from an attestation and the facts of the ledger."""

import json

import pytest

from api.catalogue.datatype import schemas
from api.services.attestation.stored_attestation import AttestationQuery
from api.services.verification.answer import (
    Answer,
    build_presentation,
    cannot_tell,
    prove_claim,
    refusal,
    results_of,
    shown_subject,
    unless_consented,
)
from ledger_node.domain.claim import Claim
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.shown_use import ShownUse
from ledger_node.domain.ticket import SignedUse
from ledger_node.domain.ticket_slot import by_department
from ledger_node.domain.verification import Policy, verify
from tests.kit.small_instance import BANK, GOOD, TAX, one_form

LESS = one_form("tax_payment.paid_amount < 1000 CNY during 2025")
MONTHS = one_form("tax_payment.months_paid_on_time_12m >= 12 during 2025")
ALL = (GOOD, LESS, MONTHS)


class Answering:
    """One firm with its attestations, and one consent to all questions."""

    def __init__(self, instance, firm, finder, selector):
        self.instance, self.firm = instance, firm
        self.consent = instance.consents.find(instance.grant(firm, *ALL))
        (self.found,) = finder.find([(instance.subjects.find(firm.subject), {AttestationQuery("tax_payment")})])
        self.selection = selector.select(self.found.readable, self.consent)
        (self.ticket,) = instance.use(self.consent.shown.id)

    @property
    def facts(self):
        return self.instance.ledger.facts(self.selection.query)

    def attested(self, claim):
        (one,) = self.found.attestations.values()
        return dict.fromkeys(claim.parts, one)

    def prove(self, text, attestations=None):
        claim = Claim.parse(text, schemas())
        found = self.attested(claim) if attestations is None else dict.fromkeys(claim.parts, attestations)
        return prove_claim(self.consent.shown, claim, found, self.facts, Policy())

    def present(self, *texts):
        claims = [Claim.parse(text, schemas()) for text in texts]
        found = {part: one for claim in claims for part, one in self.attested(claim).items()}
        subject = shown_subject(self.firm.code, self.found.registration)
        unconsented = [unless_consented(self.consent.shown, claim) for claim in claims]
        told = (self.consent.shown, subject, claims, unconsented, found, self.facts, Policy())
        return build_presentation(*told, use=self.use(*texts), resumption=None)

    def use(self, *texts):
        """Return a use for just these questions, as the only one that the ledger counted."""
        consent = self.consent.shown.id
        order = self.instance.order(consent, *texts, number=2)
        ticket = order.ticket(
            consent=consent,
            bank=BANK,
            purpose="loan_application",
            asked=by_department([Claim.parse(text, schemas()) for text in texts], schemas()),
        ).digest(self.instance.ledger.consent_domain)
        self.instance.ledger.record_uses([SignedUse(consent, 2, ticket, order.not_after, order.signature)])
        return ShownUse(order, tuple(self.instance.ledger.counted_uses([consent])[consent]))


@pytest.fixture
def answering(instance, taxpayer, finder, selector):
    return Answering(instance, taxpayer, finder, selector)


@pytest.mark.parametrize(
    ("text", "outcome"), [(GOOD, Outcome.HOLDS), (LESS, Outcome.DOES_NOT_HOLD), (MONTHS, Outcome.HOLDS)]
)
def test_a_claim_is_proven_or_disproven(answering, text, outcome):
    shown = answering.prove(text)
    assert (shown.verdict, shown.reason, len(shown.parts)) == (outcome, None, 1)


@pytest.mark.parametrize("reason", [Reason.NO_ATTESTATION, Reason.ERASED, Reason.KIND_NOT_NAMED])
def test_without_an_attestation_nothing_can_be_told(answering, reason):
    shown = answering.prove(GOOD, reason)
    assert (shown.verdict, shown.reason, shown.parts) == (Outcome.CANNOT_TELL, reason, ())


def test_what_a_presentation_says_the_bank_verifies_itself(answering):
    presentation = answering.present(*ALL)
    verdicts = verify(presentation, schemas(), answering.facts, grantee=BANK, policy=Policy())
    assert [one.verdict for one in results_of(presentation)] == [one.outcome for one in verdicts]
    assert len(presentation.attestations) == 1


def test_a_claim_that_is_not_listed_shows_nothing(answering):
    other = one_form("tax_payment.paid_amount >= 2000 CNY during 2025")
    (good, unlisted) = answering.present(GOOD, other).claims
    assert good.verdict is Outcome.HOLDS
    assert (unlisted.reason, unlisted.parts) == (Reason.QUESTION_NOT_CONSENTED, ())


def test_after_a_withdrawal_nothing_is_told(instance, answering):
    instance.ledger.withdraw(instance.secret_order(answering.consent.shown.consent))
    presentation = answering.present(*ALL)
    assert [one.reason for one in presentation.claims] == [Reason.CONSENT_WITHDRAWN] * 3
    assert (presentation.subject, presentation.attestations) == (None, {})


def test_after_its_issuer_is_not_allowed_any_more_an_attestation_still_counts(instance, answering):
    instance.chain.pass_time(1)
    instance.council.disallow_issuer(schemas()["tax_payment"].id, TAX)
    assert answering.prove(GOOD).verdict is Outcome.HOLDS


def test_an_answer_shows_the_block_and_no_value_that_was_not_asked_for(answering):
    presentation = answering.present(GOOD)
    answer = Answer.showing(presentation, answering.facts)
    body = json.loads(answer.body)
    assert body["block"]["number"] == answering.facts.block_number
    assert (body["uses"], body["max_uses"], body["use"], body["receipt"]) == (2, 3, None, None)
    assert (answer.subject, answer.relied) == (answering.firm.subject, ())
    assert "123450" not in answer.body.decode()


def test_a_refusal_says_the_same_of_every_claim():
    claims = [Claim.parse(text, schemas()) for text in ALL]
    answer = Answer.showing(refusal(claims, Reason.CONSENT_PAUSED))
    assert [(one.verdict, one.reason) for one in answer.results] == [(Outcome.CANNOT_TELL, Reason.CONSENT_PAUSED)] * 3
    assert (answer.use, answer.subject, json.loads(answer.body)["block"]) == (None, None, None)
    assert cannot_tell(claims[0], Reason.ERASED).message == "the department has erased what it attested to"
