"""scripts/scan_secrets: a key that somebody would commit is found, and is not shown."""

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROOT = Path(__file__).parents[2]
RAW = hashlib.sha256(b"a key that a test plants").digest()


def pem():
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


PLANTED = {
    "key.pem": pem(),
    "notes.md": f"the vault's secret: '0x{RAW.hex()}'\n",
    "made.py": f'SEALER_KEY = "{RAW.hex()}"\n',
    "credential.jwk": '{{"kty": "EC", "d": "{}"}}\n'.format(base64.urlsafe_b64encode(RAW).decode().rstrip("=")),
    "settings.env": f"aws_access_key_id=AKIA{RAW.hex().upper()[:16]}\n",
    "vectors.json": f'{{"password": "{RAW.hex()[:20]}"}}\n',
    "address.txt": f"https://operator:{RAW.hex()[:12]}@node.example/\n",
}
WORDS = {"readme.md": "Keys lie in keys/, the passphrase apart.\n", "plain.py": "SALT_BYTES = 32\n"}


def scan(*files):
    return subprocess.run(
        [ROOT / "scripts/scan_secrets", *map(str, files)], capture_output=True, text=True, check=False, cwd=ROOT
    )


def test_d1_every_kind_of_key_that_is_planted_is_found_and_none_is_printed(tmp_path):
    for name, content in (PLANTED | WORDS).items():
        (tmp_path / name).write_text(content, "utf-8")
    ran = scan(*sorted(tmp_path.iterdir()))
    assert ran.returncode == 1
    found = {Path(line.partition(":")[0]).name for line in ran.stderr.splitlines()}
    assert found == set(PLANTED)
    for secret in (RAW.hex()[:12], RAW.hex().upper()[:12], base64.urlsafe_b64encode(RAW).decode()[:12], "MIGH"):
        assert secret not in ran.stderr + ran.stdout


@pytest.mark.parametrize("name", sorted(WORDS))
def test_words_about_secrets_are_none(tmp_path, name):
    (tmp_path / name).write_text(WORDS[name], "utf-8")
    assert scan(tmp_path / name).returncode == 0
