"""Any change of one member of a good bundle is refused, wherever it stands; K1, K2, K6, K7, K20, K23, K24 by name."""

import json
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.report import CheckName
from tests.kit.evidence import CASES, checked, data_of, found, named, trust_of, world

GOOD = [name for name in named("", valid=True) if not CASES[name].get("later") and "at" not in CASES[name]]
KINDS = ("k1_", "k2_", "k6_", "k7_", "k16_", "k20_", "k23_", "k24_")
REASONS = {
    "k1_": {"consent_paused", "not_canonical", "field_missing", "too_large"},
    "k6_": {"controllers_none_count", "controllers_mismatch", "key_compromised"},
    "k16_": {"batch_not_signed"},
    "k20_": {"consent_signatures_differ"},
    "k23_": {
        *("signer_repeated", "threshold_not_met", "not_canonical"),
        *("field_missing", "value_out_of_range", "request_invalid"),
    },
    "k24_": {"subject_on_hold"},
}


@cache
def leaves(name):
    """The path of every value of a good bundle that holds no others, or of an empty list or object."""

    def walk(value, path):
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        below = [one for key, member in members for one in walk(member, (*path, key))]
        return below or [(path, value)]

    return walk(json.loads(data_of(name)), ())


def others(value):
    """Other values of the same kind, and of other kinds."""
    match value:
        case str() if value.startswith("0x") and len(value) > 2:
            return st.integers(0, len(value) // 2 - 2).flatmap(
                lambda at: st.integers(1, 255).map(
                    lambda bits: (
                        value[: 2 + 2 * at]
                        + f"{int(value[2 + 2 * at : 4 + 2 * at], 16) ^ bits:02x}"
                        + value[4 + 2 * at :]
                    )
                )
            )
        case bool() | None:
            return st.sampled_from([0, "", {}, [], True, False, None]).filter(lambda one: one is not value)
        case int():
            return st.one_of(
                st.integers(-1, 2**53 - 1), st.sampled_from([value + 1, value - 1, None, str(value)])
            ).filter(lambda one: one != value)
        case str():
            return st.one_of(st.text(max_size=8), st.just(value + " "), st.none()).filter(lambda one: one != value)
        case _:
            return st.sampled_from([None, 0, "", ["0x"], {"more": 1}])


def put(name, path, value):
    bundle = json.loads(data_of(name))
    place = bundle
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return world.canonical(bundle)


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_any_change_of_one_member_of_a_good_bundle_is_refused(data):
    name = data.draw(st.sampled_from(GOOD))
    path, value = data.draw(st.sampled_from(leaves(name)))
    report = examine(put(name, path, data.draw(others(value))), trust_of(name))
    assert report.failed is not None, path
    assert report.verdicts == ()


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_any_change_of_what_shows_the_consent_and_its_use_is_refused(data):
    name = data.draw(st.sampled_from([name for name in GOOD if name.startswith(KINDS)]))
    parts = {"consent", "resumption", "use"}
    places = [
        (path, value) for path, value in leaves(name) if path[0] == "controllers" or (path[1:2] and path[1] in parts)
    ]
    path, value = data.draw(st.sampled_from(places))
    report = examine(put(name, path, data.draw(others(value))), trust_of(name))
    assert report.failed is not None, path


@pytest.mark.parametrize("name", named(*KINDS))
def test_k_what_the_row_says_holds_of_evidence_too(name):
    report = checked(name)
    assert found(report) == CASES[name]["expect"]
    kind = next(kind for kind in KINDS if name.startswith(kind))
    if report.failed is not None and kind in REASONS:
        assert report.failed.reason.value in REASONS[kind]


def test_k_of_every_row_there_are_cases_that_pass_and_cases_that_do_not():
    for kind in KINDS:
        outcomes = {"verdicts" in CASES[name]["expect"] for name in named(kind)}
        assert outcomes == ({False} if kind in {"k16_", "k20_"} else {True, False}), kind
    consent = {CASES[name]["expect"].get("reason") for name in named("k2_") if at_consent(name)}
    assert consent == {
        *("use_differs", "uses_differ", "use_not_recorded", "use_other_member", "use_signature_wrong"),
        *("use_too_late", "answered_late", "signature_malformed"),
    }


def at_consent(name):
    return CASES[name]["expect"].get("check") == CheckName.CONSENT.value
