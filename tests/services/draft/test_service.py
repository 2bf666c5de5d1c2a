"""Drafts: what a page shows follows from its request and minute; several persons sign one after the other."""

from dataclasses import replace

import pytest

from api.catalogue.purpose import default_purposes
from api.services.draft.draft import UNSIGNED_S, ShownDraft
from api.services.draft.service import Drafts
from api.services.draft.writer import DraftWriter
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.consent_text import Language, text_digest
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controller, Controllers, each_person
from ledger_node.randomness import random_bytes
from tests.kit.authenticator import Authenticator
from tests.kit.small_control import rotate_here
from tests.kit.small_instance import DAY, Firm, Silence, refused

ZH, EN = Language.CHINESE, Language.ENGLISH


@pytest.fixture
def couple(instance):
    """A firm of three persons, two of whom must sign."""
    return instance.new_firm(3, 2)


class Page:
    """What a browser does with the page of a request."""

    def __init__(self, instance, firm, request, language=ZH):
        self.instance, self.firm, self.request = instance, firm, request
        self.draft = instance.drafts.start(request, firm.subject, language, now=instance.now())

    @property
    def shown(self):
        return ShownDraft(self.draft.consent.terms, self.draft.consent.bounds, self.draft.drawn_up_at)

    def sign(self, person=0, *, key=None, shown=None):
        signature = sign(self.draft.id, self.firm.keys[person] if key is None else key)
        return self.send(signature, shown)

    def send(self, signature, shown=None):
        return self.instance.drafts.sign(
            self.request, self.firm.subject, shown or self.shown, signature, now=self.instance.now()
        )


def page(instance, firm, language=ZH, **changes):
    return Page(instance, firm, instance.ask(firm, **changes).id, language)


def test_the_same_minute_gives_the_same_draft_and_stores_nothing(instance, firm):
    first = page(instance, firm)
    again = Page(instance, firm, first.request)
    assert first.draft == again.draft
    assert instance.drafts.of(firm.subject, now=instance.now()) == []


def test_another_process_takes_what_this_one_showed(instance, firm):
    shown = page(instance, firm)
    writer = DraftWriter(instance.ledger, default_purposes(), instance.consents)
    other = Drafts(instance.store, instance.ledger, instance.history, instance.consents, instance.requests, writer)
    (signature,) = firm.sign(shown.draft.id)
    assert other.sign(shown.request, firm.subject, shown.shown, signature, now=instance.now()).is_granted


def test_the_lines_are_the_text_that_the_terms_name(instance, firm):
    draft = page(instance, firm).draft
    assert text_digest("".join(f"{line.text}\n" for line in draft.lines)) == draft.consent.terms.text_digest
    assert draft.consent.terms.language == "zh"


def test_one_signature_grants_what_one_person_may_grant(instance, firm):
    shown = page(instance, firm)
    done = shown.sign()
    assert done.is_granted
    held = instance.consents.stored(done.id)
    assert held.on_ledger
    assert held.request == shown.request


def test_a_double_click_has_one_effect(instance, firm):
    shown = page(instance, firm)
    assert shown.sign().is_granted
    assert shown.sign().is_granted
    assert len(instance.consents.of_subject(firm.subject)) == 1


def test_after_a_grant_another_tab_hears_that_it_is_answered(instance, firm):
    first = page(instance, firm)
    instance.chain.pass_time(60)
    other = Page(instance, firm, first.request)
    first.sign()
    assert refused(other.sign) is Reason.REQUEST_ANSWERED
    assert refused(Page, instance, firm, first.request) is Reason.REQUEST_ANSWERED


def test_a_page_that_was_open_for_too_long_signs_nothing_and_can_be_opened_again(instance, firm):
    shown = page(instance, firm)
    instance.chain.pass_time(UNSIGNED_S)
    assert refused(shown.sign) is Reason.DRAFT_EXPIRED
    assert Page(instance, firm, shown.request).sign().is_granted


def test_a_draft_of_the_future_is_refused(instance, firm):
    shown = page(instance, firm)
    ahead = replace(shown.shown, drawn_up_at=shown.draft.drawn_up_at + 3600)
    assert refused(shown.sign, shown=ahead) is Reason.DRAFT_EXPIRED


