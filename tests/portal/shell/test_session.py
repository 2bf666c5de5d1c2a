"""Signing in and out: passkeys that count, sessions that end, fresh proofs, devices that are remembered."""

from http import HTTPStatus

import pytest

from api.portal.app import ROOMS
from api.portal.shell import cookie
from api.portal.shell.pages import Pages
from api.services.staff.role import StaffRole
from api.sign_in.server.principal import Kind
from ledger_node.domain.subject import Controllers, each_person
from tests.kit.authenticator import UP
from tests.kit.portal import Browser, Phone, PortalInstance, field_of, page_data, portal_app
from tests.kit.small_control import rotate_here
from tests.kit.small_instance import BANK, REGISTRAR
from tests.kit.staff import Office

trial = Pages("trial")


@trial.get("/trial/firm", kinds={Kind.SUBJECT})
@trial.get("/trial/officer", kinds={Kind.BANK}, roles={StaffRole.OFFICER})
@trial.get("/trial/staff", roles={StaffRole.ADMIN, StaffRole.AUDITOR})
def _seen(page):
    return page.render("public/help.html", None)


@trial.post("/trial/values", kinds={Kind.SUBJECT})
def _values(page):
    page.require_fresh()
    return page.redirect("/help", notice=page.form["what"])


@pytest.fixture
def instance(tmp_path):
    made = PortalInstance(tmp_path)
    yield made
    made.close()


@pytest.fixture
def browser(instance):
    return Browser(portal_app(instance, (*ROOMS, trial)))


def is_seen(browser, path="/trial/firm"):
    return browser.get(path).status_code == HTTPStatus.OK


def test_a_signer_signs_in_and_is_led_back(instance, browser):
    moved = browser.sign_in(instance.new_shop().phones[0], back="/trial/firm")
    assert (moved.status_code, moved.headers["location"]) == (303, "/trial/firm")
    line = next(line for line in moved.headers.get_list("set-cookie") if line.startswith(cookie.SESSION))
    assert line.startswith("__Host-")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(line.split("; "))
    assert "Domain" not in line
    assert is_seen(browser)
    page = browser.get("/trial/firm")
    assert page.headers["cache-control"] == "no-store"
    assert "data-signed-in" in page.text


def test_the_store_knows_no_value_of_a_cookie(instance, browser):
    browser.sign_in(instance.new_shop().phones[0])
    value = browser.kept[cookie.SESSION]
    with instance.store.connect() as connection:
        dump = str(connection.exec_driver_sql("SELECT * FROM session").all())
    assert value not in dump
    assert bytes.fromhex(value) not in dump.encode("latin-1", "replace")


def test_each_sign_in_has_a_session_of_its_own_and_ends_the_one_before(instance, browser):
    phone = instance.new_shop().phones[0]
    browser.sign_in(phone)
    first = browser.kept[cookie.SESSION]
    del browser.kept[cookie.SESSION]
    browser.sign_in(phone)
    assert browser.kept[cookie.SESSION] != first


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"origin": "http://evil.localhost:8700"}, 422),
        ({"origin": "https://localhost"}, 422),
        ({"flags": UP}, 422),
    ],
)
def test_an_assertion_of_another_origin_or_without_its_user_signs_nobody_in(instance, browser, options, status):
    assert browser.sign_in(instance.new_shop().phones[0], **options).status_code == status
    assert not is_seen(browser)


def test_a_passkey_that_nobody_knows_signs_nobody_in(browser):
    answer = browser.sign_in(Phone(77))
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "signs in nobody here" in answer.text


def test_a_challenge_counts_once_and_for_five_minutes(instance, browser):
    phone = instance.new_shop().phones[0]
    page = browser.get("/sign-in").text
    digest, token = bytes.fromhex(page_data(page, "sign-in-data")["challenge"]), field_of(page, "token")
    fields = {"token": token, "back": "/", **phone.fields(digest)}
    assert browser.send_form("/session", fields).status_code == 303
    again = browser.send_form("/session", fields)
    assert (again.status_code, "too long, or was used" in again.text) == (409, True)
    page = browser.get("/language") and Browser(browser._transport._app).get("/sign-in").text
    digest, token = bytes.fromhex(page_data(page, "sign-in-data")["challenge"]), field_of(page, "token")
    instance.chain.now += 300
    late = browser.send_form("/session", {"token": token, "back": "/", **phone.fields(digest)})
    assert late.status_code == HTTPStatus.CONFLICT


@pytest.mark.parametrize("token", ["", "zz", "00" * 40, "00" * 39])
def test_a_token_of_another_making_does_not_count(instance, browser, token):
    phone = instance.new_shop().phones[0]
    assert browser.send_form("/session", {"token": token, **phone.fields(bytes(32))}).status_code == 409


def test_the_session_of_a_signer_who_was_rotated_out_is_dead(instance, browser):
    shop = instance.new_shop(persons=2)
    browser.sign_in(shop.phones[0])
    assert is_seen(browser)
    new = Controllers(each_person([shop.phones[1].passkey]), 1, bytes(32))
    rotate_here(instance, shop, new)
    assert browser.get("/trial/firm").status_code == 303
    assert browser.sign_in(shop.phones[0]).status_code == HTTPStatus.UNAUTHORIZED
    assert browser.sign_in(shop.phones[1]).status_code == 303


def test_a_session_ends_after_half_an_hour_without_a_request(instance, browser):
    browser.sign_in(instance.new_shop().phones[0])
    for _ in range(3):
        instance.chain.now += 29 * 60
        assert is_seen(browser)
    instance.chain.now += 30 * 60
    assert not is_seen(browser)


