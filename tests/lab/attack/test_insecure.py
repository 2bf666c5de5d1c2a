"""The tool works: what it must find on a weak ledger, it finds, every attack by itself."""

import json

import pytest
from typer.testing import CliRunner

from api.catalogue.datatype import schemas
from api.cli.main import app
from api.lab.attack.bank_view import bank_view_of
from api.lab.attack.guess import guess_inputs_of
from api.lab.attack.report import Verdict
from ledger_node.domain.commitment import leaf_digest, plain_digest
from ledger_node.domain.json_object import from_hex
from tests.kit.command import printed
from tests.kit.insecure import CODES, HIDDEN_GRADE, LADDER_STEPS

pytestmark = pytest.mark.timeout(1800)  # half a minute of work, on a machine that may have other work
BREAKS = [
    "subjects: hashes of credit codes",
    "subjects: tags not opened",
    "subjects: position in register order (batch 1, tax_payment)",
    "subjects: position in sorted register (batch 1, tax_payment)",
    "values: hashes of values",
    "values: tax_payment.paid_amount",
    "values: tax_credit_rating.grade",
    "values: leaves of fields not shown",
    "values: shut bits of enums",
    "values: position on a ladder",
    "values: tax_payment.paid_amount of a known neighbour",
    "values: tax_credit_rating.grade of a known neighbour",
    "links: consent ids without a salt",
    "links: words that two consents or subjects share",
    "links: consents of one firm by order of granting",
    "links: consents of one firm by gas",
    "links: consents of one firm by size of calldata, zero bytes",
    "links: consents of one firm by length of validity",
    "links: consents of one firm by number of uses",
    "links: consents of one firm by delay from signing to block",
    "links: consents of one firm by time left to grant",
    "links: consents of one firm by relayer",
    "links: consents of one firm by number of the first use",
    "links: consents of one firm by uses recorded",
    "links: consents of one firm by uses refused",
    "links: consents of one firm by wait for the first use",
    "links: consents of one firm by order of the first use",
    "links: consents of one firm by order of the last use",
    "links: consents of one firm by time between uses",
    "links: consents of one firm by order of its request",
    "links: consents of one firm by wait from its request",
    "links: consents of one firm by order of the first pause",
    "links: consents of one firm by length of the first pause",
    "links: consents of one firm by order of the withdrawal",
    "links: consents of one firm by life until the withdrawal",
    "links: consents of one firm by everything together",
    "links: consents of one firm by events close in time",
    "links: requests to one firm by order of asking",
    "links: requests to one firm by gas",
    "links: requests to one firm by wait for the answer",
    "links: requests to one firm by everything together",
    "links: requests of one bank by order of asking",
    "silence: credit codes",
    "silence: subject ids",
    "silence: purposes",
    "silence: bytes that no ABI explains",
    "links: questions of a consent from its gas",
    "links: questions of a consent from its size of calldata, zero bytes",
    "links: questions of a consent from its number of uses",
    "links: subject of a consent by the newest registration",
    "links: subject of a consent by the order of registrations",
    "links: bank of a consent by order of granting",
    "links: positions of one firm in batches 1 and 2",
    "order: position against row (batch 1, tax_payment)",
    "order: position against credit code (batch 1, tax_payment)",
    "order: position against paid_amount (batch 1, tax_payment)",
    "order: position against row (batch 2, tax_credit_rating)",
]


@pytest.mark.parametrize("attack", BREAKS)
def test_weak_ledger_is_broken(insecure, attack):
    report = insecure[2]
    found = {finding.attack: finding for finding in report.findings}
    assert found[attack].verdict(report.alpha) is Verdict.BROKEN, found[attack]


@pytest.mark.parametrize("attack", ["links: consent of a granted request", "links: purpose of a consent by its bounds"])
def test_what_the_contract_must_show_is_found_and_said_to_be_shown(insecure, attack):
    report = insecure[2]
    found = {finding.attack: finding for finding in report.findings}
    assert found[attack].verdict(report.alpha) is Verdict.BY_DESIGN, found[attack]


def test_all_subjects_and_grades_are_named(insecure):
    found = {finding.attack: finding for finding in insecure[2].findings}
    assert found["values: tax_credit_rating.grade"].accuracy == 1.0
    assert found["values: tax_payment.paid_amount"].accuracy == 1.0
    assert found["subjects: hashes of credit codes"].hits == 13  # the subject ids, and the tag under the shared salt


