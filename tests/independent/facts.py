"""Check 4: all facts that the other checks rest on, and no node left over (clause 16, State)."""

from dataclasses import dataclass, replace

from .errors import need
from .form import Bundle
from .history import History
from .state import ConsentRecord, KeyRecord, State
from .trust import Trust


@dataclass
class Facts:
    """What the registries say at the block."""

    anchored: dict[tuple[bytes, int, int], bytes]
    status: dict[tuple[bytes, int, int], bool]
    keys: dict[tuple[bytes, bytes], KeyRecord]
    may_issue: dict[tuple[bytes, bytes], tuple[int, int]]
    named: dict[bytes, bool]
    consent: ConsentRecord
    history: History
    standing: tuple[int, int] | None

    def mark(self, key: tuple[bytes, bytes], compromised_from: int) -> None:
        """A later statement counts where it is earlier, or where there was none."""
        record = self.keys.get(key)
        if record and compromised_from and not 0 < record.compromised_from <= compromised_from:
            self.keys[key] = replace(record, compromised_from=compromised_from)
            self.history.compromised[key] = compromised_from


def read(bundle: Bundle, trust: Trust) -> Facts:
    """Prove every fact that is needed, and that no node is left over."""
    state = State(bundle.block.state_root, bundle.nodes, trust)
    state.codes()
    everything, receipt = bundle.all_attestations(), bundle.receipt
    keys = {(a.anchor.member, a.anchor.key) for a in everything} | (
        {(receipt.member, receipt.key)} if receipt else set()
    )
    keys |= set(bundle.asked.keys)
    facts = Facts(
        {a.anchor.batch(): state.anchored(*a.anchor.batch()) for a in everything},
        {
            (a.anchor.member, plane, a.position()): state.status(a.anchor.member, plane, a.position())
            for a in everything
            for plane in (0, 1)
        },
        {key: state.key(*key) for key in keys},
        {
            (a.header.issuer, a.header.schema_id): state.may_issue(a.header.issuer, a.header.schema_id)
            for a in everything
        },
        {member: state.is_named(member, name.encode()) for member, name in bundle.members.items()},
        state.consent(bundle.consent.id),
        state.history(bundle.consent.terms.subject, bundle.asked),
        state.standing(receipt.member) if receipt else None,
    )
    need(state.nodes.all_used(), "state_proof_unneeded")
    facts.history.compromised = {key: record.compromised_from for key, record in facts.keys.items()}
    times = facts.consent.times(bundle.block.time)
    if times:
        facts.history.exact(bundle.asked, times)
    return facts
