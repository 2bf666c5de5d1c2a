"""The file of a bank's spend seed: drawn once, whoever asks first."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from api.client.asking import spend_seed
from api.home.home import Home
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


def test_programs_that_start_at_once_have_one_seed(tmp_path):
    """A second one would be lost, and with it every consent whose spend key follows from it."""
    for number in range(20):
        folder = Home(tmp_path / str(number))
        with ThreadPoolExecutor(8) as programs:
            drawn = list(programs.map(lambda _, home=folder: spend_seed(home, "north-bank").secret, range(8)))
        assert len(set(drawn)) == 1
        assert spend_seed(folder, "north-bank").secret == drawn[0]
        assert (folder.path / "keys" / "north-bank.spend-seed").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"hello", b"0x00", b"\x00" * 100])
def test_a_file_that_holds_no_seed_is_named(tmp_path, content):
    folder = Home(tmp_path)
    spend_seed(folder, "north-bank")
    file = tmp_path / "keys" / "north-bank.spend-seed"
    file.write_bytes(content)
    with pytest.raises(InvalidInputError) as refused:
        spend_seed(folder, "north-bank")
    assert refused.value.reason is Reason.CONFIGURATION
    assert str(file) in refused.value.message
    assert file.read_bytes() == content
