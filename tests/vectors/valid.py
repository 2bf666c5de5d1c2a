"""The valid cases of the vectors. Every seed and salt follows from a name, so that a run gives the same bytes."""

import hashlib

from tests.kit import reference as ref
from tests.vectors import naive, naive_ledger
from tests.vectors.naive import hexed


def fen(amount: int) -> str:
    """So many fen as JSON writes an amount in yuan."""
    return naive.shown(MONEY, amount)


MONEY = {"type": "integer", "currency": "CNY", "scale": 2}
ONE = {"kind": "one_digit", "from": "1000", "to": "100000"}
FIRM = {
    "name": "firm_facts",
    "version": 1,
    "fields": [
        {"name": "kind", "type": "code", "mode": "plain"},
        {"name": "paid", **MONEY, "mode": "ladder", "ladder": ONE},
        {"name": "sales", **MONEY, "mode": "ladder", "optional": True, "ladder": ONE},
        {"name": "grade", "type": "enum", "mode": "enum", "members": ["A", "B", "M", "C", "D"]},
        {
            "name": "last_month",
            "type": "month",
            "mode": "ladder",
            "none_on_record": True,
            "ladder": {"kind": "months", "from": "2024-06", "to": "2026-12"},
        },
        {"name": "count", "type": "integer", "mode": "ladder", "ladder": {"kind": "integers", "from": -2, "to": 9}},
        {"name": "profit", "type": "integer", "mode": "plain"},
        {"name": "rated_on", "type": "date", "mode": "plain"},
        {"name": "listed", "type": "bool", "mode": "plain"},
        {"name": "note", "type": "text", "mode": "plain", "optional": True},
        {"name": "since", "type": "month", "mode": "plain"},
    ],
}
FINE = {
    "name": "tax_fine",
    "version": 3,
    "fields": [
        {
            "name": "income",
            **MONEY,
            "mode": "ladder",
            "ladder": {"kind": "two_digits", "from": "10", "to": "10000"},
        },
        {
            "name": "balance",
            **MONEY,
            "mode": "ladder",
            "ladder": {"kind": "one_digit", "from": "10", "to": "900", "mirrored": True},
        },
        {
            "name": "filed_on",
            "type": "date",
            "mode": "ladder",
            "none_on_record": True,
            "ladder": {"kind": "days", "from": "2026-01-01", "to": "2026-03-31"},
        },
    ],
}
LEVY = {
    "name": "levy",
    "version": 2,
    "per": [{"field": "kind", "total": "total"}, {"field": "place"}],
    "fields": [
        {"name": "kind", "type": "code", "mode": "plain"},
        {"name": "place", "type": "enum", "mode": "enum", "members": ["north", "south", "west"]},
        {"name": "paid", **MONEY, "mode": "ladder", "ladder": ONE},
        {"name": "grade", "type": "enum", "mode": "enum", "members": ["C", "B", "A"]},
    ],
}
LEVY_VALUES = {"kind": "vat", "place": "south", "paid": fen(386_400), "grade": "B"}
MORE = {
    "name": "firm_more",
    "version": 2,
    "fields": [
        {
            "name": "insured",
            "type": "integer",
            "unit": "persons",
            "mode": "ladder",
            "ladder": {"kind": "two_digits", "from": 10, "to": 400, "also": [1, 301]},
        },
        {
            "name": "change",
            "type": "integer",
            "unit": "percent",
            "scale": 1,
            "mode": "ladder",
            "ladder": {"kind": "integers", "from": "-20", "to": "20", "step": "2.5", "also": ["30", "33.3"]},
        },
        {
            "name": "valid_to",
            "type": "date",
            "mode": "ladder",
            "none_on_record": True,
            "no_end": True,
            "ladder": {"kind": "months", "from": "2026-01", "to": "2027-12", "also": ["2026-06-30", "2026-12-31"]},
        },
        {
            "name": "listed_until",
            "type": "month",
            "mode": "ladder",
            "optional": True,
            "no_end": True,
            "ladder": {"kind": "months", "from": "2026-01", "to": "2026-12"},
        },
        {
            "name": "pledged",
            "type": "codes",
            "mode": "enum",
            "optional": True,
            "members": ["land", "shares", "goods", "rights"],
        },
        {"name": "share", "type": "integer", "unit": "percent", "scale": 4, "mode": "plain"},
        {"name": "loss", **MONEY, "resolution": "100", "mode": "plain"},
    ],
}
MORE_VALUES = {
    "insured": 300,
    "change": "-12.5",
    "valid_to": "no end",
    "listed_until": "2026-08",
    "pledged": ["land", "goods"],
    "share": "33.3333",
    "loss": "-1286400",
}
LONE = {"name": "lone", "version": 1, "fields": [{"name": "subject_id", "type": "code", "mode": "plain"}]}
SPECS = {spec["name"]: spec for spec in (FIRM, FINE, MORE, LONE)}
VALUES = {
    "kind": "10101",
    "paid": fen(386_400),
    "sales": fen(386_400),
    "grade": "B",
    "last_month": "2025-11",
    "count": 0,
    "profit": -1_286_400,
    "rated_on": "2026-04-20",
    "listed": False,
    "note": "Caf\u00e9 示例",
    "since": "1969-12",
}
FINE_VALUES = {"income": fen(47_213), "balance": fen(-3500), "filed_on": "2026-02-28"}


