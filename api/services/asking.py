"""A verification on its way, from what is asked to what the ledger said of its use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.catalogue.datatype import schemas
from api.services.access_log import Asked, Entry
from api.services.answer import Answer, Keep
from api.services.claim_answer import NO_SOURCE, refused, unless_consented
from api.services.consent import HeldConsent
from api.services.evidence_capture import WantedFacts
from api.services.idempotency import Attempt
from api.services.use_recorder import RecordedUse
from api.services.vault_search import Source, Wanted
from ledger_node.domain.access import AccessRow
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import require_granted_to
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.presentation import Presentation, ShownClaim, ShownSubject
from ledger_node.domain.query import FactQuery
from ledger_node.domain.reason import Reason
from ledger_node.domain.verification import Policy


@dataclass(slots=True)
class Asking:
    """Who asks what under which consent; ``use`` from the moment on that one may be counted."""

    bank: bytes
    operator: str | None
    consent: bytes
    held: HeldConsent | None
    attempt: Attempt
    claims: Sequence[Claim]
    purpose: str | None
    policy: Policy
    keep: Keep
    use: bytes | None = None

    def rows(self, presentation: Presentation, use: bytes | None) -> list[Asked]:
        """Return one row a claim. The subject sees who else tried its consent; a stranger's row says no purpose."""
        terms = None if self.held is None else self.held.shown.terms
        subject = None if terms is None else terms.subject
        purpose = None if terms is None or terms.grantee != self.bank else terms.purpose
        return [
            Asked(
                subject,
                AccessRow(
                    time=0,
                    bank=self.bank,
                    operator=self.operator,
                    consent=self.consent,
                    purpose=purpose,
                    question=shown.claim.text(schemas()),
                    verdict=shown.verdict,
                    reason=shown.reason,
                    use=use,
                ),
            )
            for shown in presentation.claims
        ]


@dataclass(frozen=True, slots=True)
class Begun:
    """A verification that the consent allows. ``unconsented``: for each claim, what it comes to if it is not asked."""

    asking: Asking
    held: HeldConsent
    unconsented: Sequence[ShownClaim | None]

    @property
    def wanted(self) -> set[Wanted]:
        """What has to be found in the vaults."""
        return {
            (part.schema, part.period)
            for claim, unasked in zip(self.asking.claims, self.unconsented, strict=True)
            if unasked is None
            for part in claim.parts
        }


@dataclass(frozen=True, slots=True)
class Prepared:
    """A verification whose use is to be recorded: what the vaults have for it, and which facts it takes."""

    asking: Asking
    held: HeldConsent
    unconsented: Sequence[ShownClaim | None]
    subject: ShownSubject
    found: Mapping[Wanted, Source | Reason]
    opened: Sequence[Source]
    wanted: WantedFacts


@dataclass(frozen=True, slots=True)
class Recorded:
    """A verification of whose use the ledger has said something."""

    ready: Prepared
    use: RecordedUse


def begin(asking: Asking) -> Begun | Answer:
    """Return a verification that the consent allows, or the answer to one of which it allows nothing."""
    held, bank, claims = asking.held, asking.bank, asking.claims
    # a consent of another bank takes the same way as one that does not exist
    if held is None or held.shown.terms.grantee != bank:
        return Answer(refused(claims, Reason.CONSENT_UNKNOWN))
    try:
        require_granted_to(held.shown.terms, grantee=bank, purpose=asking.purpose)
    except VerificationError as error:
        return Answer(refused(claims, error.reason, error.message))
    unconsented = [unless_consented(held.shown, claim) for claim in claims]
    if all(unconsented):
        return Answer(Presentation(tuple(unasked for unasked in unconsented if unasked)))
    return Begun(asking, held, unconsented)


def erased(one: Begun) -> Answer:
    """Return the answer about a firm whose registration is erased."""
    return Answer(refused(one.asking.claims, Reason.ERASED, NO_SOURCE[Reason.ERASED]))


def entry_of(asking: Asking, outcome: Answer | Exception) -> Entry:
    """Return what the access log keeps of a verification, whatever came of it."""
    if isinstance(outcome, Answer):
        rows = asking.rows(outcome.presentation, outcome.use)
        return Entry(rows, outcome.relied, outcome.evidence, asking.keep(outcome))
    # nothing leaves, but the bank asked, and a use may be counted: the subject sees that too
    reason = outcome.reason if isinstance(outcome, CredenceError) else Reason.INTERNAL
    return Entry(asking.rows(refused(asking.claims, reason, "not answered"), asking.use))


def query_of(sources: Sequence[Source], held: HeldConsent) -> FactQuery:
    """Return the facts that proofs from ``sources`` under a consent take."""
    shown = [source.shown for source in sources]
    return FactQuery(
        anchors=frozenset((item.anchor.member, item.anchor.stream, item.anchor.number) for item in shown),
        keys=frozenset((item.anchor.member, item.anchor.key) for item in shown),
        issuers=frozenset((item.header.schema_id, item.header.issuer) for item in shown),
        positions=frozenset((item.anchor.member, item.position) for item in shown),
        consent=held.shown.id,
        subject=(held.shown.terms.subject, held.entry),
    )
