"""When a member's key counts."""

import pytest

from ledger_node.domain.fact import KeyPurpose, KeyRecord

FOREVER = 2**64 - 1
LOG = KeyPurpose.LOG


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (KeyRecord(0, FOREVER, 0, LOG), None),
        (KeyRecord(100, FOREVER, 0, LOG), None),
        (KeyRecord(101, FOREVER, 0, LOG), "key_not_valid"),
        (KeyRecord(0, 101, 0, LOG), None),
        (KeyRecord(0, 100, 0, LOG), "key_not_valid"),
        (KeyRecord(0, 0, 0, LOG), "key_not_valid"),
        (KeyRecord(0, FOREVER, 101, LOG), None),
        (KeyRecord(0, FOREVER, 100, LOG), "key_compromised"),
        (KeyRecord(0, FOREVER, 1, LOG), "key_compromised"),
        (KeyRecord(0, 100, 1, LOG), "key_not_valid"),
    ],
)
def test_a_key_counts_from_its_beginning_to_before_its_end_unless_compromised(record, fault):
    assert record.fault_at(100, LOG) == fault


@pytest.mark.parametrize("purpose", [one for one in KeyPurpose if one is not LOG])
def test_k14_a_key_counts_for_its_purposes_alone(purpose):
    record = KeyRecord(0, FOREVER, 0, LOG | KeyPurpose.RELAY)
    assert record.fault_at(100, purpose) == (None if purpose is KeyPurpose.RELAY else "key_purpose_wrong")


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (KeyRecord(101, FOREVER, 0, LOG), "key_not_valid"),
        (KeyRecord(0, FOREVER, 100, LOG), "key_compromised"),
    ],
)
def test_k14_the_times_of_a_key_are_looked_at_before_its_purposes(record, fault):
    assert record.fault_at(100, KeyPurpose.ATTEST) == fault


def test_a_key_that_may_do_one_of_two_things_counts_for_either():
    record = KeyRecord(0, FOREVER, 0, LOG)
    assert record.fault_at(100, LOG | KeyPurpose.ATTEST) is None


@pytest.mark.parametrize(
    ("record", "time", "over"),
    [
        (KeyRecord(10, 20, 0, LOG), 5, False),
        (KeyRecord(10, 20, 0, LOG), 19, False),
        (KeyRecord(10, 20, 0, LOG), 20, True),
        (KeyRecord(10, 20, 15, LOG), 14, False),
        (KeyRecord(10, 20, 15, LOG), 15, True),
        (KeyRecord(0, 0, 0, LOG), 1, True),
    ],
)
def test_l2_a_key_is_over_when_it_ended_or_was_marked_and_not_before_it_begins(record, time, over):
    assert record.is_over_at(time) is over
