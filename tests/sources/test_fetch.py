"""Fetching: only public addresses are reached, nothing is too large, too long or goes round in circles."""

from __future__ import annotations

import datetime as dt
import gzip
import random
import ssl
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.sources.addresses import refused_address
from pipeline.sources.fetch import FetchError, Network, Rules, checked_url, fetch, system_addresses
from pipeline.sources.http_body import Body
from pipeline.sources.items import RejectedInput
from tests.sources.web import PUBLIC, Reply, Site, Wire, serving

FORBIDDEN_ADDRESSES = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254",
    "192.168.0.1", "100.64.0.1", "100.127.255.254", "169.254.169.254", "169.254.0.1", "192.0.0.8", "192.0.2.1",
    "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:c0a8:101::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "2001:20::1", "3fff::1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "100::1", "5f00::1", "not-an-address",
]  # fmt: skip
FORBIDDEN_URLS = [
    "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://LOCALHOST:{port}/", "http://localhost.:{port}/",
    "http://2130706433:{port}/", "http://0x7f000001:{port}/", "http://0x7f.1:{port}/", "http://017700000001:{port}/",
    "http://0177.0.0.1:{port}/", "http://127.1:{port}/", "http://127.0.1:{port}/", "http://0:{port}/",
    "http://0.0.0.0:{port}/", "http://127.0.0.1.:{port}/", "http://[::1]:{port}/", "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/", "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/", "http://[::127.0.0.1]:{port}/", "http://[fe80::1%25lo]:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/", "http://127。0。0。1:{port}/", "http://１２７.０.０.１:{port}/",
    "http://user@127.0.0.1:{port}/", "http://public.example@127.0.0.1:{port}/",
    "http://user:secret@public.example/", "http://public.example\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\.public.example/", "http://public.example:{port}@127.0.0.1/",
    "http://public.example/ HTTP/1.1\r\nHost: 127.0.0.1:{port}", "http://public.example\t:{port}/",
    "http://127.0.0.1:{port}#@public.example/", "http://127.0.0.1:{port}?@public.example/",
    "http://private.example/", "http://mixed.example/", "http://mapped.example/", "http://metadata.example/",
    "https://private.example/", "http://public.example:22/", "http://public.example:{port}/",
    "http://public.example:6379/", "http://public.example:0/", "http://public.example:99999/",
    "file:///etc/passwd", "ftp://public.example/", "gopher://127.0.0.1:{port}/_x", "data:text/html,x",
    "dict://127.0.0.1:{port}/", "jar:http://127.0.0.1:{port}/!/", "javascript:alert(1)", "//127.0.0.1:{port}/",
    "http:///", "http://", "", "127.0.0.1:{port}", "http://[::1", "http://a..b\u0000/", "http://" + "a" * 3_000,
]  # fmt: skip
NAMES = {
    "private.example": ["10.1.2.3"],
    "mixed.example": [PUBLIC, "127.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "localhost": ["127.0.0.1"],
}
SMALL = Rules(seconds=20, body_bytes=3_000_000)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as running:
        yield running


def network(wire: Wire) -> Network:
    return Network(resolve=lambda host, port: NAMES.get(host.rstrip(".").lower(), [PUBLIC]), backend=wire)


def failure(url: str, site: Site, rules: Rules = SMALL, wire: Wire | None = None) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetch(url, rules, network(wire or Wire(site)))
    return caught.value


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_a_forbidden_address_is_refused(address: str) -> None:
    assert refused_address(address, allow_private=False)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", PUBLIC, "2606:4700::1111", "2a00:1450::8a", "64:ff9b::808:808"]
)
def test_a_public_address_is_allowed(address: str) -> None:
    assert refused_address(address, allow_private=False) is None


def test_a_declaration_may_allow_the_own_network_but_never_the_rest() -> None:
    allowed = [a for a in FORBIDDEN_ADDRESSES if refused_address(a, allow_private=True) is None]
    assert allowed == [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1",
        "100.64.0.1", "100.127.255.254", "::1", "64:ff9b::7f00:1", "fc00::1", "fd00:ec2::254",
    ]  # fmt: skip


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
def test_a_forbidden_url_is_refused_without_any_connection(url: str, site: Site) -> None:
    wire = Wire(site)
    rules = Rules(ports=frozenset({80, 443, site.port}), seconds=20)
    if "public.example:{port}/" in url:
        rules = SMALL
    error = failure(url.replace("{port}", str(site.port)), site, rules, wire)
    assert error.reason_code == "fetch_refused"
    assert (wire.dialled, site.asked) == ([], [])


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_a_redirect_to_a_forbidden_address_is_not_followed(address: str, site: Site) -> None:
    wire = Wire(site)
    host = f"[{address}]" if ":" in address else address
    site.replies["/"] = Reply(status=302, headers={"Location": f"http://{host}/secret"})
    names = NAMES | {"not-an-address": ["10.0.0.1"]}
    world = Network(resolve=lambda name, port: names.get(name, [PUBLIC]), backend=wire)
    with pytest.raises(FetchError) as caught:
        fetch("http://public.example/", SMALL, world)
    assert caught.value.reason_code == "fetch_refused"
    assert (wire.dialled, site.asked) == ([PUBLIC], ["/"])


