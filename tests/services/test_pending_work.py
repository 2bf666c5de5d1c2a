"""Everything that waits for the ledger is finished at the start or while serving, each piece on its own; and shows."""

import threading
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, select

from api.catalogue.synthetic import credit_code
from api.services.issuing.issuer import unanchored, unmarked
from api.storage.table import chain_cursor
from api.work.resumable import PendingWork
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.chain.sender import OutboxHealth
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.consent import RequestState
from ledger_node.domain.consent_order import AnswerOrder, GrantOrder
from ledger_node.domain.controller_act import MAX_DEADLINE, Rotation
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import each_person
from ledger_node.randomness import random_bytes
from tests.kit.served import SEED, altered, one_form
from tests.kit.stranger import stranger_ledger
from tests.kit.subject import Key, controllers_of, grant, new_key, signed

GOOD = one_form("tax_payment.paid_amount >= 1000000 CNY during 2025")
ANSWER_KEY = b"a" * 32
HANG_S = 240
WRITES = ("grant", "request_consent", "rotate", "request_recovery", "register_subject")
KINDS = ("grants", "consent_requests", "controller_changes", "recoveries", "registrations")


@pytest.fixture(scope="module")
def other(inside):
    return stranger_ledger(inside)


def silent(*_, **__):
    raise ChainError(Reason.LEDGER_UNAVAILABLE, "no answer")


def until(condition):
    deadline = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waiting(place):
    """Return how much waits, by kind."""
    return {one.kind: one.count for one in place.served.instance.pending.waiting if one.count}


def tries_nothing(patched):
    """Let what waits wait, until the test says so."""
    patched.setattr(PendingWork, "resume_due", lambda _: None)
    patched.setattr(PendingWork, "resume_all", lambda _: None)


class Begun:
    """One piece of each kind that is stored, and that the ledger did not take."""

    def __init__(self, place, patched):
        for method in WRITES:
            patched.setattr(Web3Ledger, method, silent)
        instance = place.served.instance
        firms = [place.begun_firms.pop() for _ in range(3)]
        self.terms = place.consent([GOOD], firm=firms[0])
        digest = self.terms.digest(place.ledger.consent_domain)
        now = place.now()
        with pytest.raises(ChainError):
            instance.consents.grant(self.terms, (Key(firms[0].keys[0]).sign(digest),), now=now)
        self.consent = digest
        asked = place.request([GOOD], firm=firms[0])
        with pytest.raises(ChainError):
            instance.consent_requests.ask(asked, ANSWER_KEY, bank=place.bank_id, now=now)
        self.request = asked.digest(address_of(ANSWER_KEY), place.ledger.consent_domain)
        self.rotated, self.recovered = firms[1].subject, firms[2].subject
        self.heirs = controllers_of([new_key()])
        made = Rotation(self.rotated, 1, self.heirs, MAX_DEADLINE)
        signatures = (Key(firms[1].keys[0]).sign(made.digest(place.ledger.subject_domain)),)
        with pytest.raises(ChainError):
            instance.rotations.rotate(made, signatures, now=now)
        with pytest.raises(ChainError):
            instance.recoveries.request(self.recovered, self.heirs)
        self.code = credit_code(place.fresh(), SEED)
        with pytest.raises(ChainError):
            instance.subjects.register(self.code, each_person([new_key().controller]), 1, now=now)
        self.parts = {
            "grants": instance.consents,
            "consent_requests": instance.consent_requests,
            "controller_changes": instance.controllers,
            "recoveries": instance.recoveries,
            "registrations": instance.subjects,
        }

    def still(self):
        """Return the kinds of which something waits in the store."""
        return [kind for kind, part in self.parts.items() if part.waiting()]

    def is_on(self, ledger):
        (record,), _ = ledger.consents([self.consent])
        return (
            record is not None
            and ledger.request_states([self.request])[0].name == "OPEN"
            and ledger.controller_entry(self.rotated, 1).commitment == self.heirs.commitment
            and ledger.recovery(self.recovered).commitment == self.heirs.commitment
        )


@pytest.fixture
def begun(inside, monkeypatch):
    inside.begun_firms = [inside.new_taxpayer() for _ in range(3)]
    with monkeypatch.context() as patched:
        tries_nothing(patched)
        return Begun(inside, patched)


def test_l3_a_start_on_a_quiet_ledger_finishes_everything_that_waits(inside, begun, caplog):
    instance = inside.served.instance
    instance.follower.catch_up()
    inside.served.end()
    with instance_store(inside) as (cursor, _):
        assert cursor == inside.ledger.head().number + 1
    caplog.clear()
    inside.served.start()
    assert begun.is_on(inside.ledger)
    assert waiting(inside) == {}
    assert inside.http().get("/readyz").json()["pending"] == []
    assert not [record for record in caplog.records if "wait" in record.getMessage()], caplog.text


