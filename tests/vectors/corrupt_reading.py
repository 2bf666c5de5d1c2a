"""Bundles that are refused when they are read: one fault of form each, and what is written in another way."""

from collections.abc import Iterator

from tests.vectors.corrupt_evidence import altered, fails, put, refielded, without
from tests.vectors.evidence_world import BOTH, BOTH_THEN, DAY, GRADE, HOST_SAYS, INCOME, NOW, PAID, World
from tests.vectors.naive_passkey import KEY
from tests.vectors.valid import fen
from tests.vectors.valid_evidence import BARE, NAMED, ONE, QBFT, RESUMED, REVEALED, Case

FIRST, TERMS = "/presentation/claims/0", "/presentation/consent/terms"
BOUNDS, CONTROLLERS = "/presentation/consent/bounds", "/presentation/consent/controllers"
BOTH_ASKED, BOTH_BARE = World(questions=(BOTH,)), World(questions=(BOTH_THEN,), receipt=None)
NOTE = {"schema": "firm_facts", "field": "note", "op": "equals", "operand": "x during 2025"}
LAST = {"schema": "firm_facts", "field": "last_month", "op": "<", "operand": {"as_of_minus_months": 3}}


def refused(name: str, reason: str, pointer: str, value: object, world: World = ONE) -> Case:
    return altered(name, "form", reason, put(pointer, value), world)


def told(name: str, reason: str, question: dict) -> Case:
    """A question that nothing is shown of."""
    return fails(name, ONE.but(questions=(question,), told={0: HOST_SAYS}), "form", reason, stage="form")


def other_writings() -> Iterator[Case]:
    """The same question, and the same text, in other JSON."""
    other, question = "not_canonical", f"{FIRST}/question"
    yield refused("x_set_in_another_order", other, f"{question}/operand", ["D", "C"], BARE)
    long = "2025-01-01:2025-12-31"
    yield refused("x_period_not_the_shortest", other, "/presentation/claims/1/question/period", long, BARE)
    yield refused("x_period_null", other, "/presentation/claims/1/question/period", None)
    yield refused("x_operand_null_beside_reveal", other, f"{question}/operand", None, REVEALED)
    turned = put(f"{question}/of", lambda all_: all_[::-1])
    yield altered("x_parts_asked_in_another_order", "form", other, turned, BOTH_BARE)
    text = "firm_facts.paid >= 2000 CNY during 2025"
    yield refused("x_question_as_text", "type_wrong", question, text)
    yield refused("x_part_as_text", "type_wrong", f"{question}/of/0", text, BOTH_ASKED)
    yield told("x_text_read_back_as_another", "question_malformed", NOTE)
    yield told("x_text_read_back_as_none", "question_malformed", {**NOTE, "operand": " "})
    capitals = f"{CONTROLLERS}/keys/0/address"
    yield refused("x_controller_in_capitals", other, capitals, lambda key: "0x" + key[2:].upper())
    yield refused("x_spend_key_in_capitals", other, f"{BOUNDS}/spend_key", lambda key: "0x" + key[2:].upper())
    yield refused("x_credit_code_in_small_letters", other, "/presentation/subject/credit_code", str.lower)
    yield refused("x_proof_without_attestation", other, f"{FIRST}/attestation", None)
    yield refused("x_attestation_without_proof", other, f"{FIRST}/proof", None)


