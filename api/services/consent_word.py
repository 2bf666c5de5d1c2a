"""Words: what controllers signed after the grant, kept for receipts before the ledger is told."""

import json

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from api.storage.database import Store
from api.storage.notice_table import consent_word
from ledger_node.domain.canonical import decode
from ledger_node.domain.receipt import Act, Word

_WORD = consent_word.c


def keep_word(store: Store, target: bytes, act: Act, word: Word, *, number: int = 0) -> None:
    """Keep a word that was checked; of several for the same act the first stays, as each of them suffices."""
    row = {"target": target, "act": act.value, "number": number, "word": json.dumps(word.to_json())}
    try:
        with store.begin() as connection:
            connection.execute(insert(consent_word).values(row))
    except IntegrityError:
        return


def find_word(store: Store, target: bytes, act: Act, *, number: int = 0) -> Word | None:
    """Return a kept word."""
    query = select(_WORD.word).where(_WORD.target == target, _WORD.act == act.value, _WORD.number == number)
    with store.connect() as connection:
        text = connection.execute(query).scalar_one_or_none()
    return None if text is None else Word.from_json(decode(text.encode()))
