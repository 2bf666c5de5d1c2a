import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest


@pytest.fixture
def wycheproof(request):
    """The folder that holds the cases for secp256k1."""
    folder = request.config.getoption("--wycheproof")
    if folder is None:
        pytest.skip("no registry has the cases for secp256k1: name a folder with --wycheproof")
    return folder
