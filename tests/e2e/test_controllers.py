"""C3 to C5 over HTTP, with passkeys and sets of both kinds: grant, refuse, pause, withdraw."""

import base64
import json

import pytest

from api.catalogue.synthetic import credit_code
from api.client.unsigned_act import unsigned_refusal
from ledger_node.domain.canonical import encode
from ledger_node.domain.controller_act import MAX_DEADLINE, Rotation
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.passkey import Assertion
from ledger_node.domain.receipt_check import TrustedOperator, check_receipt
from ledger_node.domain.subject import Controllers, signature_to_json
from ledger_node.randomness import random_bytes
from tests.kit.authenticator import UP, Authenticator
from tests.kit.served import Firm, one_form
from tests.kit.subject import (
    Key,
    Phone,
    body_of,
    change,
    controllers_of,
    grant,
    new_key,
    new_phone,
    path_of,
    refused,
    rotate,
    withdraw,
)

SEED = 77
GOOD = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")


def register(place, people, threshold=1, firm=None):
    """Register a firm of these people, with all its attestations."""
    number = place.fresh() if firm is None else firm
    if firm is None:
        place.issue(number)
    made = place.regulator.post(
        "/v1/subjects", {"credit_code": credit_code(number, SEED), **body_of(people, threshold)}
    )
    subject = from_hex(made["subject"], "subject")
    return Firm(number, subject, (), place.client_by(subject, people[0], number=1 if firm is None else 2))


@pytest.fixture(scope="module")
def phone():
    return new_phone()


@pytest.fixture(scope="module")
def firm(place, phone):
    return register(place, [phone])


@pytest.fixture(scope="module")
def partners():
    return new_phone(), new_key()


@pytest.fixture(scope="module")
def partnership(place, partners):
    """A firm of a passkey and a key, both of which must sign."""
    return register(place, partners, 2)


def test_a_consent_signed_by_a_passkey_is_granted_used_paused_and_withdrawn(place, firm, phone):
    consent = grant(place, firm, [phone], GOOD)
    assert place.ask(consent, GOOD) == [("holds", None)]
    change(place, consent, "pause", 1, [phone])
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_paused")]
    change(place, consent, "resume", 2, [phone])
    withdraw(place, consent, [phone])
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]


def test_receipts_and_evidence_of_a_passkey_and_a_key_check_offline(place, partnership, partners):
    consent = grant(place, partnership, partners, GOOD)
    answer = place.verify(consent, [GOOD])
    change(place, consent, "pause", 1, partners)
    withdraw(place, consent, partners)
    keeper = next(member for member in place.ledger.members() if "operator" in member.name)
    trusted = TrustedOperator(place.home.relayer_keys(), keeper.id, place.ledger.consent_domain)
    receipts = [check_receipt(encode(receipt), trusted) for receipt in partnership.client.receipts(consent)]
    assert [receipt.act for receipt in receipts] == ["granted", "used", "paused", "withdrawn"]
    report = examine(place.bank.evidence(answer["use"]["id"]), place.ledger.trust())
    assert report.failed is None
    assert [verdict.outcome for verdict in report.verdicts] == ["holds"]
    pages = place.http("demo-bank")
    page = pages.get(f"/v1/consents/{consent}/receipts", headers={"Accept": "text/html"})
    assert (page.status_code, page.text.count("签署人签字") > 0) == (200, True)


def test_a_request_is_refused_by_a_passkey(place, firm, phone):
    asked = place.request([GOOD], firm=firm)
    made = place.bank.post("/v1/consent-requests", place.asking(asked))
    draft = unsigned_refusal(place.ledger.consent_domain, from_hex(made["id"], "request"))
    stranger = new_phone()
    assert refused(lambda: draft.submit(place.bank, [stranger.sign(draft.digest)])) == (422, "signer_not_controller")
    assert draft.submit(place.bank, [phone.sign(draft.digest)])["state"] == "refused"


def test_c4_a_passkey_and_a_key_meet_a_threshold_together_and_not_alone(place, partnership, partners):
    phone, key = partners
    assert refused(lambda: grant(place, partnership, [phone], GOOD)) == (422, "threshold_not_met")
    assert refused(lambda: grant(place, partnership, [key], GOOD)) == (422, "threshold_not_met")
    assert refused(lambda: grant(place, partnership, [phone, phone], GOOD)) == (422, "signer_repeated")
    consent = grant(place, partnership, [phone, key], GOOD)
    assert place.ask(consent, GOOD) == [("holds", None)]
    assert refused(lambda: change(place, consent, "pause", 1, [phone])) == (422, "threshold_not_met")
    change(place, consent, "pause", 1, [key, phone])
    assert refused(lambda: withdraw(place, consent, [key])) == (422, "threshold_not_met")
    withdraw(place, consent, [phone, key])
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]


