"""The cases of claim.json, and what is no claim."""

from tests.vectors import naive_claim
from tests.vectors.corrupt import corruption
from tests.vectors.valid import FINE, FIRM, LEVY, MORE, fen, h

SPECS = {spec["name"]: spec for spec in (FIRM, FINE)}
LEVIES = {"levy": LEVY}
MORES = {"firm_more": MORE}
OFFICE = "0x" + h("office").hex()
HOLDS, NOT, UNKNOWN = "holds", "does_not_hold", "cannot_tell"


def question(
    field: str, op: str, operand: object = None, period: str | None = None, schema: str = "firm_facts"
) -> dict:
    made = {"schema": schema, "field": field, "op": op}
    made |= {} if operand is None else {"operand": operand}
    return made | ({} if period is None else {"period": period})


PAID = question("paid", ">=", fen(200_000), "2025")
GRADES = [question("grade", "in", ["A", "B"], year) for year in ("2023", "2024", "2025")]
INCOME = question("income", "<", fen(47_000), schema="tax_fine")
LATE = question("last_month", "<", {"as_of_minus_months": 6})


def levy(field: str, op: str, operand: object = None, **named: object) -> dict:
    return {**question(field, op, operand, schema="levy"), **named}


def more(field: str, op: str, operand: object = None, **named: object) -> dict:
    return {**question(field, op, operand, schema="firm_more"), **named}


VAT = levy("paid", ">=", fen(200_000), per={"kind": "vat", "place": "south"})


def case(name: str, claim: dict, *parts: str, specs: dict = SPECS) -> dict:
    made = {
        "name": f"claim_{name}",
        "kind": "claim",
        "schemas": list(specs.values()),
        "text": naive_claim.claim_text(specs, claim),
        "question": claim,
        "parts": list(parts),
    }
    return made | {"expect": naive_claim.check_claim(made)}


def claims() -> list[dict]:
    grades = {"needed": 2, "of": GRADES}
    return [
        case("threshold", PAID, HOLDS),
        case("fen", question("balance", "<", fen(-3_000), schema="tax_fine"), NOT),
        case("range", question("paid", "range", [fen(200_000), fen(300_000)]), NOT),
        case("months", question("last_month", ">=", "2025-03"), HOLDS),
        case("moving", LATE, HOLDS),
        case("not_in", question("grade", "not in", ["C", "D"], "2025-01-01:2025-06-30"), UNKNOWN),
        case("equals_bool", question("listed", "equals", operand=False, period="2025-03"), HOLDS),
        case("reveal", question("rated_on", "reveal"), HOLDS),
        case("two_of_three_holds", grades, HOLDS, NOT, HOLDS),
        case("two_of_three_holds_without_the_third", grades, HOLDS, HOLDS, UNKNOWN),
        case("two_of_three_does_not", grades, NOT, NOT, HOLDS),
        case("two_of_three_does_not_without_the_third", grades, UNKNOWN, NOT, NOT),
        case("two_of_three_cannot_tell", grades, HOLDS, NOT, UNKNOWN),
        case("two_of_three_cannot_tell_any_year", grades, UNKNOWN, UNKNOWN, UNKNOWN),
        case("all_across_types", {"needed": 2, "of": [LATE, INCOME]}, HOLDS, HOLDS),
        case("all_one_missing", {"needed": 2, "of": [PAID, INCOME]}, HOLDS, UNKNOWN),
        case("all_one_fails", {"needed": 2, "of": [PAID, INCOME]}, UNKNOWN, NOT),
        case("any_one_holds", {"needed": 1, "of": [PAID, INCOME]}, UNKNOWN, HOLDS),
        case("any_none_holds", {"needed": 1, "of": [PAID, INCOME]}, NOT, NOT),
        case("any_one_missing", {"needed": 1, "of": [PAID, INCOME]}, NOT, UNKNOWN),
        case("kind_named", VAT, HOLDS, specs=LEVIES),
        case("total_named", {**VAT, "per": {"kind": "total", "place": "west"}}, HOLDS, specs=LEVIES),
        case("kind_not_named", levy("paid", "<", fen(200_000)), UNKNOWN, specs=LEVIES),
        case("department_named", levy("grade", "reveal", issuer=OFFICE), HOLDS, specs=LEVIES),
        case("kind_and_department_named", {**VAT, "issuer": OFFICE}, HOLDS, specs=LEVIES),
        case("percent", more("change", "<=", "-10.1"), HOLDS, specs=MORES),
        case("percent_range", more("change", "range", ["-15", "-10"]), NOT, specs=MORES),
        case("unit", more("insured", ">", 300), HOLDS, specs=MORES),
        case("no_end", more("valid_to", "equals", "no end", period="2026"), HOLDS, specs=MORES),
        case("no_end_of_a_month", more("listed_until", "equals", "no end"), NOT, specs=MORES),
        case("none_of_both_ends", more("valid_to", "equals", "none"), NOT, specs=MORES),
        case("any_code", more("pledged", "has any of", ["land", "goods"]), HOLDS, specs=MORES),
        case("no_code", more("pledged", "has none of", ["land", "shares", "goods", "rights"]), NOT, specs=MORES),
        case("all_codes", more("pledged", "has all of", ["land", "rights"]), HOLDS, specs=MORES),
        case("amount_below_zero", more("loss", "equals", "-0.01"), NOT, specs=MORES),
        case("moving_at_most", question("last_month", "<=", {"as_of_minus_months": 6}), NOT),
        case("kinds_combined", {"needed": 1, "of": [{**VAT, "issuer": OFFICE}, VAT]}, HOLDS, NOT, specs=LEVIES),
    ]


