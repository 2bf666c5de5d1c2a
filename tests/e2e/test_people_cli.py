"""What people do at the command line: what is checked before it is signed or erased, and what they are shown."""

import pytest
from typer.testing import CliRunner

from api.catalogue.synthetic import credit_code
from api.cli.main import app
from api.client.client import Client
from tests.kit.command import printed
from tests.kit.served import BANK_NAME, DATA_DAY, SEED, one_form

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
GRADE = "tax_credit_rating.grade reveal"


@pytest.fixture(scope="module")
def shop(place):
    """The name of a firm that signs in from the folder of the instance."""
    firm = place.fresh()
    place.issue(firm)
    made = run(place, "subject", "register", "--name", "people-shop", "--code", credit_code(firm, SEED))
    assert made.exit_code == 0, made.stderr
    return "people-shop"


def run(place, *arguments):
    """Run a command in this process, which is quicker than one of its own; it has no terminal."""
    made = []

    class Closed(Client):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.client.client.Client", Closed)
        done = CliRunner().invoke(app, [*arguments, "--home", str(place.home.path)])
    for client in made:
        client.close()
    return done


def grant(place, shop, *more, question=GOOD):
    key = run(place, "consent", "spend-key", "--as", "demo-bank").stdout.strip()
    options = ["--question", question, "--bank", BANK_NAME, "--spend-key", key, "--as", shop, "--yes", *more]
    return run(place, "consent", "grant", *options)


@pytest.mark.parametrize(
    ("more", "reason", "code"),
    [
        (["--purpose", "curiosity"], "purpose_unknown", 2),
        (["--days", "4000"], "purpose_ceiling", 2),
        (["--bank", "Nobody's bank"], "member_unknown", 2),
        (["--question", "tax_payment.paid_amount >= 1"], "unit_missing", 2),
        (["--question", "tax_payment.nothing >= 1000000 CNY"], "field_unknown", 2),
        (["--data-from", "yesterday"], "value_malformed", 2),
        (["--key", "governor"], "signer_not_controller", 5),
        (["--key", "people-shop", "--key", "people-shop"], "signer_repeated", 5),
    ],
)
def test_a_grant_is_checked_before_anything_is_signed(place, shop, monkeypatch, more, reason, code):
    def fail(*_):
        raise AssertionError("it was signed")

    monkeypatch.setattr("api.cli.signing.sign", fail)
    secrets = list((place.home.path / "consents").glob("*"))
    done = grant(place, shop, *more)
    assert (done.exit_code, done.stdout) == (code, ""), done.output
    assert f"refused {reason}: " in done.stderr
    assert list((place.home.path / "consents").glob("*")) == secrets


def test_a_grant_is_shown_and_its_short_id_serves_every_later_command(place, shop):
    granted = grant(place, shop)
    assert granted.exit_code == 0, granted.stderr
    assert "2025 年实缴税额是否不少于 100 万元？" in granted.stderr
    consent = granted.stdout.strip()
    short = consent[:14]
    shown = run(place, "consent", "show", short, "--as", shop)
    assert printed(shown)["id"] == consent
    asked = run(place, "verify", GOOD, "--consent", short[2:], "--as", "demo-bank")
    assert (asked.exit_code, asked.stdout) == (0, ""), asked.stderr
    assert f"by Demo tax bureau: tax_payment of 2025, as of {DATA_DAY}" in asked.stderr
    for command in (["consent", "pause"], ["consent", "resume"], ["receipt", "list"], ["consent", "withdraw"]):
        done = run(place, *command, short, "--as", shop)
        assert done.exit_code == 0, done.stderr
    none = run(place, "consent", "show", "0x" + "0" * 12, "--as", shop)
    assert (none.exit_code, "refused consent_unknown" in none.stderr) == (2, True)


def test_people_see_the_value_that_a_question_reveals(place, shop):
    consent = grant(place, shop, question=GRADE).stdout.strip()
    asked = run(place, "verify", GRADE, "--consent", consent, "--as", "demo-bank")
    assert asked.exit_code == 0, asked.stderr
    assert f"by Demo tax bureau: tax_credit_rating of 2025, as of {DATA_DAY}: B\n" in asked.stderr


def test_a_request_is_accepted_once_by_its_short_id(place, shop):
    subject = place.home.credentials()[shop]["id"]
    grant(place, shop)
    asked = run(place, "consent", "ask", "--subject", subject[:14], "--question", GOOD, "--as", "demo-bank")
    assert asked.exit_code == 0, asked.stderr
    short = asked.stdout.strip()[:14]
    accepted = run(place, "consent", "accept", short, "--as", shop, "--yes", "--json")
    assert accepted.exit_code == 0, accepted.stderr
    assert printed(accepted)["terms"]["questions"] == [one_form(GOOD)]
    again = run(place, "consent", "accept", short, "--as", shop, "--yes")
    assert (again.exit_code, again.stdout) == (5, "")
    assert "refused request_answered" in again.stderr


def test_an_erasure_is_shown_and_checked_first(place):
    firm = place.fresh()
    place.attest("tax_payment", [(firm, {})])
    code = credit_code(firm, SEED)
    for more, reason, exit_code in (
        (["--code", "91990000MABYF3008D", "--as", "tax-bureau"], "credit_code_invalid", 2),
        (["--code", code, "--schema", "tax_return", "--as", "tax-bureau"], "schema_unknown", 2),
        (["--code", code, "--as", "demo-bank"], "not_allowed", 5),
    ):
        done = run(place, "erase", *more, "--yes")
        assert (done.exit_code, done.stdout) == (exit_code, "")
        assert f"refused {reason}: " in done.stderr
    done = run(place, "erase", "--code", code, "--as", "tax-bureau", "--yes", "--json")
    assert (done.exit_code, printed(done)["erased"]) == (0, 1), done.stderr
    assert f"the firm whose credit code ends in {code[-4:]}" in done.stderr
    assert code not in done.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("members", ["NAME", "Demo tax bureau", "department", "active", "0x"]),
        ("purposes", ["PURPOSE", "loan_application", "USES A MONTH"]),
        ("schemas", ["FIELD", "tax_payment.paid_amount", "integer", "ladder"]),
    ],
)
def test_members_purposes_and_schemas_are_listed(place, command, words):
    shown = run(place, command)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert all(word in shown.stdout for word in words)
    listed = run(place, command, "--json")
    assert printed(listed) == place.bank.get(f"/v1/{command}")
