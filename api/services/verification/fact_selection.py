"""Planning what is read of the ledger for an answer: its facts, and what else its evidence holds."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from api.catalogue.datatype import schemas
from api.services.verification.answer_builder import WantedFacts
from ledger_node.chain.port import Ledger
from ledger_node.domain.evidence.slot import slots_of
from ledger_node.domain.query import FactQuery, members_of


class FactPlan:
    """``answerer``: the member and the address of the key that sign what this instance answers."""

    def __init__(self, ledger: Ledger, answerer: tuple[bytes, bytes]) -> None:
        self._ledger = ledger
        self._answerer = answerer
        self._names: Mapping[bytes, str] = {}

    def wanted(self, query: FactQuery) -> WantedFacts:
        """Return what has to be read for ``query`` and for the answer's receipt.

        Raises:
            ChainError: the ledger does not answer.
        """
        member, _ = self._answerer
        query = replace(query, keys=query.keys | {self._answerer}, standings=query.standings | {member})
        names = self._named(members_of(query))
        return WantedFacts(query, slots_of(query, names), names)

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

    def _named(self, members: Iterable[bytes]) -> dict[bytes, str]:
        """Return names by id. A member's name never changes, so the ledger is asked for those that are new."""
        wanted = set(members)
        if not wanted <= self._names.keys():
            self._names = {member.id: member.name for member in self._ledger.members()}
        return {member: self._names[member] for member in wanted}
