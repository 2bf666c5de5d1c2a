"""``python -m api.lab.bench``: see scripts/bench."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from api.lab.bench.measure import BENCHES
from ledger_node.domain.error import CredenceError


def main() -> int:
    """Run one benchmark; return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure on a fresh consortium of one.")
    parser.add_argument("name", choices=sorted(BENCHES))
    parser.add_argument("--quick", action="store_true", help="smaller, under 40 seconds")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON on stdout")
    options = parser.parse_args()
    console = Console(stderr=True, highlight=False)
    with tempfile.TemporaryDirectory(prefix="credence-bench-") as folder:
        try:
            figures = BENCHES[options.name](Path(folder) / "home", quick=options.quick, say=console.print)
        except CredenceError as error:
            console.print(f"[red]the benchmark stopped[/red] {error.reason}: {error.message}")
            return 1
    for name, figure in figures.items():
        console.print(f"{name:30} {figure}")
    if options.json:
        sys.stdout.write(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
