"""The folder of an instance: keys in keystore v3 files, the network's address book, chain and store.

network.json       address book and the addresses of sealer and allowlisted accounts
members.json       the members that this instance serves, with their roles
keys/NAME.json     keystore v3: a signing key; NAME.vault.json: a department's key-encryption key;
                   NAME.sender-N.json: further accounts that send for a member
keys/NAME.jwk      the private key that a member's programs sign in with (mode 0600)
portal.json        the host that passkeys are bound to
passphrase         opens the keystores (mode 0600; keep a copy apart)
credentials.json   who signs in from this folder, by name: its id, and the file of its key (no secret)
chain.sqlite3      the embedded chain; store.sqlite3: vault and store; node.json: where the node listens
store.json         where the store is: its kind, and the identities of store and key ledger (no address)
keys.sqlite3       the key ledger: the data keys of the vaults, wrapped by the departments' keys
"""

import json
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from api.files.own_file import new_file
from api.home.portal_host import LOCAL_HOST, portal_host
from api.hsm.device import SUFFIX, DeviceKey, DeviceSigner, KeyReference
from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.port import Role
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import hmac_sha256
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import Signer, SigningKey, parse_address
from ledger_node.domain.wording import WordingDocument
from ledger_node.randomness import random_bytes

_PURPOSES: Final = "purposes.json"
_PORTAL: Final = "portal.json"
_WORDING: Final = "wording.json"
_EARLIER: Final = "wording-*.json"
"""Documents of words that consents were signed over before the council agreed on the one of today."""
_CREDENTIALS: Final = "credentials.json"
_CREDENTIAL: Final = frozenset({"kind", "id"})
_SCRYPT_WORK: Final = 1 << 14
"""The passphrase is 256 random bits, so the work factor only has to be as large as opening stays quick."""


@dataclass(frozen=True, slots=True)
class LocalMember:
    """A member that this instance serves. ``slug`` names its files."""

    slug: str
    id: bytes
    name: str
    roles: Role


