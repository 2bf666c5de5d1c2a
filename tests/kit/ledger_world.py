"""A small consortium on a ledger of either kind: the real client on the embedded node, and the fake."""

from types import MappingProxyType

from ledger_node.chain.artifact import artifact
from ledger_node.chain.deployment import deploy, document_name
from ledger_node.chain.port import BatchOrder, Role
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.batch import ATTESTATIONS, Batch
from ledger_node.domain.consent import Terms
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.fact import EVERY_PURPOSE
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.status import Plane, StatusChange, StatusReason, changes_digest, fold
from ledger_node.randomness import random_bytes
from tests.kit.besu_limit import BLOCKS, LimitedRpc
from tests.kit.engine_rpc import EngineRpc
from tests.kit.fake_ledger import CHAIN_ID, GENESIS_TIME, Council, FakeChain, FakeLedger

FOREVER = 2**64 - 1
EVERY_ROLE = Role(15)
ACTIVE, SUSPENDED, LEFT = 1, 2, 3
GAS = 16_000_000
GOVERNOR, RELAYER_KEY, DEPARTMENT_KEY, STRANGER_KEY = (bytes([number]) * 32 for number in (1, 2, 3, 4))
SPARE_KEYS = [bytes([7, number]) * 16 for number in range(32)]
RELAYER, DEPARTMENT, BANK = (bytes([number]) * 32 for number in (0x0E, 0x0D, 0x0B))
SECRET = b"s" * 32
SIGNED_FOR_S = 3600


class World:
    """Who acts on the ledger. ``ledger`` relays and registers, ``reader`` has no keys, ``stranger`` is no member."""

    def __init__(self):
        self.ledger = self.of(RELAYER_KEY)
        self.reader = self.of(None)
        self.stranger = self.of(STRANGER_KEY)
        council = self.council
        council.add_member(RELAYER, Role.RELAYER | Role.REGISTRAR, "Relayer", "https://relayer.example")
        council.add_member(DEPARTMENT, Role.DEPARTMENT, "Department", "")
        council.add_member(BANK, Role.BANK, "Bank", "")
        council.add_key(RELAYER, address_of(RELAYER_KEY), 0, FOREVER)
        council.add_key(DEPARTMENT, address_of(DEPARTMENT_KEY), 0, FOREVER)

        self._spare = list(SPARE_KEYS)

    def now(self):
        """Return the time that the next block will have."""
        raise NotImplementedError

    def new_member(self, roles, purposes=EVERY_PURPOSE):
        """Add a member with one key, and return its id and the key."""
        member, key = random_bytes(32), random_bytes(32)
        self.council.add_member(member, roles, "New member", "")
        self.council.add_key(member, address_of(key), 0, FOREVER, purposes)
        return member, key

    def new_sender(self, roles):
        """Add a member whose key the chain takes transactions of; return its id, its key's address and its ledger."""
        member, key = random_bytes(32), self._spare.pop()
        self.council.add_member(member, roles, "New sender", "")
        self.council.add_key(member, address_of(key), 0, FOREVER)
        return member, address_of(key), self.of(key)

    def terms(self, **changes):
        """Return terms that can be granted now and end in an hour."""
        now = self.now()
        return Terms(
            **{
                "subject": random_bytes(32),
                "grantee": BANK,
                "grantee_name": "Bank",
                "purpose": "loan_application",
                "purpose_text": "Decide",
                "questions": ("q",),
                "departments": (),
                "not_before": now,
                "expires_at": now + 3600,
                "max_uses": 3,
                "retention_days": 1,
                "language": "en",
                "text_digest": bytes(32),
                "wording": bytes(32),
                "withdrawal_hash": withdrawal_hash(SECRET),
                "salt": random_bytes(32),
            }
            | changes
        )

    def order(self, member, key, *, positions=(), **changes):
        """Return the next batch of a member's stream, signed, that supersedes ``positions``."""
        words, masks = fold(positions)
        stream = changes.get("stream", ATTESTATIONS)
        head = self.ledger.stream_head(member, stream)
        fields = {
            "member": member,
            "stream": stream,
            "number": head.number + 1,
            "root": random_bytes(32),
            "size": 5,
            "previous_root": head.last_root,
            "superseded_digest": changes_digest(words, masks),
            "deadline": self.now() + SIGNED_FOR_S,
        }
        batch = Batch(**(fields | changes))
        return BatchOrder(batch, sign(batch.digest(self.ledger.anchor_domain), key), words, masks)

    def change(self, member, key, positions, *, plane=Plane.REVOKED, reason=StatusReason.ERASED, **changes):
        """Return a status change, its signature, words and masks; ``changes``: its number, or deadline."""
        words, masks = fold(positions)
        number = changes.get("number", self.ledger.status_number(member) + 1)
        deadline = changes.get("deadline", self.now() + SIGNED_FOR_S)
        change = StatusChange(member, number, plane, changes_digest(words, masks), reason, deadline)
        return change, sign(change.digest(self.ledger.anchor_domain), key), words, masks


