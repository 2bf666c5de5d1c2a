"""Founding a consortium of one: keys, chain, contracts, members, and their first sign-in keys."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from api.catalogue.datatype import schemas
from api.catalogue.purpose import default_purposes
from api.catalogue.wording import default_wording
from api.files.own_folder import new_folder
from api.home.home import Home, LocalMember
from api.home.node_process import NodeProcess
from api.home.portal_host import LOCAL_HOST
from api.instance.store_place import IN_FOLDER, Addresses, make_home_store, require_unused
from api.sign_in.protocol.assertion import new_key_file, stated_keys
from api.sign_in.protocol.jose import public_part
from api.sign_in.server.key_set import KeySets
from api.sign_in.server.principal import kind_of
from ledger_node.chain.deployment import Founder, FounderKey, FoundingSchema, deploy, member_id, purposes_of
from ledger_node.chain.port import NO_DELAYS, Delays, Ledger, Role
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.randomness import random_bytes

DEMO_BANKS: Final[Mapping[str, str]] = {"demo-bank": "Demo bank"}
"""Name of a bank's files and credential -> its name on the ledger."""
_FOUNDERS: Final = (
    ("operator", "Credence platform operator", Role.RELAYER),
    ("tax-bureau", "Demo tax bureau", Role.DEPARTMENT),
    ("market-regulator", "Demo market regulation bureau", Role.DEPARTMENT | Role.REGISTRAR),
)
_ISSUERS: Final[Mapping[str, tuple[str, ...]]] = {
    "tax_payment": ("tax-bureau",),
    "tax_credit_rating": ("tax-bureau",),
    "penalty_summary": ("market-regulator",),
    "subject_registration": ("market-regulator",),
}
"""Type of attestation -> who answers for it; the council may allow more."""
_OTHER_KEYS: Final = ("sealer", "governor")
_FURTHER_SENDERS: Final = 2
"""A relayer sends from several accounts, so that a transaction that is stuck holds up a part of the others only."""
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MAX_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class ChainParameters:
    """What the engine needs to make a chain. ``allowlist``: accounts that may send transactions."""

    path: Path
    chain_id: int
    sealer_key: bytes
    allowlist: tuple[bytes, ...]


def found(
    home: Home,
    chain_id: int,
    create_chain: Callable[[ChainParameters], None],
    *,
    banks: Mapping[str, str] = DEMO_BANKS,
    addresses: Addresses = IN_FOLDER,
    delays: Delays = NO_DELAYS,
    relayers: Sequence[str] = (),
    portal_host: str = LOCAL_HOST,
) -> None:
    """Make ``home``; it appears whole or not at all. ``banks``: as ``DEMO_BANKS``; ``addresses``: of its store.

    ``delays``: of the council's decisions, from the end of the founding on. ``relayers``: names of further relayers, at
    most two; each has one of the accounts that the operator sends from. ``portal_host``: what passkeys are bound to.

    Raises:
        InvalidInputError: ``configuration``; this path exists already, the banks cannot be told apart, the databases
            are not both named and empty, or the portal's host is none.
        ChainError: the new node does not answer.
    """
    members = _members(chain_id, banks)
    require_unused(home, addresses)
    with new_folder(home.path) as path:
        Home(path).write_portal_host(portal_host)
        _found_in(Home(path), chain_id, members, create_chain, addresses, delays, relayers)


