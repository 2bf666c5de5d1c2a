"""Key files: JWK or PEM, P-256 or Ed25519, for their owner's eyes alone."""

import json

import pytest

from api.client.credential import Credential, read_key_file
from api.sign_in.protocol.assertion import new_key_file, read_assertion
from api.sign_in.protocol.jose import public_part
from ledger_node.domain.error import InvalidInputError
from ledger_node.randomness import random_bytes
from tests.kit.sign_in import NOW, URL, new_key


def written(path, content, mode=0o600):
    path.touch(mode=0o600)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


@pytest.mark.parametrize("curve", ["P-256", "Ed25519"])
@pytest.mark.parametrize("form", ["jwk", "pem"])
def test_a_private_key_is_read_from_jwk_and_pem(tmp_path, curve, form):
    key = new_key(curve)
    content = json.dumps(key.as_dict(private=True)) if form == "jwk" else key.as_pem(private=True)
    read = read_key_file(written(tmp_path / f"key.{form}", content))
    assert public_part(read) == public_part(key)
    assertion = read_assertion(Credential.published(random_bytes(32), read).assertion(URL, now=NOW))
    assert assertion.signed.is_by(public_part(key))


def test_a_new_key_file_is_a_key_file(tmp_path):
    text, key = new_key_file()
    assert public_part(read_key_file(written(tmp_path / "key.jwk", text))) == public_part(key)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    text, _ = new_key_file()
    with pytest.raises(InvalidInputError, match="chmod 600") as error:
        read_key_file(written(tmp_path / "key.jwk", text, mode))
    assert error.value.reason == "configuration"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        json.dumps(new_key().as_dict(private=False)).encode(),
        new_key().as_pem(private=False),
        json.dumps({"kty": "oct", "k": "AAAA"}).encode(),
        new_key("P-384").as_pem(private=True),
        new_key("secp256k1").as_pem(private=True),
        new_key().as_pem(private=True, password="secret"),
    ],
)
def test_what_is_no_private_key_of_ours_is_refused(tmp_path, content):
    with pytest.raises(InvalidInputError) as error:
        read_key_file(written(tmp_path / "key", content))
    assert error.value.reason == "configuration"
    assert content.decode("latin-1") not in error.value.message or not content


def test_a_key_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(InvalidInputError, match="missing") as error:
        read_key_file(tmp_path / "missing.jwk")
    assert error.value.reason == "configuration"
