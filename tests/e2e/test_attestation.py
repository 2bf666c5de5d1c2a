"""Departments attest: rows are issued once, bad ones come back, receipts check, erasure is final."""

import pytest

from api.catalogue.synthetic import credit_code, write_export
from api.client.answer_check import check_answer
from api.client.client import ApiError
from api.lab.demo.actor import attest
from ledger_node.domain.batch import ATTESTATIONS, Anchor, Header
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.hashing import root_of_batch
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.status import WORD_BITS, Plane
from ledger_node.domain.verification import Policy
from tests.kit.served import DATA_DAY, SEED, seen, write_rows

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
LESS = "tax_payment.paid_amount < 1000000 CNY during 2025"
GRADE = "tax_credit_rating.grade in {A, B}"


def quiet(_):
    """Show no progress."""


@pytest.fixture(scope="module")
def sent(place):
    """1,000 rows with 37 bad ones, and the finished job."""
    file = place.folder / "thousand.csv"
    write_export(file, "tax_payment", 1000, seed=5, bad_rows=37)
    return file, attest(place.tax, file, "tax_payment", quiet)


def bad_lines(file):
    """Return the lines whose own content says that they cannot be issued, by another reading of the file."""
    lines = file.read_text("utf-8-sig").splitlines()
    assert len(lines) == 1001
    return lines


def test_d3_of_1000_rows_with_37_bad_ones_963_are_issued_and_37_come_back(place, sent):
    _, job = sent
    assert (job["state"], job["rows_read"]) == ("done", 1000)
    assert (job["issued"], job["unchanged"], job["rejected"]) == (963, 0, 37)
    issued = list(place.tax.results(job["job"], "issued"))
    rejected = list(place.tax.results(job["job"], "rejected"))
    lines = [row["line"] for row in [*issued, *rejected]]
    assert sorted(lines) == list(range(2, 1002))
    assert len({row["attestation"] for row in issued}) == 963


def test_d3_every_bad_row_comes_back_with_line_field_and_reason(place, sent):
    file, job = sent
    lines = bad_lines(file)
    for row in place.tax.results(job["job"], "rejected"):
        assert row["status"] == "rejected"
        assert row["message"]
        # a number below zero is a number, which the field's bounds rule out
        reasons = {"credit_code_invalid", "row_malformed", "value_malformed", "value_missing", "value_out_of_bounds"}
        assert row["reason"] in reasons
        assert (row["field"] is None) == (row["reason"] == "row_malformed")
        assert row["field"] is None or row["field"] in lines[0]


def test_d3_the_same_file_again_issues_nothing(place, sent):
    file, first = sent
    again = attest(place.tax, file, "tax_payment", quiet)
    assert (again["issued"], again["unchanged"], again["rejected"], again["batches"]) == (0, 963, 37, 0)
    old = {row["line"]: row["attestation"] for row in place.tax.results(first["job"], "issued")}
    same = {row["line"]: row["attestation"] for row in place.tax.results(again["job"], "unchanged")}
    assert same == old


def test_a_receipt_leads_to_the_root_that_the_chain_holds(place, sent):
    _, job = sent
    for row in list(place.tax.results(job["job"], "issued"))[::200]:
        receipt = place.tax.get(f"/v1/attestations/{row['attestation']}")
        header, anchor = Header.from_json(receipt["header"]), Anchor.from_json(receipt["anchor"])
        path = [from_hex(item, "path") for item in receipt["path"]]
        assert header.digest == from_hex(row["attestation"], "digest")
        assert root_of_batch(header.digest, receipt["index"], path, anchor.size) == anchor.root
        held, mined = place.ledger.find_anchor(anchor.member, ATTESTATIONS, anchor.number)
        assert held == anchor
        assert receipt["transaction"] == "0x" + mined.transaction.hex()
        key = (anchor.member, ATTESTATIONS, anchor.number)
        assert place.ledger.facts(FactQuery(anchors=frozenset({key}))).anchor_digests[key] == anchor.digest


def test_a_receipt_holds_no_value(place):
    code = credit_code(place.fresh(), SEED)
    job = place.attest("tax_payment", [(code, {"实缴税额（元）": "7,777,777.77"})])
    (row,) = place.tax.results(job["job"])
    words = str(place.tax.get(f"/v1/attestations/{row['attestation']}"))
    assert code not in words
    assert "7777777" not in words


