"""The fresh keys of consents: derived or sealed under the subject's data key, and gone with it."""

from dataclasses import replace

import pytest

from api.services.consent.steward import ConsentKeys
from api.vault.cipher import KeyEncryptionKey
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import ANSWER_KEY, refused


@pytest.fixture
def keys(instance):
    assert isinstance(instance.consent_keys, ConsentKeys)
    return instance.consent_keys


@pytest.fixture
def terms(instance, firm):
    return instance.consent(firm).terms


def erase(instance, firm):
    instance.keys.delete(instance.key_ids_of(firm.subject))


def test_a_steward_key_is_the_same_whenever_it_is_asked_for(keys, terms):
    assert keys.steward(terms) == keys.steward(replace(terms))


def test_every_consent_has_a_steward_key_of_its_own(instance, keys, terms):
    """They link nothing: the salt of the terms makes each a fresh one, and so does the subject."""
    same, others = replace(terms, salt=random_bytes(32)), replace(terms, subject=instance.new_firm().subject)
    assert len({address_of(keys.steward(one)) for one in (terms, same, others)}) == 3


def test_an_answer_key_is_opened_for_its_request_alone(instance, keys, firm):
    request, other = random_bytes(32), random_bytes(32)
    sealed = keys.seal_answer_key(firm.subject, request, ANSWER_KEY)
    assert ANSWER_KEY not in sealed
    assert keys.open_answer_key(firm.subject, request, sealed) == ANSWER_KEY
    for subject, named in ((firm.subject, other), (instance.new_firm().subject, request)):
        with pytest.raises(CredenceError):
            keys.open_answer_key(subject, named, sealed)


def test_an_erased_subject_has_none_of_its_keys_any_more(instance, keys, firm, terms):
    sealed = keys.seal_answer_key(firm.subject, bytes(32), ANSWER_KEY)
    erase(instance, firm)
    assert refused(keys.steward, terms) is Reason.ERASED
    assert refused(keys.seal_answer_key, firm.subject, bytes(32), ANSWER_KEY) is Reason.ERASED
    assert refused(keys.open_answer_key, firm.subject, bytes(32), sealed) is Reason.ERASED


def test_nobody_has_keys_who_is_not_registered(keys, terms):
    assert refused(keys.steward, replace(terms, subject=random_bytes(32))) is Reason.SUBJECT_UNKNOWN
    assert refused(keys.seal_answer_key, random_bytes(32), bytes(32), ANSWER_KEY) is Reason.SUBJECT_UNKNOWN


def test_the_registrars_key_opens_them(instance, terms):
    """Without it the store says nothing of them."""
    with pytest.raises(CredenceError):
        ConsentKeys(instance.store, instance.keys, KeyEncryptionKey(random_bytes(32))).steward(terms)
