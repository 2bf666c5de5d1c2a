"""Cases C1 to C9 as far as they are rules: terms, signatures, bounds, and their reasons."""

from dataclasses import fields, replace

import pytest

from ledger_node.domain.canonical import encode
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Bounds, Consent, ConsentRequest, Terms, signatures_from_json
from ledger_node.domain.consent_act import (
    Change,
    ChangeKind,
    SignedAct,
    answer_digest,
    change_digest,
    grant_digest,
    refusal_digest,
    signatures_digest,
    steward_digest,
    withdrawal_digest,
    withdrawal_hash,
)
from ledger_node.domain.consent_rule import require_recorded, require_resumed, require_usable
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.fact import ConsentState
from ledger_node.domain.hashing import keccak
from ledger_node.domain.proof import Outcome
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import MAX_CONTROLLERS, Controllers, each_person
from tests.kit.world import (
    ANCHOR_DOMAIN,
    ANSWER_KEY,
    CONSENT_DOMAIN,
    CONTROLLERS,
    HOLDS,
    NOW,
    PURPOSES,
    SCHEMAS,
    SECRET,
    TAX,
    asked,
    bounds,
    build,
    consent,
    controlled_by,
    h,
    terms,
)

MONTH = 31 * 86_400


def refused(world, **asked) -> Reason:
    with pytest.raises(VerificationError) as failed:
        world.verify(**asked)
    return failed.value.reason


def test_c1_an_unknown_consent_is_refused(valid):
    assert refused(valid.with_facts(consent=None)) is Reason.CONSENT_UNKNOWN
    assert refused(valid.with_record(state=ConsentState.NONE)) is Reason.CONSENT_UNKNOWN


@pytest.mark.parametrize("late", [0, 1, 10**6])
def test_c1_an_expired_consent_is_refused(valid, late):
    now = valid.facts.consent.expires_at + late
    assert refused(valid.with_facts(block_time=now)) is Reason.CONSENT_EXPIRED


def test_c1_a_consent_is_usable_from_its_first_to_its_last_second(valid):
    for now in (valid.facts.consent.not_before, valid.facts.consent.expires_at - 1):
        valid.with_facts(block_time=now).verify()


def test_c1_a_withdrawn_consent_is_refused(valid):
    assert refused(valid.with_record(state=ConsentState.WITHDRAWN)) is Reason.CONSENT_WITHDRAWN


def test_c1_a_consent_that_is_not_yet_valid_is_refused(valid):
    now = valid.facts.consent.not_before - 1
    assert refused(valid.with_facts(block_time=now)) is Reason.CONSENT_NOT_YET_VALID


def test_c1_another_bank_is_refused(valid):
    assert refused(valid, grantee=h("another bank")) is Reason.CONSENT_OTHER_GRANTEE


def test_c1_another_question_is_refused():
    world = build(questions=("firm_facts.paid >= 20000 CNY during 2025",))
    assert refused(world) is Reason.QUESTION_NOT_CONSENTED


def test_c1_the_same_question_about_another_period_is_another_question():
    text = HOLDS[0].removesuffix(" during 2025")
    assert refused(build(questions=(text,))) is Reason.QUESTION_NOT_CONSENTED


def test_c1_another_purpose_is_refused(valid):
    with pytest.raises(VerificationError) as failed:
        valid.verify(purpose="guarantee")
    assert (failed.value.reason, failed.value.field) == (Reason.CONSENT_OTHER_PURPOSE, "purpose")


def test_c1_a_consent_whose_uses_are_spent_is_refused(valid):
    valid.with_record(used=0b111).verify()
    assert refused(valid.with_record(used=0b1111)) is Reason.CONSENT_EXHAUSTED


def test_c1_no_use_counts_as_this_one_unless_the_caller_says_so(valid):
    spent, shown = valid.with_record(used=0b111), valid.presentation.consent
    with pytest.raises(VerificationError) as failed:
        require_usable(shown.bounds, spent.facts.consent, now=NOW)
    assert failed.value.reason is Reason.CONSENT_EXHAUSTED
    require_usable(shown.bounds, spent.facts.consent, now=NOW, uses_already_counted=1)


