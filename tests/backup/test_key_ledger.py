"""The key ledger: apart from the store, deleted to the last byte, copied once, in step whoever is killed when."""

import json
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from api.catalogue.datatype import data_types
from api.catalogue.synthetic import credit_code
from api.home.home import Home
from api.ingestion.reader import Format, read_rows
from api.instance.embedded import found_instance
from api.instance.wiring import open_instance
from api.services.idempotency.attempt import Call, StoredResponse, store_responses
from api.storage import table
from api.storage.database import open_store
from api.vault.key_copy import MAC_LABEL, KeyCopy, read_key_copy
from api.vault.key_ledger import open_key_ledger
from api.vault.key_removal import KeyRemovals
from api.vault.quarantine import Quarantine, QuarantineState
from ledger_node import clock
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import day_in_china
from ledger_node.randomness import random_bytes
from tests.kit.clock import AheadNode
from tests.kit.served import write_rows

MAC = random_bytes(32)


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def store(tmp_path):
    made = open_store(tmp_path / "store.sqlite3")
    yield made
    made.dispose()


@pytest.fixture
def ledger(tmp_path, store):
    made = open_key_ledger(tmp_path / "keys.sqlite3", store)
    yield made
    made.dispose()


def some_keys(count=3):
    return {random_bytes(16): random_bytes(60) for _ in range(count)}


def bytes_on_disk(folder):
    return b"".join(path.read_bytes() for path in folder.glob("keys.sqlite3*"))


def test_keys_come_back_by_their_ids_and_only_those_that_there_are(ledger):
    keys = some_keys(1200)
    ledger.put(keys)
    assert ledger.get([*keys, random_bytes(16)]) == keys
    assert ledger.get([]) == {}


def test_d2_what_is_deleted_is_in_no_file_of_the_ledger_any_more(ledger, tmp_path):
    keys = some_keys(600)
    ledger.put(keys)
    gone = list(keys)[100:500]
    assert all(keys[one] in bytes_on_disk(tmp_path) for one in gone)
    ledger.delete(gone)
    left = bytes_on_disk(tmp_path)
    assert not any(keys[one] in left or one in left for one in gone)
    assert ledger.get(keys) == {one: keys[one] for one in keys if one not in gone}


def test_d2_while_somebody_reads_an_old_state_for_long_a_deletion_is_not_said_to_be_done(
    ledger, store, tmp_path, monkeypatch
):
    monkeypatch.setattr("api.storage.sqlite._PRAGMAS", ("journal_mode=WAL", "secure_delete=ON", "busy_timeout=50"))
    impatient = open_key_ledger(tmp_path / "keys.sqlite3", store)
    keys = some_keys()
    impatient.put(keys)
    with ledger.snapshot():
        with pytest.raises(CredenceError) as refused:
            impatient.delete(keys)
        assert refused.value.reason == "key_ledger_busy"
    impatient.delete(keys)
    impatient.dispose()


def test_a_key_that_two_ask_for_at_once_is_one_key(ledger):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(ledger.ensure(b"own access rows.", random_bytes(60))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.usefixtures("ledger")
def test_a_store_takes_no_other_key_ledger_than_its_own(tmp_path, store):
    other_store = open_store(tmp_path / "other.sqlite3")
    open_key_ledger(tmp_path / "other-keys.sqlite3", other_store).dispose()
    for path in ("other-keys.sqlite3", "none.sqlite3"):
        with pytest.raises(InvalidInputError) as refused:
            open_key_ledger(tmp_path / path, store)
        assert refused.value.reason == "key_ledger_mismatch"
    other_store.dispose()


def test_the_copy_holds_what_the_ledger_holds_and_no_old_state_is_left_of_it(ledger, tmp_path):
    keys = some_keys(50)
    ledger.put(keys)
    copy = KeyCopy(tmp_path / "copy", ledger, MAC)
    copy.refresh()
    before = (tmp_path / "copy").open("rb")
    gone = next(iter(keys))
    ledger.delete([gone])
    copy.refresh()
    read = read_key_copy(tmp_path / "copy", MAC)
    assert {one: wrapped for one, wrapped, _ in read.rows()} == {one: keys[one] for one in keys if one != gone}
    assert (read.lines, list(read.erased())) == (49, [])
    with before:
        # whoever still holds the replaced file open, or finds its blocks, finds zeros
        assert set(before.read()) == {0}


@pytest.mark.parametrize("harm", ["cut", "line lost", "key changed", "other passphrase", "empty", "newer"])
def test_a_copy_that_is_not_whole_is_none(ledger, tmp_path, harm):
    ledger.put(some_keys(5))
    path = tmp_path / "copy"
    KeyCopy(path, ledger, MAC).refresh()
    lines = path.read_bytes().splitlines(keepends=True)
    match harm:
        case "cut":
            path.write_bytes(b"".join(lines)[:-20])
        case "line lost":
            path.write_bytes(b"".join(lines[:2] + lines[3:]))
        case "key changed":
            path.write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))
        case "empty":
            path.write_bytes(b"")
        case "newer":
            head = json.loads(lines[0]) | {"format": "credence-keys/3"}
            path.write_bytes(b"".join([json.dumps(head).encode() + b"\n", *lines[1:]]))
    with pytest.raises(InvalidInputError) as refused:
        read_key_copy(path, random_bytes(32) if harm == "other passphrase" else MAC)
    assert refused.value.reason == ("backup_newer_format" if harm == "newer" else "key_copy_malformed")


