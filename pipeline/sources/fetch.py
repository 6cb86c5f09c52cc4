"""Fetching a web page safely: only from the public internet, never more or longer than is allowed.

A name is resolved once, every address it has is checked, and the connection goes to a checked address: what a name
server answers a second time does not matter. Redirects go the same way, each of them.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import httpcore
import httpx

from pipeline import __version__
from pipeline.sources.addresses import literal_address, refused_address
from pipeline.sources.http_body import Body
from pipeline.sources.items import RejectedInput

PRODUCT = "IncidentPipeline"
MAX_BODY_BYTES = 20_000_000
MAX_REDIRECTS = 5
MAX_VALIDATOR_CHARACTERS = 500
MAX_URL_CHARACTERS = 2_000
FETCH_SECONDS = 60.0
_REDIRECTS = {301, 302, 303, 307, 308}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_ADDRESSES_TRIED = 3
_TRANSPORT_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.CookieConflict,
    ssl.SSLError,
    OSError,
    UnicodeError,
)

Resolve = Callable[[str, int], list[str]]


class FetchError(RejectedInput):
    """An address that cannot be fetched: a reason of ``schemas/reasons.yaml`` and what happened."""


@dataclass(frozen=True)
class Rules:
    """What fetches of one source may do."""

    ports: frozenset[int] = frozenset({80, 443})
    allow_private: bool = False
    contact: str = ""
    """Where the operator can be reached; servers see it."""
    seconds: float = FETCH_SECONDS
    """For the whole fetch, redirects and all."""
    body_bytes: int = MAX_BODY_BYTES

    @property
    def user_agent(self) -> str:
        """The name under which servers see the fetches."""
        reached = f"; {self.contact}" if self.contact else ""
        return f"{PRODUCT}/{__version__} (news articles to incident records{reached})"


def system_addresses(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Network:
    """The outer world of a fetch: the names' addresses, and connections to addresses."""

    resolve: Resolve = system_addresses
    backend: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)


@dataclass(frozen=True)
class Answer:
    """What a server answered at the end of all redirects."""

    url: str
    status: int
    phrase: str
    headers: list[tuple[str, str]]
    raw: bytes
    """The body as it came."""
    content: bytes
    """The body, unpacked."""

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def validator(self, name: str) -> str | None:
        """A header (``ETag``, ``Last-Modified``) that the next request sends back, if it can be sent."""
        value = self.header(name) or ""
        return value if value.isascii() and 0 < len(value) <= MAX_VALIDATOR_CHARACTERS else None

    @property
    def media_type(self) -> str:
        """The type in the header, lower case, without parameters; empty where there is none."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()


def fetch(
    url: str, rules: Rules, network: Network | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Get an address.

    Raises:
        FetchError: it may not be fetched (``fetch_refused``), or it could not be (``fetch_failed``, ``page_too_large``).
    """
    clock = _Clock(rules.seconds)
    guarded = _GuardedBackend(rules, network or Network(), clock)
    sent = {"User-Agent": rules.user_agent, "Accept-Encoding": "gzip, deflate, br", "Accept": "*/*"} | dict(
        headers or {}
    )
    try:
        with httpx.Client(
            transport=_Transport(guarded), trust_env=False, headers=sent, timeout=rules.seconds
        ) as client:
            return _follow(client, url, rules, clock)
    except FetchError:
        raise
    except RejectedInput as error:
        raise FetchError(error.reason_code, f"{url}: {error.value}") from error
    except _TRANSPORT_ERRORS as error:
        raise FetchError("fetch_failed", f"{url}: {clock.sentence(error)}") from error


def checked_url(url: str, rules: Rules) -> httpx.URL:
    """The address, parsed.

    Raises:
        FetchError: a fetch of this source may not go there, whatever it resolves to.
    """

    def refuse(why: str) -> FetchError:
        return FetchError("fetch_refused", f"{url[:MAX_URL_CHARACTERS]}: {why}")

    if len(url) > MAX_URL_CHARACTERS:
        raise refuse(f"it is longer than {MAX_URL_CHARACTERS:,} characters")
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise refuse("it holds a space, a control character or a backslash")
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii")
        literal_address(host)
        port = _DEFAULT_PORTS.get(parsed.scheme) if parsed.port is None else parsed.port
    except (httpx.InvalidURL, ValueError) as error:
        raise refuse(str(error)) from error
    if parsed.scheme not in _DEFAULT_PORTS:
        raise refuse(f"only http and https are fetched, not {parsed.scheme or 'nothing'!r}")
    if not host:
        raise refuse("it names no host")
    if parsed.userinfo:
        raise refuse("it holds a user name or password")
    if port not in rules.ports:
        raise refuse(
            f"port {port} is not among the allowed ones ({', '.join(map(str, sorted(rules.ports)))})"
        )
    return parsed


