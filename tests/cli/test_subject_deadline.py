"""Until when what a firm signs about its subject is good: whatever a server says that the ledger's clock shows."""

import pytest

from api.cli import subject
from ledger_node import clock

NOW, DAY = 1_800_000_000, 86_400


@pytest.mark.parametrize(
    ("ledger", "begins"),
    [(NOW - DAY, NOW), (NOW, NOW), (NOW + 3 * DAY, NOW + 3 * DAY), (NOW + 10_000 * DAY, NOW + 30 * DAY)],
)
def test_a_deadline_goes_by_the_ledgers_clock_and_is_stretched_by_nobody(monkeypatch, ledger, begins):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    assert subject._deadline({"head": {"time": ledger}}, 2) == begins + 2 * DAY
