"""Cases C3 to C5 for passkeys: what an assertion must show, and the reason for each thing that it does not."""

import hashlib
import json
from dataclasses import replace

import pytest
from eth_abi import decode as abi_decode

from ledger_node.domain.consent import Consent, signatures_from_json
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.passkey import MAX_AUTHENTICATOR_DATA, MAX_CLIENT_DATA, Assertion, Passkey
from ledger_node.domain.presentation import ShownConsent
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controllers, each_person, keys_from_json, signature_from_json, signature_to_json
from tests.kit.authenticator import AT, BE, BS, ED, ORDER, ORIGIN, RP_ID, UP, UV, Authenticator, base64url, der
from tests.kit.world import CONTROLLER_KEYS, bounds, controlled_by, h, terms

DIGEST = h("what is granted")
PHONE, LAPTOP, STRANGER = Authenticator(1), Authenticator(2), Authenticator(3)
ELSEWHERE = Authenticator(4, "other.example")
SECP256K1 = CONTROLLER_KEYS[0]
FIELD = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
SALT = h("salt")


def passkey(authenticator):
    return Passkey(authenticator.rp_id_hash, authenticator.public_key)


KEYS = each_person([address_of(SECP256K1), passkey(PHONE), passkey(LAPTOP)])
SET = Controllers(KEYS, 2, SALT)
ONE = Controllers(each_person([passkey(PHONE)]), 1, SALT)


def signed(authenticator, digest=DIGEST, **options):
    return Assertion(*authenticator.assertion(digest, **options))


def refused(*signatures, controllers=ONE):
    with pytest.raises(VerificationError) as failed:
        controllers.require_signatures(DIGEST, signatures)
    return failed.value.reason


def invalid(call):
    with pytest.raises(InvalidInputError) as bad:
        call()
    return bad.value.reason


def with_client(**changes):
    return signed(PHONE, client=PHONE.client_data(DIGEST, **changes))


def with_text(text):
    return signed(PHONE, client=text)


def with_data(flags=UP | UV, extensions=b""):
    return signed(PHONE, data=PHONE.authenticator_data(flags, extensions=extensions))


@pytest.mark.parametrize("high", [False, True])
@pytest.mark.parametrize("raw", [False, True])
def test_c5_high_and_low_s_in_both_forms_count_for_a_passkey(high, raw):
    ONE.require_signatures(DIGEST, [signed(PHONE, high=high, raw=raw)])


@pytest.mark.parametrize("second", [{}, {"high": True}, {"raw": True}, {"data": PHONE.authenticator_data(counter=9)}])
def test_c4_one_passkey_never_counts_twice_however_it_signs(second):
    signatures = signed(PHONE, high=False), signed(PHONE, **second)
    assert refused(*signatures, controllers=SET) is Reason.SIGNER_REPEATED


def test_c4_controllers_of_both_kinds_meet_a_threshold_together():
    by_key = sign(DIGEST, SECP256K1)
    for signatures in ([by_key, signed(PHONE)], [signed(LAPTOP), by_key], [signed(PHONE), signed(LAPTOP)]):
        SET.require_signatures(DIGEST, signatures)
    for signatures in ([], [by_key], [signed(LAPTOP)]):
        assert refused(*signatures, controllers=SET) is Reason.THRESHOLD_NOT_MET
    assert refused(by_key, by_key, controllers=SET) is Reason.SIGNER_REPEATED


def test_c4_any_one_controller_is_enough_where_one_is_asked_for():
    SET.require_any_signature(DIGEST, [signed(LAPTOP)])
    SET.require_any_signature(DIGEST, [sign(DIGEST, SECP256K1)])
    for signatures, reason in (
        ([], Reason.THRESHOLD_NOT_MET),
        ([signed(STRANGER)], Reason.SIGNER_NOT_CONTROLLER),
        ([signed(PHONE), signed(STRANGER)], Reason.SIGNER_NOT_CONTROLLER),
    ):
        with pytest.raises(VerificationError) as failed:
            SET.require_any_signature(DIGEST, signatures)
        assert failed.value.reason is reason


