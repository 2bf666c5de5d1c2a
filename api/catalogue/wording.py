"""The words of the catalogue: the document that a new consortium begins with, and titles for pages."""

from collections.abc import Mapping
from functools import cache

from api.catalogue.datatype import data_type_of, data_types, phrase_file
from api.catalogue.purpose import default_purposes
from ledger_node.domain.canonical import JSON
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.schema import Schema
from ledger_node.domain.wording import FORMAT, Language, Wording, WordingDocument


def make_wording(purposes: Purposes) -> WordingDocument:
    """Return the words of the catalogue's types, with those of ``purposes``."""
    own = phrase_file()
    said: dict[str, JSON] = {"format": FORMAT, "phrases": own["phrases"], "units": own["units"]}
    said["purposes"] = {
        purpose.code: {language.value: purpose.text(language) for language in Language} for purpose in purposes.listed
    }
    said["schemas"] = [
        {"schema": data_type.schema.spec, **data_type.words_to_json()} for _, data_type in sorted(data_types().items())
    ]
    return WordingDocument.from_json(said)


@cache
def default_wording() -> WordingDocument:
    """Return the words that a new consortium begins with; its council may agree on others (docs/consent.md)."""
    return make_wording(default_purposes())


def wording_of(language: Language, shown: Mapping[str, Schema]) -> Wording:
    """Return words for ``shown`` schemas; questions about those that are not in this catalogue keep their text."""
    own = {name: data_type_of(schema) for name, schema in shown.items()}
    types = {name: data_type.words for name, data_type in own.items() if data_type is not None}
    base = default_wording().in_language(language)
    return Wording(language, shown, types, base.phrases, base.units)


def titles_of(language: Language, shown: Mapping[str, Schema]) -> dict[str, str]:
    """Return what ``shown`` types are called; those that are not in this catalogue keep their own name."""
    own = {name: data_type_of(schema) for name, schema in shown.items()}
    return {name: name if one is None else one.title[language.value] for name, one in own.items()}
