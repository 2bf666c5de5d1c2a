"""What the tests of fail points share: the walk that is tried, and what must hold after it."""

from fail_life import Deaths
from fail_path import PATHS

KINDS = {"commit", "send", "answer", "block", "file"}
"""Every path that changes anything meets all of these."""
ANCHORING_S = 1
NEVER_S = 3600


def require_clean(ground, folder, path, request):
    """Walk a path with deaths and without, and require that nobody can tell the difference."""
    every = request.config.getoption("--chaos")
    options = {"interval": ANCHORING_S if path == "access log" else NEVER_S, "every": every}
    deaths = Deaths()
    (folder / "deaths").mkdir()
    (folder / "clean").mkdir()
    killed = ground.walk(PATHS[path], folder / "deaths", deaths, **options)
    clean = ground.walk(PATHS[path], folder / "clean", times=killed.times, **options)
    print(f"{path}: died at {len(deaths.at)} points of {len(deaths.passed | set(deaths.at))} that were passed")  # noqa: T201
    assert killed.told == clean.told
    assert killed.state.difference(clean.state) == []
    assert set(deaths.at.values()) == {1}
    assert {point.rpartition(" | ")[0].rpartition(" | ")[2].split()[0] for point in deaths.at} >= KINDS
    assert killed.deaths == len(deaths.at)
    assert clean.deaths == 0
