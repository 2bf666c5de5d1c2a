"""What a backup holds of a home folder, and how its manifest is written and checked.

    format.json        the first member: which format this is
    home/…             network.json, members.json, purposes.json, words, credentials.json, keystores, references to
                       devices
    sealed/…           files that hold a secret in clear (sign-in keys, PINs), sealed under the passphrase
    store/TABLE/…      every table of the store, without a data key
    chain.sqlite3      the embedded chain, where there is one
    manifest.json      size and SHA-256 of all of these, and what they belong to
    manifest.mac       HMAC of the manifest under a key that comes from the passphrase

Left out: the passphrase and the key ledger, which are kept apart; withdrawal secrets, which are the firms' and which
nobody needs to withdraw; and what a running instance writes anew.
"""

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from api.backup.archive import ArchiveEntry
from api.home.home import Home
from api.instance.chain_copy import Head
from api.storage.migration.schema import STORE
from api.vault.cipher import seal
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

FORMAT: Final = "credence-backup/1"
FAMILY: Final = "credence-backup/"
HOME: Final = "home/"
SEALED: Final = "sealed/"
CHAIN: Final = "chain.sqlite3"
FORMAT_FILE: Final = "format.json"
MANIFEST: Final = "manifest.json"
MAC: Final = "manifest.mac"
FILE_LABEL: Final = b"credence/backup/file"
MAC_LABEL: Final = b"credence/backup/manifest"
_FILES: Final = ("network.json", "members.json", "purposes.json", "wording.json", "portal.json", "credentials.json")
_KEYSTORE: Final = ".json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of. ``keys_version``: the key ledger had changed so often when the store was read.

    ``members``: SHA-256 by name. ``rows``: how many, by table.
    """

    created_at: int
    genesis: bytes
    key_ledger: bytes
    keys_version: int
    chain: Head | None
    rows: Mapping[str, int]
    members: Mapping[str, bytes] = field(repr=False)

    def to_bytes(self) -> bytes:
        """Return the JSON form."""
        chain = None if self.chain is None else {"block": self.chain.block, "hash": self.chain.hash.hex()}
        value = {
            "format": FORMAT,
            "created_at": self.created_at,
            "genesis": self.genesis.hex(),
            "key_ledger": self.key_ledger.hex(),
            "keys_version": self.keys_version,
            "chain": chain,
            "rows": dict(self.rows),
            "members": {name: digest.hex() for name, digest in self.members.items()},
        }
        return json.dumps(value, indent=1).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Manifest":
        """Read the JSON form.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        value: dict[str, Any] = json.loads(content)
        chain = value["chain"]
        return cls(
            created_at=int(value["created_at"]),
            genesis=bytes.fromhex(value["genesis"]),
            key_ledger=bytes.fromhex(value["key_ledger"]),
            keys_version=int(value["keys_version"]),
            chain=None if chain is None else Head(int(chain["block"]), bytes.fromhex(chain["hash"])),
            rows={str(name): int(count) for name, count in value["rows"].items()},
            members={str(name): bytes.fromhex(digest) for name, digest in value["members"].items()},
        )

    def mac(self, home: Home) -> bytes:
        """Return the HMAC that only who has the passphrase can make."""
        return hmac.new(home.derived_key(MAC_LABEL), self.to_bytes(), sha256).hexdigest().encode()


def format_entry() -> ArchiveEntry:
    """Return the first member."""
    return ArchiveEntry.of(FORMAT_FILE, json.dumps({"format": FORMAT, "store": STORE.head}).encode())


def require_format(content: bytes) -> None:
    """Require that the first member is of this version, and so are the tables of the store.

    Raises:
        InvalidInputError: ``backup_newer_format``, or ``store_outdated`` for a store of an earlier version.
        KeyError, TypeError, ValueError: it is none.
    """
    opening = json.loads(content)
    known, version = str(opening["format"]), str(opening["store"])
    if known != FORMAT and known.startswith(FAMILY):
        raise InvalidInputError(
            Reason.BACKUP_NEWER_FORMAT, f"the backup is of format {known}; restore it with a newer version"
        )
    if known != FORMAT:
        raise ValueError(known)
    if version > STORE.head:
        raise InvalidInputError(
            Reason.BACKUP_NEWER_FORMAT, f"the store of the backup is of version {version}; restore it with a newer one"
        )
    if version < STORE.head:
        raise InvalidInputError(
            Reason.STORE_OUTDATED,
            f"the store of the backup is of version {version}: restore it with the program that made it, then bring it "
            f"to version {STORE.head} with credence store upgrade",
        )


def home_entries(home: Home) -> Iterator[ArchiveEntry]:
    """Yield the files of a home folder, those that hold a secret in clear sealed under its passphrase."""
    for name in (*_FILES, *sorted(path.name for path in home.path.glob("wording-*.json"))):
        if (home.path / name).is_file():
            yield ArchiveEntry.of(HOME + name, (home.path / name).read_bytes())
    key = home.derived_key(FILE_LABEL)
    for path in sorted((home.path / "keys").iterdir()):
        name, content = f"keys/{path.name}", path.read_bytes()
        if path.suffix == _KEYSTORE:
            yield ArchiveEntry.of(HOME + name, content)
        elif not path.name.endswith(".partial"):
            yield ArchiveEntry.of(SEALED + name, seal(key, content, name.encode()))
