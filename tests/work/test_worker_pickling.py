"""Pickling for pipes: what comes out is what went in, whatever dataclasses it is made of."""

import enum
from dataclasses import dataclass, field
from functools import cached_property

import pytest

from api.work.fault import WorkerFault
from api.work.worker_pool import dumps, loads
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


class Kind(enum.StrEnum):
    ONE = "one"


@dataclass(frozen=True, slots=True)
class Slotted:
    number: int
    parts: tuple["Slotted", ...] = ()

    def __post_init__(self):
        if self.number < 0:
            raise ValueError(self.number)


@dataclass(frozen=True, slots=True)
class Single:
    kind: Kind


@dataclass
class Open:
    name: str
    rest: list[int] = field(default_factory=list, init=False)

    @cached_property
    def twice(self):
        return self.name * 2


@dataclass(frozen=True, slots=True)
class Empty:
    pass


@dataclass
class OwnWay:
    number: int

    def __reduce__(self):
        return OwnWay, (self.number + 1,)


@pytest.mark.parametrize(
    "value",
    [
        Slotted(1, (Slotted(2), Slotted(3))),
        Single(Kind.ONE),
        Empty(),
        {"a": [Open("x"), None, b"y"]},
        (Slotted, Kind.ONE, 2**70),
    ],
)
def test_what_comes_out_is_what_went_in(value):
    assert loads(dumps(value)) == value


def test_one_object_stays_one():
    shared = Slotted(1)
    first, second = loads(dumps([shared, shared]))
    assert first is second


def test_what_is_no_field_stays_behind():
    one = Open("x")
    one.rest.append(4)
    assert one.twice == "xx"
    back = loads(dumps(one))
    assert (back.rest, "twice" in vars(back), back.twice) == ([4], False, "xx")


def test_what_has_its_own_way_of_travelling_keeps_it():
    assert loads(dumps(OwnWay(1))) == OwnWay(2)


def test_errors_keep_what_they_say():
    refused = loads(dumps(InvalidInputError(Reason.VALUE_MALFORMED, "no", field="it")))
    assert (refused.reason, refused.message, refused.field) == (Reason.VALUE_MALFORMED, "no", "it")
    assert loads(dumps(WorkerFault("here"))).fault == "here"
