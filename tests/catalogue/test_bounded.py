"""The types that departments issue rule out what cannot be."""

import pytest

from api.catalogue.datatype import DEPARTMENT_TYPES, data_types
from ledger_node.domain.schema_field import Mode
from ledger_node.domain.value import FieldType

BOUNDED = {FieldType.INTEGER, FieldType.DATE, FieldType.MONTH}


@pytest.mark.parametrize("name", sorted(data_types()))
def test_f5_every_number_and_day_of_a_shipped_type_has_bounds(name):
    fields = data_types()[name].schema.fields
    assert [field.name for field in fields if field.type in BOUNDED and field.bounds is None] == []
    assert [field.name for field in fields if field.mode is Mode.LADDER and field.bounds is None] == []


@pytest.mark.parametrize("name", DEPARTMENT_TYPES)
def test_f5_every_department_type_has_rules(name):
    assert data_types()[name].schema.rules


@pytest.mark.parametrize("name", sorted(data_types()))
def test_f5_every_threshold_that_can_be_asked_is_one_that_a_value_can_reach(name):
    for field in data_types()[name].schema.fields:
        if field.bounds is not None and field.ladder is not None:
            assert field.bounds.low <= field.ladder.points[0]
            assert field.bounds.high is None or field.ladder.points[-1] <= field.bounds.high


def test_f5_a_rating_is_over_with_its_last_day():
    assert data_types()["tax_credit_rating"].schema.valid_to == "valid_to"
