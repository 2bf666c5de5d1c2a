"""Corruptions of field proofs: T1-T12, P1-P12."""

from tests.kit import reference as ref
from tests.vectors.corrupt import FAILED, MALFORMED, at, bytes_altered, bytes_resized, corruption, every_byte
from tests.vectors.naive import hexed, index_of, shown

CHAIN = ("head_up", "head_down", "tip_up", "tip_down")
SALT, PATH, OPENING = "/proof/salt", "/proof/path", "/proof/opening"
OTHER = "0x" + "a5" * 32


def field_of(case: dict) -> tuple[int, dict]:
    i = index_of(case["schema"], case["question"]["field"])
    return i, case["schema"]["fields"][i]


def blobs_of(case: dict) -> list[tuple[str, str]]:
    """(short name, pointer) of every byte text of an opening."""
    opening = case["proof"]["opening"]
    found = [(name, f"{OPENING}/{name}") for name in CHAIN if name in opening]
    for side in ("opened", "shut"):
        found += [(f"{side}_{member}", f"{OPENING}/{side}/{member}") for member in opening.get(side, {})]
    return found


def salts(case: dict) -> list[dict]:
    name = case["name"]
    return [
        *bytes_altered(f"x_{name}_salt", case, SALT, FAILED),
        *bytes_resized(f"p5_{name}_salt", case, SALT, MALFORMED),
        corruption(f"x_{name}_salt_missing", case, MALFORMED, (SALT,), stage="form"),
    ]


def paths(case: dict) -> list[dict]:
    name, path = case["name"], case["proof"]["path"]
    i = field_of(case)[0]
    node, other = case["digests"]["leaf"], f"t2_{name}_leaf_as_sibling"
    made = [
        corruption(f"t3_{name}_path_shorter", case, "path_length", (PATH, path[:-1])),
        corruption(f"t1_{name}_path_from_inner_node", case, "path_length", (PATH, path[1:])),
        corruption(f"t3_{name}_path_longer", case, "path_length", (PATH, [*path, OTHER])),
        corruption(f"t3_{name}_path_starts_with_salt", case, "path_length", (PATH, [case["proof"]["salt"], *path])),
        corruption(f"t3_{name}_path_empty", case, "path_length", (PATH, [])),
        corruption(f"t4_{name}_path_reversed", case, FAILED, (PATH, path[::-1])),
        corruption(f"t4_{name}_path_swapped", case, FAILED, (PATH, [path[1], path[0], *path[2:]])),
        corruption(f"t4_{name}_sibling_repeated", case, FAILED, (PATH, [path[0], *path[:-1]])),
        corruption(other, case, FAILED, (f"{PATH}/0", node)),
        corruption(f"t16_{name}_path_of_32", case, "path_length", (PATH, [OTHER] * 32)),
        corruption(f"t16_{name}_path_of_33", case, MALFORMED, (PATH, [OTHER] * 33), stage="form"),
        corruption(f"t3_{name}_path_no_list", case, MALFORMED, (PATH, path[0]), stage="form"),
        corruption(f"t3_{name}_path_missing", case, MALFORMED, (PATH,), stage="form"),
    ]
    parent = ref.H(b"\x01", *[bytes.fromhex(side[2:]) for side in ((path[0], node) if i % 2 else (node, path[0]))])
    made.append(corruption(f"t1_{name}_parent_as_sibling", case, FAILED, (f"{PATH}/0", hexed(parent))))
    for height in range(len(path)):
        made += bytes_altered(f"t4_{name}_sibling_{height}", case, f"{PATH}/{height}", FAILED)
    made += bytes_resized(f"t5_{name}_sibling", case, f"{PATH}/{len(path) - 1}", "sibling_length")
    return made


def places(case: dict) -> list[dict]:
    """The same proof for another field, mode, version or root (T8-T11, P3)."""
    name, (i, field) = case["name"], field_of(case)
    mode, version = f"/schema/fields/{i}", case["schema"]["version"]
    last = len(case["schema"]["fields"]) - 1
    gone = FAILED if len(case["proof"]["path"]) == (last - 1).bit_length() else "path_length"
    return [
        corruption(f"t9_{name}_next_version", case, FAILED, ("/schema/version", version + 1)),
        corruption(f"t9_{name}_other_schema_name", case, FAILED, *renamed("other_facts")),
        corruption(
            f"t9_{name}_field_renamed", case, FAILED, (f"{mode}/name", "renamed"), ("/question/field", "renamed")
        ),
        corruption(f"t9_{name}_made_optional", case, FAILED, (f"{mode}/optional", not field.get("optional", False))),
        corruption(f"t8_{name}_a_field_gone", case, gone, (f"/schema/fields/{0 if i else last}",)),
        corruption(f"x_{name}_root_of_nothing", case, FAILED, ("/fields_root", "0x" + "00" * 32)),
        corruption(f"x_{name}_root_is_leaf", case, FAILED, ("/fields_root", case["digests"]["leaf"])),
        *bytes_altered(f"x_{name}_root", case, "/fields_root", FAILED)[:3],
        corruption(f"t12_{name}_as_absent", case, FAILED, (OPENING, {"kind": "absent"})),
        corruption(f"x_{name}_kind_unknown", case, MALFORMED, (f"{OPENING}/kind", "more"), stage="form"),
        corruption(f"x_{name}_kind_missing", case, MALFORMED, (f"{OPENING}/kind",), stage="form"),
        corruption(f"x_{name}_opening_null", case, MALFORMED, (OPENING, None), stage="form"),
        corruption(f"x_{name}_member_unknown", case, MALFORMED, (f"{OPENING}/hint", OTHER), stage="form"),
        corruption(f"x_{name}_proof_member_unknown", case, MALFORMED, ("/proof/index", i), stage="form"),
    ]


