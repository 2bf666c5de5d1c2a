"""The fake's part of the council: proposals, votes and delays, by the rules of the Council, in its order."""

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from ledger_node.chain.artifact import artifact
from ledger_node.chain.governance import RULES
from ledger_node.chain.port import (
    NO_DELAYS,
    CouncilLedger,
    CouncilStanding,
    DelayClass,
    Delays,
    Proposal,
    ProposalState,
    Vote,
)
from ledger_node.domain.hashing import keccak
from tests.kit.fake_ledger.access import FakeAccess, address_of_contract
from tests.kit.fake_ledger.chain import require
from tests.kit.fake_ledger.council import Council

LIFETIME = 30 * 86_400
MOST_CALLS = 64
CONTRACTS = ("Council", *RULES)


@dataclass(frozen=True)
class Settings:
    """Who governs, and how."""

    governors: tuple = ()
    threshold: int = 1
    recovery: int = 0
    delays: Delays = NO_DELAYS


@dataclass(frozen=True)
class Held:
    """A proposal as the Council holds it."""

    proposal: Proposal
    decided_at: int = 0
    votes: dict = field(default_factory=dict)


class FakeCouncil(FakeAccess, CouncilLedger):
    """The council of a fake chain as one governor sees it; ``governor``: its address, None where only reads are needed.

    It has no recovery quorum, and no second validator that waits. What it decides of members, keys, schemas and
    documents is done; calls of the council to itself are those of governors, threshold and delays.
    """

    def __init__(self, chain, governor=None):
        super().__init__(chain, relayer=governor)

    @staticmethod
    def found(chain, governors, threshold=1, delays=NO_DELAYS):
        """Let the chain have this council."""
        with chain.transaction() as made:
            made.state.council["settings"] = Settings(tuple(governors), threshold, 0, delays)

    def council(self):
        held = self._settings(self._state)
        count = len(self._state.proposals)
        return CouncilStanding(held.governors, held.threshold, held.recovery, held.delays, count, self.head().time)

    def proposal(self, number):
        held = self._state.proposals.get(number)
        return None if held is None else self._shown(held, self._state, self.head().time)

    def propose(self, calls):
        with self._by_governor() as made:
            require(0 < len(calls) <= MOST_CALLS, "ProposalCallCountInvalid")
            number = len(made.state.proposals) + 1
            digest = keccak(repr((number, tuple(calls))).encode())
            delays = self._settings(made.state).delays
            expires_at = made.time + LIFETIME + max(delays.give, delays.change)
            opened = (number, ProposalState.OPEN, made.time, expires_at, self._relayer)
            made.state.proposals[number] = Held(Proposal(*opened, digest, tuple(calls), (), {}, 0, 0))
            self._vote(made, number, Vote.APPROVE)
        return self.proposal(number)

    def approve(self, number, digest):
        with self._by_governor() as made:
            held = self._open(made, number)
            require(held.proposal.digest == digest, "ProposalDigestWrong")
            require(held.votes.get(self._relayer) is not Vote.APPROVE, "ProposalAlreadyApproved")
            self._vote(made, number, Vote.APPROVE)
        return made.mined

    def disapprove(self, number):
        with self._by_governor() as made:
            held = self._open(made, number)
            require(held.votes.get(self._relayer, Vote.NONE) is not Vote.NONE, "ProposalNotVoted")
            self._vote(made, number, Vote.NONE)
        return made.mined

    def cancel(self, number):
        with self._by_governor() as made:
            held = self._open(made, number)
            require(held.votes.get(self._relayer) is not Vote.CANCEL, "ProposalAlreadyOpposed")
            self._vote(made, number, Vote.CANCEL)
            if self._count(made, number, Vote.CANCEL) >= self._blocking(made):
                self._close(made, number, ProposalState.CANCELLED)
        return made.mined

    def execute(self, number):
        with self._by_governor() as made:
            held = self._open(made, number)
            require(self._count(made, number, Vote.CANCEL) < self._blocking(made), "ProposalBlocked")
            ready_at = self._shown(held, made.state, made.time).ready_at
            require(ready_at, "ProposalLacksApprovals")
            require(made.time >= ready_at, "ProposalEarly")
            self._close(made, number, ProposalState.EXECUTED)
            for call in held.proposal.calls:
                self._make(made, call)
        return made.mined

    @contextmanager
    def _by_governor(self):
        governor = self._as_relayer()
        with self.chain.transaction() as made:
            require(governor in self._settings(made.state).governors, "GovernorUnknown")
            yield made

    @staticmethod
    def _settings(state):
        return state.council.get("settings", Settings())

    def _blocking(self, made):
        held = self._settings(made.state)
        return len(held.governors) - held.threshold + 1

    def _count(self, made, number, vote):
        votes = made.state.proposals[number].votes
        return sum(votes.get(each) is vote for each in self._settings(made.state).governors)

    def _vote(self, made, number, vote):
        held = made.state.proposals[number]
        held = replace(held, votes=held.votes | {self._relayer: vote})
        made.state.proposals[number] = held
        threshold = self._settings(made.state).threshold
        if vote is Vote.APPROVE and self._count(made, number, vote) == threshold:
            made.state.proposals[number] = replace(held, decided_at=made.time)

    @staticmethod
    def _close(made, number, state):
        held = made.state.proposals[number]
        made.state.proposals[number] = replace(held, proposal=replace(held.proposal, state=state))

    @staticmethod
    def _open(made, number):
        held = made.state.proposals.get(number)
        require(held is not None, "ProposalUnknown")
        require(held.proposal.state is ProposalState.OPEN, "ProposalNotOpen")
        require(made.time <= held.proposal.expires_at, "ProposalExpired")
        return held

    def _shown(self, held, state, now):
        settings = self._settings(state)
        classes = tuple(self._class_of(call) for call in held.proposal.calls)
        calls = zip(held.proposal.calls, classes, strict=True)
        wait_s = max(self._wait(call, one, settings.delays, now) for call, one in calls)
        votes = {each: held.votes.get(each, Vote.NONE) for each in settings.governors}
        approved = sum(vote is Vote.APPROVE for vote in votes.values()) >= settings.threshold
        ready_at = held.decided_at + wait_s if approved and held.decided_at else 0
        return replace(held.proposal, classes=classes, votes=votes, wait_s=wait_s, ready_at=ready_at)

    @staticmethod
    def _call(call):
        contract = next((name for name in CONTRACTS if address_of_contract(name) == call.target), None)
        named = None if contract is None else artifact(contract).call(call.data)
        return (contract, *(named or ("", {})))

    def _class_of(self, call):
        contract, function, _ = self._call(call)
        if contract == "Council":
            return DelayClass.CHANGE
        return RULES.get(contract, {}).get(function, DelayClass.UNKNOWN)

    def _wait(self, call, delay_class, delays, now):
        _, _, arguments = self._call(call)
        match delay_class:
            case DelayClass.TAKE | DelayClass.TAKE_ONE:
                return 0
            case DelayClass.TAKE_FORWARD:
                since = arguments["from"]
                return 0 if since == 0 or since >= now else delays.give
            case DelayClass.TAKE_IF_TRUE:
                return 0 if arguments["frozen_"] else delays.give
            case DelayClass.GIVE:
                return delays.give
            case DelayClass.CHANGE:
                return delays.change
            case _:
                return max(delays.give, delays.change)

    def _make(self, made, call):
        contract, function, arguments = self._call(call)
        values = list(arguments.values())
        if contract == "Council":
            made.state.council["settings"] = changed(self._settings(made.state), function, values)
            return
        getattr(Council(_Running(made)), METHODS[function])(*map(plain, values))


