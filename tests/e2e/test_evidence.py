"""The evidence of answers: captured when they are given, fetched by the bank, checked with no network."""

import gzip
import json
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from api.catalogue.synthetic import credit_code
from api.client.client import ApiError
from ledger_node.domain.evidence.bundle import MEDIA_TYPE, Bundle, bundle_digest
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.report import CheckName
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.randomness import random_bytes
from tests.kit.command import printed
from tests.kit.served import AGE_DAYS, SEED, one_form, seen

QUESTIONS = [
    "tax_payment.paid_amount >= 1000000 CNY during 2025",
    "tax_payment.paid_amount >= 2000000 CNY during 2025",
    "tax_credit_rating.grade in {A, B}",
    "penalty_summary.count_24m < 1",
]
HOLDS, FAILS = QUESTIONS[0], QUESTIONS[1]
ABSENT = "tax_payment.sales_income >= 1000000 CNY"
OFFLINE = """
import socket, sys

def closed(*_, **__):
    raise AssertionError("this reached for a network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = closed
from api.cli.main import app
try:
    app(sys.argv[1:])
finally:
    never = ("web3", "httpx", "requests", "fastapi", "sqlalchemy", "eth", "ledger_node.chain.rpc", "ledger_node.node")
    never += ("api.client", "api.services", "api.storage", "api.http")
    loaded = [name for name in sys.modules if any(name == one or name.startswith(one + ".") for one in never)]
    print("LOADED", sorted(loaded), file=sys.stderr)
"""


def evidence_of(place, answer):
    return place.bank.evidence(answer["use"]["id"])


@pytest.fixture(scope="module")
def trust(place):
    return replace(place.ledger.trust(), wordings=tuple(place.home.wordings().values()))


@pytest.fixture(scope="module")
def answer(place):
    return place.verify(place.grant(*QUESTIONS), QUESTIONS)


@pytest.fixture(scope="module")
def bundle(place, answer):
    return evidence_of(place, answer)


@pytest.fixture(scope="module")
def files(tmp_path_factory, place, bundle):
    """Evidence and trust file on disk, as an auditor has them."""
    folder = tmp_path_factory.mktemp("auditor")
    (folder / "evidence.json").write_bytes(bundle)
    assert place.credence("trust", "export", str(folder / "trust.json")).returncode == 0
    return folder


def test_every_answer_has_evidence_that_checks_and_says_the_same(answer, bundle, trust):
    report = examine(bundle, trust)
    assert report.failed is None
    assert [verdict.outcome for verdict in report.verdicts] == [verdict for verdict, _ in seen(answer)]
    assert [verdict.claim.text(report.bundle.schemas) for verdict in report.verdicts] == [
        one_form(question) for question in QUESTIONS
    ]
    shown = json.loads(bundle)
    assert shown["block"]["seal"] is not None
    assert report.final.hash == from_hex(answer["block"]["hash"], "hash")
    assert shown["receipt"]["use"] == answer["use"]["id"]


def test_the_answer_names_its_evidence_and_is_else_as_it_was(place, answer, bundle):
    assert set(answer) == {
        "block",
        "use",
        "uses",
        "max_uses",
        "controllers",
        "presentation",
        "evidence",
        "receipt",
    }
    use = answer["use"]["id"]
    assert answer["evidence"] == {
        "href": f"/v1/verifications/{use}/evidence",
        "digest": to_hex(bundle_digest(bundle)),
    }
    fetched = place.http("demo-bank").get(answer["evidence"]["href"])
    assert (fetched.headers["content-type"], fetched.content) == (MEDIA_TYPE, bundle)


def test_evidence_of_four_claims_is_small(bundle):
    assert len(bundle) < 64 * 1024
    assert len(gzip.compress(bundle)) < 20 * 1024


def test_what_the_bank_demanded_and_every_reason_is_in_the_evidence(place, trust):
    consent = place.grant(HOLDS, ABSENT)
    told = place.verify(consent, [HOLDS, ABSENT, FAILS], max_age_days=AGE_DAYS - 1)
    report = examine(evidence_of(place, told), trust)
    assert [(verdict.outcome, verdict.reason) for verdict in report.verdicts] == seen(told)
    assert {reason for _, reason in seen(told)} == {"attestation_too_old", "question_not_consented"}
    assert report.bundle.receipt.max_age_days == AGE_DAYS - 1


