"""Files that the commands write take no other file's place, and nothing of somebody else's is removed (L7)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import sign_in
from api.cli.main import app
from api.cli.subject import write_credential
from api.files.evidence import write_file
from api.files.own_file import new_file, partial_of
from api.home.home import Home, write_private
from api.storage.database import open_store
from api.vault.key_copy import KeyCopy, read_key_copy
from api.vault.key_ledger import open_key_ledger
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.randomness import random_bytes

MAC = random_bytes(32)
THESIS = "my thesis, of which there is no copy\n"


@pytest.fixture
def ledger(tmp_path):
    store = open_store(tmp_path / "store")
    keys = open_key_ledger(tmp_path / "keys", store)
    yield keys
    keys.dispose()
    store.dispose()


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_l7_a_document_is_not_written_over_a_file_of_another_content(tmp_path):
    file = tmp_path / "trust.json"
    file.write_text(THESIS)
    with pytest.raises(InvalidInputError) as refused:
        write_file(file, "{}\n")
    assert refused.value.reason == "configuration"
    assert tree(tmp_path) == {"trust.json": THESIS.encode()}


def test_l7_the_same_document_saved_again_changes_nothing(tmp_path):
    file = tmp_path / "trust.json"
    write_file(file, "{}\n")
    before = file.stat()
    write_file(file, "{}\n")
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert file.stat().st_ino == before.st_ino
    assert tree(tmp_path) == {"trust.json": b"{}\n"}


def test_l7_a_document_takes_the_place_of_no_link_and_no_folder(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder"):
        with pytest.raises(InvalidInputError) as refused:
            write_file(tmp_path / name, "{}\n", secret=True)
        assert refused.value.reason == "configuration"
    assert (tmp_path / "link").is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "link"}


def test_l7_a_file_that_turns_up_while_one_is_written_is_not_replaced(tmp_path):
    file = tmp_path / "backup.age"
    with pytest.raises(FileExistsError), new_file(file):
        file.write_text(THESIS)
    assert tree(tmp_path) == {"backup.age": THESIS.encode()}


@pytest.mark.parametrize("write", [write_private, write_file])
def test_l7_somebodys_file_called_partial_is_left_alone(tmp_path, write):
    (tmp_path / "out.json.partial").write_text(THESIS)
    write(tmp_path / "out.json", "{}\n", secret=False)
    assert tree(tmp_path) == {"out.json": b"{}\n", "out.json.partial": THESIS.encode()}


def test_l7_a_rest_of_ours_is_removed_and_not_emptied_through_its_second_name(tmp_path):
    """A kill while a file got its name leaves the rest as a second name of the whole file."""
    whole, moved = tmp_path / "backup.age", tmp_path / "moved.age"
    whole.write_bytes(b"the only backup")
    partial_of(whole).hardlink_to(whole)
    whole.rename(moved)
    with new_file(whole) as file:
        file.write(b"the next one")
    assert tree(tmp_path) == {"backup.age": b"the next one", "moved.age": b"the only backup"}


def test_l7_two_processes_that_write_one_file_do_not_mix(tmp_path):
    file = tmp_path / "state.json"
    with new_file(file) as first:
        first.write(b"first")
        with pytest.raises(BlockingIOError), new_file(file):
            pytest.fail("it was given to two")
    assert tree(tmp_path) == {"state.json": b"first"}


def test_l7_a_file_system_without_hard_links_has_the_same_rule(tmp_path, monkeypatch):
    def no_links(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    with new_file(tmp_path / "one") as file:
        file.write(b"whole")
    with pytest.raises(FileExistsError), new_file(tmp_path / "two") as file:
        (tmp_path / "two").write_text(THESIS)
    assert tree(tmp_path) == {"one": b"whole", "two": THESIS.encode()}


@pytest.mark.parametrize("content", [THESIS, '{"format": "something/1"}\n', "[1]\n", "\N{SNOWMAN}", "\0" * 500])
def test_l7_the_copy_of_the_keys_does_not_overwrite_what_is_no_copy_of_them(ledger, tmp_path, content):
    file = tmp_path / "copy"
    file.write_text(content)
    with pytest.raises(CredenceError) as refused:
        KeyCopy(file, ledger, MAC).refresh()
    assert refused.value.reason == "key_copy_failed"
    assert file.read_text() == content


def test_l7_the_copy_of_another_instances_keys_is_not_overwritten(ledger, tmp_path):
    (tmp_path / "other").mkdir()
    store = open_store(tmp_path / "other" / "store")
    others = open_key_ledger(tmp_path / "other" / "keys", store)
    others.put({random_bytes(16): random_bytes(60)})
    file = tmp_path / "copy"
    KeyCopy(file, others, MAC).refresh()
    before = file.read_bytes()
    with pytest.raises(CredenceError) as refused:
        KeyCopy(file, ledger, MAC).refresh()
    assert refused.value.reason == "key_copy_failed"
    assert file.read_bytes() == before
    # its own goes on
    KeyCopy(file, others, MAC).refresh()
    assert read_key_copy(file, MAC).lines == 1
    others.dispose()
    store.dispose()


def test_l7_the_own_copy_is_known_however_long_its_first_line_is(ledger, tmp_path):
    """It lists quarantines."""
    file = tmp_path / "copy"
    KeyCopy(file, ledger, MAC).refresh()
    head, rest = file.read_bytes().split(b"\n", 1)
    opening = json.loads(head) | {"quarantines": [{"number": number, "member": "00" * 32} for number in range(50)]}
    file.write_bytes(json.dumps(opening).encode() + b"\n" + rest)
    KeyCopy(file, ledger, MAC).refresh()
    assert read_key_copy(file, MAC).quarantines == []


@pytest.mark.parametrize("command", ["sample", "backup-identity"])
def test_l7_commands_refuse_a_name_that_is_taken(tmp_path, command):
    file = tmp_path / "thesis.txt"
    file.write_text(THESIS)
    given = ["sample", "tax_payment", file, "--rows", 20] if command == "sample" else [command, "--out", file]
    done = run(*given)
    assert done.exit_code == 2, done.output
    assert "configuration" in done.output
    assert tree(tmp_path) == {"thesis.txt": THESIS.encode()}


def test_l7_a_rehearsal_refuses_a_folder_that_is_not_empty(tmp_path):
    (tmp_path / "codes.txt").write_text(THESIS)
    done = subprocess.run(
        [sys.executable, "-m", "api.lab.attack", str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert tree(tmp_path) == {"codes.txt": THESIS.encode()}


def test_l7_a_rotation_deletes_the_key_that_we_made_and_none_that_somebody_brought(tmp_path):
    home = Home(tmp_path)
    ours = home.write_private_key("bank", "{}")
    brought = tmp_path / "keys" / "brought.jwk"
    brought.write_text(THESIS)
    sign_in._forget(home, str(brought), "keys/bank.2.jwk")
    sign_in._forget(home, ours, "keys/bank.2.jwk")
    assert tree(tmp_path) == {"keys": None, "keys/brought.jwk": THESIS.encode()}


def test_l7_a_sign_in_key_that_may_be_in_force_is_not_overwritten(tmp_path):
    home = Home(tmp_path)
    first = home.write_private_key("bank.2", "first")
    second = home.write_private_key("bank.2", "second")
    assert (first, second) == ("keys/bank.2.jwk", "keys/bank.2.2.jwk")
    assert [(tmp_path / file).read_text() for file in (first, second)] == ["first", "second"]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}


@pytest.mark.parametrize("content", [{"installed": {"client_id": "x"}}, ["a"], "text"])
def test_l7_a_file_called_credentials_that_is_something_else_is_not_added_to(tmp_path, content):
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(content))
    with pytest.raises(InvalidInputError) as refused:
        Home(tmp_path).add_credential("shop", {"kind": "subject", "id": "0x00"})
    assert refused.value.reason == "configuration"
    assert json.loads(file.read_text()) == content


def test_l7_a_firm_does_not_take_the_name_of_whoever_signs_in_already(tmp_path):
    home = Home(tmp_path)
    held = {"kind": "member", "id": "0x" + "11" * 16, "key": "keys/tax-bureau.jwk"}
    home.add_credential("tax-bureau", dict(held))
    before = tree(tmp_path)
    done = run("subject", "register", "--code", "91350100M000100Y43", "--name", "tax-bureau", "--home", tmp_path)
    assert done.exit_code == 2, done.output
    assert "signs in from this folder already" in done.output
    assert tree(tmp_path) == before


def test_l7_a_name_that_signs_in_as_one_firm_is_not_given_to_another(tmp_path):
    home = Home(tmp_path)
    write_credential(home, "shop", "0x" + "11" * 32, [])
    write_credential(home, "shop", "0x" + "11" * 32, [])
    before = tree(tmp_path)
    with pytest.raises(InvalidInputError) as refused:
        write_credential(home, "shop", "0x" + "22" * 32, [])
    assert refused.value.reason == "configuration"
    assert tree(tmp_path) == before
