"""Evidence and receipts under a trust file with words: terms give the text that was signed, or nothing checks."""

import json
from dataclasses import replace

import pytest

from ledger_node.domain.consent_text import Language, consent_lines, text_digest, text_of
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence.bundle import Bundle
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.report import CheckName
from ledger_node.domain.evidence.trust import MAX_WORDINGS, Trust
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Act, Basis
from ledger_node.domain.receipt_check import TrustedOperator, check_receipt
from ledger_node.domain.wording import WordingDocument
from tests import independent
from tests.kit import council_words
from tests.kit.evidence import data_of, world
from tests.kit.receipt import ASKED, SHOWN, TRUSTED, receipt, refused

PURPOSES = {"loan_application": council_words.both("Decide on a loan application", "贷款申请审批")}
WORDS = council_words.document(world.SPECS, PURPOSES)
OTHER_WORDS = council_words.document(world.SPECS, {**PURPOSES, "audit": council_words.both("Audit", "审计")})
DOCUMENT, OTHER = map(WordingDocument.from_json, (WORDS, OTHER_WORDS))
FORM = world.trust()


def trust_with(*documents):
    rising = sorted(documents, key=lambda one: WordingDocument.from_json(one).digest)
    return FORM | {"wordings": list(rising)}


def terms_in(document, **changes):
    """Return what terms of the world say of their text, in a document."""
    said = {"wording": to_hex(document.digest), "purpose_text": "贷款申请审批", **changes}
    consent = Bundle.decode(bundle(said)).presentation.consent.consent
    lines = consent_lines(consent.asked, consent.bounds.grant_before, document.in_language(Language.CHINESE))
    return said | {"text_digest": to_hex(text_digest(text_of(lines)))}


def bundle(terms):
    return world.canonical(world.make(world.World(terms=terms)))


GOOD = bundle(terms_in(DOCUMENT))


def reported(data, form):
    """Return the report on check 7, after both verifiers came to the same."""
    report = examine(data, Trust.from_json(form))
    outcome = independent.verify(data, form)
    failed = report.failed
    assert (outcome.check, outcome.reason) == (
        (None, None) if failed is None else (failed.name.value, failed.reason.value)
    )
    return next(check for check in report.checks if check.name is CheckName.CONSENT)


def test_words_that_give_the_signed_text_check():
    check = reported(GOOD, trust_with(WORDS, OTHER_WORDS))
    assert check.reason is None
    assert check.words.endswith("the firm signed the words that these terms say")


@pytest.mark.parametrize("data", [GOOD, data_of("two_claims")])
def test_without_words_in_the_trust_file_the_report_says_that_they_were_not_checked(data):
    assert "the words that the firm signed were not checked" in reported(data, FORM).words


def test_terms_of_unknown_words_are_refused():
    assert reported(GOOD, trust_with(OTHER_WORDS)).reason is Reason.WORDING_UNKNOWN
    assert reported(data_of("two_claims"), trust_with(WORDS)).reason is Reason.WORDING_UNKNOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"text_digest": to_hex(b"t" * 32)},
        {"language": "fr"},
        {"purpose_text": "Decide on a loan"},
        {"department_names": ["虚构市税务局"]},
    ],
)
def test_terms_that_say_other_words_than_were_signed_are_refused(changes):
    data = bundle(terms_in(DOCUMENT) | changes)
    assert reported(data, trust_with(WORDS)).reason is Reason.CONSENT_TEXT_DIFFERS
    assert reported(data, FORM).reason is None


def test_a_trust_file_with_words_reads_back_and_has_another_fingerprint():
    form = trust_with(WORDS, OTHER_WORDS)
    read = Trust.from_json(form)
    assert read.to_json() == form
    assert Trust.from_json(json.loads(json.dumps(form))).fingerprint == read.fingerprint
    assert read.fingerprint != Trust.from_json(FORM).fingerprint


@pytest.mark.parametrize(
    ("wordings", "reason"),
    [
        ([], Reason.TRUST_INVALID),
        ([WORDS, WORDS], Reason.TRUST_INVALID),
        (list(reversed(trust_with(WORDS, OTHER_WORDS)["wordings"])), Reason.TRUST_INVALID),
        ([{}], Reason.FIELD_MISSING),
        ([WORDS] * (MAX_WORDINGS + 1), Reason.TOO_LARGE),
        ({}, Reason.TYPE_WRONG),
    ],
)
def test_words_of_a_trust_file_stand_once_each_by_rising_digest(wordings, reason):
    with pytest.raises(InvalidInputError) as unread:
        Trust.from_json(FORM | {"wordings": wordings})
    assert unread.value.reason is reason


def test_the_words_of_a_receipt_are_checked_where_they_are_believed():
    shown = Bundle.decode(GOOD).presentation.consent
    assert shown is not None
    believed = replace(TRUSTED, wordings=(DOCUMENT,))
    with pytest.raises(VerificationError, match="rule 4") as unknown:
        check_receipt(receipt(Act.GRANTED, Basis(SHOWN)).to_bytes(), replace(TRUSTED, wordings=(OTHER,)))
    assert unknown.value.reason is Reason.WORDING_UNKNOWN
    assert check_receipt(receipt(Act.GRANTED, Basis(SHOWN)).to_bytes(), TRUSTED)
    assert check_receipt(refused().to_bytes(), believed).basis.asked == ASKED
    keeper = TrustedOperator(TRUSTED.keys, wordings=(DOCUMENT,))
    one = receipt(Act.GRANTED, Basis(shown), id=shown.id, domain=Trust.from_json(FORM).consent_domain)
    with pytest.raises(VerificationError, match="rule 5"):
        # its words are right; the consent was over before the block of this receipt
        check_receipt(one.to_bytes(), keeper)
