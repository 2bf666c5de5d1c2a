"""Grants on their way to the ledger, without a node: what waits is finished or closed, and its parties are told."""

from dataclasses import replace

import pytest

from api.services.consent.grant import ConsentGrants
from ledger_node.chain.port import Role
from ledger_node.domain.consent import Change, revocation_hash
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from tests.kit.small_control import rotate_here
from tests.kit.small_instance import BANK, DAY, RELAYER, SECRET, Silence, controllers_of, refused


@pytest.fixture
def grants(instance):
    assert isinstance(instance.consents, ConsentGrants)
    return instance.consents


@pytest.fixture
def terms(instance, firm):
    return instance.terms(firm)


@pytest.fixture
def consent(instance, firm, terms):
    """A grant that is stored, and that the ledger did not get."""
    consent = instance.id_of(terms)
    with Silence(instance.ledger, "grant"):
        call = (instance.consents.grant, terms, firm.sign(consent))
        assert refused(*call, now=instance.now()) is Reason.LEDGER_UNAVAILABLE
    return consent


def check_refused(instance, firm, consent, reason):
    assert instance.consents.find(consent).refusal is reason
    assert instance.consents.waiting() == []
    told = ("consent.not_granted", {"consent": to_hex(consent), "reason": reason})
    assert instance.told(firm.subject) == instance.told(BANK) == [told]


def test_a_grant_that_waits_is_finished(instance, grants, consent):
    assert grants.waiting() == [consent]
    grants.resume(consent)
    assert grants.waiting() == []
    assert instance.consents.find(consent).on_ledger
    grants.resume(consent)
    assert instance.record_of(consent).uses == 0


def test_a_grant_that_waits_longer_than_it_lasts_is_refused(instance, firm, grants, consent):
    instance.chain.pass_time(31 * DAY)
    grants.resume(consent)
    check_refused(instance, firm, consent, Reason.CONSENT_EXPIRED)
    grants.resume(consent)
    check_refused(instance, firm, consent, Reason.CONSENT_EXPIRED)


def test_the_same_grant_of_somebody_else_is_this_one(instance, grants, terms, consent):
    instance.other.grant(consent, terms)
    grants.resume(consent)
    assert instance.consents.find(consent).on_ledger


@pytest.mark.parametrize(
    "changes", [{"not_before": 1}, {"max_uses": 9}, {"revocation_hash": revocation_hash(b"x" * 32)}], ids=str
)
def test_another_grant_under_the_id_refuses_this_one(instance, firm, grants, terms, consent, changes):
    instance.other.grant(consent, replace(terms, **changes))
    grants.resume(consent)
    check_refused(instance, firm, consent, Reason.CONSENT_TERMS_DIFFER)


@pytest.mark.parametrize(("act", "reason"), [("pause", Reason.CONSENT_PAUSED), ("end", Reason.CONSENT_WITHDRAWN)])
def test_a_grant_that_is_changed_already_is_refused(instance, firm, grants, terms, consent, act, reason):
    instance.other.grant(consent, terms)
    if act == "pause":
        instance.other.change_consent(consent, Change.PAUSE, 1)
    else:
        instance.other.withdraw(consent, SECRET)
    grants.resume(consent)
    check_refused(instance, firm, consent, reason)


def test_what_predecessors_signed_grants_nothing(instance, firm, grants, consent):
    rotate_here(instance, firm, controllers_of(b"h" * 32))
    grants.resume(consent)
    check_refused(instance, firm, consent, Reason.CONTROLLERS_CHANGED)


@pytest.mark.parametrize("state", ["no key", "no role"])
def test_where_the_ledger_refuses_the_relayer_the_grant_waits(instance, grants, consent, state):
    council = instance.council
    if state == "no role":
        council.set_roles(RELAYER, Role.BANK)
        assert refused(grants.resume, consent) is Reason.NOT_ALLOWED
        council.set_roles(RELAYER, Role.RELAYER)
    else:
        council.set_state(RELAYER, 2)
        assert refused(grants.resume, consent) is Reason.NOT_ALLOWED
        council.set_state(RELAYER, 1)
    assert grants.waiting() == [consent]
    grants.resume(consent)
    assert grants.waiting() == []
