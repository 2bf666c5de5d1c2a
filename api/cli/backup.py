"""``credence backup``, ``backup-keys``, ``backup-identity`` and ``restore``: the operator's copies."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.command import CHECKING, OFFLINE, HomeOption, Output, alone, command, home_of
from api.cli.console import ExitCode, talk
from api.files.private import read_private
from api.home.home import Home
from api.home.settings import environment
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

if TYPE_CHECKING:
    from api.backup.content import Manifest
    from api.instance.chain_copy import Head
    from api.storage.database import Store
    from api.vault.key_copy import KeyCopy
    from api.vault.key_ledger import KeyLedger

KeysOption = Annotated[
    Path | None, typer.Option("--keys", help="The one copy of the key ledger, replaced (CREDENCE_KEYS_COPY).")
]


_CODES = CHECKING | {ExitCode.CANNOT_TELL: "the store or the ledger does not answer: try again"}


@command(
    alone,
    "credence backup --home shop --keys /mnt/keys --out shop.age \\\n    --recipient age1…",
    codes=_CODES,
)
def backup(
    out: Annotated[Path, typer.Option(help="The file to write; there must be none of this name.")],
    recipient: Annotated[
        list[str] | None,
        typer.Option(help="Who can open it: age1…; may be repeated (CREDENCE_BACKUP_RECIPIENTS)."),
    ] = None,
    keys: KeysOption = None,
    home: HomeOption = None,
    *,
    without_chain: Annotated[bool, typer.Option(help="The nodes are elsewhere; implied by CREDENCE_RPC_URLS.")] = False,
) -> Output:
    """Write an encrypted backup of this folder's instance, which may go on, and refresh the copy of its keys."""
    from api.backup.archive import recipient_of
    from api.backup.make import Source, make_backup
    from api.instance.embedded import chain_moment_of

    known = environment()
    recipients = [recipient_of(text) for text in recipient or known.backup_recipients]
    if not recipients:
        raise InvalidInputError(
            Reason.CONFIGURATION, "say who can open the backup: --recipient age1…, of credence backup-identity"
        )
    with _opened(home, keys) as (folder, store, ledger, copy):
        # with nodes elsewhere, a chain in the folder is an old one
        chain = None if known.rpc_urls or without_chain else chain_moment_of(folder)
        source = Source(folder, store, ledger, chain, copy.refresh)
        manifest = make_backup(source, out.absolute(), recipients, now=clock.now())
    rows = sum(manifest.rows.values())
    block = "no chain" if manifest.chain is None else f"the chain to block {manifest.chain.block}"
    return Output(
        {"file": str(out), **_of(manifest)},
        told=f"backed up {rows} rows and {block} to {out}; the copy of the keys is up to date",
    )


@command(alone, "credence backup-keys --home shop --keys /mnt/keys", name="backup-keys", codes=_CODES)
def backup_keys(keys: KeysOption = None, home: HomeOption = None) -> Output:
    """Replace the one copy of the key ledger by what it holds now."""
    with _opened(home, keys) as (_, _, _, copy):
        copy.refresh()
    return Output({"file": str(copy.path)}, told=f"the copy of the key ledger in {copy.path} is up to date")


@command(alone, "credence backup-identity --out identity.txt", name="backup-identity", codes=OFFLINE)
def backup_identity(
    out: Annotated[Path, typer.Option(help="The identity file to write; keep it away from the machine.")],
) -> Output:
    """Make the identity that opens backups, and print the recipient that they are made for."""
    from api.backup.archive import new_identity
    from api.files.own_file import new_file

    text, recipient = new_identity()
    try:
        with new_file(out.absolute()) as file:
            file.write(text.encode())
    except OSError as error:
        words = "it exists already" if isinstance(error, FileExistsError) else error.strerror
        raise InvalidInputError(Reason.CONFIGURATION, f"cannot write {out}: {words}") from error
    return Output(
        {"file": str(out), "recipient": recipient},
        recipient,
        told=f"whoever has {out} can read backups; put it where the machine does not reach, with a second copy",
    )