def test_c1_another_department_is_refused(valid):
    elsewhere = valid.with_consent(consent(terms(departments=(h("another department"),))))
    assert refused(elsewhere) is Reason.CONSENT_OTHER_DEPARTMENT
    valid.with_consent(consent(terms(departments=(h("another department"), TAX)))).verify()


def test_c1_a_paused_consent_is_refused_until_it_goes_on(valid):
    assert refused(valid.with_record(state=ConsentState.PAUSED, changes=1)) is Reason.CONSENT_PAUSED
    assert refused(valid.with_record(changes=2)) is Reason.CONSENT_PAUSED


@pytest.mark.parametrize(
    ("days", "covered"),
    [
        ({}, True),
        ({"data_from": "2025-01-01"}, True),
        ({"data_to": "2025-12-31"}, True),
        ({"data_from": "2025-01-01", "data_to": "2025-12-31"}, True),
        ({"data_from": "2025-01-02"}, False),
        ({"data_to": "2025-12-30"}, False),
        ({"data_from": "2024-01-01", "data_to": "2024-12-31"}, False),
    ],
)
def test_c1_data_outside_the_days_of_the_consent_is_refused(valid, days, covered):
    world = valid.with_consent(consent(terms(**days)))
    if covered:
        world.verify()
    else:
        assert refused(world) is Reason.CONSENT_OTHER_PERIOD


CHANGES = {
    "grantee_name": "Another Bank",
    "purpose": "guarantee",
    "purpose_text": "Something else",
    "questions": (*terms().questions, "firm_facts.grade in {A}"),
    "departments": (TAX,),
    "data_from": "2025-01-01",
    "data_to": "2025-12-31",
    "language": "en",
    "department_names": ("Tax bureau",),
    "retention_days": 1,
}
BOUND_CHANGES = {
    "not_before": NOW - 5,
    "expires_at": NOW + 5,
    "max_uses": 2,
    "grant_before": NOW + 7,
    "spend_key": h("another key")[:20],
    "steward_key": h("another key")[:20],
    "withdrawal_hash": h("another"),
}


@pytest.mark.parametrize("name", [field.name for field in fields(Terms)])
def test_c2_terms_that_hash_to_another_id_are_refused(valid, name):
    shown = valid.presentation.consent
    changed = replace(shown.terms, **{name: CHANGES.get(name, h("changed"))})
    assert refused(valid.with_presentation(consent=replace(shown, terms=changed))) is Reason.CONSENT_ID_MISMATCH


@pytest.mark.parametrize("name", [field.name for field in fields(Bounds)])
def test_k4_other_bounds_lead_to_another_id(valid, name):
    shown = valid.presentation.consent
    changed = replace(shown.bounds, **{name: BOUND_CHANGES[name]})
    assert refused(valid.with_presentation(consent=replace(shown, bounds=changed))) is Reason.CONSENT_ID_MISMATCH


@pytest.mark.parametrize(
    "changes",
    [{"not_before": NOW - 9}, {"expires_at": NOW + 9}, {"max_uses": 99}, {"spend_key": h("another")[:20]}],
)
def test_c2_terms_with_other_bounds_than_the_ledger_holds_are_refused(valid, changes):
    assert refused(valid.with_record(**changes)) is Reason.CONSENT_TERMS_DIFFER


@pytest.mark.parametrize(
    ("changes", "since", "reason"),
    [
        ({}, None, None),
        ({}, 5, None),
        ({"used": 0b111, "changes": 2}, 5, None),
        ({}, 6, Reason.CONTROLLERS_MISMATCH),
        ({"state": ConsentState.NONE}, None, Reason.CONSENT_UNKNOWN),
        ({"state": ConsentState.PAUSED}, None, Reason.CONSENT_PAUSED),
        ({"state": ConsentState.WITHDRAWN}, None, Reason.CONSENT_WITHDRAWN),
        ({"not_before": NOW - 9}, None, Reason.CONSENT_TERMS_DIFFER),
        ({"expires_at": NOW + 9}, None, Reason.CONSENT_TERMS_DIFFER),
        ({"max_uses": 99}, None, Reason.CONSENT_TERMS_DIFFER),
        ({"spend_key": h("another")[:20]}, None, Reason.CONSENT_TERMS_DIFFER),
        ({"grant_digest": h("other signatures")}, None, Reason.CONSENT_SIGNATURES_DIFFER),
    ],
)
def test_l8_what_the_ledger_holds_under_an_id_is_a_grant_only_if_all_of_it_is(valid, changes, since, reason):
    world = valid.with_record(**({"granted_at": 5} | changes))
    shown, record = world.presentation.consent, world.facts.consent
    if reason is None:
        require_recorded(shown.bounds, shown.signatures, record, since=since)
        return
    with pytest.raises(VerificationError) as refusal:
        require_recorded(shown.bounds, shown.signatures, record, since=since)
    assert refusal.value.reason is reason


