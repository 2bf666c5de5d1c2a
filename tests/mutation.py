"""How many small faults put into the rules do their tests notice? See scripts/mutate.

mutmut writes the mutants of ledger_node/domain into mutants/ and runs, for each, the tests that reach it; which
ones, is configured in pyproject.toml. Here the mutants are chosen, and what became of them is counted.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from multiprocessing import Pool
from pathlib import Path
from typing import Any, Final

from mutmut.__main__ import create_file_mutants
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import copy_src_dir

RULES: Final = Path("ledger_node/domain")
MADE: Final = Path("mutants")
LOG: Final = MADE / "run.log"
ENOUGH: Final = 90.0
JOBS: Final = 2
ENDS: Final = ("killed", "survived", "timeout", "suspicious", "segfault", "no tests", "not checked")
"""Only killed ones count: a loaded machine makes a survivor look like an endless loop."""


def main() -> int:
    """Test mutants, print what became of them, and return 1 when too few were killed."""
    options = _options()
    began = time.monotonic()
    if not options.again:
        shutil.rmtree(MADE, ignore_errors=True)
    make_mutants()
    before = statuses()
    names, seed = sorted(name for name in before if not options.only or _module(name) in options.only), None
    if not names:
        raise SystemExit(f"mutate: no module of the rules is called {', '.join(options.only)}")
    if options.sample is not None:
        seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
        names = random.Random(seed).sample(names, min(options.sample, len(names)))
    run([name for name in names if before[name] != "killed"])
    result = {**score(names), "seed": seed, "seconds": round(time.monotonic() - began)}
    for name, figure in result.items():
        _say(f"{name:12} {figure}")
    if options.json:
        sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["percent"] >= ENOUGH else 1


def make_mutants() -> None:
    """Write mutants/, where mutmut finds them; sources that have not changed keep their results."""
    copy_src_dir()
    with Pool(JOBS) as pool:
        for made in pool.imap_unordered(create_file_mutants, sorted(RULES.glob("*.py"))):
            if made.error is not None:
                raise made.error


def statuses() -> dict[str, str]:
    """Return what became of every mutant, by its name."""
    read = (json.loads(path.read_text("utf-8")) for path in sorted((MADE / RULES).glob("*.meta")))
    return {name: status_by_exit_code[code] for file in read for name, code in file["exit_code_by_key"].items()}


def run(names: list[str]) -> None:
    """Let mutmut run the tests against the named mutants, after it has seen which test reaches what."""
    shutil.rmtree(MADE / "tests", ignore_errors=True)  # mutmut copies them anew,
    (MADE / "mutmut-stats.json").unlink(missing_ok=True)  # and looks anew at what they reach
    _say(f"testing {len(names)} mutants; see {LOG}")
    program = str(Path(sys.executable).with_name("mutmut"))
    with LOG.open("w", encoding="utf-8") as log:
        done = subprocess.run(
            [program, "run", "--max-children", str(JOBS), *names], stdout=log, stderr=log, check=False
        )
    if done.returncode != 0:
        raise SystemExit(LOG.read_text("utf-8")[-2000:])


def score(names: list[str]) -> dict[str, Any]:
    """Count how the named mutants ended, and name those that no test failed for."""
    after = statuses()
    for name in sorted(names):
        if after[name] != "killed":
            _say(f"{after[name]}: {name}")
    ended = Counter(after[name] for name in names)
    figures = {end.replace(" ", "_"): ended[end] for end in ENDS}
    return {"mutants": len(names), **figures, "percent": round(100 * ended["killed"] / len(names), 1)}


def _module(name: str) -> str:
    """Return the module of a mutant, such as ``proof`` of ``ledger_node.domain.proof.x_revealed__mutmut_3``."""
    return name.removeprefix("ledger_node.domain.").rpartition(".")[0]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/mutate", description="Put small faults into the rules.")
    parser.add_argument("--only", nargs="+", metavar="MODULE", help="test only mutants of these modules, such as proof")
    parser.add_argument("--sample", type=int, metavar="N", help="test only N mutants, chosen by the seed")
    parser.add_argument("--seed", type=int, help="chooses the sample; printed, and another one each time unless given")
    parser.add_argument("--again", action="store_true", help="only those for which no test failed the last time")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON on stdout")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stderr.write(f"mutate: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
