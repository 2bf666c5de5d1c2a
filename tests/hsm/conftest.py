import shutil
import subprocess
from pathlib import Path

import pytest

LIBRARIES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
PIN = "4321"


@pytest.fixture(scope="session")
def token(tmp_path_factory):
    """A token of SoftHSM with one key on each curve; returns the folder with the files that name them."""
    pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    encode = pytest.importorskip("pkcs11.util.ec").encode_named_curve_parameters
    library = next((path for path in LIBRARIES if Path(path).is_file()), None)
    tool = shutil.which("softhsm2-util")
    if library is None or tool is None:
        pytest.skip("SoftHSM is not installed: apt-get install softhsm2")
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        for label in ("credence", "locked"):
            command = [tool, "--init-token", "--free", "--label", label, "--so-pin", PIN, "--pin", PIN]
            subprocess.run(command, check=True, capture_output=True)
        with pkcs11.lib(library).get_token(token_label="credence").open(rw=True, user_pin=PIN) as session:
            for curve in ("secp256r1", "secp256k1", "secp384r1"):
                parameters = {pkcs11.Attribute.EC_PARAMS: encode(curve)}
                domain = session.create_domain_parameters(pkcs11.KeyType.EC, parameters, local=True)
                domain.generate_keypair(store=True, label=curve)
        (folder / "pin").touch(mode=0o600)
        (folder / "pin").write_text(PIN + "\n", "ascii")
        for curve in ("secp256r1", "secp256k1", "secp384r1", "missing"):
            (folder / f"{curve}.hsm.json").write_text(
                f'{{"module": "{library}", "token": "credence", "key": "{curve}", "pin_file": "pin"}}', "utf-8"
            )
        yield folder
