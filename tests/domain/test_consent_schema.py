"""The JSON Schema of consent terms takes what the code takes, and refuses what it refuses."""

import pytest
from jsonschema import Draft202012Validator

from ledger_node.domain.consent import ASKED_TYPE, BOUNDS_TYPE, TERMS_TYPE, Bounds, Consent, ConsentRequest, Terms
from ledger_node.domain.consent_schema import consent_schema
from ledger_node.domain.error import InvalidInputError
from tests.kit.consent_set import ASKED, BOUNDS, TERMS
from tests.kit.world import CONSENT_DOMAIN, NOW, TAX, asked, bounds, h, terms

SCHEMA = consent_schema()
VALID = Draft202012Validator(SCHEMA).is_valid
BAD = [
    {"version": 1},
    {"subject": "0x" + "AB" * 32},
    {"grantee": h("bank").hex()},
    {"grantee_name": "x" * 1025},
    {"purpose": None},
    {"questions": []},
    {"questions": ["x"] * 65},
    {"questions": [1]},
    {"questions": ["x" * 1025]},
    {"departments": ["0x00"]},
    {"departments": ["0x" + "00" * 32] * 65},
    {"departments": "all"},
    {"data_from": "2025-1-1"},
    {"data_to": "tomorrow"},
    {"retention_days": "30"},
    {"salt": "0x"},
    {"text_digest": 5},
    {"surprise": 1},
]
BAD_BOUNDS = [
    {"not_before": -1},
    {"not_before": 2**40},
    {"not_before": 61},
    {"wording": "0x00"},
    {"department_names": "Tax bureau"},
    {"expires_at": 1.5},
    {"max_uses": 0},
    {"max_uses": 97},
    {"max_uses": True},
    {"grant_before": None},
    {"spend_key": "0x" + "00" * 32},
    {"steward_key": 7},
    {"withdrawal_hash": "0x" + "0g" * 32},
    {"surprise": 1},
]


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("scope", "limits"),
    [
        ({}, {}),
        ({"departments": (TAX,), "data_from": "2025-01-01", "data_to": "2025-12-31"}, {}),
        ({"questions": ("x",) * 64, "retention_days": 0}, {"max_uses": 96}),
        ({}, {"not_before": 0, "expires_at": 2**40 - 16}),
    ],
)
def test_terms_bounds_and_requests_are_valid(scope, limits):
    for shown in (terms(**scope), bounds(**limits), asked(**scope, **limits)):
        assert VALID(shown.to_json())
        assert type(shown).from_json(shown.to_json()) == shown


@pytest.mark.parametrize(
    ("kind", "valid", "changes"),
    [(Terms, terms(), changes) for changes in BAD] + [(Bounds, bounds(), changes) for changes in BAD_BOUNDS],
    ids=str,
)
def test_what_the_code_refuses_is_invalid(kind, valid, changes):
    bad = valid.to_json() | changes
    assert not VALID(bad)
    with pytest.raises(InvalidInputError):
        kind.from_json(bad)


@pytest.mark.parametrize(
    ("kind", "valid", "missing"),
    [
        (kind, valid, field.member)
        for kind, valid, signed in (
            (Terms, terms(), TERMS_TYPE),
            (Bounds, bounds(), BOUNDS_TYPE),
            (ConsentRequest, asked(), ASKED_TYPE),
        )
        for field in signed.fields
    ],
)
def test_every_field_is_needed(kind, valid, missing):
    left = {name: value for name, value in valid.to_json().items() if name != missing}
    assert not VALID(left)
    with pytest.raises(InvalidInputError):
        kind.from_json(left)


def test_a_text_in_another_language_than_there_are_is_invalid():
    assert not VALID(terms().to_json() | {"language": "fr"})


def test_the_code_says_more_where_a_schema_cannot():
    backwards = bounds().to_json() | {"not_before": NOW, "expires_at": NOW}
    assert VALID(backwards)
    with pytest.raises(InvalidInputError):
        Bounds.from_json(backwards)


def test_schema_json_and_typed_data_list_the_same_fields_in_the_same_order():
    typed = Consent(terms(), bounds()).to_typed_data(CONSENT_DOMAIN)
    for name, shown in (("Terms", terms().to_json()), ("Bounds", bounds().to_json())):
        signed = [field["name"] for field in typed["types"][name]]
        members = ["".join(part.title() for part in member.split("_")) for member in shown]
        assert [member[0].upper() + member[1:] for member in signed] == members
        assert list(typed["message"][name.lower()]) == signed
        assert list(SCHEMA["$defs"][name]["properties"]) == list(shown)
        assert SCHEMA["$defs"][name]["required"] == list(shown)


def test_every_member_says_what_it_is_where_its_type_does_not():
    for definition in SCHEMA["$defs"].values():
        undescribed = [name for name, member in definition["properties"].items() if "description" not in member]
        assert undescribed in (["version"], [])


def test_the_signed_types_are_those_of_the_contract():
    assert (TERMS_TYPE.text, BOUNDS_TYPE.text, ASKED_TYPE.text) == (TERMS, BOUNDS, ASKED)