class _Running:
    """A chain on which a transaction runs already."""

    def __init__(self, made):
        self._made = made

    def transaction(self):
        return nullcontext(self._made)


def changed(settings, function, values):
    """The settings of the council after a call to itself."""
    match function:
        case "addGovernor":
            return replace(settings, governors=(*settings.governors, plain(values[0])))
        case "removeGovernor":
            return replace(settings, governors=tuple(one for one in settings.governors if one != plain(values[0])))
        case "setThreshold":
            threshold, recovery = values
            count = len(settings.governors)
            require(0 < threshold <= count and recovery < threshold, "CouncilThresholdInvalid")
            require(not (threshold == count > 1 and recovery == 0), "CouncilUnanimityWithoutRecovery")
            return replace(settings, threshold=threshold, recovery=recovery)
        case "setDelays":
            return replace(settings, delays=Delays(*values))
        case _:
            raise NotImplementedError(function)


def plain(value):
    """An argument as the fake's council takes it: an address as bytes."""
    return bytes.fromhex(value[2:]) if isinstance(value, str) and len(value) == 42 and value.startswith("0x") else value


METHODS = {
    "addMember": "add_member",
    "addRoles": "add_roles",
    "removeRoles": "remove_roles",
    "suspend": "suspend",
    "reactivate": "reactivate",
    "retire": "retire",
    "setSuccessor": "set_successor",
    "setServiceUrl": "set_service_url",
    "endKey": "end_key",
    "markCompromised": "mark_compromised",
    "setFrozen": "set_frozen",
    "register": "register_schema",
    "allowIssuer": "allow_issuer",
    "disallowIssuer": "disallow_issuer",
}
