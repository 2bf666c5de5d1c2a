"""Rows that conflict, correct, come back or are impossible: what is answered and what is left behind."""

import csv
import datetime as dt
import json

import pytest

from api.catalogue.synthetic import credit_code
from api.client.client import ApiError
from api.lab.demo.actor import attest
from ledger_node.domain.json_object import to_hex
from tests.kit.served import AGE_DAYS, DATA_DAY, SEED, write_rows

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
LESS = "tax_payment.paid_amount < 1000000 CNY during 2025"
PAID = "实缴税额（元）"
LITTLE = {PAID: "5.00"}


def outcomes(place, job):
    return [(row["line"], row["status"], row.get("reason")) for row in place.tax.results(job["job"])]


def day(offset):
    return (dt.date.fromisoformat(DATA_DAY) + dt.timedelta(days=offset)).isoformat()


def accounts(job):
    """Require that every line of a job is one of its counts."""
    counted = sum(job[name] for name in ("heading", "blank", "issued", "unchanged", "rejected"))
    assert job["lines_read"] == counted
    assert job["rows_read"] == job["issued"] + job["unchanged"] + job["rejected"]
    return job


def uses(place, consent):
    return place.bank.get(f"/v1/consents/{consent}")["uses"]


def test_f2_conflicting_rows_of_a_file_are_all_rejected_whatever_is_stored(place):
    firm, other = place.fresh(), place.fresh()
    rows = [(firm, {}), (other, {}), (firm, LITTLE), (firm, {PAID: "6.00"})]
    expected = [(line, "rejected", "row_conflict") if line != 3 else (3, "issued", None) for line in range(2, 6)]
    first = place.attest("tax_payment", rows)
    assert outcomes(place, first) == expected
    (rejected, *_) = place.tax.results(first["job"], "rejected")
    assert "in line 4, 5;" in rejected["message"]
    # what is stored of one of them meanwhile changes nothing
    assert place.attest("tax_payment", [(firm, {})])["issued"] == 1
    again = accounts(place.attest("tax_payment", rows))
    expected[1] = (3, "unchanged", None)
    assert outcomes(place, again) == expected
    assert place.ask(place.grant(GOOD, LESS, firm=place.register(firm)), GOOD, LESS) == [
        ("holds", None),
        ("does_not_hold", None),
    ]


def test_f2_of_a_row_that_repeats_the_first_counts(place):
    firm = place.fresh()
    rows = [(firm, {}), (firm, {PAID: "1286400.50"}), (firm, {})]
    for status in ("issued", "unchanged"):
        job = accounts(place.attest("tax_payment", rows))
        assert outcomes(place, job) == [
            (2, status, None),
            (3, "rejected", "row_repeated"),
            (4, "rejected", "row_repeated"),
        ]


def test_f2_a_rejected_row_conflicts_with_nothing(place):
    firm = place.fresh()
    job = place.attest("tax_payment", [(firm, {}), (firm, {PAID: "-5"}), (firm, {"所属年度": "2052"})])
    assert outcomes(place, job) == [
        (2, "issued", None),
        (3, "rejected", "value_out_of_bounds"),
        (4, "rejected", "value_out_of_bounds"),
    ]


def test_f3_another_row_of_the_same_day_is_a_correction_and_says_so(place):
    firm = place.fresh()
    old = place.attest("tax_payment", [(firm, {})])
    refused = place.attest("tax_payment", [(firm, LITTLE)])
    assert outcomes(place, refused) == [(2, "rejected", "correction_needed")]
    assert (refused["correct"], refused["batches"]) == (False, 0)
    assert place.attest("tax_payment", [(firm, {})])["unchanged"] == 1
    corrected = place.attest("tax_payment", [(firm, LITTLE)], correct=True)
    assert (outcomes(place, corrected), corrected["correct"]) == ([(2, "issued", None)], True)
    (row,), (before,) = place.tax.results(corrected["job"]), place.tax.results(old["job"])
    assert place.tax.get(f"/v1/attestations/{row['attestation']}")["header"]["supersedes"] == before["attestation"]
    # the export that was wrong undoes nothing, nor does an older one
    assert outcomes(place, place.attest("tax_payment", [(firm, {})])) == [(2, "rejected", "correction_needed")]
    older = place.attest("tax_payment", [(firm, {"数据截至日期": day(-1)})])
    assert outcomes(place, older) == [(2, "rejected", "row_outdated")]
    consent = place.grant(GOOD, firm=place.register(firm))
    assert place.ask(consent, GOOD) == [("does_not_hold", None)]


