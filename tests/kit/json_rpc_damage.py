"""Damages answers: one fault at a time, at every place that there is."""

from functools import singledispatch

NULLABLE, OPTIONAL = frozenset({"to", "contractAddress", "sealer"}), frozenset({"reward"})


@singledispatch
def damaged(_value):
    """Yield what may not stand in the place of a value: here, of null, a number, true or false."""
    yield from ("", [], {})


@damaged.register
def _(value: str):
    yield from (None, 7, value.replace("0x", "0X"), "0x0" + value[2:], value[2:], value + "\n", value + "g")


@damaged.register
def _(value: list):
    yield from (None, {}, [*value, 7])
    for index, item in enumerate(value):
        yield from ([*value[:index], wrong, *value[index + 1 :]] for wrong in damaged(item))


@damaged.register
def _(value: dict):
    yield from ([], value | {"more": "0x1"})
    for name, member in value.items():
        if name not in OPTIONAL:
            yield {other: kept for other, kept in value.items() if other != name}
        for wrong in damaged(member):
            if wrong is not None or name not in NULLABLE:
                yield value | {name: wrong}