def test_an_answer_that_cost_no_use_has_no_evidence(place):
    refused = place.verify(place.grant(HOLDS), [FAILS])
    assert (refused["use"], refused["evidence"]) == (None, None)


def test_a1_evidence_of_another_bank_and_of_nobody_get_the_same_answer(place, answer):
    stranger = place.other_bank()
    refusals = []
    for client, use in ((stranger, answer["use"]["id"]), (stranger, to_hex(random_bytes(32)))):
        for page in ("", ".html"):
            with pytest.raises(ApiError) as refused:
                client.get(f"/v1/verifications/{use}/evidence{page}")
            refusals.append((refused.value.status, refused.value.reason, refused.value.message))
    assert set(refusals) == {(404, "not_found", refusals[0][2])}


@pytest.mark.parametrize("use", ["nonsense", "0x00", "0x" + "g" * 64, "0x" + "00" * 33])
def test_a_use_that_is_none_is_refused(place, use):
    with pytest.raises(ApiError) as refused:
        place.bank.evidence(use)
    assert (refused.value.status, refused.value.reason) == (422, "value_malformed")


def test_a_firm_and_a_department_cannot_fetch_evidence(place, answer):
    for client in (place.shop.client, place.tax):
        with pytest.raises(ApiError) as refused:
            client.evidence(answer["use"]["id"])
        assert (refused.value.status, refused.value.reason) == (403, "not_allowed")


@pytest.mark.parametrize("who", ["tax", "regulator"])
def test_d2_erasing_what_an_answer_shows_erases_the_evidence_that_is_kept(place, trust, who):
    firm = place.new_firm()
    both, other = (place.verify(place.grant(*asked, firm=firm), asked) for asked in ([HOLDS], [QUESTIONS[3]]))
    saved = evidence_of(place, both)
    getattr(place, who).post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED)})
    for page in ("", ".html"):
        with pytest.raises(ApiError) as refused:
            place.bank.get(f"/v1/verifications/{both['use']['id']}/evidence{page}")
        assert (refused.value.status, refused.value.reason) == (410, "erased")
    # what shows nothing of the erased attestations stays; what the bank saved still checks
    assert examine(saved, trust).failed is None
    if who == "tax":
        assert examine(evidence_of(place, other), trust).failed is None


def test_d1_evidence_lies_in_the_store_sealed(place, bundle, answer):
    place.require_file()
    read = Bundle.decode(bundle)
    shown = next(iter(read.presentation.attestations.values()))
    secrets = [
        read.presentation.subject.credit_code.encode(),
        shown.subject_key,
        shown.subject_key.hex().encode(),
        read.presentation.consent.id.hex().encode(),
    ]
    with sqlite3.connect(place.home.store) as store:
        use = from_hex(answer["use"]["id"], "use")
        row = store.execute("SELECT * FROM evidence WHERE use = ?", (use,)).fetchone()
    store.close()
    assert row is not None
    for secret in secrets:
        assert not any(secret in bytes(cell) for cell in row)


