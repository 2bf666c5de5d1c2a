"""API and node are killed at random moments; every acknowledged write is there, once."""

import random
import sqlite3
import time
from collections import Counter
from itertools import pairwise

import pytest

from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS
from ledger_node.domain.fact import ConsentState, FactQuery
from ledger_node.domain.json_object import to_hex
from tests.kit.chaos.place import PATIENCE_S, ROWS_A_FILE, People, open_place

KILLS_A_LIFE = 10
SEEDS = (20_261_122, 20_261_123, 20_261_124, 20_261_125)
"""Places of their own, so that the 500 kills of --chaos share the cores."""


@pytest.fixture(params=SEEDS)
def seed(request):
    """Where chance begins; without --chaos one place is enough."""
    if request.param != SEEDS[0] and not request.config.getoption("--chaos"):
        pytest.skip("takes some minutes: only with --chaos")
    return request.param


@pytest.fixture
def kills(request):
    """How many moments: those of one life, or 125 a place with --chaos; commit points have tests of their own."""
    return 125 if request.config.getoption("--chaos") else KILLS_A_LIFE


@pytest.fixture
def place(tmp_path):
    made = open_place(tmp_path)
    yield made
    made.close()


def wait_for(jobs, place, settled):
    """Wait until every acknowledged job is done, and hold its rows against what was sent."""
    client = place.served.client("tax-bureau")
    deadline = time.monotonic() + PATIENCE_S
    try:
        for job in [job for job in jobs if job not in settled]:
            while (state := client.job(job))["state"] in {"queued", "running"}:
                assert time.monotonic() < deadline, state
                time.sleep(0.05)
            counts = (state["state"], state["rows_read"], state["issued"], state["unchanged"], state["rejected"])
            assert counts == ("done", ROWS_A_FILE, ROWS_A_FILE, 0, 0)
            lines = [(row["line"], row["status"]) for row in client.results(job)]
            assert lines == [(line, "issued") for line in range(2, ROWS_A_FILE + 2)]
            settled.add(job)
    finally:
        client.close()


def rows_of(path, query):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def check_attestations(place, ledger):
    """Hold the store's batches against the chain's heads: consecutive, whole, none twice."""
    store = place.home.store
    twice = "SELECT count(*) FROM attestation WHERE live = 1 GROUP BY member, schema, subject_index, period_first"
    assert rows_of(store, f"{twice} HAVING count(*) > 1") == []
    batches = rows_of(store, "SELECT member, number, start, size, root FROM batch ORDER BY member, number")
    for member in {row[0] for row in batches}:
        own = [row for row in batches if row[0] == member]
        head = ledger.stream_head(member, ATTESTATIONS)
        assert [row[1] for row in own] == list(range(1, head.number + 1))
        assert [row[2] for row in own] == [sum(row[3] for row in own[:at]) for at in range(len(own))]
        assert (head.total, head.last_root) == (sum(row[3] for row in own), own[-1][4])
    sizes = dict(rows_of(store, "SELECT hex(member) || number, size FROM batch"))
    counted = dict(rows_of(store, "SELECT hex(member) || batch, count(DISTINCT leaf) FROM attestation GROUP BY 1"))
    assert counted == sizes


def events_of(place, rpc):
    """Return (event, consent, ticket) of every log of the ConsentRegistry."""
    registry = artifact("ConsentRegistry")
    address = "0x" + place.home.address_book().contracts["ConsentRegistry"].hex()
    found = []
    for log in rpc.request("eth_getLogs", {"address": address, "fromBlock": "0x0", "toBlock": "latest"}):
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        name, values = registry.event(topics, bytes.fromhex(log["data"][2:]))
        use = values.get("ticket")
        found.append((name, "0x" + topics[1].hex(), None if use is None else "0x" + use.hex()))
    return found


def check_consents(place, ledger, rpc, people):
    """Hold every acknowledged grant, use and withdrawal against the chain's state and its events."""
    events = events_of(place, rpc)
    assert [event for event, times in Counter(events).items() if times > 1 and event[0] != "UseRefused"] == []
    granted = {consent for name, consent, _ in events if name == "ConsentGranted"}
    withdrawn = {consent for name, consent, _ in events if name == "ConsentWithdrawn"}
    recorded = {(consent, use) for name, consent, use in events if name == "UseRecorded"}
    assert set(people.granted) <= granted
    assert people.withdrawn <= withdrawn
    acknowledged = [(consent, use) for consent, uses in people.uses.items() for use in uses]
    assert len(acknowledged) == len(set(acknowledged))
    assert set(acknowledged) <= recorded
    uses = Counter(consent for consent, _ in recorded)
    for consent in people.granted:
        record = ledger.facts(FactQuery(consent=bytes.fromhex(consent[2:]))).consent
        assert record.uses == uses[consent]
        assert record.uses <= record.max_uses
        assert (record.state is ConsentState.WITHDRAWN) == (consent in withdrawn)


