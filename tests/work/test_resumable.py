"""Work that waits: each piece is tried on its own, with pauses that grow, until nothing waits."""

import pytest

from api.work.resumable import GRACE_S, Once, PendingWork, Resumable
from ledger_node.domain.error import ChainError, StoreError
from ledger_node.domain.reason import Reason

ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))


class Kind:
    """Pieces that fail as long as ``errors`` says so."""

    def __init__(self, *names):
        self.names = list(names)
        self.errors = {}
        self.tried = []
        self.unreadable = None

    def waiting(self):
        if self.unreadable:
            raise self.unreadable
        return list(self.names)

    def resume(self, name):
        self.tried.append(name)
        if name in self.errors:
            raise self.errors[name]
        self.names.remove(name)


class World:
    """Kinds, a clock, and a ledger that answers or not."""

    def __init__(self, **kinds):
        self.kinds = kinds
        self.now = 100.0
        self.answers = True
        self.stops = False
        self.pending = PendingWork(
            [Resumable(name, kind.waiting, kind.resume) for name, kind in kinds.items()],
            look=self.look,
            monotonic=lambda: self.now,
            stops=lambda: self.stops,
        )

    def look(self):
        if not self.answers:
            raise ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")

    def seen(self):
        return {one.kind: (one.count, one.reason) for one in self.pending.waiting}


def unavailable():
    return ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")


def refused():
    return ChainError(Reason.LEDGER_REFUSED, "no")


@pytest.mark.parametrize("error", [refused(), unavailable(), StoreError(Reason.STORE_UNAVAILABLE, "x"), ValueError()])
def test_l3_a_piece_that_fails_holds_up_no_other_of_its_kind_or_of_another(error):
    grants, rotations = Kind(ONE, TWO, THREE), Kind(ONE)
    grants.errors[ONE] = error
    world = World(grants=grants, rotations=rotations)
    world.pending.resume_all()
    assert (grants.names, rotations.names) == ([ONE], [])
    reason = getattr(error, "reason", Reason.INTERNAL)
    assert world.seen() == {"grants": (1, reason), "rotations": (0, None)}


def test_l3_a_kind_that_cannot_be_looked_up_holds_up_no_other():
    grants, rotations, last = Kind(ONE), Kind(ONE), Kind(ONE)
    grants.unreadable, rotations.unreadable = StoreError(Reason.STORE_UNAVAILABLE, "x"), ValueError()
    World(grants=grants, rotations=rotations, last=last).pending.resume_all()
    assert (grants.names, rotations.names, last.names) == ([ONE], [ONE], [])


def test_l3_what_failed_is_tried_again_with_pauses_that_grow_to_a_minute_until_it_is_done():
    grants = Kind(ONE)
    grants.errors[ONE] = refused()
    world = World(grants=grants)
    world.pending.resume_all()
    times, last = [], world.now
    while len(times) < 9:
        world.now += 0.5
        world.pending.resume_due()
        if len(grants.tried) > len(times) + 1:
            times.append(world.now - last)
            last = world.now
    assert times == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert world.pending.waiting[0].oldest_s == sum(times)
    grants.errors.clear()
    world.now += 60
    world.pending.resume_due()
    assert (grants.names, world.seen()) == ([], {"grants": (0, None)})
    assert world.pending.waiting[0].oldest_s == 0


def test_l3_what_is_new_is_left_to_whoever_stored_it_for_a_moment():
    grants = Kind(ONE)
    world = World(grants=grants)
    world.pending.resume_due()
    assert (grants.tried, world.seen()) == ([], {"grants": (1, None)})
    grants.names.append(TWO)
    world.now += GRACE_S
    world.pending.resume_due()
    assert grants.tried == [ONE]
    world.now += GRACE_S
    world.pending.resume_due()
    assert grants.tried == [ONE, TWO]


def test_l3_what_somebody_else_finished_is_forgotten():
    grants = Kind(ONE)
    grants.errors[ONE] = refused()
    world = World(grants=grants)
    world.pending.resume_all()
    grants.names.clear()
    world.pending.resume_due()
    assert world.seen() == {"grants": (0, None)}


def test_l3_while_the_ledger_is_silent_one_piece_finds_out_and_not_each():
    grants, rotations = Kind(ONE, TWO), Kind(THREE)
    grants.errors = {ONE: unavailable(), TWO: unavailable()}
    world = World(grants=grants, rotations=rotations)
    world.answers = False
    world.pending.resume_all()
    assert (grants.tried, rotations.tried) == ([ONE], [])
    assert world.seen() == {"grants": (2, Reason.LEDGER_UNAVAILABLE), "rotations": (1, None)}
    world.answers = True
    grants.errors.clear()
    world.now += GRACE_S
    world.pending.resume_due()
    assert (grants.names, rotations.names) == ([], [])


def test_l3_a_round_ends_when_the_process_does():
    grants = Kind(ONE, TWO)
    world = World(grants=grants)
    world.stops = True
    world.pending.resume_all()
    assert grants.tried == []


def test_l3_what_is_done_once_waits_until_it_was_done():
    errors, times = [unavailable()], []

    def work():
        times.append(1)
        if errors:
            raise errors.pop()

    once = Once(work)
    assert once.waiting() == (b"",)
    with pytest.raises(ChainError):
        once.resume(b"")
    assert once.waiting() == (b"",)
    once.resume(b"")
    assert (once.waiting(), times) == ((), [1, 1])
