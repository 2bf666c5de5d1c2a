"""Corruptions of plain and enum openings, of absence, and of questions: T8, T10-T14, P4, P10-P12."""

from itertools import pairwise

from tests.kit import reference as ref
from tests.vectors.corrupt import FAILED, MALFORMED, bytes_altered, bytes_resized, corruption
from tests.vectors.corrupt_proofs import OPENING, OTHER, PATH, SALT, blobs_of, field_of
from tests.vectors.naive import hexed

VALUE = f"{OPENING}/value"
OTHERS = {
    "decimal": ["0", "1", "-1", "33.3", "1286500", "-1286300"],
    "integer": [0, 1, -1, 1_286_400, -1_286_401, 2**53 - 2],
    "date": ["2026-04-21", "2026-04-19", "2027-04-20", "1970-01-01"],
    "month": ["1970-01", "1969-11", "2025-12"],
    "bool": [],
    "text": ["Cafe 示例", "Café 示例 ", "CAFÉ 示例", "示例"],
    "code": ["10102", "1010", "101010", "010101"],
}
NOT_A = {
    "decimal": [
        5,
        -1_286_400,
        "",
        None,
        True,
        ["5"],
        {"fen": 1},
        "5.0",
        "05",
        "+5",
        "-0",
        "1e3",
        "5 CNY",
        "1" * 40,
        ".5",
    ],
    "integer": ["5", "", None, True, False, [1], {"fen": 1}, "0x01", 2**127, -(2**127) - 1],
    "date": ["2026-4-20", "20260420", "2026-02-30", "2026-04-20T00:00", 20563, None, "", "2026-W17-1", "+2026-04-20"],
    "month": ["2026-04-20", "2026-13", "2026-4", 672, None, "1969-1", "Dec-1969"],
    "bool": ["true", 1, 0, None, "", "no"],
    "text": ["Cafe\u0301 示例", "", None, 5, True, "é" * 513, ["Café"]],
    "code": ["", None, 10101, "10 101", "１０１０１", "10101\n", "10101\u0000", "é", "1" * 1025],
}


def plain(case: dict) -> list[dict]:
    name, (_, field) = case["name"], field_of(case)
    value, kind = case["proof"]["opening"]["value"], "decimal" if field.get("scale") else field["type"]
    others = [not value] if kind == "bool" else [other for other in OTHERS[kind] if other != value]
    made = [corruption(f"x_{name}_other_value_{n}", case, FAILED, (VALUE, other)) for n, other in enumerate(others)]
    made += [
        corruption(
            f"t{13 if kind not in {'integer', 'decimal'} else 14}_{name}_not_a_{kind}_{n}",
            case,
            MALFORMED,
            (VALUE, other),
            stage="form",
        )
        for n, other in enumerate(NOT_A[kind])
    ]
    chain = {"kind": "at_least", "head_up": OTHER, "tip_down": OTHER}
    made += [
        corruption(f"x_{name}_value_missing", case, MALFORMED, (VALUE,), stage="form"),
        corruption(f"t10_{name}_as_chain", case, "mode_mismatch", (OPENING, chain)),
        corruption(f"t10_{name}_as_bits", case, "mode_mismatch", (OPENING, {"kind": "bits", "opened": {}, "shut": {}})),
    ]
    return made


def types(case: dict) -> list[dict]:
    """T10, T13: the schema says another type, so the type byte and the canonical bytes are others."""
    name, (i, field) = case["name"], field_of(case)
    others = {"code": "text", "date": "text", "month": "text", "text": "code"}.get(field["type"])
    if others is None or not str(case["proof"]["opening"]["value"]).isascii():
        return []
    return [corruption(f"t13_{name}_typed_as_{others}", case, FAILED, (f"/schema/fields/{i}/type", others))]


