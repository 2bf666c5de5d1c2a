"""A grant whose id the ledger holds already is one only if all that it holds is what was granted."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from api.storage import table
from api.storage.table import consent_deadline
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.consent_act import Change, change_digest, withdrawal_digest, withdrawal_hash
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.served import one_form
from tests.kit.stranger import stranger_ledger
from tests.kit.subject import Key, refused

GOOD = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")


@pytest.fixture(scope="module")
def other(inside):
    return stranger_ledger(inside)


@pytest.fixture(scope="module")
def firm(inside):
    return inside.new_taxpayer()


@pytest.fixture
def secret():
    return random_bytes(32)


@pytest.fixture
def terms(inside, firm, secret):
    return inside.consent([GOOD], firm=firm, secret=secret)


def consent_of(place, terms):
    return terms.digest(place.ledger.consent_domain)


def check_refused(place, firm, consent, reason):
    """The grant is closed for good, its parties know, and a question costs no use."""
    with place.served.instance.store.connect() as connection:
        row = connection.execute(select(table.consent).where(table.consent.c.id == consent)).one()
        ends = select(consent_deadline).where(consent_deadline.c.consent == consent)
        assert connection.execute(ends).all() == []
    assert (row.transaction, row.refusal) == (None, reason)
    assert consent not in place.served.instance.consents.waiting()
    shown = place.bank.get(f"/v1/consents/{to_hex(consent)}")
    assert (shown["state"], shown["refusal"]) == ("refused", reason)
    told = ("consent.not_granted", {"consent": to_hex(consent), "reason": reason})
    for party in (firm.client, place.bank):
        assert told in [(one["kind"], one["data"]) for one in party.notifications()]
    before = place.ledger.counted_uses([consent])
    assert place.ask(to_hex(consent), GOOD) == [("cannot_tell", reason)]
    assert place.ledger.counted_uses([consent]) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"not_before": 1},
        {"expires_at": 2**40 - 1},
        {"max_uses": 99},
        {"withdrawal_hash": withdrawal_hash(b"known to the thief".ljust(32))},
    ],
    ids=str,
)
def test_l8_an_id_that_the_ledger_holds_with_other_bounds_is_refused_and_told(inside, other, firm, terms, changes):
    consent = consent_of(inside, terms)
    other.grant(consent, replace(terms, **changes))
    assert refused(lambda: inside.post_consent(terms, firm.keys)) == (409, "consent_terms_differ")
    check_refused(inside, firm, consent, "consent_terms_differ")


@pytest.mark.parametrize(("act", "reason"), [("pause", "consent_paused"), ("withdraw", "consent_withdrawn")])
def test_l8_an_id_that_the_ledger_holds_in_another_state_is_refused_and_told(
    inside, other, firm, terms, secret, act, reason
):
    consent = consent_of(inside, terms)
    other.grant(consent, terms)
    if act == "pause":
        other.change_consent(consent, Change.PAUSE, 1)
    else:
        other.withdraw(consent, secret)
    assert refused(lambda: inside.post_consent(terms, firm.keys)) == (409, reason)
    check_refused(inside, firm, consent, reason)


def test_l8_the_same_terms_that_somebody_else_relayed_are_granted(inside, other, firm, terms):
    other.grant(consent_of(inside, terms), terms)
    granted = inside.post_consent(terms, firm.keys)
    assert (granted["state"], granted["refusal"]) == ("live", None)
    assert inside.ask(granted["id"], GOOD) == [("holds", None)]


def test_l8_terms_that_were_granted_before_these_controllers_were_in_force_are_refused(inside, other, terms, firm):
    consent = consent_of(inside, terms)
    other.grant(consent, terms)
    grants = inside.served.instance.consents
    store(inside, terms, firm)
    held = inside.served.instance.consents.find(consent)
    with pytest.raises(ChainError) as refusal:
        grants.record(held, since=inside.ledger.head().time + 1)
    assert refusal.value.reason is Reason.CONTROLLERS_MISMATCH
    check_refused(inside, firm, consent, "controllers_mismatch")


def store(place, terms, firm):
    """Store a grant as one does that is killed before it is sent."""
    consent = consent_of(place, terms)
    service = place.served.instance.consents
    present = place.served.instance.controllers.current(terms.subject)
    signatures = (Key(firm.keys[0]).sign(consent),)
    service._store_grant(consent, terms, signatures, present, "text", bytes(32), again=False)


def test_l8_what_is_found_at_the_next_start_is_compared_as_well(inside, other, firm, terms):
    consent = consent_of(inside, terms)
    store(inside, terms, firm)
    other.grant(consent, replace(terms, max_uses=99))
    inside.served.restart()
    check_refused(inside, firm, consent, "consent_terms_differ")


@pytest.mark.parametrize("error", ["MemberKeyNotValid", "MemberLacksRole", "UnknownError"])
def test_l8_where_the_ledger_refuses_the_relayer_the_grant_waits(inside, firm, terms, monkeypatch, error):
    consent = consent_of(inside, terms)

    def no(*_, **__):
        raise ContractRevertError(error, {})

    with monkeypatch.context() as patched:
        patched.setattr(Web3Ledger, "grant", no)
        with pytest.raises(ContractRevertError):
            inside.served.instance.consents.grant(terms, (Key(firm.keys[0]).sign(consent),), now=inside.now())
        assert consent in inside.served.instance.consents.waiting()
    inside.served.instance.consents.resume(consent)
    assert inside.bank.get(f"/v1/consents/{to_hex(consent)}")["state"] == "live"


def test_l8_a_foreign_grant_under_an_id_of_the_firm_can_be_withdrawn_by_its_controllers(inside, other, firm, terms):
    consent = consent_of(inside, terms)
    other.grant(consent, replace(terms, max_uses=99))
    assert refused(lambda: inside.post_consent(terms, firm.keys)) == (409, "consent_terms_differ")
    inside.served.instance.consents.withdraw(consent, secret=None, signatures=signed_withdrawal(inside, firm, consent))
    (record,), _ = inside.ledger.consents([consent])
    assert record.state.name == "WITHDRAWN"


def signed_withdrawal(place, firm, consent):
    return (Key(firm.keys[0]).sign(withdrawal_digest(consent, place.ledger.consent_domain)),)


@pytest.mark.parametrize("how", ["secret", "signatures", "pause"])
def test_l8_a_grant_that_landed_unseen_is_noted_before_it_is_changed(inside, firm, terms, secret, how):
    consent, instance = consent_of(inside, terms), inside.served.instance
    store(inside, terms, firm)
    instance.ledger.grant(consent, terms)
    if how == "pause":
        digest = change_digest(consent, Change.PAUSE, 1, inside.ledger.consent_domain)
        instance.consents.change(consent, Change.PAUSE, 1, (Key(firm.keys[0]).sign(digest),))
    elif how == "secret":
        instance.consents.withdraw(consent, secret=secret, signatures=())
    else:
        instance.consents.withdraw(consent, secret=None, signatures=signed_withdrawal(inside, firm, consent))
    held = instance.consents.find(consent)
    assert (held.on_ledger, held.refusal) == (True, None)
    shown = inside.bank.get(f"/v1/consents/{to_hex(consent)}")
    assert shown["state"] == ("paused" if how == "pause" else "withdrawn")


def test_l8_the_secret_does_not_withdraw_what_others_granted_under_it_with_another_hash(
    inside, other, firm, terms, secret
):
    consent = consent_of(inside, terms)
    store(inside, terms, firm)
    other.grant(consent, replace(terms, withdrawal_hash=withdrawal_hash(bytes(32))))
    with pytest.raises(ContractRevertError) as refusal:
        inside.served.instance.consents.withdraw(consent, secret=secret, signatures=())
    assert refusal.value.reason is Reason.CONSENT_WRONG_SECRET
    check_refused(inside, firm, consent, "consent_terms_differ")
