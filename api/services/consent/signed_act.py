"""What controllers signed after the grant: stored for receipts before it is sent to the ledger."""

import json

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.storage.database import Store
from api.storage.table import consent_word
from ledger_node.chain.port import ConsentLedger
from ledger_node.domain.canonical import decode
from ledger_node.domain.event import Step
from ledger_node.domain.receipt import Act, SignedAct
from ledger_node.domain.subject import Controllers, Signature

_ACT = consent_word.c


def signed_act(controllers: Controllers, digest: bytes, signatures: tuple[Signature, ...]) -> SignedAct:
    """Return what was signed as receipts show it: as many signatures as must be, in their order."""
    return SignedAct(controllers, controllers.in_one_form(digest, signatures))


def store_signed_act(
    store: Store, ledger: ConsentLedger, target: bytes, act: Act, signed: SignedAct, *, number: int = 0
) -> None:
    """Store what was signed and checked, under the lock of the subject, before it is sent to the ledger.

    One that is stored already belongs to an act that took place, or to an attempt that did not. Only the ledger
    knows, so it is asked then.

    Raises:
        ChainError: the ledger does not answer.
    """
    text = json.dumps(signed.to_json())
    try:
        with store.begin() as connection:
            values = {"target": target, "act": act.value, "number": number, "word": text}
            connection.execute(insert(consent_word).values(values))
    except IntegrityError:
        if any((event.step, event.number) == (Step[act.name], number) for event in ledger.consent_events(target)):
            return
        with store.begin() as connection:
            stored = (_ACT.target == target) & (_ACT.act == act.value) & (_ACT.number == number)
            connection.execute(update(consent_word).where(stored).values(word=text))


def find_signed_act(store: Store, target: bytes, act: Act, *, number: int = 0) -> SignedAct | None:
    """Return what was signed for an act, or None where nothing is stored."""
    query = select(_ACT.word).where(_ACT.target == target, _ACT.act == act.value, _ACT.number == number)
    with store.connect() as connection:
        text = connection.execute(query).scalar_one_or_none()
    return None if text is None else SignedAct.from_json(decode(text.encode()))
