"""What an instance holds, by meaning: every table of its store and every event of its chain, without times and ids.

Two instances that did the same hold the same, but for what is drawn at random: ids, keys, salts, ciphers, times. So
rows are compared by what is left of them and by how they hang together: an id is known by the rows that it stands in,
and a row by its ids, over and over (colour refinement). What is compared is everything but what is named here; a new
table or column counts until somebody says that it does not.
"""

import json
import re
import sqlite3
from collections import Counter, defaultdict
from itertools import pairwise

from ledger_node.chain.address_book import CONTRACTS
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS

TIMES = {
    "created_at", "issued_at", "valid_until", "anchored_at", "since", "until", "time", "requested_at", "expires_at",
    "lease_until", "before_until", "next_at", "completable_at", "granted_at", "at", "not_before", "validFrom",
    "anchoredAt", "expiresAt", "completableAt", "notBefore", "as_of", "newest_as_of", "next_block", "deadline",
    "markedAt", "usedAt", "grantedAt", "pausedAt", "resumedAt", "withdrawnAt", "cancelledAt", "from", "addedAt",
    "registeredAt", "grant_before", "grantBefore", "waits_since",
}  # fmt: skip
DRAWN = {
    "sealed", "sealed_before", "wrapped", "signature", "signatures", "raw", "data_keys", "terms", "text", "controllers",
    "word", "path", "owner", "gas_used", "block", "leaf", "slot", "batch.supersedes", "bit",
    "signed_since", "batch.rest",
    "transaction", "url",
}  # fmt: skip
"""Ciphers, signatures and salted texts, the places that batches are shuffled into, and how much gas that took."""
ORDINALS = {
    "access_row.number",
    "notification.number",
    "job.sequence",
    "job_rejection.id",
    "webhook.delivered",
    "key_ledger.version",
    "access_row.interval",
}
"""Numbers that are given out also to what a death left behind: their order is checked by itself."""
SESSIONS = {"access_token", "assertion_used"}
"""Who signed in, and how often: as often as a client was cut off."""
CHECKED = {
    "outbox", "access_interval", "chain_cursor", "outbox_account", "alembic_version", "ledger_log", "ledger_log_mark",
}  # fmt: skip
"""Checked by itself in ``check_order``; the kept events are those of the chain, which are compared there."""
BOUNDS = ("notBefore", "expiresAt", "maxUses", "grantBefore", "spendKey", "stewardKey", "withdrawalHash")
LOG = {"access_row", "logged"}
LEFT_OUT = TIMES | DRAWN | ORDINALS
ROUNDS = 6
OPAQUE = re.compile(r"0x[0-9a-f]{40,}|[0-9a-f]{32}|[a-z]+_[0-9A-Za-z_-]{20,}")
TRIES = {"answer_lost", "ledger_unavailable", "ledger_refused", "store_unavailable"}


