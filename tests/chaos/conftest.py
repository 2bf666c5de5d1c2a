import pytest


@pytest.fixture(scope="session")
def ground(tmp_path_factory):
    """An instance that was founded once, of which walks take copies, and what forks their processes."""
    from tests.kit.chaos.fail_walk import Ground  # noqa: PLC0415 - found by the lines above

    made = Ground(tmp_path_factory.mktemp("ground"))
    yield made
    made.close()
