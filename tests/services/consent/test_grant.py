"""A grant whose id the ledger holds already is one only if all that it holds is what was granted.

The id says terms and bounds (K4), so what can differ is whose signatures it was recorded for, and what came after it.
"""

import pytest
from sqlalchemy import select

from api.storage import table
from api.storage.table import consent_deadline
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.consent_act import Change, ChangeKind, change_digest, withdrawal_digest, withdrawal_hash
from ledger_node.domain.consent_order import ChangeOrder, GrantOrder, SecretOrder, ShownConsentId
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import sign
from ledger_node.randomness import random_bytes
from tests.kit.served import altered, one_form
from tests.kit.stranger import stranger_ledger
from tests.kit.subject import Key, refused

GOOD = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")
THIEF = b"t" * 32


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
def consent(inside, firm, secret):
    return inside.consent([GOOD], firm=firm, secret=secret)


@pytest.fixture
def consent_id(inside, consent):
    return id_of(inside, consent)


def id_of(place, consent):
    return consent.digest(place.ledger.consent_domain)


def steward_of(place, consent):
    """Return the steward key: who has it, such as a thief of the instance, grants with whatever signatures."""
    return place.served.instance.consents.keys.steward(consent.terms)


def order(place, consent, *keys):
    """Return the grant of a consent that ``keys`` signed."""
    signatures = tuple(sign(id_of(place, consent), key) for key in keys)
    return GrantOrder.sign(consent, signatures, steward_of(place, consent), place.ledger.consent_domain)


def shown_id(place, consent):
    return ShownConsentId.of(consent, place.ledger.consent_domain)


def pause_order(place, consent):
    steward, domain = steward_of(place, consent), place.ledger.consent_domain
    return ChangeOrder.sign(consent, ChangeKind.PAUSE, 1, None, steward, domain)


def store(place, consent, firm):
    """Store a grant as one does that is killed before it is sent."""
    service, consent_id = place.served.instance.consents, id_of(place, consent)
    present = place.served.instance.controllers.current(consent.terms.subject)
    signatures = (Key(firm.keys[0]).sign(consent_id),)
    service._store_grant(consent_id, consent, signatures, present, "text", bytes(32), again=False)


def state_of(place, consent_id):
    return place.bank.get(f"/v1/consents/{to_hex(consent_id)}")["state"]


def check_refused(place, firm, consent_id, reason):
    """The grant is closed for good, its parties know, and a question costs no use."""
    with place.served.instance.store.connect() as connection:
        row = connection.execute(select(table.consent).where(table.consent.c.id == consent_id)).one()
        ends = select(consent_deadline).where(consent_deadline.c.consent == consent_id)
        assert connection.execute(ends).all() == []
    assert (row.transaction, row.refusal) == (None, reason)
    assert consent_id not in place.served.instance.consents.waiting()
    shown = place.bank.get(f"/v1/consents/{to_hex(consent_id)}")
    assert (shown["state"], shown["refusal"]) == ("refused", reason)
    told = ("consent.not_granted", {"consent": to_hex(consent_id), "reason": reason})
    for party in (firm.client, place.bank):
        assert told in [(one["kind"], one["data"]) for one in party.notifications()]
    before = place.ledger.counted_uses([consent_id])
    assert place.ask(to_hex(consent_id), GOOD) == [("cannot_tell", reason)]
    assert place.ledger.counted_uses([consent_id]) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"not_before": 60},
        {"expires_at": 2**40 - 16},
        {"max_uses": 96},
        {"withdrawal_hash": withdrawal_hash(b"known to the thief".ljust(32))},
        {"spend_key": b"t" * 20},
    ],
    ids=str,
)
def test_l8_other_bounds_are_another_consent_and_take_no_id(inside, other, firm, consent, consent_id, changes):
    taken = altered(consent, **changes)
    other.grant(order(inside, taken, *firm.keys))
    assert inside.post_consent(consent, firm.keys)["state"] == "live"
    (ours, others), _ = inside.ledger.consents([consent_id, id_of(inside, taken)])
    bounds = consent.bounds
    assert (ours.not_before, ours.expires_at, ours.max_uses) == (bounds.not_before, bounds.expires_at, bounds.max_uses)
    assert others != ours
    assert inside.ask(to_hex(consent_id), GOOD) == [("holds", None)]


def test_l8_an_id_that_the_ledger_holds_for_other_signatures_is_refused_and_told(
    inside, other, firm, consent, consent_id
):
    other.grant(order(inside, consent, THIEF))
    assert refused(lambda: inside.post_consent(consent, firm.keys)) == (409, "consent_signatures_differ")
    check_refused(inside, firm, consent_id, "consent_signatures_differ")


def test_l8_an_id_that_was_withdrawn_before_it_was_granted_is_refused_and_told(
    inside, other, firm, consent, consent_id, secret
):
    other.withdraw(SecretOrder(shown_id(inside, consent), secret))
    assert refused(lambda: inside.post_consent(consent, firm.keys)) == (409, "consent_withdrawn")
    check_refused(inside, firm, consent_id, "consent_withdrawn")


