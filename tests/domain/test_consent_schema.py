"""The JSON Schema of consent terms takes what the code takes, and refuses what it refuses."""

from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from ledger_node.domain.consent import REQUEST_TYPE, TERMS_TYPE, ConsentRequest, Terms, typed_data
from ledger_node.domain.consent_schema import consent_schema
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import keccak
from tests.kit.world import CONSENT_DOMAIN, NOW, TAX, h, terms

SCHEMA = consent_schema()
VALID = Draft202012Validator(SCHEMA).is_valid
BAD = [
    {"version": 2},
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
    {"not_before": -1},
    {"not_before": 2**40},
    {"expires_at": 1.5},
    {"max_uses": 0},
    {"max_uses": 2**32},
    {"max_uses": True},
    {"retention_days": "30"},
    {"salt": "0x"},
    {"text_digest": 5},
    {"revocation_hash": "0x" + "0g" * 32},
    {"surprise": 1},
]


def request_of(granted):
    return ConsentRequest(**{field.member: getattr(granted, field.member) for field in REQUEST_TYPE.fields[1:]})


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"departments": (TAX,), "data_from": "2025-01-01", "data_to": "2025-12-31"},
        {"questions": ("x",) * 64, "max_uses": 2**32 - 1, "retention_days": 0},
        {"not_before": 0, "expires_at": 2**40 - 1, "language": "en"},
    ],
)
def test_terms_and_requests_are_valid(changes):
    granted = replace(terms(), **changes)
    for shown in (granted, request_of(granted)):
        assert VALID(shown.to_json())
        assert type(shown).from_json(shown.to_json()) == shown


@pytest.mark.parametrize("changes", BAD, ids=str)
def test_what_the_code_refuses_is_invalid(changes):
    bad = terms().to_json() | changes
    assert not VALID(bad)
    with pytest.raises(InvalidInputError):
        Terms.from_json(bad)


@pytest.mark.parametrize("missing", [field.member for field in TERMS_TYPE.fields])
def test_every_field_is_needed(missing):
    left = {name: value for name, value in terms().to_json().items() if name != missing}
    assert not VALID(left)
    with pytest.raises(InvalidInputError):
        Terms.from_json(left)


def test_a_text_in_another_language_than_there_are_is_invalid():
    assert not VALID(terms().to_json() | {"language": "fr"})


def test_the_code_says_more_where_a_schema_cannot():
    backwards = terms().to_json() | {"not_before": NOW, "expires_at": NOW}
    assert VALID(backwards)
    with pytest.raises(InvalidInputError):
        Terms.from_json(backwards)


def test_schema_json_and_typed_data_list_the_same_fields_in_the_same_order():
    shown = typed_data(terms(), CONSENT_DOMAIN)
    signed = [field["name"] for field in shown["types"]["ConsentTerms"]]
    members = ["".join(part.title() for part in name.split("_")) for name in terms().to_json()]
    assert [name[0].upper() + name[1:] for name in signed] == members
    assert list(shown["message"]) == signed
    assert list(SCHEMA["$defs"]["ConsentTerms"]["properties"]) == list(terms().to_json())
    assert SCHEMA["$defs"]["ConsentTerms"]["required"] == list(terms().to_json())


def test_every_member_says_what_it_is_where_its_type_does_not():
    for definition in SCHEMA["$defs"].values():
        undescribed = [name for name, member in definition["properties"].items() if "description" not in member]
        assert undescribed == ["version"]


def test_the_signed_types_are_those_of_the_format():
    assert TERMS_TYPE.hash == keccak(
        b"ConsentTerms(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,"
        b"string purposeText,string[] questions,bytes32[] departments,string dataFrom,string dataTo,"
        b"uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint32 retentionDays,bytes32 salt,string language,"
        b"bytes32 textDigest,bytes32 revocationHash)"
    )
    assert REQUEST_TYPE.hash == keccak(
        b"ConsentRequest(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,"
        b"string purposeText,string[] questions,bytes32[] departments,string dataFrom,string dataTo,"
        b"uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint32 retentionDays,bytes32 salt)"
    )
