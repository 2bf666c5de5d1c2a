"""An instance with backups: served, killed, and restored to other folders, with the people who use it."""

import json
import shutil
import subprocess

from typer.testing import CliRunner

from api.backup.archive import identities_of, read_archive
from api.cli.main import app
from api.home.home import Home
from api.home.settings import environment_of_child
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.web3_ledger import Web3Ledger
from tests.kit.chaos.place import COMMAND, Instance
from tests.kit.served import Place, one_form

GOOD = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")


class InstanceProcess(Instance):
    """``credence serve`` on a folder that is there already; ``environment``: beside the usual one."""

    def __init__(self, folder, environment):
        self.home = Home(folder)
        self.url = ""
        self._child = None
        self._environment = {**environment_of_child(None, None), **environment}
        self.start()


def credence(*arguments, check=True, **environment):
    """Run the command line; return the finished process."""
    done = subprocess.run(
        [*COMMAND, *(str(argument) for argument in arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**environment_of_child(None, None), **environment},
    )
    if check:
        assert done.returncode == 0, done.stderr
    return done


def inside(*arguments):
    """Run the command line in this process, which is quicker; return (exit code, what it said to people)."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert not isinstance(done.exception, Exception), done.exception
    return done.exit_code, done.stderr


class Life:
    """The folder, its instance and everything an operator keeps apart."""

    def __init__(self, folder):
        self.folder = folder
        self.copy = folder / "other-disk" / "keys.copy"
        self.copy.parent.mkdir()
        self.identity = folder / "identity"
        self.recipient = credence("backup-identity", "--out", self.identity).stdout.strip()
        home = folder / "credence"
        credence("init", "--home", home)
        self.passphrase = folder / "passphrase"
        shutil.copy(home / "passphrase", self.passphrase)
        self.environment = {"CREDENCE_KEYS_COPY": str(self.copy), "CREDENCE_BACKUP_RECIPIENTS": self.recipient}
        self.place = Place(folder, InstanceProcess(home, self.environment))
        self._restored = []

    def backup(self, name, home=None):
        """Back up while the instance serves; return the file."""
        file = self.folder / name
        home = home or self.place.home.path
        code, said = inside("backup", "--home", home, "--out", file, "--keys", self.copy, "--recipient", self.recipient)
        assert code == 0, said
        return file

    def restore(self, backup, name, *options, keys=None):
        """Restore to a new folder and return (folder, what the command said to people)."""
        home = self.folder / name
        code, said = inside(
            "restore", backup, "--keys", keys or self.copy, "--identity", self.identity,
            "--passphrase-file", self.passphrase, "--home", home, *options,
        )  # fmt: skip
        assert code == 0, said
        return home, said

    def serve(self, home):
        """Serve a restored folder, and return it as a place that the same people use."""
        served = InstanceProcess(home, self.environment)
        moved = Moved(self.place, served)
        self._restored.append(moved)
        return moved

    def kill(self):
        """Kill API and node at once, as a machine that is gone."""
        self.place.served.kill_api(node_first=True)

    def close(self):
        for moved in (*self._restored, self.place):
            if moved.served._child.poll() is None:
                moved.served.kill_api(node_first=True)
            for client in moved._clients:
                client.close()


class Moved(Place):
    """The people of a place, who now use another instance of it."""

    def __init__(self, place, served):
        vars(self).update(vars(place))
        self.served, self.home = served, served.home
        self._clients = []
        self.bank, self.tax, self.regulator = (
            self.client(name) for name in ("demo-bank", "tax-bureau", "market-regulator")
        )
        self.ledger = Web3Ledger(self.home.address_book(), Rpc(served.node()["url"]))


def decrypted(life, backup):
    """Return what a backup holds, by name, for whoever has the identity."""
    with read_archive(backup, identities_of(life.identity.read_text())) as entries:
        return {entry.name: b"".join(entry.pieces) for entry in entries}


def rows_of(opened, table):
    """Return the rows of a table in a decrypted backup."""
    names = sorted(name for name in opened if name.startswith(f"store/{table}/"))
    return [json.loads(line) for name in names for line in opened[name].splitlines()]
