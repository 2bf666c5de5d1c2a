"""Seeds of spend keys that banks hand over: sealed, each for its bank alone, and gone for good when taken back."""

from dataclasses import replace

import pytest
from sqlalchemy import insert, select

from api.services.consent.spend_seed import KeylessRequest, SpendSeeds
from api.storage import table
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import SpendSeed
from tests.kit.small_instance import ANSWER_KEY, BANK, STRANGER, refused

SEED, OTHER = SpendSeed(b"\xa5" * 32), SpendSeed(b"\x5a" * 32)


@pytest.fixture
def seeds(instance):
    assert type(instance.spend_seeds) is SpendSeeds
    return instance.spend_seeds


def rows(instance):
    return instance.store.rows(select(table.spend_seed))


def test_a_seed_is_held_for_its_bank_alone_until_it_is_taken_back(seeds):
    assert (seeds.find(BANK), seeds.is_held(BANK)) == (None, False)
    seeds.hand_over(BANK, SEED)
    assert (seeds.find(BANK), seeds.is_held(BANK)) == (SEED, True)
    assert seeds.find(STRANGER) is None
    seeds.take_back(STRANGER)
    seeds.hand_over(BANK, OTHER)
    assert seeds.find(BANK) == OTHER
    seeds.take_back(BANK)
    assert (seeds.find(BANK), seeds.is_held(BANK)) == (None, False)


def test_a_seed_lies_sealed_and_no_file_holds_it(instance, seeds, tmp_path):
    seeds.hand_over(BANK, SEED)
    (row,) = rows(instance)
    assert SEED.secret not in row.sealed
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(SEED.secret in content or SEED.secret.hex().encode() in content for content in files)
    assert SEED.secret.hex() not in repr((SEED, seeds, row))
    assert repr(SEED.secret) not in repr((SEED, seeds))


def test_what_is_sealed_for_one_bank_opens_for_no_other(instance, seeds):
    seeds.hand_over(BANK, SEED)
    (row,) = rows(instance)
    instance.store.write(insert(table.spend_seed).values(bank=STRANGER, data_key=row.data_key, sealed=row.sealed))
    assert refused(seeds.find, STRANGER) is Reason.INTERNAL


@pytest.mark.parametrize("change", ["taken back", "replaced"])
def test_a_copy_of_the_store_brings_no_seed_back(instance, seeds, change):
    seeds.hand_over(BANK, SEED)
    (row,) = rows(instance)
    if change == "replaced":
        seeds.hand_over(BANK, OTHER)
    seeds.take_back(BANK)
    instance.store.write(insert(table.spend_seed).values(bank=BANK, data_key=row.data_key, sealed=row.sealed))
    assert seeds.find(BANK) is None
    # and no copy of the key ledger does
    assert instance.keys.erased([row.data_key]) == {row.data_key}
    assert refused(instance.keys.put, {row.data_key: b"w" * 60}) is Reason.ERASED


def test_a_request_without_spend_key_gets_that_of_the_seed(instance, firm, seeds):
    asked = instance.asked(firm)
    with pytest.raises(InvalidInputError) as missing:
        seeds.with_spend_key(KeylessRequest(asked), BANK)
    assert (missing.value.reason, missing.value.field) == (Reason.FIELD_MISSING, "spend_key")
    seeds.hand_over(BANK, SEED)
    assert seeds.with_spend_key(asked, BANK) == asked
    whole = seeds.with_spend_key(KeylessRequest(asked), BANK)
    assert whole == replace(asked, spend_key=address_of(SEED.spend_key(asked.salt)))
    assert seeds.with_spend_key(KeylessRequest(asked), BANK) == whole
    held = instance.requests.ask(whole, ANSWER_KEY, bank=BANK, now=instance.now())
    assert held.asked.spend_key == whole.spend_key


def test_a_seed_of_another_bank_asks_for_nobody_else(instance, firm, seeds):
    seeds.hand_over(STRANGER, OTHER)
    assert refused(seeds.with_spend_key, KeylessRequest(instance.asked(firm)), BANK) is Reason.FIELD_MISSING
    assert refused(seeds.require, BANK, "use") is Reason.FIELD_MISSING