def questions() -> Iterator[Case]:
    operand, per = f"{FIRST}/question/operand", f"{FIRST}/question/per"
    yield refused("x_operator_unknown", "operator_unsupported", f"{FIRST}/question/op", "~")
    yield refused("x_question_of_no_field", "field_unknown", f"{FIRST}/question/field", "amount")
    yield refused("x_question_of_no_schema", "schema_unknown", f"{FIRST}/question/schema", "facts")
    yield refused("x_question_with_more", "field_unknown", f"{FIRST}/question/currency", "CNY")
    yield altered("x_question_without_operator", "form", "field_missing", without(f"{FIRST}/question/op"))
    yield refused("x_amount_with_currency", "value_malformed", operand, "2000 CNY")
    yield refused("x_amount_with_a_needless_zero", "value_malformed", operand, "2000.0")
    yield refused("x_amount_as_integer", "type_wrong", operand, 2000)
    yield told("x_set_asked_of_an_enum", "operator_unsupported", {**GRADE, "op": "has any of"})
    yield told("x_end_that_the_field_has_not", "type_wrong", {**LAST, "op": "equals", "operand": "no end"})
    yield refused("x_amount_missing", "type_wrong", operand, None)
    yield refused("x_period_of_no_month", "value_malformed", f"{FIRST}/question/period", "2025-13")
    moving = [{"as_of_minus_months": 9}, {"as_of_minus_months": 3}]
    yield told("x_range_of_moving_thresholds", "type_wrong", {**LAST, "op": "range", "operand": moving})
    yield told("x_moving_too_far", "value_out_of_range", {**LAST, "operand": {"as_of_minus_months": 1201}})
    yield refused("x_moving_amount", "operator_unsupported", operand, {"as_of_minus_months": 3})
    ranged = {**PAID, "op": "range"}
    yield told("x_range_falling", "range_empty", {**ranged, "operand": [fen(300_000), fen(200_000)]})
    yield refused("x_range_of_one", "question_malformed", f"{FIRST}/question", {**ranged, "operand": [fen(200_000)]})
    for name, reason, members in (
        ("empty", "set_empty", []),
        ("full", "set_full", ["A", "B", "M", "C", "D"]),
        ("duplicate", "set_duplicate", ["C", "C"]),
        ("unknown", "set_member_unknown", ["C", "E"]),
        ("number", "set_member_unknown", [1]),
        ("no_list", "question_malformed", "C"),
    ):
        yield refused(f"x_set_{name}", reason, operand, members, BARE)
    yield refused("x_operand_beside_reveal", "question_malformed", operand, "10101", REVEALED)
    yield refused("x_value_named_null", "value_missing", f"{per}/kind", None, NAMED)
    yield refused("x_value_named_as_number", "type_wrong", f"{per}/kind", 1, NAMED)
    yield refused("x_no_values_named", "type_wrong", per, {}, NAMED)
    yield refused("x_one_of_two_values_named", "question_malformed", per, {"kind": "vat"}, NAMED)
    yield refused("x_issuer_null", "type_wrong", f"{FIRST}/question/issuer", None)


def combinations() -> Iterator[Case]:
    of, parts = f"{FIRST}/question/of", f"{FIRST}/parts"
    yield refused("x_three_of_two_needed", "value_out_of_range", f"{FIRST}/question/needed", 3, BOTH_ASKED)
    yield refused("x_none_of_two_needed", "value_out_of_range", f"{FIRST}/question/needed", 0, BOTH_ASKED)
    yield refused("x_combination_in_a_combination", "question_malformed", f"{of}/0", BOTH, BOTH_ASKED)
    yield refused("x_combination_of_one", "question_malformed", of, [PAID], BOTH_ASKED)
    yield refused("x_combination_of_13", "too_large", of, [PAID] * 13, BOTH_ASKED)
    yield refused("x_part_asked_twice", "set_duplicate", of, [INCOME, INCOME], BOTH_ASKED)
    reveal = {"schema": "firm_facts", "field": "kind", "op": "reveal"}
    yield refused("x_part_that_reveals", "operator_unsupported", f"{of}/0", reveal, BOTH_ASKED)
    yield refused("x_part_beyond_the_question", "value_out_of_range", f"{parts}/1/part", 2, BOTH_ASKED)


