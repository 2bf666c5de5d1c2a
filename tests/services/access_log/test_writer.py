"""Writing rows: a chain of leaves, sealed under the key of the firm that they are about."""

import pytest
from sqlalchemy import select

from api.services.access_log.writer import AccessEntry, AccessLog
from api.storage import table
from ledger_node.domain.access import NO_HEAD, next_head


@pytest.fixture
def rows(instance):
    def read():
        with instance.store.connect() as connection:
            return connection.execute(select(table.access_row).order_by(table.access_row.c.number)).all()

    return read


def test_rows_are_a_chain_in_their_order(instance, firm, write, rows):
    for _ in range(3):
        write(firm.subject)
        instance.chain.pass_time(1)
    head = NO_HEAD
    for row in rows():
        head = next_head(head, row.leaf)
        assert row.head == head
    assert [row.time for row in rows()] == sorted(row.time for row in rows())


def test_a_row_is_no_older_than_the_one_before_it(instance, firm, write, rows):
    write(firm.subject)
    instance.chain.now -= 100
    write(firm.subject)
    assert rows()[0].time == rows()[1].time


def test_a_row_hangs_on_the_key_of_its_firm_and_one_of_nobody_on_another(instance, firm, write, rows):
    write(firm.subject)
    write(None)
    write(b"x" * 32)
    mine, nobodys, unknown = (row.data_key for row in rows())
    assert [mine] == instance.key_ids_of(firm.subject)
    assert mine != nobodys == unknown


def test_an_entry_that_cannot_be_written_keeps_no_other_back(log, asked, rows):
    assert type(log) is AccessLog

    def broken():
        raise ValueError("odd")

    entries = [AccessEntry([asked(None)]) for _ in range(2)]
    entries.insert(1, AccessEntry([asked(None)], answer=broken))
    assert [type(one) for one in log.write_all(entries)] == [type(None), ValueError, type(None)]
    assert len(rows()) == 2
