"""The ledger shows what this instance did not send: what was begun here is refused, told, and holds nothing up."""

import json
import time

import pytest
from sqlalchemy import select

from api.catalogue.synthetic import credit_code
from api.storage import table
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
    change,
    controllers_of,
    grant,
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


@pytest.mark.parametrize("restarts", [False, True])
def test_l4_a_foreign_rotation_that_the_firm_answers_leaves_it_its_withdrawal_by_secret(
    inside, other, firm, key, secret, restarts
):
    consent, heirs = grant(inside, firm, [key], GOOD, secret=secret), controllers_of([new_key()])
    foreign = controllers_of([new_key()]).commitment
    other.rotate(firm.subject, foreign)
    assert refused(lambda: rotate(inside, firm, [key], heirs)) == (409, "controllers_foreign")
    if restarts:
        inside.served.restart()
    assert withdraw_by_secret(inside, consent, secret)["state"] == "withdrawn"
    assert state(inside, consent) is ConsentState.WITHDRAWN
    assert refusals(inside, firm) == [("rotation", 1, "controllers_foreign")]
    assert [row.entry for row in rows(inside, table.subject_controllers, subject=firm.subject)] == [0]
    told_until(firm.client, told(firm, "rotation", 1, heirs.commitment, "controllers_foreign"))
    (shown,) = firm.client.get(path_of(firm))["refused"]
    assert (shown["change"], shown["reason"], shown["commitment"]) == (
        "rotation",
        "controllers_foreign",
        to_hex(heirs.commitment),
    )
    # nothing of it was sent
    assert inside.ledger.controller_entry(firm.subject, 1).commitment == foreign
    assert inside.ledger.controller_entry(firm.subject, 2) is None


def test_l4_what_was_begun_before_the_foreign_rotation_was_seen_is_closed_while_serving(inside, other, firm, key):
    """The process was killed between the row and the ledger, and the other registrar was faster."""
    history, heirs = inside.served.instance.controllers, controllers_of([new_key()])
    begin(history, firm.subject, heirs)
    other.rotate(firm.subject, controllers_of([new_key()]).commitment)
    told_until(firm.client, told(firm, "rotation", 1, heirs.commitment, "controllers_foreign"))
    assert refusals(inside, firm) == [("rotation", 1, "controllers_foreign")]
    assert history.waiting() == []
    # the firm goes on to act: its signatures count as before
    consent = grant(inside, firm, [key], GOOD)
    change(inside, consent, "pause", 1, [key])
    withdraw(inside, consent, [key])
    assert state(inside, consent) is ConsentState.WITHDRAWN


def begin(history, subject, controllers):
    """Store a rotation as one does that is killed before it is sent."""

    def killed(_):
        raise KeyboardInterrupt

    history._changes.confirm_on_chain = killed
    try:
        with pytest.raises(KeyboardInterrupt):
            history.append(history.current(subject), controllers)
    finally:
        del history._changes.confirm_on_chain


def test_l4_withdrawal_by_secret_waits_for_no_turn_and_no_change_of_its_subject(inside, firm, key, secret, monkeypatch):
    consent, instance = grant(inside, firm, [key], GOOD, secret=secret), inside.served.instance
    begin(instance.controllers, firm.subject, controllers_of([new_key()]))

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


def test_l4_a_rotation_that_lands_behind_a_faster_one_is_the_entry_it_became(inside, other, firm, key, monkeypatch):
    instance, heir = inside.served.instance, new_key()
    heirs, true = controllers_of([heir]), type(instance.ledger).rotate

    def late(self, subject, commitment):
        other_entry = controllers_of([new_key()]).commitment
        true(other, subject, other_entry)
        return true(self, subject, commitment)

    with monkeypatch.context() as patched:
        patched.setattr(type(instance.ledger), "rotate", late)
        made = rotate(inside, firm, [key], heirs)
    assert (made["entry"], made["commitment"]) == (2, to_hex(heirs.commitment))
    assert made["since"] == inside.ledger.controller_entry(firm.subject, 2).since
    assert refusals(inside, firm) == []
    assert [row.entry for row in rows(inside, table.subject_controllers, subject=firm.subject)] == [0, 2]
    assert inside.ask(grant(inside, firm, [heir], GOOD), GOOD) == [("holds", None)]


def test_l4_a_foreign_recovery_refuses_the_one_that_was_begun_here_and_can_be_cancelled(inside, other, firm, key):
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
            )
        )
    other.request_recovery(firm.subject, foreign)
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


def test_l4_an_id_that_others_registered_is_given_up_and_the_firm_gets_another(inside, other, monkeypatch):
    instance, number, key = inside.served.instance, inside.fresh(), new_key()
    true = type(instance.ledger).register_subject

    def late(self, subject, commitment):
        true(other, subject, random_bytes(32))
        return true(self, subject, commitment)

    body = {"credit_code": credit_code(number, SEED), **body_of([key])}
    with monkeypatch.context() as patched:
        patched.setattr(type(instance.ledger), "register_subject", late)
        assert refused(lambda: inside.regulator.post("/v1/subjects", body)) == (409, "controllers_foreign")
    assert instance.subjects.waiting() == []
    (refusal,) = [
        row for row in rows(inside, table.subject_refusal, kind="registration") if row.reason == "controllers_foreign"
    ]
    assert rows(inside, table.subject, id=refusal.subject) == []
    assert rows(inside, table.subject_controllers, subject=refusal.subject) == []
    deadline = time.monotonic() + HANG_S
    while to_hex(refusal.subject) not in [one["data"].get("subject") for one in inside.regulator.notifications()]:
        assert time.monotonic() < deadline
    made = inside.regulator.post("/v1/subjects", body)
    assert made["subject"] != to_hex(refusal.subject)
