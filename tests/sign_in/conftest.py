import pytest

from tests.kit.sign_in import Desk


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "store.sqlite3")
    yield made
    made.close()
