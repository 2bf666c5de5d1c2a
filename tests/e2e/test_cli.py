"""The command line: data on stdout, talk on stderr, exit codes that programs act on."""

import json

import pytest
from served_kit import DAY, SEED, write_rows

from api.catalogue.synthetic import credit_code
from ledger_node import clock

HOLDS = "tax_payment.paid_amount >= 1000000 CNY during 2025"
FAILS = "tax_payment.paid_amount >= 2000000 CNY during 2025"
ABSENT = "tax_payment.sales_income >= 1000000 CNY"


@pytest.fixture(scope="module")
def consent(place):
    end = clock.now() + 20 * 31 * DAY
    return place.grant(HOLDS, FAILS, ABSENT, purpose="post_loan_monitoring", uses=20, expires_at=end)


@pytest.mark.parametrize(
    ("questions", "code"), [([HOLDS], 0), ([HOLDS, FAILS], 1), ([ABSENT, HOLDS], 3), ([ABSENT, FAILS], 1)]
)
def test_verify_exits_with_the_verdict_and_prints_json_alone_on_stdout(place, consent, questions, code):
    done = place.credence("verify", *questions, "--consent", consent, "--as", "demo-bank", "--json")
    assert done.returncode == code, done.stderr
    answer = json.loads(done.stdout)
    assert len(answer["presentation"]["claims"]) == len(questions)
    for question in questions:
        assert question in done.stderr.replace("\n", " ")


def test_verify_without_json_prints_nothing_on_stdout(place, consent):
    done = place.credence("verify", HOLDS, "--consent", consent, "--as", "demo-bank")
    assert (done.returncode, done.stdout) == (0, "")
    assert "holds" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["verify", "nonsense", "--consent", "0x" + "00" * 32, "--as", "demo-bank"], "question_malformed"),
        (["verify", HOLDS, "--consent", "0x00", "--as", "demo-bank"], "value_malformed"),
        (["verify", HOLDS, "--consent", "0x" + "00" * 32, "--as", "nobody"], "configuration"),
        (["verify", HOLDS, "--consent", "0x" + "00" * 32, "--as", "tax-bureau"], "not_allowed"),
        (["verify", HOLDS, "--as", "demo-bank"], "consent"),
        (["verify", HOLDS, "--consent", "0x" + "00" * 32, "--as", "demo-bank", "--url", "http://127.0.0.1:9"], "serve"),
    ],
)
def test_usage_errors_exit_with_2_and_say_why_on_stderr(place, arguments, word):
    done = place.credence(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_consent_cannot_be_told(place):
    done = place.credence("verify", HOLDS, "--consent", "0x" + "00" * 32, "--as", "demo-bank", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["presentation"]["claims"][0]["reason"] == "consent_unknown"


def test_attest_lists_what_is_rejected_and_exits_with_1(place):
    file = write_rows(place.folder / "cli.csv", "tax_payment", [(place.fresh(), {}), ("", {})])
    done = place.credence("attest", str(file), "--schema", "tax_payment", "--as", "tax-bureau", "--json")
    assert done.returncode == 1, done.stderr
    data = json.loads(done.stdout)
    assert (data["issued"], data["rejected"]) == (1, 1)
    assert [(row["line"], row["reason"]) for row in data["rejections"]] == [(3, "credit_code_invalid")]
    assert "1 issued" in done.stderr


def test_the_whole_story_on_the_command_line(place):
    """Register, grant, verify, withdraw, verify: each with the exit code and data that a script needs."""
    firm = place.fresh()
    place.issue(firm)
    name = f"cli-shop-{firm}"
    made = place.credence("subject", "register", "--name", name, "--code", credit_code(firm, SEED), "--json")
    assert made.returncode == 0, made.stderr
    assert {"subject", "registration"} <= json.loads(made.stdout).keys()
    grant = place.credence("consent", "grant", "--question", HOLDS, "--bank", "Demo bank", "--as", name, "--json")
    assert grant.returncode == 0, grant.stderr
    consent = json.loads(grant.stdout)["id"]
    asked = place.credence("verify", HOLDS, "--consent", consent, "--as", "demo-bank")
    assert asked.returncode == 0
    assert place.credence("consent", "withdraw", consent, "--as", name).returncode == 0
    refused = place.credence("verify", HOLDS, "--consent", consent, "--as", "demo-bank", "--json")
    assert refused.returncode == 3
    assert json.loads(refused.stdout)["presentation"]["claims"][0]["reason"] == "consent_withdrawn"
    listed = place.credence("consent", "list", "--as", name, "--json")
    assert [held["state"] for held in json.loads(listed.stdout)["consents"]] == ["withdrawn"]


def test_node_status_says_where_the_chain_stands(place):
    done = place.credence("node", "status", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["block"] > 0


def test_init_refuses_a_folder_that_is_there(place):
    done = place.credence("init")
    assert done.returncode == 2
    assert "configuration" in done.stderr
