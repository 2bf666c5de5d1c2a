"""Keys in a device (SoftHSM): members sign in with one and departments sign with another; neither leaves it."""

import json
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError

from api.client.credential import Credential, read_key_file
from api.home.home import Home
from api.hsm.device import DeviceKey, DeviceSigner, KeyReference
from api.hsm.private_key import DevicePrivateKey
from api.sign_in.protocol.assertion import read_assertion
from api.sign_in.protocol.jose import public_part
from ledger_node.domain.error import ChainError, InvalidInputError
from ledger_node.domain.signature import address_of_point, recover
from ledger_node.randomness import random_bytes

NOW = 1_800_000_000
URL = "https://credence.example"


def opened(folder, name):
    return DeviceKey.open(KeyReference.read(folder / f"{name}.hsm.json"))


def test_a_key_in_a_device_signs_assertions(token):
    key = read_key_file(token / "secp256r1.hsm.json")
    read = read_assertion(Credential.published(random_bytes(32), key).assertion(URL, now=NOW))
    assert read.signed.is_by(public_part(key))
    assert read.require_for(URL, NOW) == NOW + 60


def test_joserfc_refuses_what_another_key_signed(token):
    key, other = read_key_file(token / "secp256r1.hsm.json"), read_key_file(token / "secp256r1.hsm.json")
    made = jws.serialize_compact({"alg": "ES256"}, b"x", key, ["ES256"])
    assert jws.deserialize_compact(made, other, ["ES256"]).payload == b"x"
    head, _, signature = made.split(".")
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(f"{head}.eA0.{signature}", other, ["ES256"])


def test_a_department_signs_by_its_device_as_the_contracts_check_it(token):
    device = opened(token, "secp256k1")
    signer = DeviceSigner(device)
    assert signer.address == address_of_point(device.point)
    for _ in range(20):
        digest = random_bytes(32)
        assert recover(digest, signer.sign(digest)) == signer.address


def test_the_home_signs_by_the_device_that_a_file_names(token, tmp_path):
    (tmp_path / "keys").mkdir()
    named = json.loads((token / "secp256k1.hsm.json").read_text("utf-8"))
    named["pin_file"] = str(token / "pin")
    (tmp_path / "keys" / "tax-bureau.hsm.json").write_text(json.dumps(named), "utf-8")
    signer = Home(tmp_path).signer("tax-bureau")
    assert isinstance(signer, DeviceSigner)
    digest = random_bytes(32)
    assert recover(digest, signer.sign(digest)) == signer.address


@pytest.mark.parametrize("name", ["secp384r1", "missing"])
def test_a_key_that_is_not_there_or_too_long_is_refused(token, name):
    with pytest.raises(InvalidInputError) as error:
        opened(token, name)
    assert error.value.reason == "configuration"


def test_a_key_on_the_other_curve_is_refused_for_either_use(token):
    with pytest.raises(InvalidInputError) as error:
        DeviceSigner(opened(token, "secp256r1")).sign(random_bytes(32))
    assert error.value.reason == "configuration"
    with pytest.raises(InvalidInputError) as error:
        read_key_file(token / "secp256k1.hsm.json")
    assert error.value.reason == "configuration"


def test_a_wrong_pin_and_one_that_others_can_read_are_refused(token, tmp_path):
    named = {**json.loads((token / "secp256r1.hsm.json").read_text("utf-8")), "token": "locked"}
    file = tmp_path / "bank.hsm.json"
    for pin, mode in (("0000", 0o600), ("4321", 0o644)):
        (tmp_path / "pin").write_text(pin, "ascii")
        (tmp_path / "pin").chmod(mode)
        file.write_text(json.dumps(named), "utf-8")
        with pytest.raises(InvalidInputError) as error:
            read_key_file(file)
        assert error.value.reason == "configuration"
        assert pin not in error.value.message


def test_the_secret_is_asked_for_in_vain(token):
    key = DevicePrivateKey(opened(token, "secp256r1"))
    for ask in (key.private_numbers, lambda: key.private_bytes(None, None, None), lambda: key.exchange(None, None)):
        with pytest.raises(NotImplementedError):
            ask()


def test_a_device_that_fails_is_an_error_to_try_again_on():
    pkcs11 = pytest.importorskip("pkcs11")

    class Broken:
        def sign(self, *_, **__):
            raise pkcs11.exceptions.DeviceRemoved

    with pytest.raises(ChainError) as error:
        DeviceKey(bytes(64), Broken()).sign(bytes(32))
    assert error.value.reason == "ledger_unavailable"


def test_a_reference_is_read_strictly(tmp_path):
    file = tmp_path / "x.hsm.json"
    file.write_text('{"module": "m", "token": "t", "key": "k", "pin_file": "pin", "pin": "4321"}', "utf-8")
    with pytest.raises(InvalidInputError) as error:
        KeyReference.read(file)
    assert error.value.reason == "field_unknown"
    assert Path(file).is_file()