def _found_in(
    draft: Home,
    chain_id: int,
    members: list[LocalMember],
    create_chain: Callable[[ChainParameters], None],
    addresses: Addresses,
    delays: Delays,
    relayers: Sequence[str],
) -> None:
    draft.ensure_passphrase()
    further = {
        member.slug: [f"{member.slug}.sender-{number + 1}" for number in range(_FURTHER_SENDERS)]
        for member in members
        if Role.RELAYER in member.roles
    }
    named = (*_OTHER_KEYS, *(member.slug for member in members), *chain.from_iterable(further.values()))
    keys = {slug: random_bytes(32) for slug in named}
    for slug, key in keys.items():
        draft.write_key(slug, key)
    for member in members:
        if Role.DEPARTMENT in member.roles:
            draft.write_key(f"{member.slug}.vault", random_bytes(32))
    senders = ["governor", *(member.slug for member in members if member.roles & (Role.RELAYER | Role.REGISTRAR))]
    senders += chain.from_iterable(further.values())
    allowlist = tuple(address_of(keys[slug]) for slug in senders)
    create_chain(ChainParameters(draft.chain, chain_id, keys["sealer"], allowlist))
    draft.write_members(members)
    draft.write_purposes(default_purposes())
    draft.write_wording(default_wording())
    lent = dict(zip(chain.from_iterable(further.values()), relayers, strict=False))
    own = {slug: [name for name in accounts if name not in lent] for slug, accounts in further.items()}
    founders = [_founder(member, keys, own.get(member.slug, ())) for member in members]
    founders += [
        Founder(member_id(name, chain_id), name, Role.RELAYER, (FounderKey(address_of(keys[slug]), KeyPurpose.RELAY),))
        for slug, name in lent.items()
    ]
    _deploy(draft, chain_id, keys, members, founders, senders, addresses, delays)


def _founder(member: LocalMember, keys: Mapping[str, bytes], senders: Iterable[str]) -> Founder:
    """Return a member with its own key, for all that its roles ask for, and accounts that only relay."""
    own = FounderKey(address_of(keys[member.slug]), purposes_of(member.roles))
    further = (FounderKey(address_of(keys[slug]), KeyPurpose.RELAY) for slug in senders)
    return Founder(member.id, member.name, member.roles, (own, *further))


def _members(chain_id: int, banks: Mapping[str, str]) -> list[LocalMember]:
    founders = [*_FOUNDERS, *((slug, name, Role.BANK) for slug, name in banks.items())]
    slugs, names = {slug for slug, _, _ in founders}, {name for _, name, _ in founders}
    sound = all(_SLUG.fullmatch(slug) and name.strip() and len(name) <= _MAX_NAME for slug, name in banks.items())
    if not sound or slugs & set(_OTHER_KEYS) or not len(slugs) == len(names) == len(founders):
        raise InvalidInputError(
            Reason.CONFIGURATION,
            "each bank has an own short name of a-z, 0-9 and -, and an own full name; none may be another member's",
            field="bank",
        )
    return [LocalMember(slug, member_id(name, chain_id), name, roles) for slug, name, roles in founders]


def _deploy(
    home: Home,
    chain_id: int,
    keys: dict[str, bytes],
    members: list[LocalMember],
    founders: list[Founder],
    senders: list[str],
    addresses: Addresses,
    delays: Delays,
) -> None:
    node = NodeProcess(home)
    node.start()
    rpc = Rpc(node.wait_ready())
    try:
        by_slug = {member.slug: member.id for member in members}
        first = [
            FoundingSchema(name, schema.id, tuple(by_slug[slug] for slug in _ISSUERS[name]))
            for name, schema in schemas().items()
        ]
        documents = {"purposes": home.purposes().digest, "wording": list(home.wordings())[-1]}
        book = deploy(rpc, Sender(rpc, chain_id, keys["governor"]), founders, first, documents, delays=delays)
        _first_sign_in_keys(home, members, keys, Web3Ledger(book, rpc), addresses)
    finally:
        node.stop()
    accounts = {slug: to_hex(address_of(keys[slug])) for slug in ("sealer", *senders)}
    home.write_network(book, dict(accounts))


def _first_sign_in_keys(
    home: Home, members: list[LocalMember], keys: dict[str, bytes], ledger: Ledger, addresses: Addresses
) -> None:
    store = make_home_store(home, addresses)
    # there are no subjects yet
    key_sets = KeySets(store, ledger, lambda _: None)
    for member in members:
        kind = kind_of(member.roles)
        if kind is not None:
            text, key = new_key_file()
            stated = stated_keys(member.id, 1, [dict(public_part(key).jwk)])
            key_sets.publish(stated, sign(stated.digest(ledger.member_domain), keys[member.slug]))
            file = home.write_private_key(member.slug, text)
            home.add_credential(member.slug, {"kind": kind.value, "id": to_hex(member.id), "key": file})
    store.dispose()
