"""The firm's keys that act for consents on the ledger, and the answer keys of requests, as this instance holds them.

Both lie under the subject's data key, so erasing the subject erases them. A steward key is derived from that data key
and the terms, whose salt makes it a fresh one for each consent: so a firm learns its address before anything is signed,
and nothing is stored for terms that nobody signs. So is the secret that withdraws what was drawn up on a page here. An
answer key travels with its request and is stored sealed.
"""

from typing import Final

from sqlalchemy import select

from api.storage import table
from api.storage.database import Store
from api.vault.cipher import KeyEncryptionKey, seal, unseal
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.consent import Terms
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import hmac_sha256
from ledger_node.domain.reason import Reason

_STEWARD: Final = b"credence/steward-key"
_WITHDRAWAL: Final = b"credence/withdrawal-secret"


class ConsentKeys:
    """Keys for the consents of this instance's subjects. ``kek``: the registrar's."""

    def __init__(self, store: Store, keys: KeyLedger, kek: KeyEncryptionKey) -> None:
        self._store = store
        self._keys = keys
        self._kek = kek

    def steward(self, terms: Terms) -> bytes:
        """Return the private steward key for the consent with these terms.

        Raises:
            InvalidInputError: ``subject_unknown`` or ``erased``.
        """
        return hmac_sha256(self._data_key(terms.subject), _STEWARD + terms.struct_hash)

    def withdrawal_secret(self, terms: Terms, attempt: int) -> bytes:
        """Return the secret that withdraws a consent with these terms, where it is drawn up on a page of this instance.

        ``attempt``: how many drafts of its request were closed before. Closing one shows its secret to everybody.

        Raises:
            InvalidInputError: ``subject_unknown`` or ``erased``.
        """
        return hmac_sha256(self._data_key(terms.subject), _WITHDRAWAL + bytes([attempt]) + terms.struct_hash)

    def seal_answer_key(self, subject: bytes, request: bytes, answer_key: bytes) -> bytes:
        """Return a request's private answer key, sealed.

        Raises:
            InvalidInputError: ``subject_unknown`` or ``erased``.
        """
        return seal(self._data_key(subject), answer_key, request)

    def open_answer_key(self, subject: bytes, request: bytes, sealed: bytes) -> bytes:
        """Return a request's private answer key.

        Raises:
            InvalidInputError: ``subject_unknown`` or ``erased``.
        """
        return unseal(self._data_key(subject), sealed, request)

    def _data_key(self, subject: bytes) -> bytes:
        name = self._store.scalar(select(table.subject.c.data_key).where(table.subject.c.id == subject))
        if name is None:
            raise InvalidInputError(Reason.SUBJECT_UNKNOWN, "no such subject is registered", field="subject")
        wrapped = self._keys.get([name]).get(name)
        if wrapped is None:
            raise InvalidInputError(Reason.ERASED, "the registrar has erased this subject")
        return self._kek.unwrap(wrapped)
