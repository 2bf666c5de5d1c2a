"""A person at a browser reads notices and receipts, adds an address, and makes a code for a bank."""

import re

import pytest

from api.services.message.address import ContactChannel
from api.services.notification.follower import ChainFollower
from tests.kit.portal_browser import MATRIX, require_clean

playwright = pytest.importorskip("playwright.sync_api")
READ = {"en": "I have read these", "zh": "这些我都看过了"}
SEND = {"en": "Send a code there", "zh": "发送代码"}
CONFIRM = {"en": "Confirm the address", "zh": "确认这个联系方式"}
CODE = {"en": "Make the code", "zh": "生成代码"}


@pytest.mark.parametrize(("language", "width"), MATRIX)
def test_pages_are_clean_and_a_receipt_prints_on_one_sheet(instance, visit, language, width):
    shop = instance.new_shop()
    consent = instance.grant(shop)
    instance.ask(shop)
    ChainFollower(instance.store, instance.ledger).catch_up()
    person = visit(shop.phones[0], language, width)
    person.sign_in()
    for path in ("/notices", "/contacts", "/receipts", f"/receipts/{consent.hex()}", "/handover", "/nowhere"):
        require_clean(person.go(path))
    person.go(f"/receipts/{consent.hex()}")
    printed = person.page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1
    person.go("/handover")
    person.page.get_by_role("radio").first.check()
    person.button(CODE[language]).click()
    person.page.get_by_text(re.compile(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$")).wait_for()
    require_clean(person.page)
    person.go("/notices")
    person.button(READ[language]).click()
    person.button(READ[language]).wait_for(state="hidden")
    assert instance.notice_feed.unread(shop.subject) == 0


def test_an_address_is_confirmed_by_the_code_that_went_there(instance, visit):
    shop = instance.new_shop()
    person = visit(shop.phones[0])
    person.sign_in()
    person.go("/contacts").get_by_label("E-mail address or telephone number").fill("owner@shop.example")
    person.button(SEND["en"]).click()
    person.page.get_by_label("Code from the message").wait_for()
    instance.deliveries.deliver_due()
    letter = instance.channels[ContactChannel.EMAIL].taken[-1]
    code = letter.text.partition("notices: ")[2].partition(".")[0]
    person.page.get_by_label("Code from the message").fill(code)
    person.button(CONFIRM["en"]).click()
    person.page.get_by_text("o…@shop.example").wait_for()
    require_clean(person.page)
    assert [one.confirmed_at is None for one in instance.contacts.of(shop.subject)] == [False]
