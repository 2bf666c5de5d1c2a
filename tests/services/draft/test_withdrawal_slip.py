"""A slip holds all that any member needs to withdraw, and nothing about who granted what."""

from dataclasses import replace

import pytest

from api.services.draft.withdrawal_slip import WithdrawalSlip
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import SECRET, refused


@pytest.fixture
def consent(instance, firm):
    return instance.consent(firm)


@pytest.fixture
def domain(instance):
    return instance.ledger.consent_domain


@pytest.fixture
def slip(consent, domain):
    return WithdrawalSlip.of(consent, domain, SECRET)


def test_it_reads_as_it_was_written_also_with_line_breaks(slip, domain):
    text = slip.to_text()
    assert WithdrawalSlip.from_text(text, domain) == slip
    assert WithdrawalSlip.from_text(f" {text[:50]}\n{text[50:]} ", domain) == slip
    # a QR code that a cheap camera reads
    assert len(text) < 256


def test_any_member_takes_it(instance, firm, domain):
    consent = instance.grant(firm)
    held = instance.consents.stored(consent)
    text = WithdrawalSlip.of(held.shown.consent, domain, SECRET).to_text()
    order = WithdrawalSlip.from_text(text, domain).order
    assert order.shown.id == consent
    instance.other.withdraw(order)
    assert refused(instance.consents.relay_withdrawal, order) is Reason.CONSENT_WITHDRAWN


def test_the_bounds_lead_to_the_id_of_the_consent(instance, consent, slip):
    assert slip.order.shown.id == instance.id_of(consent)


def test_a_changed_slip_withdraws_nothing(instance, firm, domain):
    held = instance.consents.stored(instance.grant(firm))
    slip = WithdrawalSlip.of(held.shown.consent, domain, SECRET)
    other = replace(slip, secret=b"t" * 32)
    read = WithdrawalSlip.from_text(other.to_text(), domain)
    assert read.order.shown.id != held.shown.id


@pytest.mark.parametrize("text", ["", "K7QMW", "a" * 300, "é" * 190, "=" * 10])
def test_what_is_no_slip_is_told_so(text, domain):
    assert refused(WithdrawalSlip.from_text, text, domain) is Reason.VALUE_MALFORMED


def test_a_cut_slip_is_told_so(slip, domain):
    assert refused(WithdrawalSlip.from_text, slip.to_text()[:-4], domain) is Reason.VALUE_MALFORMED


def test_a_slip_of_another_consortium_is_told_so(slip):
    other = SigningDomain(1, b"c" * 20)
    assert refused(WithdrawalSlip.from_text, slip.to_text(), other) is Reason.OTHER_NETWORK


def test_bounds_that_no_ledger_takes_are_no_slip(slip, domain):
    broken = replace(slip, bounds=replace(slip.bounds, expires_at=slip.bounds.not_before))
    assert refused(WithdrawalSlip.from_text, broken.to_text(), domain) is Reason.VALUE_MALFORMED


def test_the_secret_is_in_no_repr(slip):
    assert SECRET.hex() not in repr(slip)
    assert repr(SECRET) not in repr(slip)
