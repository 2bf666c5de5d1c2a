"""A bank's pages on a small instance: handlers are called as the frame calls them, without HTTP."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from api.catalogue.purpose import default_purposes
from api.home.settings import PortalSettings
from api.portal.bank.room import pages
from api.portal.shell.page import Page, PortalPlace
from api.portal.shell.visitor import Visitor
from api.services.staff.role import StaffRole
from api.sign_in.server.principal import Kind
from api.telemetry.metric import Metrics
from ledger_node.domain.consent_text import Language
from ledger_node.domain.signature import address_of
from tests.kit.bank_desk import SEED, bank_services
from tests.kit.small_instance import BANK, SmallInstance
from tests.kit.staff import Office


class Bank:
    """A bank on a small instance, with an officer, an auditor, and its seed handed over."""

    def __init__(self, small):
        self.small = small
        office = Office(small, BANK)
        self.office = office
        self.officer = office.hire("王敏", StaffRole.OFFICER)
        self.auditor = office.hire("Auditor", StaffRole.AUDITOR)
        self.instance = SimpleNamespace(
            ledger=small.ledger,
            purposes=default_purposes(),
            consents=small.consents,
            consent_requests=small.requests,
            metrics=Metrics(),
            **bank_services(small, office),
        )

    def visitor(self, person):
        return Visitor(Kind.BANK, BANK, "Demo bank", person.held, person.device.credential)

    def call(self, method, path, *, person=None, form=None, query=None, language=Language.ENGLISH, bank=BANK):
        """Call the handler of a route as the frame does."""
        for route in pages.routes:
            names = _match(route.path, path)
            if route.method == method and names is not None:
                break
        else:
            raise AssertionError(f"no page {method} {path}")
        visitor = replace(self.visitor(person or self.officer), id=bank)
        assert route.permission.admits(visitor), "not for this visitor"
        page = Page(
            instance=self.instance,
            place=PortalPlace("localhost", "http://localhost:8700", PortalSettings()),
            visitor=visitor,
            language=language,
            now=self.small.now(),
            method=method,
            url_path=path,
            back=path,
            path=names,
            query=query or {},
            form=form or {},
            headers={},
            cookies={},
        )
        return route.handler(page)

    def get(self, path, **how):
        return self.call("GET", path, **how)

    def post(self, path, **form):
        how = {name: form.pop(name) for name in ("person", "language", "bank") if name in form}
        return self.call("POST", path, form=form, **how)

    def html(self, path, **how):
        response = self.get(path, **how)
        assert response.status_code == 200, response.headers
        return response.body.decode()

    def sign(self, digest, person=None):
        """Return the fields of a form that a person's passkey signed."""
        made = (person or self.officer).device.assertion(digest)
        return {
            "credential_id": "00",
            "authenticator_data": made.authenticator_data.hex(),
            "client_data_json": made.client_data_json.hex(),
            "signature": made.signature.hex(),
        }

    def granted(self, firm, *questions, **options):
        """Return the id of a consent whose uses the bank's seed spends."""
        salt = options.pop("salt", b"\x05" * 32)
        key = address_of(SEED.spend_key(salt))
        return self.small.grant(firm, *questions, salt=salt, spend_key=key, **options)


def _match(pattern, path):
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    names = {}
    for one, other in zip(wanted, given, strict=True):
        if one.startswith("{"):
            names[one[1:-1]] = other
        elif one != other:
            return None
    return names


@pytest.fixture
def bank(tmp_path):
    small = SmallInstance(tmp_path)
    yield Bank(small)
    small.close()


@pytest.fixture
def firm(bank):
    return bank.small.new_firm()
