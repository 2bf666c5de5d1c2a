"""The life of a consent: granted by who controls the firm, paused, resumed, withdrawn; and what is refused."""

from dataclasses import replace

import pytest

from api.services.consent.lifecycle import ConsentService
from api.services.consent.signed_act import find_signed_act, signed_act
from ledger_node.domain.consent_act import Change, ChangeKind
from ledger_node.domain.fact import ConsentState
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act
from ledger_node.randomness import random_bytes
from tests.kit.small_control import hold
from tests.kit.small_instance import BANK, DAY, GOOD, REGISTRAR, SECRET, STRANGER, TAX, Silence, one_form, refused


@pytest.fixture
def consents(instance):
    assert type(instance.consents) is ConsentService
    return instance.consents


def shown(instance, consent):
    (one,) = instance.consents.show([instance.consents.find(consent)], now=instance.now())
    return one


def grant(instance, firm, terms, signatures=None):
    signatures = firm.sign(instance.id_of(terms)) if signatures is None else signatures
    return instance.consents.grant(terms, signatures, now=instance.now())


def test_what_controllers_sign_is_granted_on_the_ledger(instance, firm, consents):
    terms = instance.consent(firm)
    held = grant(instance, firm, terms)
    assert (held.on_ledger, held.refusal, held.entry) == (True, None, 0)
    record = instance.record_of(held.shown.id)
    assert (record.state, record.expires_at, record.max_uses) == (ConsentState.LIVE, terms.bounds.expires_at, 3)
    assert (shown(instance, held.shown.id)["state"], held.shown.consent) == ("live", terms)
    assert consents.of_subject(firm.subject) == consents.of_grantee(BANK) == [held]


def test_the_same_terms_are_granted_once(instance, firm):
    terms = instance.consent(firm)
    grant(instance, firm, terms)
    assert refused(grant, instance, firm, terms) is Reason.CONSENT_EXISTS


def test_a_threshold_of_controllers_must_sign(instance):
    firm = instance.new_firm(controllers=3, threshold=2)
    terms = instance.consent(firm)
    signatures = firm.sign(instance.id_of(terms))
    assert refused(grant, instance, firm, terms, signatures[:1]) is Reason.THRESHOLD_NOT_MET
    assert len(grant(instance, firm, terms, signatures).shown.signatures) == 2


def test_a_stranger_grants_nothing(instance, firm):
    terms = instance.consent(firm)
    other = instance.new_firm()
    assert refused(grant, instance, other, terms, other.sign(instance.id_of(terms))) is Reason.SIGNER_NOT_CONTROLLER
    assert instance.consents.find(instance.id_of(terms)) is None
    unknown = replace(firm, subject=random_bytes(32))
    assert refused(grant, instance, firm, instance.consent(unknown, steward_key=b"x" * 20)) is Reason.SUBJECT_UNKNOWN


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"grantee": STRANGER}, Reason.MEMBER_UNKNOWN),
        ({"grantee_name": "Another bank"}, Reason.MEMBER_UNKNOWN),
        ({"departments": (BANK,)}, Reason.MEMBER_UNKNOWN),
        ({"questions": ("tax_payment.paid_amount >= 1000.00 CNY during 2025",)}, Reason.QUESTION_MALFORMED),
        ({"purpose_text": "something else"}, Reason.CONSENT_TEXT_DIFFERS),
    ],
    ids=str,
)
def test_terms_that_make_no_sense_are_refused_before_they_are_stored(instance, firm, changes, reason):
    terms = instance.consent(firm, **changes)
    assert refused(grant, instance, firm, terms) is reason
    assert instance.consents.find(instance.id_of(terms)) is None


def test_terms_over_another_text_than_they_say_are_refused(instance, firm):
    signed = instance.consent(firm)
    terms = replace(signed, terms=replace(signed.terms, text_digest=bytes(32)))
    assert refused(grant, instance, firm, terms) is Reason.CONSENT_TEXT_DIFFERS


def test_terms_that_are_over_are_refused(instance, firm):
    terms = instance.consent(firm)
    instance.chain.pass_time(31 * DAY)
    assert refused(grant, instance, firm, terms) is Reason.CONSENT_EXPIRED


@pytest.mark.parametrize("lands", [True, False])
def test_a_grant_whose_answer_is_lost_is_finished_by_asking_again(instance, firm, lands):
    terms = instance.consent(firm)
    consent = instance.id_of(terms)
    with Silence(instance.ledger, "grant", lands=lands):
        assert refused(grant, instance, firm, terms) is Reason.LEDGER_UNAVAILABLE
    assert not instance.consents.find(consent).on_ledger
    assert grant(instance, firm, terms).on_ledger
    assert shown(instance, consent)["state"] == "live"


