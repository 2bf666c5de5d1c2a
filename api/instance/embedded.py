"""The embedded chain of an instance: the one door to ``ledger_node.node``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api.home.home import Home
from api.home.portal_host import LOCAL_HOST
from api.instance.chain_copy import Head, OpenMoment
from api.instance.founding import DEMO_BANKS, ChainParameters, found
from api.instance.store_place import Addresses
from ledger_node import clock
from ledger_node.chain.port import NO_DELAYS, Delays
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.node.embedded import ChainMoment, Engine, Genesis, NodeError, chain_moment, run_node
from ledger_node.randomness import random_places

_FEWEST_BITS: Final = 48
LARGEST_CHAIN_ID: Final = 4_503_599_627_370_476
"""The largest that wallets take: its signatures' v still is a safe integer of JSON."""


def found_instance(
    home: Home,
    chain_id: int | None = None,
    *,
    banks: Mapping[str, str] | None = None,
    database_url: str | None = None,
    keys_url: str | None = None,
    delays: Delays = NO_DELAYS,
    relayers: Sequence[str] = (),
    portal_host: str = LOCAL_HOST,
) -> None:
    """Make ``home`` with an embedded chain. ``banks``: short name -> full name; None for the demo bank.

    ``chain_id``: drawn if it is None, so that what is signed here counts on no other chain, a rehearsal's included.
    ``database_url``, ``keys_url``: where its store and its key ledger are, if not in the folder. ``relayers``,
    ``portal_host``: as for ``found``.

    Raises:
        InvalidInputError: ``configuration``; there is something at this path or in these databases already.
        ChainError: the new node does not answer.
    """
    found(
        home,
        drawn_chain_id() if chain_id is None else chain_id,
        _create_chain,
        banks=banks or DEMO_BANKS,
        addresses=Addresses(database_url, keys_url),
        delays=delays,
        relayers=relayers,
        portal_host=portal_host,
    )


def drawn_chain_id() -> int:
    """Return a chain id that nobody else has drawn: of 48 to 52 bits, so 44 quadrillions to choose from."""
    lowest = 1 << _FEWEST_BITS - 1
    return lowest + random_places(1, LARGEST_CHAIN_ID + 1 - lowest)[0]


def run_chain(
    home: Home,
    host: str,
    port: int,
    *,
    allowed_hosts: Sequence[str],
    on_ready: Callable[[int], None],
    ends_with_parent: bool,
) -> None:
    """Run the node of ``home`` until it is told to stop. ``on_ready`` gets the port that it listens on.

    Raises:
        InvalidInputError: ``configuration``; there is no chain or no key, or another process runs it.
    """
    with _node_words():
        run_node(
            home.chain,
            host,
            port,
            home.read_key("sealer"),
            allowed_hosts=allowed_hosts,
            on_ready=on_ready,
            stop_when_stdin_closes=ends_with_parent,
        )


def permit_accounts(home: Home, accounts: Sequence[bytes]) -> list[str]:
    """Let further accounts send transactions to the chain of ``home``, and return all that may.

    Raises:
        InvalidInputError: ``configuration``; there is no chain, or its node runs.
    """
    wanted = [to_hex(account) for account in accounts]
    with _node_words(), Engine.open(home.chain, home.read_key("sealer"), clock.now) as engine:
        engine.set_allowlist(list(dict.fromkeys([*engine.allowlist, *wanted])))
        return list(engine.allowlist)


def chain_moment_of(home: Home) -> OpenMoment | None:
    """Return what begins to read the embedded chain of a folder, or None if it has none."""
    if not home.chain.is_file():
        return None

    @contextmanager
    def open_moment() -> Iterator[ChainMoment]:
        with _node_words(), chain_moment(home.chain) as moment:
            yield moment

    return open_moment


def place_chain(survived: Path, place: Path, genesis: bytes, backed_up: Head | None) -> Head:
    """Copy a chain that survived to its place, and return its newest block.

    Raises:
        InvalidInputError: ``chain_other_network``; it is of another network, or does not hold the block of the backup.
    """
    with _node_words(), chain_moment(survived) as moment:
        goes_on = backed_up is None or moment.hash_of(backed_up.block) == backed_up.hash
        if moment.hash_of(0) != genesis or not goes_on:
            raise InvalidInputError(
                Reason.CHAIN_OTHER_NETWORK,
                f"{survived} is not the chain of this backup, or ends before it; find the right one, or go without",
            )
        moment.copy_to(place)
        return Head(moment.block, moment.block_hash)


def _create_chain(parameters: ChainParameters) -> None:
    genesis = Genesis(
        chain_id=parameters.chain_id,
        timestamp=clock.now(),
        sealer=to_hex(address_of(parameters.sealer_key)),
        allowlist=tuple(to_hex(address) for address in parameters.allowlist),
    )
    with Engine.create(parameters.path, genesis, parameters.sealer_key):
        pass


@contextmanager
def _node_words() -> Iterator[None]:
    try:
        yield
    except NodeError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"{error} ({error.reason})") from error
