"""Rotation: the present controllers hand over, and what was granted before is judged by those of its time."""

import threading
from dataclasses import replace

import pytest

from api.catalogue.synthetic import credit_code
from api.client.answer_check import check_answer
from api.client.unsigned_act import unsigned_change
from api.services.consent.signed_act import store_signed_act
from api.services.subject.controller_history import ControllerHistory
from ledger_node.domain.consent_act import Change, SignedAct
from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.receipt import Act
from ledger_node.domain.verification import Policy
from ledger_node.randomness import random_bytes
from tests.kit.served import SEED, one_form
from tests.kit.subject import (
    Key,
    body_of,
    change,
    controllers_of,
    grant,
    handed_to,
    new_key,
    new_phone,
    path_of,
    refused,
    rotate,
    rotation,
    signed,
    withdraw,
)

GOOD = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")


@pytest.fixture
def firm(place):
    return place.new_taxpayer()


@pytest.fixture
def old(firm):
    return Key(firm.keys[0])


@pytest.fixture
def heir():
    return new_key()


def test_what_was_granted_before_is_judged_by_the_controllers_of_its_time(place, firm, old, heir):
    consent = grant(place, firm, [old], GOOD)
    made = rotate(place, firm, [old], controllers_of([heir]))
    held = place.ledger.controller_entry(firm.subject, 1)
    assert (made["entry"], made["since"], made["commitment"]) == (1, held.since, to_hex(held.commitment))
    answer = place.verify(consent, [GOOD])
    assert answer["controllers"]["entries"] == [0, 1]
    verdicts = check_answer(answer, place.ledger, grantee=place.bank_id, policy=Policy())
    assert [verdict.outcome for verdict in verdicts] == ["holds"]
    younger = grant(place, handed_to(place, firm, heir), [heir], GOOD)
    answer = place.verify(younger, [GOOD])
    assert answer["controllers"]["entries"] == [0, 1]
    verdicts = check_answer(answer, place.ledger, grantee=place.bank_id, policy=Policy())
    assert [verdict.outcome for verdict in verdicts] == ["holds"]
    for member, wrong, reason in (("entries", [0], "state_proof_missing"), ("begins", [], "state_proof_missing")):
        changed = {**answer, "controllers": {**answer["controllers"], member: wrong}}
        with pytest.raises(VerificationError) as refusal:
            check_answer(changed, place.ledger, grantee=place.bank_id, policy=Policy())
        assert refusal.value.reason == reason


def test_evidence_of_both_times_checks_offline(place, firm, old, heir):
    trust = place.ledger.trust()
    older = grant(place, firm, [old], GOOD)
    first = place.verify(older, [GOOD])
    rotate(place, firm, [old], controllers_of([heir]))
    second = place.verify(older, [GOOD])
    third = place.verify(grant(place, handed_to(place, firm, heir), [heir], GOOD), [GOOD])
    for answer, entries in ((first, [0]), (second, [0, 1]), (third, [0, 1])):
        assert answer["controllers"]["entries"] == entries
        report = examine(place.bank.evidence(answer["use"]["id"]), trust)
        assert report.failed is None
        assert [verdict.outcome for verdict in report.verdicts] == ["holds"]


def test_receipts_carry_the_word_of_those_who_controlled_the_subject_then(place, firm, old, heir):
    consent = grant(place, firm, [old], GOOD)
    change(place, consent, "pause", 1, [old])
    rotate(place, firm, [old], controllers_of([heir]))
    # the old key's word for the next change was kept, and the ledger did not answer
    keep_early_word(place, consent, old)
    change(place, consent, "resume", 2, [heir])
    withdraw(place, consent, [heir])
    receipts = place.client_by(firm.subject, heir).receipts(consent)
    words = [
        (receipt["act"], receipt["basis"]["word"]["controllers"]["keys"][0]["address"])
        for receipt in receipts
        if "word" in receipt["basis"]
    ]
    assert words == [
        ("paused", to_hex(old.controller)),
        ("resumed", to_hex(heir.controller)),
        ("withdrawn", to_hex(heir.controller)),
    ]


def keep_early_word(place, consent, person):
    """Store a word as an act does that the ledger did not answer."""
    name = from_hex(consent, "consent")
    draft = unsigned_change(place.ledger.consent_domain, name, Change.RESUME, 2)
    store = place.store()
    first = ControllerHistory(store, place.ledger).of(firm_of(place, consent))[0]
    store_signed_act(
        store, place.ledger, name, Act.RESUMED, SignedAct(first.controllers, (person.sign(draft.digest),)), number=2
    )
    store.dispose()


def firm_of(place, consent):
    return from_hex(place.bank.get(f"/v1/consents/{consent}")["terms"]["subject"], "subject")


def test_c3_after_a_rotation_the_old_key_grants_nothing(place, firm, old, heir):
    rotate(place, firm, [old], controllers_of([heir]))
    assert refused(lambda: grant(place, firm, [old], GOOD)) == (422, "signer_not_controller")
    assert place.ask(grant(place, handed_to(place, firm, heir), [heir], GOOD), GOOD) == [("holds", None)]


def test_c3_before_a_rotation_the_new_key_grants_nothing(place, firm, heir):
    assert refused(lambda: grant(place, firm, [heir], GOOD)) == (422, "signer_not_controller")


def test_c3_terms_that_the_old_key_signed_in_time_are_not_granted_too_late(place, firm, old, heir):
    terms = place.consent([GOOD], firm=firm)
    signatures = signed(terms.digest(place.ledger.consent_domain), [old])
    rotate(place, firm, [old], controllers_of([heir]))
    assert refused(lambda: place.post_consent(terms, signatures=signatures)) == (422, "signer_not_controller")


