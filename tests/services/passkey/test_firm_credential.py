"""Whether a firm is registered does not follow from which passkeys may sign in for its credit code."""

import pytest

from api.services.passkey.credential import Credential, Credentials
from api.services.passkey.firm_credential import GROUP, FirmCredentials
from api.sign_in.server.principal import Kind
from ledger_node.domain.passkey import Passkey
from tests.kit.authenticator import Authenticator
from tests.kit.small_instance import REGISTRAR


@pytest.fixture
def answers(instance):
    mac = instance.departments[REGISTRAR].kek.keyed_digest
    return FirmCredentials(Credentials(instance.store), instance.subjects.id_of, mac)


def link(instance, firm, scalar):
    key = Authenticator(scalar)
    passkey = Passkey(key.rp_id_hash, key.public_key)
    made = Credential(
        bytes([scalar]) * 16, Kind.SUBJECT, firm.subject, 1, passkey, "phone", is_synced=True, added_at=instance.now()
    )
    with instance.store.begin() as connection:
        Credentials.add(connection, made)
    return made.id


def test_an_unknown_firm_is_answered_as_a_known_one(instance, firm, answers):
    own = link(instance, firm, 7)
    known, unknown = answers.of(firm.code), answers.of(instance.new_code())
    assert own in known
    assert len(known) == len(unknown) == GROUP
    assert {len(one) for one in known + unknown} <= {16, 20, 32}
    assert answers.of(firm.code) == known
    assert not set(known) & set(unknown)


def test_a_firm_with_many_devices_finds_them_all(instance, firm, answers):
    own = {link(instance, firm, scalar) for scalar in range(7, 7 + GROUP + 1)}
    assert own <= set(answers.of(firm.code))
    assert len(answers.of(firm.code)) == 2 * GROUP


def test_a_firm_without_a_passkey_is_answered_like_any(firm, answers):
    assert len(answers.of(firm.code)) == GROUP
