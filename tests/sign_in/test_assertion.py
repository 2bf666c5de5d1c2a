"""Case A3: who signs in is whoever has a key in force, says so to this instance, now, and once."""

import pytest
from sqlalchemy import select

from api.client.credential import Credential
from api.sign_in.protocol.assertion import make_assertion, stated_keys
from api.sign_in.protocol.jose import Signed, public_part, sign
from api.sign_in.protocol.proof import Target, make_proof
from api.sign_in.server import service
from api.storage.table import access_token, assertion_used
from ledger_node.chain.port import Member, Role
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.fact import KeyPurpose, KeyRecord
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of
from ledger_node.domain.signature import sign as sign_digest
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.randomness import random_bytes
from tests.kit.sign_in import ALWAYS, NOW, TOKEN_URL, URL, new_key, refused


@pytest.fixture
def bank(desk):
    return desk.join()


def forged(credential, header=None, *, leave_out=(), **claims):
    """Return an assertion with changed members."""
    who = credential.client
    made = {"iss": who, "sub": who, "aud": URL, "jti": "a", "iat": NOW, "exp": NOW + 60, **claims}
    full = {"alg": public_part(credential.key).algorithm, **credential.header, **(header or {})}
    return sign(full, {name: value for name, value in made.items() if name not in leave_out}, credential.key)


def ask(desk, assertion, now=NOW):
    return desk.token(None, new_key(), assertion=assertion, now=now)


@pytest.mark.parametrize("curve", ["P-256", "Ed25519"])
@pytest.mark.parametrize(
    ("roles", "kind"),
    [
        (Role.BANK, "bank"),
        (Role.DEPARTMENT, "department"),
        (Role.DEPARTMENT | Role.REGISTRAR, "registrar"),
        (Role.RELAYER, "operator"),
    ],
)
def test_a_member_signs_in_with_what_it_published(desk, curve, roles, kind):
    member, key = desk.join(roles, new_key(curve)), new_key()
    assert desk.call(desk.token(member.credential, key), key).kind == kind


def test_the_older_name_of_ed25519_counts_as_well(desk):
    bank = desk.join(key=new_key("Ed25519"))
    assert ask(desk, forged(bank.credential, {"alg": "EdDSA"}))


def test_each_controller_signs_in_for_its_subject(desk):
    for credential in desk.shop(controllers=3):
        key = new_key()
        principal = desk.call(desk.token(credential, key), key)
        assert (principal.kind, to_hex(principal.id)) == ("subject", credential.client)


def test_a_controller_that_was_rotated_out_is_refused_at_once(desk):
    (old,), (new,) = desk.shop(), desk.shop()
    subject = bytes.fromhex(old.client[2:])
    assert desk.token(old, new_key())
    desk.subjects[subject] = desk.subjects[bytes.fromhex(new.client[2:])]
    refused("client_unknown", desk.token, old, new_key())
    successor = Credential(old.client, new.header, new.key)
    assert desk.token(successor, new_key())


@pytest.mark.parametrize(
    "audience", ["https://other.example", TOKEN_URL, f"{URL}/", [URL, "https://other.example"], [], None, {"a": URL}, 5]
)
def test_a3_an_assertion_for_another_audience_is_refused(desk, bank, audience):
    refused("assertion_other_audience", ask, desk, forged(bank.credential, aud=audience))


def test_a3_an_assertion_is_used_once(desk, bank):
    assertion = bank.credential.assertion(URL, now=NOW)
    assert ask(desk, assertion)
    refused("assertion_replayed", ask, desk, assertion)
    refused("assertion_replayed", ask, desk, assertion, now=NOW + 59)
    refused("assertion_time", ask, desk, assertion, now=NOW + 60)


def test_a3_a_restart_does_not_make_an_assertion_count_again(desk, bank):
    assertion = bank.credential.assertion(URL, now=NOW)
    assert ask(desk, assertion)
    desk.start(NOW + 1)
    refused("assertion_replayed", ask, desk, assertion, now=NOW + 2)


def test_used_assertions_and_ended_tokens_are_forgotten(desk, bank):
    for minutes in range(20):
        now = NOW + 60 * minutes
        ask(desk, bank.credential.assertion(URL, now=now), now=now)
    with desk.store.connect() as connection:
        counts = [len(connection.execute(select(table)).all()) for table in (access_token, assertion_used)]
    assert counts == [5, 1]