def test_c3_a_signature_by_a_key_that_does_not_control_the_subject_is_refused(valid):
    shown = valid.presentation.consent
    stranger = replace(shown, signatures=(shown.signatures[0], sign(shown.id, h("stranger"))))
    assert refused(valid.with_presentation(consent=stranger)) is Reason.SIGNER_NOT_CONTROLLER


@pytest.mark.parametrize(
    "controllers",
    [
        replace(CONTROLLERS, keys=CONTROLLERS.keys[::-1]),
        replace(CONTROLLERS, threshold=1),
        replace(CONTROLLERS, salt=h("another salt")),
        replace(CONTROLLERS, keys=each_person([*(each.key for each in CONTROLLERS.keys), address_of(h("new"))])),
    ],
)
def test_c3_controllers_who_did_not_control_at_the_time_are_refused(valid, controllers):
    shown = replace(valid.presentation.consent, controllers=controllers)
    assert refused(valid.with_presentation(consent=shown)) is Reason.CONTROLLERS_MISMATCH
    assert refused(valid.with_facts(controllers=controlled_by(controllers))) is Reason.CONTROLLERS_MISMATCH


def test_c3_a_subject_without_controllers_on_the_ledger_is_refused(valid):
    assert refused(valid.with_facts(controllers=controlled_by(None))) is Reason.CONTROLLERS_NONE_COUNT
    assert refused(valid.with_facts(controllers=None)) is Reason.STATE_PROOF_MISSING


def test_k24_a_grant_during_a_hold_is_refused(valid):
    held = replace(valid.facts.controllers, holds={1: valid.facts.consent.granted_at, 2: 0})
    assert refused(valid.with_facts(controllers=held)) is Reason.SUBJECT_ON_HOLD


@pytest.mark.parametrize("signers", [(), (0,), (2,)])
def test_c4_fewer_controllers_than_the_threshold_are_refused(valid, signers):
    assert refused(valid.with_consent(consent(terms(), signers=signers))) is Reason.THRESHOLD_NOT_MET


@pytest.mark.parametrize("signers", [(0, 2), (2, 1), (0, 1, 2)])
def test_c4_any_controllers_that_meet_the_threshold_pass(valid, signers):
    valid.with_consent(consent(terms(), signers=signers)).verify()


@pytest.mark.parametrize("signers", [(0, 0), (0, 1, 0)])
def test_c4_the_same_controller_twice_is_refused(valid, signers):
    assert refused(valid.with_consent(consent(terms(), signers=signers))) is Reason.SIGNER_REPEATED


@pytest.mark.parametrize(
    ("addresses", "threshold", "field"),
    [
        ((), 1, "controllers"),
        ((b"\x01" * 20,) * 2, 1, "controllers"),
        (tuple(bytes([n]) * 20 for n in range(MAX_CONTROLLERS + 1)), 1, "controllers"),
        ((b"\x01" * 20,), 0, "threshold"),
        ((b"\x01" * 20,), 2, "threshold"),
    ],
)
def test_c4_controllers_nobody_or_anybody_could_sign_for_are_refused(addresses, threshold, field):
    with pytest.raises(InvalidInputError) as bad:
        Controllers(each_person(addresses), threshold, bytes(32))
    assert (bad.value.reason, bad.value.field) == (Reason.REQUEST_INVALID, field)


def test_c4_sixteen_controllers_can_all_be_asked_to_sign():
    keys = [h("many", number) for number in range(MAX_CONTROLLERS)]
    everybody = Controllers(each_person(address_of(key) for key in keys), MAX_CONTROLLERS, h("salt"))
    signatures = [sign(h("digest"), key) for key in keys]
    everybody.require_signatures(h("digest"), signatures)
    for wrong, reason in (
        (signatures[1:], Reason.THRESHOLD_NOT_MET),
        ([*signatures, signatures[0]], Reason.SIGNER_REPEATED),
    ):
        with pytest.raises(VerificationError) as failed:
            everybody.require_signatures(h("digest"), wrong)
        assert failed.value.reason is reason


