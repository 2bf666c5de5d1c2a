"""Errors repeat names, and no value that somebody put in the place of one."""

import pytest

from ledger_node.domain.error import UNSHOWN, InvalidInputError, shown_name
from ledger_node.domain.json_object import JsonObject


@pytest.mark.parametrize(
    "name", ["purpose", "max_age_days", "count_24m", "maxUses", "kty", "x5c", "field256", "_", "a" * 64]
)
def test_a_name_is_repeated(name):
    assert shown_name(name) == name


@pytest.mark.parametrize(
    "value",
    [
        "",
        "91310000MA1FL2XK3N",
        "y1310000ma1fl2xk3n",
        "1286400",
        "1,286,400.50",
        "A" * 65,
        "<script>",
        "a b",
        "0x5a5a",
        "税额",
        "name\n",
    ],
)
def test_d1_a_value_in_the_place_of_a_name_is_not(value):
    assert shown_name(value) == UNSHOWN
    with pytest.raises(InvalidInputError) as refused:
        JsonObject({value: 1}, "request").done()
    assert (refused.value.reason, refused.value.field) == ("field_unknown", UNSHOWN)
    assert not value or value not in refused.value.message
