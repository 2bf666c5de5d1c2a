"""The part of the client that reads the MemberRegistry and the SchemaRegistry."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from typing_extensions import override

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import decode_answer
from ledger_node.chain.deployment import document_name
from ledger_node.chain.fact_read import IssuerReader
from ledger_node.chain.port import Member, MemberLedger, Role, Standing
from ledger_node.chain.rpc import HEAD_CALL, Rpc, block_of
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger.contract_calls import ContractCalls
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.fact import KeyRecord
from ledger_node.domain.json_object import from_hex, to_hex

_UNKNOWN: Final = 0
_ACTIVE: Final = 1


class MemberCalls(ContractCalls, MemberLedger):
    """Members, schemas and documents."""

    def __init__(
        self, book: AddressBook, rpc: Rpc, *, relayer: Sender | None = None, registrar: Sender | None = None
    ) -> None:
        super().__init__(book, rpc, relayer=relayer, registrar=registrar)
        self._issuers = IssuerReader(book, rpc)

    @property
    @override
    def member_domain(self) -> SigningDomain:
        return self._domains["MemberRegistry"]

    @override
    def members(self) -> Sequence[Member]:
        logs = self._logs("MemberRegistry", "MemberAdded")
        ids = [from_hex(log["topics"][1], "member") for log in logs]
        states = self._rpc.batch([self._call("MemberRegistry", "member", member) for member in ids])
        found = [_member(member, state) for member, state in zip(ids, states, strict=True)]
        return [member for member in found if member is not None]

    @override
    def member_of(self, key: bytes) -> bytes | None:
        (member,) = self._read("MemberRegistry", "memberOf", key)
        return member if any(member) else None

    @override
    def standing(self, member: bytes, key: bytes) -> Standing:
        head, state, record = self._rpc.batch(
            [
                HEAD_CALL,
                self._call("MemberRegistry", "member", member),
                self._call("MemberRegistry", "keyRecord", member, to_hex(key)),
            ]
        )
        validity = KeyRecord(*decode_answer("MemberRegistry", "keyRecord", record))
        return Standing(_member(member, state), validity, block_of(head).time)

    @override
    def document(self, name: str) -> bytes:
        (digest,) = self._read("SchemaRegistry", "documentOf", document_name(name))
        return bytes(digest)

    @override
    def issuers(self) -> Mapping[bytes, frozenset[bytes]]:
        return self._issuers.read()


def _member(member: bytes, answer: Any) -> Member | None:
    roles, state, _, _, _, name, url = decode_answer("MemberRegistry", "member", answer)[0]
    return None if state == _UNKNOWN else Member(member, name, Role(roles), state == _ACTIVE, url)
