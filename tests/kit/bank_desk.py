"""What a bank's pages need of a small instance; the pipeline and the evidence are played."""

from concurrent.futures import Future
from types import SimpleNamespace

from api.catalogue.datatype import schemas
from api.catalogue.purpose import default_purposes
from api.services.asking.draft import RequestDrafts
from api.services.asking.sending import RequestSending
from api.services.enrolment.firm_name import FirmNames
from api.services.evidence.page import CheckedEvidence
from api.services.handover.handover import Handovers
from api.services.portfolio.change import BankChanges
from api.services.portfolio.consents import BankConsents
from api.services.portfolio.deletion import AnswerDeletions
from api.services.staff.officer import Officers
from api.services.verification.answer import Answer, ClaimResult
from api.services.verification.prepared_use import PreparedUses
from api.services.verification.use_history import UseHistory
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.spending import SpendSeed
from tests.kit.evidence import checked, data_of, trust_of
from tests.kit.small_instance import BANK, REGISTRAR, RELAYER

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


def bank_services(small, office):
    """Return the services of a bank's pages by their names, and hand the bank's seed over."""
    small.spend_seeds.hand_over(BANK, SEED)
    drafts = RequestDrafts(small.store, default_purposes())
    consents = BankConsents(small.store, small.ledger, small.consents)
    evidence = Evidence()
    return {
        "request_drafts": drafts,
        "request_sending": RequestSending(drafts, small.requests, small.spend_seeds, default_purposes(), small.ledger),
        "bank_consents": consents,
        "bank_changes": BankChanges(small.store, small.ledger),
        "answer_deletions": AnswerDeletions(small.store, consents),
        "handovers": Handovers(small.store, small.ledger, office.codes, lifetime_s=86_400),
        "prepared_uses": PreparedUses(
            small.spend_seeds, small.consents.record_of, answering=RELAYER, domain=small.ledger.consent_domain
        ),
        "use_history": UseHistory(small.store, small.ledger),
        "programs": office.programs,
        "officers": Officers(small.store, office.programs),
        "firm_names": FirmNames(small.store, small.keys, small.departments[REGISTRAR].kek),
        "verifications": Verifications(),
        "evidence": evidence,
        "evidence_pages": evidence,
    }
