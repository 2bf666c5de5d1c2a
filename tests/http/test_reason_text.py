"""Every reason has words, a status and a page."""

import pytest
from starlette.requests import Request

from api.http.problem.document import problem
from api.http.problem.page import asked_language, page, problem_list, problem_page
from api.http.problem.reason_text import REASON_TEXT
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason
from tests.kit.words import faults


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_says_what_it_means_and_has_a_page(reason):
    assert REASON_TEXT[reason].endswith(".")
    for language in Language:
        shown = problem_page(reason, language).body.decode()
        assert f"<code>{reason}</code>" in shown
        assert faults(shown) == set()


@pytest.mark.parametrize("language", list(Language))
def test_the_list_names_every_reason(language):
    shown = problem_list(language).body.decode()
    assert not [reason for reason in Reason if f'href="/problems/{reason}?lang={language}"' not in shown]
    assert faults(shown) == set()


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("lang=en", "zh", Language.ENGLISH),
        ("lang=zh", "en", Language.CHINESE),
        ("", "en-GB", Language.ENGLISH),
        ("lang=xx", "zh-CN", Language.CHINESE),
    ],
)
def test_a_page_speaks_the_language_of_its_address_or_else_of_the_browser(query, header, language):
    scope = {"type": "http", "query_string": query.encode(), "headers": [(b"accept-language", header.encode())]}
    assert asked_language(Request(scope)) is language


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.SIGN_IN_NEEDED, 401),
        (Reason.TOKEN_UNKNOWN, 401),
        (Reason.PROOF_REPLAYED, 401),
        (Reason.ASSERTION_TIME, 401),
        (Reason.NOT_ALLOWED, 403),
        (Reason.RATE_LIMITED, 429),
        (Reason.OVERLOADED, 503),
        (Reason.OFF_LADDER, 422),
    ],
)
def test_a_page_names_the_usual_status(reason, status):
    assert f"usual status {status} " in problem_page(reason, Language.ENGLISH).body.decode()


def test_no_text_is_left_over():
    assert set(REASON_TEXT) == set(Reason)


def test_a8_a_script_in_a_title_is_shown_as_text():
    shown = page("<script>alert(1)</script>", "").body.decode()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown


def test_a_page_names_the_digest_of_its_style_and_allows_no_script():
    policy = problem_list(Language.CHINESE).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy


def test_the_type_of_a_problem_is_its_page():
    assert b'"type":"/problems/off_ladder"' in problem(422, Reason.OFF_LADDER, "x").body