class Home:
    """Paths and files of one instance."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.chain = path / "chain.sqlite3"
        """The embedded chain's file."""
        self.store = path / "store.sqlite3"
        """The store's file."""
        self.key_ledger = path / "keys.sqlite3"
        """The key ledger's file."""
        self.node_file = path / "node.json"
        """Where a running node says its address and process."""
        self.api_file = path / "api.json"
        """Where a running API says its address and process."""

    def require(self) -> "Home":
        """Return this home if ``init`` has made it.

        Raises:
            InvalidInputError: ``configuration``, saying what to run.
        """
        if not (self.path / "network.json").is_file():
            raise InvalidInputError(
                Reason.CONFIGURATION, f"there is no network in {self.path}; run: credence init --home {self.path}"
            )
        return self

    def address_book(self) -> AddressBook:
        """Return the network's address book."""
        return AddressBook.from_json(self._read("network.json").take("address_book"))

    def members(self) -> list[LocalMember]:
        """Return the members that this instance serves."""
        record = self._read("members.json")
        members = [_member(item) for item in record.items("members")]
        record.done()
        return members

    def relayer_keys(self) -> frozenset[bytes]:
        """Return the addresses of this instance's relayers: their keys sign receipts and keep the access log."""
        accounts = self._read("network.json").record("accounts")
        relayers = [member.slug for member in self.members() if Role.RELAYER in member.roles]
        return frozenset(parse_address(accounts.take(slug), slug) for slug in relayers)

    def purposes(self) -> Purposes:
        """Return this instance's copy of the purposes that the consortium agreed on."""
        return Purposes.from_json(decode((self.path / _PURPOSES).read_bytes()))

    def write_purposes(self, purposes: Purposes) -> None:
        """Write the copy of the purposes."""
        self.write(_PURPOSES, purposes.to_json())

    def portal_host(self) -> str:
        """Return the exact host that passkeys are bound to (their rpId). A home without portal.json says localhost.

        Raises:
            InvalidInputError: ``configuration``; portal.json names no host.
        """
        if not (self.path / _PORTAL).is_file():
            return LOCAL_HOST
        record = self._read(_PORTAL)
        host = record.text("host")
        record.done()
        return portal_host(host)

    def write_portal_host(self, host: str) -> None:
        """Write the host that passkeys are bound to. It stands in every firm's keys, so it stays for good.

        Raises:
            InvalidInputError: ``configuration``; this is no name of a host.
        """
        self.write(_PORTAL, {"host": portal_host(host)})

    @property
    def has_wording(self) -> bool:
        """Whether the words of consents are here; a folder of before had none."""
        return (self.path / _WORDING).exists()

    def wordings(self) -> dict[bytes, WordingDocument]:
        """Return the words that the consortium agreed on, by digest: earlier ones that are kept, and today's last."""
        files = [*sorted(self.path.glob(_EARLIER)), self.path / _WORDING]
        read = [WordingDocument.from_json(decode(file.read_bytes())) for file in files]
        return {document.digest: document for document in read}

    def write_wording(self, document: WordingDocument) -> None:
        """Write today's words."""
        self.write(_WORDING, document.to_json())

    def write_network(self, book: AddressBook, accounts: dict[str, JSON]) -> None:
        """Write the address book and the accounts that may send."""
        self.write("network.json", {"address_book": book.to_json(), "accounts": accounts})

    def write_members(self, members: list[LocalMember]) -> None:
        """Write the list of local members."""
        rows: list[JSON] = [
            {"slug": member.slug, "id": to_hex(member.id), "name": member.name, "roles": int(member.roles)}
            for member in members
        ]
        self.write("members.json", {"members": rows})

    def write(self, name: str, content: JSON, *, secret: bool = False) -> None:
        """Write a JSON file; a secret one only its owner may read."""
        write_private(self.path / name, json.dumps(content, ensure_ascii=False, indent=2) + "\n", secret=secret)

    def credentials(self) -> dict[str, Any]:
        """Return who signs in from this folder, by name: ``kind``, ``id`` and ``key``.

        Raises:
            InvalidInputError: ``configuration``; credentials.json is something else.
        """
        path = self.path / _CREDENTIALS
        if not path.is_file():
            return {}
        try:
            held = dict(json.loads(path.read_text("utf-8")))
        except (TypeError, ValueError):
            held = {"": None}
        if not all(isinstance(one, dict) and one.keys() >= _CREDENTIAL for one in held.values()):
            raise InvalidInputError(
                Reason.CONFIGURATION, f"{path} is not a list of who signs in; choose another --home"
            )
        return held

    def credential(self, name: str) -> dict[str, Any]:
        """Return who signs in under a name.

        Raises:
            InvalidInputError: ``configuration``; there is no such name.
        """
        credentials = self.credentials()
        if name not in credentials:
            names = ", ".join(credentials) or "none"
            raise InvalidInputError(Reason.CONFIGURATION, f"no credential '{name}' in {self.path}; there are: {names}")
        return dict(credentials[name])

    def add_credential(self, name: str, credential: dict[str, JSON]) -> None:
        """Keep who signs in under a name in credentials.json."""
        self.write(_CREDENTIALS, {**self.credentials(), name: credential}, secret=True)

    def write_private_key(self, name: str, text: str) -> str:
        """Write a sign-in key that only its owner may read, and return its file as credentials.json names it."""
        (self.path / "keys").mkdir(mode=0o700, exist_ok=True)
        for number in count(1):
            # a key of this name may be in force, if the answer that said so was lost
            file = f"keys/{name}.jwk" if number == 1 else f"keys/{name}.{number}.jwk"
            with suppress(FileExistsError), new_file(self.path / file) as new:
                new.write(text.encode())
                return file
        raise AssertionError

    def derived_key(self, label: bytes) -> bytes:
        """Return a key that follows from the passphrase. ``label``: what it is for."""
        return hmac_sha256(self._password(), label)

    def ensure_passphrase(self) -> None:
        """Make the folder, and the passphrase that opens its keystores, where there are none."""
        self.path.mkdir(parents=True, mode=0o700, exist_ok=True)
        if not (self.path / "passphrase").exists():
            write_private(self.path / "passphrase", random_bytes(32).hex() + "\n", secret=True)

    def has_key(self, name: str) -> bool:
        """Return whether there is a key of this name."""
        return (self.path / "keys" / f"{name}.json").is_file()

    def key_of(self, addresses: Container[object]) -> str | None:
        """Return the file, as credentials.json names it, of the first key here with one of these addresses, or None."""
        for path in sorted((self.path / "keys").glob("*.json")):
            address = json.loads(path.read_text("utf-8")).get("address")
            if address is not None and bytes.fromhex(str(address).removeprefix("0x")) in addresses:
                return f"keys/{path.name}"
        return None

    def write_key(self, name: str, secret: bytes) -> None:
        """Write 32 secret bytes as a keystore v3 file."""
        from eth_keyfile.keyfile import create_keyfile_json

        keystore = create_keyfile_json(secret, self._password(), kdf="scrypt", iterations=_SCRYPT_WORK)
        (self.path / "keys").mkdir(mode=0o700, exist_ok=True)
        write_private(self.path / "keys" / f"{name}.json", json.dumps(keystore) + "\n", secret=True)

    def signer(self, name: str) -> Signer:
        """Return what signs for a member: the key that keys/NAME.hsm.json names in a device, or that of the keystore.

        Raises:
            InvalidInputError: ``configuration``; the key is missing or cannot be used.
        """
        device = self.path / "keys" / f"{name}{SUFFIX}"
        if device.is_file():
            return DeviceSigner(DeviceKey.open(KeyReference.read(device)))
        return SigningKey(self.read_key(name))

    def read_key(self, name: str) -> bytes:
        """Return the 32 secret bytes of a keystore v3 file.

        Raises:
            InvalidInputError: ``configuration``; the file is missing or the passphrase does not open it.
        """
        from eth_keyfile.keyfile import decode_keyfile_json

        path = self.path / "keys" / f"{name}.json"
        try:
            keystore = json.loads(path.read_text("utf-8"))
            return bytes(decode_keyfile_json(keystore, self._password()))
        except FileNotFoundError as error:
            raise InvalidInputError(Reason.CONFIGURATION, f"the key file {path} is missing") from error
        except ValueError as error:
            raise InvalidInputError(Reason.CONFIGURATION, f"the passphrase does not open {path}") from error

    def sender_keys(self, slug: str) -> list[bytes]:
        """Return the keys of all accounts that send for a member: its own, and those of SLUG.sender-N.json.

        Raises:
            InvalidInputError: ``configuration``; a file is missing or the passphrase does not open it.
        """
        further = sorted((self.path / "keys").glob(f"{slug}.sender-*.json"))
        return [self.read_key(name) for name in (slug, *(path.stem for path in further))]

    def _password(self) -> bytes:
        path = self.path / "passphrase"
        try:
            return path.read_bytes().strip()
        except FileNotFoundError as error:
            raise InvalidInputError(
                Reason.CONFIGURATION, f"the passphrase is missing: put {path} back; no key of this folder opens without"
            ) from error

    def _read(self, name: str) -> JsonObject:
        return JsonObject(decode((self.path / name).read_bytes()), name)


def write_private(path: Path, text: str, *, secret: bool) -> None:
    """Write a file of a home in one step: a reader sees the old text or the new, never half of it."""
    with new_file(path, replace=True, secret=secret, wait=True) as file:
        file.write(text.encode())


def _member(value: JSON) -> LocalMember:
    record = JsonObject(value, "member")
    member = LocalMember(
        record.text("slug"), record.blob("id"), record.text("name"), Role(record.integer("roles", high=15))
    )
    record.done()
    return member
