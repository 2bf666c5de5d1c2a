"""The command line: data on stdout, talk on stderr, exit codes that programs act on."""

import pytest

from api.catalogue.synthetic import credit_code
from api.cli.attest import _report
from ledger_node import clock
from ledger_node.domain.consent_scope import whole_minute
from tests.kit.command import printed
from tests.kit.served import DAY, SEED, write_rows

HOLDS = "tax_payment.paid_amount >= 1000000 CNY during 2025"
FAILS = "tax_payment.paid_amount >= 2000000 CNY during 2025"
ABSENT = "tax_payment.sales_income >= 1000000 CNY"


@pytest.fixture(scope="module")
def consent(place):
    end = whole_minute(clock.now()) + 20 * 31 * DAY
    return place.grant(HOLDS, FAILS, ABSENT, purpose="post_loan_monitoring", uses=20, expires_at=end)


@pytest.mark.parametrize(
    ("questions", "code"), [([HOLDS], 0), ([HOLDS, FAILS], 1), ([ABSENT, HOLDS], 3), ([ABSENT, FAILS], 1)]
)
def test_verify_exits_with_the_verdict_and_prints_json_alone_on_stdout(place, consent, questions, code):
    done = place.credence("verify", *questions, "--consent", consent, "--as", "demo-bank", "--json")
    assert done.returncode == code, done.stderr
    answer = printed(done)
    assert len(answer["presentation"]["claims"]) == len(questions)
    for question in questions:
        assert question in done.stderr.replace("\n", " ")


def test_verify_without_json_prints_nothing_on_stdout(place, consent):
    done = place.credence("verify", HOLDS, "--consent", consent, "--as", "demo-bank")
    assert (done.returncode, done.stdout) == (0, "")
    assert "holds" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "word", "code"),
    [
        (["verify", "nonsense", "--consent", "0x" + "00" * 32, "--as", "demo-bank"], "question_malformed", 2),
        (["verify", HOLDS, "--consent", "0x00", "--as", "demo-bank"], "value_malformed", 2),
        (["verify", HOLDS, "--consent", "0x" + "00" * 32, "--as", "nobody"], "configuration", 2),
        (["verify", HOLDS, "--consent", "0x" + "00" * 32, "--as", "tax-bureau"], "not_allowed", 5),
        (["verify", HOLDS, "--as", "demo-bank"], "consent", 2),
        (
            ["verify", HOLDS, "--consent", "0x" + "00" * 32, "--as", "demo-bank", "--url", "http://127.0.0.1:9"],
            "serve",
            3,
        ),
    ],
)
def test_what_ends_without_an_answer_says_why_on_stderr_and_2_is_usage_only(place, arguments, word, code):
    done = place.credence(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_consent_is_refused_before_a_use_is_signed(place):
    done = place.credence("verify", HOLDS, "--consent", "0x" + "00" * 32, "--as", "demo-bank", "--json")
    assert (done.returncode, done.stdout) == (5, "")
    assert "refused consent_unknown" in done.stderr


def test_attest_lists_what_is_rejected_and_exits_with_1(place):
    file = write_rows(place.folder / "cli.csv", "tax_payment", [(place.fresh(), {}), ("", {})])
    done = place.credence("attest", str(file), "--schema", "tax_payment", "--as", "tax-bureau", "--json")
    assert done.returncode == 1, done.stderr
    data = printed(done)
    assert (data["issued"], data["rejected"]) == (1, 1)
    assert [(row["line"], row["reason"]) for row in data["rejections"]] == [(3, "credit_code_invalid")]
    assert "1 issued" in done.stderr


def test_f3_attest_replaces_what_is_there_only_as_a_correction(place):
    firm = place.fresh()
    for cells, words, code in (
        ({}, (), 0),
        ({"实缴税额（元）": "5.00"}, (), 1),
        ({"实缴税额（元）": "5.00"}, ("--correct",), 0),
        ({}, ("--restore-erased",), 1),
    ):
        file = write_rows(place.folder / "correct.csv", "tax_payment", [(firm, cells)])
        done = place.credence("attest", str(file), "--schema", "tax_payment", "--as", "tax-bureau", "--json", *words)
        assert done.returncode == code, done.stderr
        data = printed(done)
        assert [row["reason"] for row in data["rejections"]] == ["correction_needed"] * code
        assert (data["correct"], data["restore_erased"]) == ("--correct" in words, "--restore-erased" in words)
        assert "(2 lines, a heading)" in done.stderr


def test_f6_attest_says_how_far_a_file_came_that_broke_off(capsys):
    counts = {"issued": 8191, "batches": 2, "unchanged": 0, "rejected": 1, "lines_read": 8200, "heading": 1, "blank": 7}
    failed = {"state": "failed", "reason": "internal", "message": "the job failed", "next_line": 8201}
    _report(counts | failed, [])
    said = capsys.readouterr().err
    assert "refused internal: the job failed" in said
    assert "it came to line 8200; nothing was done from line 8201 on" in said
    assert "8191 issued in 2 batches, 0 unchanged, 1 rejected (8200 lines, a heading, 7 blank)" in said


def test_f8_attest_says_that_nothing_of_a_refused_file_was_done(place):
    file = place.folder / "twice.csv"
    file.write_text("统一社会信用代码,所属年度,税款所属年度\n", "utf-8")
    done = place.credence("attest", str(file), "--schema", "tax_payment", "--as", "tax-bureau")
    assert done.returncode == 5
    assert "refused heading_missing" in done.stderr
    assert "it came to line" not in done.stderr


def test_the_whole_story_on_the_command_line(place):
    """Register, grant, verify, withdraw, verify: each with the exit code and data that a script needs."""
    firm = place.fresh()
    place.issue(firm)
    name = f"cli-shop-{firm}"
    made = place.credence("subject", "register", "--name", name, "--code", credit_code(firm, SEED), "--json")
    assert made.returncode == 0, made.stderr
    assert {"subject", "registration"} <= printed(made).keys()
    subject = printed(made)["subject"]
    wanted = place.credence("consent", "ask", "--subject", subject, "--question", HOLDS, "--as", "demo-bank", "--json")
    assert wanted.returncode == 0, wanted.stderr
    request = printed(wanted)["id"]
    grant = place.credence("consent", "accept", request, "--as", name, "--yes", "--json")
    assert grant.returncode == 0, grant.stderr
    consent = printed(grant)["id"]
    asked = place.credence("verify", HOLDS, "--consent", consent, "--as", "demo-bank")
    assert asked.returncode == 0
    assert place.credence("consent", "withdraw", consent, "--as", name).returncode == 0
    refused = place.credence("verify", HOLDS, "--consent", consent, "--as", "demo-bank", "--json")
    assert refused.returncode == 3
    assert printed(refused)["presentation"]["claims"][0]["reason"] == "consent_withdrawn"
    listed = place.credence("consent", "list", "--as", name, "--json")
    assert [held["state"] for held in printed(listed)["consents"]] == ["withdrawn"]


def test_node_status_says_where_the_chain_stands(place):
    done = place.credence("node", "status", "--json")
    assert done.returncode == 0
    assert printed(done)["block"] > 0


def test_init_refuses_a_folder_that_is_there(place):
    done = place.credence("init")
    assert done.returncode == 2
    assert "configuration" in done.stderr
