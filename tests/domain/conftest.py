import re

import pytest

from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason
from tests.kit.world import build

WORDS = re.compile(r"(?:[a-z0-9']|JSON (?=.*[a-z])).*[^.]\Z")
"""A message goes on after a colon, as in "refused off_ladder: this threshold …"; it has no full stop."""


@pytest.fixture(scope="session")
def valid():
    """A world in which everything checks; worlds never change."""
    return build()


@pytest.fixture(scope="session", autouse=True)
def _every_refusal_is_one_for_people_and_programs():
    """Whatever a test provokes here, the refusal has a reason for programs and words for people."""
    make = CredenceError.__init__

    def checked(self, reason, message, *, field=None):
        assert isinstance(reason, Reason)
        assert WORDS.match(message)
        assert field is None or field
        make(self, reason, message, field=field)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CredenceError, "__init__", checked)
        yield