def test_f3_a_correction_of_an_earlier_day_is_not_undone_by_what_it_corrected(place):
    firm = place.fresh()
    later = {"数据截至日期": day(5)}
    assert place.attest("tax_payment", [(firm, later)])["issued"] == 1
    assert place.attest("tax_payment", [(firm, LITTLE)], correct=True)["issued"] == 1
    assert outcomes(place, place.attest("tax_payment", [(firm, later)])) == [(2, "rejected", "correction_needed")]
    between = place.attest("tax_payment", [(firm, {"数据截至日期": day(3)})])
    assert outcomes(place, between) == [(2, "rejected", "row_outdated")]
    assert place.attest("tax_payment", [(firm, {"数据截至日期": day(6)})])["issued"] == 1


def test_f3_an_erased_firm_stays_erased_until_somebody_says_otherwise(place):
    firm = place.new_firm()
    consent = place.grant(GOOD, firm=firm)
    place.tax.post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED)})
    for rows in ([(firm.number, {})], [(firm.number, {"所属年度": "2024"})], [(firm.number, {"数据截至日期": day(3)})]):
        for said in ({}, {"correct": True}):
            job = place.attest("tax_payment", rows, **said)
            assert outcomes(place, job) == [(2, "rejected", "subject_erased")]
            assert job["batches"] == 0
    rating = place.attest("tax_credit_rating", [(firm.number, {"评价年度": "2024"})])
    assert outcomes(place, rating) == [(2, "rejected", "subject_erased")]
    assert place.ask(consent, GOOD) == [("cannot_tell", "erased")]
    job = place.attest("tax_payment", [(firm.number, {})], restore_erased=True)
    assert (job["issued"], job["restore_erased"]) == (1, True)
    assert place.ask(consent, GOOD) == [("holds", None)]
    # of that type it is a firm as any other now; of the others it stays erased
    assert place.attest("tax_payment", [(firm.number, {"所属年度": "2024"})])["issued"] == 1
    assert outcomes(place, place.attest("tax_credit_rating", [(firm.number, {})])) == [
        (2, "rejected", "subject_erased")
    ]
    # and it can be erased again
    place.tax.post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED)})
    assert outcomes(place, place.attest("tax_payment", [(firm.number, {})])) == [(2, "rejected", "subject_erased")]


def test_f3_an_erasure_of_one_type_says_nothing_of_the_others(place):
    firm = place.new_firm()
    place.tax.post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED), "schema": "tax_payment"})
    assert outcomes(place, place.attest("tax_payment", [(firm.number, {})])) == [(2, "rejected", "subject_erased")]
    assert place.attest("tax_credit_rating", [(firm.number, {})])["unchanged"] == 1
    assert place.attest("tax_credit_rating", [(firm.number, {"评价年度": "2024"})])["issued"] == 1
    assert place.attest("penalty_summary", [(firm.number, {})])["unchanged"] == 1


def test_f5_a_rating_that_was_valid_to_2021_does_not_hold_today(place):
    firm = place.fresh()
    cells = {"评价年度": "2019", "评定日期": "2020-04-20", "有效期起": "2020-04-20", "有效期止": "2021-04-19"}
    job = place.attest("tax_credit_rating", [(firm, cells)])
    (row,) = place.tax.results(job["job"], "issued")
    header = place.tax.get(f"/v1/attestations/{row['attestation']}")["header"]
    # 2021-04-20 00:00 in China
    assert header["valid_until"] == 1_618_848_000
    question = "tax_credit_rating.grade in {A, B} during 2019"
    consent = place.grant(question, firm=place.register(firm))
    assert place.ask(consent, question) == [("cannot_tell", "attestation_expired")]