def enum(case: dict) -> list[dict]:
    """P10, P12 and the bits."""
    name, made = case["name"], []
    opened, shut = case["proof"]["opening"]["opened"], case["proof"]["opening"]["shut"]
    members = field_of(case)[1]["members"]
    a_key, a_bit = next(iter(opened)), next(iter(shut))
    for part, pointer in blobs_of(case):
        made += bytes_altered(f"x_{name}_{part}", case, pointer, FAILED)
        made.append(corruption(f"p10_{name}_{part}_missing", case, "opened_set_mismatch", (pointer,)))
    for part, pointer in (blobs_of(case)[0], blobs_of(case)[-1]):
        made += bytes_resized(f"p5_{name}_{part}", case, pointer, MALFORMED)
    wrong = "opened_set_mismatch"
    made += [
        corruption(f"p10_{name}_bit_as_key", case, wrong, move("shut", a_bit), add("opened", a_bit, shut[a_bit])),
        corruption(f"p10_{name}_key_as_bit", case, wrong, move("opened", a_key), add("shut", a_key, opened[a_key])),
        corruption(
            f"p10_{name}_all_opened",
            case,
            wrong,
            (f"{OPENING}/opened", dict.fromkeys(members, OTHER)),
            (f"{OPENING}/shut", {}),
        ),
        corruption(
            f"p10_{name}_all_shut",
            case,
            wrong,
            (f"{OPENING}/shut", dict.fromkeys(members, OTHER)),
            (f"{OPENING}/opened", {}),
        ),
        corruption(f"p10_{name}_nothing", case, wrong, (f"{OPENING}/shut", {}), (f"{OPENING}/opened", {})),
        corruption(f"p10_{name}_both", case, wrong, add("opened", a_bit, OTHER)),
        corruption(f"p11_{name}_unknown_member", case, MALFORMED, add("opened", "E", OTHER), stage="form"),
        corruption(f"p11_{name}_unknown_shut_member", case, MALFORMED, add("shut", "a", OTHER), stage="form"),
        corruption(f"p10_{name}_opened_missing", case, MALFORMED, (f"{OPENING}/opened",), stage="form"),
        corruption(
            f"p10_{name}_opened_list", case, MALFORMED, (f"{OPENING}/opened", list(opened.values())), stage="form"
        ),
        corruption(
            f"t10_{name}_as_chain",
            case,
            "mode_mismatch",
            (OPENING, {"kind": "below", "head_down": OTHER, "tip_up": OTHER}),
        ),
        corruption(f"t10_{name}_as_plain", case, "mode_mismatch", (OPENING, {"kind": "plain", "value": "B"})),
    ]
    for side, texts in (("opened", opened), ("shut", shut)):
        names = list(texts)
        for one, two in pairwise(names):
            changes = add(side, one, texts[two]), add(side, two, texts[one])
            made.append(corruption(f"p6_{name}_{side}_{one}_and_{two}_swapped", case, FAILED, *changes))
    made.append(
        corruption(
            f"p6_{name}_key_and_bit_swapped",
            case,
            FAILED,
            add("opened", a_key, shut[a_bit]),
            add("shut", a_bit, opened[a_key]),
        )
    )
    orders = {"reversed": members[::-1], "first_two_swapped": [members[1], members[0], *members[2:]]}
    i = field_of(case)[0]
    for how, order in orders.items():
        positions = [order.index(members[position]) for position in case["statement"].get("positions", [])]
        statement = (("/statement/positions", sorted(positions)),)
        changes = (f"/schema/fields/{i}/members", order), *(statement if positions else ())
        made.append(corruption(f"p12_{name}_schema_members_{how}", case, FAILED, *changes))
    return made


def move(side: str, member: str) -> tuple:
    return (f"{OPENING}/{side}/{member}",)


def add(side: str, member: str, text: str) -> tuple:
    return f"{OPENING}/{side}/{member}", text


def other_sets(case: dict) -> list[dict]:
    """P10: the proof for every other set, in both directions."""
    name, made = case["name"], []
    members, asked = field_of(case)[1]["members"], set(case["statement"]["positions"])
    everything = set(range(len(members)))
    for number in range(1, 2 ** len(members) - 1):
        positions = {j for j in everything if number >> j & 1}
        if positions in (asked, everything - asked):
            continue
        for op, kind in (("in", "one_of"), ("not in", "none_of")):
            names = [members[j] for j in sorted(positions)]
            changes = (
                ("/question/op", op),
                ("/question/operand", names),
                ("/statement", {"kind": kind, "positions": sorted(positions)}),
            )
            made.append(corruption(f"p10_{name}_for_{kind}_{''.join(names)}", case, "opened_set_mismatch", *changes))
    return made


