"""A check by an officer takes the way of a program: no more transactions of the store, and the same evidence."""

import re
import threading
from collections import Counter

import pytest
from sqlalchemy import event

from api.catalogue.datatype import schemas
from api.client.error import ApiError
from api.portal.bank.room import pages
from api.portal.shell.page import Page, PortalPlace
from api.portal.shell.visitor import Visitor
from api.services.staff.role import StaffRole
from api.sign_in.server.principal import Kind
from ledger_node import clock
from ledger_node.domain.access import AccessRow
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_text import Language
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import sign
from ledger_node.domain.staff_release import StaffAct, new_staff_document
from ledger_node.domain.ticket import UseOrder
from ledger_node.domain.ticket_slot import by_department
from tests.kit.staff import new_device

QUESTION = "tax_payment.paid_amount >= 500000 CNY during 2025"
TRIES = 3


class Desk:
    """An officer of the bank of a place whose instance runs in this process."""

    def __init__(self, place):
        self.place, self.instance, self.device = place, place.served.instance, new_device()
        self.instance.spend_seeds.hand_over(place.bank_id, place.seed)
        roles, member = frozenset({StaffRole.OFFICER}), place.bank_id
        draft = self.instance.releases.draft(member, StaffAct.ADD_STAFF, new_staff_document("王敏", roles))
        signature = sign(self.instance.releases.digest(draft), place.home.read_key("demo-bank"))
        invited = self.instance.roster.invite_by_member(
            member, "王敏", roles, number=draft.number, signature=signature, now=clock.now()
        )
        device = self.device
        self.person = self.instance.roster.enrol(invited.code, device.credential, device.passkey, is_synced=False)

    def call(self, method, path, form=None, names=None):
        route = next(one for one in pages.routes if one.method == method and one.path == path)
        page = Page(
            instance=self.instance,
            place=PortalPlace("localhost", "http://localhost:8700", self.instance.portal_settings),
            visitor=Visitor(Kind.BANK, self.place.bank_id, "", self.person, self.device.credential),
            language=Language.CHINESE,
            now=clock.now(),
            method=method,
            url_path=path,
            back="/",
            path=names or {},
            query={},
            form=form or {},
            headers={},
            cookies={},
        )
        return route.handler(page)

    def form(self, consent):
        """Return what the button of a consent's page sends, signed by the officer."""
        text = self.call("GET", "/bank/consents/{consent}", names={"consent": consent}).body.decode()
        fields = dict(re.findall(r'name="(attempt|number|not_after)" value="([^"]*)"', text))
        made = self.device.assertion(bytes.fromhex(re.search(r'"challenge": "([0-9a-f]{64})"', text).group(1)))
        signed = ("authenticator_data", "client_data_json", "signature")
        return fields | {name: getattr(made, name).hex() for name in signed}

    def body(self, consent, number):
        """Return what a program of the bank sends, with what the officer signed."""
        body = self.place.body(consent, [QUESTION], number)
        made = self.device.assertion(self.ticket(body))
        return body | {"officer": made.to_json()}

    def ticket(self, body):
        """Return the ticket of the use that a program signed."""
        held = self.instance.consents.find(from_hex(body["consent"], "consent"))
        asked = by_department([Claim.parse(text, schemas()) for text in body["claims"]], schemas())
        order = UseOrder.from_json(body["use"])
        ticket = order.ticket(
            consent=held.shown.id, bank=self.place.bank_id, purpose=held.shown.terms.purpose, asked=asked
        )
        return ticket.digest(self.instance.ledger.consent_domain)

    def check(self, consent, form=None):
        form = form or self.form(consent)
        return self.call("POST", "/bank/consents/{consent}/check", form, {"consent": consent})


@pytest.fixture(scope="module")
def desk(inside):
    return Desk(inside)


def written(instance, act):
    """Return how many transactions that write a store sees while something is done, at least: others write beside."""
    counts = Counter()
    lock = threading.Lock()

    def count(connection):
        if connection.get_execution_options().get("immediate", False):
            with lock:
                counts["begun"] += 1

    event.listen(instance.store.engine, "begin", count)
    try:
        act()
    finally:
        event.remove(instance.store.engine, "begin", count)
    return counts["begun"]


