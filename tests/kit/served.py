"""A served instance and the people who use it, for tests from the outside."""

import csv
import datetime as dt
import json
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus

import httpx
import pytest

from api.catalogue.datatype import data_types, schemas
from api.catalogue.purpose import default_purposes
from api.catalogue.synthetic import credit_code
from api.catalogue.wording import default_wording
from api.client.asking import Asker, spend_seed
from api.client.client import ApiError, Client
from api.client.consent import accept
from api.client.credential import Credential, credential_named
from api.client.session import Session
from api.client.spending import OfferedSpendKey
from api.lab.demo.actor import attest
from api.lab.demo.server import InstanceProcess
from api.services.consent.request import MOST_A_DAY
from api.sign_in.protocol.assertion import new_key_file, stated_keys
from api.sign_in.protocol.jose import public_part
from api.storage.database import open_store
from ledger_node import clock
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import Role
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Bounds, Consent, ConsentRequest, Terms
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.consent_scope import whole_minute
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import each_person, keys_to_json, signature_to_json
from ledger_node.domain.ticket import LIFETIME, SignedUse, use_digest
from ledger_node.randomness import random_bytes
from tests.kit.answer_model import require_model
from tests.kit.canary import plant, plant_row
from tests.kit.postgres import usual_database

SEED = 77
DAY = 86_400
AGE_DAYS = 20
SHOP = 0
BANK_NAME = "Demo bank"
DATA_DAY = (dt.date(1970, 1, 1) + dt.timedelta(days=clock.now() // DAY - AGE_DAYS)).isoformat()
ROWS = {
    "tax_payment": {
        "所属年度": "2025",
        "税种代码": "10101",
        "实缴税额（元）": "1,286,400.50",
        "最近缴款日期": "2025-12-15",
        "销售收入（元）": "",
        "近12个月按期缴纳月数": "12",
    },
    "tax_credit_rating": {
        "评价年度": "2025",
        "信用级别": "B",
        "评定日期": "2026-04-20",
        "有效期起": "2026-04-20",
        "有效期止": "2097-04-20",
    },
    "penalty_summary": {
        "近24个月处罚次数": "0",
        "最近处罚月份": "无",
        "最近严重违法处罚月份": "无",
        "未修复严重处罚数": "0",
    },
}
PENALISED = {"近24个月处罚次数": "1", "最近处罚月份": DATA_DAY[:7]}
"""Cells of a firm that was penalised in the month of the data."""
DEPARTMENTS = {
    "tax_payment": "tax-bureau",
    "tax_credit_rating": "tax-bureau",
    "penalty_summary": "market-regulator",
}


def write_rows(path, schema, rows):
    """Write (firm number or credit code, changed cells) rows as an export."""
    rows = [(credit_code(firm, SEED) if isinstance(firm, int) else firm, cells) for firm, cells in rows]
    headings = ["统一社会信用代码", *ROWS[schema], "数据截至日期"]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, headings)
        writer.writeheader()
        for code, cells in rows:
            plant_row(code, (ROWS[schema] | cells).values())
            writer.writerow({"统一社会信用代码": code, "数据截至日期": DATA_DAY, **ROWS[schema], **cells})
    return path


def one_form(text):
    """Return a question in the form that consents list."""
    return Claim.parse(text, schemas()).text(schemas())


@dataclass(frozen=True)
class Firm:
    """A registered firm with its keys. ``number`` says its credit code."""

    number: int
    subject: bytes
    keys: tuple[bytes, ...]
    client: Client


class Place:
    """The instance; its clients are closed with it."""

    def __init__(self, folder, served=None):
        self.folder = folder
        self.served = served or InstanceProcess(
            folder / "credence", processes=1, database_url=usual_database(), keys_url=usual_database()
        )
        self.home = self.served.home
        self._lock = threading.Lock()
        self._clients = []
        self._firms = 1
        self.seed = spend_seed(self.home, "demo-bank")
        plant("a bank's spend seed", self.seed.secret)
        self.bank = self.client("demo-bank")
        self.tax = self.client("tax-bureau")
        self.regulator = self.client("market-regulator")
        self.bank_id = from_hex(self.bank.get("/v1/me")["id"], "bank")
        self.ledger = Web3Ledger(self.home.address_book(), Rpc(self.served.node()["url"]))
        self.issue(SHOP)
        self.shop = self.register(SHOP)

    def client(self, name):
        return self._keep(self.served.client(name))

    def reconnect(self):
        """Go on at the address of the present life, where the instance was started again at another one."""
        self.bank = self.client("demo-bank")
        named = Credential.of_controller(self.shop.subject, self.shop.keys[0])
        self.shop = replace(self.shop, client=self.client_with(named))

    def client_with(self, credential):
        return self._keep(Client(self.served.url, credential))

    def _keep(self, client):
        # after the instance's own look at it, if there is one
        (client._http if isinstance(client, Client) else client).event_hooks["response"].append(self._look_at)
        with self._lock:
            self._clients.append(client)
        return client

    def _look_at(self, response):
        """Hold an answer to its model, note the token that an instance gave out, and keep what it says in refusing."""
        require_model(response)
        if response.status_code < 400 and not response.request.url.path.endswith("/v1/token"):
            return
        response.read()
        if response.status_code < 400:
            plant("an access token", response.json()["access_token"])
            return
        with self._lock, (self.folder / "errors.log").open("a", encoding="utf-8") as file:
            file.write(response.text + "\n")

    def ledger_of(self, name):
        """Return a client of the ledger that sends from another account of this folder than the instance's."""
        book, rpc = self.home.address_book(), Rpc(self.served.node()["url"])
        return Web3Ledger(book, rpc, relayer=Sender(rpc, book.chain_id, self.home.read_key(name)))

    def http(self, name=None):
        """Return a raw HTTP client, for requests that no client of ours would send."""
        session = Session(self.served.url, credential_named(self.home, name)) if name else None
        return self._keep(httpx.Client(base_url=self.served.url, auth=session, timeout=60, trust_env=False))

    def require_file(self):
        """Skip a test that looks into the files of the store, where it is kept in none."""
        if self.served.database_url is not None:
            pytest.skip("the store is in PostgreSQL")

    def store(self):
        """Open the instance's store beside it."""
        return open_store(self.home.store, self.served.database_url)

    def close(self):
        with suppress(httpx.HTTPError):  # where the test has killed it
            metrics = httpx.get(f"{self.served.url}/metrics", trust_env=False, timeout=60)
            (self.folder / "metrics.txt").write_text(metrics.text, "utf-8")
        for client in self._clients:
            client.close()
        self.served.stop()

    def fresh(self):
        """Return the number of a firm that nobody knows yet."""
        self._firms += 1
        return self._firms

    def attest(self, schema, rows, name="rows", **said):
        """Send rows in and return the finished job."""
        file = write_rows(self.folder / f"{name}.csv", schema, rows)
        return attest(self.client(DEPARTMENTS[schema]), file, schema, lambda _: None, **said)

    def issue(self, firm):
        """Attest to all three types of a firm."""
        for schema in ROWS:
            assert self.attest(schema, [(firm, {})])["issued"] == 1

    def register(self, firm, controllers=1, threshold=1):
        """Register a firm with fresh keys."""
        keys = tuple(random_bytes(32) for _ in range(controllers))
        for key in keys:
            plant("a controller's key", key)
        made = self.regulator.post(
            "/v1/subjects",
            {
                "credit_code": credit_code(firm, SEED),
                "controllers": keys_to_json(each_person(map(address_of, keys))),
                "threshold": threshold,
            },
        )
        subject = from_hex(made["subject"], "subject")
        return Firm(firm, subject, keys, self.client_with(Credential.of_controller(subject, keys[0])))

    def new_firm(self, **options):
        """Return a registered firm of its own with all three attestations."""
        firm = self.fresh()
        self.issue(firm)
        return self.register(firm, **options)

    def require_shop(self):
        """Have a shop that this day's tests may still ask: a bank asks one firm at most so often a day."""
        asked = self.shop.client.get("/v1/consent-requests")["requests"]
        if len(asked) > MOST_A_DAY // 2:
            self.shop = self.new_firm()

    def new_taxpayer(self, **options):
        """Return a registered firm of its own of which only the tax payment is attested."""
        firm = self.fresh()
        assert self.attest("tax_payment", [(firm, {})])["issued"] == 1
        return self.register(firm, **options)

    def consent(self, questions, *, firm=None, secret=None, uses=3, language=Language.CHINESE, **changes):
        """Return a consent with ``changes``, over the text that follows from it."""
        texts = {purpose.code: purpose.text(language) for purpose in default_purposes().listed}
        purpose = changes.get("purpose", "loan_application")
        words = {"purpose_text": texts[purpose]} if purpose in texts else {}
        request = replace(self.request(questions, firm=firm, uses=uses), **(words | changes))
        secret = secret or random_bytes(32)
        plant("a withdrawal secret", secret)
        try:
            return accept((firm or self.shop).client, request, language, secret, now=self.now())[0]
        except (InvalidInputError, ApiError) as error:
            if isinstance(error, ApiError) and error.status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            # what cannot be shown, or is of nobody here, is signed nevertheless, to see it refused
            terms = Terms.accepting(request, language.value, random_bytes(32), default_wording().digest)
            keys = {"steward_key": address_of(random_bytes(32)), "withdrawal_hash": withdrawal_hash(secret)}
            return Consent(terms, Bounds.accepting(request, grant_before=request.expires_at, **keys))

    def now(self):
        """The time that consents are bounded by."""
        return clock.now()

    def request(self, questions, *, firm=None, uses=3):
        """Return what a bank may ask for."""
        now, key = whole_minute(self.now()), OfferedSpendKey.draw(self.seed)
        return ConsentRequest(
            subject=(firm or self.shop).subject,
            grantee=self.bank_id,
            grantee_name=BANK_NAME,
            purpose="loan_application",
            purpose_text=default_purposes().named("loan_application").text_zh,
            questions=tuple(questions),
            departments=(),
            not_before=now - 60,
            expires_at=now + 30 * DAY,
            max_uses=uses,
            retention_days=30,
            spend_key=key.address,
            salt=key.salt,
        )

    def asking(self, asked):
        """Return the body of a request for consent."""
        return {"request": asked.to_json(), "answer_key": to_hex(self.seed.answer_key(asked.salt))}

    def post_consent(self, consent, keys=None, *, domain=None, signatures=None, client=None):
        """Sign a consent and post it; return the answer."""
        digest = consent.digest(domain or self.ledger.consent_domain)
        signed = [to_hex(sign(digest, key)) for key in (self.shop.keys if keys is None else keys)]
        return (client or self.bank).post(
            "/v1/consents",
            {
                "terms": consent.terms.to_json(),
                "bounds": consent.bounds.to_json(),
                "signatures": signatures or signed,
            },
        )

    def grant(self, *questions, firm=None, **options):
        """Grant questions and return the id of the consent."""
        consent = self.consent([one_form(text) for text in questions], firm=firm, **options)
        return self.post_consent(consent, (firm or self.shop).keys)["id"]

    def ask(self, consent, *questions, **options):
        """Return (verdict, reason) a question."""
        return seen(self.verify(consent, list(questions), **options))

    def verify(self, consent, claims, *, client=None, **options):
        """Ask as the bank does, or as another client with the bank's seed, and return the whole answer."""
        return self._asker(consent, client or self.bank).ask(claims, **options)

    def body(self, consent, claims, number=1, **members):
        """Return the body of a verification whose use is signed."""
        return self._asker(consent, self.bank).body(claims, number) | members

    def unanswered_use(self, consent, number=1):
        """Return a use that the bank signed, for the ledger itself."""
        named, use, late = from_hex(consent, "consent"), random_bytes(32), clock.now() + LIFETIME
        key = self.seed.spend_key(from_hex(self.bank.get(f"/v1/consents/{consent}")["terms"]["salt"], "salt"))
        signature = sign(use_digest(named, number, use, late, self.ledger.consent_domain), key)
        return SignedUse(named, number, use, late, signature)

    def _asker(self, consent, client):
        try:
            return Asker(client, self.seed, consent)
        except (ApiError, InvalidInputError):
            # a consent of others, or of nobody, is asked under nevertheless, to see it refused
            return Intruder(client, consent)

    def other_bank(self):
        """Return the client of a bank that no consent is granted to."""
        return self.client_with(self.join(Role.BANK, "Other bank"))

    def join(self, roles, name):
        """Let a member join by a vote of the council, and return its credential; its keys are nowhere in the home."""
        registry_key, (_, key) = random_bytes(32), new_key_file()
        member = random_bytes(32)
        self.vote(
            ("addMember", member, int(roles), name, ""),
            ("addKey", member, to_hex(address_of(registry_key)), 255, 0, 2**64 - 1),
        )
        self.publish_keys(member, registry_key, 1, key)
        return Credential.published(member, key)

    def vote(self, *calls):
        """Have the council of one call the MemberRegistry."""
        book, registry = self.home.address_book(), artifact("MemberRegistry")
        governor = Sender(Rpc(self.served.node()["url"]), book.chain_id, self.home.read_key("governor"))
        proposal = [(to_hex(book.contracts["MemberRegistry"]), registry.encode(*call)) for call in calls]
        governor.send(
            book.contracts["Council"], artifact("Council").encode("proposeAndExecute", proposal), gas=16_000_000
        )

    def publish_keys(self, member, registry_key, number, *keys):
        """Put sign-in keys of a member in force."""
        return self._publish(member, number, keys, self.ledger.member_domain, lambda digest: sign(digest, registry_key))

    def client_by(self, subject, person, number=1):
        """Return the client of a subject with a new key that ``person``, one of its controllers, signs for."""
        _, key = new_key_file()
        self._publish(subject, number, [key], self.ledger.subject_domain, person.sign)
        return self.client_with(Credential.published(subject, key))

    def _publish(self, client, number, keys, domain, signed):
        for key in keys:
            plant("a sign-in key", key.as_dict(private=True)["d"])
        stated = stated_keys(client, number, [dict(public_part(key).jwk) for key in keys])
        signature = signature_to_json(signed(stated.digest(domain)))
        body = {"client": to_hex(client), "number": number, "keys": list(stated.keys), "signatures": [signature]}
        return self.client_with(None).post("/v1/sign-in-keys", body)

    def credence(self, *arguments, timeout=120):
        """Run the command line in this instance's folder."""
        command = [sys.executable, "-m", "api.cli.main", *arguments, "--home", str(self.home.path)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)


def altered(consent, **changes):
    """Return a consent with changes of its terms or bounds, which were not shown to anybody."""
    limits = {name: changes.pop(name) for name in list(changes) if hasattr(consent.bounds, name)}
    return Consent(replace(consent.terms, **changes), replace(consent.bounds, **limits))


def seen(answer):
    """Return (verdict, reason) a claim of an answer."""
    return [(claim["verdict"], claim["reason"]) for claim in answer["presentation"]["claims"]]


def changed(answer, change):
    """Return a deep copy of JSON with ``change`` applied to it."""
    copy = json.loads(json.dumps(answer))
    change(copy)
    return copy


def schema_ids():
    """Return schema ids by name."""
    return {name: to_hex(data_type.schema.id) for name, data_type in data_types().items()}


class Intruder:
    """Asks under a consent whose spend key it does not have."""

    def __init__(self, client, consent):
        self._client, self._consent = client, consent

    def ask(self, claims, **options):
        return self._client.verify(self._consent, claims, self.body(claims, 1)["use"], **options)

    def body(self, claims, number):
        word = {"number": number, "answered_by": to_hex(random_bytes(32)), "not_after": clock.now() + 600}
        drawn = {"nonce": to_hex(random_bytes(32)), "seed": to_hex(random_bytes(32))}
        signature = to_hex(sign(random_bytes(32), random_bytes(32)))
        return {"consent": self._consent, "claims": list(claims), "use": word | drawn | {"signature": signature}}
