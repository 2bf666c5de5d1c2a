"""``credence members``, ``purposes`` and ``schemas``: what anybody may know of a consortium."""

from collections.abc import Sequence

from rich.cells import cell_len

from api.cli.command import Caller, HomeOption, Output, UrlOption, alone, command
from api.cli.console import printable


@command(alone, "credence members", "credence members --json")
def members(home: HomeOption = None, url: UrlOption = None) -> Output:
    """List the members of the consortium with their ids and roles."""
    answer = Caller(None, home, url).client().get("/v1/members")
    rows = [
        (one["name"], ", ".join(one["roles"]), "active" if one["active"] else "not active", one["id"])
        for one in answer["members"]
    ]
    return Output(answer, _table(("NAME", "ROLES", "STATE", "ID"), rows))


@command(alone, "credence purposes", "credence purposes --json")
def purposes(home: HomeOption = None, url: UrlOption = None) -> Output:
    """List the purposes of consents, and the most that each allows."""
    answer = Caller(None, home, url).client().get("/v1/purposes")
    rows = [
        (
            one["code"],
            str(one["max_days"]),
            str(one["max_uses"]),
            "-" if one["max_uses_a_month"] is None else str(one["max_uses_a_month"]),
            str(one["max_retention_days"]),
            one["text"]["en"],
        )
        for one in answer["purposes"]
    ]
    return Output(answer, _table(("PURPOSE", "DAYS", "USES", "USES A MONTH", "DAYS STORED", "WORDS"), rows))


@command(alone, "credence schemas", "credence schemas --json")
def schemas(home: HomeOption = None, url: UrlOption = None) -> Output:
    """List the types of attestation and the fields that questions may name."""
    answer = Caller(None, home, url).client().get("/v1/schemas")
    rows = [
        (f"{one['name']}.{field['name']}", field["type"], field.get("unit", "-"), field["mode"])
        for one in (each["schema"] for each in answer["schemas"])
        for field in one["fields"]
    ]
    return Output(answer, _table(("FIELD", "TYPE", "UNIT", "MODE"), rows))


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return columns as wide as what stands in them; Chinese letters take two places."""
    lines = [headings, *(tuple(map(printable, row)) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    padded = [
        [text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True)] for line in lines
    ]
    return "\n".join("  ".join(cells).rstrip() for cells in padded)
