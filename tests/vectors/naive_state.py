"""The state of a chain, naively: where facts lie in storage, tries, headers and seals. No ledger_node here."""

import base64

import coincurve
import rlp
from trie.hexary import HexaryTrie

from tests.kit import reference as ref

CONTRACTS = ("MemberRegistry", "SchemaRegistry", "SubjectRegistry", "AnchorRegistry", "ConsentRegistry")
BLANK = ref.H(rlp.encode(b""))
MIX_HASH = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")


def word(value: int | bytes) -> bytes:
    return value.to_bytes(32, "big") if isinstance(value, int) else bytes(32 - len(value)) + value


def at(key: int | bytes, slot: int) -> int:
    """k . s of the interfaces: the slot of a mapping's entry."""
    return int.from_bytes(ref.H(word(key), word(slot)), "big")


def packed(*parts: tuple[int, int]) -> int:
    """(value, bits) from the low end."""
    total = shift = 0
    for value, bits in parts:
        total += value << shift
        shift += bits
    return total


KEY_TIMES, EVERY_PURPOSE = (64, 64, 64), 0xFF


def key_words(member: bytes, key: bytes, record: tuple) -> dict:
    """Times of a key, and what it is for: everything, unless the record says so."""
    purposes = record[3] if len(record) > len(KEY_TIMES) else EVERY_PURPOSE * any(record)
    word = packed(*zip((*record[: len(KEY_TIMES)], purposes), (*KEY_TIMES, 8), strict=True))
    return {("MemberRegistry", at(key, at(member, 2))): word}


def member_words(member: bytes, standing: tuple[int, int]) -> dict:
    """Roles and state; beside them are times that no fact is read from."""
    return {("MemberRegistry", at(member, 1)): packed((standing[0], 8), (standing[1], 8), (77, 64), (78, 64))}


