"""Words for any schemas: plain sentences made of the names of their fields, in the form of the council's document."""

import json
from pathlib import Path

PHRASE_FILE = Path(__file__).parents[2] / "api" / "catalogue" / "phrases.json"
OPS = {
    ">=": ("at least {0}", "不少于 {0}"),
    ">": ("more than {0}", "超过 {0}"),
    "<=": ("at most {0}", "不超过 {0}"),
    "<": ("less than {0}", "少于 {0}"),
    "range": ("at least {0} and less than {1}", "不少于 {0}且少于 {1}"),
    "equals": ("exactly {0}", "为 {0}"),
    "in": ("one of {0}", "属于 {0}"),
    "not in": ("none of {0}", "不属于 {0}"),
    "has any of": ("with any of {0}", "包括 {0}之一"),
    "has none of": ("with none of {0}", "不包括 {0}"),
    "has all of": ("with all of {0}", "包括全部 {0}"),
    "none": ("not on record", "没有记录"),
    "no end": ("without an end", "没有截止日期"),
    "equals true": ("true", "成立"),
    "equals false": ("false", "不成立"),
    "reveal": ("what (the value is shown)", "什么（显示具体内容）"),
}


def both(en, zh):
    return {"en": en, "zh": zh}


def keys_of(field):
    """The keys of the questions that a field of a schema takes."""
    if field["mode"] == "ladder":
        ends = [key for key, name in (("none", "none_on_record"), ("no end", "no_end")) if field.get(name)]
        return [">=", ">", "<=", "<", "range", "equals", *ends]
    if field["type"] == "codes":
        return ["has any of", "has none of", "has all of", "reveal"]
    if field["mode"] == "enum":
        return ["in", "not in", "equals", "reveal"]
    return [*(("equals true", "equals false") if field["type"] == "bool" else ("equals",)), "reveal"]


def field_words(field):
    name = field["name"]
    return {
        "label": both(name, f"“{name}”"),
        "members": {one: both(f"“{one}”", f"{one} 类") for one in field.get("members", ())},
        "questions": {
            key: both(f"Is {name} {{period}} {OPS[key][0]}?", f"{{period}}{name}是否{OPS[key][1]}？")
            for key in keys_of(field)
        },
    }


def type_words(spec):
    kinds = {}
    for per in spec.get("per", ()):
        kinds[per["field"]] = {"one": both(f"{per['field']} {{0}}", f"{per['field']} {{0}}")}
        if "total" in per:
            kinds[per["field"]]["total"] = both("all together", "合计")
    return {
        "schema": spec,
        "title": both(spec["name"], f"“{spec['name']}”"),
        "period": both("{0}", "{0}"),
        "latest": both("now", "最近的"),
        "kinds": kinds,
        "fields": {field["name"]: field_words(field) for field in spec["fields"]},
    }


def document(specs, purposes, units=()):
    """Return a document of words for schemas by their names, and for purposes by their codes (a text per language)."""
    own = json.loads(PHRASE_FILE.read_text("utf-8"))
    more = {unit: {form: both(f"{{0}} {unit}", f"{{0}} {unit}") for form in ("one", "other")} for unit in units}
    return {
        "format": "credence-wording/v1",
        "phrases": own["phrases"],
        "units": own["units"] | more,
        "purposes": purposes,
        "schemas": [type_words(specs[name]) for name in sorted(specs)],
    }