@pytest.mark.parametrize("item", ["0x", "0x" + "00" * 64, 5, None])
def test_c5_signatures_of_the_wrong_form_are_refused(item):
    with pytest.raises(InvalidInputError):
        signatures_from_json([item])


@pytest.mark.parametrize(
    "domain", [SigningDomain(1, CONSENT_DOMAIN.contract), SigningDomain(31337, h("another registry")[:20])]
)
def test_c6_a_grant_for_another_chain_or_contract_is_refused(valid, domain):
    elsewhere = consent(terms(), domain=domain)
    assert refused(valid.with_consent(elsewhere)) is Reason.CONSENT_ID_MISMATCH
    renamed = replace(elsewhere, id=Consent(terms(), bounds()).digest(CONSENT_DOMAIN))
    assert refused(valid.with_consent(renamed)) is Reason.SIGNER_NOT_CONTROLLER


@pytest.mark.parametrize("code", [purpose.code for purpose in PURPOSES.listed])
@pytest.mark.parametrize("bound", [None, "expires_at", "max_uses", "retention_days"])
def test_c7_bounds_beyond_those_of_the_purpose_are_refused(code, bound):
    purpose = PURPOSES.named(code)
    ceilings = {
        "expires_at": NOW + purpose.max_days * 86_400,
        "max_uses": purpose.max_uses,
        "retention_days": purpose.max_retention_days,
    }
    one = asked(purpose=code, not_before=NOW, **ceilings)
    one.require_within_purpose(PURPOSES, [])
    if bound is not None:
        with pytest.raises(InvalidInputError) as bad:
            replace(one, **{bound: ceilings[bound] + 1}).require_within_purpose(PURPOSES, [])
        assert (bad.value.reason, bad.value.field) == (Reason.PURPOSE_CEILING, bound)


@pytest.mark.parametrize(("seconds", "months"), [(1, 1), (MONTH, 1), (MONTH + 1, 2), (36 * MONTH, 36)])
def test_c7_so_many_uses_a_month_are_as_many_as_months_begin(seconds, months):
    monitoring = replace(PURPOSES.named("guarantee"), max_days=1116, max_uses=72, max_uses_a_month=2)
    bounds = {"seconds": seconds, "retention_days": 0}
    monitoring.require_within(uses=2 * months, **bounds)
    with pytest.raises(InvalidInputError) as bad:
        monitoring.require_within(uses=2 * months + 1, **bounds)
    assert (bad.value.reason, bad.value.field) == (Reason.PURPOSE_CEILING, "max_uses")
    replace(monitoring, max_uses_a_month=None).require_within(uses=72, **bounds)


def test_c7_questions_beyond_their_number_are_refused_with_their_parts_counted():
    purpose = replace(PURPOSES.named("guarantee"), max_questions=3)
    single, *_ = HOLDS
    listed = [
        Claim.parse(text, SCHEMAS)
        for text in (single, "any(firm_facts.count < 1; firm_facts.grade in {A})", "firm_facts.grade in {B}")
    ]
    purpose.require_questions(listed[:2])
    with pytest.raises(InvalidInputError) as bad:
        purpose.require_questions(listed)
    assert (bad.value.reason, bad.value.field) == (Reason.PURPOSE_CEILING, "questions")


@pytest.mark.parametrize("topics", [(), ("firm_facts.count",), ("firm_facts.grade.x",), ("firm",)])
def test_c7_a_question_about_what_the_purpose_does_not_name_is_refused(topics):
    claims = [Claim.parse("any(firm_facts.count < 1; firm_facts.grade in {A})", SCHEMAS)]
    purposes = Purposes((replace(PURPOSES.named("loan_application"), topics=topics),))
    with pytest.raises(InvalidInputError) as bad:
        asked().require_within_purpose(purposes, claims)
    assert (bad.value.reason, bad.value.field) == (Reason.PURPOSE_CEILING, "questions")


