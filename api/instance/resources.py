"""What all services of an instance work with: its members and their keys, the ledger, and the databases."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.home.home import Home, LocalMember
from api.instance.store_place import Addresses, open_home_keys, open_home_store
from api.services.reconciliation.network_binding import require_network
from api.storage.database import Store
from api.storage.log_index import StoredLogs
from api.storage.migration.schema import STORE
from api.storage.migration.version import require_version_alone
from api.storage.outbox import StoredOutbox
from api.vault.cipher import KeyEncryptionKey, KeyRing
from api.vault.department import Department, Operator
from api.vault.key_copy import MAC_LABEL, KeyCopy
from api.vault.key_ledger import KeyLedger
from api.vault.key_removal import KeyRemovals
from api.work.worker_pool import WorkerPool
from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.node_limit import require_limits
from ledger_node.chain.port import Ledger, Role
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SigningKey
from ledger_node.domain.wording import WordingDocument

_STAND_BACK: Final = 10
"""How nice workers are whose work can wait: batches, and intervals of the access log."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What is there before any service is, and what services share.

    ``relaying``: sends what departments and subjects signed; ``registering``: sends for the registrar.
    ``registrar``: the department that registers subjects. ``operator``: the member that runs this instance.
    """

    book: AddressBook
    rpc: Rpc
    ledger: Ledger
    relaying: Sender
    registering: Sender
    store: Store
    keys: KeyLedger
    removals: KeyRemovals
    ring: KeyRing
    departments: dict[bytes, Department]
    registrar: Department
    operator: Operator
    operator_key: bytes = field(repr=False)
    purposes: Purposes
    wordings: Mapping[bytes, WordingDocument]
    """By digest; today's last."""
    workers: WorkerPool
    portal_host: str
    """The host that passkeys are bound to."""

    @property
    def senders(self) -> Mapping[str, Sender]:
        """What sends transactions, by the role that it sends for."""
        return {"relayer": self.relaying, "registrar": self.registering}


def open_resources(
    home: Home, node_urls: Sequence[str], addresses: Addresses, *, keys_copy: Path | None, processes: int
) -> Resources:
    """Open what the services of ``home`` work with. Whatever is refused, nothing stays open.

    Raises:
        As ``open_instance``.
    """
    book = home.address_book()
    rpc = Rpc(*node_urls, book=book)
    departments, portal_host = _departments(home), home.portal_host()
    registrar, relayer = _member_of(home, Role.REGISTRAR), _member_of(home, Role.RELAYER)
    relayer_key = home.read_key(relayer.slug)
    with ExitStack() as opened:
        store = open_home_store(home, addresses)
        opened.callback(store.dispose)
        store.locks.join()
        require_version_alone(store, STORE)
        require_network(store, book)
        keys = open_home_keys(home, store, addresses)
        opened.callback(keys.dispose)
        # what this machine holds is looked at before any node is asked
        require_limits(rpc, book)
        purposes, wordings = _agreed_documents(home, Web3Ledger(book, rpc))
        relaying, registering = (
            Sender(rpc, book.chain_id, *home.sender_keys(member.slug), store=StoredOutbox(store))
            for member in (relayer, registrar)
        )
        copy = None if keys_copy is None else KeyCopy(keys_copy, keys, home.derived_key(MAC_LABEL))
        made = Resources(
            book=book,
            rpc=rpc,
            ledger=Web3Ledger(book, rpc, relayer=relaying, registrar=registering, logs=StoredLogs(store)),
            relaying=relaying,
            registering=registering,
            store=store,
            keys=keys,
            removals=KeyRemovals(store, keys) if copy is None else KeyRemovals(store, keys, copy.refresh),
            ring=KeyRing(keys, {member: department.kek for member, department in departments.items()}),
            departments=departments,
            registrar=departments[registrar.id],
            operator=Operator(relayer.id, SigningKey(relayer_key)),
            operator_key=relayer_key,
            purposes=purposes,
            wordings=wordings,
            workers=WorkerPool(processes if processes > 1 else 0, nice=_STAND_BACK),
            portal_host=portal_host,
        )
        opened.pop_all()
    return made


def _departments(home: Home) -> dict[bytes, Department]:
    return {
        member.id: Department(
            member.id,
            member.name,
            home.signer(member.slug),
            KeyEncryptionKey(home.read_key(f"{member.slug}.vault")),
            Role.REGISTRAR in member.roles,
        )
        for member in home.members()
        if Role.DEPARTMENT in member.roles
    }


def _member_of(home: Home, role: Role) -> LocalMember:
    for member in home.members():
        if role in member.roles:
            return member
    raise InvalidInputError(Reason.CONFIGURATION, "members.json names no registrar or no relayer")


def _agreed_documents(home: Home, ledger: Ledger) -> tuple[Purposes, Mapping[bytes, WordingDocument]]:
    purposes, wordings = home.purposes(), home.wordings()
    for name, digest in (("purposes", purposes.digest), ("wording", list(wordings)[-1])):
        agreed = ledger.document(name)
        if agreed != digest:
            raise InvalidInputError(
                Reason.CONFIGURATION,
                f"{name}.json is not what the consortium agreed on: its digest is {to_hex(digest)}, "
                f"the chain holds {to_hex(agreed)}; put the agreed file in its place",
            )
    return purposes, wordings
