"""Claims from JSON, naively: their one text form, and what follows from the outcomes of their parts."""

from itertools import product

from tests.vectors.naive import index_of, require

OF_MEMBERS = {"in", "not in", "has any of", "has none of", "has all of"}


def operand_text(field: dict, operand: object) -> str:
    if isinstance(operand, dict):
        return f"as_of - {operand['as_of_minus_months']} months"
    if isinstance(operand, bool):
        return "true" if operand else "false"
    if field["type"] == "integer":
        return f"{operand} {field.get('currency', field.get('unit', ''))}".rstrip()
    return str(operand)


def question_text(spec: dict, question: dict) -> str:
    field, op, operand = spec["fields"][index_of(spec, question["field"])], question["op"], question.get("operand")
    words = [f"{spec['name']}{selector_text(spec, question)}.{field['name']}", "between" if op == "range" else op]
    if op == "range":
        words += [operand_text(field, operand[0]), "and", operand_text(field, operand[1])]
    elif op in OF_MEMBERS:
        words.append("{" + ", ".join(operand) + "}")
    elif op != "reveal":
        words.append(operand_text(field, operand))
    return " ".join(words + (["during", question["period"]] if "period" in question else []))


def says(spec: dict, name: str, value: str) -> dict:
    """The statement that a field which tells attestations apart has the value that is named."""
    field = spec["fields"][index_of(spec, name)]
    if field["mode"] == "plain":
        return {"kind": "equals", "value": value}
    return {"kind": "one_of", "positions": [field["members"].index(value)]}


def selector_text(spec: dict, question: dict) -> str:
    """What a question names of the attestation that it is about: all fields of ``per`` or none, then the department."""
    named, fields = question.get("per", {}), [one["field"] for one in spec.get("per", [])]
    require(not named or sorted(named) == sorted(fields), "question_malformed")
    words = [f"{name}={named[name]}" for name in fields if name in named]
    words += [f"issuer={question['issuer']}"] if "issuer" in question else []
    return f"[{', '.join(words)}]" if words else ""


def claim_text(specs: dict, claim: dict) -> str:
    if "of" not in claim:
        return question_text(specs[claim["schema"]], claim)
    parts = [question_text(specs[part["schema"]], part) for part in claim["of"]]
    word = {len(parts): "all", 1: "any"}.get(claim["needed"], f"{claim['needed']} of ")
    return f"{word}({'; '.join(sorted(parts))})"


def follows(needed: int, parts: list[str]) -> str:
    """What every way of settling the parts that cannot be told agrees on."""
    open_parts = [["holds", "does_not_hold"] if part == "cannot_tell" else [part] for part in parts]
    answers = {way.count("holds") >= needed for way in product(*open_parts)}
    return "cannot_tell" if len(answers) > 1 else "holds" if answers == {True} else "does_not_hold"


def check_claim(case: dict) -> str:
    specs = {spec["name"]: spec for spec in case["schemas"]}
    claim = case["question"]
    require(claim_text(specs, claim) == case["text"], "question_malformed")
    return follows(claim.get("needed", 1), case["parts"])
