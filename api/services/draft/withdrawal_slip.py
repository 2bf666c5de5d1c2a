"""The slip that withdraws a consent: all that a member needs to do so, as one short text for a QR code.

It holds chain, contract, the hash of the terms, the bounds and the secret, so that any member of the consortium takes
it. It says neither who granted what to whom nor what is asked: the terms are only a hash.
"""

import base64
import binascii
import re
import struct
from dataclasses import dataclass, field
from typing import Final, Self

from ledger_node.domain.consent import Bounds, Consent
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.consent_order import SecretOrder, ShownConsentId
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import CredenceError, InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason

VERSION: Final = 1
_FORM: Final = struct.Struct(">BQ20s32sQQBQ20s20s32s")
"""Version, chain, contract, hash of the terms; the bounds in the order in which they are signed; the secret."""
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{1,400}")


@dataclass(frozen=True, slots=True)
class WithdrawalSlip:
    """What a slip holds. ``domain``: of the ConsentRegistry that the consent is recorded in."""

    domain: SigningDomain
    terms_hash: bytes
    bounds: Bounds
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, consent: Consent, domain: SigningDomain, secret: bytes) -> Self:
        """Return the slip of a consent."""
        return cls(domain, consent.terms.struct_hash, consent.bounds, secret)

    @property
    def order(self) -> SecretOrder:
        """The withdrawal as the ledger takes it."""
        return SecretOrder(ShownConsentId.from_hash(self.terms_hash, self.bounds, self.domain), self.secret)

    def to_text(self) -> str:
        """Return the text of the slip: letters, digits, ``-`` and ``_``."""
        bounds = self.bounds
        packed = _FORM.pack(
            VERSION,
            self.domain.chain_id,
            self.domain.contract,
            self.terms_hash,
            bounds.not_before,
            bounds.expires_at,
            bounds.max_uses,
            bounds.grant_before,
            bounds.spend_key,
            bounds.steward_key,
            self.secret,
        )
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()

    @classmethod
    def from_text(cls, text: str, domain: SigningDomain) -> Self:
        """Read a slip. ``domain``: of the registry that is served here.

        Raises:
            InvalidInputError: ``value_malformed``; it is no slip, or not all of one.
            VerificationError: ``other_network``; it is of another consortium.
        """
        found = cls._read("".join(text.split()))
        if found.domain != domain:
            raise VerificationError(Reason.OTHER_NETWORK, "this slip is of another consortium; no member here takes it")
        return found

    @classmethod
    def _read(cls, text: str) -> Self:
        malformed = InvalidInputError(
            Reason.VALUE_MALFORMED, "this is no whole withdrawal slip; scan its code again", field="slip"
        )
        if not _TEXT.fullmatch(text):
            raise malformed
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            version, chain, contract, terms, *limits, spend_key, steward_key, secret = _FORM.unpack(packed)
        except (binascii.Error, struct.error) as error:
            raise malformed from error
        not_before, expires_at, max_uses, grant_before = limits
        bounds = Bounds(
            not_before=not_before,
            expires_at=expires_at,
            max_uses=max_uses,
            grant_before=grant_before,
            spend_key=spend_key,
            steward_key=steward_key,
            withdrawal_hash=withdrawal_hash(secret),
        )
        try:
            # what the ledger would refuse is no slip that was printed
            read = Bounds.from_json(bounds.to_json())
        except CredenceError as error:
            raise malformed from error
        if version != VERSION:
            raise malformed
        return cls(SigningDomain(chain, contract), terms, read, secret)
