"""Corruptions of headers, batches, anchors and signed structs: T3-T7, H1-H4, C2, C6, C9."""

from collections.abc import Callable

from tests.kit import reference as ref
from tests.vectors import naive_ledger
from tests.vectors.corrupt import at, bytes_altered, corruption, every_byte, flipped, resized
from tests.vectors.naive import hexed
from tests.vectors.valid import h

LOST = "not_in_batch"
WORDS = ("subject_tag", "fields_root", "issuer", "supersedes")
NUMBERS = ("issued_at", "valid_until")
DAYS = {"as_of": "2026-11-01", "period_from": "2025-01-02", "period_to": "2025-12-30"}
OTHER = "0x" + "a5" * 32
P256 = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF


def headers(case: dict) -> list[dict]:
    """H1: header field by field."""
    name, made = case["name"], []
    for field in WORDS:
        text = case["header"][field]
        made += bytes_altered(f"h1_{name}_{field}", case, f"/header/{field}", LOST)
        made += [
            corruption(
                f"h1_{name}_{field}_{how}",
                case,
                "type_wrong" if not isinstance(value, str) else "value_malformed",
                (f"/header/{field}", value),
                stage="form",
            )
            for how, value in resized(text)
        ]
    for field in NUMBERS:
        value = case["header"][field]
        for other in (value + 1, value - 1, 0, value ^ 2**31):
            made.append(corruption(f"h1_{name}_{field}_{other}", case, LOST, (f"/header/{field}", other)))
        for how, other, reason in (
            ("negative", -1, "value_out_of_range"),
            ("text", str(value), "type_wrong"),
            ("true", True, "type_wrong"),
        ):
            made.append(corruption(f"h1_{name}_{field}_{how}", case, reason, (f"/header/{field}", other), stage="form"))
    for field, other in DAYS.items():
        made.append(corruption(f"h1_{name}_{field}_a_day_off", case, LOST, (f"/header/{field}", other)))
        for how, bad, reason in (
            ("before_1970", "1969-12-31", "value_out_of_range"),
            ("number", 20000, "type_wrong"),
            ("no_day", "2025-02-29", "value_malformed"),
        ):
            made.append(corruption(f"h1_{name}_{field}_{how}", case, reason, (f"/header/{field}", bad), stage="form"))
    head = case["header"]
    made.append(
        corruption(
            f"h1_{name}_times_swapped",
            case,
            LOST,
            ("/header/issued_at", head["valid_until"]),
            ("/header/valid_until", head["issued_at"]),
        )
    )
    made.append(
        corruption(
            f"h1_{name}_period_turned",
            case,
            LOST,
            ("/header/period_from", head["period_to"]),
            ("/header/period_to", head["period_from"]),
        )
    )
    made.append(
        corruption(
            f"h1_{name}_root_and_tag_swapped",
            case,
            LOST,
            ("/header/fields_root", head["subject_tag"]),
            ("/header/subject_tag", head["fields_root"]),
        )
    )
    made += [
        corruption(f"h1_{name}_{field}_missing", case, "field_missing", (f"/header/{field}",), stage="form")
        for field in head
    ]
    made.append(corruption(f"h1_{name}_member_unknown", case, "field_unknown", ("/header/grade", "A"), stage="form"))
    return made + schemas(case) + networks(case)


def schemas(case: dict) -> list[dict]:
    name, reason = case["name"], "schema_mismatch"
    made = bytes_altered(f"h1_{name}_schema_id", case, "/header/schema_id", reason)
    other = hexed(ref.schema_id({**case["schema"], "version": 2}))
    made.append(corruption(f"t9_{name}_id_of_other_version", case, reason, ("/header/schema_id", other)))
    made.append(corruption(f"t9_{name}_other_version", case, reason, ("/schema/version", 2)))
    both = ("/schema/version", 2), ("/header/schema_id", other)
    return [*made, corruption(f"t9_{name}_both_other_version", case, LOST, *both)]


