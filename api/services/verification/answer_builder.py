"""Making answers: pure computation from what vaults and ledger gave, so that worker processes can do it.

The facts are taken out of state proofs; proofs about the values are made; the answer must pass the same plan that the
bank runs, or it does not leave; and the same state proofs go into the bundle that is its evidence.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from api.catalogue.datatype import schemas
from api.services.attestation.unsealed import Source, Wanted
from api.services.evidence.store import SealedEvidence, seal_evidence
from api.services.verification.answer import Answer, Spent
from api.services.verification.claim_prover import present, shown_subject
from api.telemetry.stage import Stage
from api.work.fault import WorkerFault, fault_of
from api.work.worker_pool import WorkerDiedError, WorkerPool
from ledger_node.chain.port import StateProof, UseResult
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import CredenceError
from ledger_node.domain.event import Recorded
from ledger_node.domain.evidence.bundle import Bundle, bundle_digest, presentation_to_json
from ledger_node.domain.evidence.fact import facts_of
from ledger_node.domain.evidence.receipt import AnswerReceipt
from ledger_node.domain.evidence.slot import Slots, slots_of
from ledger_node.domain.presentation import Presentation, ShownClaim, ShownConsent
from ledger_node.domain.query import FactQuery, members_of
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act, Basis, Receipt
from ledger_node.domain.schema_set import SchemaSet
from ledger_node.domain.signature import SIGNATURE_BYTES, SigningKey
from ledger_node.domain.verification import Policy, verify
from ledger_node.gc_tuning import collect_rarely

_UNSIGNED: Final = bytes(SIGNATURE_BYTES)


@dataclass(frozen=True, slots=True)
class WantedFacts:
    """Facts to read, and where they lie. ``names``: of the members that they are about."""

    query: FactQuery
    slots: Slots
    names: Mapping[bytes, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What one answer is made of, but for the state proof.

    ``unconsented``: for each claim, what it comes to if it is not asked. ``entry``: index of the controllers' entry.
    ``meant``: what each question is answered from, or why it cannot be said. ``found``: its attestation, or why there
    is none. ``use``: the id of the recorded use.
    """

    bank: bytes
    claims: Sequence[Claim]
    policy: Policy
    consent: ShownConsent
    entry: int
    unconsented: Sequence[ShownClaim | None]
    credit_code: str = field(repr=False)
    registration: Source
    meant: Mapping[Question, Wanted | Reason]
    found: Mapping[Wanted, Source | Reason]
    wanted: WantedFacts
    use: bytes
    result: UseResult

    @property
    def sources(self) -> list[Source]:
        """All attestations that it is made from, each once."""
        found = {source.header.digest: source for source in self.found.values() if isinstance(source, Source)}
        return [self.registration, *found.values()]


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers, on which network; ``secret`` is the key that it signs with."""

    member: bytes
    secret: bytes = field(repr=False)
    chain_id: int
    genesis: bytes
    anchor_domain: SigningDomain
    consent_domain: SigningDomain


Timings: TypeAlias = dict[Stage, float]
"""Seconds that stages took."""
Made: TypeAlias = tuple[Answer | Exception, Timings]


class AnswerMaker:
    """Makes answers one by one."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer
        self._key = SigningKey(answerer.secret)

    def make(self, material: Material, proof: StateProof) -> Made:
        """Return the answer, or the error that there is instead of one, and what took how long."""
        timings: Timings = {}
        try:
            return self._make(material, proof, timings), timings
        except CredenceError as error:
            return error, timings
        except Exception as error:  # noqa: BLE001 - whoever asked gets it, and the others of the group their answers
            return WorkerFault(fault_of(error)), timings

    def _make(self, material: Material, proof: StateProof, timings: Timings) -> Answer:
        began = time.perf_counter()
        answerer, at = self._answerer, material.result.mined.block
        facts = facts_of(
            material.wanted.query,
            proof.words,
            anchor_domain=answerer.anchor_domain,
            consent_domain=answerer.consent_domain,
            number=at.number,
            block_hash=at.hash,
            time=at.time,
        )
        subject = shown_subject(material.credit_code, material.registration)
        presentation = present(
            material.consent,
            subject,
            material.claims,
            material.meant,
            material.found,
            material.unconsented,
            facts,
            material.policy,
        )
        evidence, shown, proven = None, None, time.perf_counter()
        if presentation.consent is not None:
            verify(
                presentation,
                schemas(),
                facts,
                grantee=material.bank,
                policy=material.policy,
                uses_already_counted=1,
            )
            shown = presentation_to_json(presentation, schemas())
            proven = time.perf_counter()
            evidence = self._evidence(material, presentation, shown, proof)
        spent = Spent(material.use, material.result.mined.transaction, self._receipt(material))
        answer = Answer.showing(
            presentation,
            facts,
            spent,
            evidence,
            shown=shown,
            entry=material.entry,
            keys=tuple(source.vault_key for source in material.sources),
        )
        timings |= {Stage.PROVE: proven - began, Stage.SEAL: time.perf_counter() - proven}
        return answer

    def _evidence(
        self, material: Material, presentation: Presentation, shown: JSON, proof: StateProof
    ) -> SealedEvidence:
        """Return the bundle of an answer, signed as a whole, sealed under the keys of all attestations that it shows.

        ``shown``: the JSON form of ``presentation``, which the bank receives as well.
        """
        answerer, wanted = self._answerer, material.wanted
        receipt = AnswerReceipt(
            answerer.member, self._key.address, material.use, material.policy.max_age_days, _UNSIGNED
        )
        bare = Bundle(
            answerer.chain_id,
            answerer.genesis,
            presentation,
            material.entry,
            SchemaSet(()),
            {},
            proof.block,
            (),
            receipt,
        )
        query = bare.query
        names = {member: wanted.names[member] for member in members_of(query)}
        sources = [source for source in material.sources if source.is_shown_in(presentation)]
        # an answer mostly shows all that was opened for it
        slots = wanted.slots if query == wanted.query else slots_of(query, names)
        bundle = replace(
            bare,
            schemas=schemas().those(bare.needed_schemas(schemas())),
            names=names,
            batches={source.batch_key: source.batch for source in sources},
            nodes=proof.nodes_of(slots),
        )
        digest = bundle.receipt_digest(receipt, answerer.consent_domain, presentation=shown)
        bundle = replace(bundle, receipt=replace(receipt, signature=self._key.sign(digest)))
        encoded = bundle.encode(presentation=shown)
        keys = [source.vault_key for source in sources]
        return seal_evidence(encoded, digest=bundle_digest(encoded), use=material.use, bank=material.bank, keys=keys)

    def _receipt(self, material: Material) -> Receipt:
        """Return the receipt of the use: the one that the consent's receipts will hold."""
        result, consent = material.result, material.consent
        mined = result.mined
        receipt = Receipt(
            domain=self._answerer.consent_domain,
            keeper=self._answerer.member,
            act=Act.USED,
            id=consent.id,
            recorded=Recorded(mined.transaction, mined.block.number, mined.block.hash, mined.block.time),
            number=result.uses,
            use=material.use,
            basis=Basis(consent),
        )
        return replace(receipt, signature=self._key.sign(receipt.digest))


