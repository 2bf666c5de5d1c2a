"""What is sealed under the data key of a firm: after its erasure nothing opens it."""

from typing import Final

from sqlalchemy import select

from api.storage.database import Store
from api.storage.table import subject as subjects
from api.vault.cipher import KeyEncryptionKey, seal, unseal
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_OF: Final = b"credence/contact/"


class SubjectSeal:
    """Seals for the firms of this instance. ``kek``: the registrar's."""

    def __init__(self, store: Store, keys: KeyLedger, kek: KeyEncryptionKey) -> None:
        self._store = store
        self._keys = keys
        self._kek = kek

    def seal(self, subject: bytes, name: bytes, text: str) -> bytes:
        """Return a text sealed; ``name``: of the row that it stands in.

        Raises:
            InvalidInputError: ``subject_unknown``, ``erased`` or ``quarantined``.
        """
        return seal(self._data_key(subject), text.encode(), _OF + name)

    def open(self, subject: bytes, name: bytes, sealed: bytes) -> str:
        """Return a text again.

        Raises:
            InvalidInputError: as ``seal``.
        """
        return unseal(self._data_key(subject), sealed, _OF + name).decode()

    def _data_key(self, subject: bytes) -> bytes:
        name = self._store.scalar(select(subjects.c.data_key).where(subjects.c.id == subject))
        if name is None:
            raise InvalidInputError(Reason.SUBJECT_UNKNOWN, "no such subject is registered", field="subject")
        wrapped = self._keys.get([name]).get(name)
        if wrapped is not None:
            return self._kek.unwrap(wrapped)
        if self._keys.held([name]):
            raise InvalidInputError(Reason.QUARANTINED, "the operator decides first whether this firm is erased")
        raise InvalidInputError(Reason.ERASED, "the registrar has erased this subject")
