"""The request builder: only steps are offered, ceilings are named, and the preview is what the firm reads."""

import html
import re

import pytest

from api.catalogue.purpose import default_purposes
from api.portal.bank.words import BankWords
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import BANK, NAMES, STRANGER

AMOUNT = "tax_payment.paid_amount"


def refused(call, *arguments, **options):
    with pytest.raises(CredenceError) as error:
        call(*arguments, **options)
    return error.value.reason


def begun(bank, firm):
    """Begin a draft with the code of a firm; return its path."""
    code = bank.instance.handovers.make(firm.subject, BANK)
    answer = bank.post("/bank/new", code=code, purpose="loan_application")
    assert answer.status_code == 303
    return answer.headers["location"]


def with_question(bank, firm):
    path = begun(bank, firm)
    kinds = {"kind_0": "total", "period": "2025"}
    answer = bank.post(f"{path}/questions", field=AMOUNT, op=">=", step="500000", **kinds)
    assert answer.headers["location"] == path
    return path


def options_of(text, name):
    select = re.search(rf'<select[^>]* name="{name}">(.*?)</select>', text, re.DOTALL).group(1)
    return re.findall(r'<option(?: value="([^"]*)")?>', select)


def test_a_request_begins_with_the_code_of_a_firm_which_counts_once(bank, firm):
    path = begun(bank, firm)
    draft = bank.instance.request_drafts.open_of(BANK)[0]
    assert (draft.subject, draft.staff) == (firm.subject, bank.officer.id)
    assert path == f"/bank/new/{draft.id.hex()}"
    text = bank.html("/bank/new")
    assert firm.subject.hex() in text
    assert refused(bank.post, "/bank/new", code="AAAA-AAAA", purpose="loan_application") is Reason.CODE_UNKNOWN


def test_a_firm_that_showed_itself_to_nobody_is_not_reached(bank, firm):
    call = (bank.post, "/bank/new")
    assert refused(*call, firm=firm.subject.hex(), purpose="loan_application") is Reason.SUBJECT_UNKNOWN
    begun(bank, firm)
    assert bank.post("/bank/new", firm=firm.subject.hex(), purpose="loan_application").status_code == 303


def test_a_purpose_stands_with_its_ceilings(bank):
    text = bank.html("/bank/new")
    assert "At most 31 days, 3 checks, kept 31 days, 32 questions." in text
    assert "At most 1 checks a month." in text


def test_only_steps_of_the_ladder_are_offered(bank, firm):
    path = begun(bank, firm)
    assert "at least" in bank.html(f"{path}/question", query={"field": AMOUNT})
    text = bank.html(f"{path}/question", query={"field": AMOUNT, "op": ">="})
    steps = [one for one in options_of(text, "step") if one]
    assert {"400000", "500000", "600000"} <= set(steps)
    assert "450000" not in steps
    assert len(steps) == 55


def test_what_is_off_the_ladder_leads_to_the_steps_near_to_it(bank, firm):
    path = begun(bank, firm)
    answer = bank.post(f"{path}/questions", field=AMOUNT, op=">=", step="45万", language=Language.CHINESE)
    text = answer.body.decode()
    assert answer.status_code == 400
    assert [one for one in options_of(text, "step") if one] == ["200000", "300000", "400000", "500000", "600000"]
    assert bank.instance.request_drafts.open_of(BANK)[0].questions == ()


@pytest.mark.parametrize(
    ("form", "status"),
    [({"step": "many"}, 400), ({}, 400), ({"step": "500000", "step_2": ""}, 303)],
)
def test_what_cannot_be_read_is_asked_again(bank, firm, form, status):
    path = begun(bank, firm)
    assert bank.post(f"{path}/questions", field=AMOUNT, op=">=", **form).status_code == status


def test_a_field_that_the_purpose_does_not_cover_is_refused(bank, firm):
    path = begun(bank, firm)
    query = {"field": "subject_registration.subject_id"}
    assert refused(bank.get, f"{path}/question", query=query) is Reason.PURPOSE_CEILING


