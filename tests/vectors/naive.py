"""The vectors' side of the naive reference: proofs and messages in JSON, made and checked. No ledger_node here."""

import re
import unicodedata

from tests.kit import reference as ref

CODES = ("present", "missing", "shut")
PAIRS = {"at_least": ("head_up", "tip_down"), "below": ("head_down", "tip_up"), "between": ("head_up", "head_down")}
MODE_OF = {
    "plain": "plain",
    "bits": "enum",
    "codes": "codes",
    "at_least": "ladder",
    "below": "ladder",
    "between": "ladder",
}
HASH = re.compile("0x[0-9a-f]{64}")


class RefusedError(Exception):
    """Its one argument is the reason code."""


def require(condition: object, reason: str) -> None:
    if not condition:
        raise RefusedError(reason)


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def raw(text: object, reason: str) -> bytes:
    require(isinstance(text, str) and HASH.fullmatch(text), reason)
    return bytes.fromhex(text[2:])


def index_of(spec: dict, name: str) -> int:
    return [field["name"] for field in spec["fields"]].index(name)


native = ref.native


def well_formed(field: dict, value: object) -> bool:
    kind, scale = field["type"], field.get("scale", 0)
    match kind:
        case "integer" if scale:
            if type(value) is not str or not re.fullmatch(r"(0|-?(0|[1-9]\d*)(\.\d*[1-9])?)", value, re.ASCII):
                return False
            return value != "-0" and len(value.partition(".")[2]) <= scale and abs(ref.units(value, scale)) < 2**53
        case "integer":
            return type(value) is int and -(2**53) < value < 2**53
        case "bool":
            return type(value) is bool
        case "codes":
            return type(value) is list and all(type(member) is str for member in value)
        case "date" | "month":
            pattern = r"\d{4}-\d\d-\d\d" if kind == "date" else r"\d{4}-\d\d"
            if type(value) is not str or not re.fullmatch(pattern, value, re.ASCII):
                return False
            try:
                (ref.date if kind == "date" else ref.month)(value)
            except ValueError:
                return False
            return True
    if type(value) is not str or not 0 < len(value.encode()) <= 1024:
        return False
    return unicodedata.normalize("NFC", value) == value if kind == "text" else bool(re.fullmatch("[!-~]+", value))


def months_before(day: int, months: int) -> int:
    """Of the first day of a month, the first day of the month so many months earlier."""
    for _ in range(months):
        day -= 1
        day -= next(back for back in range(31) if day - back == ref.month(month_text(day - back)))
    return day


def month_text(day: int) -> str:
    return (ref.dt.date(1970, 1, 1) + ref.dt.timedelta(days=day)).isoformat()[:7]


def lower(spec: dict, question: dict, as_of: str | None = None) -> dict:
    """The statement of a question that can be asked."""
    field = spec["fields"][index_of(spec, question["field"])]
    operand = question.get("operand")
    if isinstance(operand, dict):
        operand = month_text(months_before(ref.month(as_of[:7]), operand["as_of_minus_months"]))

    def j(threshold: object, *, after: bool = False) -> int:
        value = native(field, threshold)
        if after:
            value = following(field, value)
        return ref.ladder(field).index(value) + 1

    match field["mode"], question["op"]:
        case "ladder", ">=" | ">" as op:
            return {"kind": "at_least", "j": j(operand, after=op == ">")}
        case "ladder", "<" | "<=" as op:
            return {"kind": "below", "j": j(operand, after=op == "<=")}
        case "ladder", "range":
            return {"kind": "between", "low": j(operand[0]), "high": j(operand[1])}
        case "ladder", "equals" if operand == "none":
            return {"kind": "below", "j": 1}
        case "ladder", "equals" if operand == "no end":
            return {"kind": "at_least", "j": len(ref.ladder(field))}
        case "ladder", "equals":
            return {"kind": "between", "low": j(operand), "high": j(operand, after=True)}
        case "plain", "equals":
            return {"kind": "equals", "value": operand}
        case _, "reveal":
            return {"kind": "reveal"}
    members = [operand] if question["op"] == "equals" else operand
    kind = {"not in": "none_of", "has any of": "has_any", "has none of": "has_none", "has all of": "has_all"}
    positions = sorted(field["members"].index(member) for member in members)
    return {"kind": kind.get(question["op"], "one_of"), "positions": positions}


def following(field: dict, value: int) -> int:
    """The value after this one: the next smallest unit, day, or first day of a month."""
    if field["type"] != "month":
        return value + 1
    return next(value + n for n in range(28, 32) if ref.month(month_text(value + n)) == value + n)


def prove(spec: dict, seed: bytes, values: list, i: int, statement: dict) -> dict:
    """The proof of a statement, of its complement, or of absence."""
    path = [hexed(sibling) for sibling in ref.path(ref.slots(spec, seed, values), i, b"\x01")]
    return {"opening": opening(spec, seed, values, i, statement), "salt": hexed(ref.kdf(seed, "salt", i)), "path": path}


