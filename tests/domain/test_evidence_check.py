"""The report on a bundle, statements of keys, and days: what people and programs get to see."""

import json
from dataclasses import replace

import pytest

from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.key_statement import KeyStatement, compromised_later
from ledger_node.domain.evidence.report import CheckName
from ledger_node.domain.evidence.slot import slots_of
from ledger_node.domain.fact import EVERY_PURPOSE, KeyRecord
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import parse_date
from tests.kit.evidence import CASES, Bundle, Trust, checked, data_of, found, naive_state, world
from tests.kit.reference import H
from tests.vectors.valid_evidence import ANCHORED, statement

TRUST = Trust.from_json(world.trust())
DATA = data_of("two_claims")
BUNDLE = Bundle.decode(DATA)


WORDS = """\
1 form: a bundle in its one form, with 2 claims and what they need
2 network: of network 31337, like the trust file
3 block: block 1000 of 2026-11-11, sealed by 1 of 1
4 state: 30 words of the contracts' storage lead to the state of that block
5 members: the chain knows the members by these names: NAMES
6 keys: departments signed each batch with keys that were valid; 0 later statements of keys
7 consent: the firm's controllers allowed 虚构银行 to ask this, and the bank spent use 2 for exactly this answer; \
the words that the firm signed were not checked: the trust file carries none
8 subject: the registrar attested that this credit code is the subject that consented
9 answers: every verdict follows from what the departments attested to, which was neither revoked nor superseded
10 receipt: Host signed that this is the whole answer
11 day: the answer holds as of 2026-11-11, the day of its block
"""


def test_a_report_says_in_plain_words_what_was_found():
    said = [f"{check.name.number} {check.name}: {check.words}\n" for check in checked("two_claims").checks]
    shown = [member["name"] for member in json.loads(DATA)["members"]]
    assert set(shown) == {world.NAMES[one] for one in (world.TAX, world.HOST, world.REGISTRAR, world.BANK)}
    names = ", ".join(shown)
    assert "".join(said) == WORDS.replace("NAMES", names)


def test_a8_a_name_cannot_reach_for_the_terminal():
    names = {**world.NAMES, world.TAX: "Tax\x1b[2J\u202e\nOffice"}
    report = examine(world.canonical(world.make(world.World(names=names))), TRUST)
    assert "Tax\ufffd[2J\ufffd\ufffdOffice" in report.checks[CheckName.MEMBERS.number - 1].words


def test_words_follow_what_was_asked():
    words = {name: {check.name: check.words for check in checked(name).checks} for name in CASES}
    assert "with 1 claim and" in words["one_claim_yes"][CheckName.FORM]
    assert words["qbft_3_seals"][CheckName.BLOCK].endswith("sealed by 3 of 4")
    assert words["no_receipt"][CheckName.RECEIPT].startswith("there is none")
    assert words["h9_marked_later_from_after_anchoring"][CheckName.KEYS].endswith("; 1 later statement of keys")
    assert words["at_the_last_day"][CheckName.DAY].startswith("the answer was given by 2026-11-12")
    assert words["x_day_before"][CheckName.DAY] == "the answer was given later, on 2026-11-11"
    assert words["x_day_after_the_end"][CheckName.DAY] == "what the answer rests on ran out on 2026-11-12"


def test_a_report_that_passed_in_json():
    form = checked("two_claims").to_json()
    assert json.loads(json.dumps(form)) == form
    assert (form["valid"], form["reason"]) == (True, None)
    assert form["digest"] == "0x" + H(b"\x61", DATA).hex()
    assert form["block"] == {"number": 1000, "hash": "0x" + BUNDLE.block.hash.hex(), "time": world.NOW}
    assert form["checks"][0] == {
        "number": 1,
        "name": "form",
        "result": "passed",
        "words": "a bundle in its one form, with 2 claims and what they need",
        "reason": None,
    }
    assert [claim["verdict"] for claim in form["claims"]] == ["holds", "does_not_hold"]
    assert form["claims"][0]["claim"] == "firm_facts.paid >= 2000 CNY during 2025"


def test_a_report_that_failed_in_json():
    form = checked("h6_other_sealer").to_json()
    assert (form["valid"], form["reason"], form["claims"], form["block"]) == (False, "seal_by_outsider", [], None)
    assert [check["result"] for check in form["checks"]][:5] == ["passed", "passed", "failed"] + ["not_reached"] * 2
    assert form["checks"][2]["reason"] == "seal_by_outsider"
    unread = checked("x_nothing").to_json()
    assert (unread["valid"], unread["digest"], unread["block"]) == (False, None, None)


def test_a_verdict_that_cannot_be_told_comes_with_its_reason_in_json():
    told = checked("host_cannot_tell").to_json()["claims"][1]
    assert (told["verdict"], told["reason"]) == ("cannot_tell", "no_attestation")


