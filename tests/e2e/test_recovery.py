"""Recovery: a registrar alone requests it, it waits 72 hours of the ledger's time or more, controllers cancel it."""

import pytest

from api.client.unsigned_act import unsigned_cancellation
from ledger_node.chain.port import RECOVERY_DELAY_S, Role
from ledger_node.domain.controller_act import MAX_DEADLINE, Cancellation
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.randomness import random_bytes
from tests.kit.served import one_form
from tests.kit.subject import (
    Key,
    body_of,
    cancel,
    cancellation,
    change,
    controllers_of,
    grant,
    handed_to,
    hold,
    new_key,
    new_phone,
    path_of,
    refused,
    rotate,
    told_until,
    withdraw,
)

GOOD = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")


@pytest.fixture
def firm(ahead):
    return ahead.new_taxpayer(controllers=2, threshold=2)


@pytest.fixture
def lost(firm):
    """The two keys that sign for the firm: lost, or perhaps not."""
    return [Key(key) for key in firm.keys]


@pytest.fixture
def heir():
    return new_key()


def request(place, firm, people, threshold=1):
    return place.regulator.post(path_of(firm, "/recoveries"), body_of(people, threshold))


def complete(place, firm, number=1):
    return place.regulator.post(path_of(firm, f"/recoveries/{number}/completion"), {})


def senders_of(place):
    """The ids of the members that relay and register here."""
    members = place.ledger.members()
    relayer = next(to_hex(member.id) for member in members if Role.RELAYER in member.roles)
    return relayer, next(to_hex(member.id) for member in members if Role.REGISTRAR in member.roles)


def pending(firm):
    return firm.client.get(path_of(firm))["pending_recovery"]


def test_a_recovery_takes_effect_after_72_hours_and_keeps_what_was_granted(ahead, firm, lost, heir):
    consent = grant(ahead, firm, lost, GOOD)
    asked = request(ahead, firm, [heir])
    assert asked["completable_at"] - ahead.ledger.head().time == 72 * 3600
    shown = pending(firm)
    assert (shown["number"], shown["needed_to_cancel"]) == (1, 1)
    assert shown["controllers"]["keys"] == [{"person": 1, "address": to_hex(heir.controller)}]
    assert {name: shown[name] for name in ("commitment", "completable_at")}.items() <= asked.items()
    assert refused(lambda: complete(ahead, firm)) == (409, "recovery_early")
    # until then those who controlled it do
    assert ahead.ask(grant(ahead, firm, lost, GOOD), GOOD) == [("holds", None)]
    assert refused(lambda: grant(ahead, firm, [heir], GOOD)) == (422, "signer_not_controller")
    ahead.wait(RECOVERY_DELAY_S)
    completed = complete(ahead, firm)
    assert (completed["entry"], completed["since"] >= asked["completable_at"]) == (1, True)
    assert ahead.ledger.controller_entry(firm.subject, 1).since == completed["since"]
    # uses are signed by the wall clock, which is days behind this chain's
    recovered = handed_to(ahead, firm, heir)
    later = grant(ahead, recovered, [heir], GOOD)
    states = [ahead.bank.get(f"/v1/consents/{one}")["state"] for one in (consent, later)]
    assert states == ["live", "live"]
    assert refused(lambda: firm.client.get("/v1/me")) == (401, "client_unknown")
    shown = recovered.client.get(path_of(firm))
    history = [(entry["by"], entry["recovery"]) for entry in shown["history"]]
    assert history == [("registration", None), ("recovery", 1)]
    assert shown["pending_recovery"] is None


def test_c3_after_a_recovery_the_lost_keys_do_nothing(ahead, firm, lost, heir):
    consent = grant(ahead, firm, lost, GOOD)
    change(ahead, consent, "pause", 1, lost)
    request(ahead, firm, [heir])
    ahead.wait(RECOVERY_DELAY_S)
    complete(ahead, firm)
    assert refused(lambda: grant(ahead, firm, lost, GOOD)) == (422, "signer_not_controller")
    assert refused(lambda: change(ahead, consent, "resume", 2, lost)) == (422, "signer_not_controller")
    assert refused(lambda: withdraw(ahead, consent, lost)) == (422, "signer_not_controller")
    assert refused(lambda: rotate(ahead, firm, lost, controllers_of(lost), 2)) == (422, "signer_not_controller")
    withdraw(ahead, consent, [heir])
    assert ahead.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]


