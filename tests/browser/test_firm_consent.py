"""A person at a browser agrees to the words on the screen, refuses, withdraws, and what nobody can trick it into.

The instance stands on the fake ledger, and the person's phone is Chromium's virtual authenticator with the firm's key.
"""

import json
import re

import pytest

from api.language.reason_words import Reader, reason_words
from ledger_node.domain.consent_text import Language
from ledger_node.domain.fact import ConsentState
from ledger_node.domain.reason import Reason
from tests.kit.firm_page import slip_of
from tests.kit.portal import page_data
from tests.kit.portal_browser import MATRIX, overflow

playwright = pytest.importorskip("playwright.sync_api")
AGREE = {"en": "Agree with fingerprint or face", "zh": "用指纹或面容同意"}
VIEW = {"en": "View", "zh": "查看"}
REFUSE = {"en": "Refuse", "zh": "不同意"}
WITHDRAW = {"en": "Withdraw the consent", "zh": "撤回给"}
NOW = {"en": "Withdraw now", "zh": "确认撤回"}
GRANTED = {"en": "Granted", "zh": "已授权"}


@pytest.fixture
def shop(instance):
    return instance.new_shop()


def told(person, reason, language=Language.ENGLISH):
    return person.page.get_by_text(reason_words(reason, language, Reader.FIRM).meaning)


@pytest.mark.parametrize(("language", "width"), MATRIX)
def test_b3_a_grant_takes_at_most_4_screens_and_a_withdrawal_2_clicks(instance, shop, visit, language, width):
    instance.ask(shop)
    person = visit(shop.phones[0], language, width)
    person.sign_in()
    person.screens.clear()
    person.go("/home").get_by_role("button", name=VIEW[language]).click()
    person.button(AGREE[language]).click()
    person.page.get_by_role("heading", name=GRANTED[language], exact=True).wait_for()
    shown = [screen for screen in person.screens if screen.startswith("GET")]
    assert len(shown) <= 4
    (held,) = instance.consents.of_subject(shop.subject)
    assert held.on_ledger
    assert held.shown.terms.language == language
    person.go("/home")
    clicks = 0
    for name in (WITHDRAW[language], NOW[language]):
        person.button(name).click()
        clicks += 1
    person.page.get_by_role("status").wait_for()
    assert clicks == 2
    assert instance.consents.record_of(held.shown.id).state is ConsentState.WITHDRAWN
    assert overflow(person.page) <= 0


def test_b14_a_grant_by_the_keyboard_alone(instance, shop, visit):
    instance.ask(shop)
    person = visit(shop.phones[0])
    person.sign_in()
    reach(person.page, VIEW["en"])
    person.page.keyboard.press("Enter")
    person.page.wait_for_url("**/requests/*")
    reach(person.page, AGREE["en"])
    person.page.keyboard.press("Enter")
    person.page.get_by_role("heading", name="Granted", exact=True).wait_for()
    assert len(instance.consents.of_subject(shop.subject)) == 1