def test_e1_a_report_in_json_says_on_whose_data_each_verdict_rests_and_who_signed():
    form = checked("two_claims").to_json()
    basis = {
        "part": 0,
        "schema": "firm_facts",
        "department": "0x" + world.TAX.hex(),
        "name": world.NAMES[world.TAX],
        "period": "2025",
        "as_of": "2026-10-31",
    }
    assert [claim["based_on"] for claim in form["claims"]] == [[basis], [basis]]
    assert form["receipt"] == {
        "member": "0x" + world.HOST.hex(),
        "name": "Host",
        "use": "0x" + BUNDLE.receipt.use.hex(),
    }
    assert form["use"] == {"id": "0x" + BUNDLE.receipt.use.hex(), "number": 2, "time": world.NOW}
    assert checked("k2_number_that_was_not_used").to_json()["use"] is None
    assert checked("no_receipt").to_json()["receipt"] is None
    assert checked("x_receipt_other_use").to_json()["receipt"] is None
    both = checked("combination").to_json()["claims"][0]["based_on"]
    assert [(one["part"], one["schema"]) for one in both] == [(0, "firm_facts"), (1, "tax_fine")]
    assert checked("host_cannot_tell").to_json()["claims"][1]["based_on"] == []


def test_requiring_a_report_that_failed_raises_the_reason_and_names_the_check():
    with pytest.raises(VerificationError) as failed:
        checked("h8_revoked").require()
    assert (failed.value.reason, failed.value.field) == (Reason.REVOKED, "answers")


def test_a_bundle_knows_which_slots_prove_it():
    slots = slots_of(BUNDLE.query, BUNDLE.names)
    assert sum(map(len, slots.values())) == 30


@pytest.mark.parametrize("missing", ["consent", "subject"])
def test_a_bundle_object_without_consent_or_subject_is_refused_like_a_file(missing):
    bundle = replace(BUNDLE, presentation=replace(BUNDLE.presentation, **{missing: None}))
    assert found(examine(bundle.encode(), TRUST)) == {"check": "form", "reason": "field_missing"}


def test_later_events_do_not_unmake_an_answer():
    late = statement(0, number=9_999)
    assert "verdicts" in found(examine(DATA, TRUST, later=[read(late)], at=parse_date("2026-12-24", "at")))


def read(form):
    return KeyStatement.decode(world.canonical(form))


def test_a_statement_of_keys_survives_reading_and_writing():
    data = world.canonical(statement(ANCHORED))
    assert KeyStatement.decode(data).encode() == data


def test_a_statement_of_keys_gives_the_records_at_its_block():
    key = (world.TAX, naive_state.address(world.MEMBER_KEYS[world.TAX]))
    assert read(statement(77)).records(TRUST) == {key: record(*world.EVER[:2], 77)}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (world.canonical(statement(0, format="credence-keys/v1")), Reason.VALUE_MALFORMED),
        (world.canonical(statement(0, keys=[])) + b"\n", Reason.NOT_CANONICAL),
        (world.canonical(statement(0, keys=statement(0)["keys"] * 2)), Reason.NOT_CANONICAL),
        (world.canonical(statement(0, remark=1)), Reason.FIELD_UNKNOWN),
        (world.canonical(statement(0, keys=[{"member": "0x00"}])), Reason.VALUE_MALFORMED),
        (b"{", Reason.JSON_MALFORMED),
    ],
)
def test_a_statement_that_is_not_in_its_one_form_is_refused(data, reason):
    with pytest.raises(InvalidInputError) as refused:
        KeyStatement.decode(data)
    assert refused.value.reason is reason


def record(*times):
    return KeyRecord(*times, EVERY_PURPOSE)


@pytest.mark.parametrize(("known", "later", "mark"), [(0, 0, 0), (0, 5, 5), (5, 0, 5), (5, 3, 3), (3, 5, 3), (5, 5, 5)])
def test_of_two_marks_of_compromise_the_earlier_one_counts(known, later, mark):
    key = (world.TAX, bytes(20))
    merged = compromised_later({key: record(1, 2, known)}, {key: record(7, 8, later)})
    assert merged == {key: record(1, 2, mark)}


def test_keys_that_a_statement_does_not_speak_of_stay_as_they_are():
    known = {(world.TAX, bytes(20)): record(1, 2, 3)}
    assert compromised_later(known, {(world.HOST, bytes(20)): record(1, 2, 1)}) == known


def test_no_report_shows_a_credit_code_or_a_key_that_opens_a_tag():
    shown = BUNDLE.presentation
    secrets = [shown.subject.credit_code, *(one.subject_key.hex() for one in shown.attestations.values())]
    for name in CASES:
        text = repr(checked(name).checks)
        assert not any(secret in text for secret in secrets)
