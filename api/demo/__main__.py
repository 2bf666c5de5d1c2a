"""``python -m api.demo``: see scripts/demo."""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from rich.console import Console

from api.demo.story import SHOP, Story
from ledger_node.domain.error import CredenceError


def main() -> int:
    """Run the story; return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Attest, consent, verify: the whole story.")
    parser.add_argument("--once", action="store_true", help="stop at the end instead of leaving the API running")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON on stdout")
    parser.add_argument("--folder", type=Path, default=Path(".demo"), help="where everything goes (made afresh)")
    options = parser.parse_args()
    console = Console(stderr=True, highlight=False)
    folder = options.folder.absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    try:
        story = Story(folder, console)
        try:
            story.run()
            story.result["seconds"]["total"] = round(time.monotonic() - began, 2)
            console.print(f"[bold]Done in {time.monotonic() - began:.1f} s[/bold]")
            if options.json:
                sys.stdout.write(json.dumps(story.result, ensure_ascii=False) + "\n")
                sys.stdout.flush()
            if not options.once:
                _leave_running(story, console)
        finally:
            story.served.stop()
    except CredenceError as error:
        console.print(f"[red]the demonstration stopped[/red] {error.reason}: {error.message}")
        return 1
    return 0


def _leave_running(story: Story, console: Console) -> None:
    served = story.served
    console.print(f"\nThe API runs at [bold]{served.url}[/bold] (documentation: {served.url}/docs). Sign in as")
    people = (("tax-bureau", "the tax clerk"), (SHOP, "the shop owner"), ("demo-bank", "the bank officer"))
    credentials = served.home.credentials()
    for name, words in people:
        key = served.home.path / credentials[name]["key"]
        console.print(f"  {words:17} --as {name:12} (id {credentials[name]['id']}, key {key})", soft_wrap=True)
    console.print(f"such as: credence consent list --home {served.home.path} --as {SHOP}", soft_wrap=True)
    console.print("Ctrl-C stops it.")
    try:
        served.wait()
    except KeyboardInterrupt:
        console.print("stopping")


if __name__ == "__main__":
    sys.exit(main())
