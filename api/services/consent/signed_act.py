"""Words: what controllers signed after the grant, kept for receipts before the ledger is told."""

import json

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.storage.database import Store
from api.storage.notice_table import consent_word
from ledger_node.chain.port import ConsentLedger
from ledger_node.domain.canonical import decode
from ledger_node.domain.event import Step
from ledger_node.domain.receipt import Act, SignedAct

_WORD = consent_word.c


def keep_word(
    store: Store, ledger: ConsentLedger, target: bytes, act: Act, word: SignedAct, *, number: int = 0
) -> None:
    """Keep a word that was checked, within the subject's turn, before the ledger is told.

    One that is kept already belongs to an act that took place, or to an attempt that did not; only the ledger
    knows, so it is asked then.

    Raises:
        ChainError: the ledger does not answer.
    """
    text = json.dumps(word.to_json())
    try:
        with store.begin() as connection:
            values = {"target": target, "act": act.value, "number": number, "word": text}
            connection.execute(insert(consent_word).values(values))
    except IntegrityError:
        if any((event.step, event.number) == (Step[act.name], number) for event in ledger.consent_events(target)):
            return
        with store.begin() as connection:
            kept = (_WORD.target == target) & (_WORD.act == act.value) & (_WORD.number == number)
            connection.execute(update(consent_word).where(kept).values(word=text))


def find_word(store: Store, target: bytes, act: Act, *, number: int = 0) -> SignedAct | None:
    """Return a kept word."""
    query = select(_WORD.word).where(_WORD.target == target, _WORD.act == act.value, _WORD.number == number)
    with store.connect() as connection:
        text = connection.execute(query).scalar_one_or_none()
    return None if text is None else SignedAct.from_json(decode(text.encode()))
