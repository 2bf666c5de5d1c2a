"""Evidence at rest: stored with the rows of its answer or not at all, and gone with any key that it hangs on."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from api.services.access_log.writer import AccessEntry, AccessLog, AskedRow
from api.services.evidence.store import EvidenceReader, seal_evidence
from api.storage import table
from api.storage.database import open_store
from api.vault.cipher import KeyEncryptionKey, KeyRing, VaultKey
from api.vault.department import Department
from api.vault.key_ledger import open_key_ledger
from ledger_node.domain.access import AccessRow
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.proof import Outcome
from ledger_node.domain.signature import SigningKey
from ledger_node.randomness import random_bytes

BANK, OTHER = random_bytes(32), random_bytes(32)
BUNDLE = b'{"format":"credence-evidence/v1"}' * 300


class Vault:
    """A store with two departments, and a data key of each."""

    def __init__(self, folder):
        self.store = open_store(folder / "store.sqlite3")
        self.departments = {
            member: Department(member, name, SigningKey(random_bytes(32)), KeyEncryptionKey(random_bytes(32)), True)
            for member, name in ((b"\x01" * 32, "one"), (b"\x02" * 32, "two"))
        }
        self.ledger = open_key_ledger(folder / "keys.sqlite3", self.store)
        self.log = AccessLog(self.store, self.ledger, next(iter(self.departments.values())), lambda: 5)
        self.reader = EvidenceReader(
            self.store, KeyRing(self.ledger, {member: one.kek for member, one in self.departments.items()})
        )
        self.keys = [self.new_key(member) for member in self.departments]

    def new_key(self, member):
        key_id = random_bytes(16)
        key, wrapped = self.departments[member].kek.new_data_key()
        self.ledger.put({key_id: wrapped})
        return VaultKey(member, key_id, key)

    def seal(self, use, bundle=BUNDLE):
        return seal_evidence(bundle, digest=bytes(32), use=use, bank=BANK, keys=self.keys)

    def write(self, use, bundle=BUNDLE):
        self.log.write(AccessEntry([row(use)], evidence=self.seal(use, bundle)))

    def forget(self, key):
        self.ledger.delete([key.id])

    def count(self, which):
        with self.store.connect() as connection:
            return connection.execute(select(func.count()).select_from(which)).scalar_one()


def row(use):
    return AskedRow(
        None,
        AccessRow(
            time=0,
            bank=BANK,
            operator=None,
            consent=bytes(32),
            purpose=None,
            question="a question",
            verdict=Outcome.HOLDS,
            reason=None,
            use=use,
        ),
    )


@pytest.fixture
def vault(tmp_path):
    made = Vault(tmp_path)
    yield made
    made.store.dispose()
    made.ledger.dispose()


def refusal(vault, bank, use):
    with pytest.raises(InvalidInputError) as refused:
        vault.reader.of_bank(bank, use)
    return refused.value.reason


def test_what_is_stored_comes_back_byte_for_byte_without_any_node(vault):
    uses = [random_bytes(32) for _ in range(3)]
    for number, use in enumerate(uses):
        vault.write(use, BUNDLE + bytes([number]))
    for number, use in enumerate(uses):
        assert vault.reader.of_bank(BANK, use) == BUNDLE + bytes([number])


def test_another_bank_and_an_unknown_use_are_the_same(vault):
    use = random_bytes(32)
    vault.write(use)
    assert refusal(vault, OTHER, use) == refusal(vault, BANK, random_bytes(32)) == "not_found"
    assert [vault.reader.has(bank, use) for bank in (BANK, OTHER)] == [True, False]


@pytest.mark.parametrize("which", [0, 1])
def test_d2_without_any_one_of_its_keys_it_is_erased(vault, which):
    use = random_bytes(32)
    vault.write(use)
    vault.forget(vault.keys[which])
    assert refusal(vault, BANK, use) == "erased"
    # for another bank it still does not exist
    assert refusal(vault, OTHER, use) == "not_found"


def test_d2_no_key_that_is_left_opens_it(vault):
    use = random_bytes(32)
    vault.write(use)
    vault.forget(vault.keys[0])
    # an attacker with the store and all keys that are left puts another key in the place of the erased one
    key, wrapped = vault.departments[vault.keys[0].member].kek.new_data_key()
    assert key != vault.keys[0].key
    vault.ledger.put({vault.keys[0].id: wrapped})
    with pytest.raises(CredenceError) as refused:
        vault.reader.of_bank(BANK, use)
    assert refused.value.reason == "internal"


def test_d1_the_sealed_form_shows_nothing_and_has_no_key_in_its_words(vault):
    use = random_bytes(32)
    sealed = vault.seal(use)
    assert BUNDLE[:16] not in sealed.sealed
    for key in vault.keys:
        assert key.key not in sealed.sealed
        assert key.key.hex() not in repr(key)
    assert sealed.sealed.hex()[:16] not in repr(sealed)


def test_a_row_is_not_stored_without_the_evidence_of_its_answer(vault):
    use = random_bytes(32)
    vault.write(use)
    of_no_bank = replace(vault.seal(use), bank=None)
    with pytest.raises(IntegrityError):
        vault.log.write(AccessEntry([row(use)], evidence=of_no_bank))
    assert (vault.count(table.access_row), vault.count(table.evidence)) == (1, 1)


def test_a_use_that_is_answered_again_has_the_evidence_of_its_newest_answer(vault):
    use = random_bytes(32)
    vault.write(use, b"first")
    vault.write(use, b"newest")
    assert vault.reader.of_bank(BANK, use) == b"newest"
    assert (vault.count(table.access_row), vault.count(table.evidence)) == (2, 1)


def test_answers_of_banks_that_come_together_are_stored_together_each_with_its_own(vault):
    uses = [random_bytes(32) for _ in range(40)]
    threads = [threading.Thread(target=vault.write, args=(use, use * 9)) for use in uses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert vault.count(table.access_row) == len(uses)
    assert [vault.reader.of_bank(BANK, use) for use in uses] == [use * 9 for use in uses]
