"""Sessions: known by a digest, ended by time or at once, fresh for five minutes."""

import pytest

from api.services.session.session import FIRM, FRESH_S, STAFF, SessionHolder, Sessions
from api.sign_in.server.principal import Kind
from ledger_node.domain.hashing import sha256_digest

NOW = 1_795_000_000
SIGNER = SessionHolder(Kind.SUBJECT, b"\x01" * 32, None, b"phone", "")
OFFICER = SessionHolder(Kind.BANK, b"\x02" * 32, b"\x03" * 16, b"key", "A bank")
COLLEAGUE = SessionHolder(Kind.BANK, b"\x02" * 32, b"\x04" * 16, b"other key", "A bank")


@pytest.fixture
def sessions(instance):
    return Sessions(instance.store)


def start(instance, holder, now=NOW):
    with instance.store.begin() as connection:
        return Sessions.start(connection, holder, now=now)


@pytest.mark.parametrize("holder", [SIGNER, OFFICER])
def test_a_session_is_found_by_its_value_and_stored_by_its_digest(instance, sessions, holder):
    value = start(instance, holder)
    found = sessions.find(value, now=NOW)
    assert (found.holder, found.digest) == (holder, sha256_digest(value.encode()))
    assert sessions.find(found.digest.hex(), now=NOW) is None
    with instance.store.connect() as connection:
        assert value not in str(connection.exec_driver_sql("SELECT * FROM session").all())


@pytest.mark.parametrize(("holder", "limit"), [(SIGNER, FIRM), (OFFICER, STAFF)])
def test_a_session_ends_without_a_request_and_after_its_longest_time(instance, sessions, holder, limit):
    value = start(instance, holder)
    assert sessions.find(value, now=NOW + limit.idle_s) is None
    for now in range(NOW, NOW + limit.longest_s, limit.idle_s - 1):
        assert sessions.find(value, now=now) is not None
    assert sessions.find(value, now=NOW + limit.longest_s) is None


def test_a_passkey_is_fresh_for_five_minutes(instance, sessions):
    value = start(instance, SIGNER)
    assert sessions.find(value, now=NOW).fresh_until == NOW + FRESH_S
    with instance.store.begin() as connection:
        Sessions.freshen(connection, sessions.find(value, now=NOW), now=NOW + 600)
    assert sessions.find(value, now=NOW + 600).fresh_until == NOW + 600 + FRESH_S


def test_one_session_ends_or_all_of_a_firm_or_of_one_person(instance, sessions):
    first, second, officer, colleague = (start(instance, one) for one in (SIGNER, SIGNER, OFFICER, COLLEAGUE))
    sessions.end(first)
    assert sessions.find(first, now=NOW) is None
    assert len(sessions.of(SIGNER, now=NOW)) == sessions.end_all(SIGNER) == 1
    assert sessions.end_all(OFFICER) == 1
    assert [sessions.find(one, now=NOW) is None for one in (second, officer, colleague)] == [True, True, False]
