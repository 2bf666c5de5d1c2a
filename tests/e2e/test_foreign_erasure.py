"""L1: nothing is deleted on the ledger's word alone, whoever has a department's key and whenever it starts."""

import shutil

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from api.catalogue.synthetic import credit_code
from api.cli.main import app
from api.services.attestation.stored_attestation import AttestationQuery, UnsealedAttestation
from api.services.evidence.store import seal_evidence, store_evidence
from api.services.verification.attestation_finder import AttestationFinder
from api.storage import table
from api.vault.cipher import VaultKey
from api.vault.quarantine import QuarantineState
from ledger_node import clock
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import SUBJECT_REGISTRATION
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.status import Plane, StatusReason
from ledger_node.domain.subject import each_person
from ledger_node.randomness import random_bytes
from tests.kit.command import printed
from tests.kit.office import SCHEMA, TAX, Interrupted, Killed, Office, Thief
from tests.kit.signed_word import mark_of

REGISTRAR = "market-regulator"
MANY = 302


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    made = Office(tmp_path_factory.mktemp("foreign"))
    yield made
    made.close()


@pytest.fixture
def office(instance):
    """The instance in a life of its own, told of everything so far."""
    instance.start()
    instance.all.follower.catch_up()
    decided(instance)
    return instance


def credence(office, *arguments):
    done = CliRunner().invoke(app, ["store", "quarantine", *arguments, "--home", str(office.home.path), "--json"])
    assert done.exit_code == 0, done.output
    return printed(done)


def found(office, code, schema=SCHEMA):
    """Return what a search for a firm's attestation comes to: it itself, or the reason why there is none."""
    return found_of(
        office, office.all.subjects.register(code, each_person([address_of(b"\x01" * 32)]), 1, now=clock.now()), schema
    )


def found_of(office, registered, schema=SCHEMA):
    finder = AttestationFinder(
        office.all.store, office.all.keys, office.all.departments, office.all.ledger.anchor_domain
    )
    query = AttestationQuery(schema)
    (searched,) = finder.find([(registered, [query])])
    return searched.attestations[query]


def open_quarantines(office):
    return [one for one in office.all.keys.quarantines.all() if one.state is QuarantineState.OPEN and one.keys]


def decided(office):
    """Dismiss what is left of a test."""
    for one in open_quarantines(office):
        credence(office, "dismiss", str(one.number))


def test_l1_a_thief_who_calls_everything_erased_while_the_instance_is_down_deletes_no_key(office, caplog):
    """One status change over all positions and one junk batch: 302 of 302 keys are there, and issuing goes on."""
    rows = office.rows(MANY)
    digests = office.issue(rows)
    held = {one.data_key for one in office.attestations(digests).values()}
    before = office.key_ids()
    assert len(held & before) == MANY
    thief = Thief(office, TAX)
    revoked = thief.revoke_all()
    thief.anchor(supersedes=range(MANY))
    office.start()
    assert office.key_ids() == before
    assert office.all.keys.erased(before) == set()
    # they give no answers, and the operator is told
    assert office.all.keys.get(held) == {}
    (one,) = open_quarantines(office)
    assert (one.transaction, one.key) == (revoked.transaction, address_of(office.home.read_key(TAX)))
    assert f"quarantine {one.number}: block {one.block} calls" in caplog.text
    assert f"{office.all.keys.quarantines.count_open()}" == "1"
    (listed,) = [shown for shown in credence(office, "list")["quarantines"] if shown["state"] == "open"]
    assert (listed["number"], listed["keys"], listed["member"]) == (one.number, one.keys, "Demo tax bureau")
    # what was live stays live: an older attestation never answers in the place of a newer one
    assert all(row.live for row in office.attestations(digests).values())
    # another start takes nothing in twice
    office.start()
    assert [two.number for two in open_quarantines(office)] == [one.number]
    # the key is ended, a new one is registered, and issuing goes on behind the junk
    office.replace_key(TAX)
    office.start()
    fresh = office.rows(1)
    assert len(office.issue(fresh)) == 1
    assert office.batches()[-1].key == address_of(office.home.read_key(TAX))
    # dismissed: the keys are in use, and since the ledger takes no status back the same rows are news
    credence(office, "dismiss", str(one.number))
    assert set(office.all.keys.get(held)) == held
    assert open_quarantines(office) == []
    again = office.issue(rows)
    assert len(again) == MANY
    assert office.issue(rows) == []
    assert all(row.live for row in office.attestations(again).values())
    assert not any(row.live for row in office.attestations(digests).values())
    assert office.key_ids() >= before
    # what was decided stays decided
    office.start()
    assert open_quarantines(office) == []


