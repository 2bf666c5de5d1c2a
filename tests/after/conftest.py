from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def left_behind(request):
    """The folder that all tests worked in, with what they left there; scripts/test names it."""
    folder = request.config.getoption("--left-behind")
    if folder is None:
        pytest.skip("scripts/test runs this after all others, on what they left behind")
    return Path(folder)
