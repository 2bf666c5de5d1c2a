"""A firm on a ledger of either kind: sets of controllers with their keys, and what these sign."""

from dataclasses import dataclass, field

from ledger_node.domain.controller_act import Cancellation, Hold, Rotation, subject_id
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.randomness import random_bytes

ALWAYS = 2**37 - 1


@dataclass(frozen=True)
class People:
    """A set of so many persons with one key each, and their secrets."""

    secrets: tuple = field(repr=False)
    controllers: Controllers

    @property
    def commitment(self):
        return self.controllers.commitment

    def sign(self, digest, by=None):
        """Signatures of these places of the set, by default of as many as must sign."""
        places = range(self.controllers.threshold) if by is None else by
        return [sign(digest, self.secrets[place]) for place in places]


def people(persons=1, threshold=1):
    """A set of new keys."""
    secrets = tuple(random_bytes(32) for _ in range(persons))
    return People(secrets, Controllers(each_person(map(address_of, secrets)), threshold, random_bytes(32)))


@dataclass
class Firm:
    """A subject and who controls it now."""

    ledger: object
    registrar: bytes
    people: People
    salt: bytes = field(default_factory=lambda: random_bytes(32))

    def __post_init__(self):
        self.id = subject_id(self.ledger.subject_domain, self.registrar, self.people.commitment, self.salt)

    def register(self):
        """Register it, and return what was mined."""
        return self.ledger.register_subject(self.people.commitment, self.salt)

    def rotate(self, heirs, *, entry=1, by=None, shown=None, deadline=ALWAYS, ledger=None):
        """Rotate to other people, on signatures of the present ones."""
        ledger, shown = ledger or self.ledger, shown or self.people
        rotation = Rotation(self.id, entry, heirs.controllers, deadline)
        signatures = shown.sign(rotation.digest(self.ledger.subject_domain), by)
        mined = ledger.rotate(rotation, shown.controllers, signatures)
        self.people = heirs
        return mined

    def request(self, commitment, *, number=1, entry=1, ledger=None):
        """Request a recovery."""
        return (ledger or self.ledger).request_recovery(self.id, number, entry, commitment)

    def cancel(self, commitment, *, number=1, by=(0,), shown=None, deadline=ALWAYS, ledger=None):
        """Cancel a recovery, on signatures of the present people."""
        ledger, shown = ledger or self.ledger, shown or self.people
        act = Cancellation(self.id, number, commitment, deadline)
        signatures = shown.sign(act.digest(self.ledger.subject_domain), by)
        return ledger.cancel_recovery(act, shown.controllers, signatures)

    def hold(self, *, number=1, by=0, shown=None, deadline=ALWAYS, ledger=None):
        """Hold it, on one signature of the present people."""
        ledger, shown = ledger or self.ledger, shown or self.people
        act = Hold(self.id, number, deadline)
        (signature,) = shown.sign(act.digest(self.ledger.subject_domain), [by])
        return ledger.hold(act, shown.controllers, signature)


def new_firm(ledger, registrar, *, persons=1, threshold=1):
    """Register a firm of so many persons."""
    firm = Firm(ledger, registrar, people(persons, threshold))
    firm.register()
    return firm
