"""Help pages: each command has one, with examples and exit codes, and nothing in it is cut at 80 columns."""

import re
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from api.cli.main import _COMMANDS, app
from api.home.settings import environment_of_child

FIRST = {"api.cli.main", "api.cli.console", "api.cli.command", "api.cli.language"}
"""What every command loads."""


def _pages():
    """Yield (words of the command, the command) for every page."""
    root = typer.main.get_command(app)
    waiting = [((), root)]
    while waiting:
        words, command = waiting.pop()
        yield words, command
        if hasattr(command, "list_commands"):
            waiting += [
                ((*words, name), command.resolve_command(None, [name])[1]) for name in command.list_commands(None)
            ]


PAGES = dict(_pages())
COMMANDS = {words: command for words, command in PAGES.items() if not hasattr(command, "list_commands")}


def page(*words):
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_first_page_says_in_a_line_what_each_command_is_for():
    lines = page().partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines] == list(_COMMANDS)
    for line, (_, words) in zip(lines, _COMMANDS.values(), strict=True):
        assert re.fullmatch(r"  \S+ +" + re.escape(words), line)


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_every_page_has_whole_names_examples_and_exit_codes_within_80_columns(words):
    text = page(*words)
    assert all(len(line) <= 80 for line in text.splitlines()), text
    for parameter in PAGES[words].params:
        for name in [*parameter.opts, *parameter.secondary_opts] if not getattr(parameter, "hidden", False) else ():
            if name.startswith("-"):
                assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text), name
    names = [line.split("  ")[1] for line in text.splitlines() if re.match("  [-a-z]", line)]
    assert not [name for name in names if "…" in name or name.endswith("...")]
    examples = text.partition("  Examples:\n")[2].partition("\n\n")[0]
    assert f"credence {' '.join(words)}".strip() in examples
    codes = re.findall(r"^    (\d)  (.+)", text.partition("  Exit codes:\n")[2], re.MULTILINE)
    assert [code for code, _ in codes] == sorted({code for code, _ in codes})
    assert {"0", "2"} <= {code for code, _ in codes}
    assert dict(codes)["2"].startswith("usage: ")


@pytest.mark.parametrize("words", [words for words in PAGES if PAGES[words] not in COMMANDS.values()], ids=" ".join)
def test_a_group_lists_its_commands_with_whole_lines(words):
    listed = page(*words).partition("Commands:\n")[2].partition("\n\n")[0]
    assert listed
    assert "..." not in listed


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_examples_are_commands_that_can_be_read(words):
    """Every option of an example exists, and the names of its commands do."""
    examples = COMMANDS[words].epilog.partition("Examples:\n")[2].partition("\n\n")[0].replace("\\\n", " ")
    known = {name for parameter in COMMANDS[words].params for name in parameter.opts}
    for line in filter(str.strip, examples.splitlines()):
        ours = line.partition("|")[0]
        assert ours.split()[: len(words) + 1] == ["credence", *words]
        assert set(re.findall(r"(?<=\s)--[a-z-]+", ours)) <= known, line


def test_the_version_is_that_of_the_package():
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, "credence 0.1.0\n")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(("consnet",), "consent"), (("atest", "--help"), "attest"), (("subject", "registr"), "register")],
)
def test_a_name_that_is_nearly_a_command_is_answered_with_the_command(typed, meant):
    done = CliRunner().invoke(app, typed)
    assert done.exit_code == 2
    assert f"Did you mean '{meant}'" in done.stderr


def run(*arguments, **environment):
    code = "import sys; from api.cli.main import app; sys.argv[0] = 'credence'; "
    code += "import atexit; atexit.register(lambda: print(*sorted(m for m in sys.modules if m.startswith('api.')), "
    code += "file=sys.stderr)); app(prog_name='credence')"
    known = {**environment_of_child(None), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", **environment}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, env=known
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_that_completes_is_shown_for_each_shell(shell):
    shown = run("--show-completion", shell)
    assert shown.returncode == 0, shown.stderr
    assert "_CREDENCE_COMPLETE=complete_" in shown.stdout


@pytest.mark.parametrize(
    ("typed", "found", "loaded"),
    [
        ("credence cons", {"consent"}, set()),
        ("credence ", set(_COMMANDS), set()),
        ("credence --ver", {"--version"}, set()),
        ("credence trust ", {"export", "show"}, {"api.cli.trust"}),
    ],
)
def test_a_shell_completes_names_and_loads_no_more_than_it_must(typed, found, loaded):
    count = str(len(typed.split()) - (not typed.endswith(" ")))
    done = run(_CREDENCE_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=count)
    assert set(done.stdout.split()) == found, done.stderr
    commands = {module for module in done.stderr.split() if module.startswith("api.cli.")}
    assert commands == {*FIRST, *loaded}


def test_help_of_all_loads_no_command():
    done = run("--help")
    commands = {module for module in done.stderr.split() if module.startswith("api.cli.")}
    assert commands == FIRST
