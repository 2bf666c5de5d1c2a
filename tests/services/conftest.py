import math

import pytest

from tests.kit.small_instance import SmallInstance


@pytest.fixture
def instance(tmp_path, monkeypatch):
    """A small instance of the test's own; whoever sleeps moves the clock of its ledger."""
    made = SmallInstance(tmp_path)
    monkeypatch.setattr("time.sleep", lambda seconds: made.chain.pass_time(math.ceil(seconds)))
    yield made
    made.close()


@pytest.fixture
def firm(instance):
    """A registered firm with one controller."""
    return instance.new_firm()