def value_set(case: dict) -> list[dict]:
    """A key whose bit is 1 opened as 0: the member that the field has is said not to be it."""
    name, (i, field) = case["name"], field_of(case)
    value, seed = case["values"]["grade"], bytes.fromhex(case["seed"][2:])
    other = next(member for member in case["proof"]["opening"]["opened"])
    key = hexed(ref.kdf(seed, "bit", i, field["members"].index(value)))
    body = {**case["proof"]["opening"]}
    body["opened"] = {**{m: k for m, k in body["opened"].items() if m != other}, value: key}
    body["shut"] = {**{m: b for m, b in body["shut"].items() if m != value}, other: OTHER}
    kept = [field["members"].index(m) for m in body["shut"]]
    names = [field["members"][j] for j in sorted(kept)]
    changes = (OPENING, body), ("/question/operand", names), ("/statement/positions", sorted(kept))
    return [corruption(f"p10_{name}_set_bit_opened_as_0", case, FAILED, *changes)]


def absent(case: dict) -> list[dict]:
    """T12: an absent field is not 0, not the text \"\", and not below everything."""
    name, made = case["name"], []
    value = {"month": "2026-01", "codes": []}.get(field_of(case)[1]["type"], "0")
    kinds = {
        "plain": {"kind": "plain", "value": value},
        "at_least": {"kind": "at_least", "head_up": "0x" + "00" * 32, "tip_down": "0x" + "00" * 32},
        "below": {"kind": "below", "head_down": "0x" + "00" * 32, "tip_up": "0x" + "00" * 32},
    }
    mode = field_of(case)[1]["mode"]
    for kind, body in kinds.items():
        fits = {"plain": kind == "plain", "ladder": kind != "plain"}.get(mode, False)
        reason = FAILED if fits else "mode_mismatch"
        made.append(corruption(f"t12_{name}_as_{kind}", case, reason, (OPENING, body)))
    return made


def pad(case: dict) -> list[dict]:
    """T11: the first pad slot as if it were a field without a value."""
    seed, spec = bytes.fromhex(case["seed"][2:]), case["schema"]
    slot = len(spec["fields"])
    extra = {"name": "extra", "type": "text", "mode": "plain", "optional": True}
    salt = hexed(ref.kdf(seed, "pad", slot))
    more = (f"/schema/fields/{slot}", extra), ("/question", {"schema": spec["name"], "field": "extra", "op": "reveal"})
    statement, body = ("/statement", {"kind": "reveal"}), (OPENING, {"kind": "absent"})
    name = case["name"]
    return [
        corruption(f"t11_{name}_pad_as_absent_field", case, FAILED, *more, statement, body, (SALT, salt)),
        corruption(f"t11_{name}_pad_as_text", case, FAILED, *more, statement, (VALUE, "0"), (SALT, salt))
        if case["proof"]["opening"]["kind"] == "plain"
        else corruption(f"t11_{name}_pad_and_shorter_path", case, "path_length", *more, statement, body, (PATH, [])),
    ]


def as_other_field(case: dict, field: str) -> dict:
    """T8: the leaf of one plain field shown as another one's."""
    name = f"t8_{case['name']}_as_{field}"
    return corruption(name, case, FAILED, ("/question/field", field))


def questions(case: dict, table: list[tuple]) -> list[dict]:
    """P4, P11: (name, reason, changes of the question); nobody looks at the proof."""
    return [
        corruption(
            f"{name}_{case['name']}",
            case,
            reason,
            *((f"/question/{key}", value) for key, value in parts.items()),
            stage="question",
        )
        for name, reason, parts in table
    ]


