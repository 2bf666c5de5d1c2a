"""The fake's part of batches and status: the rules of the AnchorRegistry, in its order."""

from itertools import pairwise

from ledger_node.chain.port import AnchorLedger, Role, SignedChange, StreamHead
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS, NO_ROOT, Anchor
from ledger_node.domain.error import VerificationError
from ledger_node.domain.event import StatusEvent
from ledger_node.domain.fact import EVERY_PURPOSE
from ledger_node.domain.hashing import MAX_SIZE
from ledger_node.domain.signature import SIGNATURE_BYTES, recover
from ledger_node.domain.status import WORD_BITS, Plane, StatusReason, changes_digest
from tests.kit.fake_ledger.access import FakeAccess
from tests.kit.fake_ledger.chain import require
from tests.kit.fake_ledger.council import require_actor

ISSUER = Role.DEPARTMENT | Role.REGISTRAR
MAX_STATUS_WORDS = 4096
EMPTY = StreamHead(0, 0, NO_ROOT)


class FakeAnchors(FakeAccess, AnchorLedger):
    """Batches and status changes."""

    @property
    def anchor_domain(self):
        return self._domain("AnchorRegistry")

    def stream_head(self, member, stream):
        return self._state.heads.get((member, stream), EMPTY)

    def find_anchor(self, member, stream, number):
        return self._state.anchors.get((member, stream, number))

    def anchor(self, order):
        self._as_relayer()
        batch = order.batch
        with self.chain.transaction() as made:
            head = made.state.heads.get((batch.member, batch.stream), EMPTY)
            self._require_batch(batch, head)
            self._require_superseded(order)
            roles = ISSUER if batch.stream == ATTESTATIONS else ISSUER | Role.RELAYER
            key = self._require_signer(made, batch, order.signature, roles)
            place = (batch.root, batch.size, head.total, made.time, key)
            anchor = Anchor(batch.member, batch.stream, batch.number, *place)
            found = anchor, made.mined
            made.state.anchors[batch.member, batch.stream, batch.number] = found
            made.state.heads[batch.member, batch.stream] = StreamHead(batch.number, head.total + batch.size, batch.root)
            if order.words:
                require_below(order.words, order.masks, head.total)
                reason = StatusReason.SUPERSEDED
                set_status(made, batch.member, Plane.SUPERSEDED, reason, order.words, order.masks)
        return found

    def status_number(self, member):
        return self._state.status_numbers.get(member, 0)

    def change_status(self, change, signature, words, masks):
        self._as_relayer()
        with self.chain.transaction() as made:
            made.called("changeStatus", change, signature)
            require(change.reason != StatusReason.SUPERSEDED, "StatusReasonZero")
            number = made.state.status_numbers.get(change.member, 0) + 1
            require(change.number == number, "StatusNumberNotNext")
            require(words, "StatusListEmpty")
            require(change.changes_digest == changes_digest(words, masks), "StatusChangesDigestWrong")
            self._require_signer(made, change, signature, ISSUER)
            total = made.state.heads.get((change.member, ATTESTATIONS), EMPTY).total
            require_below(words, masks, total)
            made.state.status_numbers[change.member] = number
            set_status(made, change.member, change.plane, change.reason, words, masks)
        return made.mined

    def signed_change(self, transaction):
        match self.chain.calls.get(transaction, []):
            case ["changeStatus", change, signature]:
                return SignedChange(change, recover(change.digest(self.anchor_domain), signature))
            case _:
                return None

    @staticmethod
    def _require_batch(batch, head):
        require(batch.stream in {ATTESTATIONS, ACCESS_LOG}, "BatchStreamUnknown")
        require(any(batch.root), "BatchRootZero")
        require(0 < batch.size <= MAX_SIZE, "BatchSizeInvalid")
        require(batch.number == head.number + 1, "BatchNumberNotNext")
        require(batch.previous_root == head.last_root, "BatchPreviousRootWrong")

    @staticmethod
    def _require_superseded(order):
        is_empty = not order.words and not order.masks
        require(is_empty or order.batch.stream == ATTESTATIONS, "BatchCannotSupersede")
        given = changes_digest(order.words, order.masks)
        require(order.batch.superseded_digest == given, "BatchSupersededDigestWrong")
        require(len(order.words) == len(order.masks), "StatusListsUneven")

    def _require_signer(self, made, signed, signature, roles):
        require(len(signature) == SIGNATURE_BYTES, "ECDSAInvalidSignatureLength")
        try:
            key = recover(signed.digest(self.anchor_domain), signature)
        except VerificationError:
            require(False, "ECDSAInvalidSignature")
        require_actor(made, signed.member, key, roles, EVERY_PURPOSE)
        return key


def require_below(words, masks, total):
    """Require rising words without empty masks, none of which names a position that is not used yet."""
    require(len(words) == len(masks), "StatusListsUneven")
    require(len(words) <= MAX_STATUS_WORDS, "StatusListTooLong")
    require(all(one < other for one, other in pairwise(words)), "StatusWordsNotAscending")
    require(all(masks), "StatusMaskEmpty")
    last = words[-1] * WORD_BITS + masks[-1].bit_length() - 1
    require(last < total, "StatusPositionBeyondTotal")


def set_status(made, member, plane, reason, words, masks):
    """Set positions, and tell of every word."""
    for word, mask in zip(words, masks, strict=True):
        before = made.state.status.get((member, plane, word), 0)
        made.state.status[member, plane, word] = before | mask
        made.emit(StatusEvent(member, plane, word, mask, made.recorded, int(reason)))
