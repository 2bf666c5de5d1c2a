"""What the controllers of a firm of a small instance sign about it, and what comes to the ledger past the instance."""

from api.services.subject.controller_change import ControllerState
from ledger_node.domain.controller_act import Cancellation, Hold, Rotation

SIGNING_TIME = 1000


def rotation(instance, firm, controllers, *, entry=1, deadline=None):
    """A rotation, and the signatures of the firm's keys on it."""
    made = Rotation(firm.subject, entry, controllers, deadline or instance.now() + SIGNING_TIME)
    return made, firm.sign(made.digest(instance.ledger.subject_domain))


def cancellation(instance, firm, number, commitment, *, deadline=None):
    """The signatures of the firm's keys on a cancellation, and its deadline."""
    made = Cancellation(firm.subject, number, commitment, deadline or instance.now() + SIGNING_TIME)
    return firm.sign(made.digest(instance.ledger.subject_domain)), made.deadline


def hold(instance, firm, *, number=1, deadline=None):
    """A hold, and the signatures of the firm's keys on it."""
    made = Hold(firm.subject, number, deadline or instance.now() + SIGNING_TIME)
    return made, firm.sign(made.digest(instance.ledger.subject_domain))


def rotate_here(instance, firm, controllers):
    """Rotate through the instance, without the checks of its service; the grants that wait go on waiting."""
    made, signatures = rotation(instance, firm, controllers)
    change = ControllerState(firm.subject, 1, controllers, signatures=signatures, deadline=made.deadline)
    with instance.history.settled(firm.subject):
        return instance.history.append(change)


def rotate_elsewhere(instance, firm, controllers, *, entry=1):
    """Let the firm's keys rotate through somebody else's node, so that the instance does not learn the new set."""
    made, signatures = rotation(instance, firm, controllers, entry=entry)
    retiring = instance.history.current(firm.subject).controllers
    return instance.other.rotate(made, retiring, signatures)
