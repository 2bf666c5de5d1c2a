"""What a firm reads of its own, and by which a bank finds it, over HTTP: each route with its refusals."""

import pytest

from api.catalogue.synthetic import credit_code
from api.services.message.address import ContactChannel
from api.services.signer.device_offer import NewDevice
from ledger_node import clock
from ledger_node.domain.contact_act import ContactChange, contact_digest
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.rotation_text import check_digits
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controller, Controllers, each_person, keys_to_json
from ledger_node.randomness import random_bytes
from tests.kit.portal import new_phone
from tests.kit.served import SEED, one_form
from tests.kit.subject import refused, rotation

ID = "0x" + "ab" * 32
GOOD = "tax_payment.paid_amount >= 1000 CNY during 2025"
MORE = "tax_payment.paid_amount >= 5000000 CNY during 2025"


@pytest.fixture(scope="module")
def firm(inside):
    return inside.new_taxpayer()


@pytest.fixture(scope="module")
def shop(firm):
    return firm.client


def look(shop, firm, kind, **more):
    begun = shop.post("/v1/looks", {"kind": kind, **more})
    return {"nonce": begun["nonce"], "signature": to_hex(sign(from_hex(begun["challenge"], "c"), firm.keys[0]))}


def test_values_need_a_signed_look_and_each_look_shows_them_once(shop, firm):
    listed = shop.get("/v1/records")["records"]
    assert [one["type"] for one in listed] == ["tax_payment"]
    assert all(one["values"] == [] for one in listed)
    signed = look(shop, firm, "records")
    (record,) = shop.post("/v1/records", signed)["records"]
    assert {each["field"]: each["value"] for each in record["values"]}["paid_amount"].endswith("CNY")
    newest = shop.get("/v1/looks")["looks"][0]
    assert (newest["kind"], newest["request"], newest["person"]) == ("records", None, 1)
    assert refused(lambda: shop.post("/v1/records", signed)) == (422, "look_used")
    other = look(shop, firm, "file")
    assert refused(lambda: shop.post("/v1/records", other)) == (422, "look_unknown")
    stranger = {"nonce": look(shop, firm, "records")["nonce"], "signature": to_hex(sign(bytes(32), random_bytes(32)))}
    assert refused(lambda: shop.post("/v1/records", stranger)) == (422, "signer_not_controller")


def test_a_file_comes_a_day_after_it_was_wished_for(shop, firm):
    ready = shop.post("/v1/records/file-wish", look(shop, firm, "file_wish"))["ready_at"]
    assert 86_000 < ready - clock.now() <= 86_400
    assert refused(lambda: shop.post("/v1/records/file", look(shop, firm, "file"))) == (422, "file_early")


def test_the_file_comes_once_its_time_is_there(inside, shop, firm, monkeypatch):
    monkeypatch.setattr(inside.served.instance.records, "_file_wait_s", 0)
    shop.post("/v1/records/file-wish", look(shop, firm, "file_wish"))
    (record,) = shop.post("/v1/records/file", look(shop, firm, "file"))["records"]
    assert {each["field"] for each in record["values"]} >= {"paid_amount"}


def test_a_signed_look_shows_the_answers_to_a_request_and_counts_no_use(inside, shop, firm):
    asked = inside.request([one_form(text) for text in (GOOD, MORE)], firm=firm)
    request = inside.bank.post("/v1/consent-requests", inside.asking(asked))["id"]
    signed = look(shop, firm, "answers", request=request)
    answers = shop.post(f"/v1/consent-requests/{request}/own-answers", signed)["answers"]
    assert [(one["verdict"], one["reason"]) for one in answers] == [("holds", None), ("does_not_hold", None)]
    again = refused(lambda: shop.post(f"/v1/consent-requests/{request}/own-answers", signed))
    assert again == (422, "look_used")
    newest = shop.get("/v1/looks")["looks"][0]
    assert (newest["kind"], newest["request"]) == ("answers", request)
    # a look at one request is none at another
    other = look(shop, firm, "answers", request=request)
    assert refused(lambda: shop.post(f"/v1/consent-requests/{ID}/own-answers", other)) == (404, "request_unknown")


def test_a_look_at_answers_names_its_request_and_no_other_look_does(shop):
    assert refused(lambda: shop.post("/v1/looks", {"kind": "answers"})) == (422, "request_invalid")
    assert refused(lambda: shop.post("/v1/looks", {"kind": "records", "request": ID})) == (422, "request_invalid")
    assert refused(lambda: shop.post("/v1/looks", {"kind": "answers", "request": ID})) == (404, "request_unknown")


def test_a_bank_finds_a_firm_by_its_code_once_and_no_other_bank_does(inside, shop, firm):
    bank = inside.bank.get("/v1/me")["id"]
    code = shop.post("/v1/handovers", {"bank": bank})["code"]
    assert inside.bank.post("/v1/handovers/redemption", {"code": code}) == {"subject": to_hex(firm.subject)}
    again = refused(lambda: inside.bank.post("/v1/handovers/redemption", {"code": code}))
    assert again == (409, "code_used")
    assert refused(lambda: shop.post("/v1/handovers", {"bank": ID})) == (422, "member_unknown")
    assert refused(lambda: shop.post("/v1/handovers/redemption", {"code": code})) == (403, "not_allowed")


