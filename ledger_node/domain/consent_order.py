"""What the fresh keys of a consent signed, as the ConsentRegistry takes it from whoever sends it.

An order is all that a transaction needs. It holds no key, so it may be stored, sent again, and sent by another member.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from ledger_node.domain.consent import Bounds, Consent, ConsentRequest, consent_digest
from ledger_node.domain.consent_act import (
    NO_CONSENT,
    NO_WORD,
    ChangeKind,
    SignedAct,
    answer_digest,
    grant_digest,
    signatures_digest,
    steward_digest,
)
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.signature import SigningKey
from ledger_node.domain.subject import Signature


@dataclass(frozen=True, slots=True)
class AnswerOrder:
    """The answer key's word for one request. ``answer_key``: its address."""

    request: bytes
    asked_hash: bytes
    answer_key: bytes
    signature: bytes

    @classmethod
    def sign(
        cls, asked: ConsentRequest, answer_key: bytes, domain: SigningDomain, *, consent: bytes = NO_CONSENT
    ) -> Self:
        """Sign an answer with the private ``answer_key``; without ``consent`` it is a refusal."""
        key = SigningKey(answer_key)
        request = asked.digest(key.address, domain)
        return cls(request, asked.struct_hash, key.address, key.sign(answer_digest(request, consent, domain)))


@dataclass(frozen=True, slots=True)
class ShownConsentId:
    """The struct hash of salted terms, and the bounds: they lead to a consent's id, and say nothing of who and what."""

    id: bytes
    terms_hash: bytes
    bounds: Bounds

    @classmethod
    def of(cls, consent: Consent, domain: SigningDomain) -> Self:
        """Return what is shown of a consent."""
        return cls(consent.digest(domain), consent.terms.struct_hash, consent.bounds)

    @classmethod
    def from_hash(cls, terms_hash: bytes, bounds: Bounds, domain: SigningDomain) -> Self:
        """Return the same where the terms are not known."""
        return cls(consent_digest(terms_hash, bounds, domain), terms_hash, bounds)


@dataclass(frozen=True, slots=True)
class GrantOrder:
    """The steward key's word for a grant, and the answer to a request if it is one."""

    shown: ShownConsentId
    signatures_digest: bytes
    word: bytes
    answer: AnswerOrder | None = None

    @classmethod
    def sign(
        cls,
        consent: Consent,
        signatures: Sequence[Signature],
        steward_key: bytes,
        domain: SigningDomain,
        *,
        answer: AnswerOrder | None = None,
    ) -> Self:
        """Sign with the private ``steward_key``; ``signatures``: of the controllers, in their one form."""
        shown, bound = ShownConsentId.of(consent, domain), signatures_digest(signatures)
        word = SigningKey(steward_key).sign(grant_digest(shown.id, bound, domain))
        return cls(shown, bound, word, answer)


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """The steward key's word for the ``number``th change of a consent."""

    shown: ShownConsentId
    kind: ChangeKind
    number: int
    word_digest: bytes
    signature: bytes

    @classmethod
    def sign(
        cls,
        consent: Consent,
        kind: ChangeKind,
        number: int,
        act: SignedAct | None,
        steward_key: bytes,
        domain: SigningDomain,
    ) -> Self:
        """Sign with the private ``steward_key``; ``act``: what the controllers signed for this change."""
        shown, bound = ShownConsentId.of(consent, domain), NO_WORD if act is None else act.digest
        signature = SigningKey(steward_key).sign(steward_digest(shown.id, number, kind, bound, domain))
        return cls(shown, kind, number, bound, signature)


@dataclass(frozen=True, slots=True)
class SecretOrder:
    """A withdrawal by its secret, of a consent that was granted or not; it needs no signature."""

    shown: ShownConsentId
    secret: bytes = field(repr=False)
