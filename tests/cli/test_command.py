"""What every command has: options in groups, refusals that are told, and an end that people or programs read."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from api.cli.command import Output, command, command_group
from api.cli.console import ExitCode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from tests.kit.command import printed


@dataclass(frozen=True, slots=True)
class Bounds:
    low: Annotated[int, typer.Option(help="The least.")]
    high: Annotated[int, typer.Option(help="The most.")] = 9


@pytest.fixture
def run():
    group = command_group("Words.", "credence words")

    @command(group, "credence words span --low 1", name="span")
    def span(*, start: int = 0, bounds: Bounds) -> Output:
        """Say how wide it is."""
        if bounds.high < bounds.low:
            raise InvalidInputError(Reason.VALUE_OUT_OF_RANGE, "the most is less than the least")
        width = start + bounds.high - bounds.low
        rows = [(f"from {bounds.low}", "low"), (f"to {bounds.high}", "high")]
        return Output({"width": width}, str(width), rows, told="measured", code=ExitCode.NO)

    @command(group, "credence words hush")
    def hush() -> None:
        """Say nothing."""

    return lambda *arguments: CliRunner().invoke(group, arguments)


def test_each_field_of_a_group_is_an_option_at_the_place_of_the_group(run):
    page = run("span", "--help").stdout
    places = [page.index(option) for option in ("--start", "--low", "--high", "--json", "--help")]
    assert places == sorted(places)
    assert run("span", "--high", "3").exit_code == 2


def test_people_read_what_is_told_and_printed(run):
    done = run("span", "--low", "1", "--high", "4", "--start", "2")
    assert (done.exit_code, done.stderr, done.stdout) == (1, "measured\nfrom 1\nto 4\n", "low\nhigh\n5\n")


def test_programs_read_the_data_and_nothing_else_on_stdout(run):
    done = run("span", "--low", "1", "--json")
    assert (done.exit_code, done.stderr, printed(done)) == (1, "measured\n", {"width": 8})


def test_a_refusal_is_told_with_its_reason(run):
    done = run("span", "--low", "10", "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "refused value_out_of_range: the most is less than the least\n"


def test_a_command_that_returns_no_output_has_no_json(run):
    done = run("hush")
    assert (done.exit_code, done.output) == (0, "")
    assert "--json" not in run("hush", "--help").stdout
