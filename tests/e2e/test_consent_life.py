"""The life of a consent: requested, shown, granted or refused, paused, resumed, withdrawn; through the API."""

import shutil
from dataclasses import replace

import pytest

from api.client.client import ApiError
from api.client.consent import accept
from api.home.home import Home
from api.instance.wiring import open_instance
from ledger_node.domain.consent_act import Change, change_digest, refusal_digest
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import sign
from ledger_node.randomness import random_bytes
from tests.kit.served import altered, one_form

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
RATED = "tax_credit_rating.grade in {A, B}"


def refused(call):
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.status, caught.value.reason


@pytest.fixture
def request_of_the_bank(place):
    asked = place.request([one_form(GOOD)])
    made = place.bank.post("/v1/consent-requests", place.asking(asked))
    return asked, made["id"]


def refusal(place, request, key):
    digest = refusal_digest(bytes.fromhex(request[2:]), place.ledger.consent_domain)
    return place.shop.client.post(
        f"/v1/consent-requests/{request}/refusal", {"signatures": [to_hex(sign(digest, key))]}
    )


def change(place, consent, what, number, key=None):
    digest = change_digest(bytes.fromhex(consent[2:]), what, number, place.ledger.consent_domain)
    signature = to_hex(sign(digest, key or place.shop.keys[0]))
    body = {"change": what.value, "number": number, "signatures": [signature]}
    return place.shop.client.post(f"/v1/consents/{consent}/changes", body)


def signable(consent):
    return {"terms": consent.terms.to_json(), "bounds": consent.bounds.to_json()}


def state_of(place, request, client=None):
    listed = (client or place.shop.client).get("/v1/consent-requests")["requests"]
    return next((one["state"] for one in listed if one["id"] == request), None)


def test_a_request_is_shown_granted_and_used(place, request_of_the_bank):
    asked, request = request_of_the_bank
    assert state_of(place, request) == state_of(place, request, place.bank) == "open"
    terms, text = accept(place.shop.client, asked, Language.CHINESE, random_bytes(32), now=place.now())
    body = {"request": asked.to_json(), "grant_before": terms.bounds.grant_before, "language": "zh"}
    shown = place.shop.client.post("/v1/consent-texts", body)
    assert (shown["text"], shown["text_digest"]) == (text, to_hex(terms.terms.text_digest))
    assert "".join(f"{line['text']}\n" for line in shown["lines"]) == text
    assert "2025 年实缴税额是否不少于 100 万元？" in text
    signature = to_hex(sign(terms.digest(place.ledger.consent_domain), place.shop.keys[0]))
    body = {**signable(terms), "signatures": [signature], "request": request}
    granted = place.bank.post("/v1/consents", body)
    assert (granted["state"], granted["request"], granted["text"]) == ("live", request, text)
    assert state_of(place, request) == state_of(place, request, place.bank) == "granted"
    assert place.ask(granted["id"], GOOD) == [("holds", None)]
    assert refused(lambda: refusal(place, request, place.shop.keys[0])) == (409, "request_answered")
    again = place.consent([one_form(GOOD)])
    signature = to_hex(sign(again.digest(place.ledger.consent_domain), place.shop.keys[0]))
    body = {**signable(again), "signatures": [signature], "request": request}
    # the bank could not spend it: its key is for another request
    assert refused(lambda: place.bank.post("/v1/consents", body)) == (422, "request_invalid")


def test_a_request_is_refused_by_the_controllers_alone(place, request_of_the_bank):
    _, request = request_of_the_bank
    assert refused(lambda: refusal(place, request, random_bytes(32))) == (422, "signer_not_controller")
    assert state_of(place, request) == "open"
    assert refusal(place, request, place.shop.keys[0])["state"] == "refused"
    assert state_of(place, request, place.bank) == "refused"
    assert refused(lambda: refusal(place, request, place.shop.keys[0])) == (409, "request_answered")


def test_asking_the_same_twice_is_one_request(place, request_of_the_bank):
    asked, request = request_of_the_bank
    assert place.bank.post("/v1/consent-requests", place.asking(asked))["id"] == request
    listed = [one["id"] for one in place.bank.get("/v1/consent-requests")["requests"]]
    assert listed.count(request) == 1


def test_a_request_is_seen_by_its_two_parties_alone(place, request_of_the_bank):
    asked, request = request_of_the_bank
    assert state_of(place, request, place.other_bank()) is None
    assert state_of(place, request, place.new_firm().client) is None
    body = place.asking(asked)
    assert refused(lambda: place.other_bank().post("/v1/consent-requests", body)) == (422, "request_invalid")
    assert refused(lambda: place.shop.client.post("/v1/consent-requests", body)) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"max_uses": 4}, "purpose_ceiling"),
        ({"purpose": "curiosity"}, "purpose_unknown"),
        ({"subject": bytes(32)}, "subject_unknown"),
        ({"questions": ("tax_payment.paid_amount >= 1234567 CNY",)}, "off_ladder"),
        ({"departments": (bytes(32),)}, "member_unknown"),
    ],
)
def test_c7_what_could_not_be_granted_cannot_be_asked_for(place, changes, reason):
    asked = replace(place.request([one_form(GOOD)]), **changes)
    found = refused(lambda: place.bank.post("/v1/consent-requests", place.asking(asked)))
    assert found == (422, reason)