class instance_store:  # noqa: N801 - reads like a function
    """Give the cursor of notifications of an instance that is stopped."""

    def __init__(self, place):
        self._store = place.store()

    def __enter__(self):
        with self._store.connect() as connection:
            return connection.execute(select(chain_cursor.c.next_block)).scalar_one(), self._store

    def __exit__(self, *_):
        self._store.dispose()


@pytest.mark.parametrize("broken", ["subjects_since", "uses_since", *WRITES])
def test_l3_a_completion_that_fails_at_the_start_holds_up_no_other_and_is_done_while_serving(
    inside, begun, monkeypatch, broken
):
    kinds = dict(zip(WRITES, KINDS, strict=True)) | {"subjects_since": "ledger_gap", "uses_since": "lost_answers"}
    inside.served.end()
    with monkeypatch.context() as patched:
        patched.setattr(Web3Ledger, broken, silent)
        inside.served.start()
        assert waiting(inside) == {kinds[broken]: 1}
        shown = inside.http().get("/readyz").json()["pending"]
        assert [(one["kind"], one["count"], one["reason"]) for one in shown if one["kind"] != "notifications"] == [
            (kinds[broken], 1, "ledger_unavailable")
        ]
    until(lambda: waiting(inside) == {})
    assert begun.is_on(inside.ledger)


def test_l3_one_poisonous_grant_holds_up_no_other_and_what_it_is_waits_in_sight(inside, monkeypatch):
    firm = inside.new_taxpayer()
    instance, key, true = inside.served.instance, Key(firm.keys[0]), Web3Ledger.grant
    terms = [inside.consent([GOOD], firm=firm) for _ in range(3)]
    ids = [one.digest(inside.ledger.consent_domain) for one in terms]
    poison = ids[1]

    def odd(self, order):
        if order.shown.id == poison:
            raise ContractRevertError("SomethingOdd", {})
        return true(self, order)

    with monkeypatch.context() as patched:
        with monkeypatch.context() as begun:
            tries_nothing(begun)
            begun.setattr(Web3Ledger, "grant", silent)
            for one, digest in zip(terms, ids, strict=True):
                with pytest.raises(ChainError):
                    instance.consents.grant(one, (key.sign(digest),), now=inside.now())
        patched.setattr(Web3Ledger, "grant", odd)
        inside.served.restart()
        records, _ = inside.ledger.consents(ids)
        assert [record is not None for record in records] == [True, False, True]
        assert inside.served.instance.consents.waiting() == [poison]
        assert waiting(inside) == {"grants": 1}
        assert gauge(inside, "credence_pending_work", kind="grants") == 1
        assert gauge(inside, "credence_pending_work", kind="recoveries") == 0
    until(lambda: inside.ledger.consents([poison])[0][0] is not None)
    until(lambda: waiting(inside) == {})
    assert gauge(inside, "credence_pending_work", kind="grants") == 0


def gauge(place, name, **labels):
    text = place.http().get("/metrics").text
    return next(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if (sample.name, sample.labels) == (name, labels)
    )


def test_l3_a_grant_that_never_will_be_is_refused_and_told_and_waits_no_more(inside, monkeypatch):
    firm = inside.new_taxpayer()
    instance, key = inside.served.instance, Key(firm.keys[0])
    terms = inside.consent([GOOD], firm=firm)
    consent = terms.digest(inside.ledger.consent_domain)
    with monkeypatch.context() as patched:
        tries_nothing(patched)
        patched.setattr(Web3Ledger, "grant", silent)
        with pytest.raises(ChainError):
            instance.consents.grant(terms, (key.sign(consent),), now=inside.now())

    def over(*_, **__):
        raise ContractRevertError("ConsentExpired", {})

    with monkeypatch.context() as patched:
        patched.setattr(Web3Ledger, "grant", over)
        until(lambda: instance.consents.waiting() == [])
    shown = inside.bank.get(f"/v1/consents/{to_hex(consent)}")
    assert (shown["state"], shown["refusal"], shown["granted_at"]) == ("refused", "consent_expired", None)
    told = {"consent": to_hex(consent), "reason": "consent_expired"}
    for party in (firm.client, inside.bank):
        assert ("consent.not_granted", told) in [(one["kind"], one["data"]) for one in party.notifications()]
    assert inside.ask(to_hex(consent), GOOD) == [("cannot_tell", "consent_expired")]
    # the same terms may be granted by asking again
    signatures = signed(consent, [key])
    assert inside.post_consent(terms, signatures=signatures)["state"] == "live"
    assert inside.ask(to_hex(consent), GOOD) == [("holds", None)]