def consents() -> Iterator[Case]:
    invalid = "request_invalid"
    yield refused("x_terms_without_questions", invalid, f"{TERMS}/questions", [])
    yield refused("x_terms_of_65_questions", "too_large", f"{TERMS}/questions", ["q"] * 65)
    yield refused("x_terms_with_a_long_question", "too_large", f"{TERMS}/questions/0", "q" * 1025)
    yield refused("x_bounds_end_as_they_begin", invalid, f"{BOUNDS}/expires_at", NOW - DAY)
    yield refused("x_bounds_of_97_uses", "value_out_of_range", f"{BOUNDS}/max_uses", 97)
    yield refused("x_bounds_of_no_use", "value_out_of_range", f"{BOUNDS}/max_uses", 0)
    yield refused("x_bounds_beyond_40_bits", "value_out_of_range", f"{BOUNDS}/grant_before", 2**40)
    for name, size in (("spend_key", 20), ("steward_key", 20), ("withdrawal_hash", 32)):
        yield refused(f"x_{name}_of_zeros", invalid, f"{BOUNDS}/{name}", "0x" + "00" * size)
        yield altered(f"x_bounds_without_{name}", "form", "field_missing", without(f"{BOUNDS}/{name}"))
    yield refused("x_terms_with_times", "field_unknown", f"{TERMS}/not_before", NOW)
    yield refused("x_terms_of_version_1", "value_out_of_range", f"{TERMS}/version", 1)
    yield refused("x_terms_of_no_day", "value_malformed", f"{TERMS}/data_from", "2025-1-1")
    falling = put(TERMS, lambda terms: {**terms, "data_from": "2025-01-02", "data_to": "2025-01-01"})
    yield altered("x_days_of_data_falling", "form", "range_empty", falling)
    keys = f"{CONTROLLERS}/keys"
    yield refused("x_controller_twice", invalid, keys, lambda all_: [*all_, all_[0]])
    yield refused("x_no_controllers", invalid, keys, [])
    yield refused("x_17_controllers", "too_large", keys, lambda all_: [all_[0]] * 17)
    yield refused(
        "k23_controllers_without_persons", "field_missing", f"{keys}/0", lambda key: {"address": key["address"]}
    )
    yield refused("k23_person_0", "value_out_of_range", f"{keys}/0/person", 0)
    yield refused("k23_person_256", "value_out_of_range", f"{keys}/0/person", 256)
    one = put(keys, lambda all_: [{**key, "person": 1} for key in all_])
    yield altered("k23_threshold_above_the_persons", "form", invalid, one)
    yield refused("x_controller_without_key", "field_missing", f"{keys}/0", {"person": 1})
    yield refused("x_controller_with_two_keys", "field_unknown", f"{keys}/0", lambda key: {**key, "passkey": KEY})
    yield refused("x_controller_as_text", "type_wrong", f"{keys}/0", lambda key: key["address"])
    yield refused("x_threshold_0", invalid, f"{CONTROLLERS}/threshold", 0)
    yield refused("x_threshold_4_of_3", invalid, f"{CONTROLLERS}/threshold", 4)
    yield refused("x_threshold_17", "value_out_of_range", f"{CONTROLLERS}/threshold", 17)
    point = {"person": 1, "passkey": {**KEY, "public_key": "0x" + "11" * 64}}
    yield refused("x_passkey_that_is_no_point", "value_malformed", keys, [point])
    kind = {"person": 1, "passkey": {**KEY, "kind": "passkey"}}
    yield refused("x_passkey_with_a_kind", "field_unknown", keys, [kind])
    short = "/presentation/consent/signatures/0"
    yield refused("x_signature_too_short", "value_malformed", short, lambda text: text[:-2])


