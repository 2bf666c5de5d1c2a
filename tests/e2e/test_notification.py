"""Notifications: each event is told once, to whom it concerns, in the order of the ledger, whatever dies."""

import pytest
from sqlalchemy import select

from api.catalogue.synthetic import credit_code
from api.client.client import ApiError
from api.client.consent import accept
from api.storage.table import consent_deadline
from ledger_node.domain.batch import ShownAttestation
from ledger_node.domain.consent_act import Change, change_digest, refusal_digest
from ledger_node.domain.consent_order import SecretOrder, ShownConsentId
from ledger_node.domain.consent_text import Language
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.signature import sign
from ledger_node.randomness import random_bytes
from tests.kit.command import printed
from tests.kit.served import SEED, one_form
from tests.kit.subject import told_until

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
RATED = "tax_credit_rating.grade in {A, B}"
PATIENCE_S = 60


def about(told, name):
    """Return the kinds that were told of one consent or request."""
    return [kind for kind, data in told if name in data.values()]


def deadlines(place):
    """Return when the consents end whose end is still to be told."""
    store = place.store()
    with store.connect() as connection:
        rows = connection.execute(select(consent_deadline)).all()
    store.dispose()
    return {row.consent: row.expires_at for row in rows}


def change(place, name, what, number):
    digest = change_digest(from_hex(name, "consent"), what, number, place.ledger.consent_domain)
    body = {"change": what.value, "number": number, "signatures": [to_hex(sign(digest, place.shop.keys[0]))]}
    place.shop.client.post(f"/v1/consents/{name}/changes", body)


def test_a_bank_learns_what_becomes_of_its_requests_and_consents(place):
    asked = place.request([one_form(GOOD)])
    request = place.bank.post("/v1/consent-requests", place.asking(asked))["id"]
    digest = refusal_digest(from_hex(request, "request"), place.ledger.consent_domain)
    signatures = [to_hex(sign(digest, place.shop.keys[0]))]
    place.shop.client.post(f"/v1/consent-requests/{request}/refusal", {"signatures": signatures})
    secret = random_bytes(32)
    granted = place.grant(GOOD, secret=secret)
    change(place, granted, Change.PAUSE, 1)
    change(place, granted, Change.RESUME, 2)
    answer = place.verify(granted, [GOOD])
    number = answer["presentation"]["use"]["number"]
    place.shop.client.post(f"/v1/consents/{granted}/withdrawal", {"secret": to_hex(secret)})
    bank = told_until(place.bank, ("consent.withdrawn", {"consent": granted}))
    assert about(bank, request) == ["consent.refused"]
    assert about(bank, granted) == ["consent.granted", "consent.paused", "consent.resumed", "consent.withdrawn"]
    assert ("consent.paused", {"consent": granted, "number": 1}) in bank
    shop = told_until(place.shop.client, ("consent.withdrawn", {"consent": granted}))
    assert ("consent.used", {"consent": granted, "use": answer["use"]["id"], "number": number}) in shop
    assert about(shop, request) == ["consent.requested", "consent.refused"]
    # a firm is told of all that happens to its consents, since another's instance may have sent it
    own = ["consent.granted", "consent.paused", "consent.resumed", "consent.used", "consent.withdrawn"]
    assert about(shop, granted) == own
    assert from_hex(granted, "consent") not in deadlines(place)


def test_a_grant_tells_the_request_that_it_answers(place):
    asked = place.request([one_form(GOOD)])
    request = place.bank.post("/v1/consent-requests", place.asking(asked))["id"]
    consent, _ = accept(place.shop.client, asked, Language.CHINESE, random_bytes(32), now=place.now())
    signature = to_hex(sign(consent.digest(place.ledger.consent_domain), place.shop.keys[0]))
    body = {"terms": consent.terms.to_json(), "bounds": consent.bounds.to_json(), "signatures": [signature]}
    granted = place.shop.client.post("/v1/consents", body | {"request": request})["id"]
    told = told_until(place.bank, ("consent.granted", {"consent": granted, "request": request}))
    assert about(told, request) == ["consent.granted"]
    assert deadlines(place)[from_hex(granted, "consent")] == consent.bounds.expires_at


def test_a_withdrawal_past_every_relayer_is_told_as_well(place):
    secret = random_bytes(32)
    consent = place.consent([one_form(GOOD)], secret=secret)
    granted = place.post_consent(consent)["id"]
    shown = ShownConsentId.from_hash(consent.terms.struct_hash, consent.bounds, place.ledger.consent_domain)
    place.ledger_of("governor").withdraw(SecretOrder(shown, secret))
    told_until(place.bank, ("consent.withdrawn", {"consent": granted}))
    (*_, receipt) = place.bank.receipts(granted)
    assert (receipt["act"], receipt["basis"]["secret"]) == ("withdrawn", to_hex(secret))


def test_a_bank_learns_that_what_its_answer_relied_on_is_superseded_or_revoked(place):
    firm = place.new_firm()
    granted = place.grant(GOOD, RATED, firm=firm)
    answer = place.verify(granted, [GOOD])
    (shown,) = answer["presentation"]["attestations"]
    place.attest("tax_payment", [(firm.number, {"实缴税额（元）": "3,000,000.00"})], correct=True)
    superseded = to_hex(ShownAttestation.from_json(shown).header.digest)
    bank = told_until(place.bank, ("attestation.superseded", {"attestation": superseded, "consent": granted}))
    place.tax.post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED), "schema": "tax_payment"})
    bank = told_until(place.bank, ("attestation.revoked", {"attestation": superseded, "consent": granted}))
    # of the rating, which no answer relied on, nothing is told
    kinds = [kind for kind, data in bank if data.get("consent") == granted]
    assert kinds == ["consent.granted", "attestation.superseded", "attestation.revoked"]
    assert place.bank.notifications() == place.bank.notifications()


def test_everybody_is_told_its_own_and_in_pages(place):
    place.grant(GOOD)
    granted = place.grant(GOOD)
    told_until(place.bank, ("consent.granted", {"consent": granted}))
    whole = place.bank.notifications()
    page = place.bank.get("/v1/notifications", limit=1)
    assert page == {"notifications": whole[:1], "next": whole[0]["id"]}
    assert place.bank.notifications(after=whole[-2]["id"]) == whole[-1:]
    assert place.bank.notifications()[: len(whole)] == whole
    assert place.other_bank().notifications() == []
    for client in (place.other_bank(), place.shop.client):
        with pytest.raises(ApiError) as refusal:
            client.get("/v1/notifications", after=whole[0]["id"])
        assert (refusal.value.status, refusal.value.reason) == (404, "not_found")


def test_the_command_lists_notifications(place):
    granted = place.grant(GOOD)
    told_until(place.bank, ("consent.granted", {"consent": granted}))
    done = place.credence("notifications", "list", "--as", "demo-bank", "--json")
    assert done.returncode == 0, done.stderr
    last = printed(done)["notifications"][-1]
    assert (last["kind"], last["data"]) == ("consent.granted", {"consent": granted})
    done = place.credence("notifications", "list", "--as", "demo-bank", "--after", last["id"])
    assert (done.returncode, done.stdout) == (0, "")
