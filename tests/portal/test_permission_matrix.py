"""Every page for nobody, each kind and each role: who may not see it is sent away, and reading one changes nothing."""

import re
from http import HTTPStatus

import pytest
from sqlalchemy import select

from api.portal.app import page_permissions
from api.services.staff.role import StaffRole
from api.sign_in.server.principal import Kind
from api.storage import table
from tests.kit.portal import Browser, PortalInstance, portal_app
from tests.kit.small_instance import BANK, REGISTRAR, TAX

ROWS = sorted(page_permissions().items())
MEMBERS = {Kind.BANK: BANK, Kind.REGISTRAR: REGISTRAR, Kind.DEPARTMENT: TAX}
VISITORS = [(None, None), (Kind.SUBJECT, None), *((kind, role) for kind in MEMBERS for role in StaffRole)]


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    made = PortalInstance(tmp_path_factory.mktemp("matrix"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def visitors(instance):
    app = portal_app(instance)
    made = {}
    for kind, role in VISITORS:
        browser = made[kind, role] = Browser(app)
        if kind is Kind.SUBJECT:
            browser.sign_in(instance.new_shop().phones[0])
        elif kind is not None:
            browser.sign_in(instance.new_staff(MEMBERS[kind], role))
    return made


def admits(row, kind, role):
    """Who may see a page, written a second time."""
    if row.anybody:
        return True
    if kind is None or kind is Kind.SUBJECT:
        return kind in row.kinds
    return (not row.kinds or kind in row.kinds) and (not row.roles or role in row.roles)


def test_whoever_may_not_see_a_page_is_sent_away(visitors):
    wrong = []
    for name, row in ROWS:
        method, _, path = name.partition(" ")
        for (kind, role), browser in visitors.items():
            if admits(row, kind, role):
                continue
            path = re.sub(r"{[^}]*}", "00" * 16, path)
            answer = browser.get(path) if method == "GET" else browser.send_form(path)
            if kind is not None:
                expected = HTTPStatus.FORBIDDEN
            else:
                expected = HTTPStatus.SEE_OTHER if method == "GET" else HTTPStatus.UNAUTHORIZED
            if answer.status_code != expected:
                wrong.append((name, kind, role, answer.status_code))
    assert wrong == []


def rows_of(instance):
    """Return all rows of the store but the times at which sessions were seen."""
    with instance.store.connect() as connection:
        return {
            name: sorted(map(repr, connection.execute(select(one)).all()))
            for name, one in table.metadata.tables.items()
            if name != "session"
        }


def test_no_page_that_is_read_changes_the_store(instance, visitors):
    before = rows_of(instance)
    for name, row in ROWS:
        method, _, path = name.partition(" ")
        if method == "GET" and "{" not in path:
            for (kind, role), browser in visitors.items():
                if admits(row, kind, role):
                    browser.get(path)
    assert rows_of(instance) == before
