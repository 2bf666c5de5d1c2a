"""The trust file and its fingerprint (clause 16)."""

import itertools
from dataclasses import dataclass
from typing import Any

from .crypto import tagged
from .errors import need
from .strict import canonical, integer, items, members, octets, parse, text

INVALID = "trust_invalid"
LIMIT = 4 * 1024 * 1024
CONTRACTS = ("MemberRegistry", "SchemaRegistry", "SubjectRegistry", "AnchorRegistry", "ConsentRegistry")


@dataclass(frozen=True)
class Trust:
    """What is believed beforehand."""

    chain_id: int
    genesis: bytes
    contracts: dict[str, tuple[bytes, bytes]]
    kind: str
    sets: list[tuple[int, list[bytes]]]
    fingerprint: str

    def address(self, name: str) -> bytes:
        """Where a contract is."""
        return self.contracts[name][0]

    def sealers(self, number: int) -> list[bytes]:
        """Who seals a block: the last set that began by then; nobody before the first one."""
        begun = [addresses for start, addresses in self.sets if start <= number]
        return begun[-1] if begun else []


def read(value: Any) -> Trust:
    """A trust file, of bytes or of JSON that was read already."""
    value = parse(value, LIMIT) if isinstance(value, bytes) else value
    members(value, "format chain_id genesis contracts finality")
    need(text(value["format"]) == "credence-trust/v1", INVALID)
    members(value["contracts"], " ".join(CONTRACTS))
    contracts = {name: _contract(value["contracts"][name]) for name in CONTRACTS}
    finality = members(value["finality"], "kind sets")
    kind = text(finality["kind"])
    need(kind in ("sealer", "qbft"), INVALID)
    sets = [_set(item, kind) for item in items(finality["sets"], 4096)]
    need(sets and _rise([start for start, _ in sets]), INVALID)
    return Trust(
        integer(value["chain_id"], 1),
        octets(value["genesis"], 32),
        contracts,
        kind,
        sets,
        fingerprint(canonical(value)),
    )


def _rise(keys: list[Any]) -> bool:
    return all(a < b for a, b in itertools.pairwise(keys))


def _contract(value: Any) -> tuple[bytes, bytes]:
    members(value, "address code_hash")
    return octets(value["address"], 20), octets(value["code_hash"], 32)


def _set(value: Any, kind: str) -> tuple[int, list[bytes]]:
    members(value, "from_block addresses")
    addresses = [octets(address, 20) for address in items(value["addresses"], 256)]
    need(len(addresses) == 1 or (kind == "qbft" and addresses), INVALID)
    need(_rise(addresses), INVALID)
    return integer(value["from_block"]), addresses


def fingerprint(data: bytes) -> str:
    """Eight groups of five digits."""
    digits = f"{int.from_bytes(tagged(0x62, data)) % 10**40:040}"
    return " ".join(digits[i : i + 5] for i in range(0, 40, 5))