def opening(spec: dict, seed: bytes, values: list, i: int, statement: dict) -> dict:
    field, value = spec["fields"][i], values[i]
    if value is None:
        return {"kind": "absent"}
    if field["mode"] == "plain":
        return {"kind": "plain", "value": shown(field, value)}
    if field["type"] == "codes":
        return opened_codes(spec, seed, value, i, statement)
    if field["mode"] == "enum":
        asked = [field["members"].index(value)] if statement["kind"] == "reveal" else statement["positions"]
        inside = field["members"].index(value) in asked
        keys = {j: ref.kdf(seed, "bit", i, j) for j in range(len(field["members"]))}
        bits = {"kind": "bits", "opened": {}, "shut": {}}
        for j, member in enumerate(field["members"]):
            if (j in asked) == inside:
                bit = b"\x01" if member == value else b"\x00"
                bits["shut"][member] = hexed(ref.H(b"\x13", j.to_bytes(2, "big"), keys[j], bit))
            else:
                bits["opened"][member] = hexed(keys[j])
        return bits
    idx = ref.idx_of(field, value)
    low, high = statement.get("low", statement.get("j")), statement.get("high", statement.get("j"))
    if statement["kind"] == "between" and low <= idx < high:
        found = ref.at_least(spec, i, seed, value, low)[0], ref.below(spec, i, seed, value, high)[0]
        return {"kind": "between", "head_up": hexed(found[0]), "head_down": hexed(found[1])}
    kind, found = ("at_least", ref.at_least(spec, i, seed, value, high)) if idx >= high else ("below", None)
    found = found or ref.below(spec, i, seed, value, low)
    return {"kind": kind, **{name: hexed(part) for name, part in zip(PAIRS[kind], found, strict=True)}}


def opened_codes(spec: dict, seed: bytes, value: list, i: int, statement: dict) -> dict:
    """All bits that are asked about, or the one that decides: the first by kdf("pick", i, j)."""
    members, asked = spec["fields"][i]["members"], statement.get("positions", [])
    keys = {j: ref.kdf(seed, "bit", i, j) for j in range(len(members))}
    wanted = statement["kind"] != "has_all"
    deciding = [j for j in asked if (members[j] in value) == wanted]
    opened = [min(deciding, key=lambda j: ref.kdf(seed, "pick", i, j))] if deciding else asked
    if statement["kind"] == "reveal":
        opened = list(keys)
    body = {"kind": "codes", "present": {}, "missing": {}, "shut": {}}
    for j, member in enumerate(members):
        if j in opened:
            body["present" if member in value else "missing"][member] = hexed(keys[j])
        else:
            bit = b"\x01" if member in value else b"\x00"
            body["shut"][member] = hexed(ref.H(b"\x13", j.to_bytes(2, "big"), keys[j], bit))
    return body


def shown(field: dict, value: object) -> object:
    if field.get("scale", 0):
        whole, rest = divmod(abs(value), 10 ** field["scale"])
        fraction = str(rest).zfill(field["scale"]).rstrip("0")
        return ("-" if value < 0 else "") + str(whole) + ("." + fraction if fraction else "")
    if field["type"] == "month":
        return month_text(value)
    if field["type"] == "date":
        return (ref.dt.date(1970, 1, 1) + ref.dt.timedelta(days=value)).isoformat()
    return value


def read_proof(field: dict, proof: dict) -> None:
    """Refuse what has not the form of a proof about ``field``."""
    bad = "opening_malformed"
    require(isinstance(proof, dict) and set(proof) == {"opening", "salt", "path"}, bad)
    body = proof["opening"]
    require(isinstance(body, dict), bad)
    kind = body.get("kind")
    rest = {name: part for name, part in body.items() if name != "kind"}
    if kind in PAIRS:
        require(set(rest) == set(PAIRS[kind]), bad)
        blobs = list(rest.values())
    elif kind == "plain":
        require(set(rest) == {"value"} and well_formed(field, rest["value"]), bad)
        blobs = []
    elif kind == "bits":
        require(set(rest) == {"opened", "shut"} and all(isinstance(bits, dict) for bits in rest.values()), bad)
        require(all(set(bits) <= set(field.get("members", [])) for bits in rest.values()), bad)
        blobs = [*rest["opened"].values(), *rest["shut"].values()]
    elif kind == "codes":
        require(set(rest) == set(CODES) and all(isinstance(bits, dict) for bits in rest.values()), bad)
        require(all(set(bits) <= set(field.get("members", [])) for bits in rest.values()), bad)
        blobs = [blob for bits in rest.values() for blob in bits.values()]
    else:
        require(kind == "absent" and not rest, bad)
        blobs = []
    for blob in [*blobs, proof["salt"]]:
        raw(blob, bad)
    require(isinstance(proof["path"], list) and len(proof["path"]) <= 32, bad)
    for sibling in proof["path"]:
        raw(sibling, "sibling_length")


