"""Posting: exactly to the address that was resolved, and to nothing that may not be connected to."""

import asyncio

import httpx
import pytest

from api.services.webhook import post as post_module
from api.services.webhook.address import AddressRules
from api.services.webhook.post import PostError, WebhookPost

URL = "https://bank.example/hook?a=b"


@pytest.fixture
def send(monkeypatch):
    """Post to an endpoint that answers with a status, and return the requests that it got or the error."""

    def sent(status=200, addresses=("8.8.8.8",), fault=None):
        requests = []

        def answer(request):
            requests.append(request)
            if fault is not None:
                raise fault
            return httpx.Response(status, headers={"location": "https://evil.example"})

        real = httpx.AsyncClient
        transport = httpx.MockTransport(answer)
        with monkeypatch.context() as patched:
            client = lambda **options: real(**(options | {"transport": transport}))  # noqa: E731
            patched.setattr(post_module.httpx, "AsyncClient", client)
            post = WebhookPost(AddressRules(), lambda *_: addresses)
            try:
                asyncio.run(post.post(URL, {"webhook-id": "one"}, "body"))
            except PostError as error:
                return error
        return requests

    return sent


def test_a_message_goes_to_the_address_under_the_name_of_the_host(send):
    (request,) = send()
    assert (request.url, request.headers["host"]) == ("https://8.8.8.8:443/hook?a=b", "bank.example")
    assert (request.extensions["sni_hostname"], request.content) == ("bank.example", b"body")
    (request,) = send(addresses=("2606:4700::1111",))
    assert request.url.host == "2606:4700::1111"


@pytest.mark.parametrize(("status", "final"), [(500, False), (302, False), (410, True)])
def test_what_is_not_taken_is_an_error(send, status, final):
    error = send(status)
    assert (error.why, error.final) == (f"status {status}", final)


def test_why_there_is_no_connection_shows_nothing_of_it(send):
    error = send(fault=httpx.ConnectError("10.0.0.1 refused"))
    assert (error.why, error.final) == ("no connection (ConnectError)", False)


def test_a_name_that_leads_inside_is_not_connected_to(send):
    assert send(addresses=("10.0.0.1",)).why == "webhook_address_refused"
