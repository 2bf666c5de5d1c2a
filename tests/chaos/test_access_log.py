"""The API is killed between a row and its anchor: rows and evidence stay, and no interval is missing or double."""

import random
import time

import pytest

from api.client.access import check_rows, uses_without_row
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.batch import ACCESS_LOG
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.json_object import from_hex
from tests.kit.chaos.place import PATIENCE_S, QUESTION, open_place

SEED = 20_261_123
LIVES = 5
ASKED_A_LIFE = 3


@pytest.fixture
def place(tmp_path):
    made = open_place(tmp_path)
    yield made
    made.close()


def wait_anchored(place, client):
    """Return keeper and rows of a client when all of them are anchored."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        keeper, rows = client.access_rows()
        if all(item["place"] for item in rows):
            return from_hex(keeper, "keeper"), rows
        assert time.monotonic() < deadline, place.served.words()
        time.sleep(0.1)


@pytest.mark.chaos
@pytest.mark.timeout(3_600)
def test_a_kill_between_row_and_anchor_loses_nothing_and_leaves_no_gap(place):
    chance = random.Random(SEED)
    consents, uses = [], []
    for _ in range(LIVES):
        consents.append(place.grant(QUESTION, uses=ASKED_A_LIFE))
        bank = place.client("demo-bank")
        uses += [place.verify(consents[-1], [QUESTION], client=bank)["use"]["id"] for _ in range(ASKED_A_LIFE)]
        time.sleep(chance.uniform(0, 1.2))  # the beat is a second: kills fall before, into and behind anchorings
        place.served.kill_api(node_first=chance.random() < 0.5)
        place.served.start()
        place.reconnect()
    keeper, rows = wait_anchored(place, place.bank)
    assert [item["row"]["use"] for item in rows] == uses
    assert len({item["leaf"] for item in rows}) == LIVES * ASKED_A_LIFE
    ledger = Web3Ledger(place.home.address_book(), Rpc(place.served.node()["url"]))
    checked = check_rows(rows, ledger, keeper=keeper, is_mine=lambda row: row.bank == place.bank_id)
    recorded = ledger.counted_uses([from_hex(consent, "consent") for consent in consents])
    assert sum(map(len, recorded.values())) == len(uses)
    assert uses_without_row(checked, recorded) == []
    trust = ledger.trust()
    assert [examine(place.bank.evidence(use), trust).failed for use in uses] == [None] * len(uses)
    head = ledger.stream_head(keeper, ACCESS_LOG)
    assert head.total == head.number
    checkpoints = {item["place"]["checkpoint"]["number"]: item["place"]["checkpoint"] for item in rows}
    assert max(checkpoints) <= head.number
    for number, checkpoint in checkpoints.items():
        anchor, _ = ledger.find_anchor(keeper, ACCESS_LOG, number)
        assert anchor.size == 1
        following = checkpoints.get(number + 1)
        assert following is None or following["since"] == checkpoint["until"]
