"""The access log: who asked what, in rows that their subject can check and nobody else can read (CL1, access log).

A row hides behind a random salt in its leaf. The rows of one interval stand in random slots of a tree of a
fixed depth, and what is not theirs is filling that looks like leaves, so that neither a path nor a slot says
how many rows there were. The checkpoint of the interval is the one leaf of a batch of stream 1.

What a reader checks (``require_logged``)
 1. The salted row, at its slot, leads to the root of the checkpoint.
 2. The checkpoint is the one leaf of the batch, and has the batch's number.
 3. The chain holds exactly this anchor, on the stream of access logs.
 4. The member that keeps the log anchored it, with a key that was valid then.
 5. The row was written between the beginning and the end of the interval.
 6. Where an officer signed, the row's passkey signed, and nothing else than the ticket of the use that was spent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from ledger_node.domain.batch import ACCESS_LOG, Anchor
from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.fact import KeyPurpose, LedgerFacts, require_key
from ledger_node.domain.hashing import HASH_BYTES, LOG_NODE, batch_leaf, keccak, root_from_path
from ledger_node.domain.json_object import JsonObject, from_hex, member_of, to_hex
from ledger_node.domain.officer import MEMBER as OFFICER
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.proof import Outcome
from ledger_node.domain.question import MAX_TEXT as MAX_QUESTION
from ledger_node.domain.reason import Reason

DEPTH: Final = 16
MAX_ROWS: Final = 1 << DEPTH
MAX_OPERATOR: Final = 64
NO_HEAD: Final = bytes(HASH_BYTES)
CHECKPOINT_SIZE: Final = 1
"""The size of every batch of the access log: the chain does not say how many rows there were."""


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One question that was asked. ``operator`` is the bank's own name for who or what asked.

    ``purpose`` is the consent's, and None where the bank has no such consent. ``time`` is in seconds. ``officer``: what
    a person of the bank signed for it; None where a program asked.
    """

    time: int
    bank: bytes
    operator: str | None
    consent: bytes
    purpose: str | None
    question: str
    verdict: Outcome
    reason: Reason | None
    use: bytes | None
    officer: OfficerSignature | None = None

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form; of a row by a program the officer is left out."""
        shown: dict[str, JSON] = {
            "time": self.time,
            "bank": to_hex(self.bank),
            "operator": self.operator,
            "consent": to_hex(self.consent),
            "purpose": self.purpose,
            "question": self.question,
            "verdict": self.verdict.value,
            "reason": None if self.reason is None else self.reason.value,
            "use": None if self.use is None else to_hex(self.use),
        }
        if self.officer is not None:
            shown[OFFICER] = self.officer.to_json()
        return shown

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        unknown = InvalidInputError(Reason.VALUE_MALFORMED, "the verdict or reason of a row is unknown")
        with JsonObject(value, "row") as record:
            reason, use = record.take("reason"), record.take("use")
            return cls(
                time=record.integer("time"),
                bank=record.blob("bank"),
                operator=None if record.is_null("operator") else record.text("operator", max_length=MAX_OPERATOR),
                consent=record.blob("consent"),
                purpose=None if record.is_null("purpose") else record.text("purpose"),
                question=record.text("question", max_length=MAX_QUESTION),
                verdict=member_of(Outcome, record.text("verdict"), unknown),
                reason=None if reason is None else member_of(Reason, reason, unknown),
                use=None if use is None else from_hex(use, "use"),
                officer=OfficerSignature.taken_from(record),
            )

    def require_officer(self) -> None:
        """Run rule 6.

        Raises:
            VerificationError: ``challenge_mismatch`` or why else the officer's signature does not count.
        """
        if self.officer is not None:
            self.officer.require_over(self.officer.signed if self.use is None else self.use)


def row_leaf(salt: bytes, row: AccessRow) -> bytes:
    """Return H(0x50 || 32-byte salt || canonical JSON of the row)."""
    return keccak(b"\x50" + salt + encode(row.to_json()))


def next_head(head: bytes, leaf: bytes) -> bytes:
    """Return H(0x51 || head before || leaf): the chain of all rows in the order they were written."""
    return keccak(b"\x51" + head + leaf)


class LogTree:
    """The rows of one interval in slots of 2^16. ``seed``: 32 random bytes that all filling comes from.

    Only the nodes above rows are kept; any other one is H(0x54 || seed || u8 height || u32 place), and stands
    for all that would be below it.
    """

    def __init__(self, leaves: Mapping[int, bytes], seed: bytes) -> None:
        if not all(0 <= slot < MAX_ROWS for slot in leaves):
            raise ValueError(f"a slot lies below {MAX_ROWS}")
        self._seed = seed
        self._levels = [dict(leaves)]
        for height in range(DEPTH):
            places = {place >> 1 for place in self._levels[height]}
            above = {
                place: keccak(LOG_NODE + self._node(height, 2 * place) + self._node(height, 2 * place + 1))
                for place in places
            }
            self._levels.append(above)

    @property
    def root(self) -> bytes:
        """The root; of an interval without rows it is filling as well."""
        return self._node(DEPTH, 0)

    def path(self, slot: int) -> tuple[bytes, ...]:
        """Return the 16 siblings of a slot, from the leaf upwards."""
        return tuple(self._node(height, (slot >> height) ^ 1) for height in range(DEPTH))

    def _node(self, height: int, place: int) -> bytes:
        held = self._levels[height].get(place)
        if held is not None:
            return held
        return keccak(b"\x54" + self._seed + height.to_bytes(1, "big") + place.to_bytes(4, "big"))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows an interval has, and the heads of the chain before and after them; for auditors only."""

    count: int
    before: bytes
    after: bytes
    salt: bytes = field(repr=False)

    @property
    def digest(self) -> bytes:
        """H(0x55 || 32-byte salt || u32 count || before || after)."""
        return keccak(b"\x55" + self.salt + self.count.to_bytes(4, "big") + self.before + self.after)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One interval of the log: its number from 1, when it began and ended in seconds, its root and tally digest."""

    number: int
    since: int
    until: int
    root: bytes
    tally: bytes

    @property
    def digest(self) -> bytes:
        """H(0x52 || u64 number || u64 since || u64 until || root || tally)."""
        times = b"".join(value.to_bytes(8, "big") for value in (self.number, self.since, self.until))
        return keccak(b"\x52" + times + self.root + self.tally)

    @property
    def batch_root(self) -> bytes:
        """The root of the batch of one that anchors this checkpoint."""
        return batch_leaf(self.digest)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "number": self.number,
            "since": self.since,
            "until": self.until,
            "root": to_hex(self.root),
            "tally": to_hex(self.tally),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "checkpoint") as record:
            return cls(
                number=record.integer("number", low=1),
                since=record.integer("since"),
                until=record.integer("until"),
                root=record.blob("root"),
                tally=record.blob("tally"),
            )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its slot, the way to the checkpoint, and the checkpoint's anchor."""

    slot: int
    path: Sequence[bytes]
    checkpoint: Checkpoint
    anchor: Anchor

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "slot": self.slot,
            "path": [to_hex(sibling) for sibling in self.path],
            "checkpoint": self.checkpoint.to_json(),
            "anchor": self.anchor.to_json(),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "place") as record:
            return cls(
                slot=record.integer("slot"),
                path=tuple(from_hex(item, "path") for item in record.items("path", max_items=DEPTH)),
                checkpoint=Checkpoint.from_json(record.take("checkpoint")),
                anchor=Anchor.from_json(record.take("anchor")),
            )