def test_a_consent_is_paused_and_resumed_in_the_order_that_was_signed(instance, firm, consents):
    consent = instance.grant(firm)
    for number, (change, state) in enumerate(((Change.PAUSE, "paused"), (Change.RESUME, "live")), start=1):
        consents.change(consent, change, number, instance.signed_change(firm, consent, change, number))
        assert shown(instance, consent)["state"] == state
    again = instance.signed_change(firm, consent, Change.PAUSE, 1)
    assert refused(consents.change, consent, Change.PAUSE, 1, again) is Reason.CONSENT_CHANGED_ALREADY


@pytest.mark.parametrize("how", ["secret", "signatures"])
def test_a_withdrawal_is_final(instance, firm, consents, how):
    consent = instance.grant(firm)
    signatures = () if how == "secret" else instance.signed_withdrawal(firm, consent)
    by = {"secret": SECRET if how == "secret" else None, "signatures": signatures}
    consents.withdraw(consent, **by)
    assert shown(instance, consent)["state"] == "withdrawn"
    assert refused(consents.withdraw, consent, **by) is Reason.CONSENT_WITHDRAWN
    resumed = instance.signed_change(firm, consent, Change.RESUME, 1)
    assert refused(consents.change, consent, Change.RESUME, 1, resumed) is Reason.CONSENT_WITHDRAWN


def test_n1_a_withdrawal_that_is_asked_again_leaves_the_word_of_the_one_that_took_place_alone(instance, firm, consents):
    consent = instance.grant(firm)
    signatures = instance.signed_withdrawal(firm, consent)
    consents.withdraw(consent, secret=None, signatures=signatures)
    assert refused(consents.withdraw, consent, secret=None, signatures=signatures) is Reason.CONSENT_WITHDRAWN
    assert find_signed_act(instance.store, consent, Act.WITHDRAWN, number=1) is not None
    assert find_signed_act(instance.store, consent, Act.WITHDRAWN, number=2) is None


def test_n1_a_withdrawal_by_signatures_after_one_by_the_secret_leaves_no_word(instance, firm, consents):
    consent = instance.grant(firm)
    consents.withdraw(consent, secret=SECRET, signatures=())
    signatures = instance.signed_withdrawal(firm, consent)
    assert refused(consents.withdraw, consent, secret=None, signatures=signatures) is Reason.CONSENT_WITHDRAWN
    assert find_signed_act(instance.store, consent, Act.WITHDRAWN, number=1) is None


def test_who_is_no_party_hears_the_same_of_what_is_there_and_what_is_not(instance, firm, consents):
    consent, nothing = instance.grant(firm), random_bytes(32)
    bad = {"secret": random_bytes(32), "signatures": ()}
    for asker in (None, STRANGER):
        for one in (consent, nothing):
            assert refused(consents.withdraw, one, **bad, asker=asker) is Reason.CONSENT_UNKNOWN
            signed = {"secret": None, "signatures": instance.new_firm().sign(bytes(32))}
            assert refused(consents.withdraw, one, **signed, asker=asker) is Reason.CONSENT_UNKNOWN
    for asker in (firm.subject, BANK):
        assert refused(consents.withdraw, consent, **bad, asker=asker) is Reason.CONSENT_WRONG_SECRET
        assert refused(consents.withdraw, nothing, **bad, asker=asker) is Reason.CONSENT_UNKNOWN


@pytest.mark.parametrize("how", ["secret", "signatures", "elsewhere"])
def test_k5_a_grant_that_waits_is_withdrawn_for_good(instance, firm, consents, how):
    terms = instance.consent(firm)
    consent = instance.id_of(terms)
    with Silence(instance.ledger, "grant"):
        assert refused(grant, instance, firm, terms) is Reason.LEDGER_UNAVAILABLE
    if how == "elsewhere":
        consents.relay_withdrawal(instance.secret_order(terms))
    else:
        signatures = () if how == "secret" else instance.signed_withdrawal(firm, consent)
        consents.withdraw(consent, secret=SECRET if how == "secret" else None, signatures=signatures)
    record, held = instance.record_of(consent), consents.find(consent)
    assert (record.state, record.granted_at) == (ConsentState.WITHDRAWN, 0)
    assert (held.on_ledger, held.refusal) == (False, Reason.CONSENT_WITHDRAWN)
    assert consents.waiting() == []


