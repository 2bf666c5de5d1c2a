"""What the port's own suite asks for again and again: ids, refusals, and a call of every method that writes."""

import pytest

from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.consent import Change
from ledger_node.domain.event import Inclusion
from ledger_node.domain.status import Mark, Plane
from ledger_node.randomness import random_bytes
from tests.kit.ledger_firm import Firm, people
from tests.kit.ledger_world import (
    DEPARTMENT,
    DEPARTMENT_KEY,
    SECRET,
    FakeWorld,
)

ACTIVE, SUSPENDED, LEFT = 1, 2, 3
NOTHING = bytes(32)
UNKNOWN_MARK = Mark(NOTHING, Plane.REVOKED, 1, 1, NOTHING, 0, NOTHING, bytes(20))
UNKNOWN, WITHDRAWN, NOT_YET_VALID, EXPIRED, EXHAUSTED, PAUSED = range(6)


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
    consent = id_()
    world.ledger.grant(consent, world.terms(**changes))
    return consent


def record_of(ledger, consent):
    return ledger.consents([consent])[0][0]


def writes(world, ledger):
    """Return a call of every method that writes."""
    terms, order = world.terms(), world.order(DEPARTMENT, DEPARTMENT_KEY)
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
        "refuse_consent": lambda: ledger.refuse_consent(id_()),
        "grant": lambda: ledger.grant(id_(), terms),
        "change_consent": lambda: ledger.change_consent(id_(), Change.PAUSE, 1),
        "withdraw": lambda: ledger.withdraw(id_(), SECRET),
        "withdraw_by_request": lambda: ledger.withdraw_by_request(id_()),
        "record_uses": lambda: ledger.record_uses([(id_(), id_())]),
    }


WRITES = sorted(writes(FakeWorld(), FakeWorld().ledger))
BY_ANYBODY = {"anchor", "change_status", "clear", "confirm", "withdraw", "rotate", "cancel_recovery", "hold"}