@pytest.mark.parametrize("topics", [("firm_facts",), ("firm_facts.grade", "firm_facts.count")])
def test_a_topic_is_a_type_or_one_of_its_fields(topics):
    claims = [Claim.parse("any(firm_facts.count < 1; firm_facts.grade in {A})", SCHEMAS)]
    asked().require_within_purpose(Purposes((replace(PURPOSES.named("loan_application"), topics=topics),)), claims)


def test_c7_an_unknown_purpose_is_refused():
    with pytest.raises(InvalidInputError) as bad:
        asked(purpose="curiosity").require_within_purpose(PURPOSES, [])
    assert bad.value.reason is Reason.PURPOSE_UNKNOWN


def test_c8_a_use_recorded_before_the_withdrawal_is_judged_at_its_own_block(valid):
    assert Outcome.HOLDS in {verdict.outcome for verdict in valid.verify()}
    assert refused(valid.with_record(state=ConsentState.WITHDRAWN)) is Reason.CONSENT_WITHDRAWN


def test_c9_only_the_secret_leads_to_the_revocation_hash():
    assert withdrawal_hash(SECRET) == bounds().withdrawal_hash
    assert withdrawal_hash(h("wrong secret")) != bounds().withdrawal_hash


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 1}, Reason.VALUE_OUT_OF_RANGE),
        ({"questions": []}, Reason.REQUEST_INVALID),
        ({"questions": ["x"] * 65}, Reason.TOO_LARGE),
        ({"questions": [1]}, Reason.TYPE_WRONG),
        ({"departments": ["0x00"]}, Reason.VALUE_MALFORMED),
        ({"departments": "all"}, Reason.TYPE_WRONG),
        ({"grantee_name": "x" * 1025}, Reason.TOO_LARGE),
        ({"surprise": 1}, Reason.FIELD_UNKNOWN),
    ],
)
def test_malformed_terms_are_refused_with_their_reason(changes, reason):
    with pytest.raises(InvalidInputError) as bad:
        Terms.from_json(terms().to_json() | changes)
    assert bad.value.reason is reason


def test_terms_and_controllers_survive_their_json_form():
    assert Terms.from_json(terms(departments=(TAX,)).to_json()) == terms(departments=(TAX,))
    assert Controllers.from_json(CONTROLLERS.to_json()) == CONTROLLERS


@pytest.mark.parametrize("address", ["0x" + "ab" * 19 + "  ", "ab" * 21, "0x" + "zz" * 20, "0x" + "ab" * 21, 7, None])
def test_an_address_of_any_other_form_is_refused(address):
    with pytest.raises(InvalidInputError) as bad:
        Controllers.from_json(CONTROLLERS.to_json() | {"keys": [{"person": 1, "address": address}]})
    assert bad.value.reason is Reason.VALUE_MALFORMED


@pytest.mark.parametrize(("name", "raw"), [("data_from", "2025-1-1"), ("data_to", "2025-02-30"), ("data_to", "x")])
def test_days_of_data_are_dates_or_nothing(name, raw):
    with pytest.raises(InvalidInputError) as malformed:
        Terms.from_json(terms().to_json() | {name: raw})
    assert malformed.value.reason is Reason.VALUE_MALFORMED


@pytest.mark.parametrize(("first", "last"), [("2025-01-02", "2025-01-01"), ("2025-01-01", "1999-12-31")])
def test_f11_days_of_data_do_not_end_before_they_begin(first, last):
    reversed_days = {"data_from": first, "data_to": last}
    for read in (
        lambda: Terms.from_json(terms().to_json() | reversed_days),
        lambda: terms(**reversed_days),
        lambda: asked(**reversed_days),
        lambda: ConsentRequest.from_json(asked().to_json() | reversed_days),
    ):
        with pytest.raises(InvalidInputError) as refused:
            read()
        assert (refused.value.reason, refused.value.field) == (Reason.RANGE_EMPTY, "data_to")
    one_day = {"data_from": last, "data_to": last}
    assert Terms.from_json(terms().to_json() | one_day) == terms(**one_day)


