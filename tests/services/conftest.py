import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "chain"))
sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
sys.path.insert(0, str(Path(__file__).parent.parent / "http"))
sys.path.insert(0, str(Path(__file__).parent.parent / "node"))
sys.path.insert(0, str(Path(__file__).parent.parent / "domain"))

import pytest
from inside_kit import inside_place


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    """A place whose instance runs in this process, so that tests can reach inside."""
    made = inside_place(tmp_path_factory.mktemp("inside"))
    yield made
    made.close()
