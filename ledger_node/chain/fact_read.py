"""Reading facts: one batched request at one block, decoded into ``LedgerFacts``."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ledger_node.chain.abi_call import call_of, decode_answer, pinned
from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.port import Block
from ledger_node.chain.rpc import ContractRevertError, Rpc
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import VerificationError
from ledger_node.domain.fact import (
    ConsentRecord,
    ConsentState,
    FactQuery,
    IssuerPeriod,
    KeyRecord,
    LedgerFacts,
    MemberStanding,
)
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import WORD_BITS, Plane

AnchorsKnown: TypeAlias = dict[tuple[bytes, int, int], tuple[bytes, int]]
"""(member, stream, number) -> digest and a block that held it: an anchored batch never changes again."""


class FactReads:
    """Plans the calls that a query needs, sends them at once, and decodes the answers in their order."""

    def __init__(self, book: AddressBook, rpc: Rpc, block: Block, known: AnchorsKnown) -> None:
        self._book = book
        self._rpc = rpc
        self._block = block
        self._known = known
        self._calls: list[tuple[str, str, tuple[object, ...]]] = []

    def read(self, query: FactQuery, *, anchor_domain: SigningDomain, consent_domain: SigningDomain) -> LedgerFacts:
        """Return the facts that ``query`` asks for.

        Raises:
            ChainError: the endpoint does not answer.
            VerificationError: ``controllers_mismatch``; the subject has no entry of that index.
        """
        anchors = sorted(query.anchors)
        words = {
            member: sorted({at // WORD_BITS for owner, at in query.positions if owner == member})
            for member in sorted({member for member, _ in query.positions})
        }
        unknown = [anchor for anchor in anchors if not self._is_known(anchor)]
        self._plan_all(query, unknown, words)
        answers = iter(self._send_or_refuse())
        for anchor in unknown:
            (digest,) = next(answers)
            if any(digest):
                self._known[anchor] = digest, self._block.number
        digests = {anchor: self._known[anchor][0] for anchor in anchors if self._is_known(anchor)}
        validity = {key: KeyRecord(*next(answers)) for key in sorted(query.keys)}
        periods = {issuer: IssuerPeriod(*next(answers)) for issuer in sorted(query.issuers)}
        status: dict[tuple[bytes, Plane, int], int] = {}
        for member, numbers in words.items():
            revoked, superseded = next(answers)
            for number, revoked_bits, superseded_bits in zip(numbers, revoked, superseded, strict=True):
                status[member, Plane.REVOKED, number] = revoked_bits
                status[member, Plane.SUPERSEDED, number] = superseded_bits
        standings = {member: MemberStanding(*next(answers)[0][:2]) for member in sorted(query.standings)}
        consent = None if query.consent is None else consent_of(next(answers)[0])
        controllers = None
        if query.subject is not None:
            (count,), (entry,) = next(answers), next(answers)
            controllers = self._controllers(query.subject, count, entry, consent)
        return LedgerFacts(
            block_number=self._block.number,
            block_hash=self._block.hash,
            block_time=self._block.time,
            anchor_domain=anchor_domain,
            consent_domain=consent_domain,
            anchor_digests=digests,
            keys=validity,
            issuers=periods,
            status=status,
            standings=standings,
            consent=consent,
            controllers=controllers,
        )

    def _plan_all(
        self, query: FactQuery, anchors: Sequence[tuple[bytes, int, int]], words: Mapping[bytes, Sequence[int]]
    ) -> None:
        for anchor in anchors:
            self._plan("AnchorRegistry", "anchorDigest", *anchor)
        for key in sorted(query.keys):
            self._plan("MemberRegistry", "keyRecord", *key)
        for issuer in sorted(query.issuers):
            self._plan("SchemaRegistry", "issuerPeriod", *issuer)
        for member, numbers in words.items():
            self._plan("AnchorRegistry", "statusWords", member, numbers)
        for member in sorted(query.standings):
            self._plan("MemberRegistry", "member", member)
        if query.consent is not None:
            self._plan("ConsentRegistry", "consent", query.consent)
        if query.subject is not None:
            self._plan("SubjectRegistry", "count", query.subject[0])
            self._plan("SubjectRegistry", "entry", *query.subject)

    def _send_or_refuse(self) -> list[tuple[Any, ...]]:
        try:
            return self._send()
        except ContractRevertError as error:
            if error.error != "SubjectEntryUnknown":
                raise
            # whoever shows the consent names the entry, so this is an answer that is wrong and no ledger that fails
            raise VerificationError(
                Reason.CONTROLLERS_MISMATCH, "the subject has no such entry of controllers"
            ) from error

    def _controllers(
        self, subject: tuple[bytes, int], count: int, entry: Any, consent: ConsentRecord | None
    ) -> bytes | None:
        """Return the commitment if this entry was the one in force when the consent was granted."""
        commitment, since, _ = entry
        if consent is None or since > consent.granted_at:
            return None
        if count > subject[1] + 1:
            self._calls = []
            self._plan("SubjectRegistry", "entry", subject[0], subject[1] + 1)
            ((_, next_since, _),) = self._send()[0]
            if next_since <= consent.granted_at:
                return None
        return bytes(commitment)

    def _is_known(self, anchor: tuple[bytes, int, int]) -> bool:
        return anchor in self._known and self._known[anchor][1] <= self._block.number

    def _plan(self, contract: str, function: str, *args: object) -> None:
        self._calls.append((contract, function, args))

    def _send(self) -> list[tuple[Any, ...]]:
        at = pinned(self._block)
        answers = self._rpc.batch(
            [call_of(self._book, at, contract, function, *args) for contract, function, args in self._calls]
        )
        return [
            decode_answer(contract, function, answer)
            for (contract, function, _), answer in zip(self._calls, answers, strict=True)
        ]


def consent_of(fields: Any) -> ConsentRecord | None:
    """Return a consent as the ConsentRegistry's struct describes it, or None for one it does not know."""
    state, granted_at, not_before, expires_at, max_uses, uses, _, changes, revocation_hash = fields
    if state == ConsentState.NONE:
        return None
    bounds = (granted_at, not_before, expires_at, max_uses)
    return ConsentRecord(ConsentState(state), *bounds, uses, changes, revocation_hash)
