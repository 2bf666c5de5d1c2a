"""The real thing: 500 firms, 50 of which grant 200 consents to 5 banks, one of which gives away all that it got."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace

import pytest

from api.lab.attack.bank_view import bank_view_of
from api.lab.attack.corpus import Corpus, fetch
from api.lab.attack.ground_truth import GroundTruth
from api.lab.attack.leak_search import DecodedBytes, decode_all, needles_of, search
from api.lab.attack.rehearsal import BANKS, RELAYERS, rehearse
from api.lab.demo.server import InstanceProcess
from ledger_node.chain.rpc import Rpc
from ledger_node.domain.hashing import keccak, sha256_digest
from tests.kit.command import printed

FIRMS, GRANTING, CONSENTS = 500, 50, 200
pytestmark = pytest.mark.timeout(1800)


@dataclass
class Attacked:
    """What the command said, and the same chain and truth for tests that look by themselves."""

    report: dict
    exit_code: int
    corpus: Corpus
    truth: GroundTruth
    codes: list
    answers: list

    @property
    def attacks(self):
        return {attack["attack"]: attack for attack in self.report["attacks"]}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacked")
    served = InstanceProcess(folder / "credence", processes=1, banks=BANKS, relayers=RELAYERS)
    try:
        made = rehearse(served, folder, firms=FIRMS, granting=GRANTING, consents=CONSENTS)
        command = [sys.executable, "-m", "api.cli.main", "attack", "--rpc-url", made.rpc_url, "--json"]
        command += ["--codes", str(made.codes), "--truth", str(made.truth)]
        command += [part for file in made.answers for part in ("--answers", str(file))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        (folder / "report.md").write_text(done.stderr, "utf-8")  # docs/attack-report.md shows such a one
        corpus = fetch(Rpc(made.rpc_url))
    finally:
        served.stop()
    return Attacked(
        printed(done),
        done.returncode,
        corpus,
        GroundTruth.from_json(json.loads(made.truth.read_text("utf-8"))),
        made.codes.read_text("utf-8").split(),
        [json.loads(file.read_text("utf-8")) for file in made.answers],
    )


@pytest.fixture(scope="module")
def needles(attacked):
    return needles_of(attacked.corpus, bank_view_of(attacked.answers), attacked.codes, attacked.truth)


def test_nothing_beats_guessing(attacked):
    broken = [attack for attack in attacked.report["attacks"] if attack["verdict"] == "BROKEN"]
    assert broken == []
    assert attacked.exit_code == 0


def test_everything_public_was_looked_at(attacked):
    seen, attacks = attacked.report["seen"], attacked.attacks
    assert (seen["credit_codes"], seen["consents"]) == (FIRMS, CONSENTS)
    assert seen["blocks"] > CONSENTS
    assert seen["storage_words"] > CONSENTS
    assert seen["proofs"] > 10
    assert attacks["values: tax_credit_rating.grade"]["items"] == FIRMS
    assert attacks["values: leaves of fields not shown"]["candidates"] > 1_000_000
    assert attacks["values: shut bits of enums"]["candidates"] > 1_000
    assert attacks["values: position on a ladder"]["candidates"] > 10_000
    assert attacks["order: position against row (batch 1, tax_payment)"]["items"] == FIRMS


def test_consents_of_many_firms_and_banks_lived_all_there_is_to_live(attacked):
    truth = attacked.truth
    assert len(truth.consents) == CONSENTS
    assert len({consent.code for consent in truth.consents.values()}) == GRANTING
    assert {consent.bank for consent in truth.consents.values()} == set(BANKS.values())
    assert len({consent.purpose for consent in truth.consents.values()}) == 4
    relayers = {event.args["relayer"] for _, event in attacked.corpus.events("ConsentGranted")}
    assert len(relayers) == 1 + len(RELAYERS)
    names = {event.name for transaction in attacked.corpus.transactions for event in transaction.events}
    assert names >= {
        *("ConsentRequested", "RequestGranted", "RequestRefused", "ConsentGranted", "ConsentPaused"),
        *("ConsentResumed", "ConsentWithdrawn", "UseRecorded", "UseRefused"),
    }


def test_every_link_between_consents_was_tried_with_enough_of_them(attacked):
    for owner in ("links: consents of one firm by", "links: bank of a consent by"):
        tried = [attack for name, attack in attacked.attacks.items() if name.startswith(owner)]
        assert len(tried) > 15
        for attack in tried:
            assert attack["verdict"] == "no better than guessing", attack
            assert attack["items"] > 20, attack
    assert attacked.attacks["links: consents of one firm by everything together"]["items"] >= CONSENTS


def test_requests_and_bounds_are_shown_and_the_report_says_so(attacked):
    for name in ("links: consent of a granted request", "links: purpose of a consent by its bounds"):
        assert attacked.attacks[name]["verdict"] == "shown by design"
        assert attacked.attacks[name]["by_design"]


def test_no_byte_of_the_chain_names_a_bank_a_subject_a_credit_code_a_purpose_or_a_question(attacked, needles):
    silent = {name: attack for name, attack in attacked.attacks.items() if name.startswith("silence: ")}
    assert set(silent) == {f"silence: {kind}" for kind in needles} | {"silence: bytes that no ABI explains"}
    for attack in silent.values():
        assert attack["candidates"] > 300, attack
        assert attack["hits"] == 0, attack
    assert len(needles["credit codes"]) > 20 * FIRMS
    assert len(needles["subject ids"]) > 10 * GRANTING


def test_every_call_and_log_is_decoded_to_its_last_byte(attacked):
    explained = list(decode_all(attacked.corpus))
    assert all(piece.place for piece in explained)
    calls = sum(len(transaction.data) for transaction in attacked.corpus.transactions)
    assert sum(len(piece.data) for piece in explained) > calls
    assert "ConsentRegistry.grant" in {piece.place for piece in explained}


def test_what_is_public_is_found_where_it_belongs(attacked, needles):
    places = {"banks": "MemberRegistry.addMember", "subject ids": "log SubjectRegistry.SubjectRegistered"}
    for kind, place in places.items():
        there = [piece for piece in decode_all(attacked.corpus) if piece.place == place]
        assert all(needles[kind].found_in(piece.data) for piece in there if kind != "banks")
        assert (
            sum(bool(needles[kind].found_in(piece.data)) for piece in there)
            == {
                "banks": len(BANKS),
                "subject ids": GRANTING,
            }[kind]
        )


def _planted(attacked):
    """Yield (kind, bytes) of each kind of thing in each kind of form."""
    truth, consent = attacked.truth, next(iter(attacked.truth.consents.values()))
    question = consent.asked[0]
    texts = {"credit codes": consent.code, "banks": consent.bank, "purposes": consent.purpose, "questions": question}
    for kind, text in texts.items():
        for data in (text.encode(), text.encode("utf-16-le"), text.encode("gb18030"), text.encode().hex().encode()):
            yield kind, data
            yield kind, keccak(data)
        yield kind, sha256_digest(text.encode())[:20]
    subject = next(iter(truth.subjects))
    for data in (subject, subject.hex().encode(), keccak(subject), sha256_digest(subject)):
        yield "subject ids", data


def test_what_is_planted_in_calldata_is_found_whatever_its_form(attacked, needles):
    grant = next(piece for piece in decode_all(attacked.corpus) if piece.place == "ConsentRegistry.grant")
    assert search([grant], needles)[0].hits == 0
    planted = list(_planted(attacked))
    assert len(planted) > 30
    for kind, data in planted:
        for place in (data + grant.data, grant.data[:41] + data + grant.data[41:], grant.data + data):
            found = {finding.attack: finding.hits for finding in search([replace(grant, data=place)], needles)}
            assert found[f"silence: {kind}"] > 0, (kind, data)


def test_a_subject_id_in_a_consent_and_a_bank_in_an_anchor_are_out_of_place(attacked, needles):
    subject, bank = next(iter(attacked.truth.subjects)), next(iter(BANKS.values())).encode()
    for piece, kind in (
        (DecodedBytes(subject, "ConsentRegistry", "log ConsentRegistry.ConsentGranted"), "subject ids"),
        (DecodedBytes(subject, "AnchorRegistry", "AnchorRegistry.anchor"), "subject ids"),
        (DecodedBytes(bank, "AnchorRegistry", "AnchorRegistry.anchor"), "banks"),
        (DecodedBytes(bank, None, None), "banks"),
    ):
        found = {finding.attack: finding.hits for finding in search([piece], needles)}
        assert found[f"silence: {kind}"] == 1
    for piece, kind in (
        (DecodedBytes(subject, "SubjectRegistry", "SubjectRegistry.register"), "subject ids"),
        (DecodedBytes(bank, "MemberRegistry", "MemberRegistry.addMember"), "banks"),
    ):
        found = {finding.attack: finding.hits for finding in search([piece], needles)}
        assert found[f"silence: {kind}"] == 0
