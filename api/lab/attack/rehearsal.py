"""A rehearsal: a served ledger of invented firms and banks, one bank's answers, and the truth to score against."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from api.catalogue.synthetic import credit_code, write_export
from api.client.client import Client
from api.lab.attack.consent_life import Bank, Firm, Life, Stage, live_all
from api.lab.attack.corpus import Json
from api.lab.demo.actor import DEPARTMENTS, attest, register
from api.lab.demo.server import InstanceProcess
from ledger_node.domain.json_object import from_hex

BANKS: Final = {
    "north-bank": "North Bank of Invention",
    "harbour-bank": "Harbour Merchants Bank",
    "river-bank": "虚构江河农村商业银行",
    "hill-bank": "Hill Cooperative Bank",
    "island-bank": "Island Savings Bank",
}
RELAYERS: Final = ("Relayer of the North", "Relayer of the Harbour")
"""Beside the operator: so three members relay, each for everybody."""
_SEED: Final = 41
_REFUSED_OF: Final = 5


def _fen(cell: str) -> int:
    return int(cell.replace("￥", "").replace(",", "").replace(".", ""))


_CELLS: Final[dict[str, tuple[str, Callable[[str], Json]]]] = {
    "paid_amount": ("实缴税额（元）", _fen),
    "sales_income": ("销售收入（元）", _fen),
    "months_paid_on_time_12m": ("近12个月按期缴纳月数", int),
    "count_24m": ("近24个月处罚次数", int),
    "grade": ("信用级别", str),
}
"""Where an export holds a field, and how it is read."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The files that ``credence attack`` takes, and the node it reads."""

    rpc_url: str
    answers: list[Path]
    codes: Path
    truth: Path


def rehearse(
    served: InstanceProcess, folder: Path, *, firms: int, granting: int = 50, consents: int = 200, shown: int = 8
) -> Rehearsal:
    """Attest to ``firms`` rows of three types, register ``granting`` firms, and let ``consents`` be lived.

    ``served`` is founded with ``BANKS`` and ``RELAYERS``; ``shown``: how many answers the first of them gives away. One
    request in five more is refused. Who does what next is drawn without a look at who it is:
    whether people do one right after the other is their habit, not the ledger's; see docs/attack-report.md.
    """
    random = Random(_SEED)  # noqa: S311 - an order of events that can be repeated
    codes = [credit_code(firm, _SEED) for firm in range(firms)]
    rows = [row for schema in DEPARTMENTS for row in _attest(served, folder, schema, firms)]
    registrar = served.client("market-regulator")
    chosen = {f"firm-{firm}": codes[firm] for firm in random.sample(range(firms), granting)}
    subjects = {register(registrar, served.home, name, code): code for name, code in chosen.items()}
    stage = Stage(registrar)
    people = [Firm.of(served.home, served.url, name, code) for name, code in chosen.items()]
    banks = _banks(served, registrar)
    _live(stage, people, banks, consents, random)
    for client in (registrar, *(firm.client for firm in people), *(bank.client for bank in banks)):
        client.close()
    own = [
        answer for bank, answer in stage.answers if bank is banks[0] and answer["presentation"]["consent"] is not None
    ]
    answers = [folder / f"answer-{number}.json" for number in range(min(shown, len(own)))]
    for file, answer in zip(answers, own, strict=False):
        file.write_text(json.dumps(answer), "utf-8")
    register_file, truth = folder / "codes.txt", folder / "truth.json"
    register_file.write_text("\n".join(codes) + "\n", "utf-8")
    known = {"attestations": rows, "subjects": subjects, "consents": stage.consents, "requests": stage.requests}
    truth.write_text(json.dumps(known), "utf-8")
    return Rehearsal(str(served.node()["url"]), answers, register_file, truth)


def _banks(served: InstanceProcess, client: Client) -> list[Bank]:
    ids = {member["name"]: member["id"] for member in client.get("/v1/members")["members"]}
    return [Bank(name, from_hex(ids[name], "member"), served.client(slug)) for slug, name in BANKS.items()]


def _live(stage: Stage, people: list[Firm], banks: list[Bank], consents: int, random: Random) -> None:
    refused = consents // _REFUSED_OF
    drawn = [Life.drawn(random, is_refused=number >= consents) for number in range(consents + refused)]
    # firms and banks take turns before they are shuffled, so that none is so common that it is worth guessing
    firms = [people[number % len(people)] for number in range(len(drawn))]
    grantees = [banks[number % len(banks)] for number in range(len(drawn))]
    random.shuffle(firms)
    random.shuffle(grantees)
    live_all([stage.live(*one) for one in zip(drawn, firms, grantees, strict=True)], random)


def _attest(served: InstanceProcess, folder: Path, schema: str, firms: int) -> list[Json]:
    file = folder / f"{schema}.csv"
    write_export(file, schema, firms, seed=_SEED)
    client = served.client(DEPARTMENTS[schema])
    member = client.get("/v1/me")["id"]
    job = attest(client, file, schema, lambda _: None)
    results = {int(row["line"]): row for row in client.results(job["job"], "issued")}
    client.close()
    with file.open(encoding="utf-8-sig", newline="") as content:
        cells = list(csv.DictReader(content))
    return [
        {
            "schema": schema,
            "credit_code": cells[row]["统一社会信用代码"],
            "batch": f"{member}/{results[line]['batch']}",
            "index": results[line]["index"],
            "row": row,
            "values": {name: read(cells[row][head]) for name, (head, read) in _CELLS.items() if cells[row].get(head)},
        }
        for row, line in enumerate(sorted(results))
    ]
