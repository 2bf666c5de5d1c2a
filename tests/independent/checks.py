"""The eleven checks, in their order (clause 16)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import block, controllers, facts, form, keystatement, values
from . import trust as trust_file
from .answers import DAY, Answers
from .attestation import batch_struct
from .crypto import recover, struct_hash, tagged, typed_digest
from .errors import RefusedError, need
from .facts import Facts
from .form import Bundle
from .keystatement import KeyStatement
from .state import TO_ATTEST, TO_RECEIPT
from .strict import canonical
from .trust import Trust

RECEIPT = "AnswerReceipt(bytes32 member,bytes32 use,bytes32 blockHash,bytes32 answer)"
CHECKS = ("form", "network", "block", "state", "members", "keys", "consent", "subject", "answers", "receipt", "day")
RELAYER, ACTIVE = 8, 1
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
            struct = batch_struct(anchor, batch.previous_root, batch.superseded_digest)
            digest = typed_digest(self.trust.chain_id, self.trust.address("AnchorRegistry"), struct)
            need(recover(digest, batch.signature, 27, "signature_malformed") == anchor.key, "batch_not_signed")
            self.facts.keys[anchor.member, anchor.key].check(anchor.anchored_at, TO_ATTEST)

    def consent(self) -> None:
        """Check 7: rules 8 to 12."""
        consent, record, now = self.bundle.consent, self.facts.consent, self.bundle.block.time
        terms = consent.terms
        digest = terms.id(self.trust.chain_id, self.trust.address("ConsentRegistry"))
        need(digest == consent.id, "consent_id_mismatch")
        need(record.state, "consent_unknown")
        commitment, since, following = self.facts.controllers
        need(commitment == consent.controllers.commitment(), "controllers_mismatch")
        need(since <= record.granted_at and (not following or following > record.granted_at), "controllers_mismatch")
        places = controllers.check(consent.controllers, consent.signatures, digest)
        ledger = (record.not_before, record.expires_at, record.max_uses, record.revocation_hash)
        said = (terms.not_before, terms.expires_at, terms.max_uses, terms.revocation_hash)
        need(ledger == said, "consent_terms_differ")
        need(record.state != WITHDRAWN, "consent_withdrawn")
        need(record.state != PAUSED, "consent_paused")
        need(terms.not_before <= now, "consent_not_yet_valid")
        need(now < terms.expires_at, "consent_expired")
        need(record.uses - 1 < terms.max_uses, "consent_exhausted")
        controllers.check_form(consent.controllers, consent.signatures, places)
        need(record.uses >= 1, "use_not_recorded")

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
        need(receipt.member != bundle.consent.terms.grantee, "receipt_differs")
        signer = recover(digest, receipt.signature, 27, "signature_malformed")
        need(signer == receipt.key, "receipt_differs")
        self.facts.keys[receipt.member, receipt.key].check(bundle.block.time, TO_RECEIPT)
        assert self.facts.standing is not None
        roles, standing = self.facts.standing
        need(standing == ACTIVE and roles & RELAYER, "keeper_not_allowed")

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
