"""The fake's part of batches and status: the rules of the AnchorRegistry, in its order."""

from ledger_node.chain.port import AnchorLedger, Role, StreamHead
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS, Anchor
from ledger_node.domain.error import VerificationError
from ledger_node.domain.event import StatusEvent, StatusStep
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.hashing import MAX_SIZE
from ledger_node.domain.signature import SIGNATURE_BYTES, recover
from ledger_node.domain.status import Plane, StatusReason, changes_digest
from tests.kit.fake_ledger.access import FakeAccess
from tests.kit.fake_ledger.chain import require
from tests.kit.fake_ledger.council import actor_of, is_successor, require_actor
from tests.kit.fake_ledger.status import (
    EMPTY,
    NOTHING,
    change_status,
    clear,
    confirm,
    require_below,
    set_mark,
)

ISSUER = Role.DEPARTMENT | Role.REGISTRAR


class FakeAnchors(FakeAccess, AnchorLedger):
    """Batches and status changes."""

    @property
    def anchor_domain(self):
        return self._domain("AnchorRegistry")

    def stream_head(self, member, stream):
        return self._state.heads.get((member, stream), EMPTY)

    def find_anchor(self, member, stream, number, *, since=0):
        del since  # it only saves looking
        return self._state.anchors.get((member, stream, number))

    def anchor(self, order):
        self._as_relayer()
        batch = order.batch
        with self.chain.transaction() as made:
            head = made.state.heads.get((batch.member, batch.stream), EMPTY)
            self._require_batch(made, batch, head)
            self._require_superseded(order)
            attests = batch.stream == ATTESTATIONS
            roles, purpose = (ISSUER, KeyPurpose.ATTEST) if attests else (ISSUER | Role.RELAYER, KeyPurpose.LOG)
            key = self._signer(batch, order.signature)
            require_actor(made, batch.member, key, roles, purpose)
            place = (batch.root, batch.size, head.total, made.time, key)
            anchor = Anchor(batch.member, batch.stream, batch.number, *place)
            found = anchor, made.mined
            made.state.anchors[batch.member, batch.stream, batch.number] = found
            made.state.heads[batch.member, batch.stream] = StreamHead(batch.number, head.total + batch.size, batch.root)
            if order.words:
                require_below(order.words, order.masks, head.total)
                what = (batch.number, StatusReason.SUPERSEDED, order.words, order.masks, batch.member, key)
                set_mark(made, batch.member, Plane.SUPERSEDED, *what)
        return found

    def status_number(self, member):
        return self._state.status_numbers.get(member, 0)

    def status_words(self, member, words):
        held = self._state.status
        return {plane: {word: held.get((member, plane, word), 0) for word in words} for plane in Plane}

    def change_status(self, change, signature, words, masks):
        self._as_relayer()
        member, reason = change.member, change.reason
        with self.chain.transaction() as made:
            require(made.time <= change.deadline, "StatusPastDeadline")
            require(change.number == made.state.status_numbers.get(member, 0) + 1, "StatusNumberNotNext")
            # an empty list has another digest than none
            is_signed = words and change.changes_digest == changes_digest(words, masks)
            require(is_signed, "StatusChangesDigestWrong")
            key = self._signer(change, signature)
            purpose = KeyPurpose.ERASE if reason == StatusReason.ERASED else KeyPurpose.STATUS
            actor = actor_of(made, key, ISSUER, purpose)
            require(actor == member or is_successor(made.state, actor, member), "StatusActorInvalid")
            change_status(made, member, change.plane, reason, words, masks, actor, key)
        return made.mined

    def mark_digest(self, member, number, *, by_batch):
        return self._state.marks.get((member, by_batch, number), NOTHING)

    def status_changes(self, member):
        told = [event for _, event in self._events() if isinstance(event, StatusEvent) and event.member == member]
        return [event for event in told if event.step is StatusStep.CHANGED]

    def clear_digest(self, mark):
        return self._state.clears.get(mark, NOTHING)

    def clear(self, mark, words, masks, cleared):
        self._as_relayer()
        with self.chain.transaction() as made:
            clear(made, mark, words, masks, cleared)
        return made.mined

    def confirm(self, mark, words, masks):
        self._as_relayer()
        with self.chain.transaction() as made:
            confirm(made, mark, words, masks)
        return made.mined

    @staticmethod
    def _require_batch(made, batch, head):
        require(batch.stream in {ATTESTATIONS, ACCESS_LOG}, "BatchStreamUnknown")
        require(any(batch.root), "BatchRootZero")
        require(0 < batch.size <= MAX_SIZE, "BatchSizeInvalid")
        require(made.time <= batch.deadline, "BatchPastDeadline")
        require(batch.number == head.number + 1, "BatchNumberNotNext")
        require(batch.previous_root == head.last_root, "BatchPreviousRootWrong")

    @staticmethod
    def _require_superseded(order):
        is_empty = not order.words and not order.masks
        require(is_empty or order.batch.stream == ATTESTATIONS, "BatchCannotSupersede")
        given = changes_digest(order.words, order.masks)
        require(order.batch.superseded_digest == given, "BatchSupersededDigestWrong")
        require(len(order.words) == len(order.masks), "StatusListsUneven")

    def _signer(self, signed, signature):
        require(len(signature) == SIGNATURE_BYTES, "ECDSAInvalidSignatureLength")
        try:
            return recover(signed.digest(self.anchor_domain), signature)
        except VerificationError:
            require(False, "ECDSAInvalidSignature")
