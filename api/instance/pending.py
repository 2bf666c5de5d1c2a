"""What waits for the ledger, by kind, in the order in which it is tried."""

from collections.abc import Callable

from api.instance.resources import Resources
from api.instance.services import Services
from api.services.issuing.issuer import unanchored
from api.work.resumable import Once, PendingWork, Resumable
from ledger_node import clock


def pending_work(base: Resources, services: Services, *, stops: Callable[[], bool]) -> PendingWork:
    """Return all work that is stored before it is sent. ``stops``: whether to stop trying."""
    closing = Once(services.gaps.close)
    return PendingWork(
        (
            Resumable(
                "batches", lambda: unanchored(base.store), lambda member: services.issuers[member].anchor_pending()
            ),
            Resumable("access_intervals", services.intervals.waiting, lambda _: services.intervals.anchor_pending()),
            Resumable("ledger_gap", closing.waiting, closing.resume),
            Resumable(
                "registrations",
                services.subjects.waiting,
                lambda subject: services.subjects.resume(subject, clock.now()),
            ),
            Resumable("consent_requests", services.consent_requests.waiting, services.consent_requests.resume),
            Resumable("grants", services.consents.waiting, services.consents.resume),
            Resumable("lost_answers", services.unanswered_uses.waiting, services.unanswered_uses.resume),
            Resumable("controller_changes", services.controllers.waiting, services.controllers.resume),
            Resumable("recoveries", services.recoveries.waiting, services.recoveries.resume),
            Resumable("key_removals", base.removals.waiting, lambda _: base.removals.finish()),
        ),
        look=base.ledger.head,
        monotonic=clock.monotonic,
        stops=stops,
    )