@pytest.mark.parametrize(
    ("part", "changes", "reason"),
    [
        ("terms", {"text_digest": b"x" * 32}, Reason.CONSENT_TEXT_DIFFERS),
        ("terms", {"language": "en"}, Reason.CONSENT_TEXT_DIFFERS),
        ("terms", {"retention_days": 31}, Reason.CONSENT_TERMS_DIFFER),
        ("terms", {"questions": ("tax_payment.paid_amount >= 2000 CNY during 2025",)}, Reason.CONSENT_TERMS_DIFFER),
        ("terms", {"grantee_name": "Other bank"}, Reason.CONSENT_TERMS_DIFFER),
        ("bounds", {"max_uses": 4}, Reason.CONSENT_TERMS_DIFFER),
        ("bounds", {"spend_key": b"k" * 20}, Reason.CONSENT_TERMS_DIFFER),
        ("bounds", {"withdrawal_hash": b"w" * 32}, Reason.CONSENT_TERMS_DIFFER),
    ],
)
def test_a_changed_word_or_term_is_refused_before_any_signature(instance, firm, part, changes, reason):
    shown = page(instance, firm)
    other = replace(shown.shown, **{part: replace(getattr(shown.shown, part), **changes)})
    assert refused(shown.sign, shown=other) is reason
    assert instance.consents.of_subject(firm.subject) == []


def test_a_signature_over_other_content_is_refused(instance, firm):
    shown = page(instance, firm)
    assert refused(shown.send, sign(b"d" * 32, firm.keys[0])) is Reason.SIGNER_NOT_CONTROLLER


def test_a_passkey_that_signed_something_else_is_told_so(instance):
    phone = Authenticator(7)
    firm = firm_of(instance, [(1, phone)], 1)
    shown = page(instance, firm)
    assert refused(shown.send, Assertion(*phone.assertion(b"d" * 32))) is Reason.CHALLENGE_MISMATCH
    assert shown.send(Assertion(*phone.assertion(shown.draft.id))).is_granted


def test_another_firm_hears_that_there_is_no_such_request(instance, firm):
    shown = page(instance, firm)
    stranger = instance.new_firm()
    assert refused(Page, instance, stranger, shown.request) is Reason.REQUEST_UNKNOWN
    shown.firm = stranger
    assert refused(shown.sign) is Reason.REQUEST_UNKNOWN


def test_two_persons_sign_one_after_the_other(instance, couple):
    first = page(instance, couple)
    half = first.sign(0)
    assert (half.signed, half.needed, half.is_granted) == ((1,), 2, False)
    assert instance.consents.of_subject(couple.subject) == []
    (waiting,) = instance.drafts.of(couple.subject, now=instance.now())
    assert (waiting.id, waiting.signed) == (half.id, (1,))
    done = Page(instance, couple, first.request).sign(2)
    assert (done.signed, done.is_granted) == ((1, 3), True)
    assert instance.drafts.of(couple.subject, now=instance.now()) == []
    assert instance.consents.stored(done.id).on_ledger


def test_after_the_first_signature_a_request_has_this_one_draft_in_its_language(instance, couple):
    first = page(instance, couple, ZH)
    other = Page(instance, couple, first.request, EN)
    first.sign(0)
    assert refused(other.sign, 1) is Reason.DRAFT_SUPERSEDED
    instance.chain.pass_time(DAY)
    seen = Page(instance, couple, first.request, EN)
    assert seen.draft.id == first.draft.id
    assert seen.draft.consent.terms.language == "zh"
    assert seen.sign(1).is_granted


def test_a_page_of_another_minute_is_superseded_too(instance, couple):
    first = page(instance, couple)
    instance.chain.pass_time(60)
    other = Page(instance, couple, first.request)
    first.sign(0)
    assert refused(other.sign, 1) is Reason.DRAFT_SUPERSEDED


def test_the_same_person_twice_is_refused(instance, couple):
    first = page(instance, couple)
    first.sign(0)
    assert refused(first.sign, 0) is Reason.SIGNER_REPEATED


def firm_of(instance, devices, threshold):
    """Register a firm whose persons have these passkeys."""
    code = instance.new_code()
    keys = tuple(Controller(person, Passkey(device.rp_id_hash, device.public_key)) for person, device in devices)
    return Firm(code, instance.subjects.register(code, keys, threshold, now=instance.now()).id, ())


