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
