"""F4: each type is attested to by who answers for it; of several departments that may, one is named."""

import time

import pytest
from sqlalchemy import func, select

from api.catalogue.datatype import schemas
from api.client.client import ApiError
from api.storage import table
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.json_object import to_hex
from tests.kit.inside import inside_place
from tests.kit.served import seen, write_rows

CLEAN = "penalty_summary.count_24m < 1"
PENALTY = {"近24个月处罚次数": "3", "最近处罚月份": "2026-08"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = inside_place(tmp_path_factory.mktemp("departments"))
    yield made
    made.close()


def council(place, function, *arguments):
    """Have the council call the SchemaRegistry."""
    book = place.home.address_book()
    governor = Sender(Rpc(place.served.node()["url"]), book.chain_id, place.home.read_key("governor"))
    call = (to_hex(book.contracts["SchemaRegistry"]), artifact("SchemaRegistry").encode(function, *arguments))
    governor.send(book.contracts["Council"], artifact("Council").encode("proposeAndExecute", [call]), gas=16_000_000)


def schema_id(name):
    return schemas()[name].id


def member(place, name):
    return next(bytes.fromhex(one["id"][2:]) for one in place.bank.get("/v1/members")["members"] if one["name"] == name)


def stored(place):
    """Return how many jobs, chunks, data keys and attestations there are."""
    counted = [table.job, table.job_chunk, table.attestation, table.batch]
    with place.served.instance.store.connect() as connection:
        return [connection.execute(select(func.count()).select_from(one)).scalar_one() for one in counted]


def upload(client, place, schema, firm, cells):
    job = client.upload(write_rows(place.folder / "rows.csv", schema, [(firm, cells)]), schema)
    while (state := client.job(job))["state"] in {"receiving", "queued", "running"}:
        time.sleep(0.02)
    return state


@pytest.fixture(scope="module")
def tax(place):
    return member(place, "Demo tax bureau")


@pytest.fixture(scope="module")
def regulator(place):
    return member(place, "Demo market regulation bureau")


def test_f4_founding_allows_each_type_to_who_answers_for_it(place, tax, regulator):
    issuers = place.ledger.issuers()
    expected = {
        "tax_payment": {tax},
        "tax_credit_rating": {tax},
        "penalty_summary": {regulator},
        "subject_registration": {regulator},
    }
    assert {name: issuers[schema_id(name)] for name in expected} == expected


def test_f4_a_department_that_may_not_attest_to_a_type_is_refused_before_anything_is_stored(place):
    before = stored(place)
    for client, schema in ((place.tax, "penalty_summary"), (place.regulator, "tax_payment")):
        file = write_rows(place.folder / "wrong.csv", schema, [(place.fresh(), {})])
        with pytest.raises(ApiError) as refused:
            client.upload(file, schema)
        assert (refused.value.status, refused.value.reason.value) == (403, "issuer_not_allowed")
        assert "council" in refused.value.message
    assert stored(place) == before


def test_f4_of_two_departments_that_may_attest_one_is_named(place, tax, regulator):
    firm = place.new_firm()
    by_law = place.grant(CLEAN, firm=firm)
    assert place.ask(by_law, CLEAN) == [("holds", None)]
    council(place, "allowIssuer", schema_id("penalty_summary"), tax)
    try:
        # what the other one attests to later is not the rightful one's answer
        assert upload(place.tax, place, "penalty_summary", firm.number, PENALTY)["issued"] == 1
        unnamed = place.verify(by_law, [CLEAN])
        assert seen(unnamed) == [("cannot_tell", "department_not_named")]
        assert (unnamed["use"], unnamed["evidence"]) == (None, None)
        (record,), _ = place.ledger.consents([bytes.fromhex(by_law[2:])])
        assert record.uses == 1
        named = {who: f"penalty_summary[issuer={to_hex(who)}].count_24m < 1" for who in (tax, regulator)}
        consent = place.grant(CLEAN, *named.values(), firm=firm)
        answer = place.verify(consent, [CLEAN, named[regulator], named[tax]])
        assert seen(answer) == [("cannot_tell", "department_not_named"), ("holds", None), ("does_not_hold", None)]
        report = examine(place.bank.evidence(answer["use"]["id"]), place.ledger.trust()).require()
        assert [one.outcome.value for one in report.verdicts] == ["cannot_tell", "holds", "does_not_hold"]
        for who, expected in ((regulator, "holds"), (tax, "does_not_hold")):
            assert place.ask(place.grant(CLEAN, firm=firm, departments=(who,)), CLEAN) == [(expected, None)]
        both = place.grant(CLEAN, firm=firm, departments=(tax, regulator))
        assert place.ask(both, CLEAN) == [("cannot_tell", "department_not_named")]
    finally:
        council(place, "disallowIssuer", schema_id("penalty_summary"), tax)
    assert place.ask(place.grant(CLEAN, firm=firm), CLEAN) == [("holds", None)]


def test_f4_a_question_names_a_department_of_the_consortium_that_the_consent_covers(place, tax, regulator):
    stranger = f"penalty_summary[issuer=0x{'ab' * 32}].count_24m < 1"
    by_tax = f"penalty_summary[issuer={to_hex(tax)}].count_24m < 1"
    for question, departments, reason in (
        (stranger, (), "member_unknown"),
        (by_tax, (regulator,), "consent_other_department"),
    ):
        with pytest.raises(ApiError) as refused:
            place.grant(question, departments=departments)
        assert (refused.value.status, refused.value.reason.value) == (422, reason)


def test_f4_a_right_that_ends_while_an_upload_waits_ends_the_upload(place, tax):
    schema = schema_id("tax_credit_rating")
    firm = place.new_firm()
    instance, before = place.served.instance, stored(place)[2:]
    file = write_rows(place.folder / "waits.csv", "tax_credit_rating", [(firm.number, {"信用级别": "A"})])
    time.sleep(1.1)  # block times are seconds, and a right ends with the second that it is ended in
    with instance.store.locks.lock("issuer", tax):
        job = place.tax.upload(file, "tax_credit_rating")
        council(place, "disallowIssuer", schema, tax)
    while (state := place.tax.job(job))["state"] in {"receiving", "queued", "running"}:
        time.sleep(0.02)
    assert (state["state"], state["reason"], state["issued"]) == ("failed", "issuer_not_allowed", 0)
    # what was attested while it might be stands
    assert stored(place)[2:] == before
    good = "tax_credit_rating.grade in {B}"
    assert place.ask(place.grant(good, firm=firm), good) == [("holds", None)]


def test_f4_nobody_is_registered_while_the_registrar_may_not_attest(place, regulator):
    schema, store = schema_id("subject_registration"), place.served.instance.store
    count = select(func.count()).select_from(table.subject)
    council(place, "disallowIssuer", schema, regulator)
    with store.connect() as connection:
        before = connection.execute(count).scalar_one()
    with pytest.raises(ApiError) as refused:
        place.register(place.fresh())
    assert (refused.value.status, refused.value.reason.value) == (403, "issuer_not_allowed")
    with store.connect() as connection:
        assert connection.execute(count).scalar_one() == before
