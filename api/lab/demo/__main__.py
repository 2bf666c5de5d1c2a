"""``python -m api.lab.demo``: see scripts/demo."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Final

from rich.console import Console

from api.files.own_folder import cleared_folder
from api.lab.demo.portal import FirstDevice, doors, portal_of
from api.lab.demo.server import InstanceProcess
from api.lab.demo.story import FILES, SHOP, Story
from ledger_node.domain.error import CredenceError


def main() -> int:
    """Run the story; return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Attest, consent, verify: the whole story.")
    parser.add_argument("--once", action="store_true", help="stop at the end instead of leaving the API running")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON on stdout")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(".demo"),
        help="where everything goes: a new folder, or that of an earlier demonstration, which is cleared",
    )
    options = parser.parse_args()
    console = Console(stderr=True, highlight=False)
    folder = options.folder.absolute()
    try:
        with cleared_folder(folder, "the folder of scripts/demo", own=FILES):
            _run(folder, console, once=options.once, as_json=options.json)
    except CredenceError as error:
        console.print(f"[red]the demonstration stopped[/red] {error.reason}: {error.message}")
        return 1
    return 0


def _run(folder: Path, console: Console, *, once: bool, as_json: bool) -> None:
    began = time.monotonic()
    story = Story(folder, console)
    try:
        story.run()
        story.result["seconds"]["total"] = round(time.monotonic() - began, 2)
        console.print(f"[bold]Done in {time.monotonic() - began:.1f} s[/bold]")
        if as_json:
            sys.stdout.write(json.dumps(story.result, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        if not once:
            story.leave_open()
            _leave_running(story, console)
    finally:
        story.served.stop()


def _leave_running(story: Story, console: Console) -> None:
    served = story.served
    console.print(f"\nThe API runs at [bold]{served.url}[/bold] (documentation: {served.url}/docs). Sign in as")
    people = (("tax-bureau", "the tax clerk"), (SHOP, "the shop owner"), ("demo-bank", "the bank officer"))
    credentials = served.home.credentials()
    for name, words in people:
        key = served.home.path / credentials[name]["key"]
        console.print(f"  {words:17} --as {name:12} (id {credentials[name]['id']}, key {key})", soft_wrap=True)
    console.print(f"such as: credence consent list --home {served.home.path} --as {SHOP}", soft_wrap=True)
    _show_portal(served, console)
    console.print("Ctrl-C stops it.")
    device = FirstDevice(
        served,
        SHOP,
        lambda: console.print(f"The shop owner's device is linked: {portal_of(served)}/sign-in?back=/home"),
    )
    device.start()
    try:
        served.wait()
    except KeyboardInterrupt:
        console.print("stopping")
    finally:
        device.stop()


def _show_portal(served: InstanceProcess, console: Console) -> None:
    """Say how to try the pages; a firm's consent and an open request are there."""
    portal = portal_of(served)
    console.print(f"\nThe portal is open at [bold]{portal}[/bold], on this machine only.")
    console.print("Waiting times are a minute at most here, in place of a day; each page says so.")
    console.print("Open a link in a browser of this machine, and touch what it asks for. You are then")
    for door in doors(served, SHOP):
        console.print(f"  {door.words:28} {door.link}", soft_wrap=True)
        console.print(f"  {'':28} [dim]then sign in: {portal}/sign-in?back={door.first}[/dim]", soft_wrap=True)
    for line in _PORTAL_WORDS:
        console.print(line)


_PORTAL_WORDS: Final = (
    "Each link counts once. Sign in with the passkey that you made there. Use a browser profile a person.",
    "The shop owner has a request to answer and a consent to withdraw; the officer has a consent to check.",
    "The registrar's people take a security key that is no phone: Chromium's developer tools have a virtual one.",
    "每个链接只能用一次，之后用通行密钥登录。",
)


if __name__ == "__main__":
    sys.exit(main())