def test_the_system_resolver_is_checked_too(site: Site) -> None:
    assert "127.0.0.1" in system_addresses("localhost", 80)
    with pytest.raises(FetchError, match=r"localhost resolves to .* is a private address"):
        fetch(f"http://localhost:{site.port}/", Rules(ports=frozenset({site.port})))
    assert site.asked == []


def test_a_name_is_resolved_once_for_a_connection_and_stays_in_the_host_header(site: Site) -> None:
    """A name server that answers with a private address the second time gains nothing."""
    site.replies["/"] = Reply(b"hello")
    wire, answers = Wire(site), iter([[PUBLIC], ["127.0.0.1"]])
    answer = fetch("http://rebinding.example/#part", SMALL, Network(lambda host, port: next(answers), wire))
    assert (answer.content, answer.url, wire.dialled) == (b"hello", "http://rebinding.example/", [PUBLIC])
    assert site.headers[0]["Host"] == "rebinding.example"
    assert site.headers[0]["User-Agent"].startswith("IncidentPipeline/")
    with pytest.raises(FetchError, match="fetch_refused"):
        fetch("http://rebinding.example/", SMALL, Network(lambda host, port: next(answers), wire))


def test_certificates_are_checked_for_the_name_that_was_asked_for(tmp_path: Path) -> None:
    """The connection goes to an address, the name goes to TLS; a certificate nobody vouches for is not taken."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "public.example")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("public.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (tmp_path / "pair.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pair.pem")
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, server_name, _context: asked.append(server_name)
    with serving(Site({"/": Reply(b"hello")}), context) as secure:
        error = failure("https://public.example/", secure)
    assert (asked, error.reason_code) == (["public.example"], "fetch_failed")
    assert "certificate verify failed" in error.value.lower()
    assert secure.asked == []


def test_the_environment_names_no_proxy(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Site()) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        site.replies["/"] = Reply(b"hello")
        assert fetch("http://public.example/", SMALL, network(Wire(site))).content == b"hello"
        assert proxy.asked == []


def test_the_next_address_is_tried_where_the_first_does_not_answer(site: Site) -> None:
    site.replies["/"] = Reply(b"hello")

    class Deaf(Wire):
        def connect_tcp(self, host: str, port: int, *args: object, **more: object):  # type: ignore[no-untyped-def,override]
            if host.startswith("2606"):
                import httpcore

                raise httpcore.ConnectError("no route")
            return super().connect_tcp(host, port)

    wire = Deaf(site)
    answer = fetch("http://two.example/", SMALL, Network(lambda h, p: ["2606:4700::1", PUBLIC], wire))
    assert (answer.content, wire.dialled) == (b"hello", [PUBLIC])


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress), ("identity", bytes), ("gzip", lambda b: gzip.compress(b[:9], mtime=0) + gzip.compress(b[9:]))])  # fmt: skip
def test_encoded_bodies_are_unpacked_and_kept_as_they_came(site: Site, encoding: str, pack) -> None:  # type: ignore[no-untyped-def]
    body = bytes(range(256)) * 2_000
    site.replies["/"] = Reply(pack(body), headers={"Content-Encoding": encoding})
    answer = fetch("http://public.example/", SMALL, network(Wire(site)))
    assert (answer.content, answer.raw) == (body, pack(body))


@pytest.mark.parametrize("size", [2_500_000, 50_000_000])
@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", lambda b: brotli.compress(b, quality=3))])  # fmt: skip
def test_bombs_are_stopped_early(site: Site, encoding: str, pack, size: int) -> None:  # type: ignore[no-untyped-def]
    site.replies["/"] = Reply(pack(b"a" * size), headers={"Content-Encoding": encoding})
    error = failure("http://public.example/", site)
    assert error.reason_code in {"fetch_refused", "page_too_large"}
    assert "100 times its size" in error.value or "over 3,000,000 bytes" in error.value


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda b: brotli.compress(b, quality=3)])
def test_what_swells_over_a_hundred_times_is_refused_within_the_limit_of_size(pack) -> None:  # type: ignore[no-untyped-def]
    packed = pack(b"a" * 2_500_000)
    body = Body({gzip.compress: "gzip", zlib.compress: "deflate"}.get(pack, "br"), 3_000_000)
    with pytest.raises(RejectedInput, match="fetch_refused: the body unpacks to over 100 times its size"):
        body.add(packed)
    assert len(body.content) < 1_200_000


def test_a_body_over_the_limit_is_stopped(site: Site) -> None:
    site.replies["/"] = Reply(b"a" * 3_000_001)
    site.replies["/packed"] = Reply(
        gzip.compress(random.Random(7).randbytes(3_000_001)), headers={"Content-Encoding": "gzip"}
    )
    for path in ("/", "/packed"):
        error = failure(f"http://public.example{path}", site)
        assert (error.reason_code, error.value) == (
            "page_too_large",
            f"http://public.example{path}: over 3,000,000 bytes",
        )


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,br", "compress", "zstd", "x-gzip", "gzip;q=1"])
def test_nested_and_unknown_encodings_are_refused(site: Site, encoding: str) -> None:
    site.replies["/"] = Reply(
        gzip.compress(gzip.compress(b"x"), mtime=0), headers={"Content-Encoding": encoding}
    )
    assert failure("http://public.example/", site).reason_code == "fetch_refused"


@pytest.mark.parametrize(("encoding", "body"), [("gzip", b"no gzip"), ("gzip", gzip.compress(b"x" * 999, mtime=0)[:-3]), ("br", b"\xff\xff\xff"), ("br", brotli.compress(bytes(range(99)))[:-5]), ("deflate", b"<html>")])  # fmt: skip
def test_a_body_that_is_not_what_its_header_says_has_failed(site: Site, encoding: str, body: bytes) -> None:
    site.replies["/"] = Reply(body, headers={"Content-Encoding": encoding})
    assert failure("http://public.example/", site).reason_code == "fetch_failed"


def test_redirects_are_followed_five_times(site: Site) -> None:
    for number in range(8):
        site.replies[f"/{number}"] = Reply(status=301, headers={"Location": f"/{number + 1}"})
    site.replies["/8"] = Reply(b"there")
    answer = fetch("http://public.example/3", SMALL, network(Wire(site)))
    assert (answer.content, answer.url) == (b"there", "http://public.example/8")
    error = failure("http://public.example/2", site)
    assert (error.reason_code, "more than 5 redirects" in error.value) == ("fetch_failed", True)


def test_a_redirect_loop_ends(site: Site) -> None:
    site.replies["/"] = Reply(status=302, headers={"Location": "http://public.example/"})
    assert failure("http://public.example/", site).reason_code == "fetch_failed"
    assert len(site.asked) == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://private.example/", "http://metadata.example/latest/meta-data/", "http://public.example:22/", "http://user:pw@public.example/", "//127.0.0.1/", "http://0x7f.1/"])  # fmt: skip
def test_a_redirect_is_checked_like_an_address(site: Site, location: str) -> None:
    site.replies["/"] = Reply(status=307, headers={"Location": location})
    assert failure("http://public.example/", site).reason_code == "fetch_refused"
    assert site.asked == ["/"]


@pytest.mark.parametrize("body", [b"", b"<html>"])
def test_a_server_that_drips_is_left_after_the_whole_time(site: Site, body: bytes) -> None:
    """Each byte comes in time; the page never ends."""
    site.replies["/"] = Reply(body, drip=True)
    error = failure("http://public.example/", site, Rules(seconds=0.3))
    assert (error.reason_code, error.value) == (
        "fetch_failed",
        "http://public.example/: it took more than 0.3 seconds",
    )


def test_a_name_server_that_never_answers_is_not_waited_for(site: Site) -> None:
    asked = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        asked.wait(60)
        return [PUBLIC]

    with pytest.raises(FetchError, match=r"fetch_failed: .*more than 0\.2 seconds"):
        fetch("http://public.example/", Rules(seconds=0.2), Network(resolve, Wire(site)))
    asked.set()


@given(
    st.one_of(
        st.text(), st.from_regex(r"https?://[ -~]{0,20}(:[0-9]{0,6})?[/?#]?[ -~]{0,10}", fullmatch=True)
    )
)
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        outcome = checked_url(text, SMALL).scheme
    except FetchError as error:
        outcome = error.reason_code
    assert outcome in {"http", "https", "fetch_refused"}


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=30), st.sampled_from(["", "http:", "http://", "//", "/"]))  # fmt: skip
def test_any_redirect_ends_in_an_answer_or_an_error(site: Site, location: str, begin: str) -> None:
    site.replies["/"] = Reply(status=302, headers={"Location": begin + location.replace("\x85", "")})
    try:
        outcome = str(fetch("http://public.example/", SMALL, network(Wire(site))).status)
    except FetchError as error:
        outcome = error.reason_code
    assert outcome in {"302", "404", "fetch_refused", "fetch_failed"}


def test_a_server_that_is_not_there_has_failed() -> None:
    with serving(Site()) as gone:
        port = gone.port
    error = failure(f"http://127.0.0.1:{port}/", gone, Rules(ports=frozenset({port}), allow_private=True))
    assert error.reason_code == "fetch_failed"


def test_a_name_without_an_address_has_failed(site: Site) -> None:
    with pytest.raises(FetchError, match=r"fetch_failed: .*nowhere\.example has no address"):
        fetch("http://nowhere.example/", SMALL, Network(lambda host, port: [], Wire(site)))
