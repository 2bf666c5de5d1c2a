"""D1: nothing that the department keeps to itself is in any file of an instance, outside what is sealed."""

import csv
import os
import random
import shutil
import signal
import time
from contextlib import suppress

import pytest

from api.catalogue.datatype import schemas
from api.catalogue.synthetic import credit_code
from api.client.client import ApiError
from api.lab.attack.byte_search import ByteSearch
from api.lab.demo.server import InstanceProcess
from api.storage import table
from api.storage.database import open_store
from api.vault.cipher import KeyEncryptionKey, VaultRecord, unseal
from api.vault.key_ledger import open_key_ledger
from ledger_node.domain.commitment import salt_of, subject_key
from ledger_node.domain.hashing import kdf
from tests.kit.served import SEED, Place, seen, write_rows

FIRMS = range(1_000, 1_300)
GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
CHANCE = random.Random(20_261_122)
PAID = {firm: CHANCE.randrange(10**11, 10**12) for firm in FIRMS}  # fen; long enough to stand nowhere by chance
SALES = {firm: CHANCE.randrange(10**12, 10**13) for firm in FIRMS}
CORRECTION = 1_234_567
OPERATOR = "canary of the night shift"


class FileNeedles(ByteSearch):
    """What to look for in files."""

    def add_amount(self, name, fen):
        whole, cents = divmod(fen, 100)
        for text in (f"{whole}.{cents:02}", f"{whole:,}.{cents:02}", str(fen), f"{fen:x}"):
            self.add(f"{name} as {len(text)} characters", text.encode())
        self.add(f"{name} as an integer", fen.to_bytes(16, "big"))

    def found_under(self, folder):
        """Return (file, what) for everything that any file below ``folder`` holds."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return [(path.name, name) for path in files for name in self.found_in(path.read_bytes())]


def yuan(fen, sign=""):
    return f"{sign}{fen // 100:,}.{fen % 100:02}"


def upload(place, name, file, schema, **said):
    """Send a file in and return its job when it has ended, well or badly."""
    client = place.client(name)
    job = client.upload(file, schema, **said)
    while (state := client.job(job))["state"] not in {"done", "failed"}:
        time.sleep(0.05)
    return state


def attest_all(place):
    """Issue three types for all firms, some rows bad; and have whole files refused."""
    tax = [(firm, {"实缴税额（元）": yuan(PAID[firm], "￥"), "销售收入（元）": yuan(SALES[firm])}) for firm in FIRMS]
    for at in range(5, len(tax), 60):
        # bad rows whose other cells are canaries too, and a bad cell that is one itself
        tax[at][1]["最近缴款日期"] = yuan(PAID[tax[at][0]])
        tax[at + 1][1]["近12个月按期缴纳月数"] = credit_code(tax[at][0], SEED)
    file = write_rows(place.folder / "d1_tax.csv", "tax_payment", tax)
    state = upload(place, "tax-bureau", file, "tax_payment")
    assert (state["state"], state["issued"], state["rejected"]) == ("done", 290, 10)
    for name, schema in (("tax-bureau", "tax_credit_rating"), ("market-regulator", "penalty_summary")):
        rows = write_rows(place.folder / f"d1_{schema}.csv", schema, [(firm, {}) for firm in FIRMS])
        assert upload(place, name, rows, schema)["issued"] == len(FIRMS)
    lines = file.read_text("utf-8-sig").splitlines()
    refused = {
        "headless.csv": "\n".join(lines[1:]),
        "strange.csv": "\n".join([lines[0] + ",手机号", *(line + ",1" for line in lines[1:])]),
        "doubled.csv": "\n".join([lines[0] + ",所属年度", *(line + ",1" for line in lines[1:])]),
        "bytes.csv": "\n".join(lines) + "\udcff\udcff",
        "lines.ndjson": "\n".join(lines),
    }
    for name, text in refused.items():
        path = place.folder / name
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        state = upload(place, "tax-bureau", path, "tax_payment")
        assert state["issued"] == 0
    with pytest.raises(ApiError):
        place.tax.upload(file, "none")
    return lines


def correct_all(place):
    """Attest to another amount for all firms, which supersedes the first, also for the one that was erased."""
    rows = [(firm, {"实缴税额（元）": yuan(PAID[firm] + CORRECTION)}) for firm in FIRMS]
    file = write_rows(place.folder / "d1_corrected.csv", "tax_payment", rows)
    job = upload(place, "tax-bureau", file, "tax_payment", correct=True, restore_erased=True)
    assert job["issued"] == len(FIRMS)


def live(place):
    """Register, grant, verify, kill the node, verify again, correct, erase, and be refused a few things."""
    shop = place.register(FIRMS[0])
    consent = place.grant(GOOD, "tax_payment.tax_kind reveal", firm=shop)
    assert place.ask(consent, GOOD, "tax_payment.tax_kind reveal") == [("holds", None)] * 2
    place.served.kill_node()
    assert seen(place.verify(consent, [GOOD], operator=OPERATOR)) == [("holds", None)]
    code = credit_code(FIRMS[1], SEED)
    place.tax.post("/v1/erasures", {"credit_code": code})
    keys = ([code], [{"person": 1, "address": code}])
    for body in ({"credit_code": code}, *({"credit_code": code, "controllers": one, "threshold": 1} for one in keys)):
        for path in ("/v1/erasures", "/v1/subjects", "/v1/consents"):
            with pytest.raises(ApiError) as refused:
                place.regulator.post(path, {**body, "schema": "tax_payment", code: code})
            assert refused.value.status < 500
    with pytest.raises(ApiError):
        place.tax.get(f"/v1/jobs/{code}")


def secrets_of(home):
    """Yield (what, 32 bytes) of every seed in the vault, and of all that is derived from one."""
    members = {member.id: member.slug for member in home.members()}
    store = open_store(home.store)
    with store.connect() as connection:
        rows = connection.execute(table.attestation.select()).all()
    ledger = open_key_ledger(home.key_ledger, store)
    keys = ledger.get([row.data_key for row in rows])
    ledger.dispose()
    store.dispose()
    keks = {
        member: KeyEncryptionKey(home.read_key(f"{slug}.vault"))
        for member, slug in members.items()
        if (home.path / "keys" / f"{slug}.vault.json").is_file()
    }
    for row in rows:
        if row.data_key not in keys:
            continue
        key = keks[row.member].unwrap(keys[row.data_key])
        yield "a data key", key
        secret = VaultRecord.from_bytes(unseal(key, row.sealed, row.digest))
        yield "a seed", secret.seed
        yield "a subject key", subject_key(secret.seed)
        for field in schemas()[row.schema].fields:
            yield f"a salt of {field.name}", salt_of(secret.seed, field.index)
            if field.ladder is not None:
                yield f"a start of {field.name}", kdf(secret.seed, b"up", field.index)
                yield f"a start of {field.name}", kdf(secret.seed, b"dn", field.index)
            for place in range(len(field.members)):
                yield f"a bit key of {field.name}", kdf(secret.seed, b"bit", field.index, place)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """An instance that was used as usual and then killed; ``killed`` holds its files as the kill left them."""
    # what is searched are files: the folder with the store in it
    folder = tmp_path_factory.mktemp("d1")
    place = Place(folder, InstanceProcess(folder / "credence", processes=1))
    attest_all(place)
    live(place)
    correct_all(place)  # after the erasure, which empties the write-ahead log
    node = place.served.node()["pid"]
    os.kill(place.served.pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(node, signal.SIGKILL)
    # opening a store folds its write-ahead log away, so the search is in a copy that nobody opened
    shutil.copytree(place.home.path, place.folder / "killed")
    yield place
    place.close()


@pytest.fixture(scope="module")
def needles(lived):
    made = FileNeedles()
    for firm in [0, *FIRMS]:
        made.add_text("a credit code", credit_code(firm, SEED))
    for firm in FIRMS:
        made.add_amount("an amount paid", PAID[firm])
        made.add_amount("a corrected amount", PAID[firm] + CORRECTION)
        made.add_amount("an amount of sales", SALES[firm])
    for name, secret in secrets_of(lived.home):
        made.add_bytes(name, secret)
    made.add_text("who asked", OPERATOR)
    return made


def test_d1_no_file_of_an_instance_holds_a_code_an_amount_a_seed_or_a_salt(lived, needles):
    files = {path.name: path.stat().st_size for path in (lived.folder / "killed").rglob("*") if path.is_file()}
    assert min(files[name] for name in ("store.sqlite3", "store.sqlite3-wal", "chain.sqlite3")) > 100_000
    assert {"serve.log", "network.json", "credentials.json", "api.json", "node.json"} <= set(files)
    assert len(needles) > 20_000
    assert needles.found_under(lived.folder / "killed") == []


def test_d1_the_search_finds_what_is_there(lived, needles, tmp_path):
    with (lived.folder / "d1_tax.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    (name, secret), *_ = secrets_of(lived.home)
    planted = {
        "code": row["统一社会信用代码"].encode(),
        "wide": row["统一社会信用代码"].encode("utf-16-le"),
        "hex": b"x" + row["统一社会信用代码"].encode().hex().encode(),
        "amount": row["实缴税额（元）"].encode(),
        "fen": str(PAID[FIRMS[0]]).encode(),
        "word": b"\x01" * 16 + PAID[FIRMS[0]].to_bytes(32, "big"),
        "secret": b"..." + secret + b"...",
        "secret hex": f'{{"x":"0x{secret.hex()}"}}'.encode(),
    }
    for place, content in planted.items():
        (tmp_path / place).write_bytes(b"\x00" * 5 + content + b"\xff")
    assert {found for found, _ in needles.found_under(tmp_path)} == set(planted)
    assert name


def test_d1_the_vault_opens_with_the_departments_key_so_the_seeds_are_the_real_ones(lived):
    assert sum(name == "a seed" for name, _ in secrets_of(lived.home)) >= 880
