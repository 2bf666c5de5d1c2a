"""The storage of Council and of the registries that it owns from their events alone (K17), by the interfaces' prose."""

from eth_abi import encode
from eth_utils import keccak

from tests.kit.contract_anchor import mark_digest, mark_of
from tests.kit.contract_set import FOREVER, ZERO
from tests.kit.storage_root import at, elements, number, packed

EXECUTED, CANCELLED = 2, 3
APPROVE, CANCEL = 1, 2
ANCHOR_TYPES = ("bytes32", "uint8", "uint64", "bytes32", "uint32", "uint64", "uint64", "address")


def stored_bytes(slot, data):
    """Where Solidity keeps bytes or a string that begin at this slot."""
    data = data.encode() if isinstance(data, str) else data
    if len(data) < 32:
        return {slot: number(data.ljust(31, b"\0") + bytes([2 * len(data)]))}
    words = range(0, len(data), 32)
    kept = {elements(slot) + n // 32: number(data[n : n + 32].ljust(32, b"\0")) for n in words}
    return {slot: 2 * len(data) + 1, **kept}


class Replay:
    """What events have told so far: ``_Name`` takes the event of this name."""

    def __init__(self):
        self.made = {}

    def take(self, name, told):
        """Apply the next event."""
        getattr(self, f"_{name}")(told)

    def slots(self):
        """Every slot that is stored."""
        return self.made

    def _OwnershipTransferred(self, told):  # noqa: N802 - the event's name
        self.made[0] = number(told["newOwner"])


class CouncilReplay(Replay):
    """The council's storage."""

    def __init__(self):
        super().__init__()
        self.governors, self.seats, self.settings = [], {}, [0, 0, 0, 0, 0]
        self.proposals, self.votes, self.rules, self.terms = {}, {}, {}, 0

    def _GovernorAdded(self, told):  # noqa: N802 - the event's name
        self.terms = told["term"]
        self.governors.append(told["governor"])
        self.seats[told["governor"]] = [told["term"], told["counter"]]

    def _GovernorRemoved(self, told):  # noqa: N802 - the event's name
        place = self.governors.index(told["governor"])
        self.governors[place] = self.governors[-1]
        self.governors.pop()
        self.seats[told["governor"]][0] = 0

    def _ThresholdChanged(self, told):  # noqa: N802 - the event's name
        self.settings[:2] = told["threshold"], told["recovery"]

    def _DelaysChanged(self, told):  # noqa: N802 - the event's name
        self.settings[2:4] = told["give"], told["change"]

    def _OneTaken(self, told):  # noqa: N802 - the event's name
        self.settings[4] = told["takenAt"]

    def _RuleChanged(self, told):  # noqa: N802 - the event's name
        self.rules[told["target"], told["selector"]] = told["class"]

    def _ProposalOpened(self, told):  # noqa: N802 - the event's name
        self.proposals[told["number"]] = {**told, "state": 1, "decidedAt": 0, "secondedAt": 0}

    def _ProposalDecided(self, told):  # noqa: N802 - the event's name
        self.proposals[told["number"]] |= told

    _ProposalSeconded = _ProposalDecided

    def _ProposalExecuted(self, told):  # noqa: N802 - the event's name
        self.proposals[told["number"]]["state"] = EXECUTED

    def _ProposalCancelled(self, told):  # noqa: N802 - the event's name
        self.proposals[told["number"]]["state"] = CANCELLED

    def _vote(self, told, vote):
        governor = told["governor"]
        self.votes[told["digest"], governor] = vote
        self.seats[governor][1] = told.get("counter", self.seats[governor][1])

    def _ProposalApproved(self, told):  # noqa: N802 - the event's name
        self._vote(told, (self.seats[told["governor"]][0], APPROVE))

    def _ProposalOpposed(self, told):  # noqa: N802 - the event's name
        self._vote(told, (self.seats[told["governor"]][0], CANCEL))

    def _ProposalDisapproved(self, told):  # noqa: N802 - the event's name
        self._vote(told, (0, 0))

    def slots(self):
        """Every slot that is stored."""
        widths = (32, 32, 64, 64, 64)
        made = {2: packed(*zip(self.settings, widths, strict=True)), 3: len(self.governors)}
        made |= {elements(3) + place: number(governor) for place, governor in enumerate(self.governors)}
        made |= {4: self.terms, 6: len(self.proposals)}
        made |= {at(governor, 5): packed((seat[0], 64), (seat[1], 64)) for governor, seat in self.seats.items()}
        for digest_and_governor, vote in self.votes.items():
            digest, governor = digest_and_governor
            made[at(governor, at(digest, 8))] = packed((vote[0], 64), (vote[1], 8))
        for (target, selector), kind in self.rules.items():
            # bytes4 is left-aligned as a key
            made[at(selector.ljust(32, b"\0"), at(target, 9))] = kind
        for index, proposal in self.proposals.items():
            made |= self._proposal(at(index, 7), proposal)
        return made

    def _proposal(self, place, proposal):
        names = (("state", 8), ("openedAt", 40), ("expiresAt", 40), ("proposer", 160))
        made = {place: packed(*((proposal[name], bits) for name, bits in names))}
        made[place + 1] = packed((proposal["decidedAt"], 40), (proposal["secondedAt"], 40))
        made[place + 2] = number(proposal["digest"])
        made[place + 3] = len(proposal["calls"])
        for index, call in enumerate(proposal["calls"]):
            where = elements(place + 3) + 2 * index
            made[where] = number(call["target"])
            made |= stored_bytes(where + 1, call["data"])
        return made


class MemberReplay(Replay):
    """The member registry's storage."""

    def __init__(self):
        super().__init__()
        self.members, self.keys, self.validators = {}, {}, {}

    def _MemberAdded(self, told):  # noqa: N802 - the event's name
        self.members[told["id"]] = {**told, "state": 1, "since": told["addedAt"], "successor": ZERO}

    def _update(self, told):
        self.members[told["id"]] |= told

    _MemberRolesChanged = _MemberStateChanged = _MemberSuccessorChanged = _MemberServiceUrlChanged = _update

    def _KeyAdded(self, told):  # noqa: N802 - the event's name
        self.keys[told["key"]] = {**told, "compromisedFrom": 0}

    def _key(self, told):
        self.keys[told["key"]] |= told

    _KeyEnded = _KeyCompromised = _key

    def _ValidatorAdded(self, told):  # noqa: N802 - the event's name
        self.validators[told["validator"]] = {**told, "removedAt": 0}

    def _ValidatorRemoved(self, told):  # noqa: N802 - the event's name
        self.validators[told["validator"]] |= told

    def _MembersFrozenChanged(self, told):  # noqa: N802 - the event's name
        self.made[5] = int(told["frozen"])

    def slots(self):
        """Every slot that is stored."""
        made = dict(self.made)
        for member_id, member in self.members.items():
            place = at(member_id, 1)
            names = (("roles", 8), ("state", 8), ("addedAt", 64), ("since", 64))
            made[place] = packed(*((member[name], bits) for name, bits in names))
            made[place + 1] = number(member["successor"])
            made |= stored_bytes(place + 2, member["name"]) | stored_bytes(place + 3, member["serviceUrl"])
        for key, record in self.keys.items():
            names = (("validFrom", 64), ("validUntil", 64), ("compromisedFrom", 64), ("purposes", 8))
            made[at(key, at(record["id"], 2))] = packed(*((record[name], bits) for name, bits in names))
            made[at(key, 3)] = number(record["id"])
        for validator, record in self.validators.items():
            made[at(validator, 4)] = number(record["member"])
            made[at(validator, 4) + 1] = packed((record["admittedAt"], 64), (record["removedAt"], 64))
        return made


class SchemaReplay(Replay):
    """The schema registry's storage."""

    def _SchemaRegistered(self, told):  # noqa: N802 - the event's name
        place = at(told["schemaId"], 1)
        self.made |= {place: told["registeredAt"], **stored_bytes(place + 1, told["name"])}

    def _IssuerAllowed(self, told):  # noqa: N802 - the event's name
        self.made[at(told["member"], at(told["schemaId"], 2))] = packed((told["from"], 64), (FOREVER, 64))

    def _IssuerDisallowed(self, told):  # noqa: N802 - the event's name
        place = at(told["member"], at(told["schemaId"], 2))
        self.made[place] = packed((self.made[place] & FOREVER, 64), (told["until"], 64))

    def _DocumentSet(self, told):  # noqa: N802 - the event's name
        self.made[at(told["name"], 3)] = number(told["digest"])


class AnchorReplay(Replay):
    """The anchor registry's storage."""

    def _BatchAnchored(self, told):  # noqa: N802 - the event's name
        member, stream, index = (told[name] for name in ("member", "stream", "number"))
        head = at(stream, at(member, 3))
        self.made[head] = packed((index, 64), (told["start"] + told["size"], 64))
        self.made[head + 1] = number(told["root"])
        digest = keccak(encode(ANCHOR_TYPES, list(told.values())))
        self.made[at(index, at(stream, at(member, 4)))] = number(digest)

    def _set(self, told, masks, *, bits):
        for word, mask in zip(told["words"], masks, strict=True):
            place = at(word, at(told["plane"], at(told["member"], 5)))
            before = self.made.get(place, 0)
            self.made[place] = before | mask if bits else before & ~mask

    def _StatusChanged(self, told):  # noqa: N802 - the event's name
        member, index, by_batch = told["member"], told["number"], told["reason"] == 0
        if not by_batch:
            self.made[at(member, 6)] = index
        self.made[at(index, at(int(by_batch), at(member, 7)))] = number(mark_digest(mark_of(told)))
        self._set(told, told["masks"], bits=True)

    def _StatusRestoreAgreed(self, told):  # noqa: N802 - the event's name
        self.made[at(told["markDigest"], 8)] = number(told["clearDigest"])

    def _StatusRestored(self, told):  # noqa: N802 - the event's name
        self.made[at(told["markDigest"], 8)] = 0
        self._set(told, told["cleared"], bits=False)

    def _StatusConfirmed(self, told):  # noqa: N802 - the event's name
        self._set(told, told["masks"], bits=True)
