"""The files of tests/vectors/evidence: bundles as they are, and the index that says what must come of them."""

import json
from typing import Any

from tests.kit import reference as ref
from tests.vectors import (
    corrupt_evidence,
    corrupt_files,
    corrupt_order,
    corrupt_reading,
    naive_evidence,
    valid_evidence,
)
from tests.vectors.evidence_world import canonical, make
from tests.vectors.naive import hexed
from tests.vectors.valid_evidence import Case

INDEX = "index.json"
FILES = "files.json"
DIGESTED = "two_claims"


def files() -> dict[str, bytes]:
    """Every file by name, after the reference has agreed with every expectation that is not about the form."""
    cases = [*valid_evidence.evidence(), *corrupt_evidence.corruptions()]
    cases += [*corrupt_reading.corruptions(), *corrupt_order.corruptions()]
    wrong = [
        f"{case.name}: {found} instead of {case.expect}" for case in cases if (found := check(case)) != case.expect
    ]
    names = [case.name for case in cases]
    wrong += [f"{name}: twice" for name in sorted({name for name in names if names.count(name) > 1})]
    if wrong:
        raise SystemExit("\n".join(wrong))
    trusts: dict[str, dict] = {}
    bodies, lines = {}, []
    bases = {repr(case.base): case.name for case in cases if case.base is not None}
    for case in cases:
        line: dict[str, Any] = {"name": case.name}
        if case.world is not None and repr(case.world) in bases:
            line |= {"of": bases[repr(case.world)], "change": list(changes(make(case.world), json.loads(case.data)))}
        else:
            bodies[f"{case.name}.json"] = case.data
        line["trust"] = next((name for name, trust in trusts.items() if trust == case.trust), f"t{len(trusts) + 1}")
        trusts[line["trust"]] = case.trust
        if case.later:
            line["later"] = list(case.later)
        if case.at:
            line["at"] = case.at
        lines.append(line | {"stage": case.stage, "expect": case.expect})
    return bodies | {INDEX: index(trusts, lines), FILES: other_files(trusts, bodies)}


def other_files(trusts: dict[str, dict], bodies: dict[str, bytes]) -> bytes:
    """The digest of one bundle, fingerprints, and the trust files and statements of keys that no reader takes."""
    said = {
        "digests": {DIGESTED: hexed(ref.H(b"\x61", bodies[f"{DIGESTED}.json"]))},
        "fingerprints": {name: fingerprint(trust) for name, trust in trusts.items()},
        "refused_trusts": list(corrupt_files.trusts()),
        "refused_statements": list(corrupt_files.statements()),
    }
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def fingerprint(trust: dict) -> str:
    form = {name: value for name, value in trust.items() if name != "checkpoints"}
    number = int.from_bytes(ref.H(b"\x62", canonical(form)), "big")
    digits = f"{number % 10**40:040}"
    return " ".join(digits[at : at + 5] for at in range(0, 40, 5))


def check(case: Case) -> dict:
    """What the reference finds, or what is expected where the form is not its business."""
    if case.stage == "check" or (case.expect.get("reason") == "not_canonical" and case.stage == "bytes"):
        return naive_evidence.check(case.data, case.trust, list(case.later), case.at)
    return case.expect


def changes(before: object, after: object, path: str = "") -> Any:
    """Changes as in the other vectors: the least places to replace, to add or to take away."""
    if type(before) is type(after) is dict:
        for name in sorted({**before, **after}):
            place = f"{path}/{name}"
            if name not in after:
                yield {"path": place, "remove": True}
            elif name not in before:
                yield {"path": place, "value": after[name]}
            else:
                yield from changes(before[name], after[name], place)
    elif type(before) is type(after) is list and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from changes(one, other, f"{path}/{number}")
    elif before != after or type(before) is not type(after):
        yield {"path": path, "value": after}


def index(trusts: dict[str, dict], lines: list[dict]) -> bytes:
    """One trust file or case a line, so that differences are readable."""

    def written(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    trusted = ",\n".join(f"{written(name)}:{written(trust)}" for name, trust in trusts.items())
    cases = ",\n".join(map(written, lines))
    return f'{{"format":"credence-evidence/v2","trusts":{{\n{trusted}\n}},"cases":[\n{cases}\n]}}\n'.encode()