def name_words(member: bytes, name: str) -> dict:
    text, slot = name.encode(), at(member, 1) + 2
    if len(text) < 32:
        return {("MemberRegistry", slot): int.from_bytes(text + bytes(31 - len(text)) + bytes([2 * len(text)]), "big")}
    words = {("MemberRegistry", slot): 2 * len(text) + 1}
    first = int.from_bytes(ref.H(word(slot)), "big")
    padded = text + bytes(-len(text) % 32)
    for n in range(0, len(padded), 32):
        words["MemberRegistry", first + n // 32] = int.from_bytes(padded[n : n + 32], "big")
    return words


def period_words(schema: bytes, member: bytes, period: tuple) -> dict:
    return {("SchemaRegistry", at(member, at(schema, 2))): packed(*zip(period, (64, 64), strict=True))}


def anchor_words(member: bytes, stream: int, number: int, digest: bytes) -> dict:
    return {("AnchorRegistry", at(number, at(stream, at(member, 4)))): int.from_bytes(digest, "big")}


def status_words(member: bytes, word_number: int, planes: tuple[int, int]) -> dict:
    return {("AnchorRegistry", at(word_number, at(plane, at(member, 5)))): bits for plane, bits in enumerate(planes)}


def consent_words(consent: bytes, record: tuple, spent: tuple[bytes, int], digests: tuple) -> dict:
    """State and times, the spend key with the used numbers, and the digests of uses, grant and last change."""
    place = at(consent, 2)
    first = packed(*zip(record, (8, 40, 40, 40, 8, 24, 40), strict=True))
    second = packed((int.from_bytes(spent[0], "big"), 160), (spent[1], 96))
    words = (first, second, *(int.from_bytes(digest, "big") for digest in digests))
    return {("ConsentRegistry", place + n): value for n, value in enumerate(words)}


def entry_slots(subject: bytes, index: int) -> list[tuple[str, int]]:
    """The three slots of an entry of controllers: commitment; key, since, kind and link; registrar."""
    first = int.from_bytes(ref.H(word(at(subject, 3))), "big") + 3 * index
    return [("SubjectRegistry", first + n) for n in range(3)]


def hold_slot(subject: bytes, number: int) -> tuple[str, int]:
    return "SubjectRegistry", int.from_bytes(ref.H(word(at(subject, 6))), "big") + number - 1


def entry_words(subject: bytes, index: int, entry: dict) -> dict:
    """All of one entry: ``commitment``, ``key``, ``since``, ``kind``, ``link`` and ``registrar``."""
    key = int.from_bytes(entry["key"], "big")
    middle = packed((key, 160), (entry["since"], 40), (entry["kind"], 8), (entry["link"], 32))
    values = (int.from_bytes(entry["commitment"], "big"), middle, int.from_bytes(entry["registrar"], "big"))
    return dict(zip(entry_slots(subject, index), values, strict=True))


class State:
    """Contracts with code and storage, in a trie of accounts."""

    def __init__(self, contracts: dict[str, tuple[bytes, bytes]], words: dict, filler: int) -> None:
        self._storage, self._contracts = {}, contracts
        self._accounts = HexaryTrie({})
        for name, (address, code_hash) in contracts.items():
            storage = self._storage[name] = HexaryTrie({})
            for n in range(filler):
                storage[ref.H(word(at(n, 99)))] = rlp.encode(n + 1)
            for (contract, slot), value in words.items():
                if contract == name and value:
                    storage[ref.H(word(slot))] = rlp.encode(value)
            self._accounts[ref.H(address)] = rlp.encode([1, 0, storage.root_hash, code_hash])
        for n in range(filler):
            self._accounts[ref.H(b"account %d" % n)] = rlp.encode([n, 0, BLANK, ref.H(b"")])

    @property
    def root(self) -> bytes:
        return self._accounts.root_hash

    def nodes(self, slots: list) -> list[bytes]:
        """The nodes that prove these slots and their contracts, by rising hash."""
        found = set()
        for contract, slot in slots:
            for trie, key in (
                (self._accounts, self._contracts[contract][0]),
                (self._storage[contract], word(slot)),
            ):
                if trie.root_hash != BLANK:
                    found |= {rlp.encode(node) for node in trie.get_proof(ref.H(key))}
        return sorted((node for node in found if len(node) >= 32), key=ref.H)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def address(key: bytes) -> bytes:
    return ref.H(coincurve.PrivateKey(key).public_key.format(compressed=False)[1:])[12:]


def sign(key: bytes, digest: bytes, v: int = 27) -> bytes:
    made = coincurve.PrivateKey(key).sign_recoverable(digest, hasher=None)
    return made[:64] + bytes([made[64] + v])


def header_fields(state_root: bytes, number: int, time: int, extra: bytes, miner: bytes) -> list:
    """The 20 fields of a Cancun header."""
    return [
        ref.H(b"parent of", word(number)),
        ref.H(rlp.encode([])),
        miner,
        state_root,
        BLANK,
        BLANK,
        bytes(256),
        1,
        number,
        1_000_000_000,
        21_000,
        time,
        extra,
        MIX_HASH,
        bytes(8),
        0,
        BLANK,
        0,
        0,
        bytes(32),
    ]


def sealed(fields: list, key: bytes) -> tuple[bytes, bytes, bytes]:
    """(header, seal, hash) on the embedded chain."""
    encoded = rlp.encode(fields)
    return encoded, sign(key, ref.H(encoded), 0), ref.H(encoded)


def committed(
    fields: list,
    validators: list[bytes],
    signers: list[bytes],
    *,
    round_: int = 0,
    signed_round: int | None = None,
    vote: list | None = None,
) -> tuple[bytes, None, bytes]:
    """(header, None, hash) on QBFT."""

    def encoded(round_: int, seals: list[bytes]) -> bytes:
        extra = rlp.encode([bytes(32), validators, vote or [], round_, seals])
        return rlp.encode([*fields[:12], extra, *fields[13:]])

    digest = ref.H(encoded(round_ if signed_round is None else signed_round, []))
    seals = [sign(key, digest, 0) for key in signers]
    return encoded(round_, seals), None, ref.H(encoded(0, []))