ZERO_KEY = "0x" + "00" * 20


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"expires_at": NOW - 86_400}, Reason.REQUEST_INVALID),
        ({"max_uses": 0}, Reason.VALUE_OUT_OF_RANGE),
        ({"max_uses": 97}, Reason.VALUE_OUT_OF_RANGE),
        ({"max_uses": True}, Reason.TYPE_WRONG),
        ({"expires_at": 2**40}, Reason.VALUE_OUT_OF_RANGE),
        ({"spend_key": ZERO_KEY}, Reason.REQUEST_INVALID),
        ({"spend_key": "0x00"}, Reason.VALUE_MALFORMED),
        ({"surprise": 1}, Reason.FIELD_UNKNOWN),
    ],
)
def test_malformed_bounds_and_requests_are_refused_with_their_reason(changes, reason):
    for kind, valid in ((Bounds, bounds()), (ConsentRequest, asked())):
        with pytest.raises(InvalidInputError) as bad:
            kind.from_json(valid.to_json() | changes)
        assert bad.value.reason is reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"steward_key": ZERO_KEY}, Reason.REQUEST_INVALID),
        ({"withdrawal_hash": "0x" + "00" * 32}, Reason.REQUEST_INVALID),
        ({"grant_before": -1}, Reason.VALUE_OUT_OF_RANGE),
    ],
)
def test_bounds_name_the_keys_and_the_secret_that_act_for_a_consent(changes, reason):
    with pytest.raises(InvalidInputError) as bad:
        Bounds.from_json(bounds().to_json() | changes)
    assert bad.value.reason is reason


def test_a_request_is_the_consent_without_what_only_the_subject_says():
    one = asked()
    assert Terms.accepting(one, "zh", terms().text_digest, terms().wording) == terms()
    limits = bounds()
    accepted = Bounds.accepting(
        one,
        grant_before=limits.grant_before,
        steward_key=limits.steward_key,
        withdrawal_hash=limits.withdrawal_hash,
    )
    assert accepted == limits
    assert Consent(terms(), limits).asked == one
    assert ConsentRequest.from_json(one.to_json()) == one
    assert Bounds.from_json(limits.to_json()) == limits
    with pytest.raises(InvalidInputError) as unknown:
        ConsentRequest.from_json(terms().to_json())
    assert unknown.value.reason is Reason.FIELD_MISSING


def test_k3_a_request_id_binds_the_answer_key():
    assert asked().digest(address_of(ANSWER_KEY), CONSENT_DOMAIN) != asked().digest(bytes(20), CONSENT_DOMAIN)


def test_each_statement_is_signed_for_itself():
    digests = [
        withdrawal_digest(h("id"), CONSENT_DOMAIN),
        refusal_digest(h("id"), CONSENT_DOMAIN),
        *(change_digest(h("id"), change, number, CONSENT_DOMAIN) for change in Change for number in (1, 2)),
        change_digest(h("other"), Change.PAUSE, 1, CONSENT_DOMAIN),
        change_digest(h("id"), Change.PAUSE, 1, ANCHOR_DOMAIN),
        grant_digest(h("id"), h("signatures"), CONSENT_DOMAIN),
        answer_digest(h("id"), h("signatures"), CONSENT_DOMAIN),
        *(steward_digest(h("id"), 1, kind, h("word"), CONSENT_DOMAIN) for kind in ChangeKind),
        steward_digest(h("id"), 2, ChangeKind.PAUSE, h("word"), CONSENT_DOMAIN),
        steward_digest(h("id"), 1, ChangeKind.PAUSE, h("another word"), CONSENT_DOMAIN),
    ]
    assert len(set(digests)) == len(digests)


def test_k20_a_grant_binds_the_list_of_signatures_as_it_stands():
    signatures = [sign(h("id"), h("controller", number)) for number in range(2)]
    text = f'["0x{signatures[0].hex()}","0x{signatures[1].hex()}"]'
    assert signatures_digest(signatures) == keccak(b"\x41" + text.encode())
    assert signatures_digest(signatures[::-1]) != signatures_digest(signatures)


def test_a_change_binds_who_signed_and_what():
    act = SignedAct(CONTROLLERS, (sign(h("id"), h("controller", 0)),))
    assert act.digest == keccak(b"\x42" + encode(act.to_json()))
    assert SignedAct.from_json(act.to_json()) == act
    assert replace(act, signatures=()).digest != act.digest