def test_l1_what_is_in_quarantine_is_answered_with_a_reason_of_its_own_and_comes_back(office):
    (row,) = office.rows(1)
    (digest,) = office.issue([row])
    assert isinstance(found(office, row.credit_code), UnsealedAttestation)
    held = office.attestations([digest])[digest]
    key = office.issuer().department.kek.unwrap(office.all.keys.get([held.data_key])[held.data_key])
    use, bank = random_bytes(32), random_bytes(32)
    sealed = seal_evidence(
        b"bundle", digest=bytes(32), use=use, bank=bank, keys=[VaultKey(held.member, held.data_key, key)]
    )
    with office.all.store.begin() as connection:
        store_evidence(connection, [sealed])
    Thief(office, TAX).revoke_all()
    office.start()
    assert found(office, row.credit_code) is Reason.QUARANTINED
    with pytest.raises(InvalidInputError) as refused:
        office.all.evidence.of_bank(bank, use)
    assert refused.value.reason is Reason.QUARANTINED
    decided(office)
    assert isinstance(found(office, row.credit_code), UnsealedAttestation)
    assert office.all.evidence.of_bank(bank, use) == b"bundle"


def test_l1_a_change_that_is_confirmed_erases_everywhere_and_for_good(office):
    (row,) = office.rows(1)
    (digest,) = office.issue([row])
    key = office.attestations([digest])[digest].data_key
    before = office.key_ids()
    position = office.batches()[-1].start
    Thief(office, TAX).revoke([position])
    office.start()
    (one,) = open_quarantines(office)
    assert one.keys == 1
    credence(office, "confirm", str(one.number))
    # the command only notes it: who erases is the instance, which knows of the copy
    assert office.key_ids() == before
    office.all.removals.finish()
    assert office.key_ids() == before - {key}
    assert office.all.keys.erased([key]) == {key}
    assert found(office, row.credit_code) is Reason.ERASED
    assert key.hex() in office.copy.read_text()
    assert f'["{key.hex()}"]' in office.copy.read_text()
    assert office.all.keys.quarantines.named(one.number).state is QuarantineState.CONFIRMED
    for verb in ("confirm", "dismiss"):
        done = CliRunner().invoke(app, ["store", "quarantine", verb, str(one.number), "--home", str(office.home.path)])
        assert done.exit_code == 2
        assert "is confirmed already" in " ".join(done.stderr.split())


@pytest.mark.parametrize("when", ["marked before the start", "marked, and the junk supersedes too"])
def test_l1_a_change_under_a_compromised_key_counts_for_nothing(office, caplog, when):
    rows = office.rows(3)
    digests = office.issue(rows)
    held = {one.data_key for one in office.attestations(digests).values()}
    thief = Thief(office, TAX)
    stolen_at = office.all.ledger.head().time
    thief.revoke_all()
    if when != "marked before the start":
        thief.anchor(supersedes=range(thief.ledger.stream_head(thief.member, 0).total))
    office.replace_key(TAX, end=stolen_at)
    before = office.key_ids()
    office.start()
    assert office.key_ids() == before
    assert open_quarantines(office) == []
    assert set(office.all.keys.get(held)) == held
    assert "under a key that does not count (key_compromised): nothing is erased" in caplog.text
    assert all(row.live for row in office.attestations(digests).values())
    # the ledger holds them revoked, so nobody is told what they say until they are sent again
    assert len(office.issue(rows)) == 3
    assert office.issue(rows) == []


