"""Random changes to JSON trees and to bytes, cheap enough to make a hundred thousand of them."""

import random
from functools import partial
from typing import Any

HEX = "0123456789abcdef"
TOKENS = (
    b"null",
    b"true",
    b"{}",
    b"[]",
    b'""',
    b"0",
    b"-1",
    b"1e9",
    b"NaN",
    b"\xff",
    b"\\u0000",
    b"\\ud800",
    b'"a":1,',
)
NUMBERS = (0, 1, -1, 2, 255, 2**31, 2**53 - 1, 2**53, 2**64, 2**70)
TEXTS = ("", "0x", "0x00", "a", "\x00", "名", "credence-evidence/v1", "holds", "0x" + "00" * 32, "=" * 4)


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Every path in a tree, its root left out."""
    found = []
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        found += [(*path, key), *places(member, (*path, key))]
    return found


def at(tree: Any, path: tuple) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def with_value(tree: Any, path: tuple, change: Any) -> Any:
    """A copy of ``tree`` in which ``change`` was applied to the container that holds the last key of ``path``."""
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    if len(path) == 1:
        change(copy, path[0])
    else:
        copy[path[0]] = with_value(copy[path[0]], path[1:], change)
    return copy


def mutated(rng: random.Random, tree: Any, paths: list[tuple]) -> Any:
    """A tree with one to three changes; it may come out as it was."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        path = rng.choice(paths)
        try:
            tree = with_value(tree, path, partial(change, rng, tree, paths))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return tree


def change(rng: random.Random, tree: Any, paths: list[tuple], held: Any, key: Any) -> None:
    value = held[key]
    what = rng.random()
    if what < 0.1:
        del held[key]
    elif what < 0.2:
        held[key] = at(tree, rng.choice(paths))
    elif what < 0.25:
        held[key] = rng.choice((None, True, False, {}, [], rng.choice(NUMBERS), rng.choice(TEXTS)))
    elif what < 0.3 and isinstance(held, list):
        other = rng.randrange(len(held))
        held[key], held[other] = held[other], held[key]
    elif what < 0.35 and isinstance(held, list):
        held.insert(key, value)
    elif what < 0.4 and isinstance(held, dict):
        held[rng.choice(("x", "", *map(str, key)))] = value
    else:
        held[key] = another(rng, value)


def another(rng: random.Random, value: Any) -> Any:
    match value:
        case bool() | None:
            return rng.choice((not value, 0, 1, "", None))
        case int():
            return rng.choice((value + 1, value - 1, -value, value * 2, str(value), rng.choice(NUMBERS)))
        case str() if len(value) > 2:
            place = rng.randrange(len(value))
            letter = rng.choice(HEX) if value.startswith("0x") else rng.choice(HEX + "ABCXYZ+/= ")
            return rng.choice((value[:place] + letter + value[place + 1 :],) * 5 + (value[:place], value + letter))
        case str():
            return rng.choice(TEXTS)
        case list():
            return value[::-1] if rng.random() < 0.5 else value[: rng.randrange(len(value) + 1)]
        case _:
            return dict(list(value.items())[: rng.randrange(len(value) + 1)])


def mutated_bytes(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """Bytes with one to three changes; ``other`` gives pieces to splice in."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice((1, 1, 2, 8, 64, 700)))
        match rng.randrange(7):
            case 0:
                data = data[:start] + bytes([rng.randrange(256)]) + data[start + 1 :]
            case 1:
                data = data[:start] + rng.choice(HEX).encode() + data[start + 1 :]
            case 2:
                data = data[:start] + data[end:]
            case 3:
                data = data[:end] + data[start:end] + data[end:]
            case 4:
                data = data[:start] + rng.choice(TOKENS) + data[start:]
            case 5:
                data = data[:start] + other[start:end] + data[end:]
            case _:
                data = data[: max(1, start)]
    return data
