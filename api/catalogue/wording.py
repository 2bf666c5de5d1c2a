"""What the types and fields of the catalogue are called when a consent is shown to people."""

import re
from collections.abc import Mapping
from typing import Final

from api.catalogue.datatype import data_types, schemas
from ledger_node.domain.consent_text import Language, Wording

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


def _label(field: str, heading: str, language: Language) -> str:
    # the unit in the brackets of a heading is that of the export; questions name their own
    return _BRACKETS.sub("", heading) if language is Language.CHINESE else field.replace("_", " ")
