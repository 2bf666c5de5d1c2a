"""The readable page of stored evidence, checked under what this instance's own node says of its network."""

from api.page.evidence import evidence_page
from api.services.evidence.store import EvidenceReader
from ledger_node.chain.port import FactLedger
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.trust import Trust


class EvidencePages:
    """Makes pages for banks, of their own evidence."""

    def __init__(self, evidence: EvidenceReader, ledger: FactLedger) -> None:
        self._evidence = evidence
        self._ledger = ledger
        self._trust: Trust | None = None

    def of_bank(self, bank: bytes, use: bytes) -> str:
        """Return the page of the answer that cost ``use``.

        Raises:
            InvalidInputError: ``not_found`` or ``erased``, as for the file.
            VerificationError: the evidence does not check.
            ChainError: the node does not answer.
        """
        data = self._evidence.of_bank(bank, use)
        if self._trust is None or examine(data, self._trust).failed is not None:
            # validators may have changed since it was read
            self._trust = self._ledger.trust()
        return evidence_page(examine(data, self._trust), self._trust)
