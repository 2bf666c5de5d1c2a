"""Webhooks: registered, signed, delivered in order through failures and restarts, and never into a network of ours."""

import json
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook
from webhook_kit import BANK, Endpoint, Member

from api.client.client import ApiError
from api.client.webhook import SeenMessages, WebhookReceiver
from api.services.webhook import BOTH_SIGN_S, Secrets
from api.services.webhook_address import PublicAddresses
from api.services.webhook_delivery import FIRST_PAUSE_S, LONGEST_PAUSE_S, STOP_AFTER_S, pause_after
from ledger_node import clock
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.randomness import random_bytes

HOST = "hooks.bank.example"


@pytest.fixture
def member(tmp_path):
    made = Member(tmp_path)
    yield made
    made.store.dispose()


@pytest.fixture
def endpoint():
    made = Endpoint()
    yield made
    made.close()


@pytest.fixture
def url(endpoint):
    return f"http://{HOST}:{endpoint.port}/credence?of=bank"


def receiver(tmp_path, secret):
    return WebhookReceiver(secret, SeenMessages(tmp_path / "seen.sqlite3"))


def test_what_is_told_arrives_signed_in_order_and_once(member, endpoint, url, tmp_path):
    secret = member.webhooks.register(BANK, url)["secret"]
    ids = member.tell(3)
    member.tell(2, recipient=random_bytes(32))
    member.deliveries.deliver_due()
    member.deliveries.deliver_due()
    assert endpoint.ids() == ids
    checking = receiver(tmp_path, secret)
    for one in endpoint.received:
        message = checking.receive(one.headers, one.body, now=member.now)
        assert (message.kind, set(message.data)) == ("consent.granted", {"consent"})
        assert set(json.loads(one.body)) == {"type", "timestamp", "data"}
        assert one.headers["Host"] == f"{HOST}:{endpoint.port}"
        assert one.path == "/credence?of=bank"
    assert member.webhooks.show(BANK)["waiting"] == 0


def test_a_new_endpoint_begins_with_what_happens_from_now_on(member, endpoint, url):
    member.tell(2)
    member.webhooks.register(BANK, url)
    ids = member.tell(1)
    member.deliveries.deliver_due()
    assert endpoint.ids() == ids


def test_a_failing_endpoint_is_tried_again_later_each_time_also_after_a_restart(member, endpoint, url):
    member.webhooks.register(BANK, url)
    ids = member.tell(2)
    endpoint.statuses = [500, 503, 302]
    for attempt in range(1, 4):
        member.deliveries.deliver_due()
        shown = member.webhooks.show(BANK)
        assert (shown["state"], shown["attempts"], shown["waiting"]) == ("failing", attempt, 2)
        assert shown["next_at"] == member.now + FIRST_PAUSE_S * 2 ** (attempt - 1)
        member.open()
        member.now = shown["next_at"] - 1
        member.deliveries.deliver_due()
        assert len(endpoint.received) == attempt
        member.now += 1
    assert shown["last_failure"] == "status 302"
    member.deliveries.deliver_due()
    assert endpoint.ids() == [ids[0]] * 4 + [ids[1]]
    shown = member.webhooks.show(BANK)
    assert (shown["state"], shown["attempts"], shown["failing_since"], shown["last_failure"]) == (
        "active",
        0,
        None,
        None,
    )


def test_pauses_double_up_to_an_hour():
    pauses = [pause_after(attempts) for attempts in range(1, 40)]
    assert pauses[:3] == [5, 10, 20]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S


def test_after_three_days_an_endpoint_is_stopped_and_goes_on_where_it_stood(member, endpoint, url):
    member.webhooks.register(BANK, url)
    ids = member.tell(2)
    began = member.now
    endpoint.statuses = [500] * 1000
    while (shown := member.webhooks.show(BANK))["state"] != "stopped":
        member.now = shown["next_at"] or member.now
        member.deliveries.deliver_due()
    assert STOP_AFTER_S <= member.now - began <= STOP_AFTER_S + LONGEST_PAUSE_S
    count = len(endpoint.received)
    member.now += 10 * STOP_AFTER_S
    member.deliveries.deliver_due()
    assert len(endpoint.received) == count
    endpoint.statuses = []
    assert member.webhooks.register(BANK, url)["state"] == "active"
    member.deliveries.deliver_due()
    assert endpoint.ids()[count:] == ids


def test_an_endpoint_that_is_gone_is_stopped_at_once(member, endpoint, url):
    member.webhooks.register(BANK, url)
    member.tell()
    endpoint.statuses = [410]
    member.deliveries.deliver_due()
    assert member.webhooks.show(BANK)["state"] == "stopped"