def status_of(place, receipt, plane):
    anchor = Anchor.from_json(receipt["anchor"])
    position = anchor.start + receipt["index"]
    facts = place.ledger.facts(FactQuery(positions=frozenset({(anchor.member, position)})))
    return facts.status[anchor.member, plane, position // WORD_BITS] >> position % WORD_BITS & 1


def only_result(place, job):
    (row,) = place.tax.results(job["job"])
    return place.tax.get(f"/v1/attestations/{row['attestation']}")


def test_h8_a_corrected_row_supersedes_the_old_one_on_the_chain(place):
    firm = place.new_firm()
    consent = place.grant(GOOD, LESS, firm=firm)
    before = place.verify(consent, [GOOD, LESS])
    assert seen(before) == [("holds", None), ("does_not_hold", None)]
    old = only_result(place, place.attest("tax_payment", [(firm.number, {})]))
    assert status_of(place, old, Plane.SUPERSEDED) == 0
    job = place.attest("tax_payment", [(firm.number, {"实缴税额（元）": "300,000.00"})], correct=True)
    assert (job["issued"], job["unchanged"]) == (1, 0)
    new = only_result(place, job)
    assert new["header"]["supersedes"] == old["attestation"]
    assert status_of(place, old, Plane.SUPERSEDED) == 1
    assert status_of(place, new, Plane.SUPERSEDED) == 0
    assert place.ask(consent, GOOD, LESS) == [("does_not_hold", None), ("holds", None)]
    # the old answer was true at its block and still checks there
    verdicts = check_answer(before, place.ledger, grantee=place.bank_id, policy=Policy())
    assert [verdict.outcome for verdict in verdicts] == ["holds", "does_not_hold"]


def test_an_older_row_does_not_replace_a_newer_one(place):
    firm = place.fresh()
    place.attest("tax_payment", [(firm, {})])
    job = place.attest("tax_payment", [(firm, {"数据截至日期": "2026-01-01", "实缴税额（元）": "5"})])
    (row,) = place.tax.results(job["job"])
    assert (row["status"], row["reason"]) == ("rejected", "row_outdated")


def test_two_rows_of_one_firm_and_period_in_a_file_are_not_both_issued(place):
    firm = place.fresh()
    job = place.attest("tax_payment", [(firm, {}), (firm, {"实缴税额（元）": "5"}), (firm, {"所属年度": "2024"})])
    rows = [(row["line"], row["status"], row.get("reason")) for row in place.tax.results(job["job"])]
    assert rows == [(2, "rejected", "row_conflict"), (3, "rejected", "row_conflict"), (4, "issued", None)]


def test_results_come_in_pages(place, sent):
    _, job = sent
    path = f"/v1/jobs/{job['job']}/results"
    page = place.tax.get(path, limit=10)
    assert [row["line"] for row in page["results"]] == list(range(2, 12))
    page = place.tax.get(path, limit=10, after=page["next"])
    assert [row["line"] for row in page["results"]] == list(range(12, 22))


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "统一社会信用代码\n"])
def test_a_file_that_is_none_is_refused_as_a_whole(place, content):
    file = place.folder / "none.csv"
    file.write_text(content, "utf-8")
    job = place.tax.upload(file, "tax_payment")
    while (state := place.tax.job(job))["state"] not in {"done", "failed"}:
        pass
    assert (state["state"], state["reason"], state["issued"]) == ("failed", "heading_missing", 0)


def test_ndjson_is_read_as_well(place):
    file = place.folder / "rows.ndjson"
    code = credit_code(place.fresh(), SEED)
    values = '{"count_24m":0,"last_month":"none","last_serious_month":"none","serious_unrepaired":0}'
    file.write_text(f'{{"credit_code":"{code}","as_of":"{DATA_DAY}","values":{values}}}\n{{"x":1}}\n', "utf-8")
    job = attest(place.regulator, file, "penalty_summary", quiet)
    rows = [(row["line"], row["status"], row.get("reason")) for row in place.regulator.results(job["job"])]
    assert rows == [(1, "issued", None), (2, "rejected", "field_missing")]


