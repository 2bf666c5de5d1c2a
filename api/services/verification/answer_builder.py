"""Building answers: pure computation from what vaults and ledger gave, so that worker processes can do it.

The facts are taken out of state proofs; proofs about the values are made; the answer must pass the same plan that the
bank runs, or it does not leave; and the same state proofs go into the bundle that is its evidence.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import starmap
from typing import Final, NamedTuple, TypeAlias

from api.catalogue.datatype import schemas
from api.services.attestation.stored_attestation import UnsealedAttestation
from api.services.evidence.store import SealedEvidence, seal_evidence
from api.services.verification.answer import Answer, UseReceipt, build_presentation, shown_subject
from api.services.verification.fact_selector import FactSelection
from api.telemetry.stage import Stage
from api.work.fault import WorkerFault, fault_of
from api.work.worker_pool import WorkerDiedError, WorkerPool
from ledger_node.chain.port import StateProof
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_act import SignedAct
from ledger_node.domain.consent_rule import rule_times
from ledger_node.domain.controller_entry import ControllerQuery
from ledger_node.domain.controller_rule import controller_query
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import CredenceError
from ledger_node.domain.event import Inclusion
from ledger_node.domain.evidence.bundle import AnswerReceipt, Bundle, bundle_digest, presentation_to_json
from ledger_node.domain.evidence.slot import facts_of, slots_of
from ledger_node.domain.fact import LedgerFacts, members_of
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.presentation import Presentation, ShownClaim, ShownConsent
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act, BankWord, Basis, Receipt
from ledger_node.domain.schema import SchemaSet
from ledger_node.domain.selection import require_granted_to
from ledger_node.domain.shown_use import ShownUse
from ledger_node.domain.signature import SIGNATURE_BYTES, SigningKey
from ledger_node.domain.ticket import CountedUse, UseOrder
from ledger_node.domain.verification import Policy, verify_consented
from ledger_node.gc_tuning import collect_rarely

_UNSIGNED: Final = bytes(SIGNATURE_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerInputs:
    """What one answer is made of, but for what the ledger says of the use, and the state proof.

    ``unconsented``: for each claim, what it comes to if the consent does not list it. ``attestations``: what each
    question is answered from, or why there is nothing. ``order`` leads to ``ticket``. Known once the use is counted:
    ``uses``, all of the consent until then, as (number, ticket, time): plain tuples travel fastest to a worker; and
    ``resumption``, the word of controllers by which it goes on. ``officer``: what an officer of the bank signed for it.
    """

    bank: bytes
    claims: Sequence[Claim]
    policy: Policy
    consent: ShownConsent
    unconsented: Sequence[ShownClaim | None]
    credit_code: str = field(repr=False)
    registration: UnsealedAttestation
    attestations: Mapping[Question, UnsealedAttestation | Reason]
    facts: FactSelection
    order: UseOrder
    ticket: bytes
    uses: tuple[tuple[int, bytes, int], ...] = ()
    resumption: SignedAct | None = None
    officer: OfficerSignature | None = None

    @property
    def sources(self) -> list[UnsealedAttestation]:
        """All attestations that it is made from, each once."""
        found = {one.header.digest: one for one in self.attestations.values() if isinstance(one, UnsealedAttestation)}
        return [self.registration, *found.values()]


@dataclass(frozen=True, slots=True)
class AnsweringMember:
    """Who answers, on which network; ``secret`` is the key that it signs with."""

    id: bytes
    secret: bytes = field(repr=False)
    chain_id: int
    genesis: bytes
    anchor_domain: SigningDomain
    consent_domain: SigningDomain


Timings: TypeAlias = dict[Stage, float]
"""Seconds that stages took."""
Task: TypeAlias = tuple[AnswerInputs, Inclusion, StateProof]
"""What one answer is made of, where the ledger recorded its use, and what it holds at the block of the use."""


class BuiltAnswer(NamedTuple):
    """The answer, or the error that there is instead of one, and what took how long."""

    answer: Answer | Exception
    timings: Timings


class AnswerBuilder:
    """Builds answers one by one."""

    def __init__(self, member: AnsweringMember) -> None:
        self._member = member
        self._key = SigningKey(member.secret)

    def build(self, inputs: AnswerInputs, at: Inclusion, proof: StateProof) -> BuiltAnswer:
        """Return the answer, or the error that there is instead of one."""
        timings: Timings = {}
        try:
            return BuiltAnswer(self._answer(inputs, at, proof, timings), timings)
        except CredenceError as error:
            return BuiltAnswer(error, timings)
        except Exception as error:  # noqa: BLE001 - whoever asked gets it, and the others of the group their answers
            return BuiltAnswer(WorkerFault(fault_of(error)), timings)

    def _answer(self, inputs: AnswerInputs, at: Inclusion, proof: StateProof, timings: Timings) -> Answer:
        began = time.perf_counter()
        member = self._member
        facts = facts_of(
            inputs.facts.query,
            proof.words,
            anchor_domain=member.anchor_domain,
            consent_domain=member.consent_domain,
            number=at.block_number,
            block_hash=at.block_hash,
            time=at.block_time,
        )
        presentation = build_presentation(
            inputs.consent,
            shown_subject(inputs.credit_code, inputs.registration),
            inputs.claims,
            inputs.unconsented,
            inputs.attestations,
            facts,
            inputs.policy,
            use=ShownUse(inputs.order, tuple(starmap(CountedUse, inputs.uses))),
            resumption=inputs.resumption,
        )
        controllers = None
        evidence, shown, proven = None, None, time.perf_counter()
        if presentation.consent is not None:
            # whether the consent allows it is what the presentation was built by
            require_granted_to(inputs.consent.terms, grantee=inputs.bank, purpose=None)
            verify_consented(presentation, schemas(), facts, inputs.policy)
            controllers = _controllers(presentation, facts)
            shown = presentation_to_json(presentation, schemas())
            proven = time.perf_counter()
            evidence = self._evidence(inputs, presentation, controllers, shown, proof)
        answer = Answer.showing(
            presentation,
            facts,
            UseReceipt(inputs.ticket, at.transaction, self._receipt(inputs, at)),
            evidence,
            shown=shown,
            controllers=controllers,
            keys=tuple(source.vault_key for source in inputs.sources),
        )
        timings |= {Stage.PROVE: proven - began, Stage.SEAL: time.perf_counter() - proven}
        return answer

    def _evidence(
        self,
        inputs: AnswerInputs,
        presentation: Presentation,
        controllers: ControllerQuery,
        shown: JSON,
        proof: StateProof,
    ) -> SealedEvidence:
        """Return the bundle of an answer, signed as a whole, sealed under the keys of all attestations that it shows.

        ``shown``: the JSON form of ``presentation``, which the bank receives as well.
        """
        member, selection = self._member, inputs.facts
        receipt = AnswerReceipt(member.id, self._key.address, inputs.ticket, inputs.policy.max_age_days, _UNSIGNED)
        bare = Bundle(
            member.chain_id,
            member.genesis,
            presentation,
            controllers,
            SchemaSet(()),
            {},
            proof.block,
            (),
            receipt,
        )
        query = bare.query
        names = {member: selection.names[member] for member in members_of(query)}
        sources = [source for source in inputs.sources if source.is_shown_in(presentation)]
        # an answer mostly shows all that was opened for it
        slots = selection.slots if query == selection.query else slots_of(query, names)
        bundle = replace(
            bare,
            schemas=schemas().those(bare.needed_schemas(schemas())),
            names=names,
            batches={source.batch_key: source.batch for source in sources},
            nodes=proof.nodes_of(slots),
        )
        digest = bundle.receipt_digest(receipt, member.consent_domain, presentation=shown)
        bundle = replace(bundle, receipt=replace(receipt, signature=self._key.sign(digest)))
        encoded = bundle.encode(presentation=shown)
        keys = [source.vault_key for source in sources]
        return seal_evidence(encoded, digest=bundle_digest(encoded), use=inputs.ticket, bank=inputs.bank, keys=keys)

    def _receipt(self, inputs: AnswerInputs, at: Inclusion) -> Receipt:
        """Return the receipt of the use: the one that the consent's receipts will hold."""
        consent, order = inputs.consent, inputs.order
        receipt = Receipt(
            domain=self._member.consent_domain,
            keeper=self._member.id,
            act=Act.USED,
            id=consent.id,
            recorded=at,
            number=order.number,
            use=inputs.ticket,
            basis=Basis(consent, bank_word=BankWord(order.not_after, order.signature), officer=inputs.officer),
        )
        return replace(receipt, signature=self._key.sign(receipt.digest))