def networks(case: dict) -> list[dict]:
    """H7 belongs to the chain; that the header says which network it is of belongs here."""
    name, reason, made = case["name"], "other_network", []
    registry = case["header"]["anchor_registry"]
    for who in ("header", "network"):
        made.append(corruption(f"h7_{name}_{who}_chain_id", case, reason, (f"/{who}/chain_id", 31338)))
        made.append(
            corruption(f"h7_{name}_{who}_registry", case, reason, (f"/{who}/anchor_registry", flipped(registry, 19, 1)))
        )
    both = ("/header/chain_id", 1), ("/network/chain_id", 1)
    made.append(corruption(f"h7_{name}_both_chain_id", case, LOST, *both))
    moved = flipped(registry, 0, 0x80)
    both = ("/header/anchor_registry", moved), ("/network/anchor_registry", moved)
    made.append(corruption(f"h7_{name}_both_registry", case, LOST, *both))
    bad = registry[:-2]
    made.append(
        corruption(f"h7_{name}_registry_short", case, "value_malformed", ("/header/anchor_registry", bad), stage="form")
    )
    return made


def places(case: dict) -> list[dict]:
    """T3-T7, H2, H3: index, size, path."""
    name, index, path = case["name"], case["index"], case["path"]
    size, outside, made = case["anchor"]["size"], "index_out_of_range", []
    wrong = sorted({0, 1, index - 1, index + 1, index ^ 1, size - 1, size // 2} - {index})
    within = [other for other in wrong if 0 <= other < size]
    beyond = sorted({size, size + 1, index + 2 ** len(path), 2**32 + index})
    made += [corruption(f"t7_{name}_index_{other}", case, LOST, ("/index", other)) for other in within]
    made += [corruption(f"h2_{name}_index_{other}", case, outside, ("/index", other)) for other in beyond]
    for how, other, reason in (
        ("negative", -1, "value_out_of_range"),
        ("text", str(index), "type_wrong"),
        ("null", None, "type_wrong"),
        ("true", True, "type_wrong"),
    ):
        made.append(corruption(f"t6_{name}_index_{how}", case, reason, ("/index", other), stage="form"))
    for other in sorted({size + 1, size - 1, 2 * size, 1, 4095, 2**24 - 1} - {size, 0}):
        depth = (other - 1).bit_length()
        reason = outside if index >= other else "not_anchored" if depth == len(path) else "path_length"
        made.append(corruption(f"h3_{name}_size_{other}", case, reason, ("/anchor/size", other)))
    for how, other in (("0", 0), ("2_to_24", 2**24)):
        made.append(
            corruption(f"h3_{name}_size_{how}", case, "value_out_of_range", ("/anchor/size", other), stage="form")
        )
    made.append(corruption(f"t3_{name}_path_longer", case, "path_length", ("/path", [*path, hexed(ref.H(b"\x06"))])))
    made.append(corruption(f"t16_{name}_path_of_33", case, "too_large", ("/path", [OTHER] * 33), stage="form"))
    for height in range(len(path)):
        pointer = f"/path/{height}"
        made += bytes_altered(f"t4_{name}_sibling_{height}", case, pointer, LOST)[: 5 if len(path) < 4 else 2]
        made.append(corruption(f"h4_{name}_empty_slot_as_sibling_{height}", case, *siblings(path, height)))
    if path:
        made.append(corruption(f"t3_{name}_path_shorter", case, "path_length", ("/path", path[:-1])))
        made.append(corruption(f"t1_{name}_path_from_inner_node", case, "path_length", ("/path", path[1:])))
        for how, value in resized(path[0]):
            reason = "value_malformed" if isinstance(value, str) else "type_wrong"
            made.append(corruption(f"t5_{name}_sibling_{how}", case, reason, ("/path/0", value), stage="form"))
    if len(path) > 1:
        made.append(corruption(f"t4_{name}_path_reversed", case, LOST, ("/path", path[::-1])))
        made.append(corruption(f"t4_{name}_path_swapped", case, LOST, ("/path", [path[1], path[0], *path[2:]])))
    return made


def siblings(path: list[str], height: int) -> tuple:
    """An empty slot in the place of a sibling, or another one's digest where it is one already."""
    empty = hexed(ref.H(b"\x06"))
    return LOST, (f"/path/{height}", hexed(ref.H(b"\x04", h("nobody"))) if path[height] == empty else empty)


def empty_slot(case: dict) -> list[dict]:
    """H4: the place of an empty slot claimed; in a batch of 5 these are 5, 6 and 7."""
    made = []
    for index in (5, 6, 7):
        made.append(corruption(f"h4_{case['name']}_claims_slot_{index}", case, "index_out_of_range", ("/index", index)))
        changes = ("/index", index), ("/anchor/size", 8)
        made.append(corruption(f"h4_{case['name']}_claims_slot_{index}_of_8", case, LOST, *changes))
    return made


def anchors(case: dict) -> list[dict]:
    """Anchor field by field; the chain holds another word."""
    name, anchor, made = case["name"], case["anchor"], []
    gone = "not_anchored"
    for field, reason in (("member", gone), ("root", LOST)):
        made += bytes_altered(f"h3_{name}_anchor_{field}", case, f"/anchor/{field}", reason)
    made.append(corruption(f"h3_{name}_anchor_key", case, gone, ("/anchor/key", flipped(anchor["key"], 10, 4))))
    for field in ("number", "start", "anchored_at"):
        made += [
            corruption(f"h3_{name}_anchor_{field}_{value}", case, gone, (f"/anchor/{field}", value))
            for value in (anchor[field] + 1, anchor[field] - 1)
        ]
    made.append(corruption(f"h3_{name}_anchor_stream", case, gone, ("/anchor/stream", 1)))
    log = {**anchor, "stream": 1}
    held = ("/held", hexed(naive_ledger.anchor_digest(log)))
    made.append(corruption(f"h3_{name}_anchored_in_the_access_log", case, gone, ("/anchor/stream", 1), held))
    made += bytes_altered(f"h3_{name}_held", case, "/held", gone)
    other = {**anchor, "member": hexed(h("member", "registrar"))}
    held = ("/held", hexed(naive_ledger.anchor_digest(other)))
    made.append(
        corruption(f"h5_{name}_anchored_by_another", case, "issuer_mismatch", ("/anchor/member", other["member"]), held)
    )
    for field in anchor:
        made.append(
            corruption(f"h3_{name}_anchor_{field}_missing", case, "field_missing", (f"/anchor/{field}",), stage="form")
        )
    return made


def struct(case: dict) -> list[dict]:
    """A message member by member: other bytes, numbers, texts and lists make another digest."""
    name, reason = case["name"], naive_ledger.DIFFERS[case["kind"]]
    made = members(case, "/message", f"x_{name}")
    for n, (words, masks) in enumerate(
        ((["0"], ["1"]), (["1"], ["5"]), (["0", "17"], ["4", "8"]), (["17", "0"], ["5", "5"]))
    ):
        if "words" in case["message"]:
            changes = ("/message/words", words), ("/message/masks", masks)
            made.append(corruption(f"x_{name}_changes_{n}", case, reason, *changes))
    if "domain" in case:
        made.append(corruption(f"c6_{name}_other_chain", case, reason, ("/domain/chain_id", 1)))
        made += bytes_altered(f"c6_{name}_contract", case, "/domain/contract", reason)
    return made + every_byte(f"x_{name}_digest", case, "/digest", reason, step=5)


def members(case: dict, at_: str, name: str) -> list[dict]:
    """Other values of every member of the object at a pointer."""
    reason, message, made = naive_ledger.DIFFERS[case["kind"]], at(case, at_), []
    for field, value in message.items():
        pointer, called = f"{at_}/{field}", f"{name}_{field}"
        if field in _NESTED:
            made += _NESTED[field](case)
        elif field in {"terms", "bounds", "asked"}:
            made += members(case, pointer, called)
        elif isinstance(value, str) and value.startswith("0x"):
            made += [
                one
                for one in bytes_altered(called, case, pointer, reason)
                if field not in NOT_ZERO or set(one["change"][0]["value"][2:]) != {"0"}
            ]
        others = others_of(field, value, message)
        made += [corruption(f"{called}_{n}", case, reason, (pointer, other)) for n, other in enumerate(others)]
    return made


NOT_ZERO = {"spend_key", "steward_key", "withdrawal_hash"}
"""Bounds whose zeros nobody can read."""
NESTED = {"words", "masks", "keys", "signatures", "groups", "uses"}
STEPS = dict.fromkeys(("max_uses", "number"), (1,)) | dict.fromkeys(
    ("not_before", "expires_at", "grant_before"), (60, 60 * 256)
)
"""By how much numbers are changed, where not by 1 and 256: of uses there are 96, and bounds are whole minutes."""


def others_of(field: str, value: object, message: dict) -> list:
    """Other values of a member that is neither bytes nor nested."""
    match value:
        case str() if field == "act":
            # another act has another basis, which could not be read
            return []
        case str() if not value.startswith("0x"):
            return other_texts(field, value)
        case int() if field in {"plane", "stream"}:
            return [1 - value]
        case int() if field == "reason":
            return [3 - value]
        case int() if field == "kind":
            return [other for other in (1, 2, 3) if other != value]
        case int() if field == "threshold":
            persons = len({key["person"] for key in message["keys"]})
            return [2] if persons > 1 and value != 2 else [1] if value != 1 else []
        case int() if field != "version":
            return [value + step for step in STEPS.get(field, (1, 256))]
        case list() if value and field not in NESTED:
            others = [value[1:], value[:-1], value[::-1], [*value, "more" if field == "questions" else OTHER]]
            return [other for other in others if other != value and (other or field == "departments")]
        case _:
            return []


def listed(field: str, *others: Callable[[list], object]) -> Callable[[dict], list[dict]]:
    """Other lists in the place of a member."""

    def change(case: dict) -> list[dict]:
        name, reason = case["name"], naive_ledger.DIFFERS[case["kind"]]
        value = case["message"][field]
        made = [(n, other(value)) for n, other in enumerate(others) if value]
        pointer = f"/message/{field}"
        return [corruption(f"x_{name}_{field}_{n}", case, reason, (pointer, new)) for n, new in made if new != value]

    return change


def word(case: dict) -> list[dict]:
    """What controllers signed for a change: none, other signatures, or other controllers."""
    name, reason, said = case["name"], naive_ledger.DIFFERS[case["kind"]], case["message"]["word"]
    if said is None:
        return []
    others = [
        None,
        {**said, "signatures": said["signatures"][::-1]},
        {**said, "signatures": said["signatures"][:1]},
        {**said, "controllers": {**said["controllers"], "threshold": 1}},
        {**said, "controllers": {**said["controllers"], "salt": OTHER}},
    ]
    return [corruption(f"x_{name}_word_{n}", case, reason, ("/message/word", other)) for n, other in enumerate(others)]


def basis(case: dict) -> list[dict]:
    """What a receipt rests on: other terms, bounds, signatures or controllers make another digest."""
    name, consent, reason = case["name"], "/message/basis/consent", naive_ledger.DIFFERS["receipt"]
    others = {
        "/bounds/max_uses": 4,
        "/bounds/withdrawal_hash": OTHER,
        "/terms/purpose_text": "Decide on a loan application 贷款申请审批 ",
        "/terms/questions/0": "firm_facts.paid >= 3000 CNY during 2025",
        "/signatures": [],
        "/signatures/0": "0x" + "22" * 65,
        "/controllers/threshold": 1,
        "/id": OTHER,
    }
    made = [
        corruption(f"x_{name}_basis_{n}", case, reason, (consent + path, other))
        for n, (path, other) in enumerate(others.items())
    ]
    if "use" not in case["message"]["basis"]:
        return made
    used = {"not_after": 7, "signature": "0x" + "22" * 65}
    return made + [
        corruption(f"x_{name}_basis_{field}", case, reason, (f"/message/basis/use/{field}", other))
        for field, other in used.items()
    ]


def controller_keys(case: dict) -> list[dict]:
    """Keys of controllers: others, another order, another person or relying party, and no keys at all."""
    name, reason, keys, made = case["name"], "controllers_mismatch", case["message"]["keys"], []
    more = {"person": 9, "address": OTHER[:42]}
    several = [[*keys, more], keys[::-1], keys[:-1], keys[1:], [keys[0], *keys[:0:-1]]]
    for n, others in enumerate(other for other in several if other != keys):
        persons = {key["person"] for key in others}
        if len(persons) >= case["message"]["threshold"]:
            made.append(corruption(f"x_{name}_keys_{n}", case, reason, ("/message/keys", others)))
    for n, key in enumerate(keys):
        pointer, called = f"/message/keys/{n}", f"x_{name}_key_{n}"
        made.append(corruption(f"{called}_of_another_person", case, reason, (f"{pointer}/person", 7)))
        for how, value in (("nobody", 0), ("beyond_a_byte", 256)):
            change = (f"{pointer}/person", value)
            made.append(corruption(f"{called}_of_{how}", case, "value_out_of_range", change, stage="form"))
        made.append(corruption(f"{called}_without_person", case, "field_missing", (f"{pointer}/person",), stage="form"))
        if "address" in key:
            made += bytes_altered(called, case, f"{pointer}/address", reason)
        else:
            made += passkey(case, f"{pointer}/passkey", called)
    twice = ("/message/keys", [*keys, keys[-1]])
    made.append(corruption(f"x_{name}_key_twice", case, "request_invalid", twice, stage="form"))
    return made


def passkey(case: dict, pointer: str, called: str) -> list[dict]:
    """A passkey of another relying party, of another point, and of no point at all."""
    reason, point = "controllers_mismatch", at(case, f"{pointer}/public_key")
    made = bytes_altered(f"{called}_rp_id_hash", case, f"{pointer}/rp_id_hash", reason)
    x, y = point[:66], int(point[66:], 16)
    mirrored = x + f"{P256 - y:064x}"
    made.append(corruption(f"{called}_mirrored", case, reason, (f"{pointer}/public_key", mirrored)))
    forms = {
        "off_the_curve": flipped(point, 40, 2),
        "zero": "0x" + "00" * 64,
        "compressed": "0x02" + point[2:66],
        "with_format_byte": "0x04" + point[2:],
    }
    for how, value in forms.items():
        change = (f"{pointer}/public_key", value)
        made.append(corruption(f"{called}_{how}", case, "value_malformed", change, stage="form"))
    change = (f"{pointer}/kind", "secp256k1")
    made.append(corruption(f"{called}_with_a_kind", case, "field_unknown", change, stage="form"))
    return made


def other_texts(field: str, value: str) -> list[str]:
    """Texts that can be read in the place of ``value``: days of data are dates or empty."""
    if field in {"data_from", "data_to"}:
        return [day for day in ({"data_from": "2020-02-29", "data_to": "2028-02-29"}[field], "") if day != value]
    return [value + " ", value[:-1], value.upper() + "。"]


_NESTED = {
    "keys": controller_keys,
    "basis": basis,
    "word": word,
    "signatures": listed(
        "signatures",
        lambda all_: all_[::-1],
        lambda all_: all_[:1],
        lambda _: [],
        lambda all_: [*all_, "0x" + "22" * 65],
    ),
    "groups": listed(
        "groups",
        lambda all_: all_[1:],
        lambda all_: all_[:1],
        lambda all_: [{**all_[0], "department": "0x" + "00" * 31 + "01"}, *all_[1:]],
        lambda all_: [{**all_[0], "claims": [*all_[0]["claims"], "one more"]}, *all_[1:]],
        lambda all_: [*all_[:1], {**all_[1], "claims": all_[1]["claims"][:1]}],
    ),
    "uses": listed(
        "uses",
        lambda all_: all_[::-1],
        lambda all_: all_[1:],
        lambda all_: [*all_, all_[-1]],
        lambda all_: [{**all_[0], "number": 1}, *all_[1:]],
        lambda all_: [{**all_[0], "time": all_[0]["time"] + 1}, *all_[1:]],
        lambda all_: [{**all_[0], "ticket": OTHER}, *all_[1:]],
    ),
}