def check_log(place, ledger, people):
    """Hold the access log against the uses: a row for each, in intervals that the chain has one after the other."""
    store = place.home.store
    rows = rows_of(store, "SELECT '0x' || lower(hex(use)), count(*) FROM access_row WHERE use IS NOT NULL GROUP BY use")
    logged = {use for use, _ in rows}
    assert {use for uses in people.uses.values() for use in uses} <= logged
    # a row may also name a use that was tried while the ledger did not answer
    assert {to_hex(use.ticket) for _, use in ledger.uses_since(0)} <= logged
    assert {count for _, count in rows} <= {1}
    intervals = rows_of(store, "SELECT number, since, until, hex(member), start, batch_root FROM access_interval")
    assert [row[0] for row in intervals] == list(range(1, len(intervals) + 1))
    assert all(earlier[2] == later[1] for earlier, later in pairwise(intervals))
    anchored = [row for row in intervals if row[4] is not None]
    assert [row[4] for row in anchored] == list(range(len(anchored)))
    assert len(intervals) - len(anchored) <= 1
    if anchored:
        head = ledger.stream_head(bytes.fromhex(anchored[0][3]), ACCESS_LOG)
        assert head.number in {len(anchored), len(anchored) + 1}
        assert head.total == head.number


def check_rotations(place, ledger, people):
    """Hold every acknowledged rotation against the chain and the store: one after the other, and one more at most."""
    entries = []
    while (entry := ledger.controller_entry(people.firm.subject, len(entries))) is not None:
        entries.append(entry.commitment)
    rotated = entries[1:]
    assert rotated[: len(people.rotated)] == people.rotated
    assert len(rotated) - len(people.rotated) <= 1
    noted = "SELECT subject, commitment FROM subject_controllers WHERE since IS NOT NULL ORDER BY entry"
    known = [row[1] for row in rows_of(place.home.store, noted) if row[0] == people.firm.subject]
    assert known == entries[: len(known)]
    assert set(people.rotated) <= set(known)


def check(place, people, settled):
    assert people.faults == []
    place.served.wait_ready()
    wait_for(people.jobs, place, settled)
    rpc = Rpc(place.served.node()["url"])
    ledger = Web3Ledger(place.home.address_book(), rpc)
    check_attestations(place, ledger)
    check_consents(place, ledger, rpc, people)
    check_log(place, ledger, people)
    check_rotations(place, ledger, people)


def wait_acknowledged(people, place, times):
    """Wait until everybody was acknowledged so often, so that what is checked does not depend on how fast all is."""
    deadline = time.monotonic() + PATIENCE_S
    while min(people.acknowledged()) < times:
        assert people.faults == []
        assert time.monotonic() < deadline, (people.acknowledged(), place.served.words())
        time.sleep(0.05)


def live(place, chance, moments):
    """Kill the node at all but the last of ``moments``, ready or not, and then the API."""
    done = 0
    while done < moments - 1:
        if chance.random() < 0.7:
            place.served.wait_ready()
        time.sleep(chance.uniform(0, 0.6))
        done += place.served.kill_node()
    time.sleep(chance.uniform(0, 1.5))
    place.served.kill_api(node_first=chance.random() < 0.5)


@pytest.mark.chaos
@pytest.mark.timeout(7_200)
def test_n1_whatever_is_killed_every_acknowledged_write_is_there_exactly_once(place, kills, seed):
    chance = random.Random(seed)
    people = People(place, seed)
    settled, left, lives = set(), kills, 0
    while left > 0:
        moments = min(KILLS_A_LIFE, left)
        live(place, chance, moments)
        left -= moments
        place.served.start()
        place.reconnect()  # terms are fetched at the address of this life
        lives += 1
        wait_acknowledged(people, place, lives)
        people.pause()
        check(place, people, settled)
        print(f"{kills - left} kills: {len(settled)} jobs, {len(people.granted)} grants, ", end="")  # noqa: T201
        print(f"{sum(map(len, people.uses.values()))} uses, {len(people.withdrawn)} withdrawals, ", end="")  # noqa: T201
        print(f"{len(people.rotated)} rotations")  # noqa: T201
        if left:
            people.resume()
    people.end()
    assert people.faults == []
    assert min(people.acknowledged()) >= lives
    assert len(settled) >= lives
    place.served.stop()
    for path in (place.home.store, place.home.chain):
        assert rows_of(path, "PRAGMA integrity_check") == [("ok",)]
    place.served.start()