def _follow(client: httpx.Client, url: str, rules: Rules, clock: _Clock) -> Answer:
    at = checked_url(url, rules)
    for _ in range(MAX_REDIRECTS + 1):
        with client.stream("GET", at) as response:
            location = response.headers.get("Location")
            if response.status_code not in _REDIRECTS or location is None:
                return _read(response, rules, clock)
        at = checked_url(str(at.join(location)), rules)
    raise RejectedInput("fetch_failed", f"more than {MAX_REDIRECTS} redirects, the last one to {at}")


def _read(response: httpx.Response, rules: Rules, clock: _Clock) -> Answer:
    body = Body(response.headers.get("Content-Encoding", ""), rules.body_bytes)
    for chunk in response.iter_raw():
        body.add(chunk)
        clock.left()
    body.close()
    return Answer(
        url=str(response.url.copy_with(fragment=None)),
        status=response.status_code,
        phrase=response.reason_phrase,
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw],
        raw=bytes(body.raw),
        content=bytes(body.content),
    )


class _Clock:
    """The time that is left of a fetch."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            RejectedInput: none are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise RejectedInput("fetch_failed", self._too_long())
        return left

    def sentence(self, error: BaseException) -> str:
        """What an error of the network was."""
        if isinstance(error, httpcore.TimeoutException | httpx.TimeoutException | TimeoutError):
            return self._too_long()
        return " ".join(f"{type(error).__name__}: {error}".split())[:300]

    def _too_long(self) -> str:
        return f"it took more than {self._seconds:g} seconds"


class _GuardedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only; httpcore keeps the name for the Host header and for TLS."""

    def __init__(self, rules: Rules, network: Network, clock: _Clock) -> None:
        self._rules = rules
        self._network = network
        self._clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port)
        for address in addresses[:-1]:
            try:
                return self._connect(address, port)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the last address's error is the one that is told
        return self._connect(addresses[-1], port)

    def _connect(self, address: str, port: int) -> httpcore.NetworkStream:
        return _TimedStream(
            self._network.backend.connect_tcp(address, port, timeout=self._clock.left()), self._clock
        )

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            literal = literal_address(host)
        except ValueError as error:
            raise RejectedInput("fetch_refused", str(error)) from error
        addresses = [literal] if literal else self._resolved(host, port)
        for address in addresses:
            if why := refused_address(address, allow_private=self._rules.allow_private):
                raise RejectedInput("fetch_refused", why if literal else f"{host} resolves to {why}")
        if not addresses:
            raise RejectedInput("fetch_failed", f"{host} has no address")
        return addresses[:_MAX_ADDRESSES_TRIED]

    def _resolved(self, host: str, port: int) -> list[str]:
        """The addresses of a name. A resolver cannot be stopped: one that takes too long is not waited for."""
        results: SimpleQueue[list[str] | Exception] = SimpleQueue()

        def resolve() -> None:
            try:
                results.put(self._network.resolve(host, port))
            except Exception as error:
                results.put(error)

        Thread(target=resolve, name=f"resolving {host}", daemon=True).start()
        try:
            result = results.get(timeout=self._clock.left())
        except Empty:
            raise TimeoutError from None
        if isinstance(result, Exception):
            raise result
        return result


class _TimedStream(httpcore.NetworkStream):
    """A connection on which nothing lasts longer than what is left of the fetch."""

    def __init__(self, stream: httpcore.NetworkStream, clock: _Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clock.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._clock.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(
            self._stream.start_tls(ssl_context, server_hostname, self._clock.left()), self._clock
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Transport(httpx.BaseTransport):
    """httpx over a connection pool of httpcore whose network is guarded."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(), max_connections=1, http1=True, http2=False, network_backend=backend
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Stream(answer), extensions=answer.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@cache
def _tls() -> ssl.SSLContext:
    """Certificates are checked; the list of authorities is read once."""
    return httpx.create_ssl_context(trust_env=False)
