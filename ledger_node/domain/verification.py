"""The verification plan: pure rules that the API, the bank and an auditor run alike.

Attestation (``require_attestation``)
 1. The header names the schema that the verifier holds (schemaId is the digest of its canonical form).
 2. The header is of this network: chain id and AnchorRegistry.
 3. The header's place in its batch leads to the anchored root: index < size, path as long as the depth.
 4. The chain holds exactly this anchor (member, stream, number, root, size, start, time, key).
 5. The header's issuer is the member that anchored, allowed to issue this schema at that time.
 6. The key was valid at that time and not compromised before it.
 7. At the pinned block the position is neither revoked nor superseded.
Consent (``consent_rule.require_consent``)
 8. The terms and bounds hash to the consent id under this ConsentRegistry, which granted it; the bounds that it holds
    are those.
 9. The controllers are those of the last entry that counted when the consent was granted, and the subject was not
    held then (``controller_rule``).
10. Enough different persons among the controllers signed the id, and the chain bound exactly these signatures when
    the grant was recorded.
11. The bank and its purpose are those of the terms.
12. At the pinned block the consent is live and in time, and the subject is not held. Of a consent that was resumed,
    the controllers of that time signed the resumption, and the chain bound what they signed; else it counts as paused.
Subject (``require_subject``)
13. The registrar's attestation passes 1-7, is not expired, opens to the credit code, and reveals the
    consent's subject id.
Claim (``judge_claim``)
14. The consent lists exactly this claim and covers the issuer and the period of the data.
15. The attestation opens to the same credit code, is not expired, not older than the policy allows, and
    covers the period asked about. It is of the department that the question names, and opens the fields that
    tell attestations apart to the values that the question names. It is of the schema that the question was
    read by, or of another version in which the question means the same.
16. The field proof leads to the fieldsRoot and shows the statement or its complement. It shows a value that
    differs from the one asked about only where the consent lists revealing it.
    Of a combination, 15 and 16 are run for every part that is shown, and enough parts are.
Use (``consent_rule.require_use``; looked at after rule 12)
17. The uses shown lead from the consent's id to the chain's digest of all uses, and exactly one of them, whose number
    is marked as used, has the number of this one.
18. Its ticket is the one that follows from this answer: consent, number, bank, purpose, who answers, exactly these
    claims, until when, and the nonce. The bank does not answer itself.
19. The spend key of the bounds signed it; it was counted by the time that was signed, and answered at most 600
    seconds after that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger_node.domain.batch import ATTESTATIONS, ShownAttestation
from ledger_node.domain.claim import Claim
from ledger_node.domain.commitment import subject_tag
from ledger_node.domain.consent_rule import require_consent, require_use
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.fact import IssuerPeriod, KeyPurpose, LedgerFacts, require_key
from ledger_node.domain.hashing import root_of_batch
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.presentation import (
    SUBJECT_FIELD,
    SUBJECT_REGISTRATION,
    Presentation,
    ShownClaim,
    ShownPart,
    ShownSubject,
)
from ledger_node.domain.proof import Outcome, check_proof, revealed
from ledger_node.domain.question import Question
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema, SchemaSet
from ledger_node.domain.selection import (
    read_in,
    require_data_period,
    require_department,
    require_disclosed,
    require_question,
    require_selected,
)
from ledger_node.domain.shown_use import ShownUse
from ledger_node.domain.statement import Reveal, lower
from ledger_node.domain.status import WORD_BITS, Plane

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Policy:
    """What the bank demands of attestations. ``max_age_days``: days between as_of and now, None for any."""

    max_age_days: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judged answer to one claim, with a reason whenever it cannot be told."""

    claim: Claim
    outcome: Outcome
    reason: Reason | None = None
    message: str | None = None


def require_attestation(shown: ShownAttestation, schema: Schema, facts: LedgerFacts) -> None:
    """Run rules 1 to 7.

    Raises:
        VerificationError: naming the first rule that fails.
    """
    header, anchor = shown.header, shown.anchor
    if header.schema_id != schema.id:  # 1
        raise VerificationError(Reason.SCHEMA_MISMATCH, f"this is no attestation of schema {schema.name}")
    network = (facts.anchor_domain.chain_id, facts.anchor_domain.contract)
    if (header.chain_id, header.anchor_registry) != network:  # 2
        raise VerificationError(Reason.OTHER_NETWORK, "this attestation belongs to another network")
    if root_of_batch(header.digest, shown.index, shown.path, anchor.size) != anchor.root:  # 3
        raise VerificationError(Reason.NOT_IN_BATCH, "the attestation is not in the batch it is said to be in")
    held = facts.anchor_digests.get((anchor.member, anchor.stream, anchor.number))
    if anchor.stream != ATTESTATIONS or held != anchor.digest:  # 4
        raise VerificationError(Reason.NOT_ANCHORED, "the chain does not hold this batch as it is shown")
    if header.issuer != anchor.member:  # 5
        raise VerificationError(Reason.ISSUER_MISMATCH, "the batch was anchored by another member")
    period = facts.issuers.get((schema.id, header.issuer), IssuerPeriod(0, 0))
    if not period.since <= anchor.anchored_at < period.until:  # 5
        raise VerificationError(
            Reason.ISSUER_NOT_ALLOWED, f"the issuer was not allowed to issue {schema.name} at that time"
        )
    require_key(facts, anchor.member, anchor.key, anchor.anchored_at, KeyPurpose.ATTEST)  # 6
    _require_status(shown, facts)  # 7


