"""The ledger shows what this instance did not send: what was begun here is refused, told, and holds nothing up."""

import json
import time

import pytest
from sqlalchemy import select

from api.catalogue.synthetic import credit_code
from api.services.subject.controller_change import ControllerState
from api.storage import table
from ledger_node.domain.controller_act import MAX_DEADLINE, Rotation
from ledger_node.domain.error import ChainError
from ledger_node.domain.fact import ConsentState
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.served import SEED, one_form
from tests.kit.stranger import stranger_ledger
from tests.kit.subject import (
    Key,
    body_of,
    cancel,
    controllers_of,
    grant,
    handed_to,
    new_key,
    path_of,
    refused,
    rotate,
    told_until,
    withdraw,
)

GOOD = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")
HANG_S = 240


@pytest.fixture(scope="module")
def other(inside):
    return stranger_ledger(inside)


@pytest.fixture
def firm(inside):
    return inside.new_taxpayer()


@pytest.fixture
def key(firm):
    return Key(firm.keys[0])


@pytest.fixture
def secret():
    return random_bytes(32)


def rows(place, which, **where):
    query = select(which).where(*(which.c[name] == value for name, value in where.items()))
    with place.served.instance.store.connect() as connection:
        return connection.execute(query).all()


def refusals(place, firm):
    return [(row.kind, row.number, row.reason) for row in rows(place, table.subject_refusal, subject=firm.subject)]


def state(place, consent):
    (record,), _ = place.ledger.consents([from_hex(consent, "consent")])
    return record.state


def withdraw_by_secret(place, consent, secret):
    return place.bank.post(f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)})


def told(firm, kind, number, commitment, reason):
    return (
        "subject.change_refused",
        {
            "subject": to_hex(firm.subject),
            "change": kind,
            "number": number,
            "commitment": to_hex(commitment),
            "reason": reason,
        },
    )


def rotation_of(place, firm, key, heirs, entry=1):
    made = Rotation(firm.subject, entry, heirs, MAX_DEADLINE)
    return made, (key.sign(made.digest(place.ledger.subject_domain)),)


def rotate_elsewhere(place, other, firm, key, heirs):
    """Whoever has the firm's key rotates through another member's node: its owner, or a thief."""
    made, signatures = rotation_of(place, firm, key, heirs)
    retiring = place.served.instance.controllers.first(firm.subject).controllers
    other.rotate(made, retiring, signatures)


@pytest.mark.parametrize("restarts", [False, True])
def test_l4_a_foreign_rotation_leaves_a_firm_its_withdrawal_by_secret(inside, other, firm, key, secret, restarts):
    consent, heirs = grant(inside, firm, [key], GOOD, secret=secret), controllers_of([new_key()])
    foreign = controllers_of([new_key()])
    rotate_elsewhere(inside, other, firm, key, foreign)
    assert refused(lambda: rotate(inside, firm, [key], heirs)) == (409, "controllers_foreign")
    if restarts:
        inside.served.restart()
    assert withdraw_by_secret(inside, consent, secret)["state"] == "withdrawn"
    assert state(inside, consent) is ConsentState.WITHDRAWN
    assert [row.entry for row in rows(inside, table.subject_controllers, subject=firm.subject)] == [0]
    name, commitment = to_hex(firm.subject), to_hex(foreign.commitment)
    seen = [data for kind, data in told_until_kind(firm.client, "subject.rotated") if data["subject"] == name]
    assert [(data["entry"], data["commitment"]) for data in seen] == [(1, commitment)]
    # nothing of it was sent
    assert inside.ledger.controller_entry(firm.subject, 1).commitment == foreign.commitment
    assert inside.ledger.controller_entry(firm.subject, 2) is None