@command(
    alone,
    "credence restore shop.age --home new --keys /mnt/keys \\\n"
    "    --identity identity.txt --passphrase-file passphrase",
    codes=_CODES,
)
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    keys: Annotated[Path, typer.Option(help="The copy of the key ledger.")],
    identity: Annotated[Path, typer.Option(help="The identity that the backup was made for.")],
    passphrase_file: Annotated[Path, typer.Option(help="The passphrase of the folder that was backed up.")],
    home: HomeOption = None,
    chain: Annotated[
        Path | None, typer.Option(help="The embedded chain, if it survived and went on behind the backup.")
    ] = None,
    *,
    old_keys: Annotated[
        bool, typer.Option(help="Accept a copy of the keys that is older than the backup; what is missing is lost.")
    ] = False,
) -> Output:
    """Make a new folder from a backup and the copy of its keys: whole or not at all."""
    from api.backup.archive import identities_of
    from api.backup.restore import Copies, Target
    from api.backup.restore import restore as restore_copies
    from api.cli.store import named_addresses
    from api.instance.embedded import place_chain

    folder = home_of(home)
    named_addresses().require_both()
    copies = Copies(
        backup=file,
        identities=identities_of(read_private(identity).decode("utf-8", "replace")),
        keys=keys,
        passphrase=read_private(passphrase_file).decode("utf-8", "replace").strip(),
        chain=chain,
        old_keys=old_keys,
    )
    done = restore_copies(copies, Target(folder, _new_store, _new_keys, place_chain))
    manifest = done.manifest
    made = dt.datetime.fromtimestamp(manifest.created_at, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    talk.print(f"restored {folder.path}: the store of {made}, {sum(manifest.rows.values())} rows, {done.keys} keys")
    if done.chain is not None:
        talk.print(f"the chain stands at block {done.chain.block}{_behind(manifest.chain, done.chain)}")
    if done.erased:
        talk.print(f"keys that the store names and the copy lacks: {done.erased}; what they sealed is erased")
    return Output(
        {
            "home": str(folder.path),
            **_of(manifest),
            "keys": done.keys,
            "erased": done.erased,
            "block": None if done.chain is None else done.chain.block,
        },
        told=f"next: credence serve --home {folder.path}",
    )


def _of(manifest: "Manifest") -> dict[str, JSON]:
    return {
        "created_at": manifest.created_at,
        "rows": sum(manifest.rows.values()),
        "chain_block": None if manifest.chain is None else manifest.chain.block,
    }


def _behind(backed_up: "Head | None", stands: "Head") -> str:
    if backed_up is None or backed_up.block == stands.block:
        return ""
    return f", {stands.block - backed_up.block} blocks beyond the backup; the start says what the store lacks"


@contextmanager
def _opened(home: Path | None, keys: Path | None) -> "Iterator[tuple[Home, Store, KeyLedger, KeyCopy]]":
    from api.cli.store import opened_store
    from api.vault.key_copy import MAC_LABEL, KeyCopy

    path = keys or environment().keys_copy
    if path is None:
        raise InvalidInputError(
            Reason.CONFIGURATION, "say where the one copy of the keys is: --keys FILE, on another disk than the folder"
        )
    with opened_store(home) as (folder, store, ledger):
        yield folder, store, ledger, KeyCopy(path.absolute(), ledger, folder.derived_key(MAC_LABEL))


def _new_store(folder: Home) -> "Store":
    from api.storage.database import open_store

    return open_store(folder.store, environment().database_url)


def _new_keys(folder: Home, ledger: bytes, version: int) -> "KeyLedger":
    from api.vault.key_ledger import new_key_ledger

    return new_key_ledger(folder.key_ledger, ledger, version, environment().keys_url)
