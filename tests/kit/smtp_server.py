"""A small SMTP server on this machine: it takes letters, with and without TLS, and refuses when it is told to."""

import datetime as dt
import socketserver
import ssl
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ledger_node import clock


class SmtpServer(socketserver.ThreadingTCPServer):
    """``letters``: (recipient, message) that were taken; ``refusals``: answers by address; ``down``: the one to all."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, tls=None, *, implicit=False):
        super().__init__(("127.0.0.1", 0), _Session)
        self.letters, self.refusals, self.down, self.sessions = [], {}, None, 0
        self.secured = self.logged_in = 0
        self.tls, self.implicit = tls, implicit

    @property
    def port(self):
        return self.server_address[1]


class _Session(socketserver.StreamRequestHandler):
    timeout = 10

    def handle(self):
        self.server.sessions += 1
        if self.server.implicit:
            self._secure()
        if self.server.down is not None:
            self._say(self.server.down)
            return
        self._say("220 here")
        to = None
        while line := self.rfile.readline():
            command = line.decode("utf-8", "replace").strip()
            verb = command.partition(" ")[0].upper()
            if verb in {"EHLO", "HELO"}:
                self._say(
                    "250-here\r\n250-8BITMIME\r\n250-AUTH PLAIN"
                    + ("\r\n250 STARTTLS" if self.server.tls else "\r\n250 OK")
                )
            elif verb == "STARTTLS":
                self._say("220 go on")
                self._secure()
            elif verb == "AUTH":
                self.server.logged_in += 1
                self._say("235 welcome")
            elif verb == "RCPT":
                to = command.partition("<")[2].partition(">")[0]
                self._say(self.server.refusals.get(to, "250 fine"))
            elif verb == "DATA":
                self._say("354 go on")
                self._take(to)
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def finish(self):
        super().finish()
        # the server closes the plain socket alone
        self.connection.close()

    def _take(self, to):
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        self.server.letters.append((to, message_from_bytes(b"".join(lines), policy=policy.default)))

    def _secure(self):
        try:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        except ssl.SSLError:
            return
        self.server.secured += 1
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def _say(self, text):
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def smtp_server(tls=None, *, implicit=False):
    """Give a server that runs."""
    with SmtpServer(tls, implicit=implicit) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def tls_of_localhost(folder):
    """Return TLS contexts of a server on this machine, and of a client that trusts it alone."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = dt.datetime.fromtimestamp(clock.now(), dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = (
        made.serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    )
    made = made.add_extension(names, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.pem").write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, *form))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem")
    return server, ssl.create_default_context(cadata=pem.decode())