def test_a3_a_rotated_out_key_is_refused_at_once_and_its_tokens_end(desk, bank):
    old, key = bank.credential, new_key()
    token = desk.token(old, key)
    desk.rotate(bank, new_key())
    refused("client_unknown", desk.token, old, new_key())
    refused("token_unknown", desk.call, token, key)
    assert desk.token(bank.credential, new_key())


def test_keys_overlap_where_the_member_wants_it(desk, bank):
    old = bank.credential
    desk.rotate(bank, new_key(), old.key)
    assert desk.token(old, new_key())
    assert desk.token(bank.credential, new_key())


@pytest.mark.parametrize("off", [-60, -3600, 11, 60])
def test_an_assertion_whose_iat_is_off_is_refused(desk, bank, off):
    refused("assertion_time", ask, desk, forged(bank.credential, iat=NOW + off, exp=NOW + 3600))


def test_an_assertion_that_has_expired_is_refused(desk, bank):
    refused("assertion_time", ask, desk, forged(bank.credential, exp=NOW))


@pytest.mark.parametrize("leave_out", ["iss", "sub", "jti", "iat", "exp", "aud"])
def test_an_assertion_without_one_of_its_claims_is_refused(desk, bank, leave_out):
    assert (
        leave_out in refused("assertion_malformed", ask, desk, forged(bank.credential, leave_out=[leave_out])).message
    )


def test_an_assertion_about_somebody_else_is_refused(desk, bank):
    refused("assertion_malformed", ask, desk, forged(bank.credential, iss="0x" + "11" * 32))
    other = desk.join().credential.client
    refused("client_unknown", ask, desk, forged(bank.credential, iss=other, sub=other))


def test_a_proof_is_no_assertion(desk, bank):
    refused("assertion_malformed", ask, desk, forged(bank.credential, {"typ": "dpop+jwt"}))


def test_a_key_of_another_kind_than_the_algorithm_says_is_refused(desk, bank):
    (shop,) = desk.shop()
    header = {"jwk": dict(public_part(new_key()).jwk)}
    refused("assertion_malformed", ask, desk, forged(shop, {**header, "alg": "ES256K"}))
    refused("assertion_malformed", ask, desk, forged(Credential(shop.client, {}, shop.key)))
    as_member = Credential(bank.credential.client, {"kid": "x"}, new_key("Ed25519"))
    refused("client_unknown", ask, desk, forged(as_member))


def test_a_member_that_is_suspended_does_not_sign_in(desk, bank):
    desk.chain.members[bank.id] = Member(bank.id, "A bank", Role.BANK, False, "")
    refused("member_not_active", desk.token, bank.credential, new_key())


def test_a_member_without_a_role_does_not_sign_in(desk, bank):
    desk.chain.members[bank.id] = Member(bank.id, "A bank", Role(0), True, "")
    refused("member_not_active", desk.token, bank.credential, new_key())


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (KeyRecord(0, NOW, 0, KeyPurpose.SIGN_IN), "key_not_valid"),
        (KeyRecord(NOW + 1, NOW + 9, 0, KeyPurpose.SIGN_IN), "key_not_valid"),
        (KeyRecord(0, NOW + 9, NOW, KeyPurpose.SIGN_IN), "key_compromised"),
        (KeyRecord(0, NOW + 9, 0, ~KeyPurpose.SIGN_IN), "key_purpose_wrong"),
    ],
)
def test_sign_in_keys_end_with_the_registry_key_that_signed_for_them(desk, bank, record, reason):
    desk.chain.keys[bank.id, address_of(bank.registry_key)] = record
    refused(reason, desk.token, bank.credential, new_key())


def test_keys_are_published_by_a_key_of_the_member_alone(desk, bank):
    other = desk.join()
    with pytest.raises(VerificationError) as error:
        desk.rotate(bank, new_key(), signed_by=other.registry_key)
    assert error.value.reason == "key_not_valid"


