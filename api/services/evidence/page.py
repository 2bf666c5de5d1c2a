"""Stored evidence, checked under what this instance's own node says of its network; and the readable page of it."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from api.page.evidence import evidence_page
from api.services.evidence.store import EvidenceReader
from ledger_node.chain.port import FactLedger
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.report import Report
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.wording import WordingDocument


@dataclass(frozen=True, slots=True)
class CheckedEvidence:
    """What a check of evidence found, and under which trust file."""

    report: Report
    trust: Trust


class EvidencePages:
    """Checks the evidence of banks, and makes pages of their own.

    ``wordings``: the words of consents that the council agreed on, which the texts of consents are checked by.
    """

    def __init__(
        self, evidence: EvidenceReader, ledger: FactLedger, wordings: Collection[WordingDocument] = ()
    ) -> None:
        self._evidence = evidence
        self._ledger = ledger
        self._wordings = tuple(sorted(wordings, key=lambda document: document.digest))
        self._trust: Trust | None = None

    def of_bank(self, bank: bytes, use: bytes) -> str:
        """Return the page of the answer that cost ``use``.

        Raises:
            InvalidInputError: ``not_found`` or ``erased``, as for the file.
            VerificationError: the evidence does not check.
            ChainError: the node does not answer.
        """
        checked = self.checked(bank, use)
        return evidence_page(checked.report, checked.trust)

    def checked(self, bank: bytes, use: bytes) -> CheckedEvidence:
        """Return what a check of the evidence of an answer finds, also where one of its steps fails.

        Raises:
            InvalidInputError: ``not_found`` or ``erased``, as for the file.
            ChainError: the node does not answer.
        """
        data = self._evidence.of_bank(bank, use)
        if self._trust is not None:
            report = examine(data, self._trust)
            if report.failed is None:
                return CheckedEvidence(report, self._trust)
        # validators may have changed since it was read
        trust = self._ledger.trust()
        self._trust = replace(trust, wordings=self._wordings) if self._wordings else trust
        return CheckedEvidence(examine(data, self._trust), self._trust)
