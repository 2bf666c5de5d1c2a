"""The story that scripts/demo runs. Everything goes through HTTP, as the three people's own programs would."""

import csv
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from api.catalogue.synthetic import credit_code, write_export
from api.client.answer_check import check_answer
from api.client.asking import Asker, spend_seed
from api.files.own_file import partial_of
from api.lab.demo.actor import accept_request, ask, attest, register
from api.lab.demo.server import NO_FIRST_WAIT, InstanceProcess
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.canonical import JSON
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.verification import Policy

SEED: Final = 1
EXPORTS: Final = (
    ("tax_payment", 4000, 13, "tax-bureau"),
    ("tax_credit_rating", 3000, 12, "tax-bureau"),
    ("penalty_summary", 3000, 12, "market-regulator"),
)
"""Schema, rows, dirty rows among them, and the department whose export it is."""
QUESTIONS: Final = (
    "tax_payment.paid_amount >= 500000 CNY during 2025",
    "tax_payment.paid_amount >= 5000000 CNY during 2025",
    "tax_credit_rating.grade in {A, B}",
    "penalty_summary.count_24m < 1",
)
OUTSIDE: Final = "tax_payment.sales_income >= 10000000 CNY during 2025"
HOME: Final = "credence"
_FILES: Final = [f"{schema}.csv" for schema, *_ in EXPORTS]
FILES: Final = frozenset({HOME, f"{HOME}.partial", *_FILES, *(partial_of(Path(name)).name for name in _FILES)})
"""The names of all that the story writes in its folder."""
BANK: Final = "Demo bank"
BANK_SLUG: Final = "demo-bank"
SHOP: Final = "demo-shop"
SHORT_WAITS: Final = {**NO_FIRST_WAIT, **dict.fromkeys(("CREDENCE_FILE_WAIT", "CREDENCE_COUNTER_WAIT"), "1m")}
"""What takes a day elsewhere takes a minute or no time here; the portal says so."""
LONG_LINKS: Final = {"CREDENCE_DEVICE_LINK_LIFETIME": "1d"}
"""Whoever reads the demonstration's words takes a while to open a link."""
LATER: Final = QUESTIONS[2:]
"""What the bank asks for at the end, and waits for."""


