"""Which facts are read of the ledger for an answer and its evidence, and where they lie."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.catalogue.datatype import schemas
from api.services.attestation.unsealed import UnsealedAttestation
from api.services.consent.stored_consent import HeldConsent
from ledger_node.chain.port import Ledger
from ledger_node.domain.evidence.slot import Slots, slots_of
from ledger_node.domain.fact import FactQuery, members_of


@dataclass(frozen=True, slots=True)
class FactSelection:
    """Facts to read, and where they lie. ``names``: of the members that they are about."""

    query: FactQuery
    slots: Slots
    names: Mapping[bytes, str]


class FactSelector:
    """``answering``: the member and the address of the key that sign what this instance answers."""

    def __init__(self, ledger: Ledger, answering: tuple[bytes, bytes]) -> None:
        self._ledger = ledger
        self._answering = answering
        self._names: Mapping[bytes, str] = {}

    def select(self, attestations: Iterable[UnsealedAttestation], consent: HeldConsent) -> FactSelection:
        """Return what has to be read for proofs from ``attestations`` under a consent, and for the answer's receipt.

        Raises:
            ChainError: the ledger does not answer.
        """
        used, (member, key), terms = list(attestations), self._answering, consent.shown.terms
        query = FactQuery(
            anchors=frozenset(one.batch_key for one in used),
            keys=frozenset((one.anchor.member, one.anchor.key) for one in used) | {(member, key)},
            issuers=frozenset((one.header.schema_id, one.header.issuer) for one in used),
            positions=frozenset((one.anchor.member, one.position) for one in used),
            standings=frozenset({member}),
            grantee=terms.grantee,
            consent=consent.shown.id,
            subject=(terms.subject, consent.entry),
        )
        names = self._names_of(members_of(query))
        return FactSelection(query, slots_of(query, names), names)

    def attesters(self) -> dict[str, frozenset[bytes]]:
        """Return by the name of a type the members that may attest to it now, in any version.

        Raises:
            ChainError: the ledger does not answer.
        """
        issuers = self._ledger.issuers()
        return {
            name: frozenset().union(*(issuers.get(schema.id, frozenset()) for schema in schemas().versions(name)))
            for name in schemas()
        }

    def _names_of(self, members: Iterable[bytes]) -> dict[bytes, str]:
        """Return names by id. A member's name never changes, so the ledger is asked for those that are new."""
        wanted = set(members)
        if not wanted <= self._names.keys():
            self._names = {member.id: member.name for member in self._ledger.members()}
        return {member: self._names[member] for member in wanted}