def test_k1_a_resumption_without_the_controllers_kept_word_counts_as_paused(valid):
    act = SignedAct(CONTROLLERS, (sign(h("id"), h("controller", 0)),))
    record = replace(valid.facts.consent, changes=2, word_digest=act.digest)
    require_resumed(record, act)
    require_resumed(valid.facts.consent, None)
    for other in (None, replace(act, signatures=())):
        with pytest.raises(VerificationError) as refused:
            require_resumed(record, other)
        assert refused.value.reason is Reason.CONSENT_PAUSED


def test_a_purpose_has_its_words_in_two_languages_and_its_ceilings():
    guarantee = PURPOSES.named("guarantee")
    assert guarantee.to_json() == {
        "code": "guarantee",
        "text": {"en": "Decide on a guarantee", "zh": "担保审查"},
        "max_days": 92,
        "max_uses": 3,
        "max_uses_a_month": None,
        "max_retention_days": 31,
        "max_questions": 12,
        "topics": ["firm_facts"],
    }
    assert [guarantee.text(language) for language in ("en", "zh")] == ["Decide on a guarantee", "担保审查"]


def test_the_digest_of_the_purposes_is_that_of_their_canonical_json():
    bounds = {"max_days": 1, "max_questions": 3, "max_retention_days": 0, "max_uses": 2, "max_uses_a_month": 1}
    listed = [{"code": "p", **bounds, "text": {"en": "P", "zh": "用途"}, "topics": ["t.f"]}]
    text = (
        '[{"code":"p","max_days":1,"max_questions":3,"max_retention_days":0,"max_uses":2,"max_uses_a_month":1,'
        '"text":{"en":"P","zh":"用途"},"topics":["t.f"]}]'
    )
    assert Purposes.from_json(listed).digest == keccak(b"\x23" + text.encode())
    assert Purposes.from_json(PURPOSES.to_json()) == PURPOSES


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"max_days": 0}, Reason.VALUE_OUT_OF_RANGE),
        ({"max_days": 36_501}, Reason.VALUE_OUT_OF_RANGE),
        ({"max_uses": 0}, Reason.VALUE_OUT_OF_RANGE),
        ({"max_uses": 2**32}, Reason.VALUE_OUT_OF_RANGE),
        ({"max_uses_a_month": 0}, Reason.VALUE_OUT_OF_RANGE),
        ({"max_uses_a_month": 2**32}, Reason.VALUE_OUT_OF_RANGE),
        ({"max_questions": 0}, Reason.VALUE_OUT_OF_RANGE),
        ({"max_questions": 2**32}, Reason.VALUE_OUT_OF_RANGE),
        ({"topics": ["t"] * 257}, Reason.TOO_LARGE),
        ({"topics": "t"}, Reason.TYPE_WRONG),
        ({"max_retention_days": -1}, Reason.VALUE_OUT_OF_RANGE),
        ({"max_retention_days": 36_501}, Reason.VALUE_OUT_OF_RANGE),
        ({"code": 5}, Reason.TYPE_WRONG),
        ({"code": "c" * 65}, Reason.TOO_LARGE),
        ({"text": {"en": "P"}}, Reason.FIELD_MISSING),
        ({"text": {"en": "P", "zh": "P", "fr": "P"}}, Reason.FIELD_UNKNOWN),
        ({"more": 1}, Reason.FIELD_UNKNOWN),
    ],
)
def test_purposes_that_are_none_are_refused(change, reason):
    purpose = PURPOSES.named("guarantee").to_json()
    with pytest.raises(InvalidInputError) as bad:
        Purposes.from_json([purpose | change])
    assert bad.value.reason is reason


def test_there_is_a_purpose_and_none_stands_twice():
    purpose = PURPOSES.named("guarantee").to_json()
    for listed, reason in (
        ([], Reason.SET_DUPLICATE),
        ([purpose, purpose], Reason.SET_DUPLICATE),
        ({}, Reason.TYPE_WRONG),
        ([{**purpose, "code": f"p{n}"} for n in range(65)], Reason.TOO_LARGE),
    ):
        with pytest.raises(InvalidInputError) as bad:
            Purposes.from_json(listed)
        assert bad.value.reason is reason
    assert len(Purposes.from_json([{**purpose, "code": f"p{n}"} for n in range(64)]).listed) == 64