def test_f5_what_is_impossible_is_rejected_and_stands_in_nobodys_way(place):
    firm = place.fresh()
    tomorrow = day(AGE_DAYS + 2)
    rows = [
        (firm, {"所属年度": "2052"}),
        (firm, {"数据截至日期": "2052-01-01"}),
        (firm, {"数据截至日期": tomorrow}),
        (firm, {"近12个月按期缴纳月数": "25"}),
        (firm, {"最近缴款日期": day(1)}),
        (firm, {"所属年度": "1900"}),
        (firm, {"最近缴款日期": "1900-01-01"}),
    ]
    job = accounts(place.attest("tax_payment", rows))
    assert outcomes(place, job) == [(line, "rejected", "value_out_of_bounds") for line in range(2, 9)]
    assert [row["field"] for row in place.tax.results(job["job"])] == [
        "所属年度", "数据截至日期", "数据截至日期", "近12个月按期缴纳月数", "最近缴款日期", "所属年度", "最近缴款日期",
    ]  # fmt: skip
    assert place.attest("tax_payment", [(firm, {})])["issued"] == 1


def test_f6_a_row_of_the_year_1900_costs_itself_and_no_other(place):
    firms = [place.fresh() for _ in range(3)]
    rows = [(firms[0], {}), (firms[1], {"数据截至日期": "1900-01-01", "所属年度": "1900"}), (firms[2], {})]
    job = accounts(place.attest("tax_payment", rows))
    assert (job["state"], job["reason"], job["next_line"]) == ("done", None, None)
    assert outcomes(place, job) == [(2, "issued", None), (3, "rejected", "value_out_of_bounds"), (4, "issued", None)]


def test_f7_every_line_of_a_damaged_file_is_counted(place):
    firms = [place.fresh() for _ in range(6)]
    file = write_rows(place.folder / "damaged.csv", "tax_payment", [(firm, {}) for firm in firms])
    heading, *lines = file.read_text("utf-8-sig").splitlines()
    lines[1] = '"' + lines[1]
    lines[3] = lines[3].replace("10101", '10"101')
    text = "\r".join([heading, lines[0]]) + "\r\n" + "\n".join([lines[1], "", *lines[2:5]]) + "\r\r\n" + lines[5]
    file.write_text(text, "utf-8", newline="")
    job = accounts(attest(place.tax, file, "tax_payment", lambda _: None))
    assert (job["lines_read"], job["heading"], job["blank"], job["issued"], job["rejected"]) == (9, 1, 2, 4, 2)
    assert outcomes(place, job) == [
        (2, "issued", None),
        (3, "rejected", "row_malformed"),
        (5, "issued", None),
        (6, "rejected", "row_malformed"),
        (7, "issued", None),
        (9, "issued", None),
    ]


def test_f8_two_columns_for_one_field_refuse_the_file_before_anything_is_issued(place):
    firm = place.fresh()
    file = write_rows(place.folder / "twice.csv", "tax_payment", [(firm, {})])
    table = list(csv.reader(file.read_text("utf-8-sig").splitlines()))
    file.write_text(
        "\n".join(",".join([*row, cell]) for row, cell in zip(table, ("实缴金额（元）", "5.00"), strict=True))
    )
    job = place.tax.upload(file, "tax_payment")
    while (state := place.tax.job(job))["state"] not in {"done", "failed"}:
        pass
    assert (state["state"], state["reason"]) == ("failed", "column_repeated")
    assert (state["lines_read"], state["issued"], state["batches"], state["next_line"]) == (0, 0, 0, 1)
    assert place.attest("tax_payment", [(firm, {})])["issued"] == 1


@pytest.mark.parametrize(
    "code", ["0" * 18, "91000000600037341Q", "113301198602093732", "9111000060003734XB"], ids=range(4)
)
def test_f9_numbers_that_are_no_firms_are_issued_nothing(place, code):
    job = place.attest("tax_payment", [(code, {})])
    assert outcomes(place, job) == [(2, "rejected", "credit_code_invalid")]
    body = {"credit_code": code, "controllers": [{"person": 1, "address": "0x" + "11" * 20}], "threshold": 1}
    with pytest.raises(ApiError) as refused:
        place.regulator.post("/v1/subjects", body)
    assert refused.value.reason == "credit_code_invalid"
    assert code not in refused.value.message


