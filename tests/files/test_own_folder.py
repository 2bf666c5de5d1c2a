"""A folder is cleared only if this program made it, for the same use, and nobody works in it (L7)."""

import importlib.util
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.files.own_folder import MARK, cleared_folder, new_folder
from api.lab.demo.story import FILES
from ledger_node.domain.error import InvalidInputError

THESIS = "my thesis, of which there is no copy\n"
USE = "a test"
ROOT = Path(__file__).parents[2]


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def refused(folder, **options):
    with pytest.raises(InvalidInputError) as error, cleared_folder(folder, USE, **options):
        pytest.fail("it was given")
    assert error.value.reason == "configuration"
    return error.value.message


def test_l7_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "thesis.txt").write_text(THESIS)
    before = tree(tmp_path)
    refused(tmp_path)
    assert tree(tmp_path) == before


def test_l7_a_folder_that_we_made_is_cleared_and_keeps_its_mark(tmp_path):
    folder = tmp_path / "new" / "folder"
    with cleared_folder(folder, USE):
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_text("x")
        (folder / "link").symlink_to(tmp_path)
    (tmp_path / "thesis.txt").write_text(THESIS)
    with cleared_folder(folder, USE):
        assert [path.name for path in folder.iterdir()] == [MARK]
    assert (tmp_path / "thesis.txt").read_text() == THESIS


def test_l7_an_empty_folder_may_be_used(tmp_path):
    with cleared_folder(tmp_path, USE):
        assert [path.name for path in tmp_path.iterdir()] == [MARK]


def test_l7_a_folder_that_we_made_for_another_use_is_left_alone(tmp_path):
    folder = tmp_path / "folder"
    with cleared_folder(folder, "another use"):
        (folder / "file").write_text("x")
    before = tree(folder)
    refused(folder)
    assert tree(folder) == before


def test_l7_a_file_that_somebody_put_in_our_folder_keeps_all_of_it(tmp_path):
    folder = tmp_path / "folder"
    with cleared_folder(folder, USE, own={"ours"}):
        (folder / "ours").write_text("x")
    (folder / "thesis.txt").write_text(THESIS)
    before = tree(folder)
    assert "thesis.txt" in refused(folder, own={"ours"})
    assert tree(folder) == before


def test_l7_a_folder_that_another_process_works_in_is_left_alone(tmp_path):
    folder = tmp_path / "folder"
    with cleared_folder(folder, USE):
        (folder / "file").write_text("x")
        before = tree(folder)
        assert "another process" in refused(folder)
        assert tree(folder) == before


def test_l7_neither_a_link_nor_a_file_passes_for_our_folder(tmp_path):
    folder = tmp_path / "folder"
    with cleared_folder(folder, USE):
        (folder / "file").write_text("x")
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "file").write_text(THESIS)
    refused(tmp_path / "link")
    refused(tmp_path / "file")
    assert (folder / "file").read_text() == "x"
    assert (tmp_path / "file").read_text() == THESIS


def test_l7_a_kill_before_the_mark_was_written_does_not_keep_the_folder(tmp_path):
    (tmp_path / MARK).touch()
    with cleared_folder(tmp_path, USE):
        pass
    assert USE in (tmp_path / MARK).read_text()


def test_l7_a_folder_gets_its_name_when_it_is_whole(tmp_path):
    home = tmp_path / "home"
    with new_folder(home) as draft:
        (draft / "file").write_text("x")
        assert not home.exists()
    assert tree(tmp_path) == {"home": None, "home/file": b"x"}


def test_l7_a_folder_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError), new_folder(tmp_path / "home") as draft:
        (draft / "none" / "file").write_text("x")
    assert tree(tmp_path) == {}


def test_l7_a_folder_that_turns_up_meanwhile_is_not_replaced(tmp_path):
    home = tmp_path / "home"
    with pytest.raises(InvalidInputError) as error, new_folder(home):
        home.mkdir()
    assert error.value.reason == "configuration"
    assert tree(tmp_path) == {"home": None}


def test_l7_what_is_half_made_for_one_name_is_not_taken_for_that_of_another(tmp_path):
    """``home.partial`` may be a home of its own, whose making was killed when it had its name already."""
    other = tmp_path / "home.partial"
    with cleared_folder(other, "what becomes home.partial"):
        (other / "file").write_text("x")
    before = tree(tmp_path)
    with pytest.raises(InvalidInputError), new_folder(tmp_path / "home"):
        pytest.fail("it was given")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("command", ["init", "restore"])
def test_l7_founding_and_restoring_leave_somebodys_partial_folder_alone(tmp_path, command):
    partial = tmp_path / "home.partial"
    partial.mkdir()
    (partial / "thesis.txt").write_text(THESIS)
    options = []
    if command == "restore":
        made = {}
        for name in ("identity", "passphrase"):
            made[name] = tmp_path / name
        assert CliRunner().invoke(app, ["backup-identity", "--out", str(made["identity"])]).exit_code == 0
        made["passphrase"].write_text("00" * 32)
        made["passphrase"].chmod(0o600)
        options = [str(tmp_path / "none.age"), "--keys", str(tmp_path / "none"), "--identity", str(made["identity"])]
        options += ["--passphrase-file", str(made["passphrase"])]
    before = tree(tmp_path)
    done = CliRunner().invoke(app, [command, *options, "--home", str(tmp_path / "home")])
    assert done.exit_code == 2, done.output
    assert "configuration" in done.output
    assert tree(tmp_path) == before


def demo(folder):
    command = [sys.executable, "-m", "api.lab.demo", "--once", "--folder", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_l7_the_demonstration_removes_no_folder_that_it_did_not_make(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "thesis.txt").write_text(THESIS)
    before = tree(tmp_path)
    done = demo(tmp_path)
    assert done.returncode == 1
    assert "configuration" in done.stderr
    assert tree(tmp_path) == before


def test_l7_the_demonstration_clears_its_own_folder_but_not_with_somebodys_file_in_it(tmp_path):
    folder = tmp_path / "demo"
    with cleared_folder(folder, "the folder of scripts/demo", own=FILES):
        (folder / "tax_payment.csv").write_text("x")
    (folder / "thesis.txt").write_text(THESIS)
    before = tree(folder)
    done = demo(folder)
    assert done.returncode == 1
    assert "thesis.txt" in done.stderr
    assert tree(folder) == before


def test_l7_what_a_killed_demonstration_left_is_known_as_its_own():
    left = {"credence.partial", ".tax_payment.csv.credence.partial", "penalty_summary.csv"}
    assert left <= FILES
    assert "thesis.txt" not in FILES


def test_l7_the_script_that_writes_artifacts_removes_no_other_file(tmp_path, monkeypatch, capsys):
    script = SourceFileLoader("compile_contracts", str(ROOT / "scripts" / "compile_contracts"))
    spec = importlib.util.spec_from_loader("compile_contracts", script)
    compiler = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    script.exec_module(compiler)
    monkeypatch.setattr(compiler, "FOLDER", tmp_path)
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "Thesis.json").write_text(THESIS)
    assert not compiler.write({"Council": "{}\n"})
    assert "Thesis.json" in capsys.readouterr().err
    assert tree(tmp_path / "artifacts") == {"Council.json": b"{}\n", "Thesis.json": THESIS.encode()}
