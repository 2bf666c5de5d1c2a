"""The check of evidence: numbered steps on a bundle and a trust file, and nothing else.

 1. form: the file is a bundle in its one form, and carries exactly what the answer needs.
 2. network: chain id and genesis are those of the trust file.
 3. block: those whom the trust file names for the block's number sealed it (``finality``).
 4. state: under the block's state root lie the contracts with the code that the trust file names, and every fact
    the answer needs; no node is left over (``state_proof``), and no entry or hold of the subject (``controller_rule``).
 5. members: the bank and those who issued and answered are called on the chain what the bundle calls them, and the
    bank what the terms call it.
 6. keys: the department signed every batch, with a key that was valid when it was anchored, and that no later
    statement of keys marks as compromised from that time on or before (rule 6 of ``verification``). A statement of
    an earlier block than the bundle's is refused.
 7. consent: rules 8 to 12, signatures in their one form, and rules 17 to 19: the use was spent for this answer alone.
    Where the trust file carries words, terms and bounds give the text that was signed (``shown_text``).
 8. subject: rule 13.
 9. answers: rules 1 to 7 and 14 to 16 give every verdict that the bundle says, with its reason. Without a receipt
    nothing may stand in the bundle that only a receipt can tell: why a claim cannot be told, or that an attestation
    is the one that was asked about where the question does not name it.
10. receipt: the member that the ticket names, a department or a relayer that is active, signed this answer as a
    whole, under a key for receipts that was valid.
11. day: asked about a day, the answer was given by then and what it shows had not run out.

An answer holds as of its block. What came later does not unmake it, but for step 6.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ledger_node.domain.batch import ShownAttestation
from ledger_node.domain.consent_act import Change, change_digest
from ledger_node.domain.consent_rule import is_resumed, require_consent, require_use, rule_times
from ledger_node.domain.controller_rule import controller_query
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence.bundle import Bundle, not_canonical
from ledger_node.domain.evidence.finality import FinalBlock, require_final
from ledger_node.domain.evidence.key_statement import KeyStatement, compromised_later
from ledger_node.domain.evidence.report import Check, CheckName, Report, Result
from ledger_node.domain.evidence.slot import StorageWords, facts_of, require_names, slots_of
from ledger_node.domain.evidence.state_proof import StateProofs, prove
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.fact import KeyPurpose, LedgerFacts, require_key
from ledger_node.domain.presentation import ShownClaim, ShownConsent, ShownSubject
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.selection import could_need_disclosure, names_its_attestation
from ledger_node.domain.shown_use import ShownUse
from ledger_node.domain.signature import recover
from ledger_node.domain.value import format_date
from ledger_node.domain.verification import Policy, Verdict, judge_claims, require_subject

_DAY: Final = 86_400


def examine(data: bytes, trust: Trust, *, later: Sequence[KeyStatement] = (), at: int | None = None) -> Report:
    """Check the bytes of a bundle and report every step; bad evidence never raises.

    Args:
        data: the file.
        trust: what the verifier believes.
        later: statements of keys at later blocks; each is checked like the bundle itself.
        at: a day (days since 1970-01-01, UTC) on which the answer is to have been valid, None for as of its block.
    """
    found, checks = _Findings(), []
    steps = _steps(found, data, trust, later, at)
    names = iter(CheckName)
    for name in names:
        try:
            checks.append(Check(name, Result.PASSED, next(steps)))
        except (InvalidInputError, VerificationError) as error:
            checks.append(Check(name, Result.FAILED, error.message, error.reason))
            found.verdicts = ()
            break
    checks += [Check(name, Result.NOT_REACHED, "not reached") for name in names]
    return Report(tuple(checks), found.bundle, found.final, tuple(found.verdicts))


@dataclass(slots=True)
class _Findings:
    """What the steps established so far."""

    bundle: Bundle | None = None
    final: FinalBlock | None = None
    verdicts: Sequence[Verdict] = ()


def _steps(found: _Findings, data: bytes, trust: Trust, later: Sequence[KeyStatement], at: int | None) -> Iterator[str]:
    """Run the steps in their order; each yields what it found, in words."""
    bundle = found.bundle = Bundle.decode(data)  # 1
    consent, use, subject = _require_complete(bundle)
    yield f"a bundle in its one form, with {_number(len(bundle.presentation.claims), 'claim')} and what they need"

    trust.require_network(bundle.chain_id, bundle.genesis)  # 2
    yield f"of network {trust.chain_id}, like the trust file"

    final = found.final = require_final(bundle.block, trust, bundle.genesis)  # 3
    header = bundle.block.header
    yield f"block {header.number} of {_day_of(header.timestamp)}, sealed by {len(final.signers)} of {final.of}"

    query = bundle.query  # 4
    storage_words = prove(StateProofs(bundle.nodes, header.state_root), trust.contracts, slots_of(query, bundle.names))
    facts = facts_of(
        query,
        storage_words,
        anchor_domain=trust.anchor_domain,
        consent_domain=trust.consent_domain,
        number=header.number,
        block_hash=final.hash,
        time=header.timestamp,
    )
    _require_exact_controllers(bundle, facts)
    yield f"{_number(len(storage_words), 'word')} of the contracts' storage lead to the state of that block"

    _require_names(bundle, consent, storage_words)  # 5
    yield "the chain knows the members by these names: " + ", ".join(
        _plain(bundle.names[one]) for one in sorted(bundle.names)
    )

    shown = [subject.registration, *bundle.presentation.attestations.values()]  # 6
    facts = _with_later(facts, later, trust, header.number)
    for anchor in (each.anchor for each in shown):
        bundle.batches[anchor.member, anchor.stream, anchor.number].require_signed(anchor, trust.anchor_domain)
        require_key(facts, anchor.member, anchor.key, anchor.anchored_at, KeyPurpose.ATTEST)
    yield f"departments signed each batch with keys that were valid; {_number(len(later), 'later statement')} of keys"

    _require_consent(bundle, consent, facts)  # 7
    has_words = trust.require_words(consent.consent)
    require_use(use, consent, [shown.claim for shown in bundle.presentation.claims], bundle.schemas, facts)
    yield (
        f"the firm's controllers allowed {_plain(consent.terms.grantee_name)} to ask this, "
        f"and the bank spent use {use.order.number} for exactly this answer; {_said_words(has_words=has_words)}"
    )

    require_subject(subject, consent.terms.subject, bundle.schemas, facts)  # 8
    yield "the registrar attested that this credit code is the subject that consented"

    found.verdicts = _judge(bundle, consent, facts)  # 9
    yield "every verdict follows from what the departments attested to, which was neither revoked nor superseded"

    yield _require_receipt(bundle, use, facts)  # 10

    yield _require_day(shown, header.timestamp, at)  # 11


def _said_words(*, has_words: bool) -> str:
    if has_words:
        return "the firm signed the words that these terms say"
    return "the words that the firm signed were not checked: the trust file carries none"


def _require_complete(bundle: Bundle) -> tuple[ShownConsent, ShownUse, ShownSubject]:
    shown = bundle.presentation
    consent, use, subject = shown.consent, shown.use, shown.subject
    if consent is None or use is None or subject is None or not shown.claims or bundle.controllers is None:
        raise InvalidInputError(
            Reason.FIELD_MISSING, "evidence comes with its claims, their consent, its controllers, use and subject"
        )
    bundle.require_exact()
    return consent, use, subject


def _require_exact_controllers(bundle: Bundle, facts: LedgerFacts) -> None:
    """Require that rule 9 takes just the entries and holds of the subject that are proven."""
    shown, history = bundle.controllers, facts.controllers
    times = rule_times(facts.consent, facts.block_time)
    if shown is None or history is None or not times:
        return
    if controller_query(shown.subject, history, facts.keys, times) != shown:
        raise VerificationError(
            Reason.STATE_PROOF_UNNEEDED, "an entry or a hold of the subject is proven that nothing needs"
        )


def _require_names(bundle: Bundle, consent: ShownConsent, storage_words: StorageWords) -> None:
    require_names(bundle.names, storage_words)
    if bundle.names[consent.terms.grantee] != consent.terms.grantee_name:
        raise VerificationError(Reason.MEMBER_DIFFERS, "the terms call the bank by another name than the chain")


def _with_later(facts: LedgerFacts, later: Sequence[KeyStatement], trust: Trust, number: int) -> LedgerFacts:
    keys = dict(facts.keys)
    for statement in later:
        records = statement.records(trust)
        if statement.block.header.number < number:
            raise VerificationError(
                Reason.STATEMENT_EARLIER, "a statement of keys is of an earlier block than the evidence"
            )
        keys = compromised_later(keys, records)
    return replace(facts, keys=keys)


def _require_consent(bundle: Bundle, consent: ShownConsent, facts: LedgerFacts) -> None:
    resumption = bundle.presentation.resumption
    require_consent(consent, facts, grantee=consent.terms.grantee, resumption=resumption)
    consent.controllers.require_one_form(consent.id, consent.signatures)
    if resumption is None:
        return
    if facts.consent is None or not is_resumed(facts.consent):
        raise not_canonical("a consent that was not resumed comes without a resumption")
    digest = change_digest(consent.id, Change.RESUME, facts.consent.changes, facts.consent_domain)
    resumption.controllers.require_one_form(digest, resumption.signatures)


def _judge(bundle: Bundle, consent: ShownConsent, facts: LedgerFacts) -> Sequence[Verdict]:
    receipt = bundle.receipt
    policy = Policy(None if receipt is None else receipt.max_age_days)
    verdicts = judge_claims(bundle.presentation, bundle.schemas, facts, policy)
    for claim, verdict in zip(bundle.presentation.claims, verdicts, strict=True):
        _require_said(claim, verdict, consent, bundle)
        if receipt is None:
            _require_proven(claim, consent, bundle)
    return verdicts


def _require_said(claim: ShownClaim, verdict: Verdict, consent: ShownConsent, bundle: Bundle) -> None:
    """Require that a claim gives the reason that follows, and words only where it cannot be told."""
    if claim.reason is not verdict.reason:
        raise VerificationError(Reason.ANSWER_DIFFERS, "the answer gives another reason than its proof shows")
    if claim.message is not None and claim.verdict is not Outcome.CANNOT_TELL:
        raise VerificationError(Reason.ANSWER_DIFFERS, "a claim that holds or does not hold comes without words")
    needs = claim.reason is Reason.NEEDS_DISCLOSURE
    if needs and not could_need_disclosure(consent.terms, claim.claim, bundle.schemas):
        raise VerificationError(Reason.ANSWER_DIFFERS, "no answer to this claim would show more than was consented to")


def _require_proven(claim: ShownClaim, consent: ShownConsent, bundle: Bundle) -> None:
    """Require that nothing of a claim is only said: a reason that no proof shows, words, or which attestation."""
    if not claim.parts or claim.message is not None:
        raise VerificationError(
            Reason.RECEIPT_MISSING, "why a claim cannot be told is its member's word, and needs a receipt"
        )
    for part in claim.parts:
        question = claim.claim.parts[part.part]
        header = bundle.presentation.attestations[part.attestation].header
        schema = bundle.schemas.attested(header.schema_id, question.schema)
        if not names_its_attestation(question, schema, consent.terms):
            raise VerificationError(
                Reason.RECEIPT_MISSING,
                f"which {question.schema} counts is its member's word where period, kind or department are not named",
            )


def _require_receipt(bundle: Bundle, use: ShownUse, facts: LedgerFacts) -> str:
    receipt, counted = bundle.receipt, use.counted
    if receipt is None:
        return "there is none: nobody signed why a claim cannot be told, and which age of data was demanded"
    if counted is None or (receipt.member, receipt.use) != (use.order.answered_by, counted.ticket):
        raise VerificationError(
            Reason.RECEIPT_DIFFERS, "the receipt is of another use, or of another member than the one that was asked"
        )
    digest = bundle.receipt_digest(receipt, facts.consent_domain)
    if recover(digest, receipt.signature) != receipt.key:
        raise VerificationError(Reason.RECEIPT_DIFFERS, "the receipt is of another answer, or of another key")
    require_key(facts, receipt.member, receipt.key, facts.block_time, KeyPurpose.RECEIPT)
    if not facts.standings[receipt.member].may_sign_receipts:
        raise VerificationError(
            Reason.KEEPER_NOT_ALLOWED, "the member that signed the receipt is no active department or relayer"
        )
    return f"{_plain(bundle.names[receipt.member])} signed that this is the whole answer"


def _require_day(shown: Sequence[ShownAttestation], answered: int, at: int | None) -> str:
    if at is None:
        return f"the answer holds as of {_day_of(answered)}, the day of its block"
    if at < answered // _DAY:
        raise VerificationError(Reason.GIVEN_LATER, f"the answer was given later, on {_day_of(answered)}")
    end = min(each.header.valid_until for each in shown)
    if end <= at * _DAY:
        raise VerificationError(Reason.ATTESTATION_EXPIRED, f"what the answer rests on ran out on {_day_of(end)}")
    return f"the answer was given by {format_date(at)}, and what it rests on had not run out"


def _plain(name: str) -> str:
    """Return a name without what would move a terminal's cursor or turn its text around."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def _day_of(time: int) -> str:
    return format_date(time // _DAY)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