def test_k23_two_devices_of_one_person_are_one(instance):
    phone, computer, partner = Authenticator(7), Authenticator(8), Authenticator(9)
    firm = firm_of(instance, [(1, phone), (1, computer), (2, partner)], 2)
    shown = page(instance, firm)
    assert shown.send(Assertion(*phone.assertion(shown.draft.id))).signed == (1,)
    assert refused(shown.send, Assertion(*computer.assertion(shown.draft.id))) is Reason.SIGNER_REPEATED
    assert shown.send(Assertion(*partner.assertion(shown.draft.id))).is_granted


def test_a_signed_draft_ends_when_it_can_be_recorded_no_more(instance, couple):
    first = page(instance, couple)
    first.sign(0)
    instance.chain.pass_time(7 * DAY)
    assert instance.drafts.of(couple.subject, now=instance.now()) == []
    again = Page(instance, couple, first.request)
    assert again.draft.id != first.draft.id
    assert again.sign(1).signed == (2,)
    assert again.sign(0).is_granted


def test_any_signer_closes_a_draft_for_good_and_the_request_stays_open(instance, couple):
    first = page(instance, couple)
    first.sign(0)
    instance.drafts.cancel(first.request, couple.subject, now=instance.now())
    assert instance.drafts.of(couple.subject, now=instance.now()) == []
    again = Page(instance, couple, first.request)
    assert again.draft.id != first.draft.id
    assert again.draft.consent.bounds.withdrawal_hash != first.draft.consent.bounds.withdrawal_hash
    again.sign(0)
    done = again.sign(1)
    assert done.is_granted
    held = instance.consents.stored(done.id)
    assert withdrawal_hash(instance.drafts.find_secret(held)) == held.shown.bounds.withdrawal_hash


def test_a_closed_draft_grants_nothing_whoever_kept_its_signatures(instance, couple):
    first = page(instance, couple)
    first.sign(0)
    instance.drafts.cancel(first.request, couple.subject, now=instance.now())
    signatures = couple.sign(first.draft.id)[:2]
    grant = instance.consents.grant
    assert refused(grant, first.draft.consent, signatures, now=instance.now()) is Reason.CONSENT_WITHDRAWN


def test_only_what_somebody_signed_can_be_closed(instance, couple):
    first = page(instance, couple)
    assert refused(instance.drafts.cancel, first.request, couple.subject, now=instance.now()) is Reason.DRAFT_UNKNOWN


def test_a_cancel_that_the_ledger_took_and_the_store_did_not_is_finished_by_asking_again(instance, couple):
    first = page(instance, couple)
    first.sign(0)
    secret = instance.consent_keys.withdrawal_secret(first.draft.consent.terms, 0)
    instance.ledger.withdraw(instance.secret_order(first.draft.consent, secret))
    instance.drafts.cancel(first.request, couple.subject, now=instance.now())
    assert Page(instance, couple, first.request).draft.id != first.draft.id


def test_signatures_of_persons_who_sign_no_more_count_no_more(instance, couple):
    first = page(instance, couple)
    first.sign(0)
    keys = tuple(random_bytes(32) for _ in range(2))
    rotate_here(instance, couple, Controllers(each_person(map(address_of, keys)), 2, random_bytes(32)))
    changed = replace(couple, keys=keys)
    assert instance.drafts.of(couple.subject, now=instance.now()) == []
    assert refused(first.sign, 1) is Reason.SIGNER_NOT_CONTROLLER
    again = Page(instance, changed, first.request)
    assert again.sign(0).signed == (1,)
    assert again.sign(1).is_granted


def test_a_grant_that_the_ledger_did_not_get_goes_on_by_itself(instance, firm):
    shown = page(instance, firm)
    with Silence(instance.ledger, "grant"):
        assert refused(shown.sign) is Reason.LEDGER_UNAVAILABLE
    (waiting,) = instance.consents.waiting()
    instance.consents.resume(waiting)
    assert instance.consents.stored(shown.draft.id).on_ledger
    assert shown.sign().is_granted


def test_the_last_signature_is_given_again_where_nothing_was_stored_of_it(instance, couple):
    first = page(instance, couple)
    first.sign(0)
    with Silence(instance.ledger, "members"):
        assert refused(first.sign, 1) is Reason.LEDGER_UNAVAILABLE
    assert first.sign(1).is_granted
