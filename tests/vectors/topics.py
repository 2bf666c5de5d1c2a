"""The files of the vectors: valid cases by topic, and which corruptions are made of which case."""

from collections.abc import Callable

from tests.vectors import corrupt_ledger as ledger
from tests.vectors import corrupt_proofs as proofs
from tests.vectors import corrupt_values as values
from tests.vectors import valid, valid_claims, valid_digests

OFF = "off_ladder"
LADDER_QUESTIONS = [
    ("p4_between_two_thresholds", OFF, {"operand": 250_000}),
    ("p4_one_below_a_threshold", OFF, {"operand": 199_999}),
    ("p4_one_above_a_threshold", OFF, {"operand": 200_001}),
    ("p4_below_l1", OFF, {"operand": 90_000}),
    ("p4_above_lk", OFF, {"operand": 20_000_000}),
    ("p4_zero", OFF, {"operand": 0}),
    ("p4_negative", OFF, {"operand": -200_000}),
    ("p4_other_direction", OFF, {"op": "<", "operand": 210_000}),
    ("p4_range_end", OFF, {"op": "range", "operand": [200_000, 210_000]}),
    ("p4_exactly", "operator_unsupported", {"op": "equals"}),
    ("p4_reveal", "not_revealable", {"op": "reveal", "operand": None}),
    ("t13_yuan_text", "type_wrong", {"operand": "2000 CNY"}),
    ("t14_text", "type_wrong", {"operand": "200000"}),
    ("t14_true", "type_wrong", {"operand": True}),
    ("t14_null", "type_wrong", {"operand": None}),
    ("t14_beyond_16_bytes", "value_out_of_range", {"operand": 2**127}),
    ("p4_empty_range", "range_empty", {"op": "range", "operand": [200_000, 200_000]}),
    ("p4_turned_range", "range_empty", {"op": "range", "operand": [300_000, 200_000]}),
    ("p4_range_of_one", "question_malformed", {"op": "range", "operand": [200_000]}),
    ("p4_set", "operator_unsupported", {"op": "in", "operand": ["A"]}),
    ("p4_other_operator", "operator_unsupported", {"op": ">"}),
    ("p4_moving_threshold", "operator_unsupported", {"operand": {"as_of_minus_months": 3}}),
    ("t8_unknown_field", "field_unknown", {"field": "amount"}),
    ("t9_unknown_schema", "schema_unknown", {"schema": "firm_fact"}),
    ("p4_member_unknown", "field_unknown", {"grade": "A"}),
    ("p4_no_period", "value_malformed", {"period": "2025-13"}),
]
ENUM_QUESTIONS = [
    ("p11_empty", "set_empty", {"operand": []}),
    ("p11_full", "set_full", {"operand": ["A", "B", "M", "C", "D"]}),
    ("p11_full_reordered", "set_full", {"operand": ["D", "C", "M", "B", "A"]}),
    ("p11_unknown", "set_member_unknown", {"operand": ["A", "E"]}),
    ("p11_lower_case", "set_member_unknown", {"operand": ["a", "B"]}),
    ("p11_empty_name", "set_member_unknown", {"operand": [""]}),
    ("p11_number", "set_member_unknown", {"operand": [0]}),
    ("p11_duplicate", "set_duplicate", {"operand": ["A", "A"]}),
    ("p11_duplicate_filling_up", "set_duplicate", {"operand": ["A", "B", "M", "C", "C"]}),
    ("p11_no_list", "question_malformed", {"operand": "A"}),
    ("p11_null", "question_malformed", {"operand": None}),
    ("p11_threshold", "type_wrong", {"op": ">=", "operand": 1}),
    ("p11_member_as_threshold", "operator_unsupported", {"op": "<", "operand": "B"}),
]
PLAIN_QUESTIONS = [
    ("p4_threshold", "operator_unsupported", {"op": ">="}),
    ("p4_below", "operator_unsupported", {"op": "<"}),
    ("p4_text", "type_wrong", {"operand": "-1286400"}),
    ("p4_reveal_with_operand", "question_malformed", {"op": "reveal"}),
    ("p11_set_of_a_number", "question_malformed", {"op": "in"}),
    ("p11_set_of_a_field_without_members", "operator_unsupported", {"op": "in", "operand": ["A"]}),
]
MONTH_QUESTIONS = [
    ("p4_before_l1", OFF, {"operand": "2024-05"}),
    ("p4_after_lk", OFF, {"operand": "2027-01"}),
    ("p4_day", "type_wrong", {"operand": "2025-03-01"}),
    ("p4_none", "type_wrong", {"operand": "none"}),
    ("p4_month_13", "value_malformed", {"operand": "2025-13"}),
    ("p4_moving_too_far", "value_out_of_range", {"operand": {"as_of_minus_months": 1201}}),
    ("p4_moving_forward", "value_out_of_range", {"operand": {"as_of_minus_months": -1}}),
    ("p4_moving_days", "field_missing", {"operand": {"as_of_minus_days": 3}}),
]


