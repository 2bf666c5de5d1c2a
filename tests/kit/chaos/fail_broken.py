"""Faults put into the API on purpose, to see that a walk finds them."""


def takes_what_is_asked_again_for_new():
    """A use that was counted and not answered is not known again: its bank is told to sign another number."""
    from api.services.verification.use_recorder import UseRecorder

    # what is not there any more would be put in without a word
    assert UseRecorder._counted
    UseRecorder._counted = lambda *_: None


def acknowledges_what_is_not_committed():
    """An upload is acknowledged, and the commit that should have been before never comes."""
    from api.services.issuing.upload import Uploads

    # what is not there any more would be put in without a word
    assert Uploads._enqueue
    Uploads._enqueue = lambda *_: None


def notes_an_anchor_that_was_not_sent():
    """A row says that a consent is on the ledger before it is sent, so that no start brings it there."""
    from sqlalchemy import update

    from api.services.consent.grant import ConsentGrants
    from api.storage import table

    real = ConsentGrants.record

    def record(self, held, *args):
        with self._store.begin() as connection:
            noted = update(table.consent).where(table.consent.c.id == held.shown.id).values(transaction=bytes(32))
            connection.execute(noted)
        real(self, held, *args)

    ConsentGrants.record = record


FAULTS = {
    fault.__name__: fault
    for fault in (
        takes_what_is_asked_again_for_new,
        acknowledges_what_is_not_committed,
        notes_an_anchor_that_was_not_sent,
    )
}
