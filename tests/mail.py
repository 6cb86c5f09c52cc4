"""A mail server of our own: as much of SMTP as a client that encrypts and logs in needs."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class MailServer(socketserver.TCPServer):
    """Takes messages; one that has a certificate speaks STARTTLS and wants a login first."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.context = context
        self.messages: list[bytes] = []
        self.logins: list[str] = []

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self.server_address[1])


class _Session(socketserver.BaseRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.is_encrypted = False
        self.file = self.request.makefile("rwb")
        self._say("220 test.example")
        while line := self.file.readline():
            word, _, rest = line.decode().strip().partition(" ")
            if not self._answer(word.upper(), rest):
                break

    def finish(self) -> None:
        self.file.close()
        self.request.close()

    def _answer(self, word: str, rest: str) -> bool:
        context = self.server.context
        if word == "EHLO":
            extension = "AUTH PLAIN" if self.is_encrypted else "STARTTLS" if context else "8BITMIME"
            self._say("250-test.example", f"250 {extension}")
        elif word == "STARTTLS" and context:
            self._say("220 go on")
            self.file.close()
            try:
                self.request = context.wrap_socket(self.request, server_side=True)
            except ssl.SSLError:
                return False
            self.file, self.is_encrypted = self.request.makefile("rwb"), True
        elif word == "AUTH" and self.is_encrypted:
            self.server.logins.append(base64.b64decode(rest.partition(" ")[2]).decode())
            self._say("235 welcome")
        elif word == "MAIL" and context and not self.server.logins:
            self._say("530 log in first")
        elif word == "DATA":
            self._say("354 go on")
            lines = iter(self.file.readline, b".\r\n")
            self.server.messages.append(b"".join(lines))
            self._say("250 taken")
        else:
            self._say("221 bye" if word == "QUIT" else "250 well")
        return word != "QUIT"

    def _say(self, *lines: str) -> None:
        self.file.write("".join(f"{line}\r\n" for line in lines).encode())
        self.file.flush()


@contextmanager
def mail_server(certificate: Path | None = None) -> Iterator[MailServer]:
    """A server in a thread; it encrypts where it has a certificate with its key."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    with MailServer(context) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def write_certificate(path: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that it signs itself, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    kind = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path
