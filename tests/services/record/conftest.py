import pytest

from api.services.record.look import OwnLooks
from api.services.record.record import OwnRecords
from tests.kit.small_instance import REGISTRAR

WAIT = 86_400


@pytest.fixture
def looks(instance):
    return OwnLooks(instance.store, instance.history, instance.departments[REGISTRAR].kek.keyed_digest)


@pytest.fixture
def records(instance, looks):
    return OwnRecords(instance.store, instance.keys, instance.departments, instance.subjects, looks, file_wait_s=WAIT)
