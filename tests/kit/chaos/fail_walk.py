"""Walking a path while processes die, and walking it again where none does."""

import shutil
import time
from dataclasses import dataclass, field

from api.home.home import Home
from api.instance.embedded import found_instance
from tests.kit.chaos.fail_life import Life
from tests.kit.chaos.fail_path import next_block
from tests.kit.chaos.fail_people import Standing
from tests.kit.chaos.fail_process import PATIENCE_S, Zygote
from tests.kit.chaos.fail_state import State, check_order, pending

MOST = 400
"""No step has so many points: one that goes on dying meets points that are new each time."""


class Ground:
    """An instance that was founded once, with one shop, to walk on copies of it."""

    def __init__(self, folder):
        self.zygote = Zygote()
        home = folder / "credence"
        found_instance(Home(home))
        self.zygote.remember_keys(home)
        self.base = Standing(folder, Life(home, self.zygote))
        self.base.close()

    def close(self):
        self.zygote.close()

    def walk(self, steps, folder, deaths=None, *, times=None, interval=3600, **options):
        """Walk on a copy in ``folder`` and return what became of it.

        With ``deaths``, each step is done until it meets no point at which nobody died before. Else it is done as
        often as ``times`` says.
        """
        place = self.copy(folder, deaths, access_interval=interval, **options)
        try:
            return _walked(steps, place, place.served, times)
        finally:
            place.close()

    def copy(self, folder, deaths=None, **options):
        """Return people of a copy in ``folder``; ``options`` as ``Life``."""
        shutil.copytree(self.base.home.path, folder / "credence")
        return Standing(folder, Life(folder / "credence", self.zygote, deaths, **options), self.base.shop)


@dataclass
class Walk:
    """What became of a walk: how often each step was done, what was told, and what the instance holds."""

    times: list = field(default_factory=list)
    told: list = field(default_factory=list)
    state: State = None
    deaths: int = 0


def _walked(steps, place, life, times):
    done = Walk()
    for number, step in enumerate(steps):
        done.times.append(0)
        while done.times[-1] < (MOST if times is None else times[number]):
            before = life.count
            done.told.append((step.__name__, take(step, place, life, f"{step.__name__}/{done.times[-1]}")))
            done.times[-1] += 1
            if times is None and life.count == before:
                break
        else:
            assert times is not None, f"{step.__name__} goes on dying"
    _, log = place.bank.access_rows()
    life.rest()
    check_order(place.home, life.node()["url"])
    done.state = State(place.home, life.node()["url"], log)
    done.deaths = life.count
    return done


def take(step, place, life, label):
    """Do a step, its second half while processes die; whatever it left is finished and true when this returns."""
    acting = step(place)
    next(acting)
    settle(place)
    place.forget_answers()
    life.arm(label)
    told = next(acting)
    settle(place)
    life.disarm()
    # a process may have died as the last thing before that
    settle(place)
    acting.close()
    place.require_same_answers()
    return told


def settle(place):
    """Wait until everything that was begun is finished, and told."""
    deadline = time.monotonic() + PATIENCE_S
    head = place.ledger.head().number
    while pending(place.home) or next_block(place) <= head:
        assert not place.served.faults, place.served.faults
        assert time.monotonic() < deadline, (pending(place.home), place.served.words())
        time.sleep(0.02)
