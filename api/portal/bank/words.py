"""How a bank's pages call things: questions in sentences, types, fields, steps, firms."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from api.catalogue.datatype import schemas
from api.catalogue.wording import default_wording, wording_of
from api.services.one_time_code.form import ALPHABET
from ledger_node.domain.amount_words import amount_words, date_words, month_words
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.consent_text import Language, Wording, claim_words, consent_lines
from ledger_node.domain.schema import SchemaSet
from ledger_node.domain.schema_field import Field
from ledger_node.domain.value import FieldType

_BY_WHEN: Final = "grant_before"
_NUMBER_SYMBOLS: Final = 6


@dataclass(frozen=True, slots=True)
class FirmShown:
    """A firm as a bank sees it: its name, where the register tells it, and a short number of its own."""

    number: str
    name: str | None = None


class BankWords:
    """Names and sentences in one language. ``members``: names by id; ``words``: of the catalogue, if of no other."""

    def __init__(self, language: Language, members: Mapping[bytes, str], words: Wording | None = None) -> None:
        self.language = language
        self._members = members
        self._wording = words or default_wording().in_language(language, members)

    def reading(self, schemas: SchemaSet, members: Mapping[bytes, str]) -> Self:
        """Return the words for evidence, which brings schemas and names of its own."""
        words = replace(wording_of(self.language, schemas), members=members)
        return type(self)(self.language, members, words)

    def question(self, text: str) -> tuple[str, ...]:
        """Return what a question in text form asks: one line, or for a combination one more than it has parts."""
        return self.claim(Claim.parse(text, schemas()))

    def claim(self, claim: Claim) -> tuple[str, ...]:
        """Return the same for a claim that was read."""
        return tuple(claim_words(claim, self._wording))

    def request_lines(self, asked: ConsentRequest) -> tuple[str, ...]:
        """Return the lines of what is asked, as the firm's page has them; by when to agree follows from its page."""
        lines = consent_lines(asked, asked.expires_at, self._wording)
        return tuple(line.text for line in lines if line.key != _BY_WHEN)

    def member(self, member: bytes) -> str:
        """Return the name of a member, or nothing for one that is unknown."""
        return self._members.get(member, "")

    def title(self, schema: str) -> str:
        """Return what a type is called."""
        words = self._wording.types.get(schema)
        return schema if words is None else words.title[self.language]

    def field(self, schema: str, field: Field) -> str:
        """Return what a field is called."""
        words = self._wording.types.get(schema)
        return field.name if words is None else words.fields[field.name].label[self.language]

    def step(self, field: Field, step: int) -> str:
        """Return a threshold as people write it."""
        if field.type is FieldType.INTEGER:
            return amount_words(step, field.measure, self._wording)
        return date_words(step, self.language) if field.type is FieldType.DATE else month_words(step, self.language)

    def member_of(self, schema: str, field: Field, member: str) -> str:
        """Return what a member of a field's set is called."""
        words = self._wording.types.get(schema)
        named = None if words is None else words.fields[field.name].members.get(member)
        return member if named is None else named[self.language]


def firm_number(subject: bytes) -> str:
    """Return six symbols by which a firm is told from others on a list: letters and digits that are not mixed up."""
    number = int.from_bytes(subject[:4], "big")
    return "".join(ALPHABET[number >> (5 * place) & 31] for place in reversed(range(_NUMBER_SYMBOLS)))