@pytest.mark.parametrize("controllers", [ONE, SET])
@pytest.mark.parametrize("by", [STRANGER, replace(STRANGER, scalar=ORDER - 1), replace(PHONE, rp_id="example")])
def test_c3_a_passkey_that_does_not_control_the_subject_is_refused(by, controllers):
    origin = f"https://{by.rp_id}"
    wrong = signed(by, client=by.client_data(DIGEST, origin=origin))
    assert refused(wrong, controllers=controllers) is Reason.SIGNER_NOT_CONTROLLER


def test_c3_the_same_key_for_another_relying_party_is_not_the_controller():
    moved = replace(PHONE, rp_id="other.example")
    there = signed(moved, client=moved.client_data(DIGEST, origin="https://other.example"))
    assert refused(there) is Reason.SIGNER_NOT_CONTROLLER
    Controllers(each_person([passkey(moved)]), 1, SALT).require_signatures(DIGEST, [there])


def test_c3_a_passkey_does_not_sign_for_a_set_of_addresses_nor_the_other_way_round():
    addresses = Controllers(each_person([address_of(SECP256K1)]), 1, SALT)
    assert refused(signed(PHONE), controllers=addresses) is Reason.SIGNER_NOT_CONTROLLER
    assert refused(sign(DIGEST, SECP256K1)) is Reason.SIGNER_NOT_CONTROLLER


CHALLENGES = {
    "another digest": base64url(h("another")),
    "padded": base64url(DIGEST) + "=",
    "standard alphabet": "+" + base64url(DIGEST)[1:],
    "hexadecimal": DIGEST.hex(),
    "shorter": base64url(DIGEST[:31]),
    "longer": base64url(DIGEST + b"\x00"),
    # the last character carries two bits that decoders ignore
    "other spelling": base64url(DIGEST)[:-1] + chr(ord(base64url(DIGEST)[-1]) + 1),
    "empty": "",
    "missing": ...,
    "number": 5,
    "null": None,
}


@pytest.mark.parametrize("challenge", CHALLENGES.values(), ids=CHALLENGES)
def test_c3_a_passkey_that_signed_something_else_is_refused(challenge):
    assert refused(with_client(challenge=challenge)) is Reason.CHALLENGE_MISMATCH


def test_c3_an_assertion_over_another_consent_is_refused():
    granted = signed(PHONE, h("another consent"))
    assert refused(granted) is Reason.CHALLENGE_MISMATCH


ORIGINS = {
    "another site": "https://evil.example",
    "a look-alike": "https://firm.example.evil.example",
    "a suffix that is no label": "https://evilfirm.example",
    "a domain under it": "https://portal.firm.example",
    "a domain far under it": "https://a.b.c.firm.example",
    "without TLS": "http://firm.example",
    "upper case": "https://FIRM.example",
    "with a path": "https://firm.example/",
    "with a user": "https://firm.example@evil.example",
    "with the default port": "https://firm.example:443",
    "with another port": "https://firm.example:8443",
    "with port 0": "https://firm.example:0",
    "with a port beyond all": "https://firm.example:99999",
    "with a port of five digits": "https://firm.example:00443",
    "with an empty port": "https://firm.example:",
    "an app": "android:apk-key-hash:abc",
    "with a space": "https://firm.example ",
    "with an end of line": "https://firm.example\n",
    "no host": "https://",
    "empty label": "https://firm..example",
    "the domain above": "https://example",
    "missing": ...,
    "null": None,
    "number": 5,
}


@pytest.mark.parametrize("origin", ORIGINS.values(), ids=ORIGINS)
def test_e5_an_origin_that_is_not_the_relying_partys_is_refused(origin):
    assert refused(with_client(origin=origin)) is Reason.ORIGIN_MISMATCH


def controls(rp_id, origin):
    """Whether an assertion of a passkey made for ``rp_id`` counts when it says this origin."""
    key = replace(PHONE, rp_id=rp_id)
    assertion = signed(key, client=key.client_data(DIGEST, origin=origin))
    controllers = Controllers(each_person([passkey(key)]), 1, SALT)
    try:
        controllers.require_signatures(DIGEST, [assertion])
    except VerificationError as error:
        assert error.reason is Reason.ORIGIN_MISMATCH  # noqa: PT017 - any other reason is a fault
        return False
    return True