def test_k14_keys_are_published_by_a_key_that_is_for_signing_in(desk, bank):
    place = bank.id, address_of(bank.registry_key)
    desk.chain.keys[place] = KeyRecord(0, NOW + 9, 0, ~KeyPurpose.SIGN_IN)
    with pytest.raises(VerificationError) as error:
        desk.rotate(bank, new_key())
    assert error.value.reason == "key_not_valid"
    desk.chain.keys[place] = KeyRecord(0, NOW + 9, 0, KeyPurpose.SIGN_IN)
    desk.rotate(bank, new_key())


@pytest.mark.parametrize("number", [1, 3, 2**40])
def test_sets_of_keys_are_numbered_one_by_one_so_that_none_comes_back(desk, bank, number):
    with pytest.raises(InvalidInputError) as error:
        desk.rotate(bank, new_key(), number=number)
    assert error.value.reason == "sign_in_keys_outdated"


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{}],
        [5],
        [dict(public_part(new_key()).jwk)] * 2,
        [dict(public_part(new_key()).jwk) for _ in range(9)],
        [dict(public_part(new_key("secp256k1")).jwk)],
        [new_key().as_dict(private=True)],
    ],
)
def test_sets_of_keys_that_make_no_sense_are_refused(keys):
    with pytest.raises(InvalidInputError):
        stated_keys(random_bytes(32), 1, keys)


def test_a_signature_counts_for_one_member_number_and_set(desk, bank):
    key = dict(public_part(new_key()).jwk)
    signature = sign_digest(stated_keys(bank.id, 2, [key]).digest(desk.chain.member_domain), bank.registry_key)
    other = dict(public_part(new_key()).jwk)
    for changed in (stated_keys(bank.id, 2, [other]), stated_keys(random_bytes(32), 2, [key])):
        with pytest.raises(VerificationError):
            desk.sign_in.publish(changed, signature)
    desk.sign_in.publish(stated_keys(bank.id, 2, [key]), signature)


def _work(desk, monkeypatch, assertion):
    """Return what a refusal costs: signatures checked, reads of the chain and of subjects, statements of SQL."""
    checked = []
    is_by = Signed.is_by

    def counting(self, key):
        checked.append(self.algorithm)
        return is_by(self, key)

    statements = []
    connect = desk.store.connect

    def noting():
        statements.append("connect")
        return connect()

    with monkeypatch.context() as patch:
        patch.setattr(Signed, "is_by", counting)
        patch.setattr(desk.store, "connect", noting)
        reads, subjects = desk.chain.reads, len(desk.looked_up)
        error = refused("client_unknown", ask, desk, assertion)
    work = (checked, desk.chain.reads - reads, len(desk.looked_up) - subjects, len(statements))
    return error.message, work


def test_a3_an_unknown_client_costs_what_a_known_one_costs_and_hears_the_same(desk, bank, monkeypatch):
    known = Credential(bank.credential.client, bank.credential.header, new_key())
    other_key = Credential.published(bank.id, new_key())
    unknown = Credential.published(random_bytes(32), new_key())
    seen = [_work(desk, monkeypatch, credential.assertion(URL, now=NOW)) for credential in (known, other_key, unknown)]
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][1][1] == 1


def test_a3_an_unknown_subject_costs_what_a_known_one_costs_and_hears_the_same(desk, monkeypatch):
    (shop,) = desk.shop()
    known = Credential.of_controller(bytes.fromhex(shop.client[2:]), random_bytes(32))
    unknown = Credential.of_controller(random_bytes(32), random_bytes(32))
    seen = [_work(desk, monkeypatch, credential.assertion(URL, now=NOW)) for credential in (known, unknown)]
    assert seen[0] == seen[1]


def test_only_who_has_the_key_learns_what_else_is_wrong(desk, bank):
    stranger = Credential(bank.credential.client, bank.credential.header, new_key())
    for wrong in ({"aud": "https://other.example"}, {"iat": NOW - 999}, {"exp": 0}):
        refused("client_unknown", ask, desk, forged(stranger, **wrong))


def test_stand_ins_are_keys_that_nobody_has():
    assert all(not key.key.is_private for key in service._STAND_INS.values())


