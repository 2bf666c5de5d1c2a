import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from sign_in_kit import Desk


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "store.sqlite3")
    yield made
    made.close()