def told_until_kind(client, kind):
    """Return what of this kind a client was told, once there is something."""
    deadline = time.monotonic() + HANG_S
    while not (found := [(one["kind"], one["data"]) for one in client.notifications() if one["kind"] == kind]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def test_l4_what_was_begun_before_the_foreign_rotation_was_seen_is_closed_while_serving(inside, other, firm, key):
    """The process was killed between the row and the ledger, and somebody with the key was faster elsewhere."""
    history, heir, heirs = inside.served.instance.controllers, new_key(), controllers_of([new_key()])
    # it is signed in: afterwards this key signs in no more
    firm.client.get("/v1/me")
    begin(inside, firm, key, heirs)
    elsewhere = controllers_of([heir])
    rotate_elsewhere(inside, other, firm, key, elsewhere)
    told_until(firm.client, told(firm, "rotation", 1, heirs.commitment, "controllers_foreign"))
    assert refusals(inside, firm) == [("rotation", 1, "controllers_foreign")]
    assert history.waiting() == []
    # the old key is out, and the new ones act once they are shown
    assert refused(lambda: grant(inside, firm, [key], GOOD)) == (409, "controllers_foreign")
    rotate(inside, firm, [key], elsewhere)
    consent = grant(inside, handed_to(inside, firm, heir), [heir], GOOD)
    withdraw(inside, consent, [heir])
    assert state(inside, consent) is ConsentState.WITHDRAWN


def begin(place, firm, key, controllers):
    """Store a rotation as one does that is killed before it is sent."""
    history = place.served.instance.controllers
    made, signatures = rotation_of(place, firm, key, controllers)

    def killed(*_):
        raise KeyboardInterrupt

    history._changes.confirm_on_chain = killed
    try:
        with pytest.raises(KeyboardInterrupt):
            history.append(ControllerState(firm.subject, 1, controllers, signatures=signatures, deadline=made.deadline))
    finally:
        del history._changes.confirm_on_chain


def test_l4_withdrawal_by_secret_waits_for_no_turn_and_no_change_of_its_subject(inside, firm, key, secret, monkeypatch):
    consent, instance = grant(inside, firm, [key], GOOD, secret=secret), inside.served.instance
    begin(inside, firm, key, controllers_of([new_key()]))

    def silent(*_):
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")

    with instance.store.locks.lock("controllers", firm.subject), monkeypatch.context() as patched:
        # whoever holds the turn waits for a ledger that says nothing about controllers
        patched.setattr(type(instance.ledger), "controller_entry", silent)
        assert withdraw_by_secret(inside, consent, secret)["state"] == "withdrawn"
    assert state(inside, consent) is ConsentState.WITHDRAWN


def test_l4_strangers_learn_nothing_by_secrets(inside, firm, key):
    consent, wrong = grant(inside, firm, [key], GOOD), random_bytes(32)
    unknown = to_hex(random_bytes(32))
    stranger = inside.other_bank()
    for named in (consent, unknown):
        path = f"/v1/consents/{named}/withdrawal"
        found = refused(lambda path=path: stranger.post(path, {"secret": to_hex(wrong)}))
        assert found == (404, "consent_unknown")
    assert refused(lambda: withdraw_by_secret(inside, consent, wrong)) == (422, "consent_wrong_secret")
    assert state(inside, consent) is ConsentState.LIVE


def test_k7_a_rotation_that_another_one_overtakes_becomes_no_later_entry(inside, other, firm, key, monkeypatch):
    instance, heirs = inside.served.instance, controllers_of([new_key()])
    true, faster = type(instance.ledger).rotate, rotation_of(inside, firm, key, controllers_of([new_key()]))

    def late(self, rotation, retiring, signatures):
        true(other, faster[0], retiring, faster[1])
        return true(self, rotation, retiring, signatures)

    with monkeypatch.context() as patched:
        patched.setattr(type(instance.ledger), "rotate", late)
        assert refused(lambda: rotate(inside, firm, [key], heirs)) == (409, "controllers_foreign")
    assert refusals(inside, firm) == [("rotation", 1, "controllers_foreign")]
    assert inside.ledger.controller_entry(firm.subject, 2) is None


def test_l4_a_foreign_recovery_refuses_the_one_that_was_begun_here_and_can_be_cancelled(inside, firm, key):
    instance, heir = inside.served.instance, new_key()
    foreign = controllers_of([new_key()]).commitment
    heirs = controllers_of([heir])
    with instance.store.begin() as connection:
        connection.execute(
            table.subject_recovery.insert().values(
                subject=firm.subject,
                number=1,
                controllers=json.dumps(heirs.to_json()),
                commitment=heirs.commitment,
                entry=1,
            )
        )
    # another process of the same registrar
    instance.ledger.request_recovery(firm.subject, 1, 1, foreign)
    told_until(firm.client, told(firm, "recovery", 1, heirs.commitment, "controllers_foreign"))
    assert refusals(inside, firm) == [("recovery", 1, "controllers_foreign")]
    assert rows(inside, table.subject_recovery, subject=firm.subject) == []
    assert refused(lambda: inside.regulator.post(path_of(firm, "/recoveries"), body_of([heir]))) == (
        409,
        "recovery_pending",
    )
    pending = firm.client.get(path_of(firm))["pending_recovery"]
    assert (pending["number"], pending["commitment"], pending["controllers"]) == (1, to_hex(foreign), None)
    # any one present controller cancels it, also here
    cancel(inside, firm, pending, [key])
    assert inside.ledger.recovery(firm.subject).commitment is None
    made = inside.regulator.post(path_of(firm, "/recoveries"), body_of([heir]))
    assert made["number"] == 2


def test_k9_another_registrar_that_is_faster_takes_no_id(inside, other, monkeypatch):
    instance, number, key = inside.served.instance, inside.fresh(), new_key()
    true, taken = type(instance.ledger).register_subject, []

    def late(self, commitment, salt):
        taken.append(true(other, commitment, salt))
        return true(self, commitment, salt)

    body = {"credit_code": credit_code(number, SEED), **body_of([key])}
    with monkeypatch.context() as patched:
        patched.setattr(type(instance.ledger), "register_subject", late)
        made = inside.regulator.post("/v1/subjects", body)
    assert instance.subjects.waiting() == []
    subject = from_hex(made["subject"], "subject")
    theirs, ours = inside.ledger.subjects_since(taken[0].block.number)
    assert (ours, theirs != ours) == (subject, True)
    assert inside.ledger.registrar_of(subject) != inside.ledger.registrar_of(theirs)
