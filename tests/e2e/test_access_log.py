"""The access log of a served instance: who sees which rows, and what they check against the chain."""

import threading
import time

import pytest

from api.catalogue.synthetic import credit_code
from api.client.access import check_rows, uses_without_row
from api.client.client import ApiError
from api.lab.demo.server import InstanceProcess
from ledger_node import clock
from ledger_node.domain.batch import ACCESS_LOG
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.randomness import random_bytes
from tests.kit.command import printed
from tests.kit.served import SEED, Place, changed, one_form

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
BAD = "tax_payment.paid_amount >= 2000000 CNY during 2025"
PATIENCE_S = 20


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """An instance that anchors its access log every second."""
    folder = tmp_path_factory.mktemp("logged")
    made = Place(folder, InstanceProcess(folder / "credence", processes=1, access_interval=1))
    yield made
    made.close()


def rows_of(client, consent=None):
    """Return the rows that a client sees, of one consent or of all."""
    _, rows = client.access_rows()
    return [item for item in rows if consent is None or item["row"]["consent"] == consent]


def anchored(client, consent):
    """Return the rows of a consent when all of them are anchored."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        rows = rows_of(client, consent)
        if rows and all(item["place"] for item in rows):
            return rows
        assert time.monotonic() < deadline, rows
        time.sleep(0.1)


def checked(place, rows, client=None):
    keeper, _ = (client or place.bank).access_rows()
    return check_rows(rows, place.ledger, keeper=from_hex(keeper, "keeper"), is_mine=lambda _: True)


def told(rows):
    """Return (question, verdict, reason) a row."""
    return [(item["row"]["question"], item["row"]["verdict"], item["row"]["reason"]) for item in rows]


def test_the_subject_sees_every_question_with_verdict_use_and_operator(logged):
    consent = logged.grant(GOOD)
    before = clock.now()
    answer = logged.verify(consent, [GOOD, BAD], operator="credit desk 7")
    rows = rows_of(logged.shop.client, consent)
    assert told(rows) == [
        (one_form(GOOD), "holds", None),
        (one_form(BAD), "cannot_tell", "question_not_consented"),
    ]
    for item in rows:
        row = item["row"]
        assert (row["bank"], row["operator"]) == (to_hex(logged.bank_id), "credit desk 7")
        assert (row["purpose"], row["use"]) == ("loan_application", answer["use"]["id"])
        assert before <= row["time"] <= clock.now()


def test_refused_questions_are_rows_of_the_subject_too(logged):
    consent = logged.grant(GOOD, uses=1)
    logged.verify(consent, [BAD])
    logged.verify(consent, [GOOD], purpose="guarantee")
    logged.verify(consent, [GOOD])
    logged.verify(consent, [GOOD])
    rows = rows_of(logged.shop.client, consent)
    assert [(item["row"]["reason"], item["row"]["use"] is None) for item in rows] == [
        ("question_not_consented", True),
        ("consent_other_purpose", True),
        (None, False),
        ("consent_exhausted", True),
    ]


def test_a_question_under_a_withdrawn_consent_is_a_row(logged):
    secret = random_bytes(32)
    consent = logged.grant(GOOD, secret=secret)
    logged.bank.post(f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)})
    logged.verify(consent, [GOOD])
    assert told(rows_of(logged.shop.client, consent)) == [(one_form(GOOD), "cannot_tell", "consent_withdrawn")]


def test_an_unknown_consent_is_a_row_of_the_bank_alone(logged):
    consent = to_hex(random_bytes(32))
    logged.verify(consent, [GOOD])
    (item,) = anchored(logged.bank, consent)
    assert (item["row"]["reason"], item["row"]["purpose"]) == ("consent_unknown", None)
    assert rows_of(logged.shop.client, consent) == []
    assert len(checked(logged, [item])) == 1


def test_a_stranger_that_tries_a_consent_is_seen_by_the_subject_and_learns_nothing_of_it(logged):
    consent, nobodys = logged.grant(GOOD), to_hex(random_bytes(32))
    logged.verify(consent, [GOOD])
    stranger = logged.other_bank()
    logged.verify(consent, [GOOD], client=stranger)
    logged.verify(nobodys, [GOOD], client=stranger)
    assert [item["row"]["reason"] for item in rows_of(logged.shop.client, consent)] == [None, "consent_unknown"]
    tried, unknown = (item["row"] for item in rows_of(stranger))
    assert tried["bank"] == unknown["bank"] != to_hex(logged.bank_id)
    same = {"time", "consent"}
    assert {name: tried[name] for name in tried if name not in same} == {
        name: unknown[name] for name in unknown if name not in same
    }


def test_another_subject_and_another_bank_see_nothing(logged):
    consent = logged.grant(GOOD)
    logged.verify(consent, [GOOD, BAD])
    leaf = rows_of(logged.bank, consent)[0]["leaf"]
    cursor = logged.bank.get("/v1/access-log", limit=1)["next"]
    other = logged.register(logged.fresh())
    assert rows_of(other.client) == []
    assert rows_of(logged.other_bank()) == []
    for client in (other.client, logged.other_bank()):
        for after in (leaf, cursor):
            with pytest.raises(ApiError) as refused:
                client.get("/v1/access-log", after=after)
            assert (refused.value.status, refused.value.reason) == (400, "cursor_invalid")


@pytest.mark.parametrize("name", ["tax-bureau", "market-regulator"])
def test_departments_do_not_read_the_log(logged, name):
    with pytest.raises(ApiError) as refused:
        logged.client(name).get("/v1/access-log")
    assert refused.value.reason == "not_allowed"


def test_pages_follow_each_other_without_a_gap(logged):
    consent = logged.grant(GOOD)
    for _ in range(3):
        logged.verify(consent, [GOOD, BAD])
    everything = [item["leaf"] for item in rows_of(logged.shop.client)]
    seen, after = [], {}
    while True:
        page = logged.shop.client.get("/v1/access-log", limit=2, **after)
        seen += [item["leaf"] for item in page["rows"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == everything


@pytest.mark.parametrize(
    ("operator", "reason"),
    [
        ("", "value_malformed"),
        ("  ", "value_malformed"),
        ("a\x1b[2J", "value_malformed"),
        ("x" * 65, "too_large"),
        (7, "type_wrong"),
    ],
)
def test_a_malformed_operator_is_refused_and_is_no_row(logged, operator, reason):
    consent = logged.grant(GOOD)
    with pytest.raises(ApiError) as refused:
        logged.verify(consent, [GOOD], operator=operator)
    assert (refused.value.status, refused.value.reason) == (413 if reason == "too_large" else 422, reason)
    assert rows_of(logged.shop.client, consent) == []


def test_rows_verify_against_the_chain_and_every_use_has_one(logged):
    consent = logged.grant(GOOD)
    logged.verify(consent, [GOOD, BAD])
    rows = anchored(logged.shop.client, consent)
    found = checked(logged, rows)
    assert all(item.place.anchor.size == 1 and len(item.place.path) == 16 for item in found)
    uses = logged.ledger.counted_uses([from_hex(consent, "consent")])
    assert [len(ids) for ids in uses.values()] == [1]
    assert uses_without_row(found, uses) == []
    assert len(uses_without_row([], uses)) == 1


def test_every_string_and_number_of_a_shown_row_matters(logged):
    """Change one member at a time: none passes as the truth."""
    consent = logged.grant(GOOD)
    logged.verify(consent, [GOOD], operator="desk")
    rows = anchored(logged.shop.client, consent)
    tried = 0
    for path, value in _members(rows):

        def change(copy, path=path, value=value):
            for step in path[:-1]:
                copy = copy[step]
            if isinstance(value, str):
                copy[path[-1]] = value[:-1] + ("0" if value[-1] != "0" else "1")
            else:
                copy[path[-1]] = value + 1

        with pytest.raises(CredenceError):
            checked(logged, changed(rows, change))
        tried += 1
    assert tried > 30


def _members(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _members(item, (*path, key))
    if isinstance(value, str | int):
        yield path, value


def test_the_log_of_another_member_is_refused(logged):
    with pytest.raises(VerificationError) as refused:
        check_rows([], logged.ledger, keeper=logged.bank_id, is_mine=lambda _: True)
    assert refused.value.reason == "issuer_mismatch"


def test_an_interval_without_questions_is_anchored_and_looks_like_any_other(logged):
    keeper = from_hex(logged.bank.access_rows()[0], "keeper")
    consent = logged.grant(GOOD)
    logged.verify(consent, [GOOD] * 5)
    (asked,) = {item["place"]["anchor"]["number"] for item in anchored(logged.shop.client, consent)}
    deadline = time.monotonic() + PATIENCE_S
    while (head := logged.ledger.stream_head(keeper, ACCESS_LOG)).number < asked + 3:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert head.total == head.number
    anchors = [logged.ledger.find_anchor(keeper, ACCESS_LOG, number) for number in range(asked, asked + 4)]
    assert {anchor.size for anchor, _ in anchors} == {1}
    zero_bytes_cost = 12  # gas: what a zero byte in a random word saves
    gas = [mined.gas_used for _, mined in anchors]
    assert max(gas) - min(gas) < 20 * zero_bytes_cost


def test_two_verifications_at_once_are_two_rows(logged):
    consent = logged.grant(GOOD, uses=3)
    start = threading.Barrier(12)
    answers = []

    def ask():
        client = logged.client("demo-bank")
        start.wait()
        answers.append(logged.verify(consent, [GOOD], client=client))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = anchored(logged.shop.client, consent)
    # whoever took a number that another one had taken was refused, which is a row, and signed anew
    taken = [item for item in rows if item["row"]["reason"] == "use_number_taken"]
    answered = [item for item in rows if item not in taken]
    assert {item["row"]["use"] for item in taken} <= {None}
    assert len(answered) == 12
    assert {item["row"]["use"] for item in answered} == {answer["use"] and answer["use"]["id"] for answer in answers}
    assert len(checked(logged, rows)) == len(rows)


def test_erasing_a_firm_makes_its_rows_meaningless(logged):
    firm = logged.new_firm()
    consent = logged.grant(GOOD, firm=firm)
    logged.verify(consent, [GOOD])
    rows = anchored(firm.client, consent)
    logged.regulator.post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED)})
    logged.verify(consent, [GOOD])
    erased, later = rows_of(firm.client)
    assert (erased["row"], erased["salt"], erased["leaf"]) == (None, None, rows[0]["leaf"])
    assert later["row"]["reason"] == "erased"
    assert len(checked(logged, [erased, later])) == 2


def test_the_command_line_checks_and_lists_for_firm_and_bank(logged):
    firm = logged.fresh()
    logged.issue(firm)
    made = logged.credence("subject", "register", "--name", "cli-firm", "--code", credit_code(firm, SEED))
    assert made.returncode == 0, made.stderr
    key = logged.credence("consent", "spend-key", "--as", "demo-bank").stdout.strip()
    options = ["--question", GOOD, "--bank", "Demo bank", "--spend-key", key, "--as", "cli-firm", "--yes"]
    granted = logged.credence("consent", "grant", *options)
    assert granted.returncode == 0, granted.stderr
    consent = granted.stdout.strip()
    asked = logged.credence("verify", GOOD, "--consent", consent, "--as", "demo-bank", "--operator", "night shift")
    assert asked.returncode == 0, asked.stderr
    anchored(logged.client("cli-firm"), consent)
    done = logged.credence("access", "list", "--as", "cli-firm", "--json")
    assert done.returncode == 0, done.stderr
    assert "Demo bank (night shift, by a program)  loan_application" in done.stderr
    assert "1 checked against the chain" in done.stderr
    assert printed(done)["uses_without_row"] == []
    banks = logged.credence("access", "list", "--as", "demo-bank")
    assert banks.returncode == 0, banks.stderr
    assert "night shift" in banks.stderr
