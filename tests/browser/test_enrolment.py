"""B1 and the registrar's part of B11 in Chromium: a code, a key, the same digits on two screens, and an approver."""

import re

import pytest

from api.services.staff.role import StaffRole
from tests.kit.portal_browser import MATRIX, require_clean
from tests.kit.small_instance import REGISTRAR

CODE = re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}")


WORDS = {
    "en": {
        "invite": "Invite a firm",
        "code": "Unified social credit code",
        "name": "The firm's name, as in the business register",
        "who": "Who signs",
        "open": "Open the invitation",
        "show": "Show a code",
        "next": "Continue",
        "link": "Link with fingerprint or face",
        "confirm": "All digits are the same: register the firm",
        "done": "The firm is registered.",
    },
    "zh": {
        "invite": "邀请企业",
        "code": "统一社会信用代码",
        "name": "企业名称（与登记簿一致）",
        "who": "谁来签字",
        "open": "发出邀请",
        "show": "出示二维码",
        "next": "下一步",
        "link": "用指纹或面容绑定",
        "confirm": "数字全部一致，登记企业",
        "done": "企业已登记。",
    },
}


@pytest.mark.parametrize(("language", "width"), MATRIX)
def test_b1_a_firm_enrols_with_a_code_and_four_digits(instance, visit, language, width):
    words = WORDS[language]
    clerk = visit(instance.new_staff(REGISTRAR, StaffRole.CLERK), language, width)
    approver = visit(instance.new_staff(REGISTRAR, StaffRole.APPROVER), language, width)
    page = clerk.sign_in("/registrar/invitations")
    require_clean(page)
    page.get_by_role("button", name=words["invite"]).click()
    require_clean(page)
    page.get_by_label(words["code"]).fill(instance.new_code())
    page.get_by_label(words["name"]).fill("王记面包房")
    page.get_by_label(words["who"]).fill("王小红")
    clerk.button(words["open"]).click()
    page.wait_for_url(re.compile("/registrar/invitations/[0-9a-f]{32}$"))
    address = page.url.removeprefix(clerk.origin)
    require_clean(page)
    clerk.button(words["show"]).click()
    code = CODE.search(page.get_by_text(CODE).first.inner_text())[0]
    require_clean(page)

    signer = visit(language=language, width=width)
    signer.take_device()
    phone = signer.go(f"/enrol#{code}")
    phone.wait_for_function("document.getElementById('code').value !== ''")
    assert code not in phone.url
    require_clean(phone)
    signer.button(words["next"]).click()
    require_clean(phone)
    signer.button(words["link"]).click()
    digits = phone.get_by_text(re.compile("^[0-9]{4}$")).first.inner_text()
    require_clean(phone)

    shown = approver.sign_in(address)
    assert shown.get_by_text(digits, exact=True).is_visible()
    require_clean(shown)
    approver.button(words["confirm"]).click()
    shown.get_by_text(words["done"]).wait_for()
    require_clean(shown)
    signer.sign_in("/home")


def test_b1_a_wrong_code_says_so_and_stands_in_no_address(visit):
    signer = visit()
    page = signer.go("/enrol")
    page.get_by_label("Code").fill("AAAAA-AAAAA")
    signer.button("Continue").click()
    page.get_by_text("no such code").wait_for()
    require_clean(page)
    assert "AAAAA" not in page.url
    assert "AAAAA" not in page.title()


def test_b11_an_admin_invites_and_another_adds(instance, visit):
    first, second = (visit(instance.new_staff(REGISTRAR, StaffRole.ADMIN), width=1280) for _ in range(2))
    page = first.sign_in("/staff")
    require_clean(page)
    page.get_by_label("Name").fill("Li Qiang")
    page.get_by_label("clerk").check()
    first.button("Invite").click()
    code = CODE.search(page.get_by_text(CODE).first.inner_text())[0]
    require_clean(page)
    person = visit(width=1280)
    person.take_device("usb")
    theirs = person.go(f"/staff/enrol#{code}")
    person.button("Continue").click()
    person.button("Use the security key").click()
    theirs.get_by_text("must add you now").wait_for()
    shown = second.sign_in("/staff")
    shown.get_by_role("link", name="Li Qiang").click()
    require_clean(shown)
    second.button("Add with your security key").click()
    shown.get_by_text("The person is added.").wait_for()
    person.sign_in("/registrar/invitations")