class Story:
    """Runs the story in ``folder`` and collects what ``--json`` prints."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder = folder
        self._console = console
        self._subject = ""
        self.seconds: dict[str, float] = {}
        self.result: dict[str, Any] = {}
        with self._step("found", "A consortium of one: keys, chain, contracts, members; and its API"):
            exports = threading.Thread(target=self._write_exports)
            exports.start()
            self.served = InstanceProcess(folder / HOME, variables=SHORT_WAITS | LONG_LINKS)
            exports.join()

    def run(self) -> None:
        """Run all steps."""
        self._attest()
        home, bank = self.served.home, self.served.client(BANK_SLUG)
        seed = spend_seed(home, BANK_SLUG)
        with self._step("consent", "The shop owner is registered; the bank asks for a consent, and the owner accepts"):
            subject = self._subject = register(self.served.client("market-regulator"), home, SHOP, credit_code(0, SEED))
            request = ask(bank, seed, subject, QUESTIONS)
            shop = self.served.client(SHOP)
            consent, secret = accept_request(shop, home.read_key(SHOP), request)
        self._say(f"  consent {consent}: {len(QUESTIONS)} questions, 3 uses, 30 days, for a loan application")
        asker = Asker(bank, seed, consent)
        with self._step("verify", "The bank asks the four questions, and one that was not consented"):
            answer = asker.ask([*QUESTIONS, OUTSIDE])
            verdicts = self._check(bank, answer)
        self.result["verdicts"] = verdicts
        self._show_received(answer)
        with self._step("kill", "The node is killed (SIGKILL) and opens its chain again"):
            killed = self.served.kill_node()
        self._say(f"  process {killed} is gone, process {self.served.node()['pid']} serves the same chain")
        with self._step("verify_again", "The bank asks again"):
            again = self._check(bank, asker.ask([*QUESTIONS, OUTSIDE]))
        self.result["same_answers_after_kill"] = again == verdicts
        with self._step("withdraw", "The shop owner withdraws, and the bank asks once more"):
            shop.post(f"/v1/consents/{consent}/withdrawal", {"secret": "0x" + secret.hex()})
            refused = self._check(bank, asker.ask(list(QUESTIONS)))
        self.result["refused_after_withdrawal"] = all(
            row["verdict"] == "cannot_tell" and row["reason"] == "consent_withdrawn" for row in refused
        )
        self.result["seconds"] = {name: round(value, 2) for name, value in self.seconds.items()}

    def leave_open(self) -> None:
        """Leave the shop owner with a consent that is live and a request that waits."""
        home, bank, shop = self.served.home, self.served.client(BANK_SLUG), self.served.client(SHOP)
        seed = spend_seed(home, BANK_SLUG)
        with self._step("leave_open", "The shop owner consents once more, and the bank asks for something else"):
            accept_request(shop, home.read_key(SHOP), ask(bank, seed, self._subject, QUESTIONS))
            ask(bank, seed, self._subject, LATER)
            # officers ask and check by the bank's pages, for which this instance signs
            bank.put("/v1/spend-seed", {"seed": seed.to_text()})

    def _write_exports(self) -> None:
        for schema, rows, bad, _ in EXPORTS:
            write_export(self._folder / f"{schema}.csv", schema, rows, seed=SEED, bad_rows=bad)

    def _attest(self) -> None:
        issued = rejected = batches = gas = 0
        for schema, rows, _, department in EXPORTS:
            file = self._folder / f"{schema}.csv"
            columns = (TextColumn(f"  {schema}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            client = self.served.client(department)
            with (
                self._step(f"attest_{schema}", f"The {department} attests to {rows} rows of {file.name} (synthetic)"),
                Progress(*columns, console=self._console, transient=True) as progress,
            ):
                bar = progress.add_task(schema, total=rows)
                job = attest(client, file, schema, partial(_show, progress, bar))
            self._say(f"  {job['issued']} issued in {job['batches']} batch(es), {job['rejected']} rows rejected:")
            for row in list(client.results(job["job"], "rejected"))[:3]:
                self._say(f"    line {row['line']}, {row['field'] or 'row'}: {row['message']} ({row['reason']})")
            issued, rejected = issued + job["issued"], rejected + job["rejected"]
            batches, gas = batches + job["batches"], gas + job["gas_used"]
        self.result |= {
            "attestations": issued,
            "rejected_rows": rejected,
            "batches": batches,
            "anchor_gas_per_attestation": round(gas / issued, 2),
        }
        self._say(f"  anchoring cost {gas / issued:.1f} gas an attestation")

    def _check(self, bank: Any, answer: Any) -> list[dict[str, str | None]]:  # noqa: ANN401 - the client, and JSON
        """Check an answer as the bank does, against the chain, and show the verdicts."""
        ledger = Web3Ledger(self.served.home.address_book(), Rpc(self.served.node()["url"]))
        grantee = from_hex(bank.get("/v1/me")["id"], "member")
        verdicts = check_answer(answer, ledger, grantee=grantee, policy=Policy())
        rows: list[dict[str, str | None]] = []
        for shown, verdict in zip(answer["presentation"]["claims"], verdicts, strict=True):
            reason = None if verdict.reason is None else verdict.reason.value
            self._say(f"  {verdict.outcome.value:14} {shown['claim']}" + (f"  ({reason})" if reason else ""))
            rows.append({"claim": shown["claim"], "verdict": verdict.outcome.value, "reason": reason})
        return rows

    def _show_received(self, answer: Any) -> None:  # noqa: ANN401 - JSON of the API
        proofs = [claim["proof"] for claim in answer["presentation"]["claims"] if claim["proof"]]
        seen = raw_values_in(answer, self._raw_values())
        self.result["raw_values_seen_by_bank"] = seen
        self._say(f"  what the bank received of each claim, {len(proofs)} times (here the first):")
        self._console.print_json(data=proofs[0], indent=2)
        self._say(f"  values of the department's record in the whole answer: {seen}")

    def _raw_values(self) -> set[str]:
        """Return every cell of the firm's rows, as written and as the vault holds it."""
        values: set[str] = set()
        for schema, *_ in EXPORTS:
            with (self._folder / f"{schema}.csv").open(encoding="utf-8-sig", newline="") as file:
                row = next(csv.DictReader(file))
            for heading, cell in row.items():
                if heading not in _SHOWN_ON_PURPOSE:
                    values |= {cell, cell.replace(",", ""), cell.replace(",", "").replace(".", "")}
        return {value for value in values if value}

    @contextmanager
    def _step(self, name: str, words: str) -> Iterator[None]:
        self._console.print(f"[bold]{words}[/bold]")
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began
        self._console.print(f"  [dim]{self.seconds[name]:.2f} s[/dim]")

    def _say(self, words: str) -> None:
        self._console.print(words, soft_wrap=True, markup=False, highlight=False)


_SHOWN_ON_PURPOSE: Final = {
    "统一社会信用代码",  # the bank must know which firm it is about
    "纳税人识别号",
    "所属年度",  # the header says which period and which day the data is of
    "评价年度",
    "数据截至日期",
    "序号",  # a row number, no value
}


def _show(progress: Progress, bar: TaskID, done: int) -> None:
    progress.update(bar, completed=done)


def raw_values_in(answer: JSON, values: set[str]) -> int:
    """Count members of ``answer`` that are one of ``values``; the words of the questions are the bank's own."""
    if isinstance(answer, dict):
        return sum(raw_values_in(item, values) for key, item in answer.items() if key not in _NO_VALUES)
    if isinstance(answer, list):
        return sum(raw_values_in(item, values) for item in answer)
    return int(not isinstance(answer, bool) and answer is not None and str(answer) in values)


_NO_VALUES: Final = {
    "claim",
    "question",
    "questions",
    "number",
    "size",
    "start",
    "index",
    "stream",
    "uses",
    "max_uses",
    "max_age_days",
    "version",
    "threshold",
    "entries",
    "begins",
    "holds",
    "person",
    "retention_days",
}
"""The bank's own words, and small numbers of the ledger that may happen to equal a small value."""