def _require_status(shown: ShownAttestation, facts: LedgerFacts) -> None:
    word, bit = divmod(shown.position, WORD_BITS)
    for plane, reason in ((Plane.REVOKED, Reason.REVOKED), (Plane.SUPERSEDED, Reason.SUPERSEDED)):
        bits = facts.status.get((shown.anchor.member, plane, word))
        if bits is None or bits >> bit & 1:
            raise VerificationError(reason, f"this attestation is {reason.value} or its status is unknown")


def require_subject(shown: ShownSubject, subject_id: bytes, schemas: SchemaSet, facts: LedgerFacts) -> None:
    """Run rule 13.

    Raises:
        VerificationError: the registration does not check or is of another subject.
    """
    schema = schemas.attested(shown.registration.header.schema_id, SUBJECT_REGISTRATION)
    require_attestation(shown.registration, schema, facts)
    _require_unexpired(shown.registration, facts)
    _require_same_subject(shown.registration, shown.credit_code)
    field = schema.field(SUBJECT_FIELD)
    check_proof(schema, shown.registration.header.fields_root, field, Reveal(), shown.proof)
    if revealed(field, shown.proof) != to_hex(subject_id):
        raise VerificationError(Reason.SUBJECT_MISMATCH, "the registration is of another subject id")


def _require_same_subject(shown: ShownAttestation, credit_code: str) -> None:
    if subject_tag(shown.subject_key, credit_code) != shown.header.subject_tag:
        raise VerificationError(Reason.SUBJECT_MISMATCH, "the attestation is about another subject")


def judge_claim(
    shown: ShownClaim,
    presentation: Presentation,
    schemas: SchemaSet,
    facts: LedgerFacts,
    policy: Policy,
    checked: set[bytes],
) -> Verdict:
    """Run rules 14 to 16 (and 1 to 7 on each attestation) and return the verdict they lead to.

    Consent and subject must have passed before. ``checked``: the digests of attestations of this presentation that
    passed rules 1 to 7 already, however many claims rely on one; those that pass here are added.

    Raises:
        VerificationError: the presentation claims a verdict that does not follow from it.
    """
    consent, subject = presentation.consent, presentation.subject
    if consent is None or subject is None:
        return _cannot_tell(shown, shown.reason or Reason.CONSENT_UNKNOWN, shown.message)
    claim = shown.claim
    outcomes = [Outcome.CANNOT_TELL] * len(claim.parts)
    try:
        require_question(consent.terms, claim.text(schemas))  # 14
        _require_parts(shown)
        for part in shown.parts:
            question = claim.parts[part.part]
            attestation = presentation.attestations.get(part.attestation)
            if attestation is None:
                raise VerificationError(Reason.NO_ATTESTATION, "the attestation of a claim is missing")
            schema = schemas.attested(attestation.header.schema_id, question.schema)
            if part.attestation not in checked:
                require_attestation(attestation, schema, facts)
                checked.add(part.attestation)
            require_department(consent.terms, attestation.header.issuer)  # 14
            require_data_period(consent.terms, attestation.header.period)  # 14
            _require_same_subject(attestation, subject.credit_code)  # 15
            require_current(attestation, question, facts, policy)  # 15
            question = read_in(question, schemas[question.schema], schema)  # 15
            require_selected(schema, attestation.header, question, part.per)  # 15
            outcomes[part.part] = _check(question, part, attestation, schema)  # 16
            if outcomes[part.part] is Outcome.DOES_NOT_HOLD:
                require_disclosed(consent.terms, question, schema, part.proof)  # 16
    except (VerificationError, InvalidInputError) as error:
        if shown.verdict is not Outcome.CANNOT_TELL or shown.parts:
            # what is shown must check; an honest "cannot tell" shows nothing that does not
            raise
        return _cannot_tell(shown, error.reason, error.message)
    outcome = claim.outcome(outcomes)
    if outcome is not Outcome.CANNOT_TELL:
        return Verdict(claim, outcome)
    if shown.parts and not claim.is_combined:
        return _cannot_tell(shown, Reason.VALUE_ABSENT, "the department has no value for this field")
    # an honest "cannot tell" shows nothing that decides; its reason is the prover's word
    return _cannot_tell(shown, shown.reason or Reason.NO_ATTESTATION, shown.message)