def test_c3_a_passkey_that_does_not_control_the_subject_grants_nothing(place, firm, phone):
    assert refused(lambda: grant(place, firm, [new_phone()], GOOD)) == (422, "signer_not_controller")
    assert refused(lambda: grant(place, firm, [new_key()], GOOD)) == (422, "signer_not_controller")
    # the same key, made for the domain of somebody else
    elsewhere = Phone(Authenticator(phone.authenticator.scalar, "other.example"))
    terms = place.consent([GOOD], firm=firm)
    digest = terms.digest(place.ledger.consent_domain)
    client = elsewhere.authenticator.client_data(digest, origin="https://other.example")
    assertion = signature_to_json(elsewhere.sign(digest, client=client))
    assert refused(lambda: place.post_consent(terms, signatures=[assertion])) == (422, "signer_not_controller")


def signing_something_else(phone, digest):
    return phone.sign(digest[::-1])


def signing_elsewhere(phone, digest):
    return phone.sign(digest, client=phone.authenticator.client_data(digest, origin="https://evil.example"))


def signing_unverified(phone, digest):
    return phone.sign(digest, data=phone.authenticator.authenticator_data(UP))


def signing_nothing(phone, digest):
    signed = phone.sign(digest)
    return Assertion(signed.authenticator_data, signed.client_data_json, b"")


def signing_a_creation(phone, digest):
    return phone.sign(digest, client=phone.authenticator.client_data(digest, type="webauthn.create"))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (signing_something_else, "challenge_mismatch"),
        (signing_elsewhere, "origin_mismatch"),
        (signing_unverified, "user_not_verified"),
        (signing_nothing, "signature_malformed"),
        (signing_a_creation, "signature_malformed"),
    ],
)
def test_c5_an_assertion_that_does_not_sign_these_terms_grants_nothing(place, firm, phone, spoil, reason):
    terms = place.consent([GOOD], firm=firm)
    assertion = signature_to_json(spoil(phone, terms.digest(place.ledger.consent_domain)))
    assert refused(lambda: place.post_consent(terms, signatures=[assertion])) == (422, reason)


@pytest.mark.parametrize(
    "signature",
    [
        {},
        {"authenticator_data": "0x", "client_data_json": "0x"},
        {"authenticator_data": "0x", "client_data_json": "0x", "signature": 5},
        {"authenticator_data": "0x", "client_data_json": "0x", "signature": "0x", "more": 1},
        {"authenticator_data": base64.b64encode(b"x").decode(), "client_data_json": "0x", "signature": "0x"},
        [],
        None,
    ],
)
def test_c5_what_is_no_signature_is_refused_by_name(place, firm, signature):
    terms = place.consent([GOOD], firm=firm)
    status, reason = refused(lambda: place.post_consent(terms, signatures=[signature]))
    assert status == 422
    assert reason in {"field_missing", "field_unknown", "type_wrong", "value_malformed"}


def persons(*addresses):
    return [{"person": number, "address": f"0x{address}"} for number, address in enumerate(addresses, start=1)]