def test_hidden_fields_are_named(insecure):
    examples = {finding.attack: " ".join(finding.examples) for finding in insecure[2].findings}
    leaves = examples["values: leaves of fields not shown"]
    assert f"tax_credit_rating.grade={HIDDEN_GRADE}" in leaves
    assert "tax_payment.tax_kind=10104" in leaves
    assert "tax_payment.sales_income=absent" in leaves
    assert f"grade={HIDDEN_GRADE} is True" in examples["values: shut bits of enums"]
    assert f"{LADDER_STEPS} steps" in examples["values: position on a ladder"]


def _run(tmp_path, insecure, monkeypatch, *more):
    ledger, answers, _ = insecure
    monkeypatch.setattr("api.lab.attack.corpus.fetch", lambda _: ledger.corpus)
    monkeypatch.setattr("api.lab.attack.run.attack_all", lambda *_: insecure[2])
    codes = tmp_path / "codes.txt"
    codes.write_text("\n".join(CODES), "utf-8")
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps(answers[0]), "utf-8")
    command = ["attack", "--rpc-url", "http://127.0.0.1:1", "--codes", str(codes), "--answers", str(answer)]
    return CliRunner().invoke(app, [*command, *more])


def test_command_exits_1_and_prints_json(tmp_path, insecure, monkeypatch):
    result = _run(tmp_path, insecure, monkeypatch, "--json")
    assert result.exit_code == 1, result.output
    report = printed(result)
    assert report["verdict"] == "BROKEN"
    assert {"attack", "tried", "candidates", "hits", "accuracy", "chance", "verdict"} <= set(report["attacks"][0])


def test_usage_exits_2(tmp_path, insecure, monkeypatch):
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}", "utf-8")
    assert _run(tmp_path, insecure, monkeypatch, "--answers", str(wrong)).exit_code == 2
    wrong.write_text("{", "utf-8")
    assert _run(tmp_path, insecure, monkeypatch, "--truth", str(wrong)).exit_code == 2
    empty = tmp_path / "empty.txt"
    empty.write_text("", "utf-8")
    assert _run(tmp_path, insecure, monkeypatch, "--codes", str(empty)).exit_code == 2


@pytest.mark.parametrize("line", ["九一", "91", "9" * 18, "Å" * 18])
def test_a_line_that_is_no_credit_code_is_refused(tmp_path, line):
    codes = tmp_path / "codes.txt"
    codes.write_text(f"{CODES[0]}\n\n{line}\n", "utf-8")
    result = CliRunner().invoke(app, ["attack", "--rpc-url", "http://127.0.0.1:1", "--codes", str(codes)])
    assert result.exit_code == 2
    assert "refused credit_code_invalid: line 3: " in result.stderr
    assert line not in result.stderr


@pytest.mark.parametrize("answer", ['{"word": "0x' + "九" * 64 + '"}', '{"word": "0x' + "g" * 64 + '"}', "[" * 100_000])
def test_an_answer_that_is_none_is_refused(tmp_path, insecure, monkeypatch, answer):
    file = tmp_path / "wrong.json"
    file.write_text(answer, "utf-8")
    result = _run(tmp_path, insecure, monkeypatch, "--answers", str(file))
    assert (result.exit_code, result.stderr.startswith("refused ")) == (2, True)


def test_node_that_does_not_answer_exits_3(tmp_path):
    codes = tmp_path / "codes.txt"
    codes.write_text(CODES[0], "utf-8")
    result = CliRunner().invoke(app, ["attack", "--rpc-url", "http://127.0.0.1:1", "--codes", str(codes)])
    assert result.exit_code == 3


def test_words_told_to_the_bank_are_no_targets(insecure):
    ledger, answers, _ = insecure
    shown = bank_view_of(answers)
    schema = schemas()["tax_credit_rating"]
    year = schema.field("rating_year")
    salt = from_hex(answers[0]["presentation"]["claims"][0]["proof"]["salt"], "salt")
    told = leaf_digest(schema.id, year.index, b"\x01", salt, plain_digest(year, 2025))
    assert told in shown.told
    shown.words[told] = "path"
    assert told not in guess_inputs_of(ledger.corpus, shown, CODES).targets
