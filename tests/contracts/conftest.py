import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from contract_kit import Chain, Consortium


@pytest.fixture(scope="session")
def deployed():
    """One chain for all tests; each starts from the same snapshot."""
    consortium = Consortium(Chain())
    return consortium, consortium.chain.tester.take_snapshot()


@pytest.fixture
def consortium(deployed):
    made, snapshot = deployed
    made.chain.tester.revert_to_snapshot(snapshot)
    return made


@pytest.fixture
def chain(consortium):
    return consortium.chain
