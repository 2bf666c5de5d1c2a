import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))
sys.path.insert(0, str(Path(__file__).parent.parent / "domain"))
sys.path.insert(0, str(Path(__file__).parent.parent / "node"))


@pytest.fixture(scope="session")
def ground(tmp_path_factory):
    """An instance that was founded once, of which walks take copies, and what forks their processes."""
    from fail_walk import Ground  # noqa: PLC0415 - found by the lines above

    made = Ground(tmp_path_factory.mktemp("ground"))
    yield made
    made.close()