def require_logged(row: AccessRow, salt: bytes, place: Place, facts: LedgerFacts, *, keeper: bytes) -> None:
    """Run rules 1 to 6. ``keeper``: the member whose log this is.

    Raises:
        VerificationError: naming the first rule that fails.
    """
    checkpoint, anchor = place.checkpoint, place.anchor
    root = root_from_path(row_leaf(salt, row), place.slot, place.path, depth=DEPTH, tag=LOG_NODE)
    if root != checkpoint.root:  # 1
        raise VerificationError(Reason.NOT_IN_BATCH, "the row is not in the interval that it is said to be in")
    anchored = (checkpoint.batch_root, checkpoint.number, CHECKPOINT_SIZE)
    if anchored != (anchor.root, anchor.number, anchor.size):  # 2
        raise VerificationError(Reason.NOT_IN_BATCH, "the batch anchors another checkpoint")
    held = facts.anchor_digests.get((anchor.member, anchor.stream, anchor.number))
    if anchor.stream != ACCESS_LOG or held != anchor.digest:  # 3
        raise VerificationError(Reason.NOT_ANCHORED, "the chain does not hold this batch as it is shown")
    if anchor.member != keeper:  # 4
        raise VerificationError(Reason.ISSUER_MISMATCH, "the log was anchored by another member")
    require_key(facts, anchor.member, anchor.key, anchor.anchored_at, KeyPurpose.LOG)  # 4
    if not checkpoint.since <= row.time <= checkpoint.until:  # 5
        raise VerificationError(Reason.OUTSIDE_INTERVAL, "the row was not written in this interval")
    row.require_officer()  # 6
