"""Founding a consortium of one: keys, chain, contracts, members, and their first sign-in keys."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.catalogue.datatype import schemas
from api.catalogue.purpose import default_purposes
from api.client.credential import new_key_file
from api.home import Home, LocalMember, write_private
from api.node_process import NodeProcess
from api.sign_in.jose import public_part
from api.sign_in.key_set import KeySets, stated_keys
from api.sign_in.principal import kind_of
from api.storage.database import open_store
from ledger_node.chain.deployment import Founder, deploy, member_id
from ledger_node.chain.port import Ledger, Role
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import to_hex
from ledger_node.domain.signature import address_of, sign
from ledger_node.randomness import random_bytes

FOUNDERS: Final = (
    ("operator", "Credence platform operator", Role.RELAYER),
    ("tax-bureau", "Demo tax bureau", Role.DEPARTMENT),
    ("market-regulator", "Demo market regulation bureau", Role.DEPARTMENT | Role.REGISTRAR),
    ("demo-bank", "Demo bank", Role.BANK),
)
_OTHER_KEYS: Final = ("sealer", "governor")


@dataclass(frozen=True, slots=True)
class ChainParameters:
    """What the engine needs to make a chain. ``allowlist``: accounts that may send transactions."""

    path: Path
    chain_id: int
    sealer_key: bytes
    allowlist: tuple[bytes, ...]


def found(home: Home, chain_id: int, create_chain: Callable[[ChainParameters], None]) -> None:
    """Make ``home``; it appears whole or not at all.

    Raises:
        InvalidInputError: ``configuration``; there is something at this path already.
        ChainError: the new node does not answer.
    """
    if home.path.exists():
        raise InvalidInputError(Reason.CONFIGURATION, f"{home.path} exists already; choose another --home or remove it")
    draft = Home(home.path.with_name(home.path.name + ".partial"))
    shutil.rmtree(draft.path, ignore_errors=True)
    draft.path.mkdir(parents=True, mode=0o700)
    write_private(draft.path / "passphrase", random_bytes(32).hex() + "\n", secret=True)
    members = [LocalMember(slug, member_id(name, chain_id), name, roles) for slug, name, roles in FOUNDERS]
    keys = {slug: random_bytes(32) for slug in (*_OTHER_KEYS, *(member.slug for member in members))}
    for slug, key in keys.items():
        draft.write_key(slug, key)
    for member in members:
        if Role.DEPARTMENT in member.roles:
            draft.write_key(f"{member.slug}.vault", random_bytes(32))
    senders = ["governor", *(member.slug for member in members if member.roles & (Role.RELAYER | Role.REGISTRAR))]
    allowlist = tuple(address_of(keys[slug]) for slug in senders)
    create_chain(ChainParameters(draft.chain, chain_id, keys["sealer"], allowlist))
    draft.write_members(members)
    draft.write_purposes(default_purposes())
    _deploy(draft, chain_id, keys, members, senders)
    draft.path.rename(home.path)


def _deploy(home: Home, chain_id: int, keys: dict[str, bytes], members: list[LocalMember], senders: list[str]) -> None:
    node = NodeProcess(home)
    node.start()
    rpc = Rpc(node.wait_ready())
    try:
        founders = [
            Founder(member.id, member.name, member.roles, (address_of(keys[member.slug]),)) for member in members
        ]
        ids = {name: schema.id for name, schema in schemas().items()}
        book = deploy(rpc, Sender(rpc, chain_id, keys["governor"]), founders, ids, {"purposes": home.purposes().digest})
        _first_sign_in_keys(home, members, keys, Web3Ledger(book, rpc))
    finally:
        node.stop()
    accounts = {slug: to_hex(address_of(keys[slug])) for slug in ("sealer", *senders)}
    home.write_network(book, dict(accounts))


def _first_sign_in_keys(home: Home, members: list[LocalMember], keys: dict[str, bytes], ledger: Ledger) -> None:
    store = open_store(home.store)
    key_sets = KeySets(store, ledger)
    for member in members:
        kind = kind_of(member.roles)
        if kind is not None:
            text, key = new_key_file()
            stated = stated_keys(member.id, 1, [dict(public_part(key).jwk)])
            key_sets.publish(stated, sign(stated.digest(ledger.member_domain), keys[member.slug]))
            file = home.write_private_key(member.slug, text)
            home.add_credential(member.slug, {"kind": kind.value, "id": to_hex(member.id), "key": file})
    store.dispose()
