"""L2: what was signed with a number and overtaken before it was anchored is signed anew, and anchored once."""

import pytest
from sqlalchemy import select

from api.services.access_log.interval import AccessIntervals
from api.services.attestation.stored_attestation import superseded_of
from api.storage import table
from api.storage.database import open_store
from api.vault.department import Operator
from api.work.worker_pool import WorkerPool
from ledger_node import clock
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.access import Checkpoint, Tally
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS, Batch
from ledger_node.domain.error import ChainError
from ledger_node.domain.fact import EVERY_PURPOSE
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SigningKey, address_of, recover
from ledger_node.domain.status import changes_digest
from ledger_node.randomness import random_bytes
from tests.kit.office import TAX, Interrupted, Killed, Office, Thief

OPERATOR = "operator"
HARMS = ("another batch", "key ended", "key compromised", "both", "deadline passed")
HARM = pytest.mark.parametrize("harm", HARMS)


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    made = Office(tmp_path_factory.mktemp("overtaken"))
    yield made
    made.close()


@pytest.fixture
def office(instance):
    """The instance in a life of its own, with nothing that waits."""
    instance.start()
    return instance


def waiting(office, rows):
    """Leave a batch signed and not sent."""
    anchors = office.issuer()._anchors
    real, unanswered = anchors._ledger, ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")
    anchors._ledger = Interrupted(real, "anchor", done=False, how=unanswered)
    with pytest.raises(ChainError):
        office.issue(rows)
    anchors._ledger = real
    (batch,) = [batch for batch in office.batches() if batch.start is None]
    return batch


def harmed(office, thief, harm, slug=TAX, stream=ATTESTATIONS):
    """Let it happen that what was signed cannot be anchored any more."""
    if harm in {"another batch", "both"}:
        thief.anchor(stream)
    if harm == "deadline passed":
        office.node.pass_time(3 * 86_400)
        # time shows in a block
        office.vote(("setServiceUrl", office.member(slug), "https://later.example"))
    elif harm != "another batch":
        office.replace_key(slug, end=1 if harm == "key compromised" else "now")


def require_whole(office, slug=TAX):
    """Every batch of the store is anchored once, under the key that signed it, and its attestations name it."""
    anchored = office.anchored(slug=slug)
    for row in office.batches(slug):
        assert [number for number, anchor in anchored.items() if anchor.root == row.root] == [row.number]
        assert (row.start, row.key) == (anchored[row.number].start, anchored[row.number].key)
        superseded = changes_digest(*superseded_of(row.supersedes))
        place = (row.number, row.root, row.size, row.previous_root)
        batch = Batch(row.member, ATTESTATIONS, *place, superseded, row.deadline)
        assert recover(batch.digest(office.all.ledger.anchor_domain), row.signature) == row.key
        mine = [one for one in office.attestations().values() if (one.member, one.batch) == (row.member, row.number)]
        assert sorted(one.leaf for one in mine) == list(range(row.size))


@HARM
def test_l2_a_batch_that_was_overtaken_is_signed_anew_behind_the_head(office, harm):
    office.issue(office.rows(2))
    thief = Thief(office, TAX)
    held = waiting(office, office.rows(3))
    digests = {one.digest for one in office.attestations().values() if one.batch == held.number}
    harmed(office, thief, harm)
    office.start()
    require_whole(office)
    (now,) = [batch for batch in office.batches() if batch.root == held.root]
    assert now.signature != held.signature
    assert now.deadline >= held.deadline + 86_400 * (harm == "deadline passed")
    assert now.number == held.number + (harm in {"another batch", "both"})
    # headers name no batch, so what was issued is what stands
    assert {one.digest for one in office.attestations().values() if one.batch == now.number} == digests
    (key,) = {batch.key for batch in office.batches() if batch.number == now.number}
    assert key == address_of(office.home.read_key(TAX))
    again = office.rows(1)
    assert len(office.issue(again)) == 1
    assert office.issue(again) == []
    require_whole(office)


KILLS = {
    "before it is stored anew": ("store", "begin", False, 1),
    "stored and not sent": ("ledger", "anchor", False, 1),
    "sent and not noted": ("ledger", "anchor", True, 1),
    "before it is noted": ("store", "write", False, 1),
}
INTERVAL_KILLS = KILLS | {
    # an interval has no attestations, so one statement stores it anew, and the next one notes it
    "before it is stored anew": ("store", "write", False, 1),
    "before it is noted": ("store", "write", False, 2),
}


@pytest.mark.parametrize("harm", ["another batch", "key ended"])
@pytest.mark.parametrize("kill", KILLS)
def test_l2_n1_a_kill_at_any_step_leaves_one_batch_anchored_once(office, harm, kill):
    thief = Thief(office, TAX)
    held = waiting(office, office.rows(2))
    harmed(office, thief, harm)
    office.open()
    where, method, done, time = KILLS[kill]
    anchors = office.issuer()._anchors
    target = {"store": anchors._store, "ledger": anchors._ledger}[where]
    setattr(anchors, f"_{where}", Interrupted(target, method, done=done, how=Killed(), time=time))
    with pytest.raises(Killed):
        office.issuer().anchor_pending()
    office.start()
    require_whole(office)
    assert [batch.root for batch in office.batches() if batch.number >= held.number] == [held.root]
    office.issuer().anchor_pending()
    require_whole(office)


def test_l2_a_batch_that_is_overtaken_while_it_is_sent_is_signed_anew_at_once(office):
    office.issue(office.rows(1))
    thief, anchors = Thief(office, TAX), office.issuer()._anchors
    real, times = anchors._ledger, iter(range(2))

    class Overtaken:
        def __getattr__(self, name):
            return getattr(real, name)

        def anchor(self, order):
            if next(times, None) is not None:
                thief.anchor()
            return real.anchor(order)

    anchors._ledger = Overtaken()
    office.issue(office.rows(1))
    before, after = [batch.number for batch in office.batches()][-2:]
    assert after == before + 3
    require_whole(office)