def h(*names: object) -> bytes:
    """32 bytes that stand for whatever the names say."""
    return hashlib.sha256(" ".join(map(str, names)).encode()).digest()


def field_case(name: str, question: tuple, expect: str, *, as_of: str | None = None, **values: object) -> dict:
    (schema, field), op, *operand = question[0].split("."), *question[1:]
    spec = SPECS[schema]
    base = {
        "firm_facts": VALUES,
        "tax_fine": FINE_VALUES,
        "firm_more": MORE_VALUES,
        "lone": {"subject_id": "0x" + "5a" * 32},
    }[schema]
    raw, seed, i = {**base, **values}, h("seed of", name), naive.index_of(spec, field)
    asked = {"schema": schema, "field": field, "op": op, **({"operand": operand[0]} if operand else {})}
    row = [naive.native(one, raw[one["name"]]) for one in spec["fields"]]
    statement = naive.lower(spec, asked, as_of)
    leaf = ref.slots(spec, seed, row)[i]
    digest = bytes(32) if row[i] is None else ref.value_digest(spec["fields"][i], i, ref.schema_id(spec), seed, row[i])
    return {
        "name": name,
        "kind": "field_proof",
        "schema": spec,
        "seed": hexed(seed),
        "values": raw,
        "fields_root": hexed(ref.fields_root(spec, seed, row)),
        **({"as_of": as_of} if as_of else {}),
        "question": asked,
        "statement": statement,
        "proof": naive.prove(spec, seed, row, i, statement),
        "digests": {"schema_id": hexed(ref.schema_id(spec)), "value_digest": hexed(digest), "leaf": hexed(leaf)},
        "expect": expect,
    }


def plain() -> list[dict]:
    yes, no, firm = "holds", "does_not_hold", "firm_facts."
    return [
        field_case("plain_code", (firm + "kind", "equals", "10101"), yes),
        field_case("plain_integer_negative", (firm + "profit", "equals", -1_286_400), yes),
        field_case("plain_integer_lowest", (firm + "profit", "reveal"), yes, profit=1 - 2**53),
        field_case("plain_integer_zero", (firm + "profit", "equals", 0), yes, profit=0),
        field_case("plain_integer_other", (firm + "profit", "equals", 1_286_400), no),
        field_case("plain_date", (firm + "rated_on", "equals", "2026-04-20"), yes),
        field_case("plain_date_before_1970", (firm + "rated_on", "reveal"), yes, rated_on="1949-10-01"),
        field_case("plain_month", (firm + "since", "reveal"), yes),
        field_case("plain_bool_false", (firm + "listed", "equals", False), yes),
        field_case("plain_bool_true", (firm + "listed", "equals", True), yes, listed=True),
        field_case("plain_bool_other", (firm + "listed", "equals", True), no),
        field_case("plain_text_nfc", (firm + "note", "reveal"), yes),
        field_case("plain_percent", ("firm_more.share", "equals", "33.3333"), yes),
        field_case("plain_amount_negative", ("firm_more.loss", "equals", "-1286400"), yes),
        field_case("plain_amount_other", ("firm_more.loss", "equals", "1286400"), no),
        field_case("plain_amount_lowest", ("firm_more.loss", "reveal"), yes, loss="-90071992547409.91"),
        field_case("plain_one_field_no_path", ("lone.subject_id", "reveal"), yes),
    ]