def rows_of(path, query):
    """Return rows of a database, read only."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def stores_of(home):
    """Return the databases of a home, but for the chain."""
    return sorted(path for path in home.path.glob("*.sqlite3") if path != home.chain)


def tables_of(path):
    names = rows_of(path, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return sorted(row["name"] for row in names)


class State:
    """Coloured rows. ``difference`` says what one holds and another does not."""

    def __init__(self, home, node_url, log):
        self._rows = []
        for path in stores_of(home):
            for name in tables_of(path):
                if name not in SESSIONS | CHECKED:
                    for row in rows_of(path, f'SELECT * FROM "{name}"'):
                        self._add(name, dict(row))
        self._drop_left_behind()
        self._drop_keys_of_nothing()
        for row in log:
            self._add("logged", {name: value for name, value in row.items() if name not in {"salt", "place"}})
        self._drop_tries(log)
        refused = set()
        for name, values in events_of(home, Rpc(node_url)):
            # a use that the ledger refuses changes nothing there, so one that is asked about again is refused again
            again = name == "UseRefused" and values["ticket"] in refused
            refused |= {values["ticket"]} if name == "UseRefused" else set()
            if not again and not (name == "BatchAnchored" and values["stream"] == ACCESS_LOG):
                self._add(name, values)
        self.rounds = self._refined()

    def _add(self, kind, values):
        plain, opaque = [], []
        for name, value in _flat(values, lambda name: {name, f"{kind}.{name}"} & LEFT_OUT):
            if name in LEFT_OUT or name.rpartition(".")[2] in TIMES or f"{kind}.{name}" in LEFT_OUT:
                plain.append((name, value is not None))
                if name == "leaf" and kind in LOG:
                    opaque.append((name, value.hex() if isinstance(value, bytes) else str(value).removeprefix("0x")))
            elif isinstance(value, bytes) or (isinstance(value, str) and OPAQUE.fullmatch(value)):
                text = value.hex() if isinstance(value, bytes) else value.removeprefix("0x")
                plain.append((name, f"id {len(text)}"))
                if text.strip("0"):
                    opaque.append((name, text))
            elif name.startswith("words."):
                plain.append((name, True))
            elif name.startswith("masks."):
                plain.append((name, value.bit_count()))
            else:
                plain.append((name, value))
        self._rows.append((kind, tuple(plain), tuple(opaque)))

    def _drop_left_behind(self):
        """Drop the jobs of uploads that were cut off: they say so, hold nothing, and nobody was told of them."""
        jobs = [row for row in self._rows if row[0] == "job" and dict(row[1])["reason"] == "upload_interrupted"]
        for job in jobs:
            assert (dict(job[1])["state"], dict(job[1])["rows_read"]) == ("failed", 0)
            ids = {value for name, value in job[2] if name in {"id", "data_key"}}
            held = [row for row in self._rows if row is not job and ids & {value for _, value in row[2]}]
            assert held == [], "a job of an upload that was cut off left something behind"
            self._rows.remove(job)

    def _drop_keys_of_nothing(self):
        """Drop data keys that no row names: keys are durable before what they seal, which never came to be."""
        named = {value for kind, _, opaque in self._rows if kind != "data_key" for _, value in opaque}
        self._rows = [row for row in self._rows if row[0] != "data_key" or dict(row[2])["id"] in named]

    def _drop_tries(self, log):
        """Drop what the log holds of tries that were not answered, where a later one was: one use, and one answer."""
        told = {row["row"]["use"] for row in log if row["row"]["reason"] not in TRIES} - {None}
        last = {row["row"]["use"]: row["row"]["reason"] for row in log}
        assert not any(last[use] in TRIES for use in told), "an answer that was given is said to be lost"
        tries = {
            row["leaf"].removeprefix("0x")
            for row in log
            if row["row"]["reason"] in TRIES and row["row"]["use"] in told | {None}
        }
        self._rows = [row for row in self._rows if not any(value in tries for name, value in row[2] if name == "leaf")]

    def _refined(self):
        """Return the colours of all rows after each round."""
        colour, rounds = defaultdict(int), []
        for _ in range(ROUNDS):
            rows = [
                hash((kind, plain, tuple((name, colour[value]) for name, value in opaque)))
                for kind, plain, opaque in self._rows
            ]
            rounds.append(rows)
            seen = defaultdict(list)
            for own, (_, _, opaque) in zip(rows, self._rows, strict=True):
                for name, value in opaque:
                    seen[value].append((own, name))
            colour = defaultdict(int, {value: hash(tuple(sorted(places))) for value, places in seen.items()})
        return rounds

    def difference(self, clean):
        """Return what this holds and a clean instance does not, and the other way round, in words.

        Rows that differ by themselves, before those that differ by what they hang on.
        """
        for mine, theirs in zip(self.rounds, clean.rounds, strict=True):
            words = dict(zip(theirs, clean._rows, strict=True)) | dict(zip(mine, self._rows, strict=True))
            counts = Counter(mine)
            counts.subtract(theirs)
            if found := [f"{count:+} {_shown(words[one])}" for one, count in counts.items() if count]:
                return found
        return []


def _shown(row):
    kind, plain, opaque = row
    ids = dict(opaque)
    return f"{kind} { {name: ids.get(name, value)[:10] if name in ids else value for name, value in plain} }"


def _flat(values, is_left_out=lambda _: False, prefix=""):
    for name, held in values.items():
        is_json = isinstance(held, str) and held[:1] in {"{", "["} and not is_left_out(name)
        value = json.loads(held) if is_json else held
        if isinstance(value, dict):
            yield from _flat(value, prefix=f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield from _flat({str(at): one for at, one in enumerate(value)}, prefix=f"{prefix}{name}.")
        else:
            yield prefix + name, value


def events_of(home, rpc):
    """Return (name, arguments) of every event of our contracts."""
    book = home.address_book()
    found = []
    for contract in CONTRACTS:
        query = {"address": "0x" + book.contracts[contract].hex(), "fromBlock": "0x0", "toBlock": "latest"}
        for log in rpc.request("eth_getLogs", query):
            topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
            name, values = artifact(contract).event(topics, bytes.fromhex(log["data"][2:]))
            if "bounds" in values:
                values["bounds"] = dict(zip(BOUNDS, values["bounds"], strict=True))
            found.append((name, values))
    return found


def pending(home):
    """Return what is begun in the store and not finished, in words."""
    parts = [
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table} WHERE {what})" for table, what in UNFINISHED.items()
    ]
    return [row[0] for row in rows_of(home.store, " UNION ALL ".join(parts))]


def check_order(home, node_url):
    """Hold what is numbered against itself and the chain: none missing, none twice, and each linked to the last."""
    rpc = Rpc(node_url)
    events = events_of(home, rpc)
    anchors = [values for name, values in events if name == "BatchAnchored"]
    for member, stream in {(one["member"], one["stream"]) for one in anchors}:
        own = [one for one in anchors if (one["member"], one["stream"]) == (member, stream)]
        assert [one["number"] for one in own] == list(range(1, len(own) + 1))
        assert [one["start"] for one in own] == [sum(one["size"] for one in own[:at]) for at in range(len(own))]
        held = [tuple(row) for row in rows_of(home.store, _HELD[stream].format(member.hex()))]
        # the beat of the access log ends with the API: its last anchor may not be noted yet
        noted = len(held) if stream == ATTESTATIONS else sum(row[2] is not None for row in held)
        assert held[:noted] == [(one["number"], one["root"], one["start"]) for one in own[:noted]]
        assert len(own) - noted in {0, stream}
    for table, column in (("access_interval", "batch_root"), ("batch", "root")):
        rows = rows_of(
            home.store, f"SELECT member, {column} AS root, previous_root FROM {table} ORDER BY member, number"
        )
        assert all(old["root"] == new["previous_root"] for old, new in pairwise(rows) if old["member"] == new["member"])
    intervals = rows_of(home.store, "SELECT number, since, until, before, after FROM access_interval ORDER BY number")
    assert all((old["until"], old["after"]) == (new["since"], new["before"]) for old, new in pairwise(intervals))
    numbers = [row["number"] for row in rows_of(home.store, "SELECT number FROM access_row ORDER BY number")]
    assert numbers == list(range(1, len(numbers) + 1))
    for row in rows_of(home.store, "SELECT account, next_nonce FROM outbox_account"):
        count = int(rpc.request("eth_getTransactionCount", "0x" + row["account"].hex(), "latest"), 16)
        assert row["next_nonce"] == count
    check_kept_uses(home, events)
    kept = rows_of(home.store, "SELECT digest FROM outbox")
    assert all(rpc.request("eth_getTransactionReceipt", "0x" + row["digest"].hex()) for row in kept)
    for path in stores_of(home):
        assert [row[0] for row in rows_of(path, "PRAGMA integrity_check")] == ["ok"]


def check_kept_uses(home, events):
    """Hold the uses that are kept against the chain: each was counted there, as the one at its place, at its time."""
    counted = defaultdict(list)
    for name, values in events:
        if name == "UseRecorded":
            counted[values["consent"]].append((values["number"], values["ticket"], values["usedAt"]))
    for row in rows_of(home.store, "SELECT consent, place, number, ticket, time FROM counted_use"):
        assert counted[row["consent"]][row["place"]] == (row["number"], row["ticket"], row["time"])


UNFINISHED = {
    "job": "state IN ('receiving', 'queued', 'running')",
    "batch": "start IS NULL OR rest IS NOT NULL",
    "restored_mark": "1",
    "subject": "registration IS NULL",
    "subject_controllers": "since IS NULL",
    "subject_recovery": "completable_at IS NULL",
    "consent": '"transaction" IS NULL',
    "consent_request": '"transaction" IS NULL',
    "access_interval": "start IS NULL",
    "key_removal": "1",
    "reliance": "late = 1",
    "outbox": "1",
}
_HELD = (
    "SELECT number, root, start FROM batch WHERE member = x'{}' ORDER BY number",
    "SELECT batch_number, batch_root, start FROM access_interval WHERE member = x'{}' ORDER BY number",
)
