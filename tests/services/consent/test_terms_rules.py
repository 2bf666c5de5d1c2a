"""What may be granted: by the members of the consortium, its purposes, and the text that was shown."""

from dataclasses import replace

import pytest

from api.catalogue.purpose import default_purposes
from api.catalogue.wording import default_wording, make_wording
from api.services.consent.terms_rule import TermsRules
from ledger_node.domain.consent_text import text_digest
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import BANK, DAY, NAMES, STRANGER, TAX, refused

OTHER_WORDS = {"purpose_text": "other words"}


@pytest.fixture
def rules(instance):
    words = default_wording()
    return TermsRules(instance.ledger, default_purposes(), {words.digest: words})


def test_what_can_be_granted_gives_the_names_of_all_members(instance, firm, rules):
    assert rules.require_grantable(instance.asked(firm), instance.now()) == NAMES


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"grantee": TAX}, Reason.MEMBER_UNKNOWN),
        ({"grantee": b"x" * 32}, Reason.MEMBER_UNKNOWN),
        ({"departments": (TAX, BANK)}, Reason.MEMBER_UNKNOWN),
        ({"purpose": "nothing"}, Reason.PURPOSE_UNKNOWN),
        ({"max_uses": 10_000}, Reason.PURPOSE_CEILING),
        ({"questions": ("tax_payment.nothing >= 1 during 2025",)}, Reason.FIELD_UNKNOWN),
        ({"questions": ("nothing at all",)}, Reason.QUESTION_MALFORMED),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_by_name(instance, firm, rules, changes, reason):
    assert refused(rules.require_grantable, instance.asked(firm, **changes), instance.now()) is reason


def test_what_is_over_is_refused_first(instance, firm, rules):
    asked = instance.asked(firm, grantee=STRANGER)
    assert refused(rules.require_grantable, asked, instance.now() + 31 * DAY) is Reason.CONSENT_EXPIRED


def test_terms_are_signed_over_the_text_that_they_say(instance, firm, rules):
    signed = instance.consent(firm)
    assert text_digest(rules.require_text(signed, instance.now())) == signed.terms.text_digest
    others = [replace(signed, terms=replace(signed.terms, **one)) for one in ({"text_digest": bytes(32)}, OTHER_WORDS)]
    others.append(replace(signed, terms=replace(signed.terms, department_names=("Somebody",))))
    others.append(replace(signed, bounds=replace(signed.bounds, max_uses=2)))
    for other in others:
        assert refused(rules.require_text, other, instance.now()) is Reason.CONSENT_TEXT_DIFFERS


def test_k5_what_was_to_be_recorded_earlier_is_refused(instance, firm, rules):
    late = instance.consent(firm, grant_before=instance.now())
    assert refused(rules.require_text, late, instance.now()) is Reason.CONSENT_GRANT_LATE


def test_words_that_the_council_never_agreed_on_are_refused(instance, firm, rules):
    signed = instance.consent(firm)
    other = replace(signed, terms=replace(signed.terms, wording=bytes(32)))
    assert refused(rules.require_text, other, instance.now()) is Reason.WORDING_UNKNOWN


def test_a_consent_in_earlier_words_that_are_kept_is_granted(instance, firm, rules):
    signed = instance.consent(firm)
    newer = make_wording(Purposes(default_purposes().listed[:1]))
    both = TermsRules(
        instance.ledger, default_purposes(), {default_wording().digest: default_wording(), newer.digest: newer}
    )
    assert both.require_text(signed, instance.now()) == rules.require_text(signed, instance.now())


def test_a_department_is_called_what_the_ledger_calls_it(instance, firm, rules):
    signed = instance.consent(firm, departments=(TAX,))
    assert NAMES[TAX] in rules.require_text(signed, instance.now())
    for names in ((), ("Another bureau",), (NAMES[TAX], NAMES[TAX])):
        other = replace(signed, terms=replace(signed.terms, department_names=names))
        assert refused(rules.require_text, other, instance.now()) is Reason.CONSENT_TEXT_DIFFERS
