"""The portal on a small instance, asked by a client in this process: no node, no threads of its own."""

import asyncio
from http.cookies import SimpleCookie
from types import SimpleNamespace

import httpx

from api.catalogue.purpose import default_purposes
from api.home.settings import HttpSettings, PortalSettings, Rate
from api.http.app import create_app
from api.portal.app import ROOMS, create_portal
from api.services.access_log.reader import AccessReader
from api.telemetry.metric import Metrics
from tests.kit.small_instance import REGISTRAR, RELAYER, SmallInstance

ORIGIN = "http://localhost:8700"
_MANY = Rate(1e6, 1_000_000)


class PortalInstance(SmallInstance):
    """A small instance with what the portal and the application need besides services."""

    portal_host = "localhost"

    def __init__(self, folder, *, settings=None):
        super().__init__(folder)
        self.portal_settings = settings or PortalSettings()
        self.metrics = Metrics()
        self.cursor_mac = self.departments[REGISTRAR].kek.keyed_digest
        self.calls = SimpleNamespace()
        self.consent_requests, self.controllers = self.requests, self.history
        self.purposes = default_purposes()
        self.access = AccessReader(self.store, self.keys, self.departments[REGISTRAR], RELAYER)

    def start(self):
        """Start nothing."""

    def stop(self):
        """Stop nothing."""


class _AppTransport(httpx.BaseTransport):
    """Asks an application in this process."""

    def __init__(self, app):
        self._app = app

    def handle_request(self, request):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path,
            "query_string": request.url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 50_000),
            "server": (request.url.host, request.url.port),
        }
        body, told = request.read(), []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            told.append(message)

        asyncio.run(self._app(scope, receive, send))
        content = b"".join(message.get("body", b"") for message in told[1:])
        return httpx.Response(told[0]["status"], headers=told[0]["headers"], content=content, request=request)


class Browser(httpx.Client):
    """A client that sends what a browser sends, and keeps cookies. ``language``: that it asks for."""

    def __init__(self, app, language="en"):
        headers = {"Accept": "text/html", "Accept-Language": language}
        super().__init__(trust_env=False, transport=_AppTransport(app), base_url=ORIGIN, headers=headers)
        # the client's own jar keeps no secure cookies of http://localhost, as browsers do
        self.kept = {}
        self.event_hooks = {"request": [self._show_cookies], "response": [self._keep_cookies]}

    def _show_cookies(self, request):
        if self.kept:
            request.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.kept.items())

    def _keep_cookies(self, response):
        for line in response.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                assert morsel["secure"]
                assert morsel["httponly"]
                self.kept[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.kept[name]

    def send_form(self, path, fields=(), **options):
        """Send a form as a page of the portal does."""
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN} | options.pop("headers", {})
        return self.post(path, data=dict(fields), headers=headers, **options)


def portal_app(instance, rooms=ROOMS):
    """Return the application with the portal on an instance."""
    settings = HttpSettings(reads=_MANY, effects=_MANY, anonymous=_MANY)
    app = create_app(instance, settings, public_url=ORIGIN)
    return create_portal(app, instance, rooms)