def test_a_refused_assertion_uses_up_no_proof(desk, bank):
    """So that nobody who is unknown fills the memory of proofs."""
    key = new_key()
    proof = make_proof(Target("POST", TOKEN_URL), key, now=NOW, nonce=desk.sign_in.proofs.nonce)
    stranger = Credential(bank.credential.client, bank.credential.header, new_key())
    refused("client_unknown", desk.token, stranger, key, proof=proof)
    assert len(desk.sign_in.proofs) == 0
    assert desk.token(bank.credential, key, proof=proof)
    refused("proof_replayed", desk.token, bank.credential, key, proof=proof)


def test_a_proof_for_the_token_is_for_that_request(desk, bank):
    proof = make_proof(Target("POST", f"{URL}/v1/consents"), new_key(), now=NOW)
    refused("proof_other_request", desk.token, bank.credential, new_key(), proof=proof)


def test_the_first_token_after_a_start_asks_for_the_nonce(desk, bank):
    desk.start(NOW)
    key = new_key()
    proof = make_proof(Target("POST", TOKEN_URL), key, now=NOW)
    refused("proof_nonce", desk.token, bank.credential, key, proof=proof)
    assert desk.token(bank.credential, key)


def test_no_secret_is_in_a_repr(desk, bank):
    key = new_key()
    made = desk.sign_in.token(
        bank.credential.assertion(URL, now=NOW),
        make_proof(Target("POST", TOKEN_URL), key, now=NOW, nonce=desk.sign_in.proofs.nonce),
        Target("POST", TOKEN_URL),
        audience=URL,
        now=NOW,
    )
    private = str(bank.credential.key.as_dict(private=True)["d"])
    shown = f"{made!r} {bank.credential!r} {desk.sign_in!r} {desk.sign_in.keys_of_member(bank.id)!r}"
    assert made.value not in shown
    assert private not in shown


def test_an_assertion_is_made_for_an_instance_and_a_minute(bank):
    first = make_assertion("0x" + "11" * 32, URL, bank.credential.key, bank.credential.header, now=NOW)
    again = make_assertion("0x" + "11" * 32, URL, bank.credential.key, bank.credential.header, now=NOW)
    assert first != again
    assert ALWAYS.fault_at(NOW, KeyPurpose.SIGN_IN) is None


def publish(desk, subject, number, key, controller):
    stated = stated_keys(subject, number, [dict(public_part(key).jwk)])
    desk.sign_in.publish(stated, sign_digest(stated.digest(desk.chain.subject_domain), controller))
    return Credential.published(subject, key)


def test_a_controller_signs_for_sign_in_keys_of_its_subject_until_it_is_rotated_out(desk):
    subject, controllers = random_bytes(32), [random_bytes(32), random_bytes(32)]
    desk.subjects[subject] = Controllers(each_person(map(address_of, controllers)), 2, random_bytes(32))
    credential, key = publish(desk, subject, 1, new_key(), controllers[1]), new_key()
    token = desk.token(credential, key)
    assert (desk.call(token, key).kind, desk.call(token, key).id) == ("subject", subject)
    later = publish(desk, subject, 2, new_key("Ed25519"), controllers[0])
    refused("client_unknown", desk.token, credential, new_key())
    refused("token_unknown", desk.call, token, key)
    assert desk.token(later, new_key())
    desk.subjects[subject] = Controllers(each_person([address_of(random_bytes(32))]), 1, random_bytes(32))
    refused("client_unknown", desk.token, later, new_key())
    assert desk.sign_in.keys_of_member(subject) is None


def test_strangers_publish_no_keys_and_hear_the_same_of_every_id(desk, bank):
    (shop,) = desk.shop()
    words = set()
    for client in (bank.id, bytes.fromhex(shop.client[2:]), random_bytes(32)):
        for number in (1, 2, 99):
            with pytest.raises(VerificationError) as error:
                publish(desk, client, number, new_key(), random_bytes(32))
            words.add((error.value.reason, error.value.message))
    assert len(words) == 1


def test_a_subjects_tokens_end_when_they_are_told_to(desk):
    (shop,) = desk.shop()
    key = new_key()
    token = desk.token(shop, key)
    assert desk.call(token, key).kind == "subject"
    desk.sign_in.end_tokens(bytes.fromhex(shop.client[2:]))
    refused("token_unknown", desk.call, token, key)
