"""The operator's decision about a change that only the ledger knows: the keys go, or they open again.

A decision is written to the store first, then to the key ledger. A kill in between leaves it undecided: decide again.
Confirming notes keys for removal; the instance removes them, since it knows of the copy.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select, update

from api.services.erasure.foreign_change import register_again
from api.services.idempotency.stored_response import forget_responses_about
from api.storage import table
from api.storage.chunk import CHUNK
from api.storage.database import Store
from api.vault.key_ledger import KeyLedger
from api.vault.key_removal import KeyRemovals
from api.vault.quarantine import Quarantine, QuarantineState
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes


def confirm(store: Store, keys: KeyLedger, number: int) -> Quarantine:
    """Have the keys of a change erased, as if their departments had asked, and return what it was.

    Raises:
        InvalidInputError: ``not_found``, or ``request_invalid`` for one that is decided.
    """
    found, ids = _open(keys, number)
    with store.begin() as connection:
        for subject in _subjects_of(connection, ids):
            forget_responses_about(connection, subject.id)
            unlinked = update(table.subject).where(table.subject.c.id == subject.id)
            connection.execute(unlinked.values(subject_index=random_bytes(32)))
        KeyRemovals.schedule(connection, ids, erases=True)
    keys.quarantines.close(number, QuarantineState.CONFIRMED)
    return found


def dismiss(store: Store, keys: KeyLedger, number: int) -> Quarantine:
    """Let the keys of a change open again what they sealed, and return what it was.

    What the ledger holds revoked stays so. Registrations among it are made anew by the instance; the departments send
    the rows of the others again.

    Raises:
        InvalidInputError: ``not_found``, or ``request_invalid`` for one that is decided.
    """
    found, ids = _open(keys, number)
    with store.begin() as connection:
        registered = [subject.registration for subject in _subjects_of(connection, ids) if subject.registration]
        register_again(connection, keys, registered)
    keys.quarantines.close(number, QuarantineState.DISMISSED)
    return found


def _open(keys: KeyLedger, number: int) -> tuple[Quarantine, list[bytes]]:
    found = keys.quarantines.named(number)
    if found.state is not QuarantineState.OPEN:
        raise InvalidInputError(Reason.REQUEST_INVALID, f"quarantine {number} is {found.state.value} already")
    return found, keys.quarantines.keys_of(number)


def _subjects_of(connection: Connection, ids: Collection[bytes]) -> list[Any]:
    subject, wanted = table.subject.c, frozenset(ids)
    query = select(subject.id, subject.registration, subject.data_key).execution_options(yield_per=CHUNK)
    return [row for row in connection.execute(query) if row.data_key in wanted]