def test_l1_registrations_that_a_thief_revoked_are_made_anew_when_the_change_is_dismissed(office):
    key = address_of(b"\x05" * 32)
    code = credit_code(4711, 13)
    subject = office.all.subjects.register(code, each_person([key]), 1, now=clock.now())
    Thief(office, REGISTRAR).revoke_all()
    office.start()
    assert office.all.subjects.find(subject.id) is None
    assert office.all.subjects.why_unknown(subject.id) is Reason.QUARANTINED
    # whoever registers it again meanwhile changes nothing, and no start fails over it
    with pytest.raises(InvalidInputError) as refused:
        office.all.subjects.register(code, each_person([key]), 1, now=clock.now())
    assert refused.value.reason is Reason.QUARANTINED
    office.start()
    (one,) = open_quarantines(office)
    credence(office, "dismiss", str(one.number))
    office.start()
    again = office.all.subjects.find(subject.id)
    assert (again.id, again.credit_code) == (subject.id, code)
    assert again.registration != subject.registration
    renewed = office.attestations([again.registration])[again.registration]
    assert (renewed.schema, renewed.supersedes, renewed.live) == (SUBJECT_REGISTRATION, subject.registration, 1)
    (batch,) = [one for one in office.batches(REGISTRAR) if one.number == renewed.batch]
    position = batch.start + renewed.leaf
    status = office.status([position], REGISTRAR)
    assert not status[office.member(REGISTRAR), Plane.REVOKED, position // 256] >> position % 256 & 1


def test_l1_what_the_instance_ordered_itself_is_never_put_into_quarantine(office):
    (row,) = office.rows(1)
    (digest,) = office.issue([row])
    key = office.attestations([digest])[digest].data_key
    erasures, changes = office.all.erasures, office.issuer().status_changes
    changes._ledger = Interrupted(changes._ledger, "change_status", done=True, how=Killed())
    with pytest.raises(Killed):
        erasures.erase(office.member(TAX), credit_code=row.credit_code, schema=None)
    # revoked on the ledger, and the process ended before it noted which keys go: who asked asks again
    office.start()
    assert open_quarantines(office) == []
    assert office.all.keys.held([key]) == {key}
    office.all.erasures.erase(office.member(TAX), credit_code=row.credit_code, schema=None)
    assert office.all.keys.erased([key]) == {key}
    office.start()
    office.all.follower.catch_up()
    assert open_quarantines(office) == []


def test_l1_a_department_erases_what_is_in_quarantine_by_its_own_word(office):
    (row,) = office.rows(1)
    (digest,) = office.issue([row])
    key = office.attestations([digest])[digest].data_key
    Thief(office, TAX).revoke([office.batches()[-1].start])
    office.start()
    assert len(open_quarantines(office)) == 1
    erased = office.all.erasures.erase(office.member(TAX), credit_code=row.credit_code, schema=None)
    assert (erased.attestations, erased.mined) == ((digest,), None)
    assert office.all.keys.erased([key]) == {key}
    assert open_quarantines(office) == []


def test_l1_a_change_that_comes_while_the_instance_serves_is_put_into_quarantine_too(office):
    (row,) = office.rows(1)
    (digest,) = office.issue([row])
    key = office.attestations([digest])[digest].data_key
    Thief(office, TAX).revoke([office.batches()[-1].start])
    office.all.follower.catch_up()
    (one,) = open_quarantines(office)
    assert (one.keys, office.all.keys.get([key]), office.all.keys.held([key])) == (1, {}, {key})
    office.all.sampler.sample()
    assert office.all.sampler.last.quarantines == 1
    office.start()
    assert len(open_quarantines(office)) == 1
    decided(office)
    office.all.sampler.sample()
    assert office.all.sampler.last.quarantines == 0


def test_l1_a_change_that_comes_through_another_contract_names_who_signed_it_and_deletes_nothing(office):
    (row,) = office.rows(1)
    (digest,) = office.issue([row])
    key = office.attestations([digest])[digest].data_key
    thief = Thief(office, TAX)
    change, signature, words, masks = thief.signed([office.batches()[-1].start])
    what = (change.changes_digest, int(change.reason), change.deadline)
    fields = (change.member, change.number, int(change.plane), *what)
    sent = office.propose("AnchorRegistry", ("changeStatus", fields, signature, words, masks))
    office.start()
    (one,) = open_quarantines(office)
    assert (one.key, one.keys) == (address_of(office.home.read_key(TAX)), 1)
    assert one.transaction == sent.mined.transaction
    assert office.all.keys.held([key]) == {key}
    decided(office)


def test_k10_what_the_council_has_cleared_answers_again(office):
    (row,) = office.rows(1)
    (digest,) = office.issue([row])
    position, thief = office.batches()[-1].start, Thief(office, TAX)
    mined = thief.revoke([position])
    office.all.follower.catch_up()
    assert found(office, row.credit_code) is Reason.QUARANTINED
    (event,) = thief.ledger.events_between(mined.block.number, mined.block.number)
    mark = mark_of(event)
    office.replace_key(TAX, end=mined.block.time)
    fields = (mark.member, int(mark.plane), mark.number, mark.reason, mark.changes_digest, mark.marked_at)
    office.propose("AnchorRegistry", ("restore", (*fields, mark.actor, to_hex(mark.key)), mark.changes_digest))
    office.all.ledger.clear(mark, event.words, event.masks, event.masks)
    office.start()
    office.all.follower.catch_up()
    assert open_quarantines(office) == []
    shown = found(office, row.credit_code)
    assert (shown.header.digest, shown.position) == (digest, position)
    status = office.status([position])
    assert not status[office.member(TAX), Plane.REVOKED, position // 256] >> position % 256 & 1


@pytest.mark.parametrize("issues", [True, False])
def test_l1_an_old_store_beside_the_key_ledger_finds_nothing_of_what_was_erased_since(office, issues):
    """Of the store there are old copies; the key ledger never goes back, and its tombstones are what is replayed."""
    code, key = credit_code(815 + issues, 13), address_of(b"\x06" * 32)
    subject = office.all.subjects.register(code, each_person([key]), 1, now=clock.now())
    (digest,) = office.issue(office.rows(codes=[code]))
    data_key = office.attestations([digest])[digest].data_key
    wrapped = office.all.keys.get([data_key])
    office.end()
    shutil.copy(office.home.store, office.folder / "old.sqlite3")
    office.all = None
    office.start()
    for slug in (TAX, REGISTRAR):
        office.all.erasures.erase(office.member(slug), credit_code=code, schema=None)
    if issues:
        office.issue(office.rows(1))
    office.end()
    for path in office.home.path.glob("store.sqlite3*"):
        path.unlink()
    shutil.copy(office.folder / "old.sqlite3", office.home.store)
    office.all = None
    office.start()
    assert office.all.gaps.close().is_older == issues
    assert open_quarantines(office) == []
    assert office.all.keys.held([data_key]) == set()
    assert office.all.keys.erased([data_key]) == {data_key}
    assert office.all.subjects.find(subject.id) is None
    with pytest.raises(InvalidInputError) as refused:
        office.all.keys.put(wrapped)
    assert refused.value.reason is Reason.ERASED
    # the firm is unlinked again, so it can be registered as a new one
    again = office.all.subjects.register(code, each_person([key]), 1, now=clock.now())
    assert again.id != subject.id
    assert found_of(office, again) is Reason.ERASED


def test_l1_a_revocation_for_another_reason_hides_nothing_and_the_row_is_news(office):
    (row,) = office.rows(1)
    (digest,) = office.issue([row])
    Thief(office, TAX).revoke([office.batches()[-1].start], StatusReason.NO_LONGER_USED)
    office.start()
    assert open_quarantines(office) == []
    assert isinstance(found(office, row.credit_code), UnsealedAttestation)
    (again,) = office.issue([row])
    assert office.attestations([again])[again].supersedes == digest


def test_l1_l2_an_erasure_whose_number_a_thief_took_is_signed_anew(office):
    (row,) = office.rows(1)
    office.issue([row])
    erasures, changes, thief = office.all.erasures, office.issuer().status_changes, Thief(office, TAX)
    real, times = changes._ledger, iter([1])

    class Overtaken:
        def __getattr__(self, name):
            return getattr(real, name)

        def change_status(self, *arguments):
            if next(times, None) is not None:
                thief.revoke([0])
            return real.change_status(*arguments)

    changes._ledger = Overtaken()
    number = office.all.ledger.status_number(office.member(TAX))
    erased = erasures.erase(office.member(TAX), credit_code=row.credit_code, schema=None)
    assert erased.mined is not None
    assert office.all.ledger.status_number(office.member(TAX)) == number + 2
    with office.all.store.connect() as connection:
        ordered = select(table.status_order.c.number).where(table.status_order.c.member == office.member(TAX))
        assert {number + 1, number + 2} <= set(connection.execute(ordered).scalars())