def test_an_hour_short_of_72_hours_is_early(ahead, firm, heir):
    request(ahead, firm, [heir])
    ahead.wait(RECOVERY_DELAY_S - 3600)
    assert refused(lambda: complete(ahead, firm)) == (409, "recovery_early")
    assert [entry["entry"] for entry in firm.client.get(path_of(firm))["history"]] == [0]
    ahead.wait(3600)
    assert complete(ahead, firm)["entry"] == 1


def test_any_one_present_controller_cancels_a_recovery(ahead, firm, lost, heir):
    request(ahead, firm, [heir])
    shown = pending(firm)
    for stranger in (heir, new_key(), new_phone()):
        assert refused(lambda stranger=stranger: cancel(ahead, firm, shown, [stranger])) == (
            422,
            "signer_not_controller",
        )
    assert refused(lambda: cancel(ahead, firm, shown, [])) == (422, "threshold_not_met")
    assert cancel(ahead, firm, shown, lost[1:])["state"] == "cancelled"
    assert pending(firm) is None
    ahead.wait(RECOVERY_DELAY_S)
    assert refused(lambda: complete(ahead, firm)) == (409, "recovery_not_pending")
    # asked again, for the answer may have been lost
    assert cancel(ahead, firm, shown, lost[1:])["state"] == "cancelled"
    assert ahead.ledger.controller_entry(firm.subject, 1) is None


def test_a_passkey_cancels_a_recovery(ahead, firm, lost, heir):
    phone = new_phone()
    rotate(ahead, firm, lost, controllers_of([phone, *lost], 3))
    request(ahead, firm, [heir])
    assert cancel(ahead, firm, pending(firm), [phone])["state"] == "cancelled"


def test_a_cancellation_is_of_one_recovery_and_of_no_later_one(ahead, firm, lost, heir):
    request(ahead, firm, [heir])
    shown = pending(firm)
    old = cancellation(ahead, firm, shown)
    signature = lost[0].sign(old.digest)
    old.submit(ahead.bank, [signature])
    assert request(ahead, firm, [heir])["number"] == 2
    commitment = from_hex(pending(firm)["commitment"], "commitment")
    later = unsigned_cancellation(ahead.ledger.subject_domain, Cancellation(firm.subject, 2, commitment, MAX_DEADLINE))
    assert refused(lambda: later.submit(ahead.bank, [signature])) == (422, "signer_not_controller")
    unknown = unsigned_cancellation(
        ahead.ledger.subject_domain, Cancellation(firm.subject, 3, commitment, MAX_DEADLINE)
    )
    assert refused(lambda: unknown.submit(ahead.bank, [signature])) == (409, "recovery_not_pending")
    assert pending(firm)["number"] == 2


def test_the_firm_is_told_of_whatever_happens_to_its_controllers(ahead, firm, lost, heir):
    asked = request(ahead, firm, [heir])
    cancel(ahead, firm, pending(firm), lost[:1])
    rotated = rotate(ahead, firm, lost, controllers_of([heir]))
    name, relayer, registrar = to_hex(firm.subject), *senders_of(ahead)
    last = ("subject.rotated", {"subject": name, "member": relayer, "entry": 1, "commitment": rotated["commitment"]})
    told = told_until(ahead.client_by(firm.subject, heir), last)
    members = {"commitment": asked["commitment"], "completable_at": asked["completable_at"]}
    assert told == [
        ("subject.recovery_requested", {"subject": name, "number": 1, "member": registrar, **members}),
        ("subject.recovery_cancelled", {"subject": name, "number": 1, "member": relayer}),
        last,
    ]


def test_k8_further_cancellations_take_as_many_persons_as_must_sign(ahead, firm, lost, heir):
    request(ahead, firm, [heir])
    cancel(ahead, firm, pending(firm), lost[:1])
    asked = request(ahead, firm, [heir])
    assert asked["completable_at"] - ahead.ledger.head().time == 2 * RECOVERY_DELAY_S
    shown = pending(firm)
    assert shown["needed_to_cancel"] == 2
    assert refused(lambda: cancel(ahead, firm, shown, lost[:1])) == (422, "threshold_not_met")
    assert cancel(ahead, firm, shown, lost)["state"] == "cancelled"