def test_the_present_controllers_withdraw_what_their_predecessors_granted(place, firm, old, heir):
    consent = grant(place, firm, [old], GOOD)
    rotate(place, firm, [old], controllers_of([heir]))
    withdraw(place, consent, [heir])
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]


def test_c3_a_key_that_was_rotated_out_neither_resumes_nor_pauses_nor_withdraws(place, firm, old, heir):
    consent = grant(place, firm, [old], GOOD)
    change(place, consent, "pause", 1, [old])
    rotate(place, firm, [old], controllers_of([heir]))
    assert refused(lambda: change(place, consent, "resume", 2, [old])) == (422, "signer_not_controller")
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_paused")]
    change(place, consent, "resume", 2, [heir])
    assert place.ask(consent, GOOD) == [("holds", None)]
    assert refused(lambda: change(place, consent, "pause", 3, [old])) == (422, "signer_not_controller")
    assert refused(lambda: withdraw(place, consent, [old])) == (422, "signer_not_controller")
    assert place.ask(consent, GOOD) == [("holds", None)]


def test_the_secret_of_an_old_consent_still_withdraws_it(place, firm, old, heir):
    secret = random_bytes(32)
    consent = grant(place, firm, [old], GOOD, secret=secret)
    rotate(place, firm, [old], controllers_of([heir]))
    place.bank.post(f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)})
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]


def test_c4_a_rotation_takes_as_many_signatures_as_a_grant(place):
    firm = place.new_taxpayer(controllers=2, threshold=2)
    one, two = (Key(key) for key in firm.keys)
    phone = new_phone()
    heirs = controllers_of([phone, one], 2)
    assert refused(lambda: rotate(place, firm, [one], heirs)) == (422, "threshold_not_met")
    assert refused(lambda: rotate(place, firm, [one, one], heirs)) == (422, "signer_repeated")
    assert refused(lambda: rotate(place, firm, [one, phone], heirs)) == (422, "signer_not_controller")
    rotate(place, firm, [one, two], heirs)
    assert refused(lambda: grant(place, firm, [one, two], GOOD)) == (422, "signer_not_controller")
    assert place.ask(grant(place, handed_to(place, firm, one), [phone, one], GOOD), GOOD) == [("holds", None)]
    # a passkey rotates as well
    rotate(place, firm, [one, phone], controllers_of([two]), entry=2)
    firm = replace(firm, client=place.client_by(firm.subject, two, 2))
    assert place.ask(grant(place, firm, [two], GOOD), GOOD) == [("holds", None)]
    history = firm.client.get(path_of(firm))["history"]
    assert [(entry["by"], entry["controllers"]["threshold"]) for entry in history] == [
        ("registration", 2),
        ("rotation", 2),
        ("rotation", 1),
    ]
    assert [len(entry["signatures"]) for entry in history] == [0, 2, 2]


def test_a_rotation_that_is_asked_again_is_one_rotation(place, firm, old, heir):
    draft = rotation(place, firm, controllers_of([heir]))
    first = draft.submit(place.bank, [old.sign(draft.digest)])
    assert draft.submit(place.bank, [old.sign(draft.digest)]) == first
    assert refused(lambda: draft.submit(place.bank, [heir.sign(draft.digest)])) == (422, "signer_not_controller")
    assert place.ledger.controller_entry(firm.subject, 2) is None


def test_a_rotation_for_another_entry_than_the_next_is_refused(place, firm, old, heir):
    for entry in (2, 7):
        found = refused(lambda entry=entry: rotate(place, firm, [old], controllers_of([heir]), entry))
        assert found == (409, "controllers_changed")
    rotate(place, firm, [old], controllers_of([heir, old]))
    # signed when entry 1 was the next one
    assert refused(lambda: rotate(place, firm, [old], controllers_of([old]))) == (409, "controllers_changed")
    assert refused(lambda: rotate(place, firm, [old], controllers_of([old, heir]), 2)) == (409, "controllers_unchanged")
    assert place.ledger.controller_entry(firm.subject, 2) is None


def test_a_rotation_of_nobody_is_refused(place, heir):
    body = {**body_of([heir]), "salt": to_hex(random_bytes(32)), "entry": 1, "deadline": 2**37 - 1, "signatures": []}
    path = f"/v1/subjects/{to_hex(random_bytes(32))}/rotations"
    assert refused(lambda: place.bank.post(path, body)) == (404, "not_found")


def test_of_rotations_at_once_one_is_made(place, firm, old):
    """Whoever is late is told that the controllers changed; no entry is lost and none is made twice."""
    answers = []

    def attempt():
        draft = rotation(place, firm, controllers_of([new_key(), old]))
        client = place.client("demo-bank")
        try:
            answers.append(draft.submit(client, [old.sign(draft.digest)])["entry"])
        except Exception as error:  # noqa: BLE001 - what it was is asserted below
            answers.append(getattr(error, "reason", error))

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers)) == ["1", *["controllers_changed"] * 3]
    assert place.ledger.controller_entry(firm.subject, 2) is None


def test_the_registrar_registers_the_present_controllers_again_and_not_the_old_ones(place, firm, old, heir):
    rotate(place, firm, [old], controllers_of([heir]))
    code = {"credit_code": credit_code(firm.number, SEED)}
    again = place.regulator.post("/v1/subjects", {**code, **body_of([heir])})
    assert again["subject"] == to_hex(firm.subject)
    assert refused(lambda: place.regulator.post("/v1/subjects", {**code, **body_of([old])})) == (409, "subject_exists")