def ladder() -> list[dict]:
    yes, no, firm, fine = "holds", "does_not_hold", "firm_facts.", "tax_fine."
    paid, count, month = firm + "paid", firm + "count", firm + "last_month"
    return [
        field_case("at_least_l2", (paid, ">=", fen(200_000)), yes),
        field_case("at_least_exactly", (paid, ">=", fen(300_000)), yes, paid=fen(300_000)),
        field_case("at_least_one_short", (paid, ">=", fen(300_000)), no, paid=fen(299_999)),
        field_case("at_least_idx_0", (paid, ">=", fen(100_000)), no, paid=fen(99_999)),
        field_case("at_least_idx_k", (paid, ">=", fen(10_000_000)), yes, paid=fen(2**53 - 1)),
        field_case("at_least_l1_at_idx_k", (paid, ">=", fen(100_000)), yes, paid=fen(10_000_000)),
        field_case("below_l5", (paid, "<", fen(500_000)), yes),
        field_case("below_exactly", (paid, "<", fen(300_000)), no, paid=fen(300_000)),
        field_case("below_l1_idx_0", (paid, "<", fen(100_000)), yes, paid=fen(-5)),
        field_case("below_lk_idx_0", (paid, "<", fen(10_000_000)), yes, paid=fen(0)),
        field_case("between", (paid, "range", [fen(200_000), fen(600_000)]), yes),
        field_case("between_too_low", (paid, "range", [fen(400_000), fen(600_000)]), no),
        field_case("between_too_high", (paid, "range", [fen(100_000), fen(300_000)]), no),
        field_case("other_field_same_ladder", (firm + "sales", ">=", fen(200_000)), yes),
        field_case("integers_negative_threshold", (count, ">=", -1), yes),
        field_case("integers_equals", (count, "equals", 0), yes),
        field_case("month_none_on_record", (month, "<", "2024-06"), yes, last_month="none"),
        field_case("month_some_on_record", (month, ">=", "2025-03"), yes),
        field_case("month_before_as_of", (month, "<", {"as_of_minus_months": 9}), yes, as_of="2026-10-31"),
        field_case("two_digits_at_least", (fine + "income", ">=", fen(31_000)), yes),
        field_case("two_digits_below", (fine + "income", "<", fen(48_000)), yes),
        field_case("two_digits_no", (fine + "income", ">=", fen(48_000)), no),
        field_case("mirrored_negative", (fine + "balance", ">=", fen(-4000)), yes),
        field_case("mirrored_below_zero", (fine + "balance", "<", fen(0)), yes),
        field_case("days_between", (fine + "filed_on", "range", ["2026-02-01", "2026-03-01"]), yes),
        field_case("days_none_on_record", (fine + "filed_on", ">=", "2026-01-01"), no, filed_on="none"),
        field_case("days_equal_none", (fine + "filed_on", "equals", "none"), yes, filed_on="none"),
        field_case("days_equal_no_none", (fine + "filed_on", "equals", "none"), no, filed_on="0001-01-01"),
        *more_of_ladders(),
    ]


def more_of_ladders() -> list[dict]:
    yes, no, more = "holds", "does_not_hold", "firm_more."
    insured, change, valid_to, month = (more + name for name in ("insured", "change", "valid_to", "listed_until"))
    return [
        field_case("also_at_most", (insured, "<=", 300), yes),
        field_case("also_at_most_no", (insured, "<=", 300), no, insured=301),
        field_case("also_above", (insured, ">", 300), yes, insured=301),
        field_case("also_equals", (insured, "equals", 300), yes),
        field_case("also_below_one", (insured, "<", 1), yes, insured=0),
        field_case("also_at_least_behind_it", (insured, ">=", 310), no),
        field_case("steps_negative", (change, "<", "-10"), yes),
        field_case("steps_between", (change, "range", ["-15", "-10"]), yes),
        field_case("steps_also", (change, ">=", "33.3"), yes, change="33.3"),
        field_case("steps_also_one_short", (change, ">=", "33.3"), no, change="33.2"),
        field_case("no_end_at_least", (valid_to, ">=", "2027-12-01"), yes),
        field_case("no_end_at_most", (valid_to, "<=", "2026-12-30"), no),
        field_case("no_end_equals", (valid_to, "equals", "no end"), yes),
        field_case("no_end_equals_no", (valid_to, "equals", "no end"), no, valid_to="9999-12-31"),
        field_case("no_end_and_none", (valid_to, "equals", "none"), no),
        field_case("none_beside_no_end", (valid_to, "equals", "none"), yes, valid_to="none"),
        field_case("date_above_day_before_a_month", (valid_to, ">", "2026-12-31"), yes, valid_to="2027-01-01"),
        field_case("date_equals_between_own_points", (valid_to, "equals", "2026-12-31"), yes, valid_to="2026-12-31"),
        field_case("month_above", (month, ">", "2026-07"), yes),
        field_case("month_at_most_before_as_of", (month, "<=", {"as_of_minus_months": 2}), yes, as_of="2026-10-31"),
        field_case("month_no_end", (month, "equals", "no end"), yes, listed_until="no end"),
        field_case("month_above_as_of", (month, ">", {"as_of_minus_months": 0}), no, as_of="2026-10-31"),
    ]