def test_a_removal_that_was_noted_is_done_by_whoever_comes_next(ledger, store):
    keys = some_keys()
    ledger.put(keys)
    copied = []
    with store.begin() as connection:
        KeyRemovals.schedule(connection, keys, erases=True)
        KeyRemovals.schedule(connection, keys)
    # the process died here
    KeyRemovals(store, ledger, lambda: copied.append(ledger.get(keys))).finish()
    assert copied == [{}]
    with store.connect() as connection:
        assert connection.execute(select(table.key_removal)).all() == []


def test_keys_of_uploads_do_not_make_the_copy_follow_every_time(ledger, store):
    keys = some_keys()
    ledger.put(keys)
    removals = KeyRemovals(store, ledger, lambda: pytest.fail("the copy was refreshed"))
    with removals.removing() as connection:
        removals.schedule(connection, keys)
    assert ledger.get(keys) == {}


def test_a_copy_that_cannot_be_written_keeps_the_note_and_the_answer_back(ledger, store, tmp_path):
    keys = some_keys()
    ledger.put(keys)
    copy = KeyCopy(tmp_path / "unmounted" / "copy", ledger, MAC)
    removals = KeyRemovals(store, ledger, copy.refresh)
    with pytest.raises(CredenceError) as refused, removals.removing() as connection:
        removals.schedule(connection, keys, erases=True)
    assert refused.value.reason == "key_copy_failed"
    (tmp_path / "unmounted").mkdir()
    removals.finish()
    read = read_key_copy(tmp_path / "unmounted" / "copy", MAC)
    assert (list(read.rows()), set(read.erased())) == ([], set(keys))


class Instance:
    """An instance that is not served, with a copy of its keys."""

    def __init__(self, folder):
        home = Home(folder / "credence")
        found_instance(home)
        self.node = AheadNode(home)
        self.home = home
        self.path = folder / "keys.copy"
        self.all = open_instance(home, [self.node.url], processes=1, keys_copy=self.path)
        (self.department,) = (one for one in self.all.departments.values() if "tax" in one.name)
        self._firms = iter(range(10**6))

    def attest(self):
        """Attest to a firm of its own; return its code and the id of its data key."""
        code = credit_code(next(self._firms), 9)
        data_type = data_types()["tax_credit_rating"]
        file = write_rows(self.path.with_name("rows.csv"), data_type.schema.name, [(code, {})])
        rows = list(
            read_rows(data_type, Format.CSV, lambda: iter([file.read_bytes()]), today=day_in_china(clock.now()))
        )
        (digest,) = self.all.issuers[self.department.member].issue(data_type, rows, now=clock.now())
        with self.all.store.connect() as connection:
            held = table.attestation.c
            key = connection.execute(select(held.data_key).where(held.digest == digest)).scalar_one()
        assert self.all.keys.get([key])
        return code, key

    def copied(self):
        read = read_key_copy(self.path, self.home.derived_key(MAC_LABEL))
        return {key_id: wrapped for key_id, wrapped, _ in read.rows()}


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    made = Instance(tmp_path_factory.mktemp("erasing"))
    yield made
    made.all.store.dispose()
    made.all.keys.dispose()
    made.node.stop()


