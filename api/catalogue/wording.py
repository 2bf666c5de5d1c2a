"""What the types and fields of the catalogue are called when a consent is shown to people."""

import re
from collections.abc import Mapping
from typing import Final

from api.catalogue.datatype import data_types, schemas
from ledger_node.domain.consent_text import Language, Wording
from ledger_node.domain.schema import Schema

_BRACKETS: Final = re.compile("（[^）]*）")


def wording(language: Language, members: Mapping[bytes, str]) -> Wording:
    """Return the names of the catalogue in ``language``; ``members``: names by member id."""
    titles = {name: data_type.title[language.value] for name, data_type in data_types().items()}
    fields = {
        f"{name}.{column.field}": _label(column.field, column.headings[0], language)
        for name, data_type in data_types().items()
        for column in data_type.columns
    }
    return Wording(language, schemas(), titles, fields, members)


def wording_of(language: Language, shown: Mapping[str, Schema]) -> Wording:
    """Return the names of ``shown`` schemas; those that are not in this catalogue keep their own."""
    known = wording(language, {})
    titles = {name: name for name in shown}
    fields = {f"{name}.{field.name}": field.name for name, schema in shown.items() for field in schema.fields}
    for name, schema in shown.items():
        own = schemas().get(name)
        if own is not None and own.id == schema.id:
            titles[name] = known.titles[name]
            fields |= {key: label for key, label in known.fields.items() if key.startswith(f"{name}.")}
    return Wording(language, shown, titles, fields, {})


def _label(field: str, heading: str, language: Language) -> str:
    # the unit in the brackets of a heading is that of the export; questions name their own
    return _BRACKETS.sub("", heading) if language is Language.CHINESE else field.replace("_", " ")