@pytest.mark.parametrize("rp_id", [RP_ID, "portal.firm.example", "xn--fsqu00a.example"])
def test_e5_an_origin_is_https_and_the_relying_partys_domain(rp_id):
    assert controls(rp_id, f"https://{rp_id}")


@pytest.mark.parametrize("port", ["1", "80", "443", "8700", "65535"])
def test_e5_localhost_is_http_with_a_port(port):
    assert controls("localhost", f"http://localhost:{port}")


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "https://localhost",
        "https://localhost:8700",
        *(
            f"http://localhost:{port}"
            for port in ("", "0", "08700", "65536", "99999", "100000", "+80", "8 0", "\u0661")
        ),
        "http://app.localhost:8700",
        "http://localhost:8700/",
        "http://127.0.0.1:8700",
    ],
)
def test_e5_localhost_has_no_other_origin(origin):
    assert not controls("localhost", origin)


@pytest.mark.parametrize("origin", ["http://app.localhost:8700", "http://firm.example:8700"])
def test_e5_only_localhost_itself_is_reached_without_tls(origin):
    assert not controls(origin.split("/")[2].split(":")[0], origin)


def test_e5_a_passkey_of_a_domain_above_does_not_sign_for_a_domain_under_it():
    assert not controls("example", "https://firm.example")
    assert not controls("localhost", "https://app.localhost")


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("high", [True, False])
def test_e6_an_assertion_has_one_form_however_its_signature_is_written(high, raw):
    given, form = signed(PHONE, high=high, raw=raw), signed(PHONE, high=False, raw=True)
    assert ONE.in_one_form(DIGEST, [given])[0].signature[32:] < (ORDER // 2 + 1).to_bytes(32, "big")
    one = ONE.in_one_form(DIGEST, [given])
    assert one == ONE.in_one_form(DIGEST, one)
    assert len(one[0].signature) == len(form.signature) == 64
    ONE.require_one_form(DIGEST, one)
    if high or not raw:
        with pytest.raises(VerificationError) as failed:
            ONE.require_one_form(DIGEST, [given])
        assert failed.value.reason is Reason.NOT_CANONICAL


def test_e6_signatures_have_one_form_the_order_of_the_set_and_no_more_than_must_sign():
    by_key, by_phone, by_laptop = sign(DIGEST, SECP256K1), signed(PHONE, raw=True), signed(LAPTOP, raw=True)
    form = SET.in_one_form(DIGEST, [by_laptop, by_phone, by_key])
    assert form == (by_key, by_phone.in_one_form())
    SET.require_one_form(DIGEST, form)
    for other in ([*form, by_laptop], form[::-1]):
        with pytest.raises(VerificationError) as failed:
            SET.require_one_form(DIGEST, other)
        assert failed.value.reason is Reason.NOT_CANONICAL
    with pytest.raises(VerificationError) as failed:
        SET.require_one_form(DIGEST, form[:1])
    assert failed.value.reason is Reason.THRESHOLD_NOT_MET


@pytest.mark.parametrize(
    "changes", [{"crossOrigin": True}, {"crossOrigin": "false"}, {"crossOrigin": None}, {"topOrigin": ORIGIN}]
)
def test_c3_an_assertion_made_in_a_frame_of_another_origin_is_refused(changes):
    assert refused(with_client(**changes)) is Reason.ORIGIN_MISMATCH


def test_members_of_the_client_data_that_mean_nothing_here_are_let_through():
    assertion = with_client(crossOrigin=..., other_keys_can_be_added_here="do not compare clientDataJSON")
    ONE.require_signatures(DIGEST, [assertion])


@pytest.mark.parametrize("flags", [0, UP, UV, UV | BE | BS])
def test_a_user_who_was_not_present_and_verified_has_not_signed(flags):
    assert refused(with_data(flags)) is Reason.USER_NOT_VERIFIED


@pytest.mark.parametrize("flags", [UP | UV | BE, UP | UV | BE | BS, UP | UV | 0x02 | 0x20])
def test_flags_of_backup_and_those_reserved_change_nothing(flags):
    ONE.require_signatures(DIGEST, [with_data(flags)])


def test_extension_outputs_are_signed_over_and_not_read():
    ONE.require_signatures(DIGEST, [with_data(UP | UV | ED, b"\xa1\x61x\x01")])


def cut(**changes):
    return replace(signed(PHONE), **changes)


GOOD = signed(PHONE, raw=True)
R, S = (int.from_bytes(part, "big") for part in (GOOD.signature[:32], GOOD.signature[32:]))
DATA = PHONE.authenticator_data()
CLIENT = GOOD.client_data_json
MALFORMED = {
    "authenticator data too short": cut(authenticator_data=DATA[:36]),
    "authenticator data empty": cut(authenticator_data=b""),
    "authenticator data too long": with_data(UP | UV | ED, bytes(MAX_AUTHENTICATOR_DATA)),
    "bytes after the head without their flag": with_data(UP | UV, b"\xa0"),
    "flag of extensions without any": with_data(UP | UV | ED),
    "attested credential data": with_data(UP | UV | AT),
    "backed up but not eligible": with_data(UP | UV | BS),
    "client data empty": with_text(b""),
    "client data no JSON": with_text(b"webauthn.get"),
    "client data no object": with_text(b'["webauthn.get"]'),
    "client data with a byte order mark": with_text(b"\xef\xbb\xbf" + CLIENT),
    "client data in another encoding": with_text(b"\xff" + CLIENT),
    "client data with a member twice": with_text(CLIENT[:-1] + b',"type":"webauthn.get"}'),
    "client data with something behind": with_text(CLIENT + b"{}"),
    "client data too long": with_text(CLIENT + b" " * MAX_CLIENT_DATA),
    "client data of a registration": with_client(type="webauthn.create"),
    "client data of a payment": with_client(type="payment.get"),
    "client data without type": with_client(type=...),
    "signature empty": cut(signature=b""),
    "signature of 63 bytes": cut(signature=GOOD.signature[:63]),
    "signature of 65 bytes": cut(signature=GOOD.signature + b"\x00"),
    "signature of 80 bytes": cut(signature=der(R, S) + bytes(10)),
    "signature with bytes behind": cut(signature=der(R, S)[:-1]),
    "DER with a length of two bytes": cut(signature=b"\x30\x81" + der(R, S)[1:]),
    "DER with a needless zero": cut(
        signature=b"\x30\x09\x02\x03\x00\x00\x01\x02\x02\x00\x01",
    ),
    "DER with a negative r": cut(signature=b"\x30\x06\x02\x01\xff\x02\x01\x01"),
    "r zero": cut(signature=bytes(32) + GOOD.signature[32:]),
    "s zero": cut(signature=GOOD.signature[:32] + bytes(32)),
    "r beyond the order": cut(signature=ORDER.to_bytes(32, "big") + GOOD.signature[32:]),
    "s beyond the order": cut(signature=der(R, S + ORDER)),
}


@pytest.mark.parametrize("assertion", MALFORMED.values(), ids=MALFORMED)
def test_c5_a_malformed_assertion_is_refused(assertion):
    assert refused(assertion) is Reason.SIGNATURE_MALFORMED


def test_every_bit_of_an_assertion_is_signed_over():
    whole = signed(PHONE, raw=True)
    for name in ("authenticator_data", "client_data_json", "signature"):
        data = getattr(whole, name)
        for bit in range(0, 8 * len(data), 3):
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(VerificationError):
                ONE.require_signatures(DIGEST, [replace(whole, **{name: bytes(changed)})])


def test_an_assertion_over_a_signature_of_another_key_is_refused():
    r, s = STRANGER.sign(DATA, CLIENT)
    assert refused(Assertion(DATA, CLIENT, der(r, s))) is Reason.SIGNER_NOT_CONTROLLER


def test_the_commitment_is_what_format_md_says():
    address, *passkeys = (each.key for each in KEYS)
    body = (
        b"\x01\x01"
        + address
        + b"".join(bytes([person, 2]) + key.rp_id_hash + key.public_key for person, key in enumerate(passkeys, start=2))
    )
    from ledger_node.domain.hashing import keccak  # noqa: PLC0415 - only to spell the clause out

    assert SET.commitment == keccak(b"\x31" + SALT + b"\x02\x03" + body)
    assert SET.commitment != Controllers(KEYS[::-1], 2, SALT).commitment


def test_c4_a_key_counts_once_even_for_two_relying_parties():
    twice = passkey(PHONE), Passkey(ELSEWHERE.rp_id_hash, PHONE.public_key)
    assert invalid(lambda: Controllers(each_person(twice), 1, SALT)) is Reason.REQUEST_INVALID


X, Y = PHONE.public_key[:32], PHONE.public_key[32:]
NO_KEYS = {
    "not on the curve": (PHONE.rp_id_hash, X + X),
    "zero": (PHONE.rp_id_hash, bytes(64)),
    "x beyond the field": (PHONE.rp_id_hash, ((int.from_bytes(X, "big") + FIELD) % 2**256).to_bytes(32, "big") + Y),
    "63 bytes": (PHONE.rp_id_hash, PHONE.public_key[:63]),
    "compressed": (PHONE.rp_id_hash, b"\x02" + X),
    "with its format byte": (PHONE.rp_id_hash, b"\x04" + PHONE.public_key),
    "short rp_id_hash": (PHONE.rp_id_hash[:31], PHONE.public_key),
}


@pytest.mark.parametrize("parts", NO_KEYS.values(), ids=NO_KEYS)
def test_c5_what_is_no_key_of_p_256_is_no_controller(parts):
    assert invalid(lambda: Passkey(*parts)) is Reason.VALUE_MALFORMED


def test_x_beyond_the_field_is_refused_also_where_it_stands_for_a_point():
    # x = 5 is the x of a point, so x + p would be another spelling of the same key
    x = 5
    y = pow(x**3 - 3 * x + 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B, (FIELD + 1) // 4, FIELD)
    Passkey(PHONE.rp_id_hash, x.to_bytes(32, "big") + y.to_bytes(32, "big"))
    spelt = (x + FIELD).to_bytes(32, "big") + y.to_bytes(32, "big")
    assert invalid(lambda: Passkey(PHONE.rp_id_hash, spelt)) is Reason.VALUE_MALFORMED


def test_sets_and_signatures_survive_their_json_form():
    assert Controllers.from_json(SET.to_json()) == SET
    assert set(SET.to_json()) == {"keys", "threshold", "salt"}
    assert [set(key) for key in SET.to_json()["keys"]] == [{"person", "address"}] + [{"person", "passkey"}] * 2
    for signature in (sign(DIGEST, SECP256K1), signed(PHONE)):
        assert signature_from_json(signature_to_json(signature)) == signature


def test_the_same_signers_are_the_same_keys_under_the_same_threshold():
    assert SET.same_signers(Controllers(KEYS[::-1], 2, h("other salt")))
    assert not SET.same_signers(Controllers(KEYS, 3, SALT))
    assert not SET.same_signers(Controllers(KEYS[:2], 2, SALT))
    renumbered = tuple(replace(key, person=key.person + 7) for key in KEYS)
    assert SET.same_signers(Controllers(renumbered, 2, SALT))
    assert not SET.same_signers(Controllers((*KEYS[:2], replace(KEYS[2], person=2)), 2, SALT))


def test_a_set_is_written_with_a_person_beside_each_key():
    address = Controllers(KEYS[:1], 1, SALT)
    shown = "0x" + KEYS[0].key.hex()
    assert address.to_json() == {
        "keys": [{"person": 1, "address": shown}],
        "threshold": 1,
        "salt": "0x" + SALT.hex(),
    }
    addresses = {"addresses": [shown], "threshold": 1, "salt": "0x" + SALT.hex()}
    assert invalid(lambda: Controllers.from_json(addresses)) is Reason.FIELD_MISSING


PASSKEY = passkey(PHONE).to_json()
ITEMS = {
    "kind": ({"person": 1, "passkey": {**PASSKEY, "kind": "passkey"}}, Reason.FIELD_UNKNOWN),
    "unknown member": ({"person": 1, "passkey": {**PASSKEY, "algorithm": -7}}, Reason.FIELD_UNKNOWN),
    "short key": ({"person": 1, "passkey": {**PASSKEY, "public_key": "0x" + "11" * 63}}, Reason.VALUE_MALFORMED),
    "person missing": ({"passkey": PASSKEY}, Reason.FIELD_MISSING),
    "person zero": ({"person": 0, "passkey": PASSKEY}, Reason.VALUE_OUT_OF_RANGE),
    "person beyond a byte": ({"person": 256, "passkey": PASSKEY}, Reason.VALUE_OUT_OF_RANGE),
    "both keys": ({"person": 1, "passkey": PASSKEY, "address": "0x" + "11" * 20}, Reason.FIELD_UNKNOWN),
    "no key": ({"person": 1}, Reason.FIELD_MISSING),
    "number": (5, Reason.TYPE_WRONG),
}


def test_k23_two_devices_of_one_person_are_one():
    """Threshold 2, and one person with a telephone and a laptop: she alone never meets it."""
    first, phone, laptop = KEYS
    controllers = Controllers((first, phone, replace(laptop, person=phone.person)), 2, SALT)
    by_phone, by_laptop, by_key = signed(PHONE, raw=True), signed(LAPTOP, raw=True), sign(DIGEST, SECP256K1)
    assert refused(by_phone, by_laptop, controllers=controllers) is Reason.SIGNER_REPEATED
    assert refused(by_laptop, controllers=controllers) is Reason.THRESHOLD_NOT_MET
    for device in (by_phone, by_laptop):
        controllers.require_signatures(DIGEST, [device, by_key])
    assert controllers.in_one_form(DIGEST, [by_laptop, by_key]) == (by_key, by_laptop.in_one_form())
    assert invalid(lambda: Controllers(controllers.keys[1:], 2, SALT)) is Reason.REQUEST_INVALID


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("high", [True, False])
def test_an_assertion_is_written_for_the_chain_as_the_contract_reads_it(raw, high):
    given = signed(PHONE, raw=raw, high=high)
    form = given.in_one_form()
    r, s, challenge, kind, data, client = abi_decode(
        ["bytes32", "bytes32", "uint256", "uint256", "bytes", "bytes"], given.for_chain(DIGEST)
    )
    assert (r + s, data, client) == (form.signature, given.authenticator_data, given.client_data_json)
    assert client[challenge:].startswith(b'"challenge":"' + base64url(DIGEST).encode() + b'"')
    assert client[kind:].startswith(b'"type":"webauthn.get"')


def test_an_assertion_that_the_contract_could_not_read_is_not_sent_to_it():
    client = json.dumps(PHONE.client_data(DIGEST)).encode()
    spaced = signed(PHONE, client=client)
    ONE.require_signatures(DIGEST, [spaced])
    for digest in (DIGEST, h("another")):
        with pytest.raises(VerificationError) as failed:
            spaced.for_chain(digest)
        assert failed.value.reason is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize(("item", "reason"), ITEMS.values(), ids=ITEMS)
def test_controllers_of_any_other_form_are_refused(item, reason):
    assert invalid(lambda: keys_from_json([item])) is reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signature": "5a"}, Reason.VALUE_MALFORMED),
        ({"signature": None}, Reason.TYPE_WRONG),
        ({"user_handle": "0x"}, Reason.FIELD_UNKNOWN),
    ],
)
def test_assertions_of_any_other_form_are_refused(changes, reason):
    assert invalid(lambda: signatures_from_json([{**signed(PHONE).to_json(), **changes}])) is reason


def test_a_consent_signed_by_a_passkey_and_a_key_checks_in_the_whole_plan(valid):
    granted = Consent(terms(), bounds())
    consent_id = granted.digest(valid.facts.consent_domain)
    shown = ShownConsent(
        consent_id, granted.terms, granted.bounds, (sign(consent_id, SECP256K1), signed(LAPTOP, consent_id)), SET
    )
    world = valid.with_consent(shown).with_facts(controllers=controlled_by(SET))
    world.verify()
    assert ShownConsent.from_json(shown.to_json()) == shown
    other = replace(shown, signatures=(shown.signatures[0], signed(LAPTOP)))
    with pytest.raises(VerificationError) as failed:
        world.with_presentation(consent=other).verify()
    assert failed.value.reason is Reason.CHALLENGE_MISMATCH


def test_the_authenticator_of_these_tests_is_for_the_relying_party_it_names():
    assert hashlib.sha256(b"firm.example").digest() == PHONE.rp_id_hash == SET.keys[1].key.rp_id_hash