def check_field_proof(case: dict) -> str:
    """What the proof of a case shows, or a refusal."""
    spec, statement, proof = case["schema"], case["statement"], case["proof"]
    i = index_of(spec, case["question"]["field"])
    field = spec["fields"][i]
    read_proof(field, proof)
    body = proof["opening"]
    mode, outcome, digest = 0xFF, "cannot_tell", bytes(32)
    if body["kind"] != "absent":
        mode = ref.mode_of(field)
        kind = "codes" if field["type"] == "codes" else field["mode"]
        require(MODE_OF[body["kind"]] == kind, "mode_mismatch")
        checks = {"plain": check_plain, "enum": check_bits, "codes": check_codes, "ladder": check_ladder}
        outcome, digest = checks[kind](spec, i, statement, body)
    head = ref.schema_id(spec) + i.to_bytes(2, "big") + bytes([mode])
    node = ref.H(b"\x00", head, raw(proof["salt"], ""), digest)
    depth = 0
    while 2**depth < len(spec["fields"]):
        depth += 1
    require(len(proof["path"]) == depth, "path_length")
    require(climb(node, i, proof["path"], b"\x01") == raw(case["fields_root"], ""), "field_proof_failed")
    return outcome


def climb(node: bytes, index: int, path: list[str], tag: bytes) -> bytes:
    for text in path:
        sibling = raw(text, "sibling_length")
        node = ref.H(tag, node, sibling) if index % 2 == 0 else ref.H(tag, sibling, node)
        index //= 2
    return node


def check_plain(spec: dict, i: int, statement: dict, body: dict) -> tuple[str, bytes]:
    field, value = spec["fields"][i], body["value"]
    require(statement["kind"] in {"reveal", "equals"}, "mode_mismatch")
    same = statement["kind"] == "reveal" or statement["value"] == value
    return "holds" if same else "does_not_hold", ref.plain(field["type"], native(field, value))


def check_bits(spec: dict, i: int, statement: dict, body: dict) -> tuple[str, bytes]:
    members, opened, shut = spec["fields"][i]["members"], body["opened"], body["shut"]
    require(sorted([*opened, *shut]) == sorted(members), "opened_set_mismatch")
    asked = {members[position] for position in statement.get("positions", [])}
    outside = set(members) - asked
    if statement["kind"] == "reveal":
        require(len(shut) == 1, "opened_set_mismatch")
        outcome = "holds"
    else:
        require(statement["kind"] in {"one_of", "none_of"}, "mode_mismatch")
        require(set(opened) in (asked, outside), "opened_set_mismatch")
        outcome = "holds" if set(opened) == (outside if statement["kind"] == "one_of" else asked) else "does_not_hold"
    bits = [
        ref.H(b"\x13", j.to_bytes(2, "big"), raw(opened[member], ""), b"\x00")
        if member in opened
        else raw(shut[member], "")
        for j, member in enumerate(members)
    ]
    return outcome, ref.H(b"\x12", *bits)


def check_codes(spec: dict, i: int, statement: dict, body: dict) -> tuple[str, bytes]:
    members = spec["fields"][i]["members"]
    present, missing, shut = (body[part] for part in CODES)
    require(sorted([*present, *missing, *shut]) == sorted(members), "opened_set_mismatch")
    asked, kind = {members[position] for position in statement.get("positions", [])}, statement["kind"]
    yes, no = ("does_not_hold", "holds") if kind == "has_none" else ("holds", "does_not_hold")
    if kind == "reveal":
        require(not shut, "opened_set_mismatch")
        outcome = "holds"
    elif kind in {"has_any", "has_none"}:
        one = len(present) == 1 and set(present) <= asked and not missing
        require(one or (set(missing) == asked and not present), "opened_set_mismatch")
        outcome = yes if one else no
    else:
        require(kind == "has_all", "mode_mismatch")
        one = len(missing) == 1 and set(missing) <= asked and not present
        require(one or (set(present) == asked and not missing), "opened_set_mismatch")
        outcome = no if one else yes
    bits = [
        raw(shut[member], "")
        if member in shut
        else ref.H(
            b"\x13",
            j.to_bytes(2, "big"),
            raw({**present, **missing}[member], ""),
            b"\x01" if member in present else b"\x00",
        )
        for j, member in enumerate(members)
    ]
    return outcome, ref.H(b"\x12", *bits)


def check_ladder(spec: dict, i: int, statement: dict, body: dict) -> tuple[str, bytes]:
    schema, count = ref.schema_id(spec), len(ref.ladder(spec["fields"][i]))
    kind, asked = body["kind"], statement["kind"]
    low, high = statement.get("low", statement.get("j")), statement.get("high", statement.get("j"))
    require(asked in PAIRS and (kind != "between" or asked == "between"), "mode_mismatch")
    ups = {"at_least": high, "between": low}.get(kind, 0)
    downs = {"below": count - (low or 0) + 1, "between": count - (high or 0) + 1}.get(kind, 0)
    up = ref.step(ref.context(schema, i, 0), raw(body.get("head_up", body.get("tip_up")), ""), ups)
    down = ref.step(ref.context(schema, i, 1), raw(body.get("head_down", body.get("tip_down")), ""), downs)
    return "holds" if kind == asked else "does_not_hold", ref.H(b"\x11", up, down)
