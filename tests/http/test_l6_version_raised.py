"""L6: a type's version is raised on a running home; what was attested before stays, and stays answerable."""

import copy
import json
import shutil
import time
from importlib.resources import files

import pytest
from sqlalchemy import select

from api.catalogue import datatype
from api.catalogue.wording import default_wording
from api.client.client import ApiError
from api.storage import table
from ledger_node.chain.deployment import document_name
from ledger_node.domain.evidence.bundle import Bundle
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.json_object import from_hex
from tests.http.test_f4_two_departments import council
from tests.kit import served as served_kit
from tests.kit.inside import inside_place
from tests.kit.served import ROWS, seen, write_rows

OLD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
FINER = "tax_payment.paid_amount >= 1100000 CNY during 2025"
FEES = "tax_payment.late_fees < 1000 CNY during 2025"
NEWER_YEAR = "tax_payment.paid_amount >= 1100000 CNY during 2026"


def next_version():
    """Return the file of tax_payment in the next version: a finer ladder, and one more field."""
    kept = json.loads((files("api.catalogue") / "schemas" / "tax_payment.json").read_text("utf-8"))
    newer = copy.deepcopy(kept)
    schema = newer["schema"]
    schema["version"] = kept["schema"]["version"] + 1
    (paid,) = (field for field in schema["fields"] if field["name"] == "paid_amount")
    paid["ladder"]["kind"] = "two_digits"
    fees = {"kind": "one_digit", "from": "100", "to": "1000000"}
    schema["fields"].append(
        {
            "name": "late_fees",
            "type": "integer",
            "currency": "CNY",
            "scale": 2,
            "mode": "ladder",
            "optional": True,
            "ladder": fees,
        }
    )
    newer["columns"]["late_fees"] = {"headings": ["滞纳金（元）"], "format": "amount"}
    newer["words"]["fields"]["late_fees"] = newer["words"]["fields"]["paid_amount"]
    return json.dumps(newer).encode()


def forget():
    for known in (datatype._by_id, datatype.schemas, datatype.data_types, default_wording):
        known.cache_clear()


@pytest.fixture
def raised(monkeypatch, tmp_path):
    """Return what installs a program whose catalogue holds the next version beside the present one."""

    def install():
        schemas = tmp_path / "catalogue" / "schemas"
        shutil.copytree(files("api.catalogue") / "schemas", schemas)
        (schemas / "tax_payment.next.json").write_bytes(next_version())
        monkeypatch.setattr(datatype, "files", lambda _: schemas.parent)
        monkeypatch.setitem(served_kit.ROWS, "tax_payment", ROWS["tax_payment"] | {"滞纳金（元）": "50.00"})
        forget()

    yield install
    monkeypatch.undo()
    forget()


@pytest.fixture
def place(tmp_path):
    made = inside_place(tmp_path)
    yield made
    made.close()


def agree_on_words(place):
    """Have the council agree on the words of the present catalogue; the earlier ones stay beside them."""
    folder = place.home.path
    (folder / "wording.json").rename(folder / "wording-1.json")
    place.home.write_wording(default_wording())
    council(place, "setDocument", document_name("wording"), default_wording().digest)


def live(place):
    held = table.attestation.c
    with place.served.instance.store.connect() as connection:
        rows = connection.execute(
            select(held.digest, held.schema_id).where(held.schema == "tax_payment", held.live == 1)
        )
        return {row.digest: row.schema_id for row in rows}


def attest(place, firm, *, correct=False, **cells):
    file = write_rows(place.folder / "rows.csv", "tax_payment", [(firm, cells)])
    job = place.tax.upload(file, "tax_payment", correct=correct)
    while (state := place.tax.job(job))["state"] in {"receiving", "queued", "running"}:
        time.sleep(0.02)
    return state


def test_l6_a_version_is_raised_on_a_running_home(place, raised):
    firm, other = place.new_firm(), place.new_taxpayer()
    first, before = datatype.schemas()["tax_payment"], live(place)
    raised()
    agree_on_words(place)
    place.served.restart()
    second = datatype.schemas()["tax_payment"]
    assert (first.version + 1, first.id in datatype.schemas().ids) == (second.version, True)

    # until the council allows it nothing is issued by the new version, and nothing superseded
    with pytest.raises(ApiError) as refused:
        attest(place, firm.number)
    assert (refused.value.status, refused.value.reason.value) == (403, "issuer_not_allowed")
    assert f"version {second.version}" in refused.value.message
    assert "council" in refused.value.message
    assert live(place) == before
    asked = [OLD, FINER, FEES]
    expected = [("holds", None), ("cannot_tell", "schema_version_differs"), ("cannot_tell", "schema_version_differs")]
    consent = place.grant(*asked, firm=firm)
    assert place.ask(consent, *asked) == expected

    tax = from_hex(place.tax.get("/v1/me")["id"], "tax")
    council(place, "register", second.id, "tax_payment")
    council(place, "allowIssuer", second.id, tax)

    # both versions of one firm in one answer
    assert attest(place, firm.number, 所属年度="2026", 最近缴款日期="2026-03-15")["issued"] == 1
    assert sorted(live(place).values()) == sorted([*before.values(), second.id])
    both = f"all({OLD}; {NEWER_YEAR})"
    consent = place.grant(both, OLD, NEWER_YEAR, firm=firm)
    answer = place.verify(consent, [both, OLD, NEWER_YEAR])
    assert seen(answer) == [("holds", None)] * 3
    data = place.bank.evidence(answer["use"]["id"])
    report = examine(data, place.ledger.trust()).require()
    assert [one.outcome.value for one in report.verdicts] == ["holds"] * 3
    named = [(schema.name, schema.version) for schema in Bundle.decode(data).schemas.listed]
    assert named == [("subject_registration", 2), ("tax_payment", first.version), ("tax_payment", second.version)]

    # the same rows again are another content in the new version: they supersede what they are about, if sent so
    refused = attest(place, firm.number)
    assert (refused["issued"], refused["rejected"]) == (0, 1)
    (line,) = place.tax.results(refused["job"])
    assert (line["reason"], "another version" in line["message"]) == ("correction_needed", True)
    assert attest(place, firm.number, correct=True)["issued"] == 1
    after = live(place)
    assert list(after.values()).count(first.id) == len(before) - 1
    assert place.ask(place.grant(*asked, firm=firm), *asked) == [("holds", None)] * 3
    assert place.ask(place.grant(OLD, FINER, firm=other), OLD, FINER) == expected[:2]
    assert attest(place, firm.number)["unchanged"] == 1
