"""An endpoint that a test listens with, and a member whose notifications a test writes."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from sqlalchemy import select

from api.client.webhook import SeenMessages, WebhookReceiver
from api.services.notification.notice import Notice, NoticeKind, write_notices
from api.services.webhook.address import AddressRules, InsecureLoopbackAddresses
from api.services.webhook.delivery import WebhookDeliveries
from api.services.webhook.endpoint import Webhooks
from api.services.webhook.post import WebhookPost
from api.storage.database import open_store
from api.storage.table import notification
from api.vault.cipher import KeyEncryptionKey
from api.vault.key_ledger import open_key_ledger
from api.vault.key_removal import KeyRemovals
from ledger_node.domain.json_object import to_hex
from ledger_node.randomness import random_bytes

BANK = random_bytes(32)
HOST = "hooks.bank.example"


class Endpoint:
    """An HTTP server on loopback; ``statuses`` are answered in turn, and 200 when there are none left."""

    def __init__(self, tls=None):
        self.statuses = []
        self.headers = {}
        self.received = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append(SimpleNamespace(headers=dict(self.headers), body=body, path=self.path))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def ids(self):
        return [one.headers["webhook-id"] for one in self.received]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


class Member:
    """A member with a store of its own, a clock that a test sets, and names that resolve as a test says."""

    def __init__(self, folder):
        self.path = folder / "store.sqlite3"
        self.kek = KeyEncryptionKey(random_bytes(32))
        self.now = 1_800_000_000
        self.names = {HOST: ["127.0.0.1"]}
        self.rules = InsecureLoopbackAddresses()
        self.tls = None
        self.deadline_s = 15.0
        self.store = None
        self.open()

    def open(self):
        """Begin a life: nothing of the one before is left but the store."""
        if self.store is not None:
            self.store.dispose()
            self.keys.dispose()
        self.store = open_store(self.path)
        self.keys = open_key_ledger(self.path.with_name("keys.sqlite3"), self.store)
        removals = KeyRemovals(self.store, self.keys)
        self.webhooks = Webhooks(self.store, self.keys, removals, self.kek, self.rules, self.resolve, lambda: self.now)
        post = WebhookPost(self.rules, self.resolve, tls=self.tls, deadline_s=self.deadline_s)
        self.deliveries = WebhookDeliveries(self.store, self.webhooks, post, lambda: self.now)

    def resolve(self, host, _):
        if host not in self.names:
            raise OSError("no such name")
        return self.names[host]

    def tell(self, count=1, recipient=BANK):
        """Write notifications and return their ids."""
        before = set(self._ids())
        notices = [
            Notice(recipient, NoticeKind.GRANTED, self.now, {"consent": to_hex(random_bytes(32))}) for _ in range(count)
        ]
        with self.store.begin() as connection:
            write_notices(connection, notices)
        return [one for one in self._ids() if one not in before]

    def _ids(self):
        with self.store.connect() as connection:
            return list(connection.execute(select(notification.c.id).order_by(notification.c.number)).scalars())


def strict(member):
    """Return the member with the rules of production."""
    member.rules = AddressRules()
    member.open()
    return member


def receiver(folder, secret):
    """Return the sample receiver; what it saw lies in ``folder``."""
    return WebhookReceiver(secret, SeenMessages(folder / "seen.sqlite3"))