def test_k21_any_node_withdraws_by_the_secret_what_it_does_not_know(instance, firm, consents):
    terms = instance.consent(firm)
    wrong = instance.secret_order(terms, b"x" * 32)
    assert refused(consents.relay_withdrawal, wrong) is Reason.CONSENT_WRONG_SECRET
    consents.relay_withdrawal(instance.secret_order(terms))
    assert instance.record_of(instance.id_of(terms)).state is ConsentState.WITHDRAWN
    assert refused(grant, instance, firm, terms) is Reason.CONSENT_WITHDRAWN


def test_k21_a_withdrawal_by_secret_waits_for_nothing_of_the_subject(instance, firm, consents):
    consent = instance.grant(firm)
    with instance.store.locks.lock("controllers", firm.subject):
        consents.withdraw(consent, secret=SECRET, signatures=())
    assert shown(instance, consent)["state"] == "withdrawn"


def test_k1_a_resumption_without_a_kept_word_of_controllers_counts_as_paused(instance, firm, consents):
    consent = instance.grant(firm)
    terms = consents.find(consent).shown.consent
    consents.change(consent, Change.PAUSE, 1, instance.signed_change(firm, consent, Change.PAUSE, 1))
    stranger = instance.new_firm()
    word = signed_act(instance.history.current(stranger.subject).controllers, b"x" * 32, stranger.sign(b"x" * 32))
    instance.other.change_consent(instance.change_order(terms, ChangeKind.RESUME, 2, word))
    assert instance.record_of(consent).state is ConsentState.LIVE
    assert shown(instance, consent)["state"] == "paused"


def test_k1_what_the_steward_key_binds_is_what_controllers_signed(instance, firm, consents):
    consent = instance.grant(firm)
    for number, change in enumerate((Change.PAUSE, Change.RESUME), start=1):
        consents.change(consent, change, number, instance.signed_change(firm, consent, change, number))
        act = find_signed_act(instance.store, consent, [Act.PAUSED, Act.RESUMED][number - 1], number=number)
        assert instance.record_of(consent).word_digest == act.digest
    consents.withdraw(consent, secret=None, signatures=instance.signed_withdrawal(firm, consent))
    act = find_signed_act(instance.store, consent, Act.WITHDRAWN, number=3)
    assert instance.record_of(consent).word_digest == act.digest


def test_another_steward_key_than_this_instance_holds_is_refused(instance, firm):
    terms = instance.consent(firm, steward_key=b"x" * 20)
    assert refused(grant, instance, firm, terms) is Reason.REQUEST_INVALID


def test_an_erased_firms_consents_end_by_their_secret_only(instance, firm, consents):
    consent = instance.grant(firm)
    for key in instance.key_ids_of(firm.subject):
        instance.keys.delete([key])
    assert (
        refused(consents.change, consent, Change.PAUSE, 1, instance.signed_change(firm, consent, Change.PAUSE, 1))
        is Reason.ERASED
    )
    consents.withdraw(consent, secret=SECRET, signatures=())
    assert shown(instance, consent)["state"] == "withdrawn"


def test_a_question_of_a_department_that_is_not_covered_is_refused(instance, firm):
    named = one_form(f"tax_payment[issuer=0x{TAX.hex()}].paid_amount >= 1000 CNY during 2025")
    terms = instance.consent(firm, named, departments=(REGISTRAR,))
    assert refused(grant, instance, firm, terms) is Reason.CONSENT_OTHER_DEPARTMENT
    assert grant(instance, firm, instance.consent(firm, named, GOOD, departments=(TAX,))).on_ledger


def test_k24_a_firm_that_is_held_grants_and_resumes_nothing_but_withdraws(instance, firm, consents):
    consent = instance.grant(firm)
    consents.change(consent, Change.PAUSE, 1, instance.signed_change(firm, consent, Change.PAUSE, 1))
    made, signatures = hold(instance, firm)
    instance.ledger.hold(made, instance.history.current(firm.subject).controllers, signatures[0])
    assert refused(grant, instance, firm, instance.consent(firm)) is Reason.SUBJECT_ON_HOLD
    resumed = instance.signed_change(firm, consent, Change.RESUME, 2)
    assert refused(consents.change, consent, Change.RESUME, 2, resumed) is Reason.SUBJECT_ON_HOLD
    consents.withdraw(consent, secret=SECRET, signatures=())
    assert shown(instance, consent)["state"] == "withdrawn"
