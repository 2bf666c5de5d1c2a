"""Uses that are recorded together: each has its own outcome, whatever becomes of the others."""

import pytest

from api.services.verification.use_recorder import RecordedUse, Use, UseRecorder
from ledger_node.chain.port import Block, Mined, UseResult
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason

CONSENT, OTHER = b"c" * 32, b"d" * 32
MINED = Mined(b"t" * 32, Block(7, b"b" * 32, 1_000), 21_000)


class CountingLedger:
    """Records what it is sent; ``broken``: uses whose earlier try cannot be read."""

    def __init__(self):
        self.recorded = []
        self.broken = set()

    def record_uses(self, uses):
        self.recorded += uses
        return [UseResult(True, place + 1, None, MINED) for place, _ in enumerate(uses)]

    def is_on_way(self, _):
        return False

    def recorded_use(self, consent, use):
        if use in self.broken:
            raise ValueError("too many values to unpack")
        return UseResult(True, 9, None, MINED) if (consent, use) in self.recorded else None


@pytest.fixture
def ledger():
    return CountingLedger()


def use(number, *, consent=CONSENT, again=False):
    return Use(consent, bytes([number]) * 32, {}, again=again)


def seen(outcome):
    return outcome.result.uses if isinstance(outcome, RecordedUse) else outcome.reason


def test_l8_a_use_id_that_repeats_in_a_group_is_recorded_once_and_the_others_go_on(ledger):
    found = UseRecorder(ledger).record([use(1), use(2), use(1), use(1, consent=OTHER), use(3)])
    unavailable = Reason.LEDGER_UNAVAILABLE
    assert [seen(outcome) for outcome in found] == [1, 2, unavailable, unavailable, 3]
    assert len({id(outcome) for outcome in found}) == 5
    assert ledger.recorded == [(CONSENT, bytes([number]) * 32) for number in (1, 2, 3)]


def test_l8_whoever_asks_again_for_the_repeated_one_gets_the_use_that_was_recorded(ledger):
    recorder = UseRecorder(ledger)
    recorder.record([use(1), use(1)])
    (again,) = recorder.record([use(1, again=True)])
    assert (again.result.recorded, again.result.uses) == (True, 9)
    assert ledger.recorded == [(CONSENT, bytes([1]) * 32)]


def test_l8_an_earlier_try_that_cannot_be_read_fails_alone(ledger):
    ledger.broken = {bytes([2]) * 32}
    first, second, third = UseRecorder(ledger).record([use(1), use(2, again=True), use(3, again=True)])
    assert (seen(first), seen(third)) == (1, 2)
    assert isinstance(second, ValueError)


def test_l8_where_the_ledger_does_not_answer_nothing_counts_as_recorded(ledger):
    def silent(_):
        raise ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")

    ledger.record_uses = silent
    found = UseRecorder(ledger).record([use(1), use(2)])
    assert [seen(outcome) for outcome in found] == [Reason.LEDGER_UNAVAILABLE] * 2