def renamed(schema: str) -> tuple:
    return ("/schema/name", schema), ("/question/schema", schema)


def chains(case: dict) -> list[dict]:
    """Heads and tips (P2, P5, P6), and other modes' openings (T10)."""
    name, opening, made = case["name"], case["proof"]["opening"], []
    blobs = blobs_of(case)
    for part, pointer in blobs:
        made += bytes_altered(f"x_{name}_{part}", case, pointer, FAILED)
        made += bytes_resized(f"p5_{name}_{part}", case, pointer, MALFORMED)
        made.append(corruption(f"x_{name}_{part}_missing", case, MALFORMED, (pointer,), stage="form"))
    (one, first), (two, second) = blobs
    made.append(
        corruption(
            f"p6_{name}_{one}_and_{two}_swapped", case, FAILED, (first, at(case, second)), (second, at(case, first))
        )
    )
    made.append(corruption(f"p6_{name}_{one}_twice", case, FAILED, (second, at(case, first))))
    made.append(corruption(f"p6_{name}_{two}_twice", case, FAILED, (first, at(case, second))))
    head, tip = opening[one], opening[two]
    between = case["statement"]["kind"] == "between"
    for kind, pair in (("at_least", ("head_up", "tip_down")), ("below", ("head_down", "tip_up"))):
        if kind != opening["kind"]:
            body = {"kind": kind, **dict(zip(pair, (head, tip), strict=True))}
            made.append(corruption(f"p2_{name}_as_{kind}", case, FAILED, (OPENING, body)))
    if opening["kind"] != "between":
        body = {"kind": "between", "head_up": head, "head_down": tip}
        reason = FAILED if between else "mode_mismatch"
        made.append(corruption(f"p2_{name}_as_between", case, reason, (OPENING, body)))
    bits = {"kind": "bits", "opened": {}, "shut": {}}
    value = shown(field_of(case)[1], 1_000)
    made.append(corruption(f"t10_{name}_as_bits", case, "mode_mismatch", (OPENING, bits)))
    made.append(corruption(f"t10_{name}_as_plain", case, "mode_mismatch", (OPENING, {"kind": "plain", "value": value})))
    for other in (0, 2, 255):
        step = ref.step(ref.context(ref.schema_id(case["schema"]), other, 0), bytes.fromhex(head[2:]), 1)
        made.append(corruption(f"p3_{name}_head_stepped_as_field_{other}", case, FAILED, (first, hexed(step))))
    return made


def other_thresholds(case: dict) -> list[dict]:
    """P1: the proof of L_j for every other L_k, in the direction asked and in the other one."""
    name, (_, field), made = case["name"], field_of(case), []
    points, kind, j = ref.ladder(field), case["statement"]["kind"], case["statement"].get("j")
    for k, point in enumerate(points, 1):
        for turned in (kind, {"at_least": "below", "below": "at_least"}[kind]):
            if k != j:
                changes = (
                    ("/statement/j", k),
                    ("/statement/kind", turned),
                    ("/question/operand", shown(field, point)),
                    ("/question/op", ">=" if turned == "at_least" else "<"),
                )
                how = "" if turned == kind else f"_{turned}"
                made.append(corruption(f"p1_{name}_as_l{k}{how}", case, FAILED, *changes))
    return made


def on_other_field(case: dict, field: str) -> dict:
    name = f"p3_{case['name']}_as_{field}"
    return corruption(name, case, FAILED, ("/question/field", field))


def one_step(case: dict) -> list[dict]:
    """A head or tip moved along its own chain by one step: what a holder can do, and may not gain by."""
    made, (i, _) = [], field_of(case)
    for part, pointer in blobs_of(case):
        ctx = ref.context(ref.schema_id(case["schema"]), i, 0 if part.endswith("up") else 1)
        moved = ref.step(ctx, bytes.fromhex(at(case, pointer)[2:]), 1)
        made.append(corruption(f"p1_{case['name']}_{part}_one_step_on", case, FAILED, (pointer, hexed(moved))))
    return made


def deep(case: dict) -> list[dict]:
    """One bit of every byte of everything that is shown."""
    name, made = case["name"], every_byte(f"x_{case['name']}_salt", case, SALT, FAILED)
    for part, pointer in blobs_of(case):
        made += every_byte(f"x_{name}_{part}", case, pointer, FAILED)
    return made
