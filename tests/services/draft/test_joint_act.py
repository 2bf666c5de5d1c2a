"""Refusing, pausing and withdrawing on pages: persons sign one after the other."""

import pytest

from api.services.draft.draft import ShownDraft
from api.services.draft.joint_act import JointActs
from ledger_node.domain.consent_act import Change, change_digest, refusal_digest
from ledger_node.domain.consent_text import Language
from ledger_node.domain.fact import ConsentState
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import refused


@pytest.fixture
def couple(instance):
    """A firm of three persons, two of whom must sign."""
    return instance.new_firm(3, 2)


def grant_here(instance, firm):
    """Grant a request of the bank as a page does, and return the draft."""
    request = instance.ask(firm).id
    draft = instance.drafts.start(request, firm.subject, Language.CHINESE, now=instance.now())
    shown = ShownDraft(draft.consent.terms, draft.consent.bounds, draft.drawn_up_at)
    (signature,) = firm.sign(draft.id)
    return instance.drafts.sign(request, firm.subject, shown, signature, now=instance.now())


def test_an_instance_has_them(instance):
    assert isinstance(instance.joint_acts, JointActs)


def test_what_was_drawn_up_here_is_withdrawn_without_a_signature(instance, firm):
    done = grant_here(instance, firm)
    assert instance.joint_acts.withdraw(done.id, firm.subject)
    assert instance.consents.record_of(done.id).state is ConsentState.WITHDRAWN
    # the second click
    assert instance.joint_acts.withdraw(done.id, firm.subject)


def test_nobody_withdraws_for_another_firm(instance, firm):
    done = grant_here(instance, firm)
    stranger = instance.new_firm()
    assert refused(instance.joint_acts.withdraw, done.id, stranger.subject) is Reason.CONSENT_UNKNOWN


def test_what_was_drawn_up_elsewhere_is_withdrawn_by_signatures(instance, couple):
    consent = instance.grant(couple)
    assert instance.drafts.find_secret(instance.consents.stored(consent)) is None
    assert refused(instance.joint_acts.withdraw, consent, couple.subject) is Reason.CONSENT_WRONG_SECRET
    first, second = instance.signed_withdrawal(couple, consent)[:2]
    assert instance.joint_acts.withdraw(consent, couple.subject, first) is False
    assert instance.joint_acts.withdraw(consent, couple.subject, second) is True
    assert instance.consents.record_of(consent).state is ConsentState.WITHDRAWN


def test_a_refusal_needs_as_many_persons_as_a_grant(instance, couple):
    request = instance.ask(couple).id
    first, second = couple.sign(refusal_digest(request, instance.ledger.consent_domain))[:2]
    assert instance.joint_acts.refuse(request, couple.subject, first) is False
    assert refused(instance.joint_acts.refuse, request, couple.subject, first) is Reason.SIGNER_REPEATED
    assert instance.joint_acts.persons(couple.subject, refusal_digest(request, instance.ledger.consent_domain)) == (1,)
    assert instance.joint_acts.refuse(request, couple.subject, second) is True
    assert instance.joint_acts.refuse(request, couple.subject, second) is True
    assert (
        refused(instance.drafts.start, request, couple.subject, Language.CHINESE, now=instance.now())
        is Reason.REQUEST_ANSWERED
    )


def test_a_granted_request_cannot_be_refused(instance, firm):
    request = instance.consents.stored(grant_here(instance, firm).id).request
    (signature,) = instance.signed_refusal(firm, request)
    assert refused(instance.joint_acts.refuse, request, firm.subject, signature) is Reason.REQUEST_ANSWERED


def test_a_pause_needs_as_many_persons_too(instance, couple):
    consent = instance.grant(couple)
    first, second = couple.sign(change_digest(consent, Change.PAUSE, 1, instance.ledger.consent_domain))[:2]
    change = (consent, couple.subject, Change.PAUSE, 1)
    assert instance.joint_acts.change(*change, first, now=instance.now()) is False
    assert instance.joint_acts.change(*change, second, now=instance.now()) is True
    stranger = instance.new_firm()
    other = (consent, stranger.subject, Change.PAUSE, 1)
    assert refused(instance.joint_acts.change, *other, second, now=instance.now()) is Reason.CONSENT_UNKNOWN