def attested() -> Iterator[Case]:
    one, proof = "/presentation/attestations/0", f"{FIRST}/proof"
    code = "/presentation/subject/credit_code"
    yield refused("x_credit_code_with_another_check_character", "credit_code_invalid", code, "91990000MABYF3008D")
    yield refused("x_credit_code_as_number", "credit_code_invalid", code, 91)
    yield refused("x_place_path_of_33", "too_large", f"{one}/path", lambda all_: [all_[0]] * 33)
    yield refused("x_place_sibling_too_short", "value_malformed", f"{one}/path/0", lambda text: text[:-2])
    yield refused("x_data_of_a_day_before_1970", "value_out_of_range", f"{one}/header/as_of", "1969-12-31")
    yield refused("x_proof_path_of_33", "opening_malformed", f"{proof}/path", lambda all_: [all_[0]] * 33)
    yield refused("x_proof_sibling_too_short", "sibling_length", f"{proof}/path/0", lambda text: text[:-2])
    yield refused("x_proof_salt_too_short", "opening_malformed", f"{proof}/salt", lambda text: text[:-2])
    yield refused("x_opening_of_no_kind", "opening_malformed", f"{proof}/opening/kind", "exactly")
    yield refused("x_opening_with_more", "opening_malformed", f"{proof}/opening/value", 1)
    yield refused("x_reason_of_no_list", "value_malformed", f"{FIRST}/reason", "because")
    yield refused("x_reason_as_number", "type_wrong", f"{FIRST}/reason", 1)
    yield refused("x_message_as_number", "type_wrong", f"{FIRST}/message", 1)
    yield refused("x_message_too_long", "too_large", f"{FIRST}/message", "m" * 16_385)
    yield refused("x_verdict_of_no_list", "value_malformed", f"{FIRST}/verdict", "perhaps")
    yield altered("x_claim_without_message", "form", "field_missing", without(f"{FIRST}/message"))
    both = put("/block", lambda block: {"header": block["header"], "remark": 1})
    yield altered("x_member_missing_beside_one_too_many", "form", "field_missing", both)
    yield altered("x_receipt_without_age", "form", "field_missing", without("/receipt/max_age_days"))
    yield refused("x_member_with_a_long_name", "too_large", "/members/0/name", "n" * 257)
    yield refused("x_entry_beyond_2_53", "value_out_of_range", "/controllers/entries/0", 2**53)


def uses() -> Iterator[Case]:
    use, first = "/presentation/use", "/presentation/use/uses/0"
    for name in ("number", "answered_by", "not_after", "nonce", "seed", "signature", "uses"):
        yield altered(f"k2_use_without_{name}", "form", "field_missing", without(f"{use}/{name}"))
    for name in ("number", "ticket", "time"):
        yield altered(f"k2_counted_use_without_{name}", "form", "field_missing", without(f"{first}/{name}"))
    yield refused("k2_use_with_more", "field_unknown", f"{use}/remark", 1)
    yield refused("k2_counted_use_with_more", "field_unknown", f"{first}/remark", 1)
    yield refused("k2_use_of_number_0", "value_out_of_range", f"{use}/number", 0)
    yield refused("k2_use_of_number_97", "value_out_of_range", f"{use}/number", 97)
    yield refused("k2_97_uses", "too_large", f"{use}/uses", lambda all_: [all_[0]] * 97)
    yield refused("k2_use_signed_too_short", "value_malformed", f"{use}/signature", lambda text: text[:-2])
    yield refused("k2_no_use", "field_missing", use, None)
    resumption = "/presentation/resumption"
    yield refused("k1_resumption_without_word", "field_missing", resumption, {})
    yield altered("k1_without_resumption", "form", "field_missing", without(resumption))
    signatures = f"{resumption}/signatures"
    yield refused("k1_resumption_of_17_signatures", "too_large", signatures, lambda all_: [all_[0]] * 17, RESUMED)
    for name in ("entries", "begins", "holds", "keys"):
        yield altered(f"k7_controllers_without_{name}", "form", "field_missing", without(f"/controllers/{name}"))
    yield refused("k7_no_controllers", "field_missing", "/controllers", None)
    yield refused("k7_controllers_with_more", "field_unknown", "/controllers/remark", 1)
    yield refused("k7_entries_falling", "not_canonical", "/controllers/entries", [1, 0])
    yield refused("k7_entry_twice", "not_canonical", "/controllers/entries", [0, 0])
    yield refused("k7_hold_of_number_0", "value_out_of_range", "/controllers/holds", [0])
    yield refused("k7_1025_entries", "too_large", "/controllers/entries", list(range(1025)))
    yield refused("k7_key_twice", "not_canonical", "/controllers/keys", lambda all_: [*all_, *all_])


