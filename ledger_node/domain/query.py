"""Which facts of the chain the check of a presentation takes, whoever reads or proves them."""

from dataclasses import dataclass

from ledger_node.domain.presentation import Presentation


@dataclass(frozen=True, slots=True)
class FactQuery:
    """Which facts to read, all at one block."""

    anchors: frozenset[tuple[bytes, int, int]] = frozenset()
    """(member, stream, number) of batches."""
    keys: frozenset[tuple[bytes, bytes]] = frozenset()
    """(member, key address)."""
    issuers: frozenset[tuple[bytes, bytes]] = frozenset()
    """(schema id, member)."""
    positions: frozenset[tuple[bytes, int]] = frozenset()
    """(member, position on its status bitmaps)."""
    standings: frozenset[bytes] = frozenset()
    """Members whose roles and state."""
    grantee: bytes | None = None
    """The bank: nothing of it is read but its name."""
    consent: bytes | None = None
    subject: tuple[bytes, int] | None = None
    """Subject id and the index of its controllers' entry at the time of the grant."""


def members_of(query: FactQuery) -> set[bytes]:
    """Return ids of the members whose keys, issuing or standing a query is about, and of the bank."""
    bank = set() if query.grantee is None else {query.grantee}
    return {member for member, _ in query.keys} | {member for _, member in query.issuers} | query.standings | bank


def query_of(presentation: Presentation, entry: int) -> FactQuery:
    """Return the facts that checking a presentation needs; ``entry`` is the index of the controllers' entry."""
    shown = list(presentation.attestations.values())
    if presentation.subject is not None:
        shown.append(presentation.subject.registration)
    consent = presentation.consent
    return FactQuery(
        anchors=frozenset((item.anchor.member, item.anchor.stream, item.anchor.number) for item in shown),
        keys=frozenset((item.anchor.member, item.anchor.key) for item in shown),
        issuers=frozenset((item.header.schema_id, item.header.issuer) for item in shown),
        positions=frozenset((item.anchor.member, item.position) for item in shown),
        grantee=None if consent is None else consent.terms.grantee,
        consent=None if consent is None else consent.id,
        subject=None if consent is None else (consent.terms.subject, entry),
    )
