"""Where webhooks may go: https to public addresses, checked at registration and again at every delivery."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.client.client import ApiError
from ledger_node import clock
from ledger_node.domain.error import InvalidInputError
from tests.kit.webhook import BANK, HOST, Endpoint, strict

INTERNAL = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",  # noqa: S104 - an address to be refused
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:7f00:1::1",
    "2001:db8::1",
]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]


@pytest.mark.parametrize("address", INTERNAL)
def test_a7_names_that_lead_inside_are_refused_at_registration(member, address):
    strict(member).names["sly.example"] = ["93.184.216.34", address]
    with pytest.raises(InvalidInputError) as refusal:
        member.webhooks.register(BANK, "https://sly.example/")
    assert refusal.value.reason == "webhook_address_refused"


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_registered(member, address):
    strict(member).names["good.example"] = [address]
    assert member.webhooks.register(BANK, "https://good.example/")["state"] == "active"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "[::1]", "[::ffff:7f00:1]", "169.254.169.254"]
)
def test_a7_addresses_in_whatever_spelling_are_refused_at_registration(place, host):
    with pytest.raises(ApiError) as refusal:
        place.bank.put("/v1/webhook", {"url": f"https://{host}/hook"})
    assert (refusal.value.status, refusal.value.reason) == (422, "webhook_address_refused")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.bank.example/",
        "ftp://hooks.bank.example/",
        "//hooks.bank.example/",
        "https://",
        "https:///hook",
        "https://user@hooks.bank.example/",
        "https://user:word@hooks.bank.example/",
        "https://hooks.bank.example/#part",
        "https://hooks.bank.example:99999/",
        "https://hooks.bank.example:x/",
        "https://[::1/",
        "https://hooks.bank.example\\@127.0.0.1/",
        "https://hooks bank.example/",
        "https://hooks.bank.example/\n",
        "https://银行.example/",
        "https://hooks.bank.example/" + "x" * 1000,
        "",
        "x",
    ],
)
def test_what_is_no_https_url_is_refused(member, url):
    with pytest.raises(InvalidInputError) as refusal:
        strict(member).webhooks.register(BANK, url)
    assert refusal.value.reason == "webhook_url_refused"


def test_a_name_without_an_address_is_refused(member):
    for host in ("nowhere.example", "empty.example", "odd.example"):
        strict(member).names |= {"empty.example": [], "odd.example": ["no address"]}
        with pytest.raises(InvalidInputError) as refusal:
            member.webhooks.register(BANK, f"https://{host}/")
        assert refusal.value.reason == "webhook_address_unknown"


def test_a7_a_name_that_leads_inside_after_its_registration_is_refused_at_delivery(member, endpoint):
    strict(member).names[HOST] = ["93.184.216.34"]
    member.webhooks.register(BANK, f"https://{HOST}:{endpoint.port}/")
    member.names[HOST] = ["127.0.0.1"]
    member.tell()
    member.deliveries.deliver_due()
    assert endpoint.received == []
    shown = member.webhooks.show(BANK)
    assert (shown["state"], shown["last_failure"]) == ("failing", "webhook_address_refused")


def test_a_delivery_resolves_once_and_connects_to_just_that_address(member, endpoint, url):
    member.webhooks.register(BANK, url)
    member.tell()
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    member.resolve = lambda *_: answers.pop(0)
    member.open()
    member.deliveries.deliver_due()
    assert len(endpoint.received) == 1
    assert answers == [["127.0.0.2"]]


def certificate(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.fromtimestamp(clock.now(), UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(("name", "arrives"), [(HOST, True), ("other.example", False)])
def test_the_endpoints_certificate_is_checked_against_its_name(member, tmp_path, name, arrives):
    file = certificate(tmp_path, name)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    secure = Endpoint(server)
    member.tls = ssl.create_default_context(cafile=str(file))
    member.open()
    try:
        member.webhooks.register(BANK, f"https://{HOST}:{secure.port}/")
        member.tell()
        member.deliveries.deliver_due()
        assert len(secure.received) == int(arrives)
        assert (member.webhooks.show(BANK)["state"] == "active") is arrives
    finally:
        secure.close()