def test_a_grant_names_a_request_of_the_same_parties(place, request_of_the_bank):
    _, request = request_of_the_bank
    firm = place.new_firm()
    terms = place.consent([one_form(GOOD)], firm=firm)
    signature = to_hex(sign(terms.digest(place.ledger.consent_domain), firm.keys[0]))
    for named in (request, to_hex(random_bytes(32))):
        body = {**signable(terms), "signatures": [signature], "request": named}
        assert refused(lambda body=body: place.bank.post("/v1/consents", body)) == (404, "request_unknown")


def test_terms_over_another_text_are_refused(place):
    honest = place.consent([one_form(GOOD)])
    for terms in (
        altered(honest, text_digest=random_bytes(32)),
        altered(honest, language="en"),
        altered(honest, purpose_text="Anything at all"),
        altered(honest, questions=(*honest.terms.questions, RATED)),
        altered(honest, language="fr"),
    ):
        assert refused(lambda terms=terms: place.post_consent(terms)) == (422, "consent_text_differs")
    english = place.consent([one_form(GOOD)], language=Language.ENGLISH, purpose_text="Decide on a loan application")
    assert "Was at least CNY 1,000,000 of tax paid in 2025?" in place.post_consent(english)["text"]


def test_a_paused_consent_answers_nothing_until_it_goes_on(place):
    consent = place.grant(GOOD)
    assert change(place, consent, Change.PAUSE, 1)["changes"] == 1
    shown = place.shop.client.get(f"/v1/consents/{consent}")
    assert (shown["state"], shown["changes"]) == ("paused", 1)
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_paused")]
    change(place, consent, Change.RESUME, 2)
    assert place.ask(consent, GOOD) == [("holds", None)]
    assert place.shop.client.get(f"/v1/consents/{consent}")["uses"] == 1


def test_a_change_counts_once_in_its_turn_and_by_the_controllers(place):
    consent = place.grant(GOOD)
    assert refused(lambda: change(place, consent, Change.PAUSE, 1, random_bytes(32))) == (422, "signer_not_controller")
    assert refused(lambda: change(place, consent, Change.RESUME, 1)) == (409, "consent_not_paused")
    assert refused(lambda: change(place, consent, Change.PAUSE, 2)) == (409, "consent_changed_already")
    change(place, consent, Change.PAUSE, 1)
    assert refused(lambda: change(place, consent, Change.PAUSE, 2)) == (409, "consent_paused")
    change(place, consent, Change.RESUME, 2)
    assert refused(lambda: change(place, consent, Change.PAUSE, 1)) == (409, "consent_changed_already")
    unknown = to_hex(random_bytes(32))
    assert refused(lambda: change(place, unknown, Change.PAUSE, 1)) == (404, "consent_unknown")


def test_a_paused_consent_can_be_withdrawn_and_not_resumed(place):
    secret = random_bytes(32)
    consent = place.grant(GOOD, secret=secret)
    change(place, consent, Change.PAUSE, 1)
    place.shop.client.post(f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)})
    assert refused(lambda: change(place, consent, Change.RESUME, 2)) == (409, "consent_withdrawn")
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]


def test_data_of_other_years_than_the_consent_covers_cannot_be_told(place):
    consent = place.grant(RATED, data_to="2024-12-31")
    assert place.ask(consent, RATED) == [("cannot_tell", "consent_other_period")]
    consent = place.grant(RATED, data_from="2025-01-01", data_to="2025-12-31")
    assert place.ask(consent, RATED) == [("holds", None)]


def test_everybody_checks_the_purposes_that_the_chain_holds_the_digest_of(place):
    told = place.bank.get("/v1/purposes")
    assert Purposes.from_json(told["purposes"]).digest == place.ledger.document("purposes")
    assert told["digest"] == to_hex(place.ledger.document("purposes"))
    assert place.ledger.document("anything else") == bytes(32)


def test_c7_other_purposes_than_the_agreed_ones_are_not_served(place, tmp_path):
    shutil.copytree(place.home.path, tmp_path / "home", ignore=shutil.ignore_patterns("chain*"))
    home = Home(tmp_path / "home")
    loose = [purpose | {"max_uses": 10_000} for purpose in home.purposes().to_json()]
    home.write_purposes(Purposes.from_json(loose))
    with pytest.raises(InvalidInputError) as refusal_to_open:
        open_instance(home, [place.served.node()["url"]], processes=1)
    assert refusal_to_open.value.reason is Reason.CONFIGURATION
    assert "purposes.json" in refusal_to_open.value.message
