"""What would my answers be: after a signed look yes, no or cannot tell. No value, no use, and no bank learns of it."""

from http import HTTPStatus

import pytest

from tests.kit.own_look import look_fields
from tests.kit.portal import Browser, portal_app
from tests.kit.small_instance import GOOD, one_form
from tests.kit.words import faults

MORE = one_form("tax_payment.paid_amount >= 2000 CNY during 2025")
OTHER_YEAR = one_form("tax_payment.paid_amount >= 1000 CNY during 2024")


@pytest.fixture
def app(instance):
    return portal_app(instance)


@pytest.fixture
def shop(instance):
    shop = instance.new_shop()
    instance.attest(shop.code)
    return shop


def signed_in(app, shop, language="en"):
    browser = Browser(app, language)
    assert browser.sign_in(shop.phones[0]).status_code == HTTPStatus.SEE_OTHER
    return browser


def test_the_answers_are_yes_no_or_cannot_tell(instance, app, shop):
    request = instance.ask(shop, GOOD, MORE, OTHER_YEAR).id
    owner, path = signed_in(app, shop), f"/requests/{request.hex()}/answers"
    assert f'href="{path}"' in owner.get(f"/requests/{request.hex()}").text
    asking = owner.get(path)
    assert "cr-verdict" not in asking.text
    page = owner.send_form(path, look_fields(asking, shop.phones[0]))
    found = [page.text.count(f"cr-verdict--{one}") for one in ("yes", "no", "unknown")]
    assert found == [1, 1, 1]
    assert page.text.count("data-value") == 4
    assert "1,234.5" not in page.text
    assert instance.access.count_of_subject(shop.subject, since=0) == 0


def test_a_signature_for_one_request_opens_no_other(instance, app, shop):
    first, second = (instance.ask(shop).id.hex() for _ in range(2))
    owner = signed_in(app, shop)
    fields = look_fields(owner.get(f"/requests/{first}/answers"), shop.phones[0])
    refused = owner.send_form(f"/requests/{second}/answers", fields)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "cr-verdict" not in refused.text


def test_the_request_of_another_firm_has_no_page(instance, app, shop):
    other = instance.ask(instance.new_shop()).id.hex()
    owner = signed_in(app, shop)
    for path in (f"/requests/{other}/answers", "/requests/xyz/answers"):
        assert owner.get(path).status_code == HTTPStatus.NOT_FOUND
        assert owner.send_form(path).status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pages_are_whole_in_both_languages(instance, app, shop, language):
    request = instance.ask(shop, GOOD, OTHER_YEAR).id.hex()
    owner = signed_in(app, shop, language)
    before = owner.get(f"/requests/{request}/answers")
    after = owner.send_form(f"/requests/{request}/answers", look_fields(before, shop.phones[0]))
    wanted = {"Demo", "bank"} if language == "zh" else set()
    assert faults(before.text, is_firm=True) - wanted == set()
    assert faults(after.text, is_firm=True) == set()
