"""A verification on its way, from what is asked to what the ledger said of its use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api.services.access_log.writer import AccessEntry, AskedRow
from api.services.attestation.unsealed import Source, Wanted
from api.services.consent.stored_consent import HeldConsent
from api.services.idempotency.attempt import Attempt
from api.services.verification.answer import Answer, Keep, Told, told_of
from api.services.verification.answer_builder import Material, WantedFacts
from api.services.verification.claim_prover import NO_SOURCE, cannot_tell, refused, unless_consented
from api.services.verification.use_recorder import RecordedUse
from ledger_node.domain.access import AccessRow
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Terms, require_granted_to
from ledger_node.domain.department import departments_meant
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.presentation import Presentation, ShownClaim
from ledger_node.domain.query import FactQuery
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.verification import Policy


@dataclass(slots=True)
class Asking:
    """Who asks what under which consent.

    ``held``: the consent, once it was looked for and if there is one. ``use``: its id, from the moment on that one may
    be counted.
    """

    bank: bytes
    operator: str | None
    consent: bytes
    attempt: Attempt
    claims: Sequence[Claim]
    purpose: str | None
    policy: Policy
    keep: Keep
    held: HeldConsent | None = None
    use: bytes | None = None

    def rows(self, told: Sequence[Told], use: bytes | None) -> list[AskedRow]:
        """Return one row a claim. The subject sees who else tried its consent; a stranger's row says no purpose."""
        terms = None if self.held is None else self.held.shown.terms
        subject = None if terms is None else terms.subject
        purpose = None if terms is None or terms.grantee != self.bank else terms.purpose
        return [
            AskedRow(
                subject,
                AccessRow(
                    time=0,
                    bank=self.bank,
                    operator=self.operator,
                    consent=self.consent,
                    purpose=purpose,
                    question=one.claim,
                    verdict=one.verdict,
                    reason=one.reason,
                    use=use,
                ),
            )
            for one in told
        ]


@dataclass(frozen=True, slots=True)
class Begun:
    """A verification that the consent allows. ``unconsented``: for each claim, what it comes to if it is not asked."""

    asking: Asking
    held: HeldConsent
    unconsented: Sequence[ShownClaim | None]

    def meant(self, attesters: Mapping[str, frozenset[bytes]]) -> dict[Question, Wanted | Reason]:
        """Return what has to be found in the vaults for each question, or why it cannot be said which it is.

        ``attesters``: who may attest, by the name of a type.
        """
        terms = self.held.shown.terms
        return {
            part: _meant(part, terms, attesters)
            for claim, unasked in zip(self.asking.claims, self.unconsented, strict=True)
            if unasked is None
            for part in claim.parts
        }

    def untold(self, meant: Mapping[Question, Wanted | Reason]) -> Answer | None:
        """Return the answer that costs no use, as no question says which attestation it means; None if one does."""
        reasons = {reason for reason in meant.values() if isinstance(reason, Reason)}
        if len(reasons) != 1 or not all(isinstance(one, Reason) for one in meant.values()):
            return None
        (reason,) = reasons
        claims = zip(self.asking.claims, self.unconsented, strict=True)
        return Answer.showing(
            Presentation(tuple(unasked or cannot_tell(claim, reason, NO_SOURCE[reason]) for claim, unasked in claims))
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A verification whose use is to be recorded: what the vaults have for it, and which facts it takes."""

    begun: Begun
    credit_code: str = field(repr=False)
    registration: Source
    meant: Mapping[Question, Wanted | Reason]
    found: Mapping[Wanted, Source | Reason]
    wanted: WantedFacts

    @property
    def asking(self) -> Asking:
        """What it is the answer to."""
        return self.begun.asking


@dataclass(frozen=True, slots=True)
class Recorded:
    """A verification of whose use the ledger has said something."""

    ready: Prepared
    use: RecordedUse

    @property
    def material(self) -> Material:
        """What its answer is made of."""
        ready, begun, asking = self.ready, self.ready.begun, self.ready.asking
        return Material(
            bank=asking.bank,
            claims=asking.claims,
            policy=asking.policy,
            consent=begun.held.shown,
            entry=begun.held.entry,
            unconsented=begun.unconsented,
            credit_code=ready.credit_code,
            registration=ready.registration,
            meant=ready.meant,
            found=ready.found,
            wanted=ready.wanted,
            use=asking.attempt.seed,
            result=self.use.result,
        )


def begin(asking: Asking) -> Begun | Answer:
    """Return a verification that the consent allows, or the answer to one of which it allows nothing."""
    held, bank, claims = asking.held, asking.bank, asking.claims
    # a consent of another bank takes the same way as one that does not exist
    if held is None or held.shown.terms.grantee != bank:
        return refusal(asking, Reason.CONSENT_UNKNOWN)
    try:
        require_granted_to(held.shown.terms, grantee=bank, purpose=asking.purpose)
    except VerificationError as error:
        return refusal(asking, error.reason, error.message)
    if held.refusal is not None:
        # whatever the ledger holds under its id, it is not what was signed
        return refusal(asking, held.refusal, "this consent was not granted")
    unconsented = [unless_consented(held.shown, claim) for claim in claims]
    if all(unconsented):
        return Answer.showing(Presentation(tuple(unasked for unasked in unconsented if unasked)))
    return Begun(asking, held, unconsented)


def _meant(question: Question, terms: Terms, attesters: Mapping[str, frozenset[bytes]]) -> Wanted | Reason:
    may_attest, selector = attesters[question.schema], question.selector
    try:
        among = departments_meant(question, terms, may_attest)
    except VerificationError as error:
        return error.reason
    is_covered = selector.issuer is not None or not may_attest or not may_attest.isdisjoint(among)
    absent = Reason.NO_ATTESTATION if is_covered else Reason.CONSENT_OTHER_DEPARTMENT
    return Wanted(question.schema, question.period, selector.per, among, absent)


def unregistered(one: Begun, reason: Reason) -> Answer:
    """Return the answer about a firm whose registration is erased or in quarantine."""
    return refusal(one.asking, reason, NO_SOURCE[reason])


def refusal(asking: Asking, reason: Reason, message: str | None = None) -> Answer:
    """Return the answer that tells none of the claims, all for the same reason."""
    return Answer.showing(refused(asking.claims, reason, message))


def entry_of(asking: Asking, outcome: Answer | Exception) -> AccessEntry:
    """Return what the access log keeps of a verification, whatever came of it."""
    if isinstance(outcome, Answer):
        return AccessEntry(
            asking.rows(outcome.told, outcome.use),
            outcome.relied,
            outcome.evidence,
            lambda: asking.keep(outcome),
        )
    # nothing leaves, but the bank asked, and a use may be counted: the subject sees that too
    reason = outcome.reason if isinstance(outcome, CredenceError) else Reason.INTERNAL
    return AccessEntry(asking.rows(told_of(refused(asking.claims, reason, "not answered")), asking.use))


def query_of(sources: Sequence[Source], held: HeldConsent) -> FactQuery:
    """Return the facts that proofs from ``sources`` under a consent take."""
    return FactQuery(
        anchors=frozenset(source.batch_key for source in sources),
        keys=frozenset((source.anchor.member, source.anchor.key) for source in sources),
        issuers=frozenset((source.header.schema_id, source.header.issuer) for source in sources),
        positions=frozenset((source.anchor.member, source.position) for source in sources),
        grantee=held.shown.terms.grantee,
        consent=held.shown.id,
        subject=(held.shown.terms.subject, held.entry),
    )
