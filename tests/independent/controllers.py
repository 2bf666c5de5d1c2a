"""Controllers of a subject: their commitment, and what they sign (clause 8)."""

from dataclasses import dataclass
from typing import Any

from . import passkey
from .crypto import recover, tagged
from .errors import need
from .passkey import Assertion, Passkey
from .strict import integer, items, members, octets

MAX_KEYS = 16
MAX_SIGNATURES = 32
Key = bytes | Passkey


@dataclass(frozen=True)
class Controllers:
    """Keys in their order, who holds each, how many persons sign, and the salt."""

    keys: tuple[Key, ...]
    persons: tuple[int, ...]
    threshold: int
    salt: bytes

    def commitment(self) -> bytes:
        """H(0x31 ‖ salt ‖ u8 threshold ‖ u8 n ‖ key …)."""
        kinds = [key.encoded() if isinstance(key, Passkey) else b"\x01" + key for key in self.keys]
        keys = [bytes([person]) + key for person, key in zip(self.persons, kinds, strict=True)]
        return tagged(0x31, self.salt, bytes([self.threshold, len(keys)]), *keys)


def read(value: Any) -> Controllers:
    """The JSON of a set."""
    members(value, "keys threshold salt")
    read_keys = [_key(item) for item in items(value["keys"], MAX_KEYS)]
    need(read_keys, "request_invalid")
    persons, keys = tuple(person for person, _ in read_keys), tuple(key for _, key in read_keys)
    points = [key.public_key if isinstance(key, Passkey) else key for key in keys]
    need(len(set(points)) == len(points), "request_invalid")
    threshold = integer(value["threshold"], 0, MAX_KEYS)
    need(1 <= threshold <= len(set(persons)), "request_invalid")
    return Controllers(keys, persons, threshold, octets(value["salt"], 32))


def _key(value: Any) -> tuple[int, Key]:
    plain = not isinstance(value, dict) or "passkey" not in value
    members(value, "person " + ("address" if plain else "passkey"))
    person = integer(value["person"], 1, 255)
    if plain:
        return person, octets(value["address"], 20)
    shown = members(value["passkey"], "rp_id_hash public_key")
    found = Passkey(octets(shown["rp_id_hash"], 32), octets(shown["public_key"], 64))
    found.point()
    return person, found


def read_signatures(value: Any) -> list[bytes | Assertion]:
    """Signatures: 65 bytes, or assertions."""
    found: list[bytes | Assertion] = []
    for item in items(value, MAX_SIGNATURES):
        if isinstance(item, dict):
            found.append(passkey.read(item))
        else:
            signature = octets(item)
            need(len(signature) == 65, "value_malformed")
            found.append(signature)
    return found


def check(controllers: Controllers, signatures: list[bytes | Assertion], digest: bytes) -> list[int]:
    """Rule 10: enough different persons signed; the places of their keys in the set."""
    passkeys = [key for key in controllers.keys if isinstance(key, Passkey)]
    places: list[int] = []
    for signature in signatures:
        if isinstance(signature, Assertion):
            key: Key = passkey.signer(signature, digest, passkeys)
        else:
            key = recover(digest, signature, 27, "signature_malformed")
        need(key in controllers.keys, "signer_not_controller")
        place = controllers.keys.index(key)
        need(controllers.persons[place] not in [controllers.persons[one] for one in places], "signer_repeated")
        places.append(place)
    need(len(places) >= controllers.threshold, "threshold_not_met")
    return places


def check_form(controllers: Controllers, signatures: list[bytes | Assertion], places: list[int]) -> None:
    """The one form of signatures: exactly threshold many, in the order of the set, passkeys' with the smaller s."""
    need(len(places) == controllers.threshold and places == sorted(places), "not_canonical")
    need(all(s.in_one_form() for s in signatures if isinstance(s, Assertion)), "not_canonical")
