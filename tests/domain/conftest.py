import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from world import build


@pytest.fixture(scope="session")
def valid():
    """A world in which everything checks; worlds never change."""
    return build()
