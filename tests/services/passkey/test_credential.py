"""Passkeys by the ids that browsers know them by: linked once, found until they end."""

from dataclasses import replace

import pytest

from api.services.passkey.credential import Credential, Credentials
from api.sign_in.server.principal import Kind
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from tests.kit.authenticator import Authenticator
from tests.kit.small_instance import refused

OWNER = b"\x07" * 32


@pytest.fixture
def credential():
    device = Authenticator(4_321)
    passkey = Passkey(sha256_digest(b"localhost"), device.public_key)
    return Credential(b"one", Kind.SUBJECT, OWNER, 1, passkey, "A phone", is_synced=True, added_at=5)


def add(store, *credentials):
    with store.begin() as connection:
        for one in credentials:
            Credentials.add(connection, one)


def test_a_passkey_is_found_as_it_was_linked(instance, credential):
    add(instance.store, credential)
    assert Credentials(instance.store).find(credential.id) == credential
    assert Credentials(instance.store).find(b"another") is None


def test_a_passkey_is_linked_once(instance, credential):
    add(instance.store, credential)
    assert refused(add, instance.store, replace(credential, owner=b"\x08" * 32)) is Reason.PASSKEY_EXISTS


def test_the_passkeys_of_a_firm_come_in_the_order_of_their_linking(instance, credential):
    later, other = replace(credential, id=b"a", added_at=6), replace(credential, id=b"b", owner=b"\x08" * 32)
    add(instance.store, later, credential, other)
    assert Credentials(instance.store).of_owner(OWNER) == [credential, later]


def test_a_passkey_that_ended_is_found_no_more(instance, credential):
    add(instance.store, credential)
    with instance.store.begin() as connection:
        Credentials.end(connection, credential.id, now=9)
    credentials = Credentials(instance.store)
    assert (credentials.find(credential.id), credentials.of_owner(OWNER)) == (None, [])