def codes(case: dict) -> list[dict]:
    """P10 of sets: bits on another side, opened as what they are not, dropped, twice, of another member."""
    name, body, wrong, made = case["name"], case["proof"]["opening"], "opened_set_mismatch", []
    sides = ("present", "missing", "shut")
    for side in sides:
        for member, text in body[side].items():
            pointer = f"{OPENING}/{side}/{member}"
            made += bytes_altered(f"x_{name}_{side}_{member}", case, pointer, FAILED)
            made.append(corruption(f"p10_{name}_{side}_{member}_missing", case, wrong, (pointer,)))
            for other in sides:
                if other != side:
                    both = f"p10_{name}_{side}_{member}_also_{other}"
                    made.append(corruption(both, case, wrong, add(other, member, text)))
                    made.append(turned(case, side, other, member))
    one = next(f"{OPENING}/{side}/{member}" for side in sides for member in body[side])
    made += bytes_resized(f"p5_{name}", case, one, MALFORMED)
    bits = {"kind": "bits", "opened": {}, "shut": {}}
    for kind, other in (
        ("bits", bits),
        ("plain", {"kind": "plain", "value": "land"}),
        ("chain", {"kind": "below", "head_down": OTHER, "tip_up": OTHER}),
    ):
        reason = MALFORMED if kind == "plain" else "mode_mismatch"
        stage = "form" if kind == "plain" else "check"
        made.append(corruption(f"t10_{name}_as_{kind}", case, reason, (OPENING, other), stage=stage))
    for how, change in (
        ("unknown_member", add("shut", "gold", OTHER)),
        ("side_missing", (f"{OPENING}/missing",)),
        ("side_list", (f"{OPENING}/shut", [])),
        ("side_more", (f"{OPENING}/opened", {})),
    ):
        made.append(corruption(f"p11_{name}_{how}", case, MALFORMED, change, stage="form"))
    return made


def turned(case: dict, side: str, other: str, member: str) -> dict:
    """A bit moved to another side: where the statement still fits it is another bit."""
    body = {part: {**case["proof"]["opening"][part]} for part in ("present", "missing", "shut")}
    body[other][member] = body[side].pop(member)
    kind, asked = case["statement"]["kind"], set(case["question"].get("operand", []))
    present, missing = set(body["present"]), set(body["missing"])
    fits = {
        "reveal": not body["shut"],
        "has_all": (present == asked and not missing) or (len(missing) == 1 and missing <= asked and not present),
    }.get(kind, (missing == asked and not present) or (len(present) == 1 and present <= asked and not missing))
    name = f"p10_{case['name']}_{side}_{member}_as_{other}"
    return corruption(name, case, FAILED if fits else "opened_set_mismatch", (OPENING, {"kind": "codes", **body}))


def other_codes(case: dict) -> list[dict]:
    """The proof for every other set and operator that it does not show."""
    made, members = [], field_of(case)[1]["members"]
    body = case["proof"]["opening"]
    present, missing = set(body["present"]), set(body["missing"])
    for number in range(1, 2 ** len(members)):
        asked = {member for j, member in enumerate(members) if number >> j & 1}
        none = (missing == asked and not present) or (len(present) == 1 and present <= asked and not missing)
        every = (present == asked and not missing) or (len(missing) == 1 and missing <= asked and not present)
        for op, kind, fits in (
            ("has any of", "has_any", none),
            ("has none of", "has_none", none),
            ("has all of", "has_all", every),
        ):
            if not fits:
                names = [member for member in members if member in asked]
                changes = (
                    ("/question/op", op),
                    ("/question/operand", names),
                    ("/statement", {"kind": kind, "positions": [members.index(member) for member in names]}),
                )
                name = f"p10_{case['name']}_for_{kind}_{'_'.join(names)}"
                made.append(corruption(name, case, "opened_set_mismatch", *changes))
    return made


def other_ladders(case: dict) -> list[dict]:
    """The ladder without its own points, with one more, or of another kind: another schema, another number of steps."""
    i, field = field_of(case)
    made = []
    for how, also in (("fewer", [301]), ("more", [1, 301, 401])):
        changed = {**field, "ladder": {**field["ladder"], "also": also}}
        j = ref.ladder(changed).index(301) + 1
        changes = (f"/schema/fields/{i}/ladder/also", also), ("/statement/j", j)
        made.append(corruption(f"t9_{case['name']}_{how}_own_points", case, FAILED, *changes))
    return made


def other_ends(case: dict) -> list[dict]:
    """A schema that says of an end that it is not there, or of the other."""
    i, _ = field_of(case)
    name, pointer = case["name"], f"/schema/fields/{i}"
    last = len(ref.ladder(field_of(case)[1]))
    return [
        corruption(
            f"t9_{name}_without_none", case, FAILED, (f"{pointer}/none_on_record", False), ("/statement/j", last - 1)
        ),
        corruption(
            f"t12_{name}_as_equal_none",
            case,
            FAILED,
            ("/question/operand", "none"),
            ("/statement", {"kind": "below", "j": 1}),
            ("/proof/opening", {"kind": "below", "head_down": OTHER, "tip_up": OTHER}),
        ),
    ]