def reach(page, name):
    """Press the tabulator until what is called so has the focus, and it can be seen that it has."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.textContent.trim()")
        if focused == name:
            style = page.evaluate(
                "(({outlineStyle, boxShadow, backgroundColor}) => [outlineStyle, boxShadow, backgroundColor])"
                "(getComputedStyle(document.activeElement))"
            )
            assert style[0] != "none" or style[1] != "none"
            return
    raise AssertionError(f"the keyboard does not reach {name}")


@pytest.mark.parametrize(("language", "width"), MATRIX)
def test_a_refusal_is_signed(instance, shop, visit, language, width):
    request = instance.ask(shop).id
    person = visit(shop.phones[0], language, width)
    person.sign_in()
    person.go(f"/requests/{request.hex()}").get_by_role("button", name=REFUSE[language], exact=True).click()
    person.page.wait_for_url(f"**/requests/{request.hex()}")
    person.page.get_by_role("heading", name={"en": "Refused", "zh": "已拒绝"}[language]).wait_for()
    (shown,) = instance.requests.show([instance.requests.find(request)])
    assert shown["state"] == "refused"


def test_b5_no_word_can_be_changed_hidden_or_added_on_the_page(instance, shop, visit):
    request = instance.ask(shop).id
    person = visit(shop.phones[0])
    person.sign_in()
    page = person.go(f"/requests/{request.hex()}")
    count = page.locator("[data-line]").count()
    attacks = [f"lines[{at}].textContent += '1'" for at in range(count)]
    attacks += [
        "lines[3].style.visibility = 'hidden'",
        "lines[3].hidden = true",
        "lines[4].style.opacity = '0'",
        "lines[5].remove()",
        "lines[2].before(lines[2].cloneNode(true))",
        "lines[2].before(lines[4])",
    ]
    for attack in attacks:
        page = person.go(f"/requests/{request.hex()}")
        page.evaluate(f"(() => {{ const lines = document.querySelectorAll('[data-line]'); {attack}; }})()")
        person.button(AGREE["en"]).click()
        page.get_by_role("alert").get_by_text("The words on the page are not those of the consent").wait_for()
    assert instance.consents.of_subject(shop.subject) == []


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("terms", "subject", "0x" + "01" * 32),
        ("terms", "grantee_name", "Other bank"),
        ("terms", "questions", ["tax_payment.paid_amount >= 2000 CNY during 2025"]),
        ("terms", "retention_days", 31),
        ("bounds", "max_uses", 9),
        ("bounds", "withdrawal_hash", "0x" + "01" * 32),
    ],
)
def test_b5_no_term_can_be_changed_on_the_way_to_the_page(instance, shop, visit, part, name, value):
    request = instance.ask(shop).id
    person = visit(shop.phones[0])
    person.sign_in()

    def change(route):
        answer = route.fetch()
        data = page_data(answer.text(), "signing")
        data[part][name] = value
        route.fulfill(response=answer, body=with_data(answer.text(), data))

    person.page.route("**/requests/*", change)
    page = person.go(f"/requests/{request.hex()}")
    person.button(AGREE["en"]).click()
    page.get_by_role("alert").get_by_text("The words on the page are not those of the consent").wait_for()
    assert instance.consents.of_subject(shop.subject) == []


def with_data(text, data):
    """Return a page with other data for its scripts."""
    return re.sub(r'(id="signing">).*?(</script>)', lambda found: found[1] + json.dumps(data) + found[2], text)


def test_trusted_types_keep_scripts_from_changing_what_is_signed(instance, shop, visit):
    request = instance.ask(shop).id
    person = visit(shop.phones[0])
    person.sign_in()
    page = person.go(f"/requests/{request.hex()}")
    with pytest.raises(playwright.Error, match="TrustedScript"):
        page.evaluate("document.getElementById('signing').textContent = '{}'")
    assert person.faults.pop().startswith("console: This document requires 'TrustedScript'")


def changing(pattern, text):
    """Return what changes a form on its way."""

    def change(route):
        sent = route.request.post_data
        found = re.sub(pattern, text, sent)
        assert found != sent
        route.continue_(post_data=found)

    return change


def test_b5_what_is_changed_in_flight_is_refused(instance, shop, visit):
    request = instance.ask(shop).id
    person = visit(shop.phones[0])
    person.sign_in()
    for pattern, text, reason in (
        ("max_uses%22%3A3", "max_uses%22%3A9", Reason.CONSENT_TERMS_DIFFER),
        ("retention_days%22%3A30", "retention_days%22%3A31", Reason.CONSENT_TERMS_DIFFER),
        ("text_digest%22%3A%220x..", "text_digest%22%3A%220xff", Reason.CONSENT_TEXT_DIFFERS),
        ("signature=..........", "signature=3006020101", Reason.SIGNATURE_MALFORMED),
    ):
        person.page.route("**/grant", changing(pattern, text))
        person.go(f"/requests/{request.hex()}")
        person.button(AGREE["en"]).click()
        told(person, reason).wait_for()
        person.page.unroute("**/grant")
    assert instance.consents.of_subject(shop.subject) == []


def test_b5_a_signature_without_verification_of_the_person_is_refused(instance, shop, visit):
    request = instance.ask(shop).id
    person = visit(shop.phones[0])
    person.sign_in()
    person.close_prompts()
    person.go(f"/requests/{request.hex()}")
    person.button(AGREE["en"]).click()
    person.page.get_by_text("Nothing was signed and nothing happened.").wait_for()
    assert instance.consents.of_subject(shop.subject) == []


def test_b5_a_page_that_was_open_for_too_long_leads_back(instance, shop, visit):
    request = instance.ask(shop).id
    person = visit(shop.phones[0])
    person.sign_in()
    page = person.go(f"/requests/{request.hex()}")
    instance.chain.pass_time(16 * 60)
    person.button(AGREE["en"]).click()
    told(person, Reason.DRAFT_EXPIRED).wait_for()
    page.get_by_role("button", name="Open the page again").click()
    person.button(AGREE["en"]).click()
    page.get_by_role("heading", name="Granted", exact=True).wait_for()


def test_a_double_click_grants_once_and_the_back_button_shows_what_is(instance, shop, visit):
    request = instance.ask(shop).id
    person = visit(shop.phones[0])
    person.sign_in()
    page = person.go(f"/requests/{request.hex()}")
    person.button(AGREE["en"]).dblclick()
    page.get_by_role("heading", name="Granted", exact=True).wait_for()
    assert len(instance.consents.of_subject(shop.subject)) == 1
    page.go_back()
    page.goto(f"{person.origin}/requests/{request.hex()}")
    page.get_by_role("heading", name="Granted", exact=True).wait_for()


def test_b4_two_signers_at_two_browsers(instance, visit):
    shop = instance.new_shop(persons=2, threshold=2)
    request = instance.ask(shop).id
    first, second = (visit(phone) for phone in shop.phones)
    for person in (first, second):
        person.sign_in()
    first.go(f"/requests/{request.hex()}")
    first.button(AGREE["en"]).click()
    first.page.get_by_text("You have signed.").wait_for()
    assert instance.consents.of_subject(shop.subject) == []
    assert first.button(AGREE["en"]).count() == 0
    second.go("/home").get_by_text("Signed by 1 of 2").wait_for()
    second.go(f"/requests/{request.hex()}")
    second.button(AGREE["en"]).click()
    second.page.get_by_role("heading", name="Granted", exact=True).wait_for()
    assert len(instance.consents.of_subject(shop.subject)) == 1


@pytest.mark.parametrize(
    "agent", [None, "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50"], ids=["plain", "wechat"]
)
def test_b6_a_slip_withdraws_without_a_passkey(instance, shop, visit, agent):
    request = instance.ask(shop).id
    owner = visit(shop.phones[0])
    owner.sign_in()
    owner.go(f"/requests/{request.hex()}")
    owner.button(AGREE["en"]).click()
    owner.page.get_by_role("link", name="Withdrawal slip, to print").click()
    owner.page.get_by_role("img", name="Code that ends the consent").wait_for()
    (held,) = instance.consents.of_subject(shop.subject)
    finder = visit(**({} if agent is None else {"user_agent": agent}))
    page = finder.go(f"/withdraw#{slip_of(instance, held)}")
    page.get_by_role("button", name="Go on").click()
    assert "#" not in page.url
    page.get_by_role("button", name="Withdraw now").click()
    page.get_by_text("From now on the bank can ask no more.").wait_for()
    assert instance.consents.record_of(held.shown.id).state is ConsentState.WITHDRAWN


def test_b6_a_wrong_code_withdraws_nothing_and_says_so(visit):
    person = visit()
    page = person.go("/withdraw#K7QMW-2F9TX")
    page.get_by_role("button", name="Go on").click()
    told(person, Reason.VALUE_MALFORMED).wait_for()
