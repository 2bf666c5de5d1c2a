"""An instance that is not served, through many lives; a council; and a thief with a department's signing key."""

from sqlalchemy import select
from typer.testing import CliRunner

from api.catalogue.datatype import data_types
from api.catalogue.synthetic import credit_code
from api.cli.main import app
from api.home.home import Home
from api.ingestion.reader import Format, read_rows
from api.instance.embedded import found_instance
from api.instance.wiring import open_instance
from api.storage import table
from ledger_node import clock
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.batch import ATTESTATIONS
from ledger_node.domain.fact import EVERY_PURPOSE, FactQuery
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.schema import day_in_china
from ledger_node.domain.signature import address_of
from ledger_node.domain.status import StatusReason
from ledger_node.randomness import random_bytes
from tests.kit.clock import AheadNode
from tests.kit.served import write_rows
from tests.kit.signed_word import signed_batch, signed_change

TAX = "tax-bureau"
SCHEMA = "tax_credit_rating"


class Killed(BaseException):
    """The process ends here."""


class Thief:
    """Has the signing key of a member as it was when it was stolen, and sends from an account of its own."""

    def __init__(self, office, slug):
        home = office.home
        self.member = office.member(slug)
        self._key = home.read_key(slug)
        rpc, book = Rpc(office.node.url), home.address_book()
        self.ledger = Web3Ledger(book, rpc, relayer=Sender(rpc, book.chain_id, home.read_key("governor")))

    def anchor(self, stream=ATTESTATIONS, supersedes=()):
        """Anchor a junk batch behind the head, and return it."""
        return self.ledger.anchor(
            signed_batch(self.ledger, self.member, self._key, stream=stream, positions=supersedes)
        )

    def revoke(self, positions, reason=StatusReason.ERASED):
        """Say of positions on the ledger that they are erased."""
        return self.ledger.change_status(*self.signed(positions, reason))

    def signed(self, positions, reason=StatusReason.ERASED):
        """Return a status change, its signature, words and masks."""
        return signed_change(self.ledger, self.member, self._key, positions, reason=reason)

    def revoke_all(self, reason=StatusReason.ERASED):
        """Say so of everything that the member ever anchored."""
        return self.revoke(range(self.ledger.stream_head(self.member, ATTESTATIONS).total), reason)


class Office:
    """The instance. ``open`` begins a life, with the keys that its folder has then."""

    def __init__(self, folder):
        self.folder = folder
        self.home = Home(folder / "credence")
        found_instance(self.home)
        self.node = AheadNode(self.home)
        self.copy = folder / "keys.copy"
        self._firms = iter(range(10**6))
        self.all = None
        self.open()

    def open(self):
        if self.all is not None:
            self.end()
        self.all = open_instance(self.home, [self.node.url], processes=1, keys_copy=self.copy)

    def start(self):
        """Begin a life and do what every start does, without the beats that follow it."""
        self.open()
        for sender in self.all.senders:
            sender.finish()
        for issuer in self.all.issuers.values():
            issuer.anchor_pending()
            issuer.mark_pending()
        self.all.intervals.anchor_pending()
        self.all.gaps.close()
        for subject in self.all.subjects.waiting():
            self.all.subjects.resume(subject, clock.now())

    def end(self):
        self.all.workers.close()
        self.all.store.dispose()
        self.all.keys.dispose()

    def close(self):
        self.end()
        self.node.stop()

    def member(self, slug):
        return next(member.id for member in self.home.members() if member.slug == slug)

    def issuer(self, slug=TAX):
        return self.all.issuers[self.member(slug)]

    def rows(self, count=1, codes=None, schema=SCHEMA):
        """Return rows of firms of their own, or of those whose ``codes`` are given."""
        codes = codes or [credit_code(next(self._firms), 9) for _ in range(count)]
        file = write_rows(self.folder / "rows.csv", schema, [(code, {}) for code in codes])
        chunks, today = (lambda: iter([file.read_bytes()])), day_in_china(clock.now())
        return list(read_rows(data_types()[schema], Format.CSV, chunks, today=today))

    def issue(self, rows, slug=TAX, schema=SCHEMA):
        return self.issuer(slug).issue(data_types()[schema], rows, now=clock.now())

    def replace_key(self, slug, *, end="now"):
        """Have the council end a member's key and add another one, which lies in the folder from then on."""
        old, new = address_of(self.home.read_key(slug)), random_bytes(32)
        now = self.all.ledger.head().time
        self.vote(
            ("endKey", to_hex(old), now + 60) if end == "now" else ("markCompromised", to_hex(old), end),
            ("addKey", self.member(slug), to_hex(address_of(new)), int(EVERY_PURPOSE), 0, 2**64 - 1),
        )
        self.node.pass_time(120)
        self.vote(("setServiceUrl", self.member(slug), "https://after.example"))
        self.home.write_key(slug, new)
        return old

    def permit(self, address):
        """Let another account send; the node is down meanwhile."""
        self.node.stop()
        done = CliRunner().invoke(app, ["node", "permit", to_hex(address), "--home", str(self.home.path), "--json"])
        assert done.exit_code == 0, done.output
        self.node = AheadNode(self.home, self.node._seconds)

    def vote(self, *calls):
        """Have the council of one call the MemberRegistry."""
        self.propose("MemberRegistry", *calls)

    def propose(self, contract, *calls):
        """Have the council of one call a contract."""
        book = self.home.address_book()
        governor = Sender(Rpc(self.node.url), book.chain_id, self.home.read_key("governor"))
        proposal = [(to_hex(book.contracts[contract]), artifact(contract).encode(*call)) for call in calls]
        call = artifact("Council").encode("proposeAndExecute", proposal)
        return governor.send(book.contracts["Council"], call, gas=16_000_000)

    def anchored(self, stream=ATTESTATIONS, slug=TAX):
        """Return every anchor of a member's stream, by number."""
        ledger, member = self.all.ledger, self.member(slug)
        head = ledger.stream_head(member, stream).number
        return {number: ledger.find_anchor(member, stream, number)[0] for number in range(1, head + 1)}

    def batches(self, slug=TAX):
        """Return the batches of a member as the store holds them."""
        batch = table.batch.c
        mine = select(table.batch).where(batch.member == self.member(slug)).order_by(batch.number)
        with self.all.store.connect() as connection:
            return connection.execute(mine).all()

    def attestations(self, digests=None):
        """Return attestations as the store holds them, by digest."""
        with self.all.store.connect() as connection:
            rows = connection.execute(select(table.attestation)).all()
        return {row.digest: row for row in rows if digests is None or row.digest in digests}

    def key_ids(self):
        """Return the ids of all keys that lie in the key ledger."""
        with self.all.keys._database.connect() as connection:
            return set(connection.execute(select(table.data_key.c.id)).scalars())

    def status(self, positions, slug=TAX):
        member = self.member(slug)
        return self.all.ledger.facts(FactQuery(positions=frozenset((member, at) for at in positions))).status


class Interrupted:
    """A ledger or store at whose ``method`` the process is killed the ``time``-th time, before or after it is done."""

    def __init__(self, real, method, *, done, how, time=1):
        self._real, self._method, self._done, self._how, self._left = real, method, done, how, time

    def __getattr__(self, name):
        real = getattr(self._real, name)
        if name != self._method:
            return real

        def interrupted(*arguments, **options):
            self._left -= 1
            if self._left != 0:
                return real(*arguments, **options)
            if self._done:
                real(*arguments, **options)
            raise self._how

        return interrupted
