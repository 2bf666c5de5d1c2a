"""Consents as they are stored, and the one word that says how it stands with each."""

from dataclasses import replace

import pytest

from api.services.consent.stored_consent import consent_to_json, state_name
from ledger_node.domain.fact import ConsentRecord, ConsentState
from ledger_node.domain.reason import Reason

RECORD = ConsentRecord(ConsentState.LIVE, 90, 100, 200, 3, 0, 0, bytes(32))


@pytest.mark.parametrize(
    ("changes", "now", "name"),
    [
        ({}, 99, "early"),
        ({}, 100, "live"),
        ({}, 199, "live"),
        ({}, 200, "expired"),
        ({"uses": 3}, 100, "exhausted"),
        ({"uses": 3}, 200, "expired"),
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


def test_a_consent_is_read_as_it_was_signed(instance, firm):
    terms = instance.terms(firm)
    consent = instance.id_of(terms)
    signatures = firm.sign(consent)
    instance.consents.grant(terms, signatures, now=instance.now())
    held = instance.consents.stored(consent)
    assert (held.shown.terms, held.shown.signatures, held.shown.id) == (terms, signatures, consent)
    assert instance.consents.find_all([consent, bytes(32)]) == {consent: held}


def test_a_refused_consent_says_so_whatever_the_ledger_holds(instance, firm):
    held = instance.consents.stored(instance.grant(firm))
    shown = consent_to_json(replace(held, refusal=Reason.CONSENT_TERMS_DIFFER), RECORD, 100)
    assert (shown["state"], shown["refusal"], shown["uses"]) == ("refused", "consent_terms_differ", 0)
    assert consent_to_json(held, None, 100)["granted_at"] is None
