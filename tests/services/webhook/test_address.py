"""Where webhooks may go: to public addresses over https, whatever a name looks like."""

import ipaddress

import pytest

from api.services.webhook.address import AddressRules, is_public, parse_url, require_address
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import refused

RULES = AddressRules()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 - an address that is refused
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_addresses_inside_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://bank.example", ("bank.example", 443, "/", "bank.example")),
        ("https://bank.example:8443/a?b=c", ("bank.example", 8443, "/a?b=c", "bank.example:8443")),
        ("https://[2606:4700::1111]/", ("2606:4700::1111", 443, "/", "[2606:4700::1111]")),
    ],
)
def test_a_url_leads_to_one_endpoint(url, parts):
    endpoint = parse_url(url, RULES)
    assert (endpoint.host, endpoint.port, endpoint.path, endpoint.authority) == parts


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example",
        "https://",
        "https://user@bank.example",
        "https://:secret@bank.example",
        "https://bank.example/#part",
        "https://bank.example\\@evil.example",
        "https://bank.example/ x",
        "https://bänk.example",
        "https://bank.example:99999",
        "https://bank.example/" + "x" * 1024,
        "nothing",
    ],
)
def test_anything_else_is_no_url_of_a_webhook(url):
    assert refused(parse_url, url, RULES) is Reason.WEBHOOK_URL_REFUSED


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (["10.0.0.1"], Reason.WEBHOOK_ADDRESS_REFUSED),
        (["8.8.8.8", "127.0.0.1"], Reason.WEBHOOK_ADDRESS_REFUSED),
        (["fe80::1%eth0"], Reason.WEBHOOK_ADDRESS_REFUSED),
        ([], Reason.WEBHOOK_ADDRESS_UNKNOWN),
        (["nonsense"], Reason.WEBHOOK_ADDRESS_UNKNOWN),
    ],
    ids=str,
)
def test_every_address_of_a_host_must_be_public(found, reason):
    endpoint = parse_url("https://bank.example", RULES)
    assert refused(require_address, endpoint, RULES, lambda *_: found) is reason


def test_a_host_is_resolved_once_and_the_address_is_what_is_connected_to():
    asked = []

    def resolve(host, port):
        asked.append((host, port))
        return ["8.8.8.8", "8.8.4.4"]

    endpoint = parse_url("https://bank.example:444", RULES)
    assert require_address(endpoint, RULES, resolve) == ipaddress.ip_address("8.8.8.8")
    assert asked == [("bank.example", 444)]