REFUSED = [
    ("p4_none_needed", "value_out_of_range", ("/question/needed", 0)),
    ("p4_more_needed_than_there_are", "value_out_of_range", ("/question/needed", 4)),
    ("t14_needed_true", "type_wrong", ("/question/needed", True)),
    ("t14_needed_text", "type_wrong", ("/question/needed", "2")),
    ("t14_parts_no_list", "type_wrong", ("/question/of", {"0": PAID})),
    ("t14_part_number", "type_wrong", ("/question/of/0", 7)),
    ("x_needed_missing", "field_missing", ("/question/needed",)),
    ("x_extra_member", "field_unknown", ("/question/or", [])),
    ("x_no_part", "question_malformed", ("/question/of", [])),
    ("x_one_part", "question_malformed", ("/question/of", GRADES[:1])),
    ("p11_part_twice", "set_duplicate", ("/question/of/1", GRADES[0])),
    ("x_reveal", "operator_unsupported", ("/question/of/1", question("grade", "reveal"))),
    ("x_nested", "question_malformed", ("/question/of/1", {"needed": 1, "of": GRADES[:2]})),
    ("t16_too_many_parts", "too_large", ("/question/of", [question("count", ">=", n) for n in range(13)])),
    ("x_separator_in_a_part", "question_malformed", ("/question/of/1", question("note", "equals", "a; b"))),
    ("t16_too_long", "question_malformed", ("/question/of/1", question("note", "equals", "x" * 1000))),
    ("p4_part_off_ladder", "off_ladder", ("/question/of/1", question("paid", ">=", fen(250_000)))),
    ("t8_part_of_no_field", "field_unknown", ("/question/of/1", question("colour", "reveal"))),
]
NAMED = [
    ("f1_one_of_two_named", "question_malformed", ("/question/per", {"kind": "vat"})),
    ("f1_nothing_named", "type_wrong", ("/question/per", {})),
    ("f1_no_object", "type_wrong", ("/question/per", ["vat", "south"])),
    ("f1_another_field", "question_malformed", ("/question/per", {"kind": "vat", "paid": 1})),
    ("f1_no_member", "set_member_unknown", ("/question/per/place", "east")),
    ("f1_no_value", "value_missing", ("/question/per/kind", None)),
    ("f1_value_that_ends_early", "value_malformed", ("/question/per/kind", "vat,cit")),
    ("f1_value_that_opens_more", "value_malformed", ("/question/per/kind", "vat]")),
    ("f4_no_department", "value_malformed", ("/question/issuer", "0x00")),
    ("f4_department_by_name", "value_malformed", ("/question/issuer", "tax bureau")),
    ("f1_text_names_one_of_two", "question_malformed", ("/text", "levy[kind=vat].paid >= 2000 CNY")),
    ("f1_text_names_twice", "question_malformed", ("/text", "levy[kind=vat, kind=vat].paid >= 2000 CNY")),
    ("f1_text_names_nothing", "question_malformed", ("/text", "levy[].paid >= 2000 CNY")),
]
TEXTS = [
    ("x_comma", "question_malformed", "all(firm_facts.count >= 1, firm_facts.count < 3)"),
    ("x_unclosed", "question_malformed", "all(firm_facts.count >= 1; firm_facts.count < 3"),
    (
        "x_nested_text",
        "question_malformed",
        "all(firm_facts.count >= 1; any(firm_facts.count < 3; firm_facts.count < 4))",
    ),
    ("x_unknown_word", "question_malformed", "none(firm_facts.count >= 1; firm_facts.count < 3)"),
    ("x_after_the_end", "question_malformed", "all(firm_facts.count >= 1; firm_facts.count < 3) during 2025"),
    ("p4_three_of_two", "value_out_of_range", "3 of (firm_facts.count >= 1; firm_facts.count < 3)"),
    ("t13_other_currency", "currency_differs", "any(firm_facts.paid >= 2000 USD; firm_facts.count < 3)"),
    ("t13_other_unit", "unit_unknown", "any(firm_facts.paid >= 2000 yuan; firm_facts.count < 3)"),
    ("t13_no_unit", "unit_missing", "any(firm_facts.paid >= 2000; firm_facts.count < 3)"),
    ("t13_fraction_of_a_fen", "value_malformed", "any(firm_facts.paid >= 2000.001 CNY; firm_facts.count < 3)"),
]


def corruptions(cases: dict[str, dict]) -> list[dict]:
    of = cases["claim_two_of_three_holds"]
    made = [corruption(f"claim_{name}", of, reason, change, stage="question") for name, reason, change in REFUSED]
    made += [corruption(f"claim_{name}", of, reason, ("/text", text), stage="question") for name, reason, text in TEXTS]
    words = [
        ("x_other_words", of["text"].replace("2 of", "3 of")),
        ("x_words_in_another_order", of["text"].replace("2023", "2026")),
        ("x_words_of_the_parts_alone", of["text"].partition("(")[2].rstrip(")").partition(";")[0]),
    ]
    made += [corruption(f"claim_{name}", of, "question_malformed", ("/text", text)) for name, text in words]
    named = cases["claim_kind_and_department_named"]
    return made + [
        corruption(f"claim_{name}", named, reason, change, stage="question") for name, reason, change in NAMED
    ]