def test_another_departments_jobs_and_receipts_are_not_found(place, sent):
    _, job = sent
    (row, *_) = place.tax.results(job["job"], "issued")
    for path in (
        f"/v1/jobs/{job['job']}",
        f"/v1/jobs/{job['job']}/results",
        f"/v1/attestations/{row['attestation']}",
        "/v1/jobs/00000000000000000000000000000000",
    ):
        with pytest.raises(ApiError) as refused:
            place.regulator.get(path)
        assert (refused.value.status, refused.value.reason) == (404, "not_found")


def test_d2_what_is_erased_cannot_be_told_and_is_revoked(place):
    firm = place.new_firm()
    consent = place.grant(GOOD, GRADE, firm=firm)
    before = place.verify(consent, [GOOD, GRADE])
    old = only_result(place, place.attest("tax_payment", [(firm.number, {})]))
    code = credit_code(firm.number, SEED)
    erased = place.tax.post("/v1/erasures", {"credit_code": code, "schema": "tax_payment"})
    assert erased["attestations"] == [old["attestation"]]
    assert status_of(place, old, Plane.REVOKED) == 1
    assert place.ask(consent, GOOD, GRADE) == [("cannot_tell", "erased"), ("holds", None)]
    assert seen(before) == [("holds", None), ("holds", None)]
    with pytest.raises(ApiError) as refused:
        place.tax.post("/v1/erasures", {"credit_code": code, "schema": "tax_payment"})
    assert (refused.value.status, refused.value.reason) == (404, "not_found")


def test_d2_after_an_erasure_the_same_row_is_issued_anew_where_that_is_asked_for(place):
    firm = place.new_firm()
    consent = place.grant(GOOD, firm=firm)
    place.tax.post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED)})
    assert place.ask(consent, GOOD) == [("cannot_tell", "erased")]
    assert place.attest("tax_payment", [(firm.number, {})], restore_erased=True)["issued"] == 1
    assert place.ask(consent, GOOD) == [("holds", None)]


def test_d2_an_erased_registration_ends_all_answers_without_a_use(place):
    firm = place.new_firm()
    consent = place.grant(GOOD, firm=firm)
    place.regulator.post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED)})
    answer = place.verify(consent, [GOOD])
    assert seen(answer) == [("cannot_tell", "erased")]
    assert answer["use"] is None


def test_one_department_does_not_erase_for_another(place):
    firm = place.fresh()
    place.attest("tax_payment", [(firm, {})])
    with pytest.raises(ApiError) as refused:
        place.regulator.post("/v1/erasures", {"credit_code": credit_code(firm, SEED)})
    assert refused.value.reason == "not_found"
    assert write_rows(place.folder / "x.csv", "tax_payment", [(firm, {})]).is_file()
    assert place.attest("tax_payment", [(firm, {})])["unchanged"] == 1


def test_a_firm_is_registered_once(place):
    code = credit_code(0, SEED)
    body = {"credit_code": code, "controllers": [{"person": 1, "address": "0x" + "11" * 20}], "threshold": 1}
    with pytest.raises(ApiError) as refused:
        place.regulator.post("/v1/subjects", body)
    assert (refused.value.status, refused.value.reason) == (409, "subject_exists")
    assert code not in refused.value.message


def test_a_registration_whose_answer_was_lost_is_asked_for_again(place):
    body = {
        "credit_code": credit_code(place.fresh(), SEED),
        "controllers": [{"person": 1, "address": "0x" + "22" * 20}],
        "threshold": 1,
    }
    first = place.regulator.post("/v1/subjects", body)
    assert place.regulator.post("/v1/subjects", body) == first


def test_a_firm_that_the_registrar_erased_is_registered_anew_under_another_id(place):
    code = credit_code(place.fresh(), SEED)
    body = {"credit_code": code, "controllers": [{"person": 1, "address": "0x" + "33" * 20}], "threshold": 1}
    first = place.regulator.post("/v1/subjects", body)
    place.regulator.post("/v1/erasures", {"credit_code": code})
    assert place.regulator.post("/v1/subjects", body)["subject"] != first["subject"]
