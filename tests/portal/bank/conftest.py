"""A bank's pages on a small instance: handlers are called as the frame calls them, without HTTP."""

from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace

import pytest

from api.catalogue.datatype import schemas
from api.catalogue.purpose import default_purposes
from api.home.settings import PortalSettings
from api.portal.bank.room import pages
from api.portal.shell.page import Page, PortalPlace
from api.portal.shell.visitor import Visitor
from api.services.asking.draft import RequestDrafts
from api.services.asking.sending import RequestSending
from api.services.enrolment.firm_name import FirmNames
from api.services.evidence.page import CheckedEvidence
from api.services.handover.handover import Handovers
from api.services.portfolio.change import BankChanges
from api.services.portfolio.consents import BankConsents
from api.services.portfolio.deletion import AnswerDeletions
from api.services.staff.officer import Officers
from api.services.staff.role import StaffRole
from api.services.verification.answer import Answer, ClaimResult
from api.services.verification.prepared_use import PreparedUses
from api.services.verification.use_history import UseHistory
from api.sign_in.server.principal import Kind
from api.telemetry.metric import Metrics
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import SpendSeed
from tests.kit.evidence import checked, data_of, trust_of
from tests.kit.small_instance import BANK, REGISTRAR, RELAYER, SmallInstance
from tests.kit.staff import Office

SEED = SpendSeed(b"s" * 32)


class Verifications:
    """Stands for the pipeline: says that a question holds, or what it is told to; counts what it is asked."""

    def __init__(self):
        self.asked, self.officers, self.error, self.reason = [], [], None, None

    def verify(self, bank, consent, claims, order, **how):
        self.asked.append((bank, consent, order, how["operator"]))
        self.officers.append(how["officer"])
        future = Future()
        if self.error is not None:
            future.set_exception(self.error)
            return future
        reason = self.reason
        outcome = Outcome.HOLDS if reason is None else Outcome.CANNOT_TELL
        results = [ClaimResult(claim.text(schemas()), outcome, reason) for claim in claims]
        is_told = reason is None
        use = order.number.to_bytes(32, "big") if is_told else None
        future.set_result(Answer(results, b"", use=use, evidence=SimpleNamespace() if is_told else None))
        return future


class Evidence:
    """Evidence of the vectors, under the uses that a test names."""

    def __init__(self):
        self.cases = {}

    def has(self, bank, use):
        return (bank, use) in self.cases

    def of_bank(self, bank, use):
        return data_of(self._case(bank, use))

    def checked(self, bank, use):
        case = self._case(bank, use)
        return CheckedEvidence(checked(case), trust_of(case))

    def _case(self, bank, use):
        if (bank, use) not in self.cases:
            raise InvalidInputError(Reason.NOT_FOUND, "there is no evidence of an answer of yours with this use")
        return self.cases[bank, use]


class Bank:
    """A bank on a small instance, with an officer, an auditor, and its seed handed over."""

    def __init__(self, small):
        self.small = small
        office = Office(small, BANK)
        self.office = office
        self.officer = office.hire("王敏", StaffRole.OFFICER)
        self.auditor = office.hire("Auditor", StaffRole.AUDITOR)
        small.spend_seeds.hand_over(BANK, SEED)
        drafts = RequestDrafts(small.store, default_purposes())
        consents = BankConsents(small.store, small.ledger, small.consents)
        evidence = Evidence()
        self.instance = SimpleNamespace(
            ledger=small.ledger,
            purposes=default_purposes(),
            consents=small.consents,
            consent_requests=small.requests,
            request_drafts=drafts,
            request_sending=RequestSending(drafts, small.requests, small.spend_seeds, default_purposes(), small.ledger),
            bank_consents=consents,
            bank_changes=BankChanges(small.store, small.ledger),
            answer_deletions=AnswerDeletions(small.store, consents),
            handovers=Handovers(small.store, small.ledger, office.codes, lifetime_s=86_400),
            prepared_uses=PreparedUses(
                small.spend_seeds, small.consents.record_of, answering=RELAYER, domain=small.ledger.consent_domain
            ),
            use_history=UseHistory(small.store, small.ledger),
            programs=office.programs,
            officers=Officers(small.store, office.programs),
            firm_names=FirmNames(small.store, small.keys, small.departments[REGISTRAR].kek),
            verifications=Verifications(),
            evidence=evidence,
            evidence_pages=evidence,
            metrics=Metrics(),
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
