"""The part of the client that reads the MemberRegistry and the SchemaRegistry."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact, decode_answer
from ledger_node.chain.deployment import document_name
from ledger_node.chain.port import Member, Role, Standing
from ledger_node.chain.rpc import HEAD_CALL, Rpc, block_of
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger.contract_calls import ContractCalls
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.fact import KeyPurpose, KeyRecord
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

_UNKNOWN: Final = 0
_ACTIVE: Final = 1


class MemberCalls(ContractCalls):
    """Members, schemas and documents."""

    def __init__(
        self, book: AddressBook, rpc: Rpc, *, relayer: Sender | None = None, registrar: Sender | None = None
    ) -> None:
        super().__init__(book, rpc, relayer=relayer, registrar=registrar)
        self._issuers_guard = threading.Lock()
        self._issuers_from = 0
        self._issuers: dict[bytes, frozenset[bytes]] = {}

    def members(self) -> Sequence[Member]:
        logs = self._logs(["MemberRegistry"], [artifact("MemberRegistry").topic("MemberAdded")])
        ids = [from_hex(log["topics"][1], "member") for log in logs]
        states = self._rpc.batch([self._call("MemberRegistry", "member", member) for member in ids])
        found = [_member(member, state) for member, state in zip(ids, states, strict=True)]
        return [member for member in found if member is not None]

    def standing(self, member: bytes, key: bytes) -> Standing:
        head, state, record = self._rpc.batch(
            [
                HEAD_CALL,
                self._call("MemberRegistry", "member", member),
                self._call("MemberRegistry", "keyRecord", member, to_hex(key)),
            ]
        )
        ((since, until, compromised, purposes),) = decode_answer("MemberRegistry", "keyRecord", record)
        key_record = KeyRecord(since, until, compromised, KeyPurpose(purposes))
        return Standing(_member(member, state), key_record, block_of(head).time)

    def document(self, name: str) -> bytes:
        (digest,) = self._read("SchemaRegistry", "documentOf", document_name(name))
        return bytes(digest)

    def issuers(self) -> Mapping[bytes, frozenset[bytes]]:
        # a list, so from events, of which only new ones are read each time; what it says of one issuer is proven
        # with the facts
        allowed, disallowed = map(artifact("SchemaRegistry").topic, ("IssuerAllowed", "IssuerDisallowed"))
        with self._issuers_guard:
            topics = [[allowed, disallowed]]
            logs_call = self._logs_call(["SchemaRegistry"], topics, self._issuers_from, "latest")
            head, logs = self._rpc.batch([HEAD_CALL, logs_call])
            try:
                issuers = dict(self._issuers)
                for log in logs:
                    topic, schema_id, member = (from_hex(each, "topic") for each in log["topics"])
                    known = issuers.get(schema_id, frozenset())
                    issuers[schema_id] = known | {member} if to_hex(topic) == allowed else known - {member}
                # the last block is read again, so that there always is one; an event that counts twice changes nothing
                self._issuers_from, self._issuers = block_of(head).number, issuers
            except (InvalidInputError, KeyError, TypeError, ValueError) as error:
                raise ChainError(
                    Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no event of our contracts"
                ) from error
            return issuers


def _member(member: bytes, answer: Any) -> Member | None:
    roles, state, _, _, _, name, url = decode_answer("MemberRegistry", "member", answer)[0]
    return None if state == _UNKNOWN else Member(member, name, Role(roles), state == _ACTIVE, url)
