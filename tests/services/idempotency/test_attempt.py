"""Kept answers: those of a group are stored together or not at all, in a file and in PostgreSQL."""

import pytest
from sqlalchemy import insert, select

from api.services.idempotency.attempt import SealedResponse, store_responses
from api.storage import table
from api.storage.database import open_store
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

ME, OTHER = b"m" * 16, b"o" * 16
CALL = table.idempotent_call.c


@pytest.fixture
def store(tmp_path, database_url):
    made = open_store(tmp_path / "store.sqlite3", url=database_url)
    with made.begin() as connection:
        connection.execute(insert(table.idempotent_call), [claimed(number) for number in range(6)])
    yield made
    made.dispose()


def claimed(number, owner=ME):
    return {
        "id": bytes([number]) * 32,
        "route": b"r" * 32,
        "seed": b"s" * 32,
        "owner": owner,
        "lease_until": 100,
        "expires_at": 1_000,
    }


def answer(number, *, owner=ME, body=None):
    return SealedResponse(bytes([number]) * 32, owner, b"f" * 32, b"keys", b"sealed %d" % number, body)


def stored(store):
    with store.connect() as connection:
        rows = connection.execute(select(CALL.sealed, CALL.body).where(CALL.answered == 1).order_by(CALL.id))
        return [(row.sealed, row.body) for row in rows]


def test_answers_of_a_group_are_stored_together_streamed_ones_with_the_digest_of_their_body(store):
    with store.begin() as connection:
        store_responses(connection, [answer(0), answer(1, body=b"d" * 32), answer(2)])
        store_responses(connection, [])
    assert stored(store) == [(b"sealed 0", None), (b"sealed 1", b"d" * 32), (b"sealed 2", None)]


@pytest.mark.parametrize(
    "taken_over", [answer(2, owner=OTHER), answer(0), answer(9), answer(2, owner=OTHER, body=b"d")]
)
def test_n1_nothing_stands_when_another_process_took_one_of_the_calls_over(store, taken_over):
    with store.begin() as connection:
        store_responses(connection, [answer(0)])
    with pytest.raises(InvalidInputError) as refused, store.begin() as connection:
        store_responses(connection, [answer(1), taken_over, answer(3)])
    assert refused.value.reason is Reason.IDEMPOTENCY_IN_PROGRESS
    assert stored(store) == [(b"sealed 0", None)]
