"""D2 and the night: an instance is backed up, goes on, erases, dies, and is restored from old and new copies."""

import json
import re
import shutil
import sqlite3
import time
from types import SimpleNamespace

import pytest

from api.backup.restore import next_generation
from api.catalogue.datatype import data_types
from api.catalogue.synthetic import credit_code
from api.client.access import check_rows
from api.client.client import ApiError
from api.ingestion.reader import Format, read_rows
from api.services.issuing.repeated_rows import row_bytes
from api.vault.key_copy import MAC_LABEL, read_key_copy
from ledger_node import clock
from ledger_node.domain.batch import ATTESTATIONS
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.schema import day_in_china
from ledger_node.domain.signature import address_of
from ledger_node.domain.status import StatusReason
from ledger_node.node.embedded import Engine, Genesis
from ledger_node.randomness import random_bytes
from tests.kit.attacker import Attacker
from tests.kit.backup import GOOD, Life, decrypted, inside, rows_of
from tests.kit.served import PENALISED, ROWS, SEED, seen, write_rows
from tests.kit.subject import Key, controllers_of, new_key, rotate

AMOUNT = "7,654,321.09"
KEY = '"of-the-victim"'


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    made = Life(tmp_path_factory.mktemp("night"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def night(life):
    """Everything that happens before the machine is gone.

    ``victim``: a firm that both departments erase between the backups ``old`` and ``new``. ``late``: one that comes
    between them. ``shop``: one that nothing happens to.
    """
    place = life.place
    made = SimpleNamespace(life=life, place=place, secret=random_bytes(32))
    made.shop_consent = place.grant(GOOD, uses=3)
    made.shop_answer = place.verify(made.shop_consent, [GOOD])
    made.shop_evidence = place.bank.evidence(made.shop_answer["use"]["id"])
    made.shop_receipts = place.bank.receipts(made.shop_consent)
    made.victim = place.fresh()
    for schema in ROWS:
        place.attest(schema, [(made.victim, {"实缴税额（元）": AMOUNT} if schema == "tax_payment" else {})])
    made.victim_firm = place.register(made.victim)
    made.victim_consent = place.grant(GOOD, firm=made.victim_firm, uses=3)
    made.call = place.body(made.victim_consent, [GOOD])
    answered = post(place, made.call)
    assert answered.status_code == 200
    made.victim_use = answered.json()["use"]["id"]
    made.heads = {member.slug: place.ledger.stream_head(member.id, ATTESTATIONS) for member in place.home.members()}
    made.old = life.backup("old.age")
    made.old_keys = shutil.copy(life.copy, life.folder / "old-keys.copy")
    made.late = place.new_taxpayer()
    made.late_terms = place.consent([GOOD], firm=made.late, secret=made.secret)
    made.late_consent = place.post_consent(made.late_terms, made.late.keys)["id"]
    place.verify(made.late_consent, [GOOD])
    place.bank.post("/v1/consent-requests", place.asking(place.request([GOOD])))
    rotate(place, place.shop, [Key(key) for key in place.shop.keys], controllers_of([new_key()]))
    # corrected after the backup, which makes what the backup holds superseded
    place.attest("penalty_summary", [(0, PENALISED)], correct=True)
    for client in (place.tax, place.regulator):
        client.post("/v1/erasures", {"credit_code": credit_code(made.victim, SEED)})
    made.new = life.backup("new.age")
    life.kill()
    made.chain = place.home.chain
    return made


def post(place, body, key=KEY):
    return place.http("demo-bank").post("/v1/verifications", json=body, headers={"Idempotency-Key": key})


def refusal(call):
    with pytest.raises(ApiError) as refused:
        call()
    return refused.value.status, refused.value.reason.value


def require_erased(night, place):
    """The victim is erased, by every way that leads to what was attested."""
    assert place.ask(night.victim_consent, GOOD) == [("cannot_tell", "erased")]
    assert refusal(lambda: place.bank.evidence(night.victim_use)) == (410, "erased")
    kept = post(place, night.call)
    assert (kept.status_code, kept.json()["reason"]) == (410, "idempotency_answer_erased")
    _, rows = place.bank.access_rows()
    of_victim = [row for row in rows if (row["row"] or {}).get("use") == night.victim_use]
    assert of_victim == []
    for client in (place.tax, place.regulator):
        code = credit_code(night.victim, SEED)
        assert refusal(lambda client=client, code=code: client.post("/v1/erasures", {"credit_code": code})) == (
            404,
            "not_found",
        )


def work_on(place):
    """Upload, register, grant, verify, withdraw and erase; the firm's rows are in the log and check."""
    firm = place.new_taxpayer()
    secret = random_bytes(32)
    consent = place.grant(GOOD, firm=firm, secret=secret)
    assert place.ask(consent, GOOD) == [("holds", None)]
    place.bank.post(f"/v1/consents/{consent}/withdrawal", {"secret": to_hex(secret)})
    assert place.ask(consent, GOOD) == [("cannot_tell", "consent_withdrawn")]
    place.tax.post("/v1/erasures", {"credit_code": credit_code(firm.number, SEED)})
    again = place.grant(GOOD, firm=firm)
    assert place.ask(again, GOOD) == [("cannot_tell", "erased")]


def anchored_rows(place, consent):
    """Return the rows of a consent that are anchored and check against the chain."""
    keeper, rows = place.bank.access_rows()
    mine = [row for row in rows if row["row"] and row["row"]["consent"] == consent and row["place"]]
    check_rows(mine, place.ledger, keeper=from_hex(keeper, "keeper"), is_mine=lambda _: True)
    return mine


def test_the_newest_backup_restores_to_the_same_answers_and_the_instance_goes_on(night):
    home, said = night.life.restore(night.new, "from-new", "--chain", night.chain)
    assert f"next: credence serve --home {home}" in " ".join(said.split())
    place = night.life.serve(home)
    events = place.ledger.events_between(0, place.ledger.head().number)
    assert [event.reason for event in events if getattr(event, "reason", 0)] == [StatusReason.ERASED] * 2
    assert place.bank.receipts(night.shop_consent) == night.shop_receipts
    assert seen(place.verify(night.shop_consent, [GOOD])) == [("holds", None)]
    assert place.bank.evidence(night.shop_answer["use"]["id"]) == night.shop_evidence
    assert anchored_rows(place, night.shop_consent)
    assert place.ask(night.late_consent, GOOD) == [("holds", None)]
    require_erased(night, place)
    work_on(place)
    # the log of accesses is anchored every second, so it alone went on behind the backup
    assert not re.search("- (batches|consents|registrations|attestations|keys)", place.served.words())
    place.served.stop()


def test_d2_an_old_backup_over_the_chain_that_went_on_says_what_it_lacks_and_goes_on_behind_it(night):
    home, said = night.life.restore(night.old, "from-old", "--chain", night.chain)
    assert "keys that the store names and the copy lacks: 5; what they sealed is erased" in " ".join(said.split())
    place = night.life.serve(home)
    words = place.served.words()
    assert "the store is older than the ledger" in words
    assert "- batches of Demo tax bureau: 1, up to number" in words
    assert "- batches of Demo market regulation bureau: 2, up to number" in words
    assert "- consents: 1; whoever has the signed terms sends them again" in words
    assert "- registrations of firms: 1;" in words
    assert "- uses of consents: 1;" in words
    assert "- requests for consents: 1;" in words
    assert "- changes of who controls a firm: 1;" in words
    assert "- attestations that the ledger holds superseded or revoked: 1; their rows are sent again" in words
    require_erased(night, place)
    # what came after the copy is unknown until whoever has it sends it again
    assert place.ask(night.late_consent, GOOD) == [("cannot_tell", "consent_unknown")]
    assert place.attest("tax_payment", [(night.late.number, {})])["issued"] == 1
    assert place.attest("penalty_summary", [(0, PENALISED)], correct=True)["issued"] == 1
    assert place.bank.evidence(night.shop_answer["use"]["id"]) == night.shop_evidence
    work_on(place)
    # nothing that was anchored was written over: every number that the ledger had then still has its root
    for member in place.home.members():
        head = night.heads[member.slug]
        if head.number:
            anchor, _ = place.ledger.find_anchor(member.id, ATTESTATIONS, head.number)
            assert anchor.root == head.last_root
    place.served.stop()


def test_d2_an_old_backup_with_its_own_chain_stays_erased(night):
    home, _ = night.life.restore(night.old, "alone")
    place = night.life.serve(home)
    assert seen(place.verify(night.shop_consent, [GOOD])) == [("holds", None)]
    require_erased(night, place)
    work_on(place)
    place.served.stop()


def test_l1_d2_with_an_old_copy_of_the_keys_what_the_ledger_calls_erased_waits_for_the_operator(night):
    """The operator broke the rule and kept an old copy: nothing is told of what is erased, and nothing is deleted yet.

    The old copy has no tombstones, so the ledger's word is all that there is, and a thief could have given it.
    """
    home, _ = night.life.restore(night.old, "old-keys", "--chain", night.chain, keys=night.old_keys)
    place = night.life.serve(home)
    assert "- keys that only the ledger calls erased: " in place.served.words()
    assert place.ask(night.victim_consent, GOOD) == [("cannot_tell", "quarantined")]
    assert refusal(lambda: place.bank.evidence(night.victim_use)) == (409, "quarantined")
    assert post(place, night.call).json()["reason"] == "idempotency_answer_erased"
    assert wait_for_quarantines(place, 2) == "ready"
    for number in (1, 2):
        assert place.credence("store", "quarantine", "confirm", str(number)).returncode == 0
    assert wait_for_quarantines(place, 0) == "ready"
    wait_until(lambda: place.ask(night.victim_consent, GOOD) == [("cannot_tell", "erased")])
    require_erased(night, place)
    place.served.stop()
    assert attacker(night, [home / "keys.sqlite3"]).attestations_of(credit_code(night.victim, SEED))
    assert not proven(night, [home / "keys.sqlite3"])


def wait_until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def wait_for_quarantines(place, count):
    """Wait until the instance says that so many changes wait for the operator, and return whether it is ready."""
    wait_until(lambda: place.bank.get("/readyz")["quarantines"] == count)
    return place.bank.get("/readyz")["status"]


def attacker(night, ledgers):
    return Attacker(night.life, [night.old, night.new], ledgers)


def proven(night, ledgers):
    """Return the types that an attacker proves of the victim."""
    thief = attacker(night, ledgers)
    code = credit_code(night.victim, SEED)
    return [row["schema"] for row in thief.attestations_of(code) if thief.proves(row, code, None)]


def test_d2_true_record_chain_passphrase_and_all_old_backups_prove_nothing_of_what_is_erased(night):
    thief = attacker(night, [night.place.home.key_ledger])
    code = credit_code(night.victim, SEED)
    rows = thief.attestations_of(code)
    assert {row["schema"] for row in rows} == {*ROWS, "subject_registration"}
    # the commitment stands on the chain for ever, and nobody can show what it says
    for row in rows:
        assert not thief.proves(row, code, None)
        assert not thief.confirms_by_tag(row, true_rows(night, row["schema"]))
    assert [thief.opens_evidence(row) for row in evidence_of(thief, night.victim_use)] == [None, None]
    true_rows(night, "tax_payment")
    assert not thief.confirms_upload((night.life.folder / "true.csv").read_bytes())
    # the answer that was kept is in the old backup alone; the erasure deleted it
    assert victims_answers(night, thief) == [None]


def test_d2_control_without_the_erasure_the_same_attacker_succeeds(night):
    thief = attacker(night, [night.place.home.key_ledger])
    code = credit_code(0, SEED)
    assert {row["schema"] for row in thief.attestations_of(code) if thief.proves(row, code, None)} >= set(ROWS)
    found = [thief.opens_evidence(row) for row in evidence_of(thief, night.shop_answer["use"]["id"])]
    assert found == [night.shop_evidence] * 2
    # and of the victim itself, with the keys of before the erasure
    old = night.life.folder / "old-keys.sqlite3"
    copied = read_key_copy(night.old_keys, night.place.home.derived_key(MAC_LABEL))
    with sqlite3.connect(old) as ledger:
        ledger.execute("CREATE TABLE data_key (id, wrapped)")
        ledger.executemany("INSERT INTO data_key VALUES (?, ?)", [row[:2] for row in copied.rows()])
    ledger.close()
    assert set(proven(night, [old])) >= set(ROWS)
    before = attacker(night, [old])
    code = credit_code(night.victim, SEED)
    tagged = [row for row in before.attestations_of(code) if row["schema"] == "tax_payment"]
    assert all(before.confirms_by_tag(row, true_rows(night, "tax_payment")) for row in tagged)
    assert AMOUNT.replace(",", "") not in (victims_answers(night, before)[0] or b"").decode()
    assert b"holds" in victims_answers(night, before)[0]


def evidence_of(thief, use):
    return [row for row in thief.rows("evidence") if row["use"] == from_hex(use, "use")]


def true_rows(night, schema):
    """Return the true record as it was uploaded, as bytes that a tag would be made of."""
    if schema not in ROWS:
        return []
    cells = {"实缴税额（元）": AMOUNT} if schema == "tax_payment" else {}
    file = write_rows(night.life.folder / "true.csv", schema, [(night.victim, cells)])
    rows = read_rows(
        data_types()[schema], Format.CSV, lambda: iter([file.read_bytes()]), today=day_in_china(clock.now())
    )
    return [row_bytes(row) for row in rows]


def victims_answers(night, thief):
    subject = night.victim_firm.subject
    return [
        thief.opens_answer(row) for row in thief.rows("idempotent_call") if row["subject"] == subject and row["sealed"]
    ]


def test_d1_a_backup_shows_no_value_credit_code_or_key_not_even_to_who_decrypts_it(night):
    needles = [credit_code(firm, SEED).encode() for firm in (0, night.victim, night.late.number)] + [
        b"7654321",
        b"7,654,321.09",
        night.life.passphrase.read_bytes().strip(),
    ]
    home = night.place.home
    jwk = json.loads((home.path / "keys" / "demo-bank.jwk").read_text())["d"].encode()
    keystores = [bytes(home.read_key(path.stem)) for path in (home.path / "keys").glob("*.json")]
    needles += [jwk, *keystores, *(key.hex().encode() for key in keystores)]
    for backup in (night.old, night.new):
        sealed = backup.read_bytes()
        opened = decrypted(night.life, backup)
        for needle in needles:
            assert needle not in sealed
            assert not any(needle in content for content in opened.values()), needle[:4]
        # nor a wrapped key: those lie in the key ledger alone
        with sqlite3.connect(home.key_ledger) as ledger:
            wrapped = [bytes(row[0]) for row in ledger.execute("SELECT wrapped FROM data_key")]
        ledger.close()
        assert wrapped
        assert not any(one in content for one in wrapped for content in opened.values())
        assert rows_of(opened, "attestation")
        assert "passphrase" not in " ".join(opened)


def test_restoring_refuses_what_it_cannot_use_in_one_line_with_a_reason(night, tmp_path):
    life = night.life
    whole = night.old.read_bytes()
    cut, altered, text = tmp_path / "cut", tmp_path / "altered", tmp_path / "text"
    cut.write_bytes(whole[:-100])
    altered.write_bytes(whole[:-5000] + bytes([whole[-5000] ^ 1]) + whole[-4999:])
    text.write_text("no backup")
    other, wrong = tmp_path / "other-identity", tmp_path / "wrong-passphrase"
    inside("backup-identity", "--out", other)
    wrong.touch(mode=0o600)
    wrong.write_text("ab" * 32)
    none = tmp_path / "none"
    cases = [
        ("backup_malformed", cut, {}),
        ("backup_malformed", altered, {}),
        ("backup_malformed", text, {}),
        ("backup_other_recipient", night.old, {"--identity": other}),
        ("passphrase_wrong", night.old, {"--passphrase-file": wrong}),
        ("key_copy_malformed", night.old, {"--keys": text}),
        ("key_copy_outdated", night.new, {"--keys": night.old_keys}),
        ("chain_other_network", night.old, {"--chain": foreign_chain(tmp_path)}),
        ("configuration", none, {}),
        ("configuration", night.old, {"--home": tmp_path}),
        ("configuration", night.old, {"--identity": wrong}),
        ("configuration", night.old, {"--keys": none}),
        ("configuration", night.old, {"--chain": none}),
    ]
    usual = {"--keys": life.copy, "--identity": life.identity, "--passphrase-file": life.passphrase}
    for reason, backup, changes in cases:
        options = {**usual, "--home": tmp_path / "never", **changes}
        code, said = inside("restore", backup, *(word for pair in options.items() for word in pair))
        assert (code, said.partition(":")[0]) == (2 if reason == "configuration" else 4, f"refused {reason}"), said
        assert len(said.splitlines()) == 1
        assert not (tmp_path / "never").exists()
        assert not (tmp_path / "never.partial").exists()


def test_an_older_copy_of_the_keys_is_taken_where_it_is_said_so_and_what_it_lacks_is_told(night):
    home, said = night.life.restore(night.new, "despite", "--old-keys", keys=night.old_keys)
    assert "keys that the store names and the copy lacks: " in " ".join(said.split())
    with sqlite3.connect(home / "store.sqlite3") as store, sqlite3.connect(home / "keys.sqlite3") as ledger:
        named = {key for (key,) in store.execute("SELECT data_key FROM attestation")}
        held = {key for (key,) in ledger.execute("SELECT id FROM data_key")}
        (version,) = ledger.execute("SELECT version FROM key_ledger").fetchone()
    store.close()
    ledger.close()
    assert held & named
    assert named - held
    # no copy of before passes for a newer one than those that come
    assert version >= next_generation(0)


def test_a_backup_without_the_chain_restores_to_a_folder_without_one(night, tmp_path):
    home, _ = night.life.restore(night.new, "with-chain")
    options = ["--home", home, "--keys", tmp_path / "keys", "--recipient", night.life.recipient]
    code, said = inside("backup", "--without-chain", "--out", tmp_path / "b", *options)
    assert (code, "and no chain to" in " ".join(said.split())) == (0, True)
    home, _ = night.life.restore(tmp_path / "b", "without-chain", keys=tmp_path / "keys")
    assert not (home / "chain.sqlite3").exists()
    assert (home / "network.json").is_file()


def foreign_chain(folder):
    """Return the chain of another network."""
    key = random_bytes(32)
    genesis = Genesis(chain_id=5, timestamp=1, sealer=to_hex(address_of(key)), allowlist=())
    with Engine.create(folder / "foreign.sqlite3", genesis, key):
        pass
    return folder / "foreign.sqlite3"


def test_the_keys_of_another_instance_are_refused(night, tmp_path):
    home, _ = night.life.restore(night.new, "twin")
    # under the same passphrase, so that only the ledger's own id tells
    with sqlite3.connect(home / "keys.sqlite3") as ledger, sqlite3.connect(home / "store.sqlite3") as store:
        ledger.execute("UPDATE key_ledger SET id = ?", (b"another ledger..",))
        store.execute("UPDATE key_link SET ledger = ?", (b"another ledger..",))
    ledger.close()
    store.close()
    place = json.loads((home / "store.json").read_text()) | {"keys": "0x" + b"another ledger..".hex()}
    (home / "store.json").write_text(json.dumps(place))
    assert inside("backup-keys", "--home", home, "--keys", tmp_path / "keys")[0] == 0
    options = ["--keys", tmp_path / "keys", "--identity", night.life.identity, "--home", tmp_path / "never"]
    code, said = inside("restore", night.new, "--passphrase-file", night.life.passphrase, *options)
    assert (code, said.partition(":")[0]) == (4, "refused key_copy_other_instance")


def test_a_store_beside_another_key_ledger_does_not_start(night, tmp_path):
    home, _ = night.life.restore(night.new, "without-keys")
    (home / "keys.sqlite3").unlink()
    code, said = inside("backup-keys", "--home", home, "--keys", tmp_path / "keys")
    assert (code, said.partition(":")[0]) == (4, "refused key_ledger_mismatch")
