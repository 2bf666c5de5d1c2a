"""What controllers signed after a grant, as it is stored: for receipts, and as the authority of a resumption."""

import json
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.storage.database import Store
from api.storage.table import consent_word
from ledger_node.chain.port import ConsentLedger
from ledger_node.domain.canonical import decode
from ledger_node.domain.consent_act import SignedAct
from ledger_node.domain.event import Step
from ledger_node.domain.fact import ConsentRecord
from ledger_node.domain.receipt import Act
from ledger_node.domain.subject import Controllers, Signature

_ACT: Final = consent_word.c


def signed_act(controllers: Controllers, digest: bytes, signatures: tuple[Signature, ...]) -> SignedAct:
    """Return what was signed as receipts show it: as many signatures as must be, in their order."""
    return SignedAct(controllers, controllers.in_one_form(digest, signatures))


def store_signed_act(
    store: Store, ledger: ConsentLedger, target: bytes, act: Act, signed: SignedAct, *, number: int = 0
) -> SignedAct:
    """Store what was signed and checked, under the lock of the subject, before it is sent to the ledger; return it.

    One that is stored already belongs to an act that took place, or to an attempt that did not. Only the ledger
    knows, so it is asked then. What took place stands: the stored word is returned.

    Raises:
        ChainError: the ledger does not answer.
    """
    text = json.dumps(signed.to_json())
    try:
        store.write(insert(consent_word).values(target=target, act=act.value, number=number, word=text))
    except IntegrityError:
        if any((event.step, event.number) == (Step[act.name], number) for event in ledger.consent_events(target)):
            return find_signed_act(store, target, act, number=number) or signed
        stored = (_ACT.target == target) & (_ACT.act == act.value) & (_ACT.number == number)
        store.write(update(consent_word).where(stored).values(word=text))
    return signed


def find_signed_act(store: Store, target: bytes, act: Act, *, number: int = 0) -> SignedAct | None:
    """Return what was signed for an act, or None where nothing is stored."""
    query = select(_ACT.word).where(_ACT.target == target, _ACT.act == act.value, _ACT.number == number)
    text = store.scalar(query)
    return None if text is None else SignedAct.from_json(decode(text.encode()))


def find_resumption(store: Store, consent: bytes, record: ConsentRecord) -> SignedAct | None:
    """Return what controllers signed for the last change of a consent, if just that is bound on the ledger."""
    kept = find_signed_act(store, consent, Act.RESUMED, number=record.changes)
    return kept if kept is not None and kept.digest == record.word_digest else None
