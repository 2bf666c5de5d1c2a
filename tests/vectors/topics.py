"""The files of the vectors: valid cases by topic, and which corruptions are made of which case."""

from collections.abc import Callable

from tests.vectors import corrupt_ledger as ledger
from tests.vectors import corrupt_proofs as proofs
from tests.vectors import corrupt_values as values
from tests.vectors import valid, valid_claims, valid_digests
from tests.vectors.valid import fen

OFF = "off_ladder"
LADDER_QUESTIONS = [
    ("p4_between_two_thresholds", OFF, {"operand": fen(250_000)}),
    ("p4_one_below_a_threshold", OFF, {"operand": fen(199_999)}),
    ("p4_one_above_a_threshold", OFF, {"operand": fen(200_001)}),
    ("p4_below_l1", OFF, {"operand": fen(90_000)}),
    ("p4_above_lk", OFF, {"operand": fen(20_000_000)}),
    ("p4_zero", OFF, {"operand": fen(0)}),
    ("p4_negative", OFF, {"operand": fen(-200_000)}),
    ("p4_other_direction", OFF, {"op": "<", "operand": fen(210_000)}),
    ("p4_range_end", OFF, {"op": "range", "operand": [fen(200_000), fen(210_000)]}),
    ("p4_exactly", OFF, {"op": "equals"}),
    ("p4_reveal", "not_revealable", {"op": "reveal", "operand": None}),
    ("p4_above_a_threshold", OFF, {"op": ">"}),
    ("p4_at_most_a_threshold", OFF, {"op": "<="}),
    ("t13_amount_with_currency", "value_malformed", {"operand": "2000 CNY"}),
    ("t13_needless_zero", "value_malformed", {"operand": "2000.0"}),
    ("t13_fraction_of_a_fen", "value_malformed", {"operand": "2000.001"}),
    ("t13_zero_first", "value_malformed", {"operand": "02000"}),
    ("t13_minus_zero", "value_malformed", {"operand": "-0"}),
    ("t14_integer", "type_wrong", {"operand": 2000}),
    ("t14_true", "type_wrong", {"operand": True}),
    ("t14_null", "type_wrong", {"operand": None}),
    ("t14_beyond_16_bytes", "value_out_of_range", {"operand": str(2**127)}),
    ("t14_beyond_2_53", "value_out_of_range", {"operand": "90071992547409.92"}),
    ("p4_empty_range", "range_empty", {"op": "range", "operand": [fen(200_000), fen(200_000)]}),
    ("p4_turned_range", "range_empty", {"op": "range", "operand": [fen(300_000), fen(200_000)]}),
    ("p4_range_of_one", "question_malformed", {"op": "range", "operand": [fen(200_000)]}),
    ("p4_set", "operator_unsupported", {"op": "in", "operand": ["A"]}),
    ("p4_other_operator", "operator_unsupported", {"op": "!="}),
    ("p4_codes", "operator_unsupported", {"op": "has any of", "operand": ["A"]}),
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
CODES_QUESTIONS = [
    ("p11_empty", "set_empty", {"operand": []}),
    ("p11_unknown", "set_member_unknown", {"operand": ["land", "gold"]}),
    ("p11_number", "set_member_unknown", {"operand": [0]}),
    ("p11_duplicate", "set_duplicate", {"operand": ["land", "land"]}),
    ("p11_no_list", "question_malformed", {"operand": "land"}),
    ("p11_in", "operator_unsupported", {"op": "in"}),
    ("p11_not_in", "operator_unsupported", {"op": "not in"}),
    ("p11_equals", "operator_unsupported", {"op": "equals", "operand": "land"}),
    ("p11_threshold", "operator_unsupported", {"op": ">=", "operand": 1}),
    ("p11_reveal_with_operand", "question_malformed", {"op": "reveal"}),
]
PERCENT_QUESTIONS = [
    ("p4_between_steps", OFF, {"operand": "-11"}),
    ("p4_above_the_steps", OFF, {"operand": "22.5"}),
    ("p4_exactly", OFF, {"op": "equals", "operand": "20"}),
    ("t13_finer", "value_malformed", {"operand": "0.05"}),
    ("t14_integer", "type_wrong", {"operand": -10}),
]
DATE_QUESTIONS = [
    ("p4_day_between_months", OFF, {"op": ">=", "operand": "2026-06-29"}),
    ("p4_above_the_first_of_a_month", OFF, {"op": ">", "operand": "2026-06-01"}),
    ("p4_at_least_no_end", "value_malformed", {"op": ">=", "operand": "no end"}),
    ("p4_below_none", "value_malformed", {"op": "<", "operand": "none"}),
    ("p4_range_to_no_end", "value_malformed", {"op": "range", "operand": ["2026-06-30", "no end"]}),
    ("p4_another_end", "value_malformed", {"op": "equals", "operand": "never"}),
    ("p4_absent", "type_wrong", {"op": "equals", "operand": None}),
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
    ("p4_no_end_where_there_is_none", "type_wrong", {"op": "equals", "operand": "no end"}),
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
    made += values.questions(cases["month_some_on_record"], MONTH_QUESTIONS)
    made += values.questions(cases["steps_negative"], PERCENT_QUESTIONS)
    made += values.questions(cases["no_end_equals"], DATE_QUESTIONS)
    for name in ("also_at_most", "no_end_equals", "no_end_equals_no", "none_beside_no_end", "steps_between"):
        made += proofs.chains(cases[name]) + proofs.one_step(cases[name])
    for name in ("also_at_most", "steps_negative"):
        made += proofs.other_thresholds(cases[name])
    return made + values.other_ladders(cases["also_at_most"]) + values.other_ends(cases["no_end_equals"])


def codes(cases: dict[str, dict]) -> list[dict]:
    made = []
    for name in ("codes_any", "codes_any_no", "codes_none", "codes_all", "codes_all_no", "codes_reveal"):
        made += values.codes(cases[name])
    made += values.other_codes(cases["codes_any"]) + values.other_codes(cases["codes_all"])
    made += proofs.salts(cases["codes_all"]) + proofs.paths(cases["codes_all"]) + proofs.places(cases["codes_all"])
    return made + values.questions(cases["codes_any"], CODES_QUESTIONS)


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
    "codes": (valid.codes, codes),
    "absent": (valid.absent, absent),
    "attestation": (valid.attestation, attestation),
    "claim": (valid_claims.claims, valid_claims.corruptions),
    "digests": (valid_digests.digests, digests),
}
