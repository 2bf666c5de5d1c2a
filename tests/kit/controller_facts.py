"""Facts about who controls a subject: entries, holds and the records of the registrar's keys."""

from ledger_node.domain.controller_entry import ControllerEntry, ControllerHistory, EntryKind
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.fact import KeyPurpose, KeyRecord, LedgerFacts
from ledger_node.domain.subject import Controllers, each_person

SUBJECT, REGISTRAR = b"\x51" * 32, b"\x52" * 32
KEY, OTHER_KEY = b"\x61" * 20, b"\x62" * 20
NO_KEY, NOBODY = bytes(20), bytes(32)
FOREVER = 2**64 - 1


def controllers_of(number):
    """A set of one that stands for a number."""
    return Controllers(each_person([bytes([number]) * 20]), 1, bytes([number]) * 32)


def registered(controllers, since, key=KEY):
    """A registration."""
    return ControllerEntry(controllers.commitment, key, since, EntryKind.REGISTERED, 0, REGISTRAR)


def rotated(controllers, since, *, root):
    """A rotation that rests on the entry of this index."""
    return ControllerEntry(controllers.commitment, NO_KEY, since, EntryKind.ROTATED, root, NOBODY)


def recovered(controllers, since, *, link, key=KEY):
    """A recovery from the entry of this index."""
    return ControllerEntry(controllers.commitment, key, since, EntryKind.RECOVERED, link, REGISTRAR)


def history(entries, holds=()):
    """All that there is of a subject."""
    return ControllerHistory(
        dict(enumerate(entries)), {len(entries): 0}, {**dict(enumerate(holds, start=1)), len(holds) + 1: 0}
    )


def records(compromised=()):
    """The records of both keys of the registrar. ``compromised``: from when, by key."""
    marks = dict(compromised)
    return {(REGISTRAR, key): KeyRecord(0, FOREVER, marks.get(key, 0), KeyPurpose.REGISTER) for key in (KEY, OTHER_KEY)}


def facts_with(entries, compromised=(), holds=()):
    """Facts that tell all of a subject."""
    domain = SigningDomain(1, b"\x01" * 20)
    return LedgerFacts(
        block_number=1,
        block_hash=bytes(32),
        block_time=10**9,
        anchor_domain=domain,
        consent_domain=domain,
        keys=records(compromised),
        controllers=history(entries, holds),
    )
