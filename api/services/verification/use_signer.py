"""Uses that this instance signs itself, for banks that handed it the seed of their spend keys.

What is drawn for a use follows from the seed and from the attempt. So a second try of one call finds the use of the
first one on the ledger, and costs none of its own.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from api.catalogue.datatype import schemas
from api.services.consent.spend_seed import SpendSeeds, seed_missing
from api.services.verification.request import VerificationRequest, known
from api.services.verification.use_error import UseError
from ledger_node.chain.port import ConsentLedger
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.fact import ConsentRecord
from ledger_node.domain.hashing import hmac_sha256
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import UnsignedUse
from ledger_node.domain.ticket import LIFETIME, UseOrder
from ledger_node.domain.ticket_slot import by_department

_CLOCKS_DIFFER_S: Final = 60
"""How far the clock of this machine may run before that of the ledger."""


class UseSigner:
    """Signs uses. ``find_record``: what the ledger holds of a consent; ``answering``: the member that answers."""

    def __init__(
        self,
        seeds: SpendSeeds,
        find_record: Callable[[bytes], ConsentRecord | None],
        ledger: ConsentLedger,
        *,
        answering: bytes,
        domain: SigningDomain,
    ) -> None:
        self._seeds = seeds
        self._find_record = find_record
        self._ledger = ledger
        self._answering = answering
        self._domain = domain

    def sign(self, request: VerificationRequest, *, number_was_taken: bool = False) -> UseOrder:
        """Return a use for the claims of a request whose consent is found.

        It is the one that an earlier try had counted, if there is one.

        Raises:
            UseError: ``field_missing``, the bank took its seed back; or ``use_signature_wrong``, its consent is that
                of another seed.
            ChainError: the ledger does not answer.
        """
        consent, seed = known(request.consent).shown, self._seeds.find(request.bank)
        if seed is None:
            missing = seed_missing("use")
            raise UseError(missing.reason, missing.message, field=missing.field)
        key = seed.spend_key(consent.terms.salt)
        if address_of(key) != consent.bounds.spend_key:
            message = "the uses of this consent are spent by another seed than the one that is held here: sign the use"
            raise UseError(Reason.USE_SIGNATURE_WRONG, message, field="use")
        use = UnsignedUse.draft(
            consent.id,
            consent.terms,
            by_department(request.claims, schemas()),
            number=self._free_number(consent.id, request.attempt.seed),
            answering=self._answering,
            not_after=request.now + LIFETIME,
            secrets=seed.use_secrets(request.attempt.seed),
        )
        if request.attempt.again or number_was_taken:
            use = self._counted_before(use, consent.id, request.now) or use
        return use.sign(key, self._domain)

    def _free_number(self, consent: bytes, attempt: bytes) -> int:
        """Return any number that is free, so that calls at the same time seldom take the same one."""
        record = self._find_record(consent)
        free: Iterable[int] = () if record is None else record.free_numbers
        # where there is none, the ledger says why
        return min(free, key=lambda number: hmac_sha256(attempt, number.to_bytes(4, "big")), default=1)

    def _counted_before(self, use: UnsignedUse, consent: bytes, now: int) -> UnsignedUse | None:
        """Return the use if one that the ledger counted is it, with another number or at another time."""
        ticket = use.ticket
        # one that is older is answered no more
        for one in self._ledger.counted_uses([consent], since=now - LIFETIME - _CLOCKS_DIFFER_S)[consent]:
            for not_after in range(one.time, one.time + LIFETIME + _CLOCKS_DIFFER_S + 1):
                tried = replace(ticket, number=one.number, not_after=not_after)
                if tried.digest(self._domain) == one.ticket:
                    return replace(use, order=replace(use.order, number=one.number, not_after=not_after))
        return None
