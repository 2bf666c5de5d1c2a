"""The ladder: the same request on another device of the firm, and a phone that must be told which passkey it has."""

import re

import pytest

from api.language.reason_words import Reader, reason_words
from api.services.staff.role import StaffRole
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason
from tests.kit.portal import Browser, field_of, new_phone, page_data, portal_app
from tests.kit.small_instance import BANK
from tests.kit.words import faults

CODE = re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}")


@pytest.fixture
def app(instance):
    return portal_app(instance)


@pytest.fixture
def shop(instance):
    return instance.new_shop(persons=2, threshold=2)


@pytest.fixture
def request_path(instance, shop):
    return f"/requests/{instance.ask(shop).id.hex()}"


@pytest.fixture
def owner(app, shop):
    browser = Browser(app)
    browser.sign_in(shop.phones[0])
    return browser


def link(owner, request_path):
    """Let a signer show the code of a request."""
    return CODE.search(owner.send_form(f"{request_path}/device").text)[0]


def bring(app, code, phone, language="en"):
    """Open the code on another device and sign in there, as open.html does; return the browser and the answer."""
    browser = Browser(app, language)
    page = browser.get("/open").text
    digest = bytes.fromhex(page_data(page, "open-data")["challenge"])
    return browser, browser.send_form("/open", {"code": code, "token": field_of(page, "token"), **phone.fields(digest)})


def says(answer, reason):
    return reason_words(reason, Language.ENGLISH, Reader.FIRM).meaning in answer.text.replace("&#39;", "'")


def test_b4_a_link_shows_nothing_before_sign_in_and_counts_once(app, shop, owner, request_path):
    code = link(owner, request_path)
    stranger = Browser(app)
    assert "Demo bank" not in stranger.get("/open").text
    assert "location" not in stranger.send_form("/open", {"code": code}).headers
    other, opened = bring(app, code, shop.phones[1])
    assert opened.headers["location"] == request_path
    assert "Demo bank" in other.get(request_path).text
    assert says(bring(app, code, shop.phones[1])[1], Reason.CODE_USED)


def test_b4_after_ten_minutes_or_for_another_firm_it_leads_nowhere(instance, app, owner, shop, request_path):
    code = link(owner, request_path)
    _, answer = bring(app, code, instance.new_shop().phones[0])
    assert says(answer, Reason.CODE_UNKNOWN)
    instance.chain.pass_time(600)
    assert says(bring(app, code, shop.phones[1])[1], Reason.CODE_EXPIRED)


def test_b4_nobody_but_a_firm_opens_it(instance, app, owner, request_path):
    code = link(owner, request_path)
    _, answer = bring(app, code, instance.new_staff(BANK, StaffRole.OFFICER))
    assert says(answer, Reason.CODE_UNKNOWN)


def test_who_is_signed_in_there_already_just_opens_it(app, shop, owner, request_path):
    code = link(owner, request_path)
    other = Browser(app)
    other.sign_in(shop.phones[1])
    assert "open-data" not in other.get("/open").text
    assert other.send_form("/open", {"code": code}).headers["location"] == request_path


def test_a_request_of_another_firm_has_no_link(instance, owner):
    foreign = instance.ask(instance.new_shop()).id.hex()
    assert owner.send_form(f"/requests/{foreign}/device").status_code in {403, 404}


def test_without_a_device_cookie_no_passkey_is_named_and_with_a_code_the_same_number_for_all(instance, app, shop):
    phone = shop.phones[0]
    assert page_data(Browser(app).get("/sign-in").text, "sign-in-data")["credentials"] == []
    answers = []
    for code in (shop.code, instance.new_code()):
        page = Browser(app).send_form("/sign-in/firm", {"credit_code": code, "back": "/home"})
        assert page.status_code == 200
        answers.append((page_data(page.text, "sign-in-data")["credentials"], page.text))
    (known, known_text), (unknown, unknown_text) = answers
    assert phone.id.hex() in known
    assert len(known) == len(unknown)
    assert _shape(known_text) == _shape(unknown_text)


def _shape(text):
    return re.sub(r"[0-9a-f]{26,}", "", text)


def test_a_named_firm_signs_in(app, shop):
    browser, phone = Browser(app), shop.phones[0]
    page = browser.send_form("/sign-in/firm", {"credit_code": shop.code, "back": "/signers"}).text
    digest = bytes.fromhex(page_data(page, "sign-in-data")["challenge"])
    fields = {"token": field_of(page, "token"), "back": field_of(page, "back"), **phone.fields(digest)}
    assert browser.send_form("/session", fields).headers["location"] == "/signers"


def test_a_key_that_is_nobodys_signs_in_nowhere_though_the_firm_is_named(app, shop):
    browser, thief = Browser(app), new_phone()
    page = browser.send_form("/sign-in/firm", {"credit_code": shop.code}).text
    digest = bytes.fromhex(page_data(page, "sign-in-data")["challenge"])
    fields = {"token": field_of(page, "token"), **thief.fields(digest), "credential_id": shop.phones[0].id.hex()}
    assert browser.send_form("/session", fields).status_code != 303
    assert "__Host-credence" not in browser.kept


def test_a_code_that_is_none_is_said_so(app):
    assert Browser(app).send_form("/sign-in/firm", {"credit_code": "91"}).status_code == 422


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_speak_one_language(app, shop, request_path, language):
    browser = Browser(app, language)
    shown = [browser.get("/open"), browser.send_form("/sign-in/firm", {"credit_code": shop.code})]
    browser.sign_in(shop.phones[0])
    shown += [browser.get("/open"), browser.send_form(f"{request_path}/device")]
    for page in shown:
        assert page.status_code == 200
        assert faults(page.text, is_firm=True) == set()
