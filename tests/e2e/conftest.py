import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "chain"))
sys.path.insert(0, str(Path(__file__).parent.parent / "node"))

import pytest
from served_kit import Place


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """One served instance with a shop whose answers are known; tests grant consents of their own."""
    made = Place(tmp_path_factory.mktemp("served"))
    yield made
    made.close()
