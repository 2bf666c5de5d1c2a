"""Addresses that there are none of: a page for browsers, JSON for programs."""

from http import HTTPStatus

import pytest

from tests.kit.portal import Browser, PortalInstance, portal_app
from tests.kit.words import faults


@pytest.fixture
def app(tmp_path):
    made = PortalInstance(tmp_path)
    yield portal_app(made)
    made.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_browser_is_shown_a_page(app, language):
    browser = Browser(app, language)
    lost = browser.get("/nowhere")
    assert lost.status_code == HTTPStatus.NOT_FOUND
    assert lost.headers["content-type"].startswith("text/html")
    assert "content-security-policy" in lost.headers
    assert faults(lost.text, is_firm=True) == set()
    assert browser.get("/home/../etc/%00").status_code == HTTPStatus.NOT_FOUND


def test_a_method_that_an_address_does_not_take_is_a_page_too(app):
    wrong = Browser(app).put("/home", data={"a": "b"})
    assert wrong.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert wrong.headers["content-type"].startswith("text/html")
    assert "GET" in wrong.headers["allow"]


@pytest.mark.parametrize(("accept", "path"), [("application/json", "/nowhere"), ("text/html", "/v1/nowhere")])
def test_a_program_is_answered_with_a_problem_document(app, accept, path):
    lost = Browser(app).get(path, headers={"Accept": accept})
    assert lost.status_code == HTTPStatus.NOT_FOUND
    assert lost.headers["content-type"] == "application/problem+json"
    assert lost.json()["reason"] == "not_found"


def test_a_head_of_nothing_has_no_body(app):
    assert Browser(app).head("/nowhere").content == b""