def test_a_device_that_showed_its_key_is_taken_in_by_a_rotation_that_lists_it(inside):
    firm = inside.new_taxpayer()
    instance, phone = inside.served.instance, new_phone()
    offered = firm.client.post("/v1/devices", {"person": 1, "name": "Wang Fang"})
    assert firm.client.get("/v1/devices")["devices"][0]["passkey"] is None
    shown = NewDevice(phone.passkey, phone.id, "phone", synced=True)
    instance.device_offers.arrive(offered["code"], shown, origin=b"", now=clock.now())
    (waiting,) = firm.client.get("/v1/devices")["devices"]
    assert (waiting["device"], waiting["digits"]) == (offered["device"], check_digits(phone.passkey))
    assert instance.credentials.of_owner(firm.subject) == []
    both = (Controller(1, address_of(firm.keys[0])), Controller(1, Passkey.from_json(waiting["passkey"])))
    draft = rotation(inside, firm, Controllers(both, 1, random_bytes(32)))
    draft.submit(inside.bank, [sign(draft.digest, firm.keys[0])])
    (known,) = instance.credentials.of_owner(firm.subject)
    assert (known.id, known.person) == (phone.id, 1)
    assert refused(lambda: inside.bank.get("/v1/devices")) == (403, "not_allowed")


def test_a_registrar_finds_a_firm_by_its_code(inside, firm):
    search = lambda code: inside.regulator.post("/v1/subjects/search", {"credit_code": code})  # noqa: E731 - short
    assert search(credit_code(firm.number, SEED)) == {"subject": to_hex(firm.subject)}
    assert refused(lambda: search("91990000MABYF3008C")) == (404, "not_found")


def test_an_address_needs_a_fresh_signature_of_a_controller(shop, firm):
    def add(signed_at, key=firm.keys[0], address="wang@shop.example"):
        digest = contact_digest(firm.subject, ContactChange.ADD, b"wang@shop.example", signed_at)
        body = {"address": address, "language": "zh", "signed_at": signed_at, "signature": to_hex(sign(digest, key))}
        return shop.post("/v1/contacts", body)

    now = clock.now()
    assert refused(lambda: add(now - 301)) == (409, "signatures_late")
    assert refused(lambda: add(now, random_bytes(32))) == (422, "signer_not_controller")
    assert refused(lambda: add(now, address="other@shop.example")) == (422, "signer_not_controller")
    # this instance has no server for e-mail
    assert refused(lambda: add(now)) == (422, "channel_missing")
    assert shop.get("/v1/contacts") == {"contacts": [], "channels": []}
    assert refused(lambda: shop.post("/v1/contacts/confirmation", {"code": "K7QM-2F9T"})) == (422, "code_unknown")


def test_an_address_is_added_confirmed_and_removed(inside, shop, firm, monkeypatch):
    instance, codes = inside.served.instance, []
    issue = instance.codes.issue

    def seen(*words, **options):
        codes.append(issue(*words, **options))
        return codes[-1]

    monkeypatch.setattr(instance.contacts, "_channels", {ContactChannel.EMAIL})
    monkeypatch.setattr(instance.codes, "issue", seen)

    def signed(change, about):
        now = clock.now()
        signature = sign(contact_digest(firm.subject, change, about, now), firm.keys[0])
        return {"signed_at": now, "signature": to_hex(signature)}

    address = "wang@shop.example"
    words = signed(ContactChange.ADD, address.encode())
    added = shop.post("/v1/contacts", {"address": address, "language": "zh", **words})
    assert added["confirmed_at"] is None
    assert address not in str(added)
    confirmed = shop.post("/v1/contacts/confirmation", {"code": codes[-1]})
    assert (confirmed["id"], confirmed["confirmed_at"] is None) == (added["id"], False)
    removal = f"/v1/contacts/{added['id']}/removal"
    # what was signed to add it does not remove it
    assert refused(lambda: shop.post(removal, words)) == (422, "signer_not_controller")
    contact = from_hex(added["id"], "contact", length=16)
    assert shop.post(removal, signed(ContactChange.REMOVE, contact)) == {"contacts": [], "channels": ["email"]}


def test_a_request_of_others_is_like_none(shop, inside):
    for client in (shop, inside.bank):
        assert refused(lambda client=client: client.get(f"/v1/consent-requests/{ID}")) == (404, "request_unknown")


def test_a_firm_that_a_program_registers_waits_and_the_registers_address_is_told(inside, monkeypatch):
    instance = inside.served.instance
    monkeypatch.setattr(instance.contacts, "_channels", {ContactChannel.EMAIL})
    key = random_bytes(32)
    body = {
        "credit_code": credit_code(inside.fresh(), SEED),
        "controllers": keys_to_json(each_person([address_of(key)])),
        "threshold": 1,
        "register_address": "office@register.example",
    }
    wrong = body | {"register_address": "nowhere"}
    assert refused(lambda: inside.regulator.post("/v1/subjects", wrong)) == (422, "value_malformed")
    before = clock.now()
    subject = from_hex(inside.regulator.post("/v1/subjects", body)["subject"], "subject")
    assert instance.first_wait.ends_at(subject) >= before
    assert inside.regulator.post("/v1/subjects", body)["subject"] == to_hex(subject)
    (told,) = instance.contacts.of(subject)
    assert told.masked == "o…@register.example"
    assert told.confirmed_at is not None
    sent = instance.notice_feed.sent(subject)
    assert [kind for kind, _ in sent] == ["subject.registered"]
    monkeypatch.setattr(instance.first_wait, "_wait_s", 86_400)
    firm = inside.new_firm()
    assert refused(lambda: inside.grant(GOOD, firm=firm))[1] == "subject_new"
