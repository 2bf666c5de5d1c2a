"""What a person of a member's staff releases: an EIP-712 struct under the MemberRegistry, signed by a passkey.

The content is a digest of what is released, so whoever has that document, the person's key and this struct can check
it without the instance. A member's own key on the MemberRegistry signs the same struct for its first people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ledger_node.domain.canonical import JSON, encode
from ledger_node.domain.eip712 import SignedType, SigningDomain, bytes32, number, text
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import to_hex

MAX_NUMBER: Final = 2**53 - 1
"""Numbers are written in JSON, also by browsers."""
_CONTENT: Final = keccak(b"credence-staff-content/v1")
_RELEASE: Final = SignedType(
    "StaffRelease",
    (
        bytes32("member"),
        text("act"),
        bytes32("content"),
        number("number", 64, 1, MAX_NUMBER),
        text("statement"),
    ),
)


class StaffAct(StrEnum):
    """What is released."""

    ADD_STAFF = "add_staff"
    END_STAFF = "end_staff"
    ALLOW_PROGRAMS = "allow_programs"
    REGISTER_SUBJECT = "register_subject"
    REQUEST_RECOVERY = "request_recovery"
    COMPLETE_RECOVERY = "complete_recovery"
    END_SUBJECT = "end_subject"


STATEMENTS: Final[Mapping[StaffAct, str]] = MappingProxyType(
    {
        StaffAct.ADD_STAFF: "This person may act for us with this key. 我确认此人可用该密钥代表本单位办理业务。",
        StaffAct.END_STAFF: "This person may act for us no more. 我确认此人不再代表本单位办理业务。",
        StaffAct.ALLOW_PROGRAMS: "Our programs may act without a second person. "
        "我确认本单位的程序可不经双人复核办理业务。",
        StaffAct.REGISTER_SUBJECT: "I compared the digits with the signers and register this firm. "
        "我已与签署人逐一核对数字，同意登记该企业。",
        StaffAct.REQUEST_RECOVERY: "I checked the papers and called back; begin to replace the signers of this firm. "
        "我已核验材料并回电确认，同意申请重置该企业的签署人。",
        StaffAct.COMPLETE_RECOVERY: "Put the new signers of this firm in force. 同意启用该企业的新签署人。",
        StaffAct.END_SUBJECT: "End the registration of this firm and all its consents. "
        "同意终止该企业的登记及其全部授权。",
    }
)
"""What people read beside the act; it is part of what they sign."""


def content_digest(document: Mapping[str, JSON]) -> bytes:
    """Return the digest of what is released: H(tag || RFC 8785 form)."""
    return keccak(_CONTENT + encode(dict(document)))


def new_staff_document(name: str, roles: Iterable[str]) -> dict[str, JSON]:
    """Return what a member's own key signs of a person who has no key yet."""
    return {"name": name, "roles": sorted(roles)}


def ended_staff_document(staff: bytes, name: str, roles: Iterable[str]) -> dict[str, JSON]:
    """Return what is signed to end a person's access."""
    return {"id": to_hex(staff), **new_staff_document(name, roles)}


@dataclass(frozen=True, slots=True)
class StaffRelease:
    """One release. ``member``: for whom; ``content``: ``content_digest`` of it; ``number``: counts once a member."""

    member: bytes
    act: StaffAct
    content: bytes
    number: int

    @property
    def statement(self) -> str:
        """What the act says."""
        return STATEMENTS[self.act]

    def digest(self, domain: SigningDomain) -> bytes:
        """Return what is signed. ``domain``: of the MemberRegistry."""
        return domain.digest(_RELEASE.struct_hash(self))

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, in the order in which it is signed."""
        return _RELEASE.to_json(self)

    def to_typed_data(self, domain: SigningDomain) -> dict[str, JSON]:
        """Return it as EIP-712 typed data, for whatever signs with a key on secp256k1."""
        return {
            "domain": domain.to_typed_data(),
            "primaryType": _RELEASE.name,
            "types": {_RELEASE.name: _RELEASE.listed()},
            "message": _RELEASE.message(self),
        }
