"""What the tests of fail points share: the walk that is tried, and what must hold after it."""

import pytest

from tests.kit.chaos.fail_path import PATHS

KINDS = {"commit", "send", "answer", "block", "file"}
ANCHORING_S = 1
NEVER_S = 3600
DEATHS_A_STEP = 4
"""One after the other, each in the life after the last one; with ``--chaos`` a step has one."""


def only_with_chaos(path):
    """Return a path that is walked with ``--chaos`` alone: all of them together take more than a quarter of an hour."""
    return pytest.param(path, marks=pytest.mark.only_with_chaos)


def require_clean(ground, folder, path, deaths, request):
    """Walk a path with deaths and without, and require that nobody can tell the difference."""
    every = request.config.getoption("--chaos")
    interval = ANCHORING_S if path == "access log" else NEVER_S
    (folder / "deaths").mkdir()
    (folder / "clean").mkdir()
    killed = ground.walk(
        PATHS[path],
        folder / "deaths",
        deaths,
        interval=interval,
        every=every,
        deaths_a_step=1 if every else DEATHS_A_STEP,
    )
    clean = ground.walk(PATHS[path], folder / "clean", times=killed.times, interval=interval)
    print(f"{path}: {killed.deaths} deaths in {sum(killed.times)} rounds; {deaths}")  # noqa: T201
    assert killed.told == clean.told
    assert killed.state.difference(clean.state) == []
    assert killed.deaths > 0
    assert clean.deaths == 0


def require_all_tried(deaths):
    """Require that every kind of point was met, and that nothing was passed at which nobody died, once."""
    assert {_name(point).split()[0] for point in deaths.at} >= KINDS
    assert deaths.passed - deaths.at.keys() == set()
    assert set(deaths.at.values()) == {1}


def _name(point):
    *step, name = point.split(" | ")[:2]
    return name if step else point