def test_a_check_through_the_portal_writes_no_more_than_through_the_api(inside, desk):
    inside.require_file()
    by_program, by_officer = inside.grant(QUESTION), inside.grant(QUESTION)
    bodies = [desk.body(by_program, number) for number in range(1, TRIES + 1)]
    program = min(
        written(desk.instance, lambda body=body: inside.bank.post("/v1/verifications", body)) for body in bodies
    )
    officer = min(written(desk.instance, lambda: desk.check(by_officer)) for _ in range(TRIES))
    assert officer <= program


def test_an_officer_gets_an_answer_with_evidence_and_the_same_click_spends_one_use(inside, desk):
    consent = inside.grant(QUESTION, "penalty_summary.count_24m < 1")
    form = desk.form(consent)
    answers = [desk.check(consent, form).headers["location"] for _ in range(3)]
    assert len(set(answers)) == 1
    assert inside.bank.get(f"/v1/consents/{consent}")["uses"] == 1
    use = answers[0].rsplit("/", 1)[1]
    text = desk.call("GET", "/bank/answers/{use}", names={"use": use}).body.decode()
    assert text.count("cr-checks__passed") == 11
    assert "2 个问题：2 是、0 否、0 无法判断" in text
    sheet = desk.call("GET", "/bank/answers/{use}/evidence", names={"use": use}).body
    assert sheet == desk.instance.evidence.of_bank(inside.bank_id, from_hex(use, "use"))


def test_two_clicks_at_the_same_time_spend_one_use(inside, desk):
    consent = inside.grant(QUESTION)
    form, found = desk.form(consent), []

    def click():
        try:
            found.append(desk.check(consent, form).headers["location"])
        except Exception as error:  # noqa: BLE001 - whatever the page says then, it spends nothing
            found.append(error)

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(isinstance(one, str) for one in found)
    assert inside.bank.get(f"/v1/consents/{consent}")["uses"] == 1


def test_a_consent_that_was_withdrawn_answers_nothing_and_spends_nothing(inside, desk):
    secret = b"w" * 32
    consent = inside.grant(QUESTION, secret=secret)
    form = desk.form(consent)
    inside.bank.post(f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)})
    assert "没有消耗次数。" in desk.check(consent, form).body.decode()


def test_a_program_of_a_bank_with_people_needs_an_officer_and_what_was_signed_is_kept(inside, desk):
    consent = inside.grant(QUESTION)
    plain = inside.body(consent, [QUESTION], 1)
    with pytest.raises(ApiError) as alone:
        inside.bank.post("/v1/verifications", plain)
    assert alone.value.reason is Reason.OFFICER_MISSING
    body = desk.body(consent, 1)
    for changes, reason in (
        ({"officer": new_device().assertion(desk.ticket(body)).to_json()}, Reason.SIGNER_NOT_CONTROLLER),
        ({"officer": desk.device.assertion(b"another ticket..................").to_json()}, Reason.CHALLENGE_MISMATCH),
        ({"use": None}, Reason.FIELD_MISSING),
    ):
        with pytest.raises(ApiError) as other:
            inside.bank.post("/v1/verifications", {name: one for name, one in (body | changes).items() if one})
        assert other.value.reason is reason
    assert inside.bank.get(f"/v1/consents/{consent}")["uses"] == 0
    use = inside.bank.post("/v1/verifications", body)["use"]["id"]
    rows = desk.instance.access.of_bank(inside.bank_id, after=None, limit=1000)
    row = AccessRow.from_json(next(one["row"] for one in rows if one["row"]["use"] == use))
    row.require_officer()
    assert row.officer.passkey == desk.device.passkey
    receipts = inside.bank.get(f"/v1/consents/{consent}/receipts")["receipts"]
    assert receipts[-1]["receipt"]["basis"]["officer"] == row.officer.to_json()
