"""Whether the store takes writes: what the last write came to. Every real write tells, so none is made to find out."""

from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DataError, IntegrityError, NotSupportedError, ProgrammingError

_OF_THE_STATEMENT = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""Errors of what was written and not of the store: a row that is there already, say."""


class WriteHealth:
    """Listens to an engine. Readers end with a rollback, so what commits has written."""

    def __init__(self, engine: Engine) -> None:
        self.have_failed = False
        """Whether the last statement that the store itself refused came after the last commit."""

        @event.listens_for(engine, "handle_error")
        def _refused(context: Any) -> None:  # noqa: ANN401 - SQLAlchemy's listener signature
            error = context.sqlalchemy_exception
            if error is not None and not isinstance(error, _OF_THE_STATEMENT):
                self.have_failed = True

        # told before the store is asked to commit: where that fails, the error comes after it
        @event.listens_for(engine, "commit")
        def _committing(_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's listener signature
            self.have_failed = False