def test_l2_with_a_key_that_ended_the_batch_waits_and_the_new_key_and_a_restart_anchor_it(office):
    held = waiting(office, office.rows(1))
    old = office.home.read_key(TAX)
    office.replace_key(TAX)
    new = office.home.read_key(TAX)
    office.home.write_key(TAX, old)
    office.open()
    for _ in range(2):
        with pytest.raises(ContractRevertError) as refused:
            office.issuer().anchor_pending()
        assert refused.value.reason is Reason.KEY_NOT_VALID
    assert [batch.signature for batch in office.batches() if batch.start is None] == [held.signature]
    office.home.write_key(TAX, new)
    office.start()
    require_whole(office)


def test_l2_a_replaced_key_that_still_counts_anchors_what_it_signed(office):
    """Signing anew while the first signature could still land would leave a signature that the anchor is not of."""
    waiting(office, office.rows(1))
    old, new = address_of(office.home.read_key(TAX)), random_bytes(32)
    office.vote(("addKey", office.member(TAX), "0x" + address_of(new).hex(), int(EVERY_PURPOSE), 0, 2**64 - 1))
    office.home.write_key(TAX, new)
    office.start()
    assert office.batches()[-1].key == old
    require_whole(office)
    office.issue(office.rows(1))
    assert [batch.key for batch in office.batches()[-2:]] == [old, address_of(new)]
    require_whole(office)


def test_l2_a_chain_that_is_older_than_the_store_is_refused_and_nothing_is_signed_anew(office):
    office.issue(office.rows(1))
    held = waiting(office, office.rows(1))
    renumbered(office, held.number, 999)
    with pytest.raises(ChainError) as refused:
        office.issuer().anchor_pending()
    assert refused.value.reason is Reason.LEDGER_REFUSED
    assert f"the chain ends at batch {held.number - 1}, before number 999" in refused.value.message
    (left,) = [batch for batch in office.batches() if batch.start is None]
    assert (left.number, left.signature) == (999, held.signature)
    renumbered(office, 999, held.number)


def renumbered(office, number, other):
    with office.all.store.begin() as connection:
        connection.execute(table.batch.update().where(table.batch.c.number == number).values(number=other))


class Beats:
    """The access log of a member that sends nothing itself, in a store of its own and one life of the process."""

    def __init__(self, office):
        key = SigningKey(office.home.read_key(TAX))
        keeper, ledger = Operator(office.member(TAX), key), Thief(office, TAX).ledger
        self.store = open_store(office.folder / "log.sqlite3")
        self.intervals = AccessIntervals(self.store, ledger, keeper, clock.now, WorkerPool(0))

    def closed(self):
        with self.store.connect() as connection:
            return connection.execute(select(table.access_interval).order_by(table.access_interval.c.number)).all()

    def end(self):
        self.store.dispose()


def require_log_whole(office, beats):
    """Every interval is anchored once, under the number that its checkpoint says."""
    anchored = office.anchored(ACCESS_LOG)
    for row in beats.closed():
        tally = Tally(row.row_count, row.before, row.after, row.tally_salt)
        root = Checkpoint(row.batch_number, row.since, row.until, row.root, tally.digest).batch_root
        assert [number for number, anchor in anchored.items() if anchor.root == root] == [row.batch_number]
        anchor = anchored[row.batch_number]
        assert (row.batch_root, row.start, row.key) == (root, anchor.start, anchor.key)


@pytest.mark.parametrize(
    ("harm", "kill"),
    [
        *((harm, None) for harm in HARMS),
        *(("both", kill) for kill in INTERVAL_KILLS),
    ],
)
def test_l2_an_interval_of_the_access_log_that_was_overtaken_is_signed_anew(office, harm, kill):
    beats, thief = Beats(office), Thief(office, TAX)
    beats.intervals.beat()
    before = beats.closed()
    real, unanswered = beats.intervals._ledger, ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")
    beats.intervals._ledger = Interrupted(real, "anchor", done=False, how=unanswered)
    with pytest.raises(ChainError):
        beats.intervals.beat()
    harmed(office, thief, harm, TAX, ACCESS_LOG)
    beats.end()
    beats = Beats(office)
    if kill is not None:
        where, method, done, time = INTERVAL_KILLS[kill]
        target = {"store": beats.intervals._store, "ledger": beats.intervals._ledger}[where]
        setattr(beats.intervals, f"_{where}", Interrupted(target, method, done=done, how=Killed(), time=time))
        with pytest.raises(Killed):
            beats.intervals.anchor_pending()
        beats.end()
        beats = Beats(office)
    beats.intervals.anchor_pending()
    beats.intervals.beat()
    closed = beats.closed()
    assert [row.number for row in closed[-3:]] == [before[-1].number + step for step in range(3)]
    assert closed[: len(before)] == before
    require_log_whole(office, beats)
    beats.end()


def test_l2_a_new_key_of_the_operator_and_a_restart_carry_the_access_log_on(office):
    """Its account sends as well, so the node must permit it."""
    office.all.intervals.beat()
    stolen = office.replace_key(OPERATOR)
    office.permit(address_of(office.home.read_key(OPERATOR)))
    office.start()
    office.all.intervals.beat()
    newest = office.anchored(ACCESS_LOG, OPERATOR)
    assert newest[max(newest)].key == address_of(office.home.read_key(OPERATOR)) != stolen
    assert len(office.issue(office.rows(1))) == 1
