"""The real thing: a served ledger of 500 firms, and one bank that gives away everything it got."""

import json
import subprocess
import sys

import pytest

FIRMS = 500


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    command = [sys.executable, "-m", "api.attack", str(tmp_path_factory.mktemp("attacked")), "--firms", str(FIRMS)]
    return subprocess.run([*command, "--json"], capture_output=True, text=True, check=False, timeout=250)


def test_nothing_beats_guessing(attacked):
    assert attacked.stdout, attacked.stderr
    report = json.loads(attacked.stdout)
    broken = [attack for attack in report["attacks"] if attack["verdict"] == "BROKEN"]
    assert broken == []
    assert attacked.returncode == 0, attacked.stderr


def test_everything_public_was_looked_at(attacked):
    report = json.loads(attacked.stdout)
    assert report["seen"]["credit_codes"] == FIRMS
    assert report["seen"]["blocks"] > 20
    assert report["seen"]["storage_words"] > 20
    assert report["seen"]["proofs"] > 10
    attacks = {attack["attack"]: attack for attack in report["attacks"]}
    assert attacks["values: tax_credit_rating.grade"]["items"] == FIRMS
    assert attacks["values: leaves of fields not shown"]["candidates"] > 1_000_000
    assert attacks["values: shut bits of enums"]["candidates"] > 1_000
    assert attacks["values: position on a ladder"]["candidates"] > 10_000
    assert attacks["order: position against row (batch 1, tax_payment)"]["items"] == FIRMS
