"""Which answers relied on which attestations: digests and positions, written in the transaction of the access rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import Connection, insert, select

from api.storage.chunk import chunks
from api.storage.table import chain_cursor, reliance
from ledger_node.domain.event import StatusEvent
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.status import WORD_BITS

_RELIED: Final = reliance.c
_CURSOR: Final = select(chain_cursor.c.next_block)
_ADD: Final = insert(reliance)


@dataclass(frozen=True, slots=True)
class Reliance:
    """One attestation that an answer relied on. ``block``: the block that the answer holds at."""

    use: bytes
    consent: bytes
    bank: bytes
    attestation: bytes
    member: bytes
    position: int
    block: int

    @classmethod
    def by(cls, presentation: Presentation, use: bytes | None, block: int) -> list[Self]:
        """Return what a presentation relies on: the attestations that it shows, and the subject's registration."""
        consent, subject = presentation.consent, presentation.subject
        if consent is None or subject is None or use is None:
            return []
        return [
            cls(
                use=use,
                consent=consent.id,
                bank=consent.terms.grantee,
                attestation=shown.header.digest,
                member=shown.anchor.member,
                position=shown.position,
                block=block,
            )
            for shown in (subject.registration, *presentation.attestations.values())
        ]


def store_reliance(connection: Connection, relied: Sequence[Reliance]) -> None:
    """Write what answers rely on, before they leave.

    A change of status between an answer's block and this transaction may be behind the cursor already; such a
    row is ``late``, and the follower looks its status up.
    """
    if not relied:
        return
    next_block = connection.execute(_CURSOR).scalar_one_or_none() or 0
    rows = [
        {
            "use": one.use,
            "attestation": one.attestation,
            "consent": one.consent,
            "bank": one.bank,
            "member": one.member,
            "word": one.position // WORD_BITS,
            "bit": one.position % WORD_BITS,
            "late": int(next_block > one.block + 1),
        }
        for one in relied
    ]
    connection.execute(_ADD, rows)


def relying_on(connection: Connection, events: Sequence[StatusEvent]) -> Iterable[tuple[StatusEvent, Any]]:
    """Yield (event, row) for every row of an answer that relies on a position which an event changes."""
    words: dict[bytes, dict[int, list[StatusEvent]]] = {}
    for event in events:
        words.setdefault(event.member, {}).setdefault(event.word, []).append(event)
    for member, changed in words.items():
        for some in chunks(sorted(changed)):
            query = select(reliance).where(_RELIED.member == member, _RELIED.word.in_(some))
            for row in connection.execute(query):
                for event in changed[row.word]:
                    if event.mask >> row.bit & 1:
                        yield event, row