def schemas() -> Iterator[Case]:
    first, invalid = "/schemas/0", "schema_invalid"
    yield refused("x_ladder_without_thresholds", invalid, f"{first}/fields/1/ladder/to", "999.99")
    yield refused("x_ladder_of_integers_where_there_are_decimals", "type_wrong", f"{first}/fields/1/ladder/to", 99_999)
    yield refused("x_ladder_with_a_point_twice", invalid, f"{first}/fields/1/ladder/also", ["2000"])
    yield refused("x_ladder_with_falling_points", invalid, f"{first}/fields/1/ladder/also", ["3", "2"])
    yield refused("x_field_of_two_measures", invalid, f"{first}/fields/1/unit", "months")
    yield refused("x_field_of_no_currency", invalid, f"{first}/fields/1/currency", "yuan")
    yield refused("x_field_of_10_decimals", "value_out_of_range", f"{first}/fields/1/scale", 10)
    yield refused("x_field_without_end_that_is_no_date", invalid, f"{first}/fields/1/no_end", True)
    yield refused("x_field_of_codes_in_mode_plain", invalid, f"{first}/fields/0/type", "codes")
    yield refused("x_field_of_no_type", invalid, f"{first}/fields/0/type", "colour")
    yield refused("x_schema_without_fields", invalid, f"{first}/fields", [])
    yield refused("x_schema_of_version_0", "value_out_of_range", f"{first}/version", 0)
    yield refused("x_schema_named_by_a_number", "type_wrong", f"{first}/name", 1)
    yield refused("x_field_optional_null", "type_wrong", f"{first}/fields/0/optional", None)
    yield refused("x_field_of_unit_null", "type_wrong", f"{first}/fields/5/unit", None)
    yield refused("x_schema_with_more", "field_unknown", f"{first}/remark", 1)
    again = put("/schemas", lambda all_: [{**all_[0], "fields": all_[0]["fields"][:-1]}, *all_])
    yield altered("x_two_schemas_of_one_version", "form", invalid, again)
    renamed = put("/schemas/1/fields/0/name", "subject")
    yield altered("x_registration_without_subject_id", "form", "field_unknown", renamed)


def headers() -> Iterator[Case]:
    """The last number, time and gas that a header may have, and the first that it may not."""
    for name, place, most in (
        ("number", 8, (2**53 - 1).to_bytes(7, "big")),
        ("time", 11, (253_402_300_799).to_bytes(5, "big")),
        ("gas", 9, b"\xff" * 32),
    ):
        more = (int.from_bytes(most, "big") + 1).to_bytes(len(most) + (name == "gas"), "big")
        for word, value, expect in (
            ("most", most, ("block", "seal_by_outsider")),
            ("more", more, ("form", "header_malformed")),
        ):
            other = refielded(lambda all_, place=place, value=value: [*all_[:place], value, *all_[place + 1 :]])
            yield altered(f"x_header_{name}_{word}", *expect, put("/block/header", other))
    for name, extra in (("nothing", b""), ("text", b"dog"), ("list", b"\xc0")):
        other = refielded(lambda all_, extra=extra: [*all_[:12], extra, *all_[13:]])
        yield altered(f"h6_qbft_{name}_for_extra_data", "block", "header_malformed", put("/block/header", other), QBFT)
    yield fails("h6_qbft_round_of_5_bytes", QBFT.but(committed={"round_": 2**32}), "block", "header_malformed")


def corruptions() -> list[Case]:
    groups = (other_writings, questions, combinations, consents, attested, uses, schemas, headers)
    return [case for group in groups for case in group()]
