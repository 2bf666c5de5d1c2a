"""Requests for pages: languages, forms of other sites, errors as pages, permissions."""

from http import HTTPStatus

import pytest

from api.portal.app import ROOMS, page_permissions
from api.portal.shell.header import POLICY
from api.portal.shell.pages import Pages
from api.sign_in.server.principal import Kind
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from tests.kit.portal import ORIGIN, Browser, PortalInstance, portal_app

trial = Pages("trial")


@trial.get("/trial/refused", anybody=True)
def _refused(_):
    raise InvalidInputError(Reason.CODE_USED, "a word with a value 4711")


@trial.get("/trial/fault", anybody=True)
def _fault(_):
    raise RuntimeError("canary 4711")


@trial.get("/trial/firm", kinds={Kind.SUBJECT})
def _firm(page):
    return page.render("public/front.html", None)


@trial.post("/trial/form", anybody=True)
def _form(page):
    return page.redirect("/help", notice=page.form["text"])


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    instance = PortalInstance(tmp_path_factory.mktemp("portal"))
    yield portal_app(instance, (*ROOMS, trial))
    instance.close()


@pytest.fixture
def browser(app):
    return Browser(app)


def test_a_page_has_the_strict_policy_and_the_other_headers(browser):
    page = browser.get("/")
    assert page.status_code == HTTPStatus.OK
    assert page.headers["content-security-policy"] == POLICY
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    # a page under no-referrer would send its own forms with Origin: null
    assert page.headers["referrer-policy"] == "same-origin"
    assert "publickey-credentials-get=(self)" in page.headers["permissions-policy"]


def test_programs_are_led_to_the_documentation(browser):
    answer = browser.get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


def test_the_language_is_that_of_the_browser_until_one_is_chosen(browser):
    assert '<html lang="en"' in browser.get("/").text
    assert '<html lang="zh-CN"' in browser.get("/", headers={"Accept-Language": "zh-CN,en;q=0.8"}).text
    moved = browser.send_form("/language", {"language": "zh", "back": "/help"})
    assert (moved.status_code, moved.headers["location"]) == (303, "/help")
    assert '<html lang="zh-CN"' in browser.get("/").text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"])
def test_the_way_back_never_leads_to_another_site(browser, back):
    moved = browser.send_form("/language", {"language": "zh", "back": back})
    assert moved.headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "same-site", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
)
def test_a_form_of_another_site_is_refused(browser, headers):
    answer = browser.post("/trial/form", data={"text": "x"}, headers=headers)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "Another site sent this form" in answer.text


def test_a_browser_that_names_our_origin_alone_is_believed(browser):
    assert browser.post("/trial/form", data={"text": "x"}, headers={"Origin": ORIGIN}).status_code == 303


def test_a_notice_is_shown_once_and_stands_in_no_address(browser):
    moved = browser.send_form("/trial/form", {"text": "<b>done</b> 好"})
    assert moved.headers["location"] == "/help"
    assert "&lt;b&gt;done&lt;/b&gt; 好" in browser.get("/help").text
    assert "done" not in browser.get("/help").text


@pytest.mark.parametrize(
    "body", [b"text=%zz", b"text=%ff", b"text=a&text=b", b"text=%00", b"text=\xe4", b"&".join([b"a"] * 300)]
)
def test_a_form_that_no_browser_sends_is_refused(browser, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    answer = browser.post("/trial/form", content=body, headers=headers)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_form_that_is_too_long_is_refused(browser):
    assert browser.send_form("/trial/form", {"text": "x" * 70_000}).status_code == 413


def test_a_file_in_a_form_is_refused(browser):
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert browser.post("/trial/form", files={"text": b"x"}, headers=headers).status_code == 415


def test_a_refusal_is_a_page_with_its_reason_and_a_number_and_no_message(browser):
    page = browser.get("/trial/refused")
    assert page.status_code == HTTPStatus.CONFLICT
    assert "This code was used" in page.text
    assert page.headers["trace-id"] in page.text
    assert "4711" not in page.text


def test_a_fault_is_a_page_and_shows_nothing_of_itself(browser, caplog):
    page = browser.get("/trial/fault")
    assert page.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "our side" in page.text
    assert "4711" not in page.text + caplog.text


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(browser):
    moved = browser.get("/trial/firm")
    assert (moved.status_code, moved.headers["location"]) == (303, "/sign-in?back=/trial/firm")


def test_pages_are_packed(browser):
    page = browser.get("/privacy", headers={"Accept-Encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip"
    assert int(page.headers["content-length"]) < len(page.content)
    assert "content-encoding" not in browser.get("/privacy", headers={"Accept-Encoding": "identity"}).headers


def test_a_route_says_who_may_see_it():
    room = Pages("room")
    with pytest.raises(ValueError, match="names the kinds"):
        room.get("/x")
    with pytest.raises(ValueError, match="names the kinds"):
        room.get("/x", kinds={Kind.BANK}, anybody=True)


def test_two_rooms_cannot_have_the_same_page():
    room = Pages("room")
    room.get("/help", anybody=True)(_firm)
    with pytest.raises(ValueError, match="GET /help"):
        page_permissions((*ROOMS, room))


def test_static_files_stay_for_good_under_their_digest(browser):
    page = browser.get("/").text
    path = page.partition('href="/static/')[2].partition('"')[0]
    file = browser.get("/static/" + path)
    assert "immutable" in file.headers["cache-control"]
    assert browser.get("/static/0000/js/shell.js").status_code == HTTPStatus.NOT_FOUND
