"""How a firm's pages call things in one language: questions in sentences, records, values, banks and departments."""

import re
from typing import Final, Self

from api.catalogue.datatype import schemas
from api.catalogue.wording import default_wording
from api.instance.wiring import Instance
from api.language.translation import translation
from api.services.record.record import FieldValue, OwnRecord
from ledger_node.domain.amount_words import period_words
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_text import Language, Wording, claim_words
from ledger_node.domain.error import CredenceError
from ledger_node.domain.question_words import plain, value_words
from ledger_node.domain.value import Special
from ledger_node.domain.wording import FieldWords

_AMOUNT: Final = re.compile(r"(?<=\d) (?=[万亿元个人天])|(?<=CNY) (?=\d)")


class FirmWords:
    """Names and sentences. ``wording``: the words of the catalogue, with the names of members."""

    def __init__(self, instance: Instance, wording: Wording) -> None:
        self._instance = instance
        self._wording = wording
        self.language: Language = wording.language

    @classmethod
    def of(cls, instance: Instance, language: Language) -> Self:
        """Return the words of a language.

        Raises:
            ChainError: the ledger does not answer.
        """
        names = {member.id: member.name for member in instance.ledger.members()}
        return cls(instance, default_wording().in_language(language, names))

    def member(self, member: bytes) -> str:
        """Return the name of a bank or department, or nothing for one that is unknown."""
        return plain(self._wording.members.get(member, ""))

    def purpose(self, code: str) -> str:
        """Return the words of a purpose; one that the council has ended keeps its code."""
        try:
            return self._instance.purposes.named(code).text(self.language)
        except CredenceError:
            return plain(code)

    def question(self, text: str) -> tuple[str, ...]:
        """Return what a question in text form asks; one that nobody can read any more keeps its form."""
        try:
            return tuple(_whole(line) for line in claim_words(Claim.parse(text, schemas()), self._wording))
        except CredenceError:
            return (plain(text),)

    def record(self, record: OwnRecord) -> str:
        """Return what a record is: its type and the time that it tells of."""
        known = self._wording.types.get(record.schema)
        title = record.schema if known is None else known.title[self.language]
        period = period_words(record.period, self._wording)
        return translation(self.language).gettext("%(title)s %(period)s") % {"title": title, "period": period}

    def label(self, schema: str, one: FieldValue) -> str:
        """Return what a field is called."""
        words = self._field(schema, one)
        return one.field.name if words is None else words.label[self.language]

    def value(self, schema: str, one: FieldValue) -> str:
        """Return a value as people write it."""
        gettext, value = translation(self.language).gettext, one.value
        match value:
            case Special.ABSENT:
                return gettext("not stated")
            case Special.NONE_ON_RECORD:
                return gettext("none on record")
            case Special.NO_END:
                return gettext("without an end")
            case bool():
                return gettext("yes") if value else gettext("no")
            case tuple():
                said = self._wording.phrases["comma"].join(self._plain_value(schema, one, each) for each in value)
                return said or gettext("none")
            case _:
                return self._plain_value(schema, one, value)

    def _plain_value(self, schema: str, one: FieldValue, value: int | str) -> str:
        words = self._field(schema, one) or FieldWords({}, {}, {})
        return value_words(one.field, value, words, self._wording)

    def _field(self, schema: str, one: FieldValue) -> FieldWords | None:
        known = self._wording.types.get(schema)
        return None if known is None else known.fields.get(one.field.name)


def _whole(text: str) -> str:
    """Return a text in which no line ends between a number and its unit."""
    return _AMOUNT.sub("\N{NO-BREAK SPACE}", text)
