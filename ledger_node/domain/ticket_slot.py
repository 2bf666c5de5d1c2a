"""What a ticket binds of the questions: a root of 16 salted slots, one for each department that is asked by name.

Each department is later shown its own slot, and learns nothing of the others: not what they were asked, nor how many
they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import HASH_BYTES, kdf, keccak, levels_of, path_of, root_from_path
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import SchemaSet

SLOTS: Final = 16
NO_DEPARTMENT: Final = bytes(HASH_BYTES)
"""In the place of a department's id: claims that name none."""
_DEPTH: Final = 4
_SLOT: Final = b"\x57"
_NODE: Final = b"\x58"
_EMPTY: Final = b"\x59"

AskedByDepartment: TypeAlias = Mapping[bytes, Sequence[str]]
"""The texts of claims by the department that they name; ``NO_DEPARTMENT`` for those that name none."""


def by_department(claims: Iterable[Claim], schemas: SchemaSet) -> dict[bytes, tuple[str, ...]]:
    """Return the texts of claims by department, departments and texts rising, each once.

    A combination stands with every department that one of its parts names.
    """
    texts: dict[bytes, set[str]] = {}
    for claim in claims:
        for part in claim.parts:
            texts.setdefault(part.selector.issuer or NO_DEPARTMENT, set()).add(claim.text(schemas))
    return {department: tuple(sorted(texts[department])) for department in sorted(texts)}


def claims_root(asked: AskedByDepartment, seed: bytes) -> bytes:
    """Return the root over what is asked of whom; ``seed``: 32 random bytes of the bank for this one ticket.

    Raises:
        InvalidInputError: ``too_large``; claims name more departments than there are slots.
    """
    return _levels(asked, seed)[-1][0]


@dataclass(frozen=True, slots=True)
class ShownSlot:
    """What one department is shown of a ticket: its own slot, and the way from there to the root."""

    index: int
    department: bytes
    claims: tuple[str, ...]
    salt: bytes = field(repr=False)
    path: tuple[bytes, ...]

    @classmethod
    def of(cls, asked: AskedByDepartment, seed: bytes, department: bytes) -> Self:
        """Return the slot of ``department``, which must be one of those asked.

        Raises:
            InvalidInputError: ``too_large``, as ``claims_root``.
        """
        index = sorted(asked).index(department)
        path = path_of(_levels(asked, seed), index)
        return cls(index, department, tuple(asked[department]), _salt(seed, index), tuple(path))

    @property
    def root(self) -> bytes:
        """The root that this slot leads to.

        Raises:
            VerificationError: ``index_out_of_range``, ``path_length`` or ``sibling_length``.
        """
        leaf = _slot(self.department, self.claims, self.salt)
        return root_from_path(leaf, self.index, self.path, depth=_DEPTH, tag=_NODE)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "index": self.index,
            "department": to_hex(self.department),
            "claims": list(self.claims),
            "salt": to_hex(self.salt),
            "path": [to_hex(sibling) for sibling in self.path],
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "slot") as record:
            return cls(
                index=record.integer("index", high=SLOTS - 1),
                department=record.blob("department"),
                claims=record.texts("claims"),
                salt=record.blob("salt"),
                path=tuple(from_hex(item, "path") for item in record.items("path", max_items=_DEPTH)),
            )


def _levels(asked: AskedByDepartment, seed: bytes) -> list[list[bytes]]:
    if len(asked) > SLOTS:
        raise InvalidInputError(
            Reason.TOO_LARGE, f"one verification asks at most {SLOTS} departments by name", field="claims"
        )
    salts = [_salt(seed, index) for index in range(SLOTS)]
    slots = [_slot(department, asked[department], salts[index]) for index, department in enumerate(sorted(asked))]
    return levels_of(slots + [keccak(_EMPTY + salt) for salt in salts[len(slots) :]], _NODE)


def _salt(seed: bytes, index: int) -> bytes:
    return kdf(seed, b"slot", index)


def _slot(department: bytes, claims: Sequence[str], salt: bytes) -> bytes:
    return keccak(_SLOT + salt + department + keccak(encode(list(claims))))
