"""The store of a folder and its key ledger, open as long as a command works with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.cli.command import home_of
from api.home.home import Home
from api.home.settings import environment
from api.instance.store_place import Addresses, open_home_keys, open_home_store
from api.storage.store import Store
from api.vault.key_ledger import KeyLedger


def named_addresses() -> Addresses:
    """Return the addresses of both databases as the environment names them."""
    known = environment()
    return Addresses(known.database_url, known.keys_url)


@contextmanager
def opened_store(home: Path | None) -> Iterator[tuple[Home, Store, KeyLedger]]:
    """Open the store and the key ledger of an instance's folder."""
    folder, addresses = home_of(home).require(), named_addresses()
    store = open_home_store(folder, addresses)
    try:
        keys = open_home_keys(folder, store, addresses)
        try:
            yield folder, store, keys
        finally:
            keys.dispose()
    finally:
        store.dispose()
