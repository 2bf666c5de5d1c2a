"""Commands, options, variables and defaults that the documents name are those of the program."""

import inspect
import re
from pathlib import Path

import pytest
import typer

from api.cli.main import app
from api.home import settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SETTINGS = (ROOT / "docs" / "operating.md").read_text("utf-8").partition("\n## Settings\n")[2].partition("\n## ")[0]
NAMED = re.compile(r"\bcredence ([a-z][^`\n]*(?:\\\n[^`\n]*)*)")
OPTION = re.compile(r"(?<=\s)--[a-z][a-z-]*")
EVERYWHERE = {"--home", "--json", "--help"}


def command_named(words):
    """Return the command, or group of commands, that words begin with; None where they begin with none."""
    command = found = None
    group = typer.main.get_command(app)
    for word in words:
        _, command, _ = group.resolve_command(typer.Context(group, resilient_parsing=True), [word])
        if command is None:
            return found
        found = group = command
        if not hasattr(group, "commands"):
            break
    return found


def options_of(command):
    return {name: option for option in command.params for name in (*option.opts, *option.secondary_opts)}


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def rows_of_options():
    """Return (command, option, default) of each row of the table of options; the command stands in the first of its."""
    command = ""
    for line in SETTINGS.partition("| command |")[2].splitlines()[2:]:
        if line.startswith("|"):
            first, option, default, _ = cells(line)
            command = first.strip("`").removeprefix("credence ") or command
            yield command, option.strip("`").split()[0], default


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_commands_and_options_that_there_are(page):
    for line in NAMED.findall(page.read_text("utf-8")):
        command = command_named(line.split())
        assert command is not None, line
        named = set(OPTION.findall(line.partition(" | ")[0]))
        assert named <= {*options_of(command), "--help"}, line


def test_the_table_of_options_has_their_defaults_and_all_that_serving_takes():
    rows = list(rows_of_options())
    for name, option, default in rows:
        found = options_of(command_named(name.split()))[option]
        if default.startswith("`"):
            assert str(found.default) == default.strip("`"), (name, option)
    for name in ("init", "serve", "node run"):
        taken = {name for name, option in options_of(command_named(name.split())).items() if not option.hidden}
        listed = {option for of, option, _ in rows if of == name}
        assert {option for option in taken if not option.startswith("--no-")} == listed | (EVERYWHERE & taken)


def test_the_table_of_variables_has_all_that_the_program_reads():
    source = inspect.getsource(settings)
    read = set(re.findall(r'"(CREDENCE_[A-Z_]+)"', source))
    read |= {f"CREDENCE_RATE_{sort}" for sort in re.findall(r'_rate\(environ, "([A-Z]+)"', source)}
    listed = {variable for line in SETTINGS.splitlines() for variable in re.findall("`(CREDENCE_[A-Z_]+)`", line)}
    assert listed == read


def test_the_table_of_variables_has_the_defaults_of_the_program():
    usual = settings.HttpSettings()
    rates = {name: getattr(usual, name) for name in ("reads", "verifications", "effects", "anonymous")}
    expected = {f"CREDENCE_RATE_{name.upper()}": f"{rate.per_s}/{rate.burst}" for name, rate in rates.items()}
    expected |= {
        "CREDENCE_HOME": settings.DEFAULT_HOME,
        "CREDENCE_VERIFICATIONS_AT_ONCE": f"{usual.at_once}/{usual.beside_others}",
        "CREDENCE_BODY_PAUSE": f"{usual.body_pause_s:g}",
        "CREDENCE_LOG_SLOW": f"{settings.WatchSettings().slow_s:g}",
    }
    assert (
        expected.items()
        <= dict(re.findall(r"^\| `(CREDENCE_[A-Z_]+)` \| `([^`]+)` \|", SETTINGS, re.MULTILINE)).items()
    )