def test_redirects_are_not_followed(member, endpoint, url):
    other = Endpoint()
    try:
        endpoint.statuses, endpoint.headers = [307], {"Location": f"http://127.0.0.1:{other.port}/"}
        member.webhooks.register(BANK, url)
        member.tell()
        member.deliveries.deliver_due()
        assert (len(endpoint.received), other.received) == (1, [])
        assert member.webhooks.show(BANK)["last_failure"] == "status 307"
    finally:
        other.close()


def test_both_secrets_sign_for_a_day_after_a_rotation(member, endpoint, url, tmp_path):
    old = member.webhooks.register(BANK, url)["secret"]
    new = member.webhooks.register(BANK, url)["secret"]
    assert old != new
    member.tell()
    member.deliveries.deliver_due()
    member.now += BOTH_SIGN_S
    member.tell()
    member.deliveries.deliver_due()
    during, after = endpoint.received
    for number, secret in enumerate((old, new)):
        (tmp_path / str(number)).mkdir()
        checking = receiver(tmp_path / str(number), secret)
        assert checking.receive(during.headers, during.body, now=member.now - BOTH_SIGN_S)
    with pytest.raises(VerificationError) as refusal:
        receiver(tmp_path, old).receive(after.headers, after.body, now=member.now)
    assert refusal.value.reason == "webhook_signature_wrong"
    assert receiver(tmp_path, new).receive(after.headers, after.body, now=member.now)


def test_a_secret_is_shown_once_and_stands_nowhere(member, url):
    secret = member.webhooks.register(BANK, url)["secret"]
    assert "secret" not in member.webhooks.show(BANK)
    assert secret not in repr(Secrets((secret,)))
    for file in member.path.parent.iterdir():
        assert secret.removeprefix("whsec_").encode() not in file.read_bytes()
    member.webhooks.remove(BANK)
    for call in (lambda: member.webhooks.show(BANK), lambda: member.webhooks.remove(BANK)):
        with pytest.raises(InvalidInputError) as refusal:
            call()
        assert refusal.value.reason == "not_found"


def test_an_endpoint_that_is_removed_gets_nothing_more(member, endpoint, url):
    member.webhooks.register(BANK, url)
    member.tell()
    member.webhooks.remove(BANK)
    member.deliveries.deliver_due()
    assert endpoint.received == []


def test_an_endpoint_that_never_answers_holds_nobody_up(member, endpoint, url):
    member.deadline_s = 0.3
    member.open()
    holding = threading.Event()
    silent = Endpoint()
    silent.server.RequestHandlerClass.do_POST = lambda _: holding.wait(20)
    member.names["silent.example"] = ["127.0.0.1"]
    other = random_bytes(32)
    try:
        member.webhooks.register(other, f"http://silent.example:{silent.port}/")
        member.webhooks.register(BANK, url)
        member.tell(recipient=other)
        ids = member.tell()
        member.deliveries.deliver_due()
        assert endpoint.ids() == ids
        assert member.webhooks.show(other)["last_failure"] == "no answer in time"
    finally:
        holding.set()
        silent.close()


def test_a_port_that_nobody_listens_on_is_a_failure(member):
    closed = Endpoint()
    closed.close()
    member.webhooks.register(BANK, f"http://{HOST}:{closed.port}/")
    member.tell()
    member.deliveries.deliver_due()
    assert member.webhooks.show(BANK)["last_failure"] == "no connection (ConnectError)"


def test_the_worker_delivers_by_itself_until_it_is_stopped(member, endpoint, url):
    member.webhooks.register(BANK, url)
    ids = member.tell(2)
    arrived = threading.Event()
    post = endpoint.server.RequestHandlerClass.do_POST

    def watch(handler):
        post(handler)
        if len(endpoint.received) == len(ids):
            arrived.set()

    endpoint.server.RequestHandlerClass.do_POST = watch
    member.deliveries.start()
    assert arrived.wait(60)
    member.deliveries.stop()
    assert endpoint.ids() == ids


# where webhooks may go

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


def strict(member):
    member.rules = PublicAddresses()
    member.open()
    return member


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


# TLS is checked against the name, although the connection goes to an address


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


# the sample receiver

NOW = 1_800_000_000
SECRET = "whsec_" + "QUJD" * 8


def message(*, at=NOW, body=None, secret=SECRET, **changes):
    text = json.dumps({"type": "consent.granted", "timestamp": "2027", "data": {}}) if body is None else body
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(at)}
    headers["Webhook-Signature"] = Webhook(secret).sign("msg_1", datetime.fromtimestamp(at, UTC), text)
    return {**headers, **changes}, text.encode()


