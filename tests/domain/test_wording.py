"""The council's words as a document: what is refused, and sentences about codes, rounded amounts and unknown types."""

import copy
from types import MappingProxyType

import pytest

from ledger_node.domain.consent_scope import whole_minute
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.question import Question
from ledger_node.domain.question_words import question_sentence
from ledger_node.domain.reason import Reason
from ledger_node.domain.wording import Language, WordingDocument, language_named, wording_named
from tests.kit.council_words import document

FIELDS = (
    {
        "name": "profit",
        "type": "integer",
        "currency": "CNY",
        "scale": 2,
        "resolution": "100",
        "mode": "ladder",
        "ladder": {"kind": "two_digits", "from": "1000", "to": "1000000"},
    },
    {
        "name": "insured",
        "type": "integer",
        "unit": "persons",
        "mode": "ladder",
        "ladder": {"kind": "two_digits", "from": 10, "to": 1_000},
    },
    {"name": "pledged", "type": "codes", "mode": "enum", "members": ["land", "shares", "goods"]},
    {"name": "listed", "type": "bool", "mode": "plain"},
)
SPEC = {"name": "firm", "version": 2, "fields": list(FIELDS)}
SAID = document({"firm": SPEC}, {"loan": {"en": "a loan", "zh": "贷款"}}, units=["persons"])
DOCUMENT = WordingDocument.from_json(SAID)
WORDS = DOCUMENT.in_language(Language.ENGLISH)


def sentence(text, wording=WORDS):
    return question_sentence(Question.parse(text, DOCUMENT.schemas), wording)


def changed(change):
    said = copy.deepcopy(SAID)
    change(said)
    return said


def put(said, text, *path):
    *way, last = path
    for step in way:
        said = said[step]
    said[last] = text


def test_a_document_is_what_it_was_read_from():
    assert DOCUMENT.to_json() == SAID
    assert wording_named({DOCUMENT.digest: DOCUMENT}, DOCUMENT.digest) is DOCUMENT


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda said: put(said, "credence-wording/v0", "format"), Reason.VALUE_MALFORMED),
        (lambda said: said["schemas"].clear(), Reason.NOT_CANONICAL),
        (lambda said: said["schemas"].append(said["schemas"][0]), Reason.NOT_CANONICAL),
        (lambda said: said["units"].pop("persons"), Reason.FIELD_MISSING),
        # a part too many, one too few, a brace for nothing, and a line that breaks
        (lambda said: put(said, "Bank: {name} {uses}", "phrases", "bank", "en"), Reason.VALUE_MALFORMED),
        (lambda said: put(said, "Bank", "phrases", "bank", "en"), Reason.VALUE_MALFORMED),
        (lambda said: put(said, "Bank: {name} {", "phrases", "bank", "en"), Reason.VALUE_MALFORMED),
        (lambda said: put(said, "Bank:\n{name}", "phrases", "bank", "en"), Reason.VALUE_MALFORMED),
    ],
)
def test_words_that_would_say_something_else_are_refused(change, reason):
    with pytest.raises(InvalidInputError) as refused:
        WordingDocument.from_json(changed(change))
    assert refused.value.reason is reason


def test_terms_that_name_other_words_are_refused():
    with pytest.raises(VerificationError) as refused:
        wording_named({}, DOCUMENT.digest)
    assert refused.value.reason is Reason.WORDING_UNKNOWN


def test_a_language_that_there_is_not_is_refused_with_those_that_there_are():
    assert language_named("zh") is Language.CHINESE
    with pytest.raises(InvalidInputError, match="one of en, zh") as refused:
        language_named("fr")
    assert refused.value.reason is Reason.REQUEST_INVALID


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "firm.pledged has any of {land, goods}",
            "Is pledged now with any of “land” or “goods”? (a yes shows the bank one of them)",
        ),
        (
            "firm.pledged has none of {land, goods}",
            "Is pledged now with none of “land” or “goods”? (a no shows the bank one of them)",
        ),
        ("firm.pledged has any of {land}", "Is pledged now with any of “land”?"),
        ("firm.listed equals true", "Is listed now true?"),
        ("firm.profit >= 1000 CNY", "Is profit now at least CNY 1,000? (the source is rounded to CNY 100)"),
    ],
)
def test_a_sentence_says_what_an_answer_shows_and_how_exact_it_is(text, shown):
    assert sentence(text) == shown


def test_a_type_without_words_is_asked_in_its_exact_form():
    bare = DOCUMENT.in_language(Language.CHINESE)
    bare = type(bare)(bare.language, bare.schemas, MappingProxyType({}), bare.phrases, bare.units)
    assert sentence("firm.profit >= 1000 CNY", bare) == "firm.profit >= 1000 CNY"


@pytest.mark.parametrize(("time", "begin"), [(0, 0), (59, 0), (60, 60), (1_700_000_039, 1_699_999_980)])
def test_bounds_are_whole_minutes(time, begin):
    assert whole_minute(time) == begin
