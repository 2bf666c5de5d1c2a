"""People who ask again until they are answered, and write down what they were told."""

import time
from dataclasses import replace
from http import HTTPStatus

import httpx

from api.client.asking import Asker, spend_seed
from api.client.client import ApiError, Client
from api.client.credential import Credential, credential_named
from api.client.error import NoAnswerError
from api.client.session import Session
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import from_hex
from tests.kit.chaos.fail_process import PATIENCE_S
from tests.kit.served import SHOP, Place

PAUSE_S = 0.02
KEY = "Idempotency-Key"


class PatientClient(Client):
    """Sends the same request, under the same key, until it is answered; ``answers`` are those to posts.

    ``keyless``: sends no key, and takes one of these refusals for the word that the effect is there.
    """

    def __init__(self, url, credential=None, *, keyless=None):
        self._home = None
        session = None if credential is None else Session(url, credential)
        # as a client makes it, but that it reads no authorities for TLS, which takes long and is not needed here
        options = {"timeout": PATIENCE_S, "trust_env": False, "verify": False}
        self._http = httpx.Client(base_url=url, auth=session, **options)
        self.answers = []
        self._keyless = keyless

    def _send(self, method, path, **options):
        deadline = time.monotonic() + PATIENCE_S
        if self._keyless is not None:
            options.get("headers", {}).pop(KEY, None)
        cut_off = False
        while True:
            try:
                response = super()._send(method, path, **options)
            except NoAnswerError:
                cut_off = True
            except ApiError as error:
                if self._keyless is not None and cut_off and error.reason in self._keyless:
                    return httpx.Response(200, json={})
                if error.status != HTTPStatus.SERVICE_UNAVAILABLE:
                    self._note(method, path, options, error)
                    raise
                # its effect may be there all the same
                cut_off = True
            else:
                self._note(method, path, options, response)
                return response
            assert time.monotonic() < deadline, f"{method} {path} is not answered"
            time.sleep(PAUSE_S)

    def _note(self, method, path, options, answer):
        if KEY in options.get("headers", {}):
            self.answers.append((method, path, options, answer))

    def require_same_answers(self):
        """Ask everything again under its key: whoever was answered is answered so for good."""
        asked, self.answers = self.answers, []
        for method, path, options, before in asked:
            try:
                again = super()._send(method, path, **options)
            except ApiError as error:
                now = (error.status, error.reason, error.message)
            else:
                now = again.content
            then = (before.status, before.reason, before.message) if isinstance(before, ApiError) else before.content
            assert now == then, path


class PatientLedger:
    """A ledger that is asked until the node answers, which may be dead just now."""

    def __init__(self, ledger):
        self._ledger = ledger

    def __getattr__(self, name):
        real = getattr(self._ledger, name)
        if not callable(real):
            return real

        def asked(*args, **options):
            deadline = time.monotonic() + PATIENCE_S
            while True:
                try:
                    return real(*args, **options)
                except ChainError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(PAUSE_S)

        return asked


class Standing(Place):
    """People of an instance that was founded before; ``shop`` is registered there already."""

    def __init__(self, folder, life, shop=None):
        self.folder = folder
        self.served = life
        self.home = life.home
        self._lock = _NoLock()
        self._clients = []
        self._named = {}
        self._firms = 1
        self.seed = spend_seed(self.home, "demo-bank")
        self.bank = self.client("demo-bank")
        self.tax = self.client("tax-bureau")
        self.regulator = self.client("market-regulator")
        self.bank_id = from_hex(self.bank.get("/v1/me")["id"], "bank")
        self.ledger = PatientLedger(Web3Ledger(self.home.address_book(), Rpc(life.node()["url"], timeout_s=PATIENCE_S)))
        if shop is None:
            self.issue(SHOP)
            self.shop = self.register(SHOP)
        else:
            self.shop = replace(shop, client=self.client_with(Credential.of_controller(shop.subject, shop.keys[0])))

    def client(self, name):
        if name not in self._named:
            self._named[name] = self.client_with(credential_named(self.home, name))
        return self._named[name]

    def client_with(self, credential, **options):
        return self._keep(PatientClient(self.served.url, credential, **options))

    def _asker(self, consent, client):
        return _InOrder(client, self.seed, consent)

    def forget_answers(self):
        for client in self._clients:
            client.answers.clear()

    def require_same_answers(self):
        for client in self._clients:
            client.require_same_answers()


class _InOrder(Asker):
    """Takes the lowest number that is free, where banks draw one: walks are compared by the numbers of their uses."""

    def _next(self):
        return self._free[0] if self._free else 1


class _NoLock:
    """These people act one after the other."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None
