"""A firm's second device and a lost one, in Chromium: a code, the same digits on both, lines that are signed."""

import re

import pytest

from tests.kit.portal import page_data
from tests.kit.portal_browser import require_clean

WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50"
CODE = re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}")
DIGITS = re.compile(r"^\d{4} \d{4} \d{4}$")
WORDS = {
    "en": {
        "add": "Link another device of yours",
        "next": "Continue",
        "link": "Link with fingerprint or face",
        "came": "The new device shows its digits",
        "take": "The same digits: take it in",
        "sign": "Sign with fingerprint or face",
        "done": "Done. From now on these people and devices can sign.",
        "lost": "A device is lost",
        "remove": "Remove this device",
        "cancel": "Cancel it, with fingerprint or face",
        "cancelled": "Cancelled. Your signers stay as they are.",
    },
    "zh": {
        "add": "绑定您的另一台设备",
        "next": "下一步",
        "link": "用指纹或面容绑定",
        "came": "新设备已显示数字",
        "take": "数字相同：加入",
        "sign": "用指纹或面容签字",
        "done": "已完成。从现在起，由这些人和设备签字。",
        "lost": "设备丢失",
        "remove": "移除这台设备",
        "cancel": "用指纹或面容取消",
        "cancelled": "已取消。签署人不变。",
    },
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_second_device_comes_and_the_lost_first_one_goes(instance, visit, language):
    words, shop = WORDS[language], instance.new_shop()
    owner = visit(shop.phones[0], language)
    page = owner.sign_in("/signers")
    require_clean(page)
    owner.button(words["add"]).click()
    code = CODE.search(page.get_by_text(CODE).first.inner_text())[0]
    require_clean(page)

    second = visit(language=language)
    second.take_device()
    phone = second.go(f"/device#{code}")
    phone.wait_for_function("document.getElementById('code').value !== ''")
    assert code not in phone.url
    second.button(words["next"]).click()
    require_clean(phone)
    second.button(words["link"]).click()
    digits = phone.get_by_text(DIGITS).first.inner_text()
    require_clean(phone)

    owner.button(words["came"]).click()
    assert page.get_by_text(digits, exact=True).is_visible()
    require_clean(page)
    owner.button(words["take"]).click()
    require_clean(page)
    owner.button(words["sign"]).click()
    page.get_by_text(words["done"]).wait_for()

    second.sign_in("/signers")
    second.screens.clear()
    second.button(words["lost"]).click()
    require_clean(phone)
    second.button(words["remove"]).click()
    second.button(words["sign"]).click()
    phone.get_by_text(words["done"]).wait_for()
    assert [screen for screen in second.screens if screen.startswith("GET")] == [
        "GET /signers/lost",
        "GET /signers/rotation",
        "GET /signers",
    ]
    (left,) = instance.history.current(shop.subject).controllers.keys
    assert left.key != shop.phones[0].passkey
    owner.go("/home")
    assert "/sign-in" in owner.page.url


def test_b5_no_line_of_a_change_can_be_changed_hidden_or_left_out(instance, visit):
    shop = instance.new_shop(persons=2, threshold=2)
    owner = visit(shop.phones[0])
    page = owner.sign_in("/signers")
    page.get_by_role("button", name="Remove this person").last.click()
    count = page.locator("[data-line]").count()
    attacks = [f"lines[{at}].textContent += '1'" for at in range(count)]
    attacks += ["lines[2].hidden = true", "lines[3].remove()", "lines[2].querySelector('bdi').style.opacity = '0'"]
    for attack in attacks:
        page = owner.go("/signers/rotation")
        page.evaluate(f"(() => {{ const lines = document.querySelectorAll('[data-line]'); {attack}; }})()")
        owner.button("Sign with fingerprint or face").click()
        page.get_by_role("alert").get_by_text("The words on the page are not those").wait_for()
    data = page_data(owner.page.content(), "signer-rotation")
    assert data["expected"] == instance.rotation_drafts.find(shop.subject, now=instance.now()).digest.hex()
    assert instance.rotation_drafts.find(shop.subject, now=instance.now()).signed == ()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_recovery_is_called_off_with_one_tap_on_the_first_page(instance, visit, language):
    words, shop = WORDS[language], instance.new_shop()
    other = instance.new_shop()
    instance.recoveries.request(shop.subject, instance.history.current(other.subject).controllers)
    owner = visit(shop.phones[0], language)
    page = owner.sign_in("/home")
    require_clean(page)
    owner.button(words["cancel"]).click()
    page.get_by_text(words["cancelled"]).wait_for()
    assert instance.ledger.recovery(shop.subject).commitment is None


def test_b4_a_request_opens_on_another_device_with_one_tap(instance, visit):
    shop = instance.new_shop(persons=2, threshold=2)
    request = instance.ask(shop).id
    owner, other = visit(shop.phones[0]), visit(shop.phones[1])
    page = owner.sign_in("/home")
    owner.go(f"/requests/{request.hex()}")
    owner.button("Sign on another device").click()
    code = CODE.search(page.get_by_text(CODE).first.inner_text())[0]
    require_clean(page)
    shown = other.go(f"/open#{code}")
    shown.wait_for_function("document.getElementById('code').value !== ''")
    require_clean(shown)
    other.button("Sign in with fingerprint or face, and open it").click()
    shown.wait_for_url(f"**/requests/{request.hex()}")


def test_b7_an_app_hands_over_before_the_tap_and_keeps_the_code_in_the_address(visit):
    person = visit(user_agent=WECHAT)
    page = person.go("/device#K7QMW-2F9TX")
    page.get_by_role("alert").get_by_text("You cannot sign here.").wait_for()
    assert page.url.endswith("#K7QMW-2F9TX")
    require_clean(page)