class FakeWorld(World):
    """On the fake."""

    is_fake = True

    def __init__(self, _folder=None):
        self.chain = FakeChain()
        self.council = Council(self.chain)
        super().__init__()

    def of(self, key):
        address = None if key is None else address_of(key)
        return FakeLedger(self.chain, relayer=address, registrar=address)

    def now(self):
        return self.chain.now

    def pass_time(self, seconds):
        self.chain.pass_time(seconds)

    def close(self):
        pass


class NodeWorld(World):
    """On the embedded node, in this process."""

    is_fake = False
    rpc_kind, rpc_options = EngineRpc, MappingProxyType({})

    def __init__(self, folder):
        keys = (GOVERNOR, RELAYER_KEY, DEPARTMENT_KEY, STRANGER_KEY, *SPARE_KEYS)
        self._rpc = self.rpc_kind(folder, CHAIN_ID, keys, GENESIS_TIME, **self.rpc_options)
        governor = Sender(self._rpc, CHAIN_ID, GOVERNOR)
        self.book = deploy(self._rpc, governor, [], [], {})
        self.council = VotingCouncil(governor, self.book)
        super().__init__()

    def of(self, key):
        sender = None if key is None else Sender(self._rpc, CHAIN_ID, key)
        return Web3Ledger(self.book, self._rpc, relayer=sender, registrar=sender)

    def now(self):
        return self._rpc.now

    def pass_time(self, seconds):
        self._rpc.now += seconds

    def close(self):
        self._rpc.close()


class LimitedWorld(NodeWorld):
    """Behind what Besu refuses by default, on a chain that is longer than one request for logs may be."""

    rpc_kind, rpc_options = LimitedRpc, MappingProxyType({"blocks": BLOCKS})

    def close(self):
        refusals = self._rpc.limits.refusals
        super().close()
        assert refusals == []


class VotingCouncil:
    """The council of a real chain, behind the methods that the fake's has."""

    def __init__(self, governor, book):
        self._governor, self._book = governor, book

    def add_member(self, member, roles, name, service_url=""):
        self._vote("MemberRegistry", "addMember", member, int(roles), name, service_url)

    def add_roles(self, member, roles):
        self._vote("MemberRegistry", "addRoles", member, int(roles))

    def remove_roles(self, member, roles):
        self._vote("MemberRegistry", "removeRoles", member, int(roles))

    def set_roles(self, member, roles):
        self.add_roles(member, roles)
        if others := EVERY_ROLE & ~roles:
            self.remove_roles(member, others)

    def suspend(self, member):
        self._vote("MemberRegistry", "suspend", member)

    def reactivate(self, member):
        self._vote("MemberRegistry", "reactivate", member)

    def retire(self, member):
        self._vote("MemberRegistry", "retire", member)

    def set_state(self, member, state):
        {ACTIVE: self.reactivate, SUSPENDED: self.suspend, LEFT: self.retire}[state](member)

    def set_successor(self, member, successor):
        self._vote("MemberRegistry", "setSuccessor", member, successor)

    def set_service_url(self, member, service_url):
        self._vote("MemberRegistry", "setServiceUrl", member, service_url)

    def add_key(self, member, key, valid_from=0, valid_until=FOREVER, purposes=EVERY_PURPOSE):
        self._vote("MemberRegistry", "addKey", member, to_hex(key), int(purposes), valid_from, valid_until)

    def end_key(self, key, valid_until=0):
        self._vote("MemberRegistry", "endKey", to_hex(key), valid_until)

    def mark_compromised(self, key, since=0):
        self._vote("MemberRegistry", "markCompromised", to_hex(key), since)

    def restore(self, mark, clear_digest):
        head = (mark.member, int(mark.plane), mark.number, mark.reason, mark.changes_digest, mark.marked_at)
        self._vote("AnchorRegistry", "restore", (*head, mark.actor, to_hex(mark.key)), clear_digest)

    def change_status_for(self, member, plane, reason, words, masks):
        self._vote("AnchorRegistry", "changeStatusFor", member, int(plane), int(reason), list(words), list(masks))

    def set_frozen(self, frozen):
        self._vote("MemberRegistry", "setFrozen", frozen)

    def register_schema(self, schema, name):
        self._vote("SchemaRegistry", "register", schema, name)

    def allow_issuer(self, schema, member):
        self._vote("SchemaRegistry", "allowIssuer", schema, member)

    def disallow_issuer(self, schema, member):
        self._vote("SchemaRegistry", "disallowIssuer", schema, member)

    def name_registrar(self, subject, registrar):
        self._vote("SubjectRegistry", "nameRegistrar", subject, registrar)

    def set_document(self, name, digest):
        self._vote("SchemaRegistry", "setDocument", document_name(name), digest)

    def _vote(self, contract, function, *args):
        proposal = [(to_hex(self._book.contracts[contract]), artifact(contract).encode(function, *args))]
        call = artifact("Council").encode("proposeAndExecute", proposal)
        self._governor.send(self._book.contracts["Council"], call, gas=GAS)
