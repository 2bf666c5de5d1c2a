import pytest

from api.services.access_log.interval import AccessIntervals
from api.services.access_log.reader import AccessReader
from api.services.access_log.use_lease import UseLeases
from api.services.access_log.writer import AccessEntry, AccessLog, AskedRow
from api.storage.sqlite import LocalLocks
from ledger_node.domain.access import AccessRow
from ledger_node.domain.proof import Outcome
from tests.kit.small_instance import BANK, GOOD, REGISTRAR, RELAYER


class SharedLocks(LocalLocks):
    """Locks of a store that other processes share: those of ``alive`` live."""

    is_shared = True

    def __init__(self, store):
        super().__init__(store)
        self.alive = {self.process_id}

    def is_alive(self, process_id):
        return process_id in self.alive


@pytest.fixture
def shared(instance, tmp_path):
    """The locks of the instance's store, which is shared from now on."""
    instance.store.locks = SharedLocks(tmp_path / "store.sqlite3")
    return instance.store.locks


@pytest.fixture
def leases(instance):
    return UseLeases(instance.store)


@pytest.fixture
def log(instance):
    return AccessLog(instance.store, instance.keys, instance.departments[REGISTRAR], instance.now)


@pytest.fixture
def intervals(instance):
    operator, workers = instance.operator, instance.workers
    return AccessIntervals(instance.store, instance.ledger, operator, instance.now, workers)


@pytest.fixture
def reader(instance):
    return AccessReader(instance.store, instance.keys, instance.departments[REGISTRAR], RELAYER)


@pytest.fixture
def asked():
    """Return the row of a question that a bank asked of a subject's consent."""

    def made(subject, consent=bytes(32), use=None, bank=BANK):
        return AskedRow(
            subject,
            AccessRow(
                time=0,
                bank=bank,
                operator=None,
                consent=consent,
                purpose="loan_application",
                question=GOOD,
                verdict=Outcome.HOLDS,
                reason=None,
                use=use,
            ),
        )

    return made


@pytest.fixture
def write(log, asked):
    """Write such a row."""
    return lambda *about, **options: log.write(AccessEntry([asked(*about, **options)]))
