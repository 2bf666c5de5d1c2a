import fcntl
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from eth_account import Account

from ledger_node.node.embedded import Engine, Genesis, NodeError
from ledger_node.node.embedded.error import RpcError
from tests.kit.node import (
    ROOT,
    SEALER_KEY,
    account,
    deploy,
    genesis,
    sign,
    word,
)


@pytest.mark.usefixtures("engine")
def test_a_chain_in_use_is_refused_to_a_second_process(path):
    program = (
        "import sys; from ledger_node.node.embedded import Engine, NodeError\n"
        "try: Engine.open(sys.argv[1], b'\\x11' * 32)\n"
        "except NodeError as error: print(error.reason, error)"
    )
    run = [sys.executable, "-c", program, str(path)]
    out = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.match(r"chain_locked another process is using the chain ", out.stdout), out
    with pytest.raises(NodeError) as caught:
        Engine.open(path, SEALER_KEY)
    assert caught.value.reason == "chain_locked"


def test_a_refused_open_leaves_the_chain_free(engine, path):
    engine.close()
    with pytest.raises(NodeError):
        Engine.open(path, b"\x12" * 32)
    with pytest.raises(NodeError) as caught:
        Engine.create(path, genesis(), SEALER_KEY)
    assert caught.value.reason == "chain_exists"
    Engine.open(path, SEALER_KEY).close()
    with Path(f"{path}.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_missing_file_is_missing(path):
    with pytest.raises(NodeError) as caught:
        Engine.open(path, SEALER_KEY)
    assert caught.value.reason == "chain_missing"
    assert not path.exists()


def _damage(path, how):
    connection = sqlite3.connect(path)
    for statement in how:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (["PRAGMA application_id=1"], "chain_format"),
        (["PRAGMA user_version=99"], "chain_format"),
        (["UPDATE block SET header = zeroblob(10) WHERE number = 1"], "chain_corrupt"),
        (["DELETE FROM block"], "chain_corrupt"),
        (["DELETE FROM node"], "chain_corrupt"),
        (["DROP TABLE block"], "chain_corrupt"),
        (["DELETE FROM meta WHERE key = 'genesis'"], "chain_corrupt"),
        (["UPDATE meta SET value = '[1]' WHERE key = 'allowlist'"], "chain_corrupt"),
    ],
)
def test_a_damaged_file_is_refused(engine, path, how, reason):
    deploy(engine)
    engine.close()
    _damage(path, how)
    with pytest.raises(NodeError) as caught:
        Engine.open(path, SEALER_KEY)
    assert caught.value.reason == reason


def test_a_file_that_is_no_database_is_refused(path):
    path.write_bytes(os.urandom(8_192))
    with pytest.raises(NodeError) as caught:
        Engine.open(path, SEALER_KEY)
    assert caught.value.reason == "chain_corrupt"


def test_a_block_that_cannot_be_stored_stops_the_writer_and_is_not_acknowledged(engine, monkeypatch, path):
    contract = deploy(engine)

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(engine.store, "write_block", full)
        with pytest.raises(RpcError, match="could not be stored"):
            engine.submit(sign(account(1), 0, contract, word(1) + word(1)))
    assert not engine.is_healthy
    with pytest.raises(RpcError):
        engine.submit(sign(account(1), 0, contract, word(1) + word(1)))
    engine.close()
    with Engine.open(path, SEALER_KEY) as again:
        assert again.head.number == 1
        again.submit(sign(account(1), 0, contract, word(1) + word(1)))


@pytest.mark.parametrize(
    "changes",
    [
        {"chain_id": 0},
        {"chain_id": "1"},
        {"timestamp": -1},
        {"gas_limit": 1},
        {"sealer": "0x12"},
        {"sealer": "0x" + "zz" * 20},
        {"allowlist": "0x" + "11" * 20},
        {"allowlist": ("0x11",)},
    ],
)
def test_a_bad_genesis_is_refused(changes):
    with pytest.raises(NodeError) as caught:
        genesis(**changes)
    assert caught.value.reason == "genesis_invalid"


def test_a_genesis_survives_its_json():
    assert Genesis.from_json(genesis().to_json()) == genesis()
    with pytest.raises(NodeError):
        Genesis.from_json("{")
    assert Account.from_key(SEALER_KEY).address.lower() == genesis().sealer