@pytest.mark.parametrize("amount", ["90071992547409.92", "999999999999999.99"])
def test_f10_what_no_answer_can_show_is_not_attested(place, amount):
    job = place.attest("tax_payment", [(place.fresh(), {PAID: amount})])
    assert outcomes(place, job) == [(2, "rejected", "value_out_of_range")]
    assert job["batches"] == 0


UNANSWERABLE = [
    (f"tax_credit_rating.rating_year equals {2**53}", "value_out_of_range"),
    (f"tax_payment.paid_amount >= {2**53} CNY during 2025", "value_out_of_range"),
    ("tax_payment.paid_amount >= 90071992547409.92 CNY during 2025", "value_out_of_range"),
    ("tax_payment.paid_amount >= 1234567 CNY during 2025", "off_ladder"),
    ("tax_payment.paid_amount between 1 CNY and 5000000 CNY during 2025", "off_ladder"),
    ("tax_payment.paid_amount reveal during 2025", "not_revealable"),
    ("tax_payment.paid_on >= 2025-01-01 during 2025", "operator_unsupported"),
    ("tax_payment.months_paid_on_time_12m >= 13 months during 2025", "off_ladder"),
    ("penalty_summary.last_month < as_of - 600 months", "off_ladder"),
]


@pytest.mark.parametrize(("question", "reason"), UNANSWERABLE)
def test_f10_a_question_that_cannot_be_answered_costs_no_use(place, question, reason):
    firm = place.new_firm()
    consent = place.grant(GOOD, firm=firm)
    # the bank's own client would not sign it
    asked = place.body(consent, [GOOD])
    with pytest.raises(ApiError) as refused:
        place.bank.post("/v1/verifications", asked | {"claims": [GOOD, question]})
    assert refused.value.reason == reason
    assert uses(place, consent) == 0
    # nor can it be asked for, or granted
    asked = place.asking(place.request([GOOD], firm=firm))
    asked["request"] |= {"questions": [question]}
    with pytest.raises(ApiError) as refused:
        place.bank.post("/v1/consent-requests", asked)
    assert refused.value.reason == reason
    assert place.ask(consent, GOOD) == [("holds", None)]
    assert uses(place, consent) == 1


@pytest.mark.parametrize("first", ["2025-01-02", "2099-01-01"])
def test_f11_nobody_asks_for_or_grants_data_that_ends_before_it_begins(place, first):
    days = {"data_from": first, "data_to": "2025-01-01"}
    asked = place.asking(place.request([GOOD]))
    asked["request"] |= days
    with pytest.raises(ApiError) as refused:
        place.bank.post("/v1/consent-requests", asked)
    assert (refused.value.reason, refused.value.field) == ("range_empty", "data_to")
    consent = place.consent([GOOD])
    body = {"terms": consent.terms.to_json() | days, "bounds": consent.bounds.to_json()}
    with pytest.raises(ApiError) as refused:
        place.bank.post("/v1/consents", body | {"signatures": [to_hex(bytes(65))]})
    assert (refused.value.reason, refused.value.field) == ("range_empty", "data_to")


def test_f11_ndjson_takes_what_csv_takes_and_nothing_else(place):
    firms = [credit_code(place.fresh(), SEED) for _ in range(4)]
    year = {"tax_kind": "10101", "paid_amount": "1286400.50", "paid_on": "2025-12-15", "months_paid_on_time_12m": 12}
    changes = [{}, {"paid_amount": "-1"}, {"tax_kind": "１０１０１"}, {"tax_kind": "a\x00b"}]
    records = [
        {"credit_code": code, "period": "2025", "as_of": DATA_DAY, "values": year | change}
        for code, change in zip(firms, changes, strict=True)
    ]
    file = place.folder / "twin.ndjson"
    file.write_text("\n".join(json.dumps(record, ensure_ascii=False) for record in [*records, records[0]]), "utf-8")
    job = accounts(attest(place.tax, file, "tax_payment", lambda _: None))
    assert outcomes(place, job) == [
        (1, "issued", None),
        (2, "rejected", "value_out_of_bounds"),
        (3, "issued", None),
        (4, "rejected", "value_malformed"),
        (5, "rejected", "row_repeated"),
    ]
    same = place.attest("tax_payment", [(firms[0], {}), (firms[2], {})])
    assert same["unchanged"] == 2