def run_offline(*arguments):
    command = [sys.executable, "-c", OFFLINE, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_the_command_checks_evidence_without_a_network_and_loads_nothing_that_needs_one(files):
    done = run_offline("evidence", "verify", files / "evidence.json", "--trust", files / "trust.json", "--json")
    assert done.returncode == 1, done.stderr  # one of the four does not hold
    assert "LOADED []" in done.stderr
    told = printed(done)
    assert (told["valid"], told["since"]) == (True, None)
    assert [claim["verdict"] for claim in told["claims"]] == ["holds", "does_not_hold", "holds", "holds"]
    for check in CheckName:
        assert f"{check.number:3} passed      {check}" in done.stderr


def test_the_page_is_made_without_a_network(files):
    out = files / "page.html"
    done = run_offline("evidence", "render", files / "evidence.json", out, "--trust", files / "trust.json")
    assert done.returncode == 0, done.stderr
    assert "LOADED []" in done.stderr
    digest = to_hex(bundle_digest((files / "evidence.json").read_bytes()))
    assert digest in out.read_text("utf-8")


def test_the_bank_gets_the_same_page_from_the_api(place, answer, files):
    page = place.http("demo-bank").get(answer["evidence"]["href"] + ".html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert (
        run_offline(
            "evidence", "render", files / "evidence.json", files / "same.html", "--trust", files / "trust.json"
        ).returncode
        == 0
    )
    assert page.text == (files / "same.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("questions", "code"), [([HOLDS], 0), ([HOLDS, FAILS], 1), ([ABSENT, HOLDS], 3), ([ABSENT, FAILS], 1)]
)
def test_save_and_verify_exit_with_the_verdict(place, files, questions, code):
    told = place.verify(place.grant(*questions), questions)
    file = files / f"saved-{told['use']['id']}.json"
    saved = place.credence("evidence", "save", told["use"]["id"], str(file), "--as", "demo-bank")
    assert (saved.returncode, saved.stdout) == (0, "")
    assert told["evidence"]["digest"] in saved.stderr
    done = run_offline("evidence", "verify", file, "--trust", files / "trust.json")
    assert (done.returncode, done.stdout) == (code, "")
    for question in questions:
        assert question in done.stderr


def test_e7_what_does_not_check_exits_with_4_says_which_check_failed_and_is_not_rendered(files, bundle):
    changed = json.loads(bundle)
    changed["presentation"]["claims"][1]["verdict"] = "holds"
    file = files / "changed.json"
    file.write_text(json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False), "utf-8")
    done = run_offline("evidence", "verify", file, "--trust", files / "trust.json", "--json")
    assert done.returncode == 4
    assert "9 failed      answers" in done.stderr
    told = printed(done)
    assert (told["valid"], told["reason"], told["claims"]) == (False, "field_proof_failed", [])
    rendered = run_offline("evidence", "render", file, files / "no.html", "--trust", files / "trust.json")
    assert (rendered.returncode, (files / "no.html").exists()) == (4, False)
    assert "field_proof_failed" in rendered.stderr


def test_h7_under_the_trust_file_of_another_network_nothing_checks(files):
    other = json.loads((files / "trust.json").read_text("utf-8"))
    other["eras"][0]["genesis"] = "0x" + "11" * 32
    (files / "other.json").write_text(json.dumps(other), "utf-8")
    done = run_offline("evidence", "verify", files / "evidence.json", "--trust", files / "other.json")
    assert done.returncode == 4
    assert "[other_network]" in done.stderr


def test_an_answer_was_not_given_before_its_day(files):
    early = run_offline(
        "evidence", "verify", files / "evidence.json", "--trust", files / "trust.json", "--at", "2026-01-01"
    )
    assert early.returncode == 4
    assert "[given_later]" in early.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["verify", "nowhere.json", "--trust", "trust.json"], 2, "not_found"),
        (["verify", "evidence.json", "--trust", "nowhere.json"], 2, "not_found"),
        (["verify", "evidence.json", "--trust", "evidence.json"], 4, "trust_invalid"),
        (["verify", "trust.json", "--trust", "trust.json"], 4, "not_canonical"),
        (["verify", "evidence.json", "--trust", "trust.json", "--at", "yesterday"], 2, "value_malformed"),
        (["verify", "evidence.json", "--trust", "trust.json", "--keys", "trust.json"], 4, "value_malformed"),
        (["verify", "evidence.json"], 2, "--trust"),
        (["render", "evidence.json", "missing/page.html", "--trust", "trust.json"], 2, "configuration"),
    ],
)
def test_e7_usage_exits_with_2_and_a_file_that_is_none_with_4(files, arguments, code, word):
    placed = [str(files / item) if item.endswith((".json", ".html")) else item for item in arguments]
    done = run_offline("evidence", *placed)
    assert done.returncode == code
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_the_fingerprint_of_the_trust_file_is_the_same_wherever_it_is_exported(place, files, trust):
    again = place.credence("trust", "export", str(files / "again.json"), "--json")
    assert printed(again)["fingerprint"] == trust.fingerprint
    shown = run_offline("trust", "show", files / "trust.json")
    assert trust.fingerprint in shown.stderr
    assert (files / "again.json").read_bytes() == (files / "trust.json").read_bytes()
