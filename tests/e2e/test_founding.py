"""A consortium is founded with the banks that are named, each with a credential of its own."""

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.home.home import Home
from ledger_node.chain.port import Role
from tests.kit.command import printed


def init(folder, *banks):
    options = [part for bank in banks for part in ("--bank", bank)]
    return CliRunner().invoke(app, ["init", "--home", str(folder), "--json", *options])


def test_several_banks_are_founded(tmp_path):
    result = init(tmp_path / "home", "north-bank=North Bank", "river-bank=虚构江河银行")
    assert result.exit_code == 0, result.output
    home = Home(tmp_path / "home")
    assert {member.name for member in home.members() if Role.BANK in member.roles} == {"North Bank", "虚构江河银行"}
    assert set(printed(result)["credentials"]) >= {"north-bank", "river-bank", "tax-bureau"}
    assert home.read_key("river-bank") != home.read_key("north-bank")


@pytest.mark.parametrize(
    "banks",
    [
        ["north-bank"],
        ["=North Bank"],
        ["North=North Bank"],
        ["../x=North Bank"],
        ["sealer=North Bank"],
        ["operator=North Bank"],
        ["north-bank=Demo tax bureau"],
        ["one=North Bank", "two=North Bank"],
        ["one=North Bank", "one=River Bank"],
        ["one=" + "x" * 201],
    ],
)
def test_banks_that_cannot_be_told_apart_are_refused_and_nothing_is_made(tmp_path, banks):
    result = init(tmp_path / "home", *banks)
    assert result.exit_code == 2
    assert "configuration" in result.output
    assert not (tmp_path / "home").exists()