@pytest.mark.parametrize(
    ("controllers", "threshold", "reason"),
    [
        ([], 1, "request_invalid"),
        (persons("00" * 20), 1, "request_invalid"),
        (persons("11" * 20, "11" * 20), 1, "request_invalid"),
        (persons("11" * 20), 2, "request_invalid"),
        ([*persons("11" * 20), {"person": 1, "address": "0x" + "22" * 20}], 2, "request_invalid"),
        (persons("11" * 20), 0, "value_out_of_range"),
        (persons("11" * 19), 1, "value_malformed"),
        ([5], 1, "type_wrong"),
        ([{"person": 0, "address": "0x" + "11" * 20}], 1, "value_out_of_range"),
        ([{"address": "0x" + "11" * 20}], 1, "field_missing"),
        ([{"person": 1}], 1, "field_missing"),
        (
            [{"person": 1, "passkey": {"rp_id_hash": "0x" + "11" * 32, "public_key": "0x" + "11" * 64}}],
            1,
            "value_malformed",
        ),
        ([{"person": 1, "passkey": {}}], 1, "field_missing"),
        (persons(*(f"{number:040x}" for number in range(1, 18))), 1, "too_large"),
    ],
)
def test_c4_controllers_that_make_no_sense_are_refused_everywhere(place, controllers, threshold, reason):
    body = {"controllers": controllers, "threshold": threshold}
    register = {"credit_code": credit_code(place.fresh(), SEED), **body}
    subject = path_of(place.shop)
    rotation = {**body, "salt": "0x" + "11" * 32, "entry": 1, "deadline": 2**37 - 1, "signatures": []}
    status = 413 if reason == "too_large" else 422
    assert refused(lambda: place.regulator.post("/v1/subjects", register)) == (status, reason)
    assert refused(lambda: place.regulator.post(f"{subject}/recoveries", body)) == (status, reason)
    assert refused(lambda: place.bank.post(f"{subject}/rotations", rotation)) == (status, reason)


def test_registering_the_same_controllers_again_gives_the_same_subject(place, firm, phone):
    again = register(place, [phone], firm=firm.number)
    assert again.subject == firm.subject
    assert again.client.get("/v1/me")["id"] == to_hex(firm.subject)
    # the phone has signed for another sign-in key meanwhile, in the place of the first
    assert refused(lambda: firm.client.get("/v1/me")) == (401, "client_unknown")
    assert refused(lambda: register(place, [phone, new_key()], firm=firm.number)) == (409, "subject_exists")


def test_a_subject_is_shown_to_itself_and_the_registrar_alone(place, partnership, partners):
    shown = partnership.client.get(path_of(partnership))
    assert shown == place.regulator.get(path_of(partnership))
    assert shown["entry"] == 0
    assert shown["controllers"]["keys"] == body_of(partners)["controllers"]
    assert (shown["controllers"]["threshold"], shown["pending_recovery"]) == (2, None)
    assert [(entry["by"], entry["entry"]) for entry in shown["history"]] == [("registration", 0)]
    held = place.ledger.controller_entry(partnership.subject, 0)
    assert (shown["commitment"], shown["since"]) == (to_hex(held.commitment), held.since)
    assert refused(lambda: place.shop.client.get(path_of(partnership))) == (404, "not_found")
    assert refused(lambda: place.bank.get(path_of(partnership))) == (403, "not_allowed")
    assert refused(lambda: place.regulator.get(f"/v1/subjects/{to_hex(random_bytes(32))}")) == (404, "not_found")
    assert refused(lambda: place.regulator.get("/v1/subjects/0x00")) == (422, "value_malformed")


def test_a_set_that_others_put_in_force_is_shown_as_unknown_until_somebody_shows_it(place):
    firm, heir = place.register(place.fresh()), new_key()
    old, heirs = Key(firm.keys[0]), controllers_of([heir])
    retiring = Controllers.from_json(place.regulator.get(path_of(firm))["controllers"])
    made = Rotation(firm.subject, 1, heirs, MAX_DEADLINE)
    place.ledger_of("governor").rotate(made, retiring, (old.sign(made.digest(place.ledger.subject_domain)),))
    shown = place.regulator.get(path_of(firm))
    assert (shown["entry"], shown["by"], shown["next_entry"]) == (1, "rotation", 2)
    assert (shown["commitment"], shown["controllers"]) == (to_hex(heirs.commitment), None)
    assert [entry["entry"] for entry in shown["history"]] == [0]
    rotate(place, firm, [old], heirs)
    assert place.regulator.get(path_of(firm))["controllers"] == heirs.to_json()


def test_e6_signatures_of_both_kinds_are_kept_and_shown_in_one_form_and_the_evidence_checks(
    place, partnership, partners
):
    terms = place.consent([GOOD], firm=partnership)
    by_phone, by_key = (person.sign(terms.digest(place.ledger.consent_domain)) for person in partners)
    granted = place.post_consent(terms, signatures=[signature_to_json(one) for one in (by_key, by_phone)])
    form = [signature_to_json(one) for one in (by_phone.in_one_form(), by_key)]
    assert granted["signatures"] == form
    bundle = place.bank.evidence(place.verify(granted["id"], [GOOD])["use"]["id"])
    assert json.loads(bundle)["presentation"]["consent"]["signatures"] == form
    assert examine(bundle, place.ledger.trust()).failed is None
