"""The eleven checks, in their order (clause 16)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import block, controllers, facts, form, keystatement, values, words
from . import trust as trust_file
from .answers import DAY, Answers
from .attestation import batch_struct
from .consent import resume_digest
from .crypto import recover, struct_hash, tagged, typed_digest
from .errors import RefusedError, need
from .facts import Facts
from .form import Bundle
from .keystatement import KeyStatement
from .state import TO_ATTEST, TO_RECEIPT
from .strict import canonical
from .trust import Trust
from .use import LIFETIME, by_department, use_digest, uses_digest

RECEIPT = "AnswerReceipt(bytes32 member,bytes32 use,bytes32 blockHash,bytes32 answer)"
CHECKS = ("form", "network", "block", "state", "members", "keys", "consent", "subject", "answers", "receipt", "day")
DEPARTMENT, RELAYER, ACTIVE = 1, 8, 1
WITHDRAWN, PAUSED = 2, 3


@dataclass(frozen=True)
class Outcome:
    """The verdicts of the claims, or the check that failed and its reason."""

    verdicts: tuple[str, ...] | None
    reasons: tuple[str | None, ...] | None = None
    check: str | None = None
    reason: str | None = None
    digest: str | None = None


class Run:
    """One bundle under one trust file."""

    def __init__(self, data: bytes, trusted: Trust, later: list[KeyStatement], at: str | None) -> None:
        self.data, self.trust, self.later = data, trusted, later
        self.day_asked = None if at is None else values.day(at)
        self.bundle: Bundle
        self.facts: Facts
        self.block_hash = b""

    def form(self) -> None:
        """Check 1."""
        self.bundle = form.read(self.data)

    def network(self) -> None:
        """Check 2."""
        same = self.bundle.chain_id == self.trust.chain_id and self.trust.era(self.bundle.genesis)
        need(same, "other_network")

    def block(self) -> None:
        """Check 3."""
        self.block_hash = block.check(self.bundle.block, self.trust, self.bundle.genesis)

    def state(self) -> None:
        """Check 4."""
        self.facts = facts.read(self.bundle, self.trust)

    def members(self) -> None:
        """Check 5."""
        for member in self.bundle.members:
            need(self.facts.named[member], "member_differs")
        terms = self.bundle.consent.terms
        need(self.bundle.members[terms.grantee] == terms.grantee_name, "member_differs")

    def keys(self) -> None:
        """Check 6."""
        for statement in self.later:
            for key, compromised_from in statement.check(self.trust, self.bundle.block.number).items():
                self.facts.mark(key, compromised_from)
        batches = {batch.id: batch for batch in self.bundle.batches}
        for anchor in [one.anchor for one in self.bundle.all_attestations()]:
            batch = batches[anchor.batch()]
            struct = batch_struct(anchor, batch.previous_root, batch.superseded_digest, batch.deadline)
            digest = typed_digest(self.trust.chain_id, self.trust.address("AnchorRegistry"), struct)
            need(recover(digest, batch.signature, 27, "signature_malformed") == anchor.key, "batch_not_signed")
            self.facts.keys[anchor.member, anchor.key].check(anchor.anchored_at, TO_ATTEST)

    def consent(self) -> None:
        """Check 7: rules 8 to 12, the one form of signatures, and rules 17 to 19."""
        consent, record, now = self.bundle.consent, self.facts.consent, self.bundle.block.time
        bounds = consent.bounds
        need(consent.digest(*self._where()) == consent.id, "consent_id_mismatch")
        need(record.state, "consent_unknown")
        need(record.granted_at, "consent_withdrawn")
        self.facts.history.check(consent.controllers.commitment(), record.granted_at)
        places = controllers.check(consent.controllers, consent.signatures, consent.id)
        need(consent.grant_digest() == record.grant_digest, "consent_signatures_differ")
        need(record.state != WITHDRAWN, "consent_withdrawn")
        ledger = (record.not_before, record.expires_at, record.max_uses, record.spend_key)
        said = (bounds.not_before, bounds.expires_at, bounds.max_uses, bounds.spend_key)
        need(ledger == said, "consent_terms_differ")
        need(record.state != PAUSED, "consent_paused")
        need(bounds.not_before <= now, "consent_not_yet_valid")
        need(now < bounds.expires_at, "consent_expired")
        need(record.used.bit_count() - 1 < bounds.max_uses, "consent_exhausted")
        if record.resumed:
            self._resumption()
        need(not self.facts.history.held(now), "subject_on_hold")
        controllers.check_form(consent.controllers, consent.signatures, places)
        resumption = self.bundle.resumption
        if resumption:
            need(record.resumed, "not_canonical")
            places = controllers.check(resumption.controllers, resumption.signatures, self._resumes())
            controllers.check_form(resumption.controllers, resumption.signatures, places)
        if self.trust.documents:
            words.check(consent.terms, bounds, self.trust.documents)
        self._use()

    def _where(self) -> tuple[int, bytes]:
        return self.trust.chain_id, self.trust.address("ConsentRegistry")

    def _resumes(self) -> bytes:
        return resume_digest(self.bundle.consent.id, self.facts.consent.changes, *self._where())

    def _resumption(self) -> None:
        """A resumption counts by the controllers' word that the chain binds; else the consent counts as paused."""
        shown, record = self.bundle.resumption, self.facts.consent
        need(shown and shown.digest() == record.word_digest, "consent_paused")
        assert shown is not None
        try:
            self.facts.history.check(shown.controllers.commitment(), record.changed_at)
            controllers.check(shown.controllers, shown.signatures, self._resumes())
        except RefusedError as refused:
            raise RefusedError("consent_paused") from refused

    def _use(self) -> None:
        """Rules 17 to 19."""
        use, consent, record = self.bundle.use, self.bundle.consent, self.facts.consent
        terms, now = consent.terms, self.bundle.block.time
        need(uses_digest(consent.id, use.uses) == record.uses_digest, "uses_differ")
        own = use.own()
        need(len(own) == 1 and record.used >> (use.number - 1) & 1, "use_not_recorded")
        asked = by_department([shown.claim for shown in self.bundle.claims])
        struct = use.ticket(consent.id, terms.grantee, terms.purpose, asked)
        need(typed_digest(*self._where(), struct) == own[0].ticket, "use_differs")
        need(use.answered_by != terms.grantee, "use_other_member")
        digest = use_digest((consent.id, use.number, own[0].ticket, use.not_after), *self._where())
        signer = recover(digest, use.signature, 27, "signature_malformed")
        need(signer == consent.bounds.spend_key, "use_signature_wrong")
        need(own[0].time <= use.not_after, "use_too_late")
        need(0 <= now - own[0].time <= LIFETIME, "answered_late")

    def subject(self) -> None:
        """Check 8."""
        Answers(self.bundle, self.trust, self.facts).subject()

    def answers(self) -> None:
        """Check 9."""
        Answers(self.bundle, self.trust, self.facts).all()

    def receipt(self) -> None:
        """Check 10."""
        receipt, bundle = self.bundle.receipt, self.bundle
        if receipt is None:
            return
        answer = {
            "max_age_days": receipt.max_age_days,
            "presentation": bundle.raw["presentation"],
            "schemas": ["0x" + one.hex() for one in bundle.schemas],
        }
        struct = struct_hash(RECEIPT, receipt.member, receipt.use, self.block_hash, tagged(0x60, canonical(answer)))
        digest = typed_digest(self.trust.chain_id, self.trust.address("ConsentRegistry"), struct)
        need(receipt.member == bundle.use.answered_by, "receipt_differs")
        need(receipt.use == bundle.use.own()[0].ticket, "receipt_differs")
        signer = recover(digest, receipt.signature, 27, "signature_malformed")
        need(signer == receipt.key, "receipt_differs")
        self.facts.keys[receipt.member, receipt.key].check(bundle.block.time, TO_RECEIPT)
        assert self.facts.standing is not None
        roles, standing = self.facts.standing
        need(standing == ACTIVE and roles & (DEPARTMENT | RELAYER), "keeper_not_allowed")

    def day(self) -> None:
        """Check 11."""
        if self.day_asked is None:
            return
        need(self.bundle.block.time // DAY <= self.day_asked, "given_later")
        for one in self.bundle.all_attestations():
            need(one.header.valid_until > self.day_asked * DAY, "attestation_expired")

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """The checks by their names."""
        return [(name, getattr(self, name)) for name in CHECKS]


def verify(
    bundle: bytes, trust: dict[str, Any] | bytes, *, later: Sequence[bytes] = (), at: str | None = None
) -> Outcome:
    """Check a bundle; the first check that fails ends it.

    A trust file, statement or day that is none raises `RefusedError`: nothing is checked then.
    """
    run = Run(bundle, trust_file.read(trust), [keystatement.read(one) for one in later], at)
    digest = "0x" + tagged(0x61, bundle).hex()
    for name, step in run.steps():
        try:
            step()
        except RefusedError as refused:
            return Outcome(None, None, name, refused.reason, digest)
    claims = run.bundle.claims
    return Outcome(tuple(c.verdict for c in claims), tuple(c.reason for c in claims), None, None, digest)