_maker: AnswerMaker | None = None
"""That of a worker process."""


def _begin(answerer: Answerer) -> None:
    global _maker  # noqa: PLW0603 - what a worker process is for
    _maker = AnswerMaker(answerer)
    schemas()
    collect_rarely()


def _make_in_worker(group: Sequence[tuple[Material, StateProof]]) -> list[Made]:
    assert _maker is not None  # noqa: S101 - the pool calls _begin first
    return [_maker.make(material, proof) for material, proof in group]


class AnswerPool:
    """Makes the answers of groups, in a worker process for every two of ``processes``, or in this one."""

    def __init__(self, answerer: Answerer, processes: int) -> None:
        self._workers = WorkerPool(processes // 2, _begin, (answerer,))
        self._maker = AnswerMaker(answerer)

    def start(self) -> None:
        """Have the workers started, as a verification should not wait for them."""
        self._workers.start()

    def make(self, group: Sequence[tuple[Material, StateProof]]) -> list[Made]:
        """Return what is made of each of ``group``. State proofs that are one object travel once.

        Where workers die of the group each of it is tried alone, so that one of them costs the others no answer.
        """
        if not self._workers.has_workers:
            return [self._maker.make(material, proof) for material, proof in group]
        try:
            return self._workers.do(_make_in_worker, list(group))
        except WorkerDiedError as error:
            return [(error, {})] if len(group) == 1 else [made for one in group for made in self.make([one])]

    def close(self) -> None:
        """Stop the workers."""
        self._workers.close()
