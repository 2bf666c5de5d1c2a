"""What a request for consent and the terms of one have alike: for what, about what, of whom, and data of which days."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.eip712 import (
    ANY_DATE,
    MINUTE,
    SignedType,
    bytes32,
    bytes32_list,
    day,
    minute,
    number,
    string_list,
    text,
)
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.json_object import JsonObject, Versioned
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period, parse_date

VERSION: Final = 2
MAX_QUESTIONS: Final = 64
MAX_DEPARTMENTS: Final = 64
MAX_USES: Final = 96
"""The numbers of uses are so many bits beside the spend key on the ledger."""
MAX_SECONDS: Final = 2**40 - 1
"""The latest time that the ledger holds of a consent."""
MAX_DAYS: Final = 2**32 - 1
_NO_KEY: Final = bytes(20)
_REMEMBERED: Final = 1024
"""Terms whose hash is kept: every use of a consent takes it more than once."""
SCOPE_FIELDS: Final = (
    number("version", 16, VERSION, VERSION),
    bytes32("subject"),
    bytes32("grantee"),
    text("granteeName"),
    text("purpose"),
    text("purposeText"),
    string_list("questions", 1, MAX_QUESTIONS),
    bytes32_list("departments", MAX_DEPARTMENTS),
    day("dataFrom"),
    day("dataTo"),
)
LIMIT_FIELDS: Final = (
    minute("notBefore", MAX_SECONDS),
    minute("expiresAt", MAX_SECONDS),
    number("maxUses", 32, 1, MAX_USES),
)
RETENTION_FIELD: Final = number("retentionDays", 32, 0, MAX_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope(Versioned):
    """What is asked and granted alike: one purpose, listed questions (text form), of whom, and bounded data.

    Only attestations whose period lies between the days ``data_from`` and ``data_to`` count, both included.

    Raises:
        InvalidInputError: ``range_empty`` where ``data_to`` is earlier than ``data_from``.
    """

    signed: ClassVar[SignedType]
    version_member: ClassVar[str] = "version"
    version: ClassVar[int] = VERSION

    subject: bytes
    grantee: bytes
    grantee_name: str
    purpose: str
    purpose_text: str
    questions: tuple[str, ...]
    departments: tuple[bytes, ...]
    data_from: str = ANY_DATE
    data_to: str = ANY_DATE
    retention_days: int
    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        # days in ISO form stand in the order of their texts
        if ANY_DATE not in {self.data_from, self.data_to} and self.data_to < self.data_from:
            raise InvalidInputError(Reason.RANGE_EMPTY, "the days of data end before they begin", field="data_to")

    @property
    def struct_hash(self) -> bytes:
        """The EIP-712 hash of the struct alone, which the contract is shown."""
        return _struct_hash(self)

    def covers(self, period: Period) -> bool:
        """Return whether an attestation of ``period`` lies within the days of data."""
        first = None if self.data_from == ANY_DATE else parse_date(self.data_from, "data_from")
        last = None if self.data_to == ANY_DATE else parse_date(self.data_to, "data_to")
        return (first is None or first <= period.first) and (last is None or period.last <= last)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, in the order of the signed fields."""
        return self.signed.to_json(self)

    @classmethod
    def read(cls, value: JSON) -> Self:
        """Read the JSON form of this version.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        said = cls.signed.read(JsonObject(value, "terms"))
        del said["version"]
        if not said["questions"]:
            raise InvalidInputError(Reason.REQUEST_INVALID, "a consent lists at least one question", field="questions")
        require_limits(said)
        return cls(**said)


@lru_cache(_REMEMBERED)
def _struct_hash(scope: Scope) -> bytes:
    return scope.signed.struct_hash(scope)


def whole_minute(time: int) -> int:
    """Return the begin of the minute of a time: bounds are whole minutes."""
    return time - time % MINUTE


def require_limits(said: dict[str, Any]) -> None:
    """Require of what was read that times are a period, and that keys and hashes are there."""
    if "expires_at" in said and said["expires_at"] <= said["not_before"]:
        raise InvalidInputError(Reason.REQUEST_INVALID, "a consent ends after it begins", field="expires_at")
    for name, nothing in (("spend_key", _NO_KEY), ("steward_key", _NO_KEY), ("withdrawal_hash", bytes(HASH_BYTES))):
        if said.get(name) == nothing:
            raise InvalidInputError(Reason.REQUEST_INVALID, f"'{name}' is not zero", field=name)