@pytest.mark.parametrize(("act", "state"), [("pause", "paused"), ("withdraw", "withdrawn")])
def test_l8_an_id_that_was_granted_and_changed_since_is_this_grant(inside, other, firm, consent, secret, act, state):
    other.grant(order(inside, consent, *firm.keys))
    if act == "pause":
        other.change_consent(pause_order(inside, consent))
    else:
        other.withdraw(SecretOrder(shown_id(inside, consent), secret))
    granted = inside.post_consent(consent, firm.keys)
    assert (granted["state"], granted["refusal"]) == (state, None)
    assert inside.ask(granted["id"], GOOD) == [("cannot_tell", f"consent_{state}")]


def test_l8_the_same_terms_that_somebody_else_relayed_are_granted(inside, other, firm, consent):
    other.grant(order(inside, consent, *firm.keys))
    granted = inside.post_consent(consent, firm.keys)
    assert (granted["state"], granted["refusal"]) == ("live", None)
    assert inside.ask(granted["id"], GOOD) == [("holds", None)]


def test_l8_terms_that_were_granted_before_these_controllers_were_in_force_are_refused(
    inside, other, firm, consent, consent_id
):
    other.grant(order(inside, consent, *firm.keys))
    grants = inside.served.instance.consents
    store(inside, consent, firm)
    with pytest.raises(ChainError) as refusal:
        grants.record(grants.find(consent_id), since=inside.ledger.head().time + 1)
    assert refusal.value.reason is Reason.CONTROLLERS_MISMATCH
    check_refused(inside, firm, consent_id, "controllers_mismatch")


def test_l8_what_is_found_at_the_next_start_is_compared_as_well(inside, other, firm, consent, consent_id):
    store(inside, consent, firm)
    other.grant(order(inside, consent, THIEF))
    inside.served.restart()
    check_refused(inside, firm, consent_id, "consent_signatures_differ")


@pytest.mark.parametrize("error", ["MemberKeyNotValid", "MemberLacksRole", "UnknownError"])
def test_l8_where_the_ledger_refuses_the_relayer_the_grant_waits(inside, firm, consent, consent_id, monkeypatch, error):
    def no(*_, **__):
        raise ContractRevertError(error, {})

    with monkeypatch.context() as patched:
        patched.setattr(Web3Ledger, "grant", no)
        with pytest.raises(ContractRevertError):
            inside.served.instance.consents.grant(consent, (Key(firm.keys[0]).sign(consent_id),), now=inside.now())
        assert consent_id in inside.served.instance.consents.waiting()
    inside.served.instance.consents.resume(consent_id)
    assert state_of(inside, consent_id) == "live"


def signed_withdrawal(place, firm, consent_id):
    return (Key(firm.keys[0]).sign(withdrawal_digest(consent_id, place.ledger.consent_domain)),)


@pytest.mark.parametrize("how", ["secret", "signatures"])
def test_l8_a_foreign_grant_under_an_id_of_the_firm_can_be_withdrawn_by_its_controllers(
    inside, other, firm, consent, consent_id, secret, how
):
    other.grant(order(inside, consent, THIEF))
    assert refused(lambda: inside.post_consent(consent, firm.keys)) == (409, "consent_signatures_differ")
    withdraw(inside, firm, consent_id, secret, how)
    (record,), _ = inside.ledger.consents([consent_id])
    assert record.state.name == "WITHDRAWN"


def withdraw(place, firm, consent_id, secret, how):
    consents = place.served.instance.consents
    if how == "secret":
        consents.withdraw(consent_id, secret=secret, signatures=())
    else:
        consents.withdraw(consent_id, secret=None, signatures=signed_withdrawal(place, firm, consent_id))


@pytest.mark.parametrize("how", ["secret", "signatures", "pause"])
def test_l8_a_grant_that_landed_unseen_is_noted_before_it_is_changed(inside, firm, consent, consent_id, secret, how):
    instance = inside.served.instance
    store(inside, consent, firm)
    instance.ledger.grant(order(inside, consent, *firm.keys))
    if how == "pause":
        digest = change_digest(consent_id, Change.PAUSE, 1, inside.ledger.consent_domain)
        instance.consents.change(consent_id, Change.PAUSE, 1, (Key(firm.keys[0]).sign(digest),))
    else:
        withdraw(inside, firm, consent_id, secret, how)
    held = instance.consents.find(consent_id)
    assert (held.on_ledger, held.refusal) == (True, None)
    assert state_of(inside, consent_id) == ("paused" if how == "pause" else "withdrawn")


def test_l8_a_secret_that_is_not_the_firms_withdraws_nothing(inside, other, firm, consent, consent_id):
    """Whoever relays cannot put another secret under the id, so the firm's own stays the one that counts."""
    store(inside, consent, firm)
    other.grant(order(inside, altered(consent, withdrawal_hash=withdrawal_hash(bytes(32))), *firm.keys))
    consents = inside.served.instance.consents
    with pytest.raises(VerificationError) as refusal:
        consents.withdraw(consent_id, secret=bytes(32), signatures=(), asker=firm.subject)
    assert refusal.value.reason is Reason.CONSENT_WRONG_SECRET
    consents.resume(consent_id)
    assert state_of(inside, consent_id) == "live"
