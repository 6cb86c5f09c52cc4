"""A small web for tests: real servers on this machine, names and public addresses that lead to them, a clock."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore

from pipeline.sources.fetch import Network
from pipeline.sources.politeness import World

PUBLIC = "93.184.215.14"


@dataclass
class Reply:
    """What a path answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})
    drip: bool = False
    """The body never ends, byte by byte."""


@dataclass
class Site:
    """A server; ``replies`` may be changed while it runs, ``asked`` is what it was asked for."""

    replies: dict[str, Reply | Callable[[BaseHTTPRequestHandler], Reply]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """The address of the server without a path."""
        return f"http://127.0.0.1:{self.port}"


def chunked(body: bytes) -> bytes:
    """A body in chunks of a hundred bytes."""
    parts = [body[start : start + 100] for start in range(0, len(body), 100)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@contextmanager
def serving(site: Site, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Runs the server."""
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.headers.append(dict(self.headers))
            found = site.replies.get(self.path, Reply(status=404))
            reply = found if isinstance(found, Reply) else found(self)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            is_chunked = "Transfer-Encoding" in reply.headers
            if not reply.drip and not is_chunked:
                self.send_header("Content-Length", str(len(reply.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                self.wfile.write(chunked(reply.body) if is_chunked else reply.body)
                while reply.drip and not stopped.wait(0.01):
                    self.wfile.write(b".")
            except OSError:
                return  # the client has hung up, as it should

        def log_message(self, format: str, *args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def get_request(self) -> tuple[socket.socket, Any]:
            connection, address = super().get_request()
            return (tls.wrap_socket(connection, server_side=True) if tls else connection), address

    with Server(("127.0.0.1", 0), Handler) as server:
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield site
        finally:
            stopped.set()
            server.shutdown()
            thread.join()


class Wire(httpcore.NetworkBackend):
    """Connects every address to one local server, and remembers which address was meant."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._inner = httpcore.SyncBackend()
        self.dialled: list[str] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self.dialled.append(host)
        return self._inner.connect_tcp("127.0.0.1", self._site.port, timeout)


@dataclass
class Clock:
    """A time that passes only when somebody waits."""

    time: float = 1_760_000_000.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        """The time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.waits.append(seconds)
        self.time += seconds


def world_of(site: Site, clock: Clock | None = None, names: dict[str, list[str]] | None = None) -> World:
    """A world in which every name is public and leads to the site."""
    clock = clock or Clock()

    def resolve(host: str, port: int) -> list[str]:
        return (names or {}).get(host, [PUBLIC])

    return World(network=Network(resolve=resolve, backend=Wire(site)), now=clock.now, sleep=clock.sleep)