def killing(monkeypatch, target, name, *, done):
    real = getattr(target, name)

    def killed(*arguments, **options):
        if done:
            real(*arguments, **options)
        raise Killed

    monkeypatch.setattr(target, name, killed)


POINTS = {
    "before it is revoked": ("ledger", "change_status", False),
    "revoked and not noted": ("ledger", "change_status", True),
    "noted and nothing deleted": ("keys", "erase", False),
    "deleted and not copied": ("keys", "erase", True),
    "copied and not closed": ("copy", "refresh", True),
}


@pytest.mark.parametrize("again", ["next start", "asked again"])
@pytest.mark.parametrize("point", POINTS)
def test_n1_d2_an_erasure_that_was_killed_is_finished_and_no_answer_leaves_before(instance, monkeypatch, point, again):
    code, key = instance.attest()
    instance.all.removals.finish(refresh=True)
    assert key in instance.copied()
    kept = []
    call = Call(b"caller", random_bytes(8).hex(), b"POST /v1/erasures", b"body")
    (attempt,) = instance.all.calls.lease_all([call], clock.now())

    def erase(attempt):
        def keep(connection, erased):
            kept.append(erased.attestations)
            store_responses(connection, [instance.all.calls.seal(attempt, StoredResponse(200, [], b"erased"))])

        return instance.all.erasures.erase(
            instance.department.member, credit_code=code, schema=None, store_response=keep
        )

    with monkeypatch.context() as patched:
        where, name, done = POINTS[point]
        target = {"ledger": instance.all.ledger, "keys": instance.all.keys}.get(where)
        if target is None:
            real = instance.all.removals._refresh_copy

            def refresh():
                real()
                raise Killed

            patched.setattr(instance.all.removals, "_refresh_copy", refresh)
        else:
            killing(patched, target, name, done=done)
        with pytest.raises(Killed):
            erase(attempt)
    instance.all.calls.release(attempt)
    if again == "next start":
        instance.all.removals.finish(refresh=True)
    was_noted = where != "ledger"
    assert (len(kept) == 1) == was_noted
    (found,) = instance.all.calls.lease_all([call], clock.now())
    if was_noted:
        # the answer that was kept, and by the time that it is given the keys are gone everywhere
        assert isinstance(found, StoredResponse)
    else:
        erase(found)
    assert instance.all.keys.get([key]) == {}
    assert key not in instance.copied()
    with instance.all.store.connect() as connection:
        assert connection.execute(select(table.key_removal)).all() == []
    with pytest.raises(InvalidInputError) as refused:
        erase(found)
    assert refused.value.reason == "not_found"


@pytest.mark.parametrize("change", ["PUT", "DELETE"])
def test_l5_a_webhook_that_changes_closes_no_erasure_before_the_copy_has_followed(instance, monkeypatch, change):
    """The note of somebody's erasure is open while a bank changes its endpoint: who closes it refreshes the copy."""
    webhooks, bank = instance.all.webhooks, random_bytes(32)
    monkeypatch.setattr(webhooks, "_resolve", lambda *_: ["93.184.216.34"])
    webhooks.register(bank, "https://bank.example/credence")
    _, key = instance.attest()
    instance.all.removals.finish(refresh=True)
    assert key in instance.copied()
    with instance.all.store.begin() as connection:
        KeyRemovals.schedule(connection, [key], erases=True)
    if change == "PUT":
        webhooks.register(bank, "https://bank.example/other")
    else:
        webhooks.remove(bank)
    assert instance.all.keys.get([key]) == {}
    assert key not in instance.copied()
    with instance.all.store.connect() as connection:
        assert connection.execute(select(table.key_removal)).all() == []


def test_l5_a_copy_that_cannot_be_written_keeps_the_note_open_whoever_changes_a_webhook(instance, monkeypatch):
    webhooks, bank = instance.all.webhooks, random_bytes(32)
    monkeypatch.setattr(webhooks, "_resolve", lambda *_: ["93.184.216.34"])
    webhooks.register(bank, "https://bank.example/credence")
    _, key = instance.attest()
    instance.all.removals.finish(refresh=True)
    with instance.all.store.begin() as connection:
        KeyRemovals.schedule(connection, [key], erases=True)

    def refused():
        raise CredenceError(Reason.KEY_COPY_FAILED, "the disk is away")

    with monkeypatch.context() as patched:
        patched.setattr(instance.all.removals, "_refresh_copy", refused)
        with pytest.raises(CredenceError) as failed:
            webhooks.remove(bank)
    assert failed.value.reason is Reason.KEY_COPY_FAILED
    with instance.all.store.connect() as connection:
        assert key in connection.execute(select(table.key_removal.c.id)).scalars().all()
    assert key in instance.copied()
    instance.all.removals.finish()
    assert key not in instance.copied()


