"""scripts/walk: it runs, and what it prints has the form that its readers expect."""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "ledger_node", "contracts")


def test_a_walk_counts_files_threads_and_types():
    command = [ROOT / "scripts" / "walk", "--walks", "1", "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=280).stdout)
    assert set(found) == {"grant", "verification"}
    for walk in found.values():
        assert set(walk) == {"files", "threads", "types", "entered", "sometimes"}
        assert walk["files"] == len({file for file, _, _ in walk["entered"]})
        assert {file.split("/")[0] for file, _, _ in walk["entered"]} <= set(PACKAGES)
        assert "MainThread" in walk["threads"]
    assert found["grant"]["types"] == {}
    request, answer = (set(found["verification"]["types"][kind]) for kind in ("request", "answer"))
    assert request
    assert answer
    assert not request & answer
