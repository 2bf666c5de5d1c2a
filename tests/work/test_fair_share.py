"""Slots for verifications: who asks for much waits for itself and not for others."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from api.work.batching import FairShare


class Queue:
    """Callers in the order in which they got a slot."""

    def __init__(self, at_once, beside_others=None):
        self.now = 0.0
        self.slots = FairShare(at_once, beside_others or at_once, lambda: self.now)
        self.served = []
        self._holding = []

    async def take(self, caller):
        stack = AsyncExitStack()
        await stack.enter_async_context(self.slots.slot(caller))
        self.served.append(caller)
        self._holding.append((caller, stack))

    def ask(self, caller):
        return asyncio.ensure_future(self.take(caller))

    async def finish(self, caller):
        place = next(place for place, (who, _) in enumerate(self._holding) if who == caller)
        await self._holding.pop(place)[1].aclose()
        await settle()


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


def test_a9_a_bank_that_floods_does_not_keep_another_one_waiting_behind_it():
    async def run():
        queue = Queue(at_once=2)
        flood = [queue.ask(b"flood") for _ in range(50)]
        await settle()
        other = queue.ask(b"other")
        await settle()
        assert queue.served == [b"flood"] * 2
        await queue.finish(b"flood")
        assert queue.served[-1] == b"other"
        for task in [*flood, other]:
            task.cancel()

    asyncio.run(run())


def test_among_equals_they_come_one_after_the_other():
    async def run():
        queue = Queue(at_once=1)
        asked = [queue.ask(caller) for caller in (b"a", b"a", b"b", b"c", b"b")]
        await settle()
        for _ in asked[1:]:
            await queue.finish(queue.served[-1])
        assert queue.served == [b"a", b"b", b"c", b"a", b"b"]

    asyncio.run(run())


def test_who_goes_away_while_waiting_leaves_no_slot_behind():
    async def run():
        queue = Queue(at_once=1)
        queue.ask(b"a")
        await settle()
        gone = queue.ask(b"b")
        await settle()
        gone.cancel()
        await settle()
        await queue.finish(b"a")
        await queue.take(b"c")
        assert queue.served == [b"a", b"c"]

    asyncio.run(run())


def test_a_slot_that_was_given_to_somebody_who_goes_away_is_given_on():
    async def run():
        queue = Queue(at_once=1)
        queue.ask(b"a")
        await settle()
        gone, following = queue.ask(b"b"), queue.ask(b"c")
        await settle()
        # given and cancelled in the same moment
        queue.slots._give_back(b"a")
        gone.cancel()
        await settle()
        assert gone.cancelled()
        assert queue.served == [b"a", b"c"]
        assert following.done()

    asyncio.run(run())


def test_a_slot_is_given_back_when_the_work_fails():
    async def run():
        slots = FairShare(1, 1, lambda: 0.0)
        with pytest.raises(RuntimeError, match="broken"):
            async with slots.slot(b"a"):
                raise RuntimeError("broken")
        async with slots.slot(b"a"):
            assert slots.held(b"a") == 1
        assert slots.held(b"a") == 0

    asyncio.run(run())


def test_a9_a_bank_alone_takes_all_slots_and_leaves_room_while_others_ask():
    async def run():
        queue = Queue(at_once=8, beside_others=2)
        flood = [queue.ask(b"flood") for _ in range(30)]
        await settle()
        assert queue.slots.held(b"flood") == 8
        queue.now += 1.5
        waited = queue.ask(b"other")
        await settle()
        await queue.finish(b"flood")
        assert waited.done()
        for _ in range(7):
            await queue.finish(b"flood")
        # the slots that it gave back were not given to it again, but for its share
        assert queue.slots.held(b"flood") == 2
        at_once = queue.ask(b"third")
        await settle()
        assert at_once.done()
        await queue.finish(b"other")
        await queue.finish(b"third")
        queue.now += 301
        flood.append(queue.ask(b"flood"))
        await settle()
        await queue.finish(b"flood")
        # nobody else has asked lately, so all slots are its own again
        assert queue.slots.held(b"flood") == 8
        for task in flood:
            task.cancel()

    asyncio.run(run())


def test_a9_a_few_requests_at_one_moment_are_no_flood():
    async def run():
        queue = Queue(at_once=32, beside_others=2)
        flood = [queue.ask(b"flood") for _ in range(60)]
        await settle()
        few = [queue.ask(b"other") for _ in range(5)]
        await settle()
        assert queue.served.count(b"other") == 0
        queue.now += 1.5
        for _ in range(30):
            await queue.finish(b"flood")
        # all that the other one asked for is under way, and the flood has its share and no more
        assert (queue.slots.held(b"other"), queue.slots.held(b"flood")) == (5, 2)
        for _ in range(5):
            await queue.finish(b"other")
        few = [queue.ask(b"other") for _ in range(20)]
        await settle()
        assert (queue.slots.held(b"other"), queue.slots.held(b"flood")) == (8, 2)
        queue.now += 1.5
        for _ in range(8):
            await queue.finish(b"other")
        # what goes on for longer is a flood as well
        assert queue.slots.held(b"other") == 2
        for task in [*flood, *few]:
            task.cancel()

    asyncio.run(run())
