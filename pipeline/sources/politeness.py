"""Manners towards the servers that articles are fetched from: robots.txt, pauses, and waiting longer where one is in trouble."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import msgspec
from protego import Protego

from pipeline.sources.fetch import MAX_BODY_BYTES, PRODUCT, Answer, FetchError, Network, Rules, fetch

MAX_CRAWL_DELAY_SECONDS = 20.0
"""A site that asks for longer pauses gets these: a poll has to end."""
ROBOTS_SECONDS = 86_400.0
MAX_ROBOTS_BYTES = 1_000_000
_FIRST_WAIT_SECONDS = 60.0
_LONGEST_WAIT_SECONDS = 86_400.0
_KEPT_ROBOTS_CHARACTERS = 16_384
_MAX_HOSTS = 500
_TOO_MANY_REQUESTS = 429


class Host(msgspec.Struct, omit_defaults=True):
    """What is remembered of one server. Times are seconds since 1970."""

    failures: int = 0
    """Failures since the last success."""
    paused_until: float = 0.0
    robots: str | None = None
    robots_until: float = 0.0


@dataclass(frozen=True)
class World:
    """What lies outside of the process: the network, the time, and waiting."""

    network: Network = field(default_factory=Network)
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Visitor:
    """Fetches with manners; ``hosts`` is what earlier polls learnt of the servers."""

    def __init__(self, rules: Rules, world: World, hosts: Mapping[str, Host], delay: float) -> None:
        self._rules = rules
        self._world = world
        self._hosts = dict(hosts)
        self._delay = delay
        self._robots: dict[str, Protego] = {}
        self._last: dict[str, float] = {}

    @property
    def hosts(self) -> dict[str, Host]:
        """What the next poll has to know: waits and robots.txt that still hold, the latest ones."""
        now = self._world.now()
        live = {
            name: host
            for name, host in self._hosts.items()
            if host.failures or (host.robots is not None and host.robots_until > now)
        }
        latest = sorted(live, key=lambda name: max(live[name].paused_until, live[name].robots_until))
        return {name: live[name] for name in sorted(latest[-_MAX_HOSTS:])}

    def is_paused(self, url: str) -> bool:
        """True while the server of the address is left alone."""
        return self.paused_until(url) > self._world.now()

    def paused_until(self, url: str) -> float:
        """When the server of the address may be asked again."""
        return self._host(url).paused_until

    def page(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Get an address where the site's robots.txt allows it; ``headers`` as of :meth:`get`.

        Raises:
            FetchError: it is not allowed (``robots_disallowed``) or failed, see :meth:`get`.
        """
        robots = self._robots_of(url)
        if not robots.can_fetch(url, PRODUCT):
            raise FetchError("robots_disallowed", url)
        asked = min(robots.crawl_delay(PRODUCT) or 0.0, MAX_CRAWL_DELAY_SECONDS)
        answer = self.get(url, headers=headers, delay=max(self._delay, asked))
        if _name(answer.url) != _name(url) and not self._robots_of(answer.url).can_fetch(answer.url, PRODUCT):
            raise FetchError("robots_disallowed", f"{answer.url}, to which {url} leads")
        return answer

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        delay: float | None = None,
        max_bytes: int = MAX_BODY_BYTES,
    ) -> Answer:
        """Get an address that the operator named: status 200, or 304 where ``headers`` ask for changes only.

        Raises:
            FetchError: it may not be fetched, is gone (``page_gone``), or failed.
        """
        rules = replace(self._rules, body_bytes=max_bytes)
        answer = self._visit(url, rules, headers, self._delay if delay is None else delay)
        if answer.status in {200, 304}:
            return answer
        if answer.status in {404, 410}:
            raise FetchError("page_gone", f"{url}: HTTP {answer.status}")
        raise FetchError("fetch_failed", f"{url}: HTTP {answer.status} {answer.phrase}".strip())

    def _visit(self, url: str, rules: Rules, headers: Mapping[str, str] | None, delay: float) -> Answer:
        """One fetch, after a pause; a server in trouble is left alone for a while, longer each time."""
        name = _name(url)
        if name in self._last:
            wait = self._last[name] + delay - self._world.now()
            if wait > 0:
                self._world.sleep(wait)
        try:
            answer = fetch(url, rules, self._world.network, headers)
        except FetchError as error:
            if error.reason_code == "fetch_failed":
                self._back_off(url, None)
            raise
        finally:
            self._last[name] = self._world.now()
        if answer.status == _TOO_MANY_REQUESTS or answer.status >= 500:
            self._back_off(url, answer.header("Retry-After"))
        else:
            self._host(url).failures = 0
        return answer

    def _back_off(self, url: str, retry_after: str | None) -> None:
        host = self._host(url)
        host.failures += 1
        wait = min(_FIRST_WAIT_SECONDS * 2.0 ** min(host.failures - 1, 20), _LONGEST_WAIT_SECONDS)
        asked = min(self._asked_wait(retry_after), _LONGEST_WAIT_SECONDS)
        host.paused_until = self._world.now() + max(wait, asked)

    def _asked_wait(self, retry_after: str | None) -> float:
        """Seconds in a ``Retry-After`` header; 0 where it holds no time."""
        if retry_after is None:
            return 0.0
        if retry_after.strip().isdecimal():
            return float(retry_after[:12])
        try:
            return parsedate_to_datetime(retry_after).timestamp() - self._world.now()
        except (ValueError, OverflowError):
            return 0.0

    def _robots_of(self, url: str) -> Protego:
        name = _name(url)
        if name not in self._robots:
            host = self._host(url)
            text = host.robots
            if text is None or host.robots_until <= self._world.now():
                text = self._fetched_robots(url)
                host.robots = text if len(text) <= _KEPT_ROBOTS_CHARACTERS else None
                host.robots_until = self._world.now() + ROBOTS_SECONDS
            self._robots[name] = Protego.parse(text)
        return self._robots[name]

    def _fetched_robots(self, url: str) -> str:
        """The site's robots.txt; empty, which allows everything, where the site has none (RFC 9309)."""
        parts = urlsplit(url)
        rules = replace(self._rules, body_bytes=MAX_ROBOTS_BYTES)
        try:
            answer = self._visit(f"{parts.scheme}://{parts.netloc}/robots.txt", rules, None, self._delay)
        except FetchError as error:
            if error.reason_code == "fetch_refused":
                raise
            raise FetchError("fetch_failed", f"{url} was not asked for: {error.value}") from error
        if answer.status == 200:
            return answer.content.decode("utf-8", errors="replace")
        if 400 <= answer.status < 500 and answer.status != _TOO_MANY_REQUESTS:
            return ""
        raise FetchError(
            "fetch_failed", f"{url} was not asked for: its robots.txt answers HTTP {answer.status}"
        )

    def _host(self, url: str) -> Host:
        return self._hosts.setdefault(_name(url), Host())


def _name(url: str) -> str:
    return urlsplit(url).netloc.lower()
