"""The file of a bank's spend seed: drawn once, whoever asks first."""

from concurrent.futures import ThreadPoolExecutor

from api.client.asking import spend_seed
from api.home.home import Home


def test_programs_that_start_at_once_have_one_seed(tmp_path):
    """A second one would be lost, and with it every consent whose spend key follows from it."""
    for number in range(20):
        folder = Home(tmp_path / str(number))
        with ThreadPoolExecutor(8) as programs:
            drawn = list(programs.map(lambda _, home=folder: spend_seed(home, "north-bank").secret, range(8)))
        assert len(set(drawn)) == 1
        assert spend_seed(folder, "north-bank").secret == drawn[0]
        assert (folder.path / "keys" / "north-bank.spend-seed").stat().st_mode & 0o777 == 0o600
