"""Capturing evidence: facts are taken out of state proofs, and the same proofs go into the bundle of the answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from api.catalogue.datatype import schemas
from api.services.access_interval import Keeper
from api.services.evidence import SealedEvidence, seal_evidence
from api.services.vault_search import Source
from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.port import Block, Ledger, StateProof
from ledger_node.domain.canonical import JSON
from ledger_node.domain.evidence.bundle import Bundle, bundle_digest
from ledger_node.domain.evidence.fact import facts_of
from ledger_node.domain.evidence.receipt import Receipt
from ledger_node.domain.evidence.slot import Slots, slots_of
from ledger_node.domain.fact import LedgerFacts
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.query import FactQuery, members_of
from ledger_node.domain.signature import SIGNATURE_BYTES

_UNSIGNED = bytes(SIGNATURE_BYTES)


@dataclass(frozen=True, slots=True)
class WantedFacts:
    """Facts to read, and where they lie."""

    query: FactQuery
    slots: Slots


class EvidenceCapture:
    """Reads facts with what proves them, and makes the bundle of an answer. ``answerer``: the member that signs it."""

    def __init__(self, book: AddressBook, ledger: Ledger, answerer: Keeper) -> None:
        self._book = book
        self._ledger = ledger
        self._answerer = answerer
        self._names: Mapping[bytes, str] = {}

    def wanted(self, query: FactQuery) -> WantedFacts:
        """Return what has to be read for ``query`` and for the answer's receipt.

        Raises:
            ChainError: the ledger does not answer.
        """
        query = replace(query, keys=query.keys | {(self._answerer.member, self._answerer.signing_key.address)})
        return WantedFacts(query, slots_of(query, self._named(members_of(query))))

    def facts(self, wanted: WantedFacts, proof: StateProof, at: Block) -> LedgerFacts:
        """Return the facts that were wanted, as ``proof`` has them at the block ``at``."""
        return facts_of(
            wanted.query,
            proof.words,
            anchor_domain=self._ledger.anchor_domain,
            consent_domain=self._ledger.consent_domain,
            number=at.number,
            block_hash=at.hash,
            time=at.time,
        )

    def seal(
        self,
        presentation: Presentation,
        shown: JSON,
        entry: int,
        wanted: WantedFacts,
        proof: StateProof,
        *,
        max_age_days: int | None,
        use: bytes,
        bank: bytes,
        sources: Sequence[Source],
    ) -> SealedEvidence:
        """Return the bundle of an answer, signed as a whole, and sealed under the keys of ``sources``, all it shows.

        ``shown``: the JSON form of ``presentation`` (``presentation_to_json``), which the bank receives as well.
        """
        answerer = self._answerer
        receipt = Receipt(answerer.member, answerer.signing_key.address, use, max_age_days, _UNSIGNED)
        book = self._book
        bare = Bundle(book.chain_id, book.genesis, presentation, entry, {}, {}, proof.block, (), receipt)
        query = bare.query
        names = self._named(members_of(query))
        # an answer mostly shows all that was opened for it
        slots = wanted.slots if query == wanted.query else slots_of(query, names)
        bundle = replace(
            bare,
            schemas={name: schemas()[name] for name in bare.needed_schemas},
            names=names,
            batches={source.batch_key: source.batch for source in sources},
            nodes=proof.nodes_of(slots),
        )
        digest = bundle.receipt_digest(receipt, self._ledger.consent_domain, presentation=shown)
        bundle = replace(bundle, receipt=replace(receipt, signature=answerer.signing_key.sign(digest)))
        encoded = bundle.encode(presentation=shown)
        keys = [source.vault_key for source in sources]
        return seal_evidence(encoded, digest=bundle_digest(encoded), use=use, bank=bank, keys=keys)

    def _named(self, members: Iterable[bytes]) -> dict[bytes, str]:
        """Return names by id. A member's name never changes, so the ledger is asked for those that are new."""
        wanted = set(members)
        if not wanted <= self._names.keys():
            self._names = {member.id: member.name for member in self._ledger.members()}
        return {member: self._names[member] for member in wanted}
