"""F1: two kinds of tax of one firm and year in one file, each answered by its name."""

import pytest
from sqlalchemy import select

from api.catalogue.synthetic import credit_code
from api.client.answer_check import check_answer
from api.client.client import ApiError
from api.storage import table
from api.vault.cipher import KeyEncryptionKey
from ledger_node.domain.commitment import PlainOpening
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence.bundle import Bundle
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.proof import Outcome
from ledger_node.domain.verification import Policy
from tests.kit.served import SEED, one_form

VAT, INCOME, TOTAL = {"税种代码": "10101"}, {"税种代码": "10104", "实缴税额（元）": "200000.00"}, {"税种代码": "total"}
ASKED = {
    "tax_payment[tax_kind=10101].paid_amount >= 1000000 CNY during 2025": ("holds", None),
    "tax_payment[tax_kind=10104].paid_amount >= 1000000 CNY during 2025": ("does_not_hold", None),
    "tax_payment[tax_kind=10104].paid_amount >= 100000 CNY": ("holds", None),
    "tax_payment[tax_kind=total].paid_amount >= 1000000 CNY during 2025": ("cannot_tell", "no_attestation"),
    "tax_payment.paid_amount >= 1000000 CNY during 2025": ("cannot_tell", "kind_not_named"),
    "tax_payment.months_paid_on_time_12m >= 12 months": ("cannot_tell", "kind_not_named"),
}


@pytest.fixture(scope="module")
def firm(place):
    number = place.fresh()
    job = place.attest("tax_payment", [(number, VAT), (number, INCOME)], "kinds")
    assert (job["issued"], job["rejected"], job["unchanged"]) == (2, 0, 0)
    return place.register(number)


@pytest.fixture(scope="module")
def answer(place, firm):
    return place.verify(place.grant(*ASKED, firm=firm), list(ASKED))


def live(place, firm):
    """Return (kind index, digest) of what is live of the firm's tax payments."""
    held = table.attestation.c
    index = _indices(place, firm)
    query = select(held.kind_index, held.digest, held.row_tag).where(held.subject_index == index, held.live == 1)
    store = place.store()
    try:
        with store.connect() as connection:
            return {row.kind_index: row.digest for row in connection.execute(query.where(held.schema == "tax_payment"))}
    finally:
        store.dispose()


def _indices(place, firm):
    kek = KeyEncryptionKey(place.home.read_key("tax-bureau.vault"))
    return kek.blind_index(credit_code(firm.number, SEED))


@pytest.mark.parametrize("number", range(len(ASKED)), ids=list(ASKED))
def test_f1_both_kinds_are_answered_by_name_and_neither_without(answer, number):
    claim = answer["presentation"]["claims"][number]
    assert (claim["verdict"], claim["reason"]) == list(ASKED.values())[number]


def test_f1_the_store_does_not_say_which_kinds_a_firm_has(place, firm):
    kinds = live(place, firm)
    assert len(kinds) == 2
    assert bytes(32) not in kinds
    other = place.new_taxpayer()
    assert not set(live(place, other)) & set(kinds)


def test_f1_an_answer_shows_the_kinds_that_were_named_and_checks_everywhere(place, answer):
    verdicts = check_answer(answer, place.ledger, grantee=place.bank_id, policy=Policy())
    assert [(one.outcome, one.reason) for one in verdicts] == list(ASKED.values())
    data = place.bank.evidence(answer["use"]["id"])
    report = examine(data, place.ledger.trust()).require()
    assert [one.outcome for one in report.verdicts] == [Outcome(verdict) for verdict, _ in ASKED.values()]
    shown = Bundle.decode(data).presentation.claims
    assert [[proof.opening for proof in part.per] for part in shown[1].parts] == [[PlainOpening("10104")]]


def test_f1_a_correction_supersedes_the_attestation_of_its_kind_alone(place):
    number = place.fresh()
    place.attest("tax_payment", [(number, VAT), (number, INCOME)], "before")
    firm = place.register(number)
    before = live(place, firm)
    later = {**INCOME, "实缴税额（元）": "3000000.00"}
    assert place.attest("tax_payment", [(number, VAT), (number, later)], "after", correct=True)["issued"] == 1
    after = live(place, firm)
    assert set(after) == set(before)
    assert len(set(after.values()) & set(before.values())) == 1
    named = "tax_payment[tax_kind=10104].paid_amount >= 1000000 CNY"
    assert place.ask(place.grant(named, firm=firm), named) == [("holds", None)]


def test_f1_the_declared_total_is_a_kind_of_its_own(place):
    number = place.fresh()
    assert place.attest("tax_payment", [(number, VAT), (number, TOTAL)], "total")["issued"] == 2
    firm = place.register(number)
    named = "tax_payment[tax_kind=total].paid_amount >= 1000000 CNY"
    assert place.ask(place.grant(named, firm=firm), named) == [("holds", None)]


def test_f1_the_only_kind_that_is_attested_needs_no_name(place):
    firm = place.new_taxpayer()
    asked = ["tax_payment.paid_amount >= 1000000 CNY during 2025", "tax_payment[tax_kind=10104].paid_amount < 1000 CNY"]
    assert place.ask(place.grant(*asked, firm=firm), *asked) == [("holds", None), ("cannot_tell", "no_attestation")]


def test_f1_consent_to_one_kind_is_none_to_another(place, firm):
    named, other = (
        "tax_payment[tax_kind=10101].paid_amount >= 1000 CNY",
        "tax_payment[tax_kind=10104].paid_amount >= 1000 CNY",
    )
    consent = place.grant(named, firm=firm)
    assert place.ask(consent, named, other) == [("holds", None), ("cannot_tell", "question_not_consented")]


def test_f1_one_row_of_a_kind_twice_is_still_a_repetition(place):
    number = place.fresh()
    job = place.attest("tax_payment", [(number, VAT), (number, VAT), (number, INCOME)], "twice")
    assert job["rejected"] >= 1
    assert job["issued"] >= 1


@pytest.mark.parametrize("named", ["tax_kind=10101, paid_on=x", "kind=10101", "tax_kind=", "issuer=tax-bureau"])
def test_f1_a_question_that_names_nothing_there_is_refused_and_costs_nothing(place, named):
    question, wrong = "tax_payment.paid_amount >= 1000 CNY", f"tax_payment[{named}].paid_amount >= 1000 CNY"
    consent, reasons = place.grant(question), {"question_malformed", "value_malformed"}
    # the bank's client signs no use for it, and the instance answers none that was signed for something else
    with pytest.raises(InvalidInputError) as unsigned:
        place.verify(consent, [wrong])
    assert unsigned.value.reason in reasons
    with pytest.raises(ApiError) as refused:
        place.bank.post("/v1/verifications", place.body(consent, [question]) | {"claims": [wrong]})
    assert (refused.value.status, refused.value.reason) == (422, unsigned.value.reason)
    records, _ = place.ledger.consents([bytes.fromhex(consent[2:])])
    assert records[0].uses == 0
    assert one_form("tax_payment[ tax_kind = 10101 ].paid_amount>=1000 CNY").startswith("tax_payment[tax_kind=10101].")
