"""The part of the client that reads the MemberRegistry and the SchemaRegistry."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger_node.chain.artifact import artifact, decode_answer
from ledger_node.chain.deployment import document_name
from ledger_node.chain.port import Member, Role, Standing
from ledger_node.chain.rpc import HEAD_CALL, block_of
from ledger_node.chain.web3_ledger.contract_calls import ContractCalls
from ledger_node.domain.fact import KeyPurpose, KeyRecord
from ledger_node.domain.json_object import from_hex, to_hex

_UNKNOWN: Final = 0
_ACTIVE: Final = 1


class MemberCalls(ContractCalls):
    """Members, schemas and documents."""

    def members(self) -> Sequence[Member]:
        logs = self._listed("MemberRegistry", "MemberAdded")
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
        # a list, so from events; what it says of one issuer is proven with the facts
        known = artifact("SchemaRegistry")
        events = [(from_hex(known.topic(event), "topic"),) for event in ("IssuerAllowed", "IssuerDisallowed")]
        allowed, ended = map(_pairs, self._index.find_each(events))
        issuers: dict[bytes, set[bytes]] = {}
        for schema_id, member in allowed:
            issuers.setdefault(schema_id, set())
            if (schema_id, member) not in ended:
                issuers[schema_id].add(member)
        return {schema_id: frozenset(members) for schema_id, members in issuers.items()}


def _pairs(logs: Sequence[Any]) -> set[tuple[bytes, bytes]]:
    """Return schema id and member of all events; a period that has ended never begins again."""
    return {(from_hex(log["topics"][1], "topic"), from_hex(log["topics"][2], "topic")) for log in logs}


def _member(member: bytes, answer: Any) -> Member | None:
    roles, state, _, _, _, name, url = decode_answer("MemberRegistry", "member", answer)[0]
    return None if state == _UNKNOWN else Member(member, name, Role(roles), state == _ACTIVE, url)