def test_bounds_above_the_ceiling_are_refused_and_the_ceiling_is_named(bank, firm):
    path = with_question(bank, firm)
    answer = bank.post(f"{path}/bounds", days="99", uses="3", retention_days="31")
    text = answer.body.decode()
    assert answer.status_code == 400
    assert "Decide on a loan application: at most 31 days, 3 checks, kept 31 days." in text
    assert bank.post(f"{path}/bounds", days="x", uses="3", retention_days="31").status_code == 400
    assert bank.post(f"{path}/bounds", days="10", uses="2", retention_days="5").status_code == 303


def test_questions_are_combined_and_taken_out(bank, firm):
    path = with_question(bank, firm)
    bank.post(f"{path}/questions", field="tax_credit_rating.grade", op="in", member_A="1", member_B="1", period="2025")
    assert bank.post(f"{path}/combination", needed="3", pick_0="1", pick_1="1").status_code == 400
    bank.post(f"{path}/combination", needed="1", pick_0="1", pick_1="1")
    (combined,) = bank.instance.request_drafts.open_of(BANK)[0].questions
    assert combined.startswith("any(")
    bank.post(f"{path}/removal", pick_0="1")
    assert bank.instance.request_drafts.open_of(BANK)[0].questions == ()


@pytest.mark.parametrize("language", list(Language))
def test_the_preview_is_the_text_that_the_firm_reads(bank, firm, language):
    path = with_question(bank, firm)
    assert bank.post(f"{path}/look", language=language).headers["location"] == f"{path}/preview"
    text = bank.html(f"{path}/preview", language=language)
    sheet = re.search(r'id="preview">(.*?)</div>', text, re.DOTALL).group(1)
    shown = [html.unescape(line) for line in re.findall(r"<p>(.*?)</p>", sheet)]
    draft = bank.instance.request_drafts.open_of(BANK)[0]
    asked = bank.instance.request_sending.asked(draft, now=bank.small.now())
    assert tuple(shown) == BankWords(language, NAMES).request_lines(asked)
    assert asked.purpose_text == default_purposes().named("loan_application").text(language)


def test_the_officer_signs_the_request_and_sends_it_once(bank, firm):
    path = with_question(bank, firm)
    bank.post(f"{path}/look")
    draft = bank.instance.request_drafts.open_of(BANK)[0]
    digest = bank.instance.request_sending.id_of(draft, now=bank.small.now())
    assert digest.hex() in bank.html(f"{path}/preview")
    assert refused(bank.post, f"{path}/request") is Reason.SIGNATURE_MALFORMED
    assert refused(bank.post, f"{path}/request", **bank.sign(b"x" * 32)) is Reason.CHALLENGE_MISMATCH
    other = bank.sign(digest, bank.auditor)
    assert refused(bank.post, f"{path}/request", **other) is Reason.SIGNER_NOT_CONTROLLER
    assert bank.instance.consent_requests.of_grantee(BANK) == []
    sent = [bank.post(f"{path}/request", **bank.sign(digest)).headers["location"] for _ in range(2)]
    assert sent == [f"/bank/requests/0x{digest.hex()}"] * 2
    assert [one.id for one in bank.instance.consent_requests.of_grantee(BANK)] == [digest]
    assert "not answered yet" in bank.html(sent[0])
    assert bank.get(f"{path}/preview").headers["location"] == sent[0]


def test_without_the_seed_nothing_is_sent_and_the_page_says_what_to_do(bank, firm):
    path = with_question(bank, firm)
    bank.small.spend_seeds.take_back(BANK)
    bank.post(f"{path}/look")
    text = bank.html(f"{path}/preview")
    assert "credence consent hand-over-seed" in text
    assert "Send the request" not in text


def test_the_draft_of_another_bank_is_not_there(bank, firm):
    path = begun(bank, firm)
    assert refused(bank.get, path, bank=STRANGER) is Reason.NOT_FOUND
    assert refused(bank.get, "/bank/new/zz") is Reason.NOT_FOUND
    bank.post(f"{path}/drop")
    assert refused(bank.get, path) is Reason.NOT_FOUND
