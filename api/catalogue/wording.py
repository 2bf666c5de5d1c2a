"""What the types and fields of the catalogue are called when a consent is shown to people."""

import re
from collections.abc import Mapping
from typing import Final

from api.catalogue.datatype import DataType, data_type_of, data_types, schemas
from ledger_node.domain.consent_text import Language, Wording
from ledger_node.domain.schema import Schema

_BRACKETS: Final = re.compile("（[^）]*）")


def wording(language: Language, members: Mapping[bytes, str]) -> Wording:
    """Return the names of the catalogue in ``language``; ``members``: names by member id."""
    titles = {name: data_type.title[language.value] for name, data_type in data_types().items()}
    fields = {key: label for data_type in data_types().values() for key, label in _labels(data_type, language).items()}
    return Wording(language, schemas(), titles, fields, members)


def wording_of(language: Language, shown: Mapping[str, Schema]) -> Wording:
    """Return the names of ``shown`` schemas; those that are not in this catalogue keep their own."""
    titles = {name: name for name in shown}
    fields = {f"{name}.{field.name}": field.name for name, schema in shown.items() for field in schema.fields}
    for name, schema in shown.items():
        own = data_type_of(schema)
        if own is not None:
            titles[name] = own.title[language.value]
            fields |= _labels(own, language)
    return Wording(language, shown, titles, fields, {})


def _labels(data_type: DataType, language: Language) -> dict[str, str]:
    name = data_type.schema.name
    return {
        f"{name}.{column.field}": _label(column.field, column.headings[0], language) for column in data_type.columns
    }


def _label(field: str, heading: str, language: Language) -> str:
    # the unit in the brackets of a heading is that of the export; questions name their own
    return _BRACKETS.sub("", heading) if language is Language.CHINESE else field.replace("_", " ")
