"""schemathesis asks the live server what its OpenAPI document allows and forbids, as every role: all checks.

No answer is a fault, and each is one that the document describes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.client.credential import credential_named
from api.home.home import write_private

HERE = Path(__file__).parent / "schemathesis"
EXAMPLES = 3
"""Random requests an operation, besides those that cover every parameter."""


def credential_of(place, role):
    return place.shop.client._http.auth._credential if role == "subject" else credential_named(place.home, role)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", [None, "demo-bank", "tax-bureau", "market-regulator", "subject"])
def test_no_request_that_the_document_allows_or_forbids_is_a_fault(place, tmp_path, role):
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "config.toml"), "run"]
    command += [f"{place.served.url}/openapi.json", "--checks", "all", "--max-examples", str(EXAMPLES), "--no-color"]
    sent = tmp_path / "sent.har"
    command += ["--report-har-path", str(sent)]
    # a schema cannot say that a check character is right or that a signature is the firm's
    command += ["--exclude-checks", "positive_data_acceptance"]
    env = {"PATH": os.defpath, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), "PYTHONPATH": str(HERE)}
    if role is not None:
        credential = credential_of(place, role)
        held = {"client": credential.client, "header": dict(credential.header)}
        file = tmp_path / "credential.json"
        write_private(file, json.dumps({**held, "key": credential.key.as_dict(private=True)}), secret=True)
        env |= {"FUZZ_URL": place.served.url, "FUZZ_CREDENTIAL": str(file)}
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=850,
        env=env,
    )
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    assert "Tested: " in ran.stdout
    # whoever is to be signed in is so, in every request that is right
    entries = json.loads(sent.read_text("utf-8"))["log"]["entries"]
    me = [entry for entry in entries if entry["request"]["url"].endswith("/v1/me")]
    statuses = {entry["response"]["status"] for entry in me if entry["request"]["method"] == "GET"}
    assert (200 in statuses) == (role is not None)
