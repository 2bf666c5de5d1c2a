"""A rehearsal: a served ledger of invented firms, one bank's answers, and the truth to score attacks against."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from api.attack.corpus import Json
from api.catalogue.synthetic import credit_code, write_export
from api.demo.actor import attest, grant, register
from api.demo.server import Served

_SEED: Final = 41
_BANK: Final = "Demo bank"
_DEPARTMENTS: Final = {
    "tax_payment": "tax-bureau",
    "tax_credit_rating": "tax-bureau",
    "penalty_summary": "market-regulator",
}
_QUESTIONS: Final = (
    "tax_payment.paid_amount >= 200000 CNY during 2025",
    "tax_payment.months_paid_on_time_12m >= 6 months during 2025",
    "tax_credit_rating.grade in {A, B}",
    "tax_credit_rating.rating_year reveal",
    "penalty_summary.count_24m < 2",
)
_AMOUNTS: Final = {"paid_amount": "实缴税额（元）", "sales_income": "销售收入（元）"}
_COUNTS: Final = {"months_paid_on_time_12m": "近12个月按期缴纳月数", "count_24m": "近24个月处罚次数"}
_GRADES: Final = {"grade": "信用级别"}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The files that ``credence attack`` takes, and the node it reads."""

    rpc_url: str
    answers: list[Path]
    codes: Path
    truth: Path


def rehearse(
    served: Served, folder: Path, *, firms: int, granting: int = 12, consents_each: int = 2, asked: int = 8
) -> Rehearsal:
    """Attest to ``firms`` rows of three types, register some firms, grant and ask, in an order without meaning.

    Registering, granting and asking are shuffled against each other: whether people do one right after
    the other is their habit, not the ledger's; see docs/attack-report.md.
    """
    random = Random(_SEED)  # noqa: S311 - an order of events that can be repeated
    codes = [credit_code(firm, _SEED) for firm in range(firms)]
    rows = [row for schema in _DEPARTMENTS for row in _attest(served, folder, schema, firms)]
    chosen = random.sample(range(firms), granting)
    subjects = {}
    registrar = served.client("market-regulator")
    for firm in chosen:
        subjects[register(registrar, served.home, f"firm-{firm}", codes[firm])] = codes[firm]
    registrar.close()
    granted = _grant(served, random, chosen, codes, consents_each)
    answers = []
    bank = served.client("demo-bank")
    for number, consent in enumerate(random.sample(list(granted), min(asked, len(granted)))):
        answer = bank.verify(consent, granted[consent].pop("asked"))
        answers.append(folder / f"answer-{number}.json")
        answers[-1].write_text(json.dumps(answer), "utf-8")
    bank.close()
    for terms in granted.values():
        terms.pop("asked", None)
    register_file, truth = folder / "codes.txt", folder / "truth.json"
    register_file.write_text("\n".join(codes) + "\n", "utf-8")
    truth.write_text(json.dumps({"attestations": rows, "subjects": subjects, "consents": granted}), "utf-8")
    return Rehearsal(str(served.node()["url"]), answers, register_file, truth)


def _grant(
    served: Served, random: Random, chosen: list[int], codes: list[str], consents_each: int
) -> dict[str, dict[str, Json]]:
    granted: dict[str, dict[str, Json]] = {}
    order = chosen * consents_each
    random.shuffle(order)
    for firm in order:
        client = served.client(f"firm-{firm}")
        questions = sorted(random.sample(_QUESTIONS, random.randint(1, len(_QUESTIONS))))
        consent, _ = grant(client, served.home.read_key(f"firm-{firm}"), _BANK, questions, uses=random.randint(1, 3))
        client.close()
        granted[consent] = {
            "credit_code": codes[firm],
            "bank": _BANK,
            "questions": len(questions),
            "asked": list(questions),
        }
    return granted


def _attest(served: Served, folder: Path, schema: str, firms: int) -> list[Json]:
    file = folder / f"{schema}.csv"
    write_export(file, schema, firms, seed=_SEED)
    client = served.client(_DEPARTMENTS[schema])
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
            "values": _values(cells[row]),
        }
        for row, line in enumerate(sorted(results))
    ]


def _values(row: dict[str, str]) -> dict[str, Json]:
    values: dict[str, Json] = {}
    for name, heading in _AMOUNTS.items():
        if row.get(heading):
            values[name] = int(row[heading].replace("￥", "").replace(",", "").replace(".", ""))
    for name, heading in _COUNTS.items():
        if heading in row:
            values[name] = int(row[heading])
    for name, heading in _GRADES.items():
        if heading in row:
            values[name] = row[heading]
    return values
