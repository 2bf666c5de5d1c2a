"""A firm's person looks at values in a real browser: blank after five minutes, and when the page comes back."""

import pytest

from api.services.access_log.writer import AccessEntry, AccessLog, AskedRow
from ledger_node.domain.access import AccessRow
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from tests.kit.portal_browser import MATRIX, require_clean
from tests.kit.small_instance import BANK, GOOD, REGISTRAR

playwright = pytest.importorskip("playwright.sync_api")
VALUE = "1,234.5"
SHOW = {"en": "Show the values with fingerprint or face", "zh": "用指纹或面容显示内容"}
ANSWERS = {"en": "Show my answers with fingerprint or face", "zh": "用指纹或面容显示我的答案"}


@pytest.fixture
def shop(instance):
    shop = instance.new_shop()
    instance.attest(shop.code)
    return shop


def opened(person, language="en"):
    """Open the values as a person does."""
    page = person.go("/records")
    assert VALUE not in page.content()
    person.button(SHOW[language]).click()
    page.get_by_text(VALUE).wait_for()
    return page


@pytest.mark.parametrize(("language", "width"), MATRIX)
def test_b13_everybody_can_read_what_a_firm_sees_of_itself(instance, shop, visit, language, width):
    log = AccessLog(instance.store, instance.keys, instance.departments[REGISTRAR], instance.now)
    for verdict, reason, use in (
        (Outcome.HOLDS, None, b"u" * 32),
        (Outcome.CANNOT_TELL, Reason.CONSENT_WITHDRAWN, None),
    ):
        row = AccessRow(0, BANK, "王芳", bytes(32), "loan_application", GOOD, verdict, reason, use)
        log.write(AccessEntry([AskedRow(shop.subject, row)]))
    request = instance.ask(shop).id.hex()
    person = visit(shop.phones[0], language, width)
    person.sign_in()
    require_clean(person.go("/records"))
    require_clean(opened(person, language))
    require_clean(person.go("/looked"))
    page = person.go(f"/requests/{request}/answers")
    require_clean(page)
    person.button(ANSWERS[language]).click()
    page.locator(".cr-verdict").first.wait_for()
    require_clean(page)
    require_clean(person.go(person.go("/looked").locator("a[href$=doubt]").first.get_attribute("href")))


def test_values_are_blank_after_five_minutes(shop, visit):
    person = visit(shop.phones[0])
    person.page.clock.install()
    person.sign_in()
    page = opened(person)
    page.clock.fast_forward(299_000)
    assert page.get_by_text(VALUE).is_visible()
    page.clock.fast_forward(2_000)
    assert VALUE not in page.content()
    assert page.get_by_text("••••").count() >= 4


def test_values_are_gone_when_the_page_comes_back_and_no_look_is_taken_again(instance, shop, visit):
    person = visit(shop.phones[0])
    person.sign_in()
    page = opened(person)
    person.go("/home")
    page.go_back()
    person.button(SHOW["en"]).wait_for()
    assert VALUE not in page.content()
    opened(person)
    page.reload()
    person.button(SHOW["en"]).wait_for()
    # what a browser keeps of a page that was left holds no value either
    page = opened(person)
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert VALUE not in page.content()
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    person.button(SHOW["en"]).wait_for()
    assert len(instance.looks.of_subject(shop.subject)) == 3


def test_a_closed_prompt_shows_nothing(instance, shop, visit):
    person = visit(shop.phones[0])
    person.sign_in()
    person.go("/records")
    person.close_prompts()
    person.button(SHOW["en"]).click()
    person.page.get_by_text("Nothing was signed and nothing happened.").wait_for()
    assert instance.looks.of_subject(shop.subject) == []


def test_the_file_is_a_download(instance, shop, visit):
    person = visit(shop.phones[0])
    person.sign_in()
    person.go("/records")
    person.button("Ask for the file with fingerprint or face").click()
    person.page.get_by_text("The file was asked for.").wait_for()
    instance.chain.pass_time(86_400)
    person.sign_in("/records")
    with person.page.expect_download() as found:
        person.button("Fetch the file with fingerprint or face").click()
    assert found.value.suggested_filename == "my-records.csv"
    assert VALUE in found.value.path().read_text("utf-8-sig")
    with person.page.expect_download() as found:
        person.go("/looked")
        person.page.get_by_role("link", name="This month as a table (CSV)").click()
    assert found.value.suggested_filename.startswith("who-looked-")
