"""B13, B15, B17, B18: every page that links lead to, for each kind of visitor, in every state.

A page that is added later is walked too, since it is found by its links and by the table of permissions.
"""

from http import HTTPStatus

import pytest

from tests.kit.furnished_portal import HARMFUL, FurnishedPortal, OneName, crawl, fixed_pages
from tests.kit.portal_browser import overflow, violations
from tests.kit.words import faults

playwright = pytest.importorskip("playwright.sync_api")
KINDS = {"firm": "subject", "bank": "bank", "registrar": "registrar"}
WIDTHS = {"firm": 390, "bank": 1280, "registrar": 1280}
"""Where type of twice the size is read: firms at a phone, members' people at a desk."""
NOWHERE = ("/consents/00", "/bank/answers/00", "/registrar/invitations/00")
"""Addresses of nothing."""
PLAYED = ("/bank/answers/", "/bank/consents/0x")
"""Evidence here is one of the vectors: its questions have no Chinese words, and its consent is not on this ledger."""
NAMED = {"Demo", "bank", "Firm"}


def is_named(word, path):
    """Whether a word is a name, a number or of a vector, and so of no language."""
    return word in NAMED or any(one.isdigit() for one in word) or path.startswith(PLAYED[0])


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    made = FurnishedPortal(tmp_path_factory.mktemp("furnished"))
    yield made
    made.close()


@pytest.fixture
def officer(instance, visit):
    person = visit(instance.officer)
    person.sign_in("/bank/requests")
    return person


@pytest.fixture(autouse=True)
def named(instance):
    yield
    instance.firm_names = OneName("Firm")


def pages_of(person, kind):
    """Let a signed-in person go everywhere, and return what is wrong with each page, by the page."""
    wrong = {}
    page = person.page

    def fetch(path):
        try:
            answer = page.goto(f"{person.origin}{path}")
        except playwright.Error as error:
            if "Download is starting" not in str(error):
                raise
            # a file is no page
            return HTTPStatus.OK, ""
        text = page.content()
        found = [f"status {answer.status}"] if answer.status >= 400 and not path.startswith((*NOWHERE, *PLAYED)) else []
        found += violations(page)
        found += sorted(word for word in faults(text, is_firm=kind == "firm") if not is_named(word, path))
        for size in (person.page.viewport_size["width"], 320):
            page.set_viewport_size({"width": size, "height": 844})
            found += [f"{size} px: wider by {overflow(page)}"] if overflow(page) > 0 else []
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        page.set_viewport_size({"width": WIDTHS[kind], "height": 844})
        found += [f"200 %: wider by {overflow(page)}"] if overflow(page) > 0 else []
        assert page.evaluate("window.ran") is None
        if found:
            wrong[path] = found
        return answer.status, text

    crawl(fetch, [*fixed_pages(KINDS[kind]), *NOWHERE])
    return wrong


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_page_can_be_read_by_everybody(instance, visit, kind, language):
    person = visit(instance.people()[kind], language)
    person.sign_in("/sessions")
    assert pages_of(person, kind) == {}


@pytest.mark.parametrize("name", HARMFUL, ids=range(len(HARMFUL)))
def test_b17_a_name_does_nothing_but_stand_there(instance, officer, name):
    instance.firm_names = OneName(name)
    for path in ("/bank/requests", "/bank/consents", "/bank/portfolio", "/bank/new"):
        page = officer.go(path)
        page.set_viewport_size({"width": 390, "height": 844})
        # what is isolated in <bdi> turns round nothing beside it, and breaks where there is no space
        assert name in page.locator("main").evaluate("main => main.textContent")
        assert page.locator("bdi, option").filter(has_text=name.strip()).count() > 0
        assert overflow(page) <= 0
        assert page.evaluate("window.ran") is None
        assert "<" not in page.title()
