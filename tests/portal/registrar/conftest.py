import pytest

from api.services.staff.role import StaffRole
from tests.kit.enrolment_page import signed_in
from tests.kit.portal import Browser, PortalInstance, portal_app


@pytest.fixture
def instance(tmp_path):
    made = PortalInstance(tmp_path)
    yield made
    made.close()


@pytest.fixture
def app(instance):
    return portal_app(instance)


@pytest.fixture
def clerk(instance, app):
    return signed_in(instance, app, StaffRole.CLERK)


@pytest.fixture
def approver(instance, app):
    return signed_in(instance, app, StaffRole.APPROVER)


@pytest.fixture
def signer(app):
    return Browser(app)
