"""Keys of a home are opened by its passphrase, whatever its file holds."""

import pytest

from api.home.home import Home
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

SECRET = bytes(range(32))


def write(home: Home, passphrase: bytes) -> None:
    (home.path / "passphrase").write_bytes(passphrase)


def test_a_passphrase_in_other_letters_than_those_of_ascii_opens_what_it_closed(tmp_path):
    home = Home(tmp_path)
    write(home, "口令 é\n".encode())
    home.write_key("bank", SECRET)
    assert home.read_key("bank") == SECRET
    assert home.derived_key(b"a use") != home.derived_key(b"another use")


@pytest.mark.parametrize("passphrase", ["口令".encode(), b"\xff\xfe", b"", b"other"])
def test_a_passphrase_that_does_not_open_a_key_is_refused_with_the_reason(tmp_path, passphrase):
    home = Home(tmp_path)
    home.ensure_passphrase()
    home.write_key("bank", SECRET)
    write(home, passphrase)
    with pytest.raises(InvalidInputError, match="the passphrase does not open") as refused:
        home.read_key("bank")
    assert refused.value.reason is Reason.CONFIGURATION


def test_a_home_without_its_passphrase_says_so(tmp_path):
    home = Home(tmp_path)
    home.ensure_passphrase()
    home.write_key("bank", SECRET)
    (tmp_path / "passphrase").unlink()
    with pytest.raises(InvalidInputError, match="passphrase is missing") as refused:
        home.read_key("bank")
    assert refused.value.reason is Reason.CONFIGURATION


def test_passkeys_are_bound_to_this_machine_unless_a_host_was_named(tmp_path):
    home = Home(tmp_path)
    assert home.portal_host() == "localhost"
    home.write_portal_host("credence.example.org")
    assert Home(tmp_path).portal_host() == "credence.example.org"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example",
        "127.0.0.1",
        "[::1]",
        "https://credence.example.org",
        "credence.example.org:443",
        "Credence.example.org",
        "credence.example.org.",
        "-a.example.org",
        "a..example.org",
        "例.example.org",
        "a" * 64 + ".example.org",
        ".".join(["a" * 60] * 5) + ".org",
        "credence.example.org\n",
    ],
)
def test_what_is_no_host_binds_no_passkey(tmp_path, host):
    with pytest.raises(InvalidInputError) as refused:
        Home(tmp_path).write_portal_host(host)
    assert refused.value.reason is Reason.CONFIGURATION
    assert Home(tmp_path).portal_host() == "localhost"


def test_a_file_that_names_no_host_is_refused(tmp_path):
    (tmp_path / "portal.json").write_text('{"host": "127.0.0.1"}', "utf-8")
    with pytest.raises(InvalidInputError) as refused:
        Home(tmp_path).portal_host()
    assert refused.value.reason is Reason.CONFIGURATION
