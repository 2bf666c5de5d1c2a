"""Which facts an answer takes: those of attestations and consent, and everything that is known of its controllers.

Which entries and holds decide shows only at the block of the use. So all that are known are read, with the next ones,
which show whether there are more by then; evidence takes of them what rule 9 needs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from api.catalogue.datatype import schemas
from api.services.attestation.stored_attestation import UnsealedAttestation
from api.services.consent.stored_consent import StoredConsent
from ledger_node.chain.port import Ledger
from ledger_node.domain.controller_entry import ControllerHistory, ControllerQuery
from ledger_node.domain.evidence.slot import Slots, StorageWords, controller_history, slots_of
from ledger_node.domain.fact import FactQuery, members_of

_REMEMBERED: Final = 4096
"""Subjects whose entries and holds stay in memory."""


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
        self._histories: dict[bytes, ControllerHistory] = {}

    def select(self, attestations: Iterable[UnsealedAttestation], consent: StoredConsent) -> FactSelection:
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
            subject=self._controllers_of(terms.subject),
        )
        names = self._names_of(members_of(query))
        return FactSelection(query, slots_of(query, names), names)

    def is_behind(self, selection: FactSelection, words: StorageWords) -> bool:
        """Return whether the subject has entries or holds by a block that were not known when facts were selected.

        Then they are read for the next selection.
        """
        query = selection.query.subject
        assert query is not None  # noqa: S101 - an answer is about a subject
        found = controller_history(query, words)
        if not any(found.begins.values()) and not found.holds[max(found.holds)]:
            return False
        self._histories.pop(query.subject, None)
        return True

    def _controllers_of(self, subject: bytes) -> ControllerQuery:
        """Return what is known of a subject's controllers. An entry never changes, so they are read once."""
        history = self._histories.get(subject)
        if history is None:
            if len(self._histories) >= _REMEMBERED:
                self._histories.clear()
            history = self._histories[subject] = self._ledger.controller_history(subject)
        entries, holds = history.entries, [number for number, since in history.holds.items() if since]
        return ControllerQuery(
            subject,
            frozenset(entries),
            frozenset({len(entries)}),
            frozenset(range(1, len(holds) + 2)),
            history.keys,
        )

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
