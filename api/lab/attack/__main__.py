"""``python -m api.lab.attack FOLDER``: a rehearsal on 500 firms, and the command that attacks it."""

import argparse
import subprocess
import sys
from pathlib import Path

from api.lab.attack.rehearsal import BANKS, RELAYERS, rehearse
from api.lab.demo.server import InstanceProcess


def main() -> int:
    """Serve, rehearse, attack; the exit code is that of ``credence attack``."""
    parser = argparse.ArgumentParser(prog="python -m api.lab.attack", description="Rehearse, then attack.")
    parser.add_argument("folder", type=Path, help="an empty folder for the instance and its files")
    parser.add_argument("--firms", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if any(options.folder.iterdir()):
        parser.error(f"{options.folder} is not empty")
    with InstanceProcess(options.folder / "credence", processes=1, banks=BANKS, relayers=RELAYERS) as served:
        made = rehearse(served, options.folder, firms=options.firms)
        command = [sys.executable, "-m", "api.cli.main", "attack", "--rpc-url", made.rpc_url]
        command += ["--codes", str(made.codes), "--truth", str(made.truth)]
        command += [part for file in made.answers for part in ("--answers", str(file))]
        if options.json:
            command.append("--json")
        return subprocess.run(command, check=False).returncode  # noqa: S603 - ourselves


if __name__ == "__main__":
    sys.exit(main())
