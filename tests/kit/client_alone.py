"""Runs code as after ``pip install credence``: no package is found that the client's lock does not name."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = """
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

class OnlyTheClient:
    def __init__(self, allowed):
        self._blocked = {
            package
            for package, distributions in packages_distributions().items()
            if not allowed.intersection(name.lower().replace("_", "-") for name in distributions)
        }

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self._blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, OnlyTheClient(set(sys.argv.pop(1).split(","))))
"""
_COMMAND = _BLOCK + "from api.cli.main import main; sys.argv[0] = 'credence'; main()"


def client_packages() -> set[str]:
    """Return the names of all packages that the client's lock names, and our own."""
    lock = (ROOT / "scripts" / "locks" / "client.txt").read_text("utf-8")
    return {"credence", *re.findall(r"^([a-z0-9.-]+)==", lock, re.MULTILINE)}


def run_code(code: str) -> subprocess.CompletedProcess[str]:
    return _run(_BLOCK + code)


def run_command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return _run(_COMMAND, *arguments)


def _run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, ",".join(client_packages()), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
