"""What the port's own suite asks for again and again: ids, refusals, and a call of every method that writes."""

import pytest

from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.event import Inclusion
from ledger_node.domain.status import Mark, Plane
from ledger_node.randomness import random_bytes
from tests.kit.ledger_consent import Asked, Granted
from tests.kit.ledger_firm import Firm, people
from tests.kit.ledger_world import (
    DEPARTMENT,
    DEPARTMENT_KEY,
    FakeWorld,
)

ACTIVE, SUSPENDED, LEFT = 1, 2, 3
NOTHING = bytes(32)
UNKNOWN_MARK = Mark(NOTHING, Plane.REVOKED, 1, 1, NOTHING, 0, NOTHING, bytes(20))


def id_():
    return random_bytes(32)


def refusal(call, *arguments, **options):
    """Return error and reason with which the contract refuses; nothing is mined."""
    with pytest.raises(ContractRevertError) as refused:
        call(*arguments, **options)
    return refused.value.error, refused.value.reason


def recorded(mined):
    return Inclusion(mined.transaction, mined.block.number, mined.block.hash, mined.block.time)


def granted(world, **changes):
    return Granted.of(world, **changes).granted().id


def record_of(ledger, consent):
    return ledger.consents([consent])[0][0]


def writes(world, ledger):
    """Return a call of every method that writes."""
    order, consent = world.order(DEPARTMENT, DEPARTMENT_KEY), Granted.of(world)
    return {
        "anchor": lambda: ledger.anchor(order),
        "change_status": lambda: ledger.change_status(*world.change(DEPARTMENT, DEPARTMENT_KEY, [0])),
        "clear": lambda: ledger.clear(UNKNOWN_MARK, [0], [1], [1]),
        "confirm": lambda: ledger.confirm(UNKNOWN_MARK, [0], [1]),
        "register_subject": lambda: ledger.register_subject(id_(), id_()),
        "rotate": lambda: Firm(ledger, id_(), people()).rotate(people()),
        "request_recovery": lambda: ledger.request_recovery(id_(), 1, 1, id_()),
        "cancel_recovery": lambda: Firm(ledger, id_(), people()).cancel(id_()),
        "abandon_recovery": lambda: ledger.abandon_recovery(id_(), 1),
        "complete_recovery": lambda: ledger.complete_recovery(id_(), 1),
        "hold": lambda: Firm(ledger, id_(), people()).hold(),
        "hold_by_registrar": lambda: ledger.hold_by_registrar(id_(), 1),
        "request_consent": lambda: ledger.request_consent(id_()),
        "refuse_consent": lambda: ledger.refuse_consent(Asked.of(world).answer()),
        "grant": lambda: ledger.grant(consent.order()),
        "change_consent": lambda: ledger.change_consent(consent.pause()),
        "withdraw": lambda: ledger.withdraw(consent.by_secret()),
        "record_uses": lambda: ledger.record_uses([consent.use(), consent.use()]),
        "follow_freeze": ledger.follow_freeze,
    }


WRITES = sorted(writes(FakeWorld(), FakeWorld().ledger))
BY_ANYBODY = {"anchor", "change_status", "clear", "confirm", "rotate", "cancel_recovery", "hold"}
BY_ANYBODY |= {"refuse_consent", "change_consent", "withdraw", "record_uses", "follow_freeze"}
