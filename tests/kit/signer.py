"""What the services about a firm's signers need, and what erases a firm."""

from sqlalchemy import select

from api.services.message.seal import SubjectSeal
from api.storage import table
from tests.kit.small_instance import REGISTRAR


def seals_of(instance):
    """Return what seals names under the data key of a firm."""
    return SubjectSeal(instance.store, instance.keys, instance.departments[REGISTRAR].kek)


def erase_key(instance, subject):
    """Remove the data key of a firm, as an erasure does."""
    held = table.subject.c
    name = instance.store.scalar(select(held.data_key).where(held.id == subject))
    with instance.removals.removing() as connection:
        instance.removals.schedule(connection, [name], erases=True)
