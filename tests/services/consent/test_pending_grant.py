"""Grants on their way to the ledger, without a node: what waits is finished or closed, and its parties are told."""

import pytest

from api.services.consent.grant import ConsentGrants
from ledger_node.chain.port import Role
from ledger_node.domain.consent_act import ChangeKind
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from tests.kit.small_control import rotate_here
from tests.kit.small_instance import BANK, DAY, RELAYER, Silence, controllers_of, refused


@pytest.fixture
def grants(instance):
    assert isinstance(instance.consents, ConsentGrants)
    return instance.consents


@pytest.fixture
def terms(instance, firm):
    return instance.consent(firm)


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


def test_the_same_grant_of_somebody_else_is_this_one(instance, firm, grants, terms, consent):
    instance.other.grant(instance.grant_order(terms, firm))
    grants.resume(consent)
    assert instance.consents.find(consent).on_ledger


def test_k20_a_grant_that_was_recorded_for_other_signatures_refuses_this_one(instance, firm, grants, terms, consent):
    others = instance.new_firm().sign(consent)
    instance.other.grant(instance.grant_order(terms, firm, others))
    grants.resume(consent)
    check_refused(instance, firm, consent, Reason.CONSENT_SIGNATURES_DIFFER)


@pytest.mark.parametrize("act", ["pause", "end"])
def test_the_same_grant_that_was_changed_since_is_this_one(instance, firm, grants, terms, consent, act):
    instance.other.grant(instance.grant_order(terms, firm))
    if act == "pause":
        instance.other.change_consent(instance.change_order(terms, ChangeKind.PAUSE, 1))
    else:
        instance.other.withdraw(instance.secret_order(terms))
    grants.resume(consent)
    held = instance.consents.find(consent)
    assert (held.on_ledger, held.refusal) == (True, None)


def test_k5_a_grant_whose_id_was_withdrawn_before_is_refused(instance, firm, grants, terms, consent):
    instance.other.withdraw(instance.secret_order(terms))
    grants.resume(consent)
    check_refused(instance, firm, consent, Reason.CONSENT_WITHDRAWN)


def test_k5_a_grant_that_waits_longer_than_it_may_be_recorded_is_refused(instance, firm, grants, consent):
    instance.chain.pass_time(8 * DAY)
    grants.resume(consent)
    check_refused(instance, firm, consent, Reason.CONSENT_GRANT_LATE)


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