def codes() -> list[dict]:
    yes, no, pledged = "holds", "does_not_hold", "firm_more.pledged"
    return [
        field_case("codes_any", (pledged, "has any of", ["shares", "goods"]), yes),
        field_case("codes_any_of_two", (pledged, "has any of", ["land", "goods"]), yes),
        field_case("codes_any_no", (pledged, "has any of", ["shares", "rights"]), no),
        field_case("codes_none", (pledged, "has none of", ["shares", "rights"]), yes),
        field_case("codes_none_no", (pledged, "has none of", ["land", "shares", "goods"]), no),
        field_case(
            "codes_none_at_all", (pledged, "has none of", ["land", "shares", "goods", "rights"]), yes, pledged=[]
        ),
        field_case("codes_all", (pledged, "has all of", ["land", "goods"]), yes),
        field_case("codes_all_no", (pledged, "has all of", ["land", "shares", "rights"]), no),
        field_case("codes_all_of_one", (pledged, "has all of", ["goods"]), yes),
        field_case("codes_reveal", (pledged, "reveal"), yes),
        field_case("codes_reveal_nothing", (pledged, "reveal"), yes, pledged=[]),
    ]


def enum() -> list[dict]:
    yes, no, grade = "holds", "does_not_hold", "firm_facts.grade"
    return [
        field_case("enum_in", (grade, "in", ["A", "B"]), yes),
        field_case("enum_not_in", (grade, "not in", ["C", "D"]), yes),
        field_case("enum_in_no", (grade, "in", ["A", "C"]), no),
        field_case("enum_not_in_no", (grade, "not in", ["A", "B"]), no),
        field_case("enum_reveal", (grade, "reveal"), yes),
        field_case("enum_equals_last", (grade, "equals", "D"), yes, grade="D"),
        field_case("enum_in_all_but_one", (grade, "in", ["A", "B", "M", "D"]), yes),
    ]


def absent() -> list[dict]:
    tell = "cannot_tell"
    return [
        field_case("absent_ladder", ("firm_facts.sales", ">=", fen(200_000)), tell, sales=None),
        field_case("absent_codes", ("firm_more.pledged", "has none of", ["land"]), tell, pledged=None),
        field_case("absent_month_without_end", ("firm_more.listed_until", "equals", "no end"), tell, listed_until=None),
        field_case("absent_text", ("firm_facts.note", "reveal"), tell, note=None),
    ]


def attestation_case(name: str, size: int, index: int, **header: object) -> dict:
    seed, row = h("seed of", name), [naive.native(one, VALUES[one["name"]]) for one in FIRM["fields"]]
    made = {
        "schema_id": hexed(ref.schema_id(FIRM)),
        "fields_root": hexed(ref.fields_root(FIRM, seed, row)),
        "subject_tag": hexed(ref.subject_tag(seed, "91990000MABYF3008C")),
        "issuer": hexed(h("member", "tax")),
        "issued_at": 1_794_000_000,
        "valid_until": 1_820_000_000,
        "as_of": "2026-10-31",
        "period_from": "2025-01-01",
        "period_to": "2025-12-31",
        "supersedes": "0x" + "00" * 32,
        "chain_id": 31337,
        "anchor_registry": hexed(h("AnchorRegistry")[:20]),
        **header,
    }
    digests = [h("neighbour", slot) for slot in range(size)]
    digests[index] = naive_ledger.header_digest(FIRM, made)
    slots = ref.batch_slots(digests)
    anchor = {
        "member": made["issuer"],
        "stream": 0,
        "number": 7,
        "root": hexed(ref.root(slots, b"\x05")),
        "size": size,
        "start": 300,
        "anchored_at": 1_794_086_400,
        "key": hexed(h("key of tax")[:20]),
    }
    return {
        "name": name,
        "kind": "attestation",
        "schema": FIRM,
        "network": {"chain_id": made["chain_id"], "anchor_registry": made["anchor_registry"]},
        "header": made,
        "header_digest": hexed(digests[index]),
        "index": index,
        "path": [hexed(sibling) for sibling in ref.path(slots, index, b"\x05")],
        "anchor": anchor,
        "held": hexed(naive_ledger.anchor_digest(anchor)),
        "expect": "holds",
    }


def attestation() -> list[dict]:
    places = ((1, 0), (2, 0), (2, 1), (3, 2), (5, 0), (5, 4), (4096, 0), (4096, 2731), (4096, 4095))
    cases = [attestation_case(f"size_{size}_index_{index}", size, index) for size, index in places]
    return [*cases, attestation_case("supersedes_another", 5, 2, supersedes=hexed(h("older header")))]
