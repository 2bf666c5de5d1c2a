"""F3: what is kept of an erased firm, and what an older copy of the store is told of it."""

import pytest
from sqlalchemy import create_engine, insert, select

from api.services.attestation.erased_subject import erased_among, mark_erased, mark_restored, mark_unreadable
from api.storage import table

TAX, OTHER = b"t" * 32, b"o" * 32
FIRMS = [bytes([number]) * 32 for number in range(6)]


class Keys:
    """A key ledger that holds these keys."""

    def __init__(self, *held):
        self._held = set(held)

    def held(self, ids):
        return {one for one in ids if one in self._held}


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    table.metadata.create_all(engine)
    with engine.begin() as made:
        yield made
    engine.dispose()


def attested(connection, index, key, *, schema="tax_payment", member=TAX, live=1):
    digest = bytes([len(connection.execute(select(table.attestation.c.digest)).all())]) + key[1:] + index[:16]
    row = dict.fromkeys(
        ("row_tag", "fields_root", "subject_tag", "supersedes", "sealed", "path", "schema_id", "kind_index"), b""
    )
    row |= dict.fromkeys(("period_first", "period_last", "as_of", "newest_as_of", "issued_at", "valid_until"), 0)
    row |= {"digest": digest, "member": member, "schema": schema, "subject_index": index, "data_key": key}
    connection.execute(insert(table.attestation).values(**row, batch=1, leaf=0, live=live))


def erased(connection, schema="tax_payment", member=TAX, firms=(FIRMS[0],)):
    found = erased_among(connection, member, schema, firms)
    return [found.get(firm) for firm in firms]


def test_f3_a_firm_that_nobody_erased_is_not_known(connection):
    assert erased(connection) == [None]
    assert connection.execute(select(table.erased_subject)).all() == []


def test_f3_an_erasure_of_all_types_is_one_of_each(connection):
    mark_erased(connection, TAX, FIRMS[0], None)
    assert erased(connection) == erased(connection, "penalty_summary") == [True]
    assert erased(connection, member=OTHER) == [None]
    mark_restored(connection, TAX, [FIRMS[0]], "tax_payment")
    assert (erased(connection), erased(connection, "penalty_summary")) == ([False], [True])
    mark_erased(connection, TAX, FIRMS[0], None)
    assert erased(connection) == [True]


def test_f3_an_erasure_of_one_type_is_of_that_type(connection):
    mark_erased(connection, TAX, FIRMS[0], "tax_payment")
    mark_erased(connection, TAX, FIRMS[0], "tax_payment")
    assert (erased(connection), erased(connection, "penalty_summary")) == ([True], [None])


def test_f3_many_firms_are_looked_up_at_once(connection):
    firms = [number.to_bytes(32, "big") for number in range(1201)]
    for firm in firms[::400]:
        mark_erased(connection, TAX, firm, None)
    assert erased(connection, firms=firms) == [True if number % 400 == 0 else None for number in range(1201)]


def test_f3_an_older_copy_of_the_store_learns_what_was_erased_since(connection):
    held, gone, other, restored, old = FIRMS[1:6]
    attested(connection, held, b"a" * 16)
    attested(connection, gone, b"b" * 16)
    attested(connection, gone, b"c" * 16, schema="tax_credit_rating")
    attested(connection, other, b"d" * 16, member=OTHER)
    attested(connection, restored, b"e" * 16)
    attested(connection, old, b"f" * 16, live=0)
    mark_restored(connection, TAX, [restored], "tax_payment")
    mark_unreadable(connection, Keys(b"a" * 16, b"c" * 16))
    assert erased(connection, firms=(held, gone, restored, old)) == [None, True, False, None]
    assert erased(connection, "tax_credit_rating", firms=(gone,)) == [None]
    assert erased(connection, member=OTHER, firms=(other,)) == [True]


def test_f3_what_is_kept_of_an_erased_firm_is_its_index_and_the_type_alone(connection):
    mark_erased(connection, TAX, FIRMS[0], None)
    (row,) = connection.execute(select(table.erased_subject)).all()
    assert row._asdict() == {"member": TAX, "subject_index": FIRMS[0], "schema": "", "restored": 0}