def test_k24_a_hold_stops_everything_but_the_recovery_which_ends_it(ahead, firm, lost, heir):
    held = hold(ahead, firm, lost[1:])
    shown = firm.client.get(path_of(firm))
    assert (shown["held_until"], shown["next_hold"]) == (held["until"], 2)
    assert hold(ahead, firm, lost[1:]) == held
    assert refused(lambda: hold(ahead, firm, lost[1:], 2)) == (409, "hold_too_soon")
    assert refused(lambda: rotate(ahead, firm, lost, controllers_of([heir]))) == (409, "subject_on_hold")
    assert refused(lambda: grant(ahead, firm, lost, GOOD)) == (409, "subject_on_hold")
    request(ahead, firm, [heir])
    assert refused(lambda: cancel(ahead, firm, pending(firm), lost[:1])) == (422, "threshold_not_met")
    ahead.wait(RECOVERY_DELAY_S)
    complete(ahead, firm)
    rotate(ahead, firm, [heir], controllers_of(lost), 2)


def test_k24_the_registrar_holds_a_firm_that_called_and_nobody_else_without_signature(ahead, firm):
    path = path_of(firm, "/holds")
    for client in (firm.client, ahead.bank, ahead.tax):
        assert refused(lambda client=client: client.post(path, {})) == (403, "not_allowed")
    held = ahead.regulator.post(path, {})
    assert ahead.regulator.post(path, {}) == held
    assert refused(lambda: ahead.regulator.post(path, {"number": 1})) == (422, "field_missing")


def test_a_rotation_cancels_a_recovery(ahead, firm, lost, heir):
    request(ahead, firm, [heir])
    rotate(ahead, firm, lost, controllers_of(lost[:1]))
    assert pending(firm) is None
    ahead.wait(RECOVERY_DELAY_S)
    assert refused(lambda: complete(ahead, firm)) == (409, "recovery_not_pending")
    assert request(ahead, firm, [heir])["number"] == 2


def test_only_a_registrar_requests_completes_or_calls_off(ahead, firm, heir):
    for client in (firm.client, ahead.bank, ahead.tax):
        for path in ("/recoveries", "/recoveries/1/completion"):
            found = refused(lambda client=client, path=path: client.post(path_of(firm, path), body_of([heir])))
            assert found == (403, "not_allowed")
    request(ahead, firm, [heir])
    path = path_of(firm, "/recoveries/1/cancellation")
    for client in (firm.client, ahead.bank, ahead.tax):
        assert refused(lambda client=client: client.post(path, {})) == (403, "not_allowed")
    assert ahead.http().post(path, json={}).status_code == 401
    assert ahead.regulator.post(path, {})["state"] == "cancelled"
    assert pending(firm) is None


def test_one_recovery_at_a_time_and_asking_again_is_the_same_one(ahead, firm, lost, heir):
    first = request(ahead, firm, [heir])
    assert request(ahead, firm, [heir]) == first
    assert refused(lambda: request(ahead, firm, [new_key()])) == (409, "recovery_pending")
    assert refused(lambda: request(ahead, firm, [heir, *lost])) == (409, "recovery_pending")
    ahead.wait(RECOVERY_DELAY_S)
    completed = complete(ahead, firm)
    again = complete(ahead, firm)
    assert completed == again
    assert ahead.ledger.controller_entry(firm.subject, 2) is None
    assert refused(lambda: request(ahead, firm, [heir])) == (409, "controllers_unchanged")
    # what is in force is not cancelled any more
    shown = {"number": 1, "commitment": completed["commitment"]}
    assert refused(lambda: cancel(ahead, firm, shown, [heir])) == (409, "recovery_not_pending")
    assert refused(lambda: complete(ahead, firm, 2)) == (409, "recovery_not_pending")


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999"])
def test_a_recovery_has_a_number(ahead, firm, number):
    for act in ("cancellation", "completion"):
        found = refused(lambda act=act: ahead.regulator.post(path_of(firm, f"/recoveries/{number}/{act}"), {}))
        assert found == (422, "request_invalid")


def test_a_subject_that_does_not_exist_is_not_recovered(ahead, heir):
    path = f"/v1/subjects/{to_hex(random_bytes(32))}/recoveries"
    assert refused(lambda: ahead.regulator.post(path, body_of([heir]))) == (404, "not_found")
    for act in ("cancellation", "completion"):
        assert refused(lambda act=act: ahead.regulator.post(f"{path}/1/{act}", {})) == (404, "not_found")