def test_a_session_of_staff_ends_after_a_quarter_of_an_hour(instance, browser):
    browser.sign_in(instance.new_staff(BANK, StaffRole.OFFICER))
    instance.chain.now += 14 * 60
    assert is_seen(browser, "/trial/officer")
    instance.chain.now += 15 * 60
    assert not is_seen(browser, "/trial/officer")


@pytest.mark.parametrize(("hours", "is_firm"), [(12, True), (8, False)])
def test_no_session_lasts_longer_than_a_working_day(instance, browser, hours, is_firm):
    key = instance.new_shop().phones[0] if is_firm else instance.new_staff(BANK, StaffRole.OFFICER)
    path = "/trial/firm" if is_firm else "/trial/officer"
    browser.sign_in(key)
    for _ in range(hours * 6 - 1):
        instance.chain.now += 600
        assert is_seen(browser, path)
    instance.chain.now += 600
    assert not is_seen(browser, path)


def test_roles_and_kinds_decide_who_sees_a_page(instance, browser):
    app = browser._transport._app
    seen = {}
    for name, key in {
        "firm": instance.new_shop().phones[0],
        "officer": instance.new_staff(BANK, StaffRole.OFFICER),
        "auditor": instance.new_staff(BANK, StaffRole.AUDITOR),
        "clerk": instance.new_staff(REGISTRAR, StaffRole.CLERK, StaffRole.OFFICER),
    }.items():
        visitor = Browser(app)
        visitor.sign_in(key)
        pages = ("firm", "officer", "staff")
        seen[name] = [page for page in pages if visitor.get(f"/trial/{page}").status_code == HTTPStatus.OK]
        assert {visitor.get(f"/trial/{page}").status_code for page in pages} <= {200, 403}
    assert seen == {"firm": ["firm"], "officer": ["officer"], "auditor": ["staff"], "clerk": []}


def test_a_person_who_was_ended_is_signed_out_at_once(instance, browser):
    key = instance.new_staff(BANK, StaffRole.OFFICER)
    browser.sign_in(key)
    assert is_seen(browser, "/trial/officer")
    office = Office(instance, BANK)
    admin, person = office.hire("Admin", StaffRole.ADMIN), instance.roster.of_credential(key.id)
    office.end(admin, person)
    assert not is_seen(browser, "/trial/officer")
    assert browser.sign_in(key).status_code == HTTPStatus.UNAUTHORIZED


def test_signing_out_ends_the_session_everywhere_and_clears_what_the_browser_keeps(instance, browser):
    browser.sign_in(instance.new_shop().phones[0])
    value = browser.kept[cookie.SESSION]
    out = browser.send_form("/session/end")
    assert out.headers["clear-site-data"] == '"cache", "storage"'
    assert cookie.SESSION not in browser.kept
    browser.kept[cookie.SESSION] = value
    assert not is_seen(browser)


def test_one_can_sign_out_everywhere(instance, browser):
    phone, other = instance.new_shop().phones[0], Browser(browser._transport._app)
    browser.sign_in(phone)
    other.sign_in(phone)
    assert browser.get("/sessions").text.count("<tr") == 3
    browser.send_form("/sessions/end")
    assert not is_seen(other)


def test_a_browser_that_nobody_signed_in_with_names_no_passkey(instance, browser):
    assert page_data(browser.get("/sign-in").text, "sign-in-data")["credentials"] == []
    first, second = (instance.new_shop().phones[0] for _ in range(2))
    browser.sign_in(first)
    browser.send_form("/session/end")
    browser.sign_in(second)
    browser.send_form("/session/end")
    named = page_data(browser.get("/sign-in").text, "sign-in-data")["credentials"]
    assert named == [second.id.hex(), first.id.hex()]


def test_a_fresh_proof_is_asked_for_after_five_minutes_and_then_the_form_goes_on(instance, browser):
    phone = instance.new_shop().phones[0]
    browser.sign_in(phone)
    assert browser.send_form("/trial/values", {"what": "x"}).status_code == 303
    instance.chain.now += 300
    asked = browser.send_form("/trial/values", {"what": '"x" & y'})
    assert asked.status_code == HTTPStatus.FORBIDDEN
    assert 'action="/trial/values"' in asked.text
    assert field_of(asked.text, "what") == '"x" & y'
    digest = bytes.fromhex(page_data(asked.text, "fresh-data")["challenge"])
    fields = {"token": field_of(asked.text, "token"), **phone.fields(digest)}
    assert browser.send_form("/session/fresh", fields).status_code == HTTPStatus.NO_CONTENT
    assert browser.send_form("/trial/values", {"what": "x"}).status_code == 303


def test_a_fresh_proof_is_by_a_signer_of_the_same_firm_and_for_this_session(instance, browser):
    phone, foreign = instance.new_shop().phones[0], instance.new_shop().phones[0]
    browser.sign_in(phone)
    instance.chain.now += 300
    asked = browser.send_form("/trial/values", {"what": "x"}).text
    digest, token = bytes.fromhex(page_data(asked, "fresh-data")["challenge"]), field_of(asked, "token")
    assert browser.send_form("/session/fresh", {"token": token, **foreign.fields(digest)}).status_code == 401
    other = Browser(browser._transport._app)
    other.sign_in(phone)
    assert other.send_form("/session/fresh", {"token": token, **phone.fields(digest)}).status_code == 409
    assert browser.send_form("/trial/values", {"what": "x"}).status_code == HTTPStatus.FORBIDDEN