def test_l3_it_is_not_ready_while_notifications_fail_for_ever(inside, monkeypatch):
    instance = inside.served.instance
    with monkeypatch.context() as patched:
        patched.setattr(Web3Ledger, "events_between", silent)
        inside.grant(GOOD)
        until(lambda: instance.notifications.failure is not None)
        answer = inside.http().get("/readyz")
        assert answer.status_code == 200
        (shown,) = [one for one in answer.json()["pending"] if one["kind"] == "notifications"]
        assert shown["reason"] == "ledger_unavailable"
        true = instance.readiness._limit_s
        patched.setattr(instance.readiness, "_limit_s", 0)
        patched.setattr(type(instance.head), "age_s", 0)
        patched.setattr(type(instance.senders[0]), "health", lambda _: [idle()])
        until(lambda: inside.http().get("/readyz").status_code == 503)
        answer = inside.http().get("/readyz")
        assert (answer.json()["reason"], answer.headers["Retry-After"]) == ("notifications_stuck", "1")
        assert true >= 300
    until(lambda: instance.notifications.failure is None)
    assert inside.http().get("/readyz").status_code == 200


def idle():
    return OutboxHealth(bytes(20), 0, 0)


def test_l3_a_use_of_this_run_is_no_lost_answer_of_an_earlier_one_however_late_the_ledger_is_read(
    inside, other, monkeypatch
):
    firm = inside.new_taxpayer()
    consent = grant(inside, firm, [Key(firm.keys[0])], GOOD)
    lost = inside.unanswered_use(consent)
    other.record_uses([lost])
    inside.served.end()
    with monkeypatch.context() as patched:
        patched.setattr(Web3Ledger, "uses_since", silent)
        inside.served.start()
        answer = inside.verify(consent, [GOOD], client=inside.client("demo-bank"))
    until(lambda: waiting(inside) == {})
    rows = firm.client.get("/v1/access-log")["rows"]
    seen = sorted((str(row["row"]["reason"]), row["row"]["use"]) for row in rows)
    assert seen == [("None", answer["use"]["id"]), ("answer_lost", to_hex(lost.ticket))]


def test_l3_a_request_that_is_answered_with_a_foreign_consent_does_not_stop_notifications(inside, other):
    """A bank has its request's answer key, and any relayer answers for it, with a consent that nobody here signed."""
    asked = inside.request([GOOD])
    made = inside.bank.post("/v1/consent-requests", inside.asking(asked))
    domain, steward = inside.ledger.consent_domain, random_bytes(32)
    foreign = altered(inside.consent([GOOD]), steward_key=address_of(steward))
    answer = AnswerOrder.sign(asked, inside.seed.answer_key(asked.salt), domain, consent=foreign.digest(domain))
    other.grant(GrantOrder.sign(foreign, (), steward, domain, answer=answer))
    assert inside.ledger.request_states([from_hex(made["id"], "request")]) == [RequestState.GRANTED]
    after = inside.grant(GOOD)
    until(lambda: {"consent": after} in [one["data"] for one in inside.bank.notifications()])
    assert inside.served.instance.notifications.failure is None


def test_l3_a_department_whose_batches_the_ledger_refuses_keeps_no_other_from_issuing(inside, monkeypatch):
    departments = {member.slug: member.id for member in inside.home.members()}

    def no():
        raise ChainError(Reason.LEDGER_REFUSED, "another batch stands there")

    issuers = inside.served.instance.issuers
    monkeypatch.setattr(issuers[departments["market-regulator"]], "anchor_pending", no)
    assert inside.attest("tax_payment", [(inside.fresh(), {})])["issued"] == 1


def test_l3_looking_for_what_waits_costs_what_it_is_and_reads_no_whole_table(inside):
    inside.require_file()
    instance, statements = inside.served.instance, []
    store = instance.store

    looking = threading.get_ident()

    def note(_connection, _cursor, statement, parameters, _context, _many):
        # beats of the instance read the store meanwhile, in threads of their own
        if statement.startswith("SELECT") and threading.get_ident() == looking:
            statements.append((statement, parameters))

    parts = (
        instance.subjects,
        instance.consent_requests,
        instance.consents,
        instance.controllers,
        instance.recoveries,
        instance.intervals,
        instance.removals,
    )
    with store.connect() as connection:
        event.listen(connection.engine, "before_cursor_execute", note)
        try:
            for part in parts:
                part.waiting()
            unanchored(store)
            unmarked(store)
        finally:
            event.remove(connection.engine, "before_cursor_execute", note)
        assert len(statements) == len(parts) + 2
        for statement, parameters in statements:
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                # of the removals the first one is enough
                if row.detail.startswith(("SCAN", "SEARCH")) and "key_removal" not in row.detail:
                    assert "_waiting" in row.detail, (statement, row.detail)