def _controllers(presentation: Presentation, facts: LedgerFacts) -> ControllerQuery:
    """Return what rule 9 takes of the facts about the subject's controllers: no more goes into evidence."""
    consent, history = presentation.consent, facts.controllers
    assert consent is not None  # noqa: S101 - it was shown to check
    assert history is not None  # noqa: S101 - it was read
    times = rule_times(facts.consent, facts.block_time)
    return controller_query(consent.terms.subject, history, facts.keys, times)


_builder: AnswerBuilder | None = None
"""That of a worker process."""


def _start_worker(member: AnsweringMember) -> None:
    global _builder  # noqa: PLW0603 - what a worker process is for
    _builder = AnswerBuilder(member)
    schemas()
    collect_rarely()


def _build_in_worker(group: Sequence[Task]) -> list[BuiltAnswer]:
    assert _builder is not None  # noqa: S101 - the pool calls _start_worker first
    return [_builder.build(*task) for task in group]


class AnswerPool:
    """Builds the answers of groups, in a worker process for every two of ``processes``, or in this one."""

    def __init__(self, member: AnsweringMember, processes: int) -> None:
        self._workers = WorkerPool(processes // 2, _start_worker, (member,))
        self._builder = AnswerBuilder(member)

    def start(self) -> None:
        """Have the workers started, as a verification should not wait for them."""
        self._workers.start()

    def build(self, group: Sequence[Task]) -> list[BuiltAnswer]:
        """Return what is built of each of ``group``. State proofs that are one object travel once.

        Where workers die of the group each of it is tried alone, so that one of them costs the others no answer.
        """
        if not self._workers.has_workers:
            return [self._builder.build(*task) for task in group]
        try:
            return self._workers.do(_build_in_worker, list(group))
        except WorkerDiedError as error:
            return (
                [BuiltAnswer(error, {})] if len(group) == 1 else [one for task in group for one in self.build([task])]
            )

    def close(self) -> None:
        """Stop the workers."""
        self._workers.close()
