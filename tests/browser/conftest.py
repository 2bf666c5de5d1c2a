"""People at browsers: Chromium, a small instance whose pages it shows, and what no page may do to them."""

import pytest

from tests.kit.portal import PortalInstance
from tests.kit.portal_browser import LOCALES, Person, serving


@pytest.fixture(scope="module")
def chromium():
    """Start a browser. It ends with its module: what runs in its thread afterwards may start loops of its own."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"no Chromium: {error}")
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    """An instance on the fake ledger. A module that needs a real one has a fixture of this name of its own."""
    made = PortalInstance(tmp_path_factory.mktemp("portal"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def origin(instance):
    """Where the pages of the instance are."""
    with serving(instance) as place:
        yield place


@pytest.fixture
def visit(chromium, origin):
    """Let somebody open a browser; at the end, no page of theirs did what no page may."""
    people = []

    def visit(phone=None, language="en", width=390, **options):
        options = {"viewport": {"width": width, "height": 844}} | options
        context = chromium.new_context(locale=LOCALES[language], **options)
        context.set_default_timeout(30_000)
        people.append(Person(context, origin, phone))
        return people[-1]

    yield visit
    for person in people:
        person.context.close()
    assert [fault for person in people for fault in person.faults] == []