def _require_parts(shown: ShownClaim) -> None:
    if not shown.parts and shown.verdict is not Outcome.CANNOT_TELL:
        raise VerificationError(Reason.OPENING_MALFORMED, "a yes or no comes with a proof")
    numbers = [part.part for part in shown.parts]
    if numbers != sorted(set(numbers)):
        raise VerificationError(Reason.OPENING_MALFORMED, "the parts of a claim are shown in order, each once")


def _check(question: Question, part: ShownPart, attestation: ShownAttestation, schema: Schema) -> Outcome:
    header, field = attestation.header, schema.field(question.field)
    statement = lower(question, field, as_of=header.as_of)
    return check_proof(schema, header.fields_root, field, statement, part.proof)


def require_current(shown: ShownAttestation, question: Question, facts: LedgerFacts, policy: Policy) -> None:
    """Require that an attestation is about the period asked, unexpired and fresh enough (rule 15).

    Raises:
        VerificationError: ``attestation_expired``, ``attestation_too_old`` or ``period_mismatch``.
    """
    _require_unexpired(shown, facts)
    header, now = shown.header, facts.block_time
    if policy.max_age_days is not None and now // _DAY - header.as_of > policy.max_age_days:
        raise VerificationError(Reason.ATTESTATION_TOO_OLD, f"the newest data is older than {policy.max_age_days} days")
    if question.period is not None and question.period != header.period:
        raise VerificationError(Reason.PERIOD_MISMATCH, "the attestation covers another period")


def _require_unexpired(shown: ShownAttestation, facts: LedgerFacts) -> None:
    if shown.header.valid_until <= facts.block_time:
        raise VerificationError(Reason.ATTESTATION_EXPIRED, "the attestation has expired")


def verify(
    presentation: Presentation,
    schemas: SchemaSet,
    facts: LedgerFacts,
    *,
    grantee: bytes,
    policy: Policy,
    purpose: str | None = None,
) -> Sequence[Verdict]:
    """Run the whole plan and return one verdict a claim.

    Raises:
        VerificationError: the presentation does not check; nothing in it may be relied on.
    """
    consent = presentation.consent
    if consent is not None and presentation.subject is not None:
        _shown_use(presentation)
        require_consent(consent, facts, grantee=grantee, purpose=purpose, resumption=presentation.resumption)
    return verify_consented(presentation, schemas, facts, policy)


def verify_consented(
    presentation: Presentation, schemas: SchemaSet, facts: LedgerFacts, policy: Policy
) -> Sequence[Verdict]:
    """Run the plan but for rules 8 to 12, which its consent has passed already.

    Raises:
        VerificationError: the presentation does not check; nothing in it may be relied on.
    """
    consent, subject = presentation.consent, presentation.subject
    if consent is not None and subject is not None:
        claims = [shown.claim for shown in presentation.claims]
        require_use(_shown_use(presentation), consent, claims, schemas, facts)
        require_subject(subject, consent.terms.subject, schemas, facts)
    elif any(claim.verdict is not Outcome.CANNOT_TELL for claim in presentation.claims):
        raise VerificationError(Reason.CONSENT_UNKNOWN, "a yes or no comes with its consent and subject")
    return judge_claims(presentation, schemas, facts, policy)


def _shown_use(presentation: Presentation) -> ShownUse:
    if presentation.use is None:
        raise VerificationError(Reason.USE_NOT_RECORDED, "an answer that shows something comes with its use")
    return presentation.use


def judge_claims(
    presentation: Presentation, schemas: SchemaSet, facts: LedgerFacts, policy: Policy
) -> Sequence[Verdict]:
    """Run ``judge_claim`` on every claim and require that the answer says what its proofs show.

    Raises:
        VerificationError: the presentation claims a verdict that does not follow from it.
    """
    checked: set[bytes] = set()
    verdicts = [judge_claim(claim, presentation, schemas, facts, policy, checked) for claim in presentation.claims]
    for claim, verdict in zip(presentation.claims, verdicts, strict=True):
        if claim.verdict is not verdict.outcome:
            raise VerificationError(Reason.FIELD_PROOF_FAILED, "the answer says something else than its proof shows")
    return verdicts


def _cannot_tell(claim: ShownClaim, reason: Reason, message: str | None) -> Verdict:
    return Verdict(claim.claim, Outcome.CANNOT_TELL, reason, message)
