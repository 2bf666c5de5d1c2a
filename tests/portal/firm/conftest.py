import math

import pytest

from tests.kit.portal import PortalInstance


@pytest.fixture
def instance(tmp_path, monkeypatch):
    """An instance with what the portal needs; whoever sleeps moves the clock of its ledger."""
    made = PortalInstance(tmp_path)
    monkeypatch.setattr("time.sleep", lambda seconds: made.chain.pass_time(math.ceil(seconds)))
    yield made
    made.close()


@pytest.fixture
def firm(instance):
    """A registered firm with one controller."""
    return instance.new_firm()


@pytest.fixture
def couple(instance):
    """A firm of three persons, two of whom must sign."""
    return instance.new_firm(3, 2)
