"""What a firm's answers would be: the same code as for a bank, without consent, use, proof or receipt.

The facts are read at the newest block. Nothing of it leaves for a bank. An answer is yes, no or cannot tell, never a
value: a firm that is made to show its page shows no more than the bank will learn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.catalogue.datatype import schemas
from api.services.attestation.stored_attestation import AttestationQuery, UnsealedAttestation
from api.services.consent.request import ConsentRequestService, StoredRequest
from api.services.record.look import BegunLook, OwnLooks
from api.services.subject.registered_subject import SubjectReader
from api.services.verification.answer import cannot_tell, prove_claim
from api.services.verification.attestation_finder import AttestationFinder
from api.services.verification.fact_selector import FactSelector
from api.services.verification.request import attestation_query
from ledger_node.chain.port import Ledger
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Bounds, Terms
from ledger_node.domain.error import VerificationError
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.own_look import LookKind
from ledger_node.domain.presentation import ShownClaim, ShownConsent
from ledger_node.domain.proof import Outcome
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import DECOY, Signature
from ledger_node.domain.verification import Policy

_ADDRESS_BYTES: Final = 20
_NOBODY: Final = bytes(_ADDRESS_BYTES)


@dataclass(frozen=True, slots=True)
class SelfAnswer:
    """What one question of a request would come to now. ``question``: its text form."""

    question: str
    verdict: Outcome
    reason: Reason | None


class SelfAnswers:
    """Answers a firm the questions of a request to it, after a signed look."""

    def __init__(
        self,
        ledger: Ledger,
        requests: ConsentRequestService,
        subjects: SubjectReader,
        finder: AttestationFinder,
        selector: FactSelector,
        looks: OwnLooks,
    ) -> None:
        self._ledger = ledger
        self._requests = requests
        self._subjects = subjects
        self._finder = finder
        self._selector = selector
        self._looks = looks

    def begin(self, subject: bytes, request: bytes, *, now: int) -> BegunLook:
        """Return a look at the answers to a request, to sign.

        Raises:
            VerificationError: ``request_unknown``: there is no such request to this firm.
        """
        self._request(subject, request)
        return self._looks.begin(subject, LookKind.ANSWERS, request, now=now)

    def answers(
        self, subject: bytes, request: bytes, nonce: bytes, signature: Signature, *, now: int
    ) -> list[SelfAnswer]:
        """Return what the questions of a request would come to now, in their order.

        Raises:
            VerificationError: ``request_unknown``, ``erased``, or as ``OwnLooks.complete``.
            ChainError: the ledger does not answer.
        """
        held = self._request(subject, request)
        self._looks.complete(subject, LookKind.ANSWERS, nonce, signature, about=request, now=now)
        found = self._subjects.find(subject)
        if found is None:
            raise VerificationError(self._subjects.why_unknown(subject), "there is no such firm any more")
        consent = _as_if_granted(held)
        claims = [Claim.parse(text, schemas()) for text in held.asked.questions]
        attesters = self._selector.attesters()
        queries = {
            part: attestation_query(part, consent.terms, attesters[part.schema])
            for claim in claims
            for part in claim.parts
        }
        wanted = [query for query in queries.values() if isinstance(query, AttestationQuery)]
        (attested,) = self._finder.find([(found, wanted)])
        if isinstance(attested.registration, Reason):
            return [_answer(cannot_tell(claim, attested.registration)) for claim in claims]
        attestations = {
            part: query if isinstance(query, Reason) else attested.attestations[query]
            for part, query in queries.items()
        }
        facts = self._ledger.facts(_query([attested.registration, *_readable(attestations)]))
        return [_answer(prove_claim(consent, claim, attestations, facts, Policy())) for claim in claims]

    def _request(self, subject: bytes, request: bytes) -> StoredRequest:
        held = self._requests.find(request)
        if held.asked.subject != subject:
            raise VerificationError(Reason.REQUEST_UNKNOWN, "there is no such request of yours")
        return held


def _as_if_granted(held: StoredRequest) -> ShownConsent:
    """Return the consent that would grant a request exactly; nobody signed it, and no rule of consents looks at it."""
    terms = Terms.accepting(held.asked, "en", bytes(HASH_BYTES), bytes(HASH_BYTES))
    bounds = Bounds.accepting(
        held.asked, grant_before=held.asked.expires_at, steward_key=_NOBODY, withdrawal_hash=bytes(HASH_BYTES)
    )
    return ShownConsent(bytes(HASH_BYTES), terms, bounds, (), DECOY)


def _readable(attestations: Mapping[Question, UnsealedAttestation | Reason]) -> list[UnsealedAttestation]:
    return [one for one in attestations.values() if isinstance(one, UnsealedAttestation)]


def _query(used: Sequence[UnsealedAttestation]) -> FactQuery:
    return FactQuery(
        anchors=frozenset(one.batch_key for one in used),
        keys=frozenset((one.anchor.member, one.anchor.key) for one in used),
        issuers=frozenset((one.header.schema_id, one.header.issuer) for one in used),
        positions=frozenset((one.anchor.member, one.position) for one in used),
    )


def _answer(shown: ShownClaim) -> SelfAnswer:
    return SelfAnswer(shown.claim.text(schemas()), shown.verdict, shown.reason)
