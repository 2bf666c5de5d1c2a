"""The firm's receipts: listed, on one sheet in plain words, and as the signed files."""

import re
from http import HTTPStatus

import pytest

from ledger_node.domain.canonical import decode
from ledger_node.domain.consent_text import Language
from ledger_node.domain.receipt import Receipt
from tests.kit.portal import Browser, page_data, portal_app
from tests.kit.small_instance import SECRET
from tests.kit.words import faults


@pytest.fixture
def app(instance):
    return portal_app(instance)


@pytest.fixture
def shop(instance):
    return instance.new_shop()


def signed_in(app, shop, language="en"):
    browser = Browser(app, language)
    browser.sign_in(shop.phones[0])
    return browser


@pytest.fixture
def owner(app, shop):
    return signed_in(app, shop)


def files(page):
    return re.findall(r'href="(/receipts/[0-9a-f]{64}/[0-9a-f]{64})"', page.text)


def test_a_consent_and_its_withdrawal_stand_on_one_sheet(instance, shop, owner):
    consent = instance.grant(shop)
    instance.consents.withdraw(consent, secret=SECRET, signatures=())
    listed = owner.get("/receipts")
    assert f"/receipts/{consent.hex()}" in listed.text
    assert "withdrawn" in listed.text
    page = owner.get(f"/receipts/{consent.hex()}")
    assert "You agreed" in page.text
    assert "The consent was withdrawn with its slip" in page.text
    assert len(files(page)) == 2


def test_the_file_is_the_signed_receipt_byte_for_byte(instance, shop, owner):
    consent = instance.grant(shop)
    (path,) = files(owner.get(f"/receipts/{consent.hex()}"))
    file = owner.get(path)
    (receipt,) = instance.receipts.of_consent(instance.consents.find(consent))
    assert file.content == receipt.to_bytes()
    assert Receipt.from_json(decode(file.content)).digest == receipt.digest
    assert "attachment" in file.headers["content-disposition"]
    assert file.headers["cache-control"] == "no-store"


def test_a_refusal_has_a_receipt_too(instance, shop, owner):
    request = instance.ask(shop).id
    data = page_data(owner.get(f"/requests/{request.hex()}").text, "signing")
    signed = shop.phones[0].fields(bytes.fromhex(data["expected"]["refuse"]))
    owner.send_form(f"/requests/{request.hex()}/refuse", signed)
    page = owner.get(f"/receipts/{request.hex()}")
    assert "You refused" in page.text
    (path,) = files(page)
    assert owner.get(path).status_code == HTTPStatus.OK
    assert "You refused a request" in owner.get("/receipts").text


def test_nobody_reads_the_receipts_of_another(instance, app, shop, owner):
    other = instance.new_shop()
    consent, request = instance.grant(other), instance.ask(other).id
    theirs = signed_in(app, other)
    (path,) = files(theirs.get(f"/receipts/{consent.hex()}"))
    for wrong in (path, f"/receipts/{consent.hex()}", f"/receipts/{request.hex()}", "/receipts/xyz"):
        assert owner.get(wrong).status_code == HTTPStatus.NOT_FOUND
    assert consent.hex() not in owner.get("/receipts").text
    mine = instance.grant(shop)
    assert owner.get(f"/receipts/{mine.hex()}/{path[-64:]}").status_code == HTTPStatus.NOT_FOUND


def test_an_open_request_has_no_receipt(instance, shop, owner):
    request = instance.ask(shop).id
    assert owner.get(f"/receipts/{request.hex()}").status_code == HTTPStatus.NOT_FOUND
    assert request.hex() not in owner.get("/receipts").text


@pytest.mark.parametrize("language", Language)
def test_the_pages_are_whole_in_both_languages(instance, app, shop, language):
    browser = signed_in(app, shop, language.value)
    pages = [browser.get("/receipts").text]
    consent = instance.grant(shop)
    pages += [browser.get(path).text for path in ("/receipts", f"/receipts/{consent.hex()}")]
    for page in pages:
        assert faults(page, is_firm=True) == set()
