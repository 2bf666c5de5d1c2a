"""``credence members``, ``purposes`` and ``schemas``: what anybody may know of a consortium."""

from collections.abc import Sequence
from typing import Any

import typer
from rich.cells import cell_len

from api.cli.caller import Caller, HomeOption, UrlOption
from api.cli.command import command, command_group
from api.cli.console import JsonOption, emit, printable

alone = command_group()


@command(alone, "credence members", "credence members --json")
def members(home: HomeOption = None, url: UrlOption = None, *, as_json: JsonOption = False) -> None:
    """List the members of the consortium with their ids and roles."""
    listed = _get("members", home, url, as_json=as_json)
    rows = [
        (one["name"], ", ".join(one["roles"]), "active" if one["active"] else "not active", one["id"]) for one in listed
    ]
    _print_table(("NAME", "ROLES", "STATE", "ID"), rows)


@command(alone, "credence purposes", "credence purposes --json")
def purposes(home: HomeOption = None, url: UrlOption = None, *, as_json: JsonOption = False) -> None:
    """List the purposes of consents, and the most that each allows."""
    listed = _get("purposes", home, url, as_json=as_json)
    rows = [
        (
            one["code"],
            str(one["max_days"]),
            str(one["max_uses"]),
            "-" if one["max_uses_a_month"] is None else str(one["max_uses_a_month"]),
            str(one["max_retention_days"]),
            one["text"]["en"],
        )
        for one in listed
    ]
    _print_table(("PURPOSE", "DAYS", "USES", "USES A MONTH", "DAYS STORED", "WORDS"), rows)


@command(alone, "credence schemas", "credence schemas --json")
def schemas(home: HomeOption = None, url: UrlOption = None, *, as_json: JsonOption = False) -> None:
    """List the types of attestation and the fields that questions may name."""
    listed = _get("schemas", home, url, as_json=as_json)
    rows = [
        (f"{one['name']}.{field['name']}", field["type"], field.get("unit", "-"), field["mode"])
        for one in (each["schema"] for each in listed)
        for field in one["fields"]
    ]
    _print_table(("FIELD", "TYPE", "UNIT", "MODE"), rows)


def _get(name: str, home: HomeOption, url: UrlOption, *, as_json: bool) -> list[Any]:
    answer = Caller(None, home, url).client().get(f"/v1/{name}")
    if as_json:
        emit(answer)
        raise typer.Exit
    return list(answer[name])


def _print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as what stands in them; Chinese letters take two places."""
    lines = [headings, *(tuple(map(printable, row)) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = [text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True)]
        typer.echo("  ".join(padded).rstrip())