def refusal_of(checking, headers, body, now=NOW):
    with pytest.raises(VerificationError) as refusal:
        checking.receive(headers, body, now=now)
    return refusal.value.reason


def test_a7_a_message_that_came_before_is_refused_also_after_a_restart(tmp_path):
    headers, body = message()
    assert receiver(tmp_path, SECRET).receive(headers, body, now=NOW).id == "msg_1"
    assert refusal_of(receiver(tmp_path, SECRET), headers, body) == "webhook_replayed"
    headers, body = message(at=NOW + 60)
    assert refusal_of(receiver(tmp_path, SECRET), headers, body, NOW + 60) == "webhook_replayed"


@pytest.mark.parametrize("late", [301, -301, 86_400])
def test_a7_a_message_that_is_late_or_early_is_refused(tmp_path, late):
    headers, body = message()
    assert refusal_of(receiver(tmp_path, SECRET), headers, body, NOW + late) == "webhook_late"
    assert receiver(tmp_path, SECRET).receive(headers, body, now=NOW + 300)


def test_a7_a_message_that_was_changed_or_is_by_another_is_refused(tmp_path):
    checking = receiver(tmp_path, SECRET)
    headers, body = message()
    for changed_headers, changed_body in (
        (headers, body + b" "),
        (headers, b"\xff"),
        ({**headers, "Webhook-Id": "msg_2"}, body),
        ({**headers, "Webhook-Timestamp": str(NOW + 1)}, body),
        ({**headers, "Webhook-Timestamp": "soon"}, body),
        ({**headers, "Webhook-Timestamp": "9" * 4000}, body),
        ({**headers, "Webhook-Timestamp": ""}, body),
        ({**headers, "Webhook-Signature": ""}, body),
        ({**headers, "Webhook-Signature": "v1,%%% v1 v2," + "QUJD" * 8}, body),
        ({**headers, "Webhook-Signature": headers["Webhook-Signature"].replace("v1,", "v1a,")}, body),
        ({}, body),
        message(secret="whsec_" + "QUJE" * 8),
    ):
        assert refusal_of(checking, changed_headers, changed_body) == "webhook_signature_wrong"
    assert checking.receive(headers, body, now=NOW)


def test_a_signed_body_that_is_no_message_is_malformed(tmp_path):
    checking = receiver(tmp_path, SECRET)
    for body in ("null", "{}", '{"type": "x", "timestamp": "y", "data": {}, "more": 1}', "["):
        headers, content = message(body=body)
        with pytest.raises(InvalidInputError):
            checking.receive(headers, content, now=NOW)


# over HTTP and on the command line


def test_members_register_and_nobody_else_does(place):
    with pytest.raises(ApiError) as refusal:
        place.shop.client.put("/v1/webhook", {"url": "https://hooks.bank.example/"})
    assert (refusal.value.status, refusal.value.reason) == (403, "not_allowed")
    for body, reason in (
        ({"url": "http://hooks.bank.example/"}, "webhook_url_refused"),
        ({"url": 1}, "type_wrong"),
        ({}, "field_missing"),
        ({"url": "https://x.example/", "more": 1}, "field_unknown"),
        ({"url": "https://x/" + "x" * 2000}, "too_large"),
    ):
        with pytest.raises(ApiError) as refusal:
            place.bank.put("/v1/webhook", body)
        assert refusal.value.reason == reason
    for call in (place.bank.get, place.bank.delete):
        with pytest.raises(ApiError) as refusal:
            call("/v1/webhook")
        assert (refusal.value.status, refusal.value.reason) == (404, "not_found")
    done = place.credence("webhook", "set", "https://127.0.0.1/", "--as", "demo-bank")
    assert (done.returncode, "webhook_address_refused" in done.stderr) == (2, True)
    done = place.credence("webhook", "show", "--as", "demo-bank")
    assert (done.returncode, "not_found" in done.stderr) == (2, True)


def test_an_address_can_be_registered_shown_and_removed_by_command(place):
    # a public address is needed and never connected to: nothing is told to a department
    done = place.credence("webhook", "set", "https://93.184.216.34/hook", "--as", "tax-bureau")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("whsec_")
    done = place.credence("webhook", "show", "--as", "tax-bureau", "--json")
    assert json.loads(done.stdout)["url"] == "https://93.184.216.34/hook"
    assert "whsec_" not in done.stdout
    assert place.credence("webhook", "remove", "--as", "tax-bureau").returncode == 0
    assert place.credence("webhook", "remove", "--as", "tax-bureau").returncode == 2
