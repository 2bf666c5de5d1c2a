"""What is done by clients that name no Idempotency-Key, and are told by refusals what became of it."""

import pytest

from api.catalogue.synthetic import credit_code
from api.client.client import ApiError
from api.client.credential import credential_named
from api.client.unsigned_act import unsigned_rotation
from ledger_node.domain.consent_act import Change, change_digest
from ledger_node.domain.controller_act import MAX_DEADLINE, Rotation
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.signature import sign
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.randomness import random_bytes
from tests.kit.chaos.fail_path import GOOD, granted, signed, step, upload
from tests.kit.served import SEED
from tests.kit.subject import body_of, new_key

KEYLESS = "without keys"


def without_key(place, name, *reasons):
    """Return a client that names no Idempotency-Key; ``reasons``: how it is told that its effect is there already."""
    return place.client_with(credential_named(place.home, name), keyless=reasons)


@step(KEYLESS)
def grant_without_a_key(place):
    terms = place.consent([GOOD])
    bank = without_key(place, "demo-bank", "consent_exists")
    yield
    place.post_consent(terms, client=bank)
    consent = to_hex(terms.digest(place.ledger.consent_domain))
    yield bank.get(f"/v1/consents/{consent}")["state"]


@step(KEYLESS)
def pause_without_a_key(place):
    consent, _ = granted(place)
    bank = without_key(place, "demo-bank", "consent_changed_already", "consent_paused")
    digest = change_digest(from_hex(consent, "consent"), Change.PAUSE, 1, place.ledger.consent_domain)
    yield
    bank.post(f"/v1/consents/{consent}/changes", {"change": "pause", "number": 1, "signatures": signed(place, digest)})
    yield bank.get(f"/v1/consents/{consent}")["state"]


@step(KEYLESS)
def withdrawal_without_a_key(place):
    consent, secret = granted(place)
    bank = without_key(place, "demo-bank", "consent_withdrawn")
    yield
    bank.post(f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)})
    yield bank.get(f"/v1/consents/{consent}")["state"]


@step(KEYLESS)
def registration_without_a_key(place):
    registrar, code = without_key(place, "market-regulator"), credit_code(place.fresh(), SEED)
    yield
    yield registrar.post("/v1/subjects", {"credit_code": code, **body_of([new_key()])})["threshold"]


@step(KEYLESS)
def rotation_without_a_key(place):
    firm, bank = place.register(place.fresh()), without_key(place, "demo-bank")
    heirs = Controllers(each_person([new_key().controller]), 1, random_bytes(32))
    draft = unsigned_rotation(place.ledger.subject_domain, Rotation(firm.subject, 1, heirs, MAX_DEADLINE))
    yield
    yield draft.submit(bank, [sign(draft.digest, firm.keys[0])])["entry"]


@step(KEYLESS)
def erasure_without_a_key(place):
    firm, tax = place.fresh(), without_key(place, "tax-bureau", "not_found")
    upload(place, [(firm, {})])
    body = {"credit_code": credit_code(firm, SEED), "schema": "tax_payment"}
    yield
    tax.post("/v1/erasures", body)
    yield refusal_of(lambda: place.tax.post("/v1/erasures", body))


def refusal_of(call):
    """Return the reason that a call is refused with."""
    with pytest.raises(ApiError) as refused:
        call()
    return refused.value.reason