def test_l5_one_service_removes_keys_for_all(instance):
    """A second one would know nothing of the copy."""
    services = [value for value in vars(instance.all).values() if hasattr(value, "_removals")]
    assert {type(service).__name__ for service in services} >= {
        "ErasureService",
        "JobWorker",
        "Webhooks",
    }
    assert all(service._removals is instance.all.removals for service in services)


def test_l1_a_key_that_was_erased_leaves_a_tombstone_and_never_comes_back(ledger, store, tmp_path):
    keys = some_keys(600)
    ledger.put(keys)
    removals = KeyRemovals(store, ledger)
    gone = list(keys)[:550]
    with removals.removing() as connection:
        removals.schedule(connection, gone, erases=True)
    assert ledger.erased(keys) == set(gone)
    left = bytes_on_disk(tmp_path)
    assert not any(keys[one] in left for one in gone)
    with pytest.raises(InvalidInputError) as refused:
        ledger.put({random_bytes(16): b"new", gone[0]: keys[gone[0]]})
    assert refused.value.reason is Reason.ERASED
    assert ledger.held(keys) == set(keys) - set(gone)
    ledger.erase(gone)
    assert ledger.erased(keys) == set(gone)


def test_l1_a_key_in_quarantine_is_there_is_copied_and_opens_nothing(ledger, tmp_path):
    keys = some_keys(3)
    ledger.put(keys)
    hidden, other, free = keys
    found = Quarantine(0, random_bytes(32), random_bytes(32), 7, 1_800_000_000, random_bytes(20))
    assert ledger.quarantines.open(found, [hidden]).keys == 1
    # another change of the same transaction is one with it, and none counts twice
    opened = ledger.quarantines.open(found, [hidden, other])
    assert (opened.number, opened.keys, opened.state) == (1, 2, QuarantineState.OPEN)
    assert ledger.get(keys) == {free: keys[free]}
    assert ledger.held(keys) == set(keys)
    assert ledger.quarantines.hidden(keys) == {hidden, other}
    ledger.erase([other])
    assert ledger.quarantines.keys_of(1) == [hidden]
    KeyCopy(tmp_path / "copy", ledger, MAC).refresh()
    read = read_key_copy(tmp_path / "copy", MAC)
    assert list(read.rows()) == sorted([(hidden, keys[hidden], 1), (free, keys[free], None)])
    assert list(read.erased()) == [other]
    assert [(one.number, one.transaction, one.key) for one in read.quarantines] == [(1, found.transaction, found.key)]
    ledger.quarantines.close(1, QuarantineState.DISMISSED)
    # a change that is decided is not taken in again
    assert ledger.get(keys) == {hidden: keys[hidden], free: keys[free]}
    assert ledger.quarantines.open(found, [free]) is None
    assert ledger.quarantines.count_open() == 0


def test_k10_keys_that_are_released_open_again_and_the_last_one_ends_the_quarantine(ledger):
    keys = some_keys(3)
    ledger.put(keys)
    one, other, confirmed = keys
    found = Quarantine(0, random_bytes(32), random_bytes(32), 7, 1_800_000_000, random_bytes(20))
    ledger.quarantines.open(found, [one, other])
    ledger.quarantines.open(replace(found, transaction=random_bytes(32)), [confirmed])
    ledger.quarantines.close(2, QuarantineState.CONFIRMED)
    assert ledger.quarantines.release([one, confirmed, random_bytes(16)]) == 1
    assert ledger.get(keys) == {one: keys[one]}
    assert ledger.quarantines.named(1).state is QuarantineState.OPEN
    assert ledger.quarantines.release([one]) == 0
    assert ledger.quarantines.release([other]) == 1
    assert [held.state for held in ledger.quarantines.all()] == [QuarantineState.DISMISSED, QuarantineState.CONFIRMED]
    assert ledger.get(keys) == {one: keys[one], other: keys[other]}
