"""The page of an answer's evidence: the network is read anew only where what is known of it does not check."""

from types import SimpleNamespace

import pytest

from api.services.evidence import page
from api.services.evidence.page import EvidencePages
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import BANK, refused

USE = b"u" * 32


class Kept:
    """The evidence of one answer."""

    def of_bank(self, bank, use):
        if (bank, use) != (BANK, USE):
            raise InvalidInputError(Reason.NOT_FOUND, "you have no such answer")
        return b"evidence"


class Network:
    """Whose trust file changes when it is told to."""

    def __init__(self):
        self.trusted, self.reads = "first", 0

    def trust(self):
        self.reads += 1
        return self.trusted


@pytest.fixture
def network(monkeypatch):
    network = Network()
    checks = lambda data, trust: SimpleNamespace(failed=None if trust == network.trusted else 5, data=data)  # noqa: E731
    monkeypatch.setattr(page, "examine", checks)
    monkeypatch.setattr(page, "evidence_page", lambda report, trust: f"{report.failed} under {trust}")
    return network


def test_the_trust_file_is_read_once_while_evidence_checks_under_it(network):
    pages = EvidencePages(Kept(), network)
    assert [pages.of_bank(BANK, USE) for _ in range(3)] == ["None under first"] * 3
    assert network.reads == 1


def test_evidence_that_does_not_check_any_more_is_checked_under_the_network_of_now(network):
    pages = EvidencePages(Kept(), network)
    pages.of_bank(BANK, USE)
    network.trusted = "second"
    assert pages.of_bank(BANK, USE) == "None under second"
    assert network.reads == 2


def test_the_evidence_of_others_is_not_found(network):
    assert refused(EvidencePages(Kept(), network).of_bank, USE, USE) is Reason.NOT_FOUND
    assert network.reads == 0
