"""Reading the log: each party its own rows, which check against the ledger."""

import pytest

from api.client.access import check_rows
from api.services.access_log.reader import AccessReader
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, RELAYER, refused


@pytest.fixture
def rows(reader):
    assert type(reader) is AccessReader
    return lambda subject, **options: reader.of_subject(subject, **({"after": None, "limit": 10} | options))


def test_a_subject_reads_its_own_rows_and_checks_them(instance, firm, write, intervals, rows):
    consent, use, other = random_bytes(32), random_bytes(32), instance.new_firm()
    write(firm.subject, consent, use)
    write(other.subject)
    intervals.beat()
    (checked,) = check_rows(
        rows(firm.subject), instance.ledger, keeper=RELAYER, is_mine=lambda row: row.consent == consent
    )
    assert (checked.row.use, checked.row.bank, checked.place.checkpoint.number) == (use, BANK, 1)
    assert len(rows(other.subject)) == 1
    assert rows(random_bytes(32)) == []


def test_a_bank_reads_what_it_asked_also_of_nobody(reader, firm, write):
    write(firm.subject)
    write(None)
    write(firm.subject, bank=random_bytes(32))
    found = reader.of_bank(BANK, after=None, limit=10)
    assert [one["place"] for one in found] == [None, None]
    assert all(one["row"]["bank"] == f"0x{BANK.hex()}" for one in found)


def test_rows_go_on_behind_a_leaf_of_ones_own(instance, firm, write, rows):
    for _ in range(3):
        write(firm.subject)
    listed = rows(firm.subject)
    leaves = [from_hex(one["leaf"], "leaf") for one in listed]
    assert rows(firm.subject, limit=2) == listed[:2]
    assert rows(firm.subject, after=leaves[1]) == listed[2:]
    assert refused(rows, instance.new_firm().subject, after=leaves[0]) is Reason.NOT_FOUND


def test_a_row_whose_key_is_erased_shows_its_leaf_only(instance, firm, write, intervals, rows):
    write(firm.subject)
    intervals.beat()
    (before,) = rows(firm.subject)
    instance.keys.erase(instance.key_ids_of(firm.subject))
    (after,) = rows(firm.subject)
    assert (after["leaf"], after["row"], after["salt"]) == (before["leaf"], None, None)
    assert after["place"] == before["place"]


def test_the_questions_of_one_use_are_one_look(instance, reader, firm, write):
    use = random_bytes(32)
    for _ in range(2):
        write(firm.subject, random_bytes(32), use)
    write(firm.subject)
    write(None)
    assert reader.count_of_subject(firm.subject, since=instance.now() - 60) == 2
    assert reader.count_of_subject(firm.subject, since=instance.now() + 60) == 0
    assert reader.count_of_subject(instance.new_firm().subject, since=0) == 0
