"""README.md, "First steps": every command of the page, typed as it stands, does what the page shows."""

import calendar
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from api.home.settings import environment_of_child
from api.lab.demo.server import InstanceProcess

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text("utf-8").partition("\n## First steps, role by role\n")[2].partition("\n## ")[0]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOW_EXIT_CODE = "echo $?\n"
MARK = "\x1e"
# ends a command that hangs; says nothing about how fast they are
PATIENCE_S = 600


@dataclass(frozen=True)
class Step:
    """A command of the page, and what the page shows of its output."""

    command: str
    shown: str


def steps_of(page):
    """Return the steps of all blocks: a command begins at ``$``, and a backslash at its end continues it."""
    steps = []
    for block in BLOCK.findall(page):
        assert block.startswith("$ ")
        for text in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, shown = re.fullmatch(r"((?:.*\\\n)*.*\n)([\s\S]*)", text).groups()
            steps.append(Step(command, shown))
    return steps


def plain(text):
    """Return text without what differs from run to run: ids, places, months, numbers, and how lines are broken."""
    text = re.sub(r"0x[0-9a-f]+(…[0-9a-f]+)?", "ID", text)
    text = re.sub(r"\S*/\S*", "PATH", text)
    text = re.sub(f"\\b({'|'.join(calendar.month_name[1:])})\\b", "MONTH", text)
    text = re.sub(r"\d[\d:.,TZ-]*", "0", text)
    return re.sub(r"\s+", " ", text)


@pytest.fixture
def folder(tmp_path):
    """What ``scripts/demo`` leaves behind in the folder of the page: the programs, and an instance that serves."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    served = InstanceProcess(tmp_path / ".demo" / "credence", processes=1)
    yield tmp_path
    served.stop()


def typed(commands, folder):
    """Type commands into one shell and return output and exit code of each. What they started ends with them."""
    # the exit code of a command stays what ``$?`` says
    script = "".join(f'{one}code=$?; printf "{MARK}$code{MARK}"; (exit $code)\n' for one in commands)
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        # no line is broken at the width of a terminal
        env=environment_of_child(None) | {"COLUMNS": "1000", "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        *said, _ = shell.communicate(timeout=PATIENCE_S)[0].split(MARK)
        return list(zip(said[::2], map(int, said[1::2]), strict=True))
    finally:
        # there is nothing to end where all of it has ended
        with shell, suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)


@pytest.mark.timeout(2 * PATIENCE_S)
def test_the_first_steps_of_the_readme_do_what_it_shows(folder):
    steps = steps_of(PAGE)
    done = typed([step.command for step in steps], folder)
    following = [later.shown if later.command == SHOW_EXIT_CODE else "0" for _, later in pairwise(steps)]
    for step, expected, (output, code) in zip(steps, [*map(int, following), 0], done, strict=True):
        assert code == expected, (step.command, output)
        for part in plain(step.shown).split("…"):
            assert part.strip() in plain(output), (step.command, output)
