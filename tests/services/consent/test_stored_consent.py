"""Consents as they are stored, and the one word that says how it stands with each."""

from dataclasses import replace

import pytest

from api.services.consent.stored_consent import consent_to_json, state_name
from ledger_node.domain.fact import ConsentRecord, ConsentState
from ledger_node.domain.reason import Reason

RECORD = ConsentRecord(ConsentState.LIVE, 90, 100, 200, 3, 0, 0, bytes(20), 0, bytes(32), bytes(32), bytes(32))


@pytest.mark.parametrize(
    ("changes", "now", "name"),
    [
        ({}, 99, "early"),
        ({}, 100, "live"),
        ({}, 199, "live"),
        ({}, 200, "expired"),
        ({"used": 0b111}, 100, "exhausted"),
        ({"used": 0b111}, 200, "expired"),
        ({"state": ConsentState.PAUSED}, 100, "paused"),
        ({"state": ConsentState.PAUSED}, 200, "expired"),
        ({"state": ConsentState.WITHDRAWN}, 200, "withdrawn"),
    ],
    ids=str,
)
def test_a_state_has_one_word(changes, now, name):
    assert state_name(replace(RECORD, **changes), now) == name


def test_what_is_not_on_the_ledger_is_pending():
    assert state_name(None, 0) == "pending"


def test_k1_what_goes_on_without_a_kept_word_counts_as_paused():
    assert state_name(RECORD, 100, resumed=False) == "paused"
    assert state_name(RECORD, 200, resumed=False) == "expired"


def test_the_numbers_that_can_still_be_used_are_shown(instance, firm):
    held = instance.consents.stored(instance.grant(firm))
    assert consent_to_json(held, replace(RECORD, used=0b10), 100)["free_numbers"] == [1, 3]
    assert consent_to_json(held, None, 100)["free_numbers"] == []


def test_a_consent_is_read_as_it_was_signed(instance, firm):
    terms = instance.consent(firm)
    consent = instance.id_of(terms)
    signatures = firm.sign(consent)
    instance.consents.grant(terms, signatures, now=instance.now())
    held = instance.consents.stored(consent)
    assert (held.shown.consent, held.shown.signatures, held.shown.id) == (terms, signatures, consent)
    assert instance.consents.find_all([consent, bytes(32)]) == {consent: held}


def test_a_refused_consent_says_so_whatever_the_ledger_holds(instance, firm):
    held = instance.consents.stored(instance.grant(firm))
    shown = consent_to_json(replace(held, refusal=Reason.CONSENT_TERMS_DIFFER), RECORD, 100)
    assert (shown["state"], shown["refusal"], shown["uses"]) == ("refused", "consent_terms_differ", 0)
    assert consent_to_json(held, None, 100)["granted_at"] is None
