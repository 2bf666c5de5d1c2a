"""A firm's person goes through the pages, as a browser does: requests, grants, refusals, withdrawals, slips."""

import json
import re
from http import HTTPStatus

import pytest

from api.language.reason_words import Reader, reason_words
from ledger_node.domain.consent_text import Language
from ledger_node.domain.fact import ConsentState
from ledger_node.domain.reason import Reason
from tests.kit.firm_page import slip_of
from tests.kit.portal import Browser, field_of, page_data, portal_app
from tests.kit.small_instance import DAY

FORBIDDEN = ("hash", "gas", "wallet", "block", "区块", "链", "哈希", "控制人")


@pytest.fixture
def app(instance):
    return portal_app(instance)


@pytest.fixture
def shop(instance):
    return instance.new_shop()


@pytest.fixture
def owner(app, shop):
    return signed_in(app, shop.phones[0])


def signed_in(app, phone, language="en"):
    browser = Browser(app, language)
    assert browser.sign_in(phone, back="/home").status_code == HTTPStatus.SEE_OTHER
    return browser


def link_to(page, part):
    """Return the address of the first link of a page that has ``part`` in it."""
    return next(href for href in re.findall(r'href="([^"]+)"', page.text) if part in href)


def seen(page):
    """Return what a person sees of a page, without its data for scripts."""
    body = re.sub(r"<script.*?</script>|<head.*?</head>", "", page.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def grant_fields(page, phone, **changes):
    """Return what consent.js sends from the page of a request."""
    data = page_data(page.text, "signing") | changes
    return {
        "drawn_up_at": field_of(page.text, "drawn_up_at"),
        "terms": json.dumps(data["terms"]),
        "bounds": json.dumps(data["bounds"]),
        **phone.fields(bytes.fromhex(data["expected"]["grant"])),
    }


def open_request(browser):
    return browser.get(link_to(browser.get("/home"), "/requests/"))


def agree(browser, phone, **changes):
    page = open_request(browser)
    path = re.search(r'action="(/requests/[0-9a-f]+/grant)"', page.text)[1]
    return browser.send_form(path, grant_fields(page, phone, **changes))


def is_told(page, reason, language=Language.ENGLISH):
    return reason_words(reason, language, Reader.FIRM).meaning in page.text.replace("&#39;", "'")


def test_a_grant_takes_three_screens_and_a_withdrawal_two_clicks(instance, shop, owner):
    request = instance.ask(shop).id
    home = owner.get("/home")
    assert "wants to check one thing" in home.text
    page = owner.get(link_to(home, "/requests/"))
    granted = owner.send_form(f"/requests/{request.hex()}/grant", grant_fields(page, shop.phones[0]))
    assert granted.status_code == HTTPStatus.SEE_OTHER
    done = owner.get(granted.headers["location"])
    assert "Granted" in seen(done)
    assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", done.text)
    # click 1, click 2
    consent = owner.get(link_to(owner.get("/home"), "/consents/"))
    path = re.search(r'action="(/consents/[0-9a-f]+/withdraw)"', consent.text)[1]
    withdrawn = owner.send_form(path)
    assert withdrawn.status_code == HTTPStatus.SEE_OTHER
    shown = seen(owner.get(withdrawn.headers["location"]))
    assert "Withdrawn. From" in shown
    assert "Withdrawn: the bank can ask no more" in shown
    assert "No bank may ask about your firm now." in seen(owner.get("/home"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_elements_of_the_page_are_the_words(instance, app, shop, language):
    request = instance.ask(shop).id
    page = signed_in(app, shop.phones[0], language).get(f"/requests/{request.hex()}")
    lines = re.findall(r"<(?:p|h1)[^>]* data-line>(.*?)</(?:p|h1)>", page.text, flags=re.DOTALL)
    draft = instance.drafts.start(request, shop.subject, Language(language), now=instance.now())
    plain = [re.sub(r"<[^>]+>", "", line).replace("&#34;", '"').replace("&gt;", ">") for line in lines]
    assert plain == [line.text for line in draft.lines]


def test_a_double_click_and_the_back_button_have_one_effect(instance, shop, owner):
    request = instance.ask(shop).id
    page = open_request(owner)
    fields = grant_fields(page, shop.phones[0])
    for _ in range(2):
        assert owner.send_form(f"/requests/{request.hex()}/grant", fields).status_code == HTTPStatus.SEE_OTHER
    assert len(instance.consents.of_subject(shop.subject)) == 1
    assert "Granted" in seen(owner.get(f"/requests/{request.hex()}"))


def test_a_page_that_was_open_for_too_long_leads_back(instance, shop, owner):
    request = instance.ask(shop).id
    page = open_request(owner)
    instance.chain.pass_time(16 * 60)
    refused = owner.send_form(f"/requests/{request.hex()}/grant", grant_fields(page, shop.phones[0]))
    assert refused.status_code == HTTPStatus.CONFLICT
    assert is_told(refused, Reason.DRAFT_EXPIRED)
    assert link_to(refused, "/requests/") == f"/requests/{request.hex()}"
    assert "Nothing has changed" in seen(refused)


@pytest.mark.parametrize(
    ("part", "changes", "reason"),
    [
        ("terms", {"text_digest": "0x" + "11" * 32}, Reason.CONSENT_TEXT_DIFFERS),
        ("terms", {"retention_days": 31}, Reason.CONSENT_TERMS_DIFFER),
        ("terms", {"salt": None}, Reason.CONSENT_TERMS_DIFFER),
        ("bounds", {"max_uses": 9}, Reason.CONSENT_TERMS_DIFFER),
    ],
)
def test_what_was_changed_on_the_way_is_refused_in_plain_words(instance, shop, owner, part, changes, reason):
    instance.ask(shop)
    data = page_data(open_request(owner).text, "signing")
    refused = agree(owner, shop.phones[0], **{part: data[part] | changes})
    assert is_told(refused, reason)
    assert instance.consents.of_subject(shop.subject) == []


def test_a_form_without_a_signature_is_refused(instance, shop, owner):
    request = instance.ask(shop).id
    page = open_request(owner)
    fields = grant_fields(page, shop.phones[0]) | {"signature": ""}
    refused = owner.send_form(f"/requests/{request.hex()}/grant", fields)
    assert is_told(refused, Reason.SIGNATURE_MALFORMED)


def test_a_passkey_of_nobody_is_refused(instance, shop, owner):
    instance.ask(shop)
    stranger = instance.new_shop().phones[0]
    assert is_told(agree(owner, stranger), Reason.SIGNER_NOT_CONTROLLER)


def test_a_refusal_is_signed_and_told_to_the_bank(instance, shop, owner):
    request = instance.ask(shop).id
    data = page_data(open_request(owner).text, "signing")
    path = f"/requests/{request.hex()}"
    answer = owner.send_form(f"{path}/refuse", shop.phones[0].fields(bytes.fromhex(data["expected"]["refuse"])))
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert "It got no answer." in seen(owner.get(path))
    (shown,) = instance.requests.show([instance.requests.find(request)])
    assert shown["state"] == "refused"


def test_two_persons_sign_on_two_devices(instance, app):
    shop = instance.new_shop(persons=2, threshold=2)
    first, second = (signed_in(app, phone) for phone in shop.phones)
    request = instance.ask(shop).id
    path = f"/requests/{request.hex()}"
    assert agree(first, shop.phones[0]).status_code == HTTPStatus.SEE_OTHER
    waiting = first.get(path)
    assert "You have signed." in seen(waiting)
    assert f"{path}/grant" not in waiting.text
    assert is_told(agree_again(first, shop.phones[0], second), Reason.SIGNER_REPEATED)
    assert "Signed by 1 of 2" in seen(second.get("/home"))
    assert agree(second, shop.phones[1]).headers["location"] == path
    assert "Granted" in seen(first.get(path))


def agree_again(browser, phone, other):
    """Sign with a phone that signed already, from the form that another person sees."""
    page = open_request(other)
    path = re.search(r'action="(/requests/[0-9a-f]+/grant)"', page.text)[1]
    return browser.send_form(path, grant_fields(page, phone))


def test_any_signer_takes_signatures_back(instance, app):
    shop = instance.new_shop(persons=2, threshold=2)
    first, second = (signed_in(app, phone) for phone in shop.phones)
    request = instance.ask(shop).id
    path = f"/requests/{request.hex()}"
    agree(first, shop.phones[0])
    assert second.send_form(f"{path}/cancel").status_code == HTTPStatus.SEE_OTHER
    page = first.get(path)
    assert "Signed by" not in seen(page)
    assert f"{path}/grant" in page.text


def test_a_pause_and_its_end_are_signed(instance, shop, owner):
    instance.ask(shop)
    agree(owner, shop.phones[0])
    path = link_to(owner.get("/home"), "/consents/")
    for change, words in (("pause", "Paused: the bank can ask nothing"), ("resume", "The bank can ask")):
        page = owner.get(path)
        data = page_data(page.text, "signing")
        fields = {"number": str(data["number"]), **shop.phones[0].fields(bytes.fromhex(data["expected"][change]))}
        assert owner.send_form(f"{path}/{change}", fields).status_code == HTTPStatus.SEE_OTHER
        assert words in seen(owner.get(path))


def test_a_consent_that_a_program_granted_is_withdrawn_with_a_signature(instance, shop, owner):
    consent = instance.grant(shop)
    path = f"/consents/{consent.hex()}"
    page = owner.get(path)
    assert 'data-act="withdraw"' in page.text
    assert is_told(owner.send_form(f"{path}/withdraw"), Reason.CONSENT_WRONG_SECRET)
    data = page_data(page.text, "signing")
    signed = shop.phones[0].fields(bytes.fromhex(data["expected"]["withdraw"]))
    assert owner.send_form(f"{path}/withdraw", signed).status_code == HTTPStatus.SEE_OTHER
    assert instance.consents.record_of(consent).state is ConsentState.WITHDRAWN
    assert owner.get(f"{path}/slip").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("agent", ["Mozilla/5.0 MicroMessenger/8.0", "Mozilla/5.0"])
def test_a_slip_withdraws_in_any_browser_without_signing_in(instance, app, shop, owner, agent):
    instance.ask(shop)
    agree(owner, shop.phones[0])
    (held,) = instance.consents.of_subject(shop.subject)
    path = f"/consents/{held.shown.id.hex()}"
    number = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", owner.get(path).text)[0]
    printed = owner.get(f"{path}/slip")
    assert number in printed.text
    assert "Demo bank" not in printed.text
    slip = slip_of(instance, held)
    stranger = Browser(app)
    stranger.headers["User-Agent"] = agent
    assert stranger.get("/withdraw").status_code == HTTPStatus.OK
    looked = stranger.send_form("/withdraw", {"slip": slip})
    assert number in looked.text
    assert "Demo bank" not in looked.text
    assert instance.consents.record_of(held.shown.id).state is ConsentState.LIVE
    for _ in range(2):
        done = stranger.send_form("/withdraw/confirmed", {"slip": field_of(looked.text, "slip")})
        assert "From now on the bank can ask no more." in seen(done)
    assert instance.consents.record_of(held.shown.id).state is ConsentState.WITHDRAWN


def test_a_wrong_slip_is_told_so(app):
    refused = Browser(app).send_form("/withdraw", {"slip": "K7QMW"})
    assert refused.status_code == 422


def test_a_firm_sees_nothing_of_another(instance, owner):
    other = instance.new_shop()
    request, consent = instance.ask(other).id, instance.grant(other)
    for path in (f"/requests/{request.hex()}", f"/consents/{consent.hex()}", f"/consents/{consent.hex()}/slip"):
        assert owner.get(path).status_code == HTTPStatus.NOT_FOUND
    assert owner.send_form(f"/consents/{consent.hex()}/withdraw").status_code == HTTPStatus.NOT_FOUND
    assert owner.get("/requests/xyz").status_code == HTTPStatus.NOT_FOUND
    assert instance.consents.record_of(consent).state is ConsentState.LIVE


def test_pages_lead_strangers_to_the_sign_in(app):
    for path in ("/home", f"/requests/{'0' * 64}", f"/consents/{'0' * 64}"):
        assert "/sign-in" in Browser(app).get(path).headers["location"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_firm_reads_no_word_of_the_machinery(instance, app, shop, language):
    browser = signed_in(app, shop.phones[0], language)
    pages = [browser.get("/home")]
    instance.ask(shop)
    pages += [browser.get("/home"), open_request(browser)]
    agree(browser, shop.phones[0])
    path = link_to(browser.get("/home"), "/consents/")
    pages += [browser.get(address) for address in ("/home", path, f"{path}/slip", "/withdraw")]
    for page in pages:
        assert page.status_code == HTTPStatus.OK
        assert not [word for word in FORBIDDEN if word in seen(page).lower().replace("blockchain", "")]


def test_a_request_that_is_over_is_agreed_to_no_more(instance, app, shop, owner):
    request = instance.ask(shop).id
    page = open_request(owner)
    instance.chain.pass_time(31 * DAY)
    refused = signed_in(app, shop.phones[0]).send_form(
        f"/requests/{request.hex()}/grant", grant_fields(page, shop.phones[0])
    )
    assert refused.status_code == HTTPStatus.CONFLICT
    assert instance.consents.of_subject(shop.subject) == []