def plain(cases: dict[str, dict]) -> list[dict]:
    made = []
    for case in cases.values():
        made += values.plain(case) + values.types(case)
    made += values.questions(cases["plain_integer_negative"], PLAIN_QUESTIONS)
    for name in ("plain_integer_negative", "plain_text_nfc"):
        made += proofs.salts(cases[name]) + proofs.paths(cases[name]) + proofs.places(cases[name])
    for name in ("plain_integer_zero", "plain_text_nfc"):
        made += values.pad(cases[name])
    made.append(values.as_other_field(cases["plain_code"], "note"))
    lone = cases["plain_one_field_no_path"]
    longer = proofs.corruption("t3_one_field_with_path", lone, "path_length", ("/proof/path", [proofs.OTHER]))
    return [*made, longer]


def ladder(cases: dict[str, dict]) -> list[dict]:
    made = []
    for name in ("at_least_l2", "below_l5", "between", "at_least_idx_0"):
        made += proofs.chains(cases[name])
    for name in (
        "at_least_l2",
        "below_l5",
        "at_least_idx_k",
        "below_l1_idx_0",
        "at_least_exactly",
        "at_least_one_short",
    ):
        made += proofs.other_thresholds(cases[name])
    for name in ("integers_negative_threshold", "month_none_on_record", "two_digits_at_least", "between", "below_l5"):
        made += proofs.one_step(cases[name])
    for name in ("at_least_l2", "below_lk_idx_0"):
        made.append(proofs.on_other_field(cases[name], "sales"))
    made.append(proofs.on_other_field(cases["other_field_same_ladder"], "paid"))
    for name in ("at_least_l2", "two_digits_below"):
        made += proofs.salts(cases[name]) + proofs.paths(cases[name]) + proofs.places(cases[name])
    made += proofs.deep(cases["between"])
    made += values.pad(cases["at_least_l2"])
    made += values.questions(cases["at_least_l2"], LADDER_QUESTIONS)
    return made + values.questions(cases["month_some_on_record"], MONTH_QUESTIONS)


def enum(cases: dict[str, dict]) -> list[dict]:
    made = []
    for name in ("enum_in", "enum_not_in", "enum_reveal"):
        made += values.enum(cases[name])
    made += values.other_sets(cases["enum_in"])
    made += values.value_set(cases["enum_in"])
    made += (
        proofs.salts(cases["enum_not_in"]) + proofs.paths(cases["enum_not_in"]) + proofs.places(cases["enum_not_in"])
    )
    return made + values.questions(cases["enum_in"], ENUM_QUESTIONS)


def absent(cases: dict[str, dict]) -> list[dict]:
    made = []
    for case in cases.values():
        made += values.absent(case) + proofs.salts(case)
    return made + proofs.paths(cases["absent_ladder"])


def attestation(cases: dict[str, dict]) -> list[dict]:
    made = ledger.headers(cases["size_5_index_0"]) + ledger.anchors(cases["size_5_index_0"])
    for case in cases.values():
        made += ledger.places(case)
    return made + ledger.empty_slot(cases["size_5_index_4"])


def digests(cases: dict[str, dict]) -> list[dict]:
    return [one for case in cases.values() for one in ledger.struct(case)]


TOPICS: dict[str, tuple[Callable[[], list[dict]], Callable[[dict[str, dict]], list[dict]]]] = {
    "plain": (valid.plain, plain),
    "ladder": (valid.ladder, ladder),
    "enum": (valid.enum, enum),
    "absent": (valid.absent, absent),
    "attestation": (valid.attestation, attestation),
    "claim": (valid_claims.claims, valid_claims.corruptions),
    "digests": (valid_digests.digests, digests),
}
