"""When a member's key counts."""

import pytest

from ledger_node.domain.fact import KeyRecord

FOREVER = 2**64 - 1


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (KeyRecord(0, FOREVER, 0), None),
        (KeyRecord(100, FOREVER, 0), None),
        (KeyRecord(101, FOREVER, 0), "key_not_valid"),
        (KeyRecord(0, 101, 0), None),
        (KeyRecord(0, 100, 0), "key_not_valid"),
        (KeyRecord(0, 0, 0), "key_not_valid"),
        (KeyRecord(0, FOREVER, 101), None),
        (KeyRecord(0, FOREVER, 100), "key_compromised"),
        (KeyRecord(0, FOREVER, 1), "key_compromised"),
        (KeyRecord(0, 100, 1), "key_not_valid"),
    ],
)
def test_a_key_counts_from_its_beginning_to_before_its_end_unless_compromised(record, fault):
    assert record.fault_at(100) == fault


@pytest.mark.parametrize(
    ("record", "time", "over"),
    [
        (KeyRecord(10, 20, 0), 5, False),
        (KeyRecord(10, 20, 0), 19, False),
        (KeyRecord(10, 20, 0), 20, True),
        (KeyRecord(10, 20, 15), 14, False),
        (KeyRecord(10, 20, 15), 15, True),
        (KeyRecord(0, 0, 0), 1, True),
    ],
)
def test_l2_a_key_is_over_when_it_ended_or_was_marked_and_not_before_it_begins(record, time, over):
    assert record.is_over_at(time) is over
