"""What is answered from memory, and when Django is asked: each rule of run.front, seen to matter.

Behind the bridge is a WSGI application of the test's own. Granian's scope and protocol objects cannot be made in
Python, so their places are taken by the two smallest classes that will do.
"""

import asyncio
import gzip
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import brotli
import pytest

from maninso.run.bridge import MOST_REFRESHING, MOST_WAITING, Bridge
from maninso.run.front import GRACE, LARGEST, LONGEST_ADDRESS, RETRY, Front, matches_tag, read_codings, read_lifetimes
from maninso.web.shared.middleware import preferred_language

PAGE = "public, max-age=0, s-maxage=1, stale-while-revalidate=30, stale-if-error=86400"
THREADS = 4


class Headers(list[tuple[str, str]]):
    """Request headers, as granian gives them."""

    def get(self, name: str, default: str | None = None) -> str | None:
        return next((value for key, value in self if key == name), default)

    def items(self) -> "Headers":
        return self

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self)


@dataclass
class Scope:
    path: str
    query_string: str
    headers: Headers
    method: str
    scheme: str = "http"
    http_version: str = "1.1"
    server: str = "127.0.0.1:8000"
    client: str = "127.0.0.1:50000"


@dataclass
class Exchange:
    """Takes an answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response_bytes(status, headers, b"")

    async def __aiter__(self) -> Any:
        for chunk in ():
            yield chunk


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Application:
    """Answers with what `says` gives for a request, and counts. While `gate` is not set, answers wait."""

    status: str = "200 OK"
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": PAGE, "Content-Type": "text/html"})
    says: Callable[[dict[str, Any]], str] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    running: int = 0
    most_running: int = 0
    crash: bool = False

    def __post_init__(self) -> None:
        self.gate.set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(environ)
        number = len(self.asked)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        if not self.gate.wait(10):
            raise AssertionError("the test did not open the gate")
        self.running -= 1
        if self.crash:
            raise RuntimeError("no")
        start_response(self.status, list(self.headers.items()))
        return [(self.says(environ) if self.says else f"answer {number}").encode()]


class Site:
    """A front, its bridge and its application, on an event loop of their own."""

    def __init__(self, **given: Any) -> None:
        self.application = Application()
        self.clock = Clock()
        self.bridge = Bridge(self.application, threads=THREADS)
        self.front = Front(self.bridge, host="example.org", read_language=preferred_language, clock=self.clock, **given)
        self.loop = asyncio.new_event_loop()

    def start(self, path: str = "/", *, method: str = "GET", **headers: str) -> "asyncio.Task[Exchange]":
        """Begin a request; header names are given with underscores."""
        path, _, query = path.partition("?")
        scope = Scope(path, query, Headers((k.replace("_", "-"), v) for k, v in headers.items()), method)

        async def run() -> Exchange:
            exchange = Exchange()
            await self.front.answer(scope, exchange)  # type: ignore[arg-type]
            return exchange

        return self.loop.create_task(run())

    def ask(self, path: str = "/", **given: str) -> Exchange:
        return self.loop.run_until_complete(self.start(path, **given))

    def pause(self, seconds: float = 0.05) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def settle(self) -> None:
        """Wait for what runs in the background."""
        self.loop.run_until_complete(self.front.stop())

    @property
    def count(self) -> int:
        return len(self.application.asked)

    def close(self) -> None:
        self.application.gate.set()
        self.settle()
        self.bridge.close()
        self.loop.close()


@pytest.fixture
def make_site() -> Iterator[Callable[..., Site]]:
    made: list[Site] = []

    def make(**given: Any) -> Site:
        made.append(Site(**given))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


def test_a_fresh_answer_is_made_once_and_says_its_age(site: Site) -> None:
    first = site.ask("/petitions/1")
    site.clock.now += 0.9
    again = site.ask("/petitions/1")
    assert (first.body, again.body, site.count) == (b"answer 1", b"answer 1", 1)
    assert (first.status, first.headers["age"], first.headers["cache-control"]) == (200, "0", PAGE)
    site.application.headers["Cache-Control"] = "public, max-age=3600"
    site.ask("/other")
    site.clock.now += 1800.5
    assert (site.ask("/other").headers["age"], site.count) == ("1800", 2)
    site.clock.now += 1800
    assert (site.ask("/other").headers["age"], site.count) == ("0", 3)


def test_path_and_query_are_the_key(site: Site) -> None:
    assert [site.ask(path).body for path in ("/a", "/a?x=1", "/a?x=2", "/b", "/a", "/a?x=1")] == [
        b"answer 1",
        b"answer 2",
        b"answer 3",
        b"answer 4",
        b"answer 1",
        b"answer 2",
    ]


@pytest.mark.parametrize(
    ("cache_control", "kept"),
    [
        (PAGE, True),
        ("s-maxage=1", True),
        ("max-age=60", True),
        ("public, max-age=31536000, immutable", True),
        ("max-age=0, S-MaxAge=5", True),
        ("", False),
        ("public", False),
        ("public, max-age=0", False),
        ("public, max-age=5", False),
        ("public, max-age=60, s-maxage=0", False),
        ("public, max-age=60, s-maxage=x", False),
        ("public, max-age=٦٠", False),
        ("public, max-age=-60", False),
        ("no-store, max-age=60", False),
        ("private, s-maxage=60", False),
        ('private="set-cookie", s-maxage=60', False),
        ("no-cache, s-maxage=60", False),
    ],
)
def test_only_what_shared_caches_may_keep_is_kept(site: Site, cache_control: str, kept: bool) -> None:
    site.application.headers["Cache-Control"] = cache_control
    assert [site.ask().status, site.ask().status, site.count] == [200, 200, 1 if kept else 2]


@pytest.mark.parametrize(
    ("header", "value", "kept"),
    [
        ("Set-Cookie", "a=b", False),
        ("Content-Encoding", "gzip", False),
        ("Vary", "Cookie", False),
        ("Vary", "*", False),
        ("Vary", "Accept-Language, Origin", False),
        ("Vary", "Accept-Language, accept-encoding", True),
        ("X-Other", "1", True),
    ],
)
def test_what_is_somebodys_own_is_not_kept(site: Site, header: str, value: str, kept: bool) -> None:
    site.application.headers[header] = value
    site.ask()
    assert (site.ask().status, site.count) == (200, 1 if kept else 2)


@pytest.mark.parametrize(
    ("status", "kept"),
    [("200 OK", True), ("404 Not Found", True), ("410 Gone", True), ("303 See Other", False), ("500 Failed", False)],
)
def test_which_statuses_are_kept_where_they_say_for_how_long(site: Site, status: str, kept: bool) -> None:
    site.application.status = status
    site.ask()
    assert (site.ask().status, site.count) == (int(status[:3]), 1 if kept else 2)
    site.application.headers["Cache-Control"] = "no-store"
    site.ask("/other")
    site.ask("/other")
    assert site.count == (3 if kept else 4)


def test_what_is_too_large_or_too_long_is_passed_on(site: Site) -> None:
    site.application.says = lambda environ: "x" * (LARGEST + (environ["PATH_INFO"] == "/larger"))
    for path, asked in [("/large", 1), ("/larger", 3), ("/?" + "x" * (LONGEST_ADDRESS - 1), 4), ("/?" + "x" * 2000, 6)]:
        site.ask(path)
        site.ask(path)
        assert site.count == asked


def test_writing_and_authorization_never_meet_the_memory(site: Site) -> None:
    site.ask()
    assert site.ask(method="POST").body == b"answer 2"
    assert site.ask(authorization="Ticket x").body == b"answer 3"
    assert site.application.asked[2]["HTTP_AUTHORIZATION"] == "Ticket x"
    assert site.ask().body == b"answer 1"


def test_head_is_answered_from_memory_and_fills_it(site: Site) -> None:
    assert site.ask(method="HEAD").status == 200  # granian leaves the body out
    assert (site.ask().body, site.ask(method="HEAD").headers["age"], site.count) == (b"answer 1", "0", 1)
    assert site.application.asked[0]["REQUEST_METHOD"] == "GET"


def test_languages_are_not_mixed_and_negotiated_as_pages_do(site: Site) -> None:
    site.application.headers["Vary"] = "Accept-Language"
    site.application.says = lambda environ: environ["HTTP_ACCEPT_LANGUAGE"]
    accepted = ["ko-KR,en;q=0.8", "en-GB", "fr, en;q=0.5, ko;q=0.1", "", "de", "ko;q=0, en", "en," + "x" * 600]
    for _ in range(2):
        bodies = [site.ask(accept_language=value).body.decode() for value in accepted]
        assert bodies == [preferred_language(value) for value in accepted]
        assert (set(bodies), site.count) == ({"ko", "en"}, 2)


def test_what_has_no_language_is_kept_once(site: Site) -> None:
    assert (site.ask(accept_language="en").body, site.ask(accept_language="ko").body) == (b"answer 1", b"answer 1")


def test_an_address_that_begins_to_vary_is_asked_in_a_language(site: Site) -> None:
    site.application.says = lambda environ: environ["HTTP_ACCEPT_LANGUAGE"]
    assert site.ask(accept_language="ko").body == b"ko"
    site.application.headers["Vary"] = "Accept-Language"
    for _ in range(2):
        site.clock.now += 1 + GRACE
        assert [site.ask(accept_language=language).body for language in ("en", "ko")] == [b"en", b"ko"]
    count = site.count
    assert [site.ask(accept_language=language).body for language in ("en", "ko")] == [b"en", b"ko"]
    assert site.count == count
    del site.application.headers["Vary"]
    site.clock.now += 1 + GRACE
    assert [site.ask(accept_language=language).body for language in ("en", "ko")] == [b"en", b"en"]


def test_codings_are_made_here_once_and_have_tags_of_their_own(site: Site) -> None:
    text = "a page " * 200
    site.application.says = lambda environ: text
    site.application.headers |= {"ETag": '"x"', "Vary": "Accept-Language", "Content-Length": "1400"}
    site.application.headers["Content-Type"] = "application/json"
    plain, br, zipped = (site.ask(accept_encoding=value) for value in ("", "gzip, br", "gzip"))
    assert (plain.body.decode(), brotli.decompress(br.body).decode(), gzip.decompress(zipped.body).decode()) == (
        text,
        text,
        text,
    )
    assert [answer.headers.get("content-encoding") for answer in (plain, br, zipped)] == [None, "br", "gzip"]
    assert [answer.headers["etag"] for answer in (plain, br, zipped)] == ['"x"', '"x-br"', '"x-gzip"']
    assert {answer.headers["vary"] for answer in (plain, br, zipped)} == {"Accept-Language, Accept-Encoding"}
    assert [answer.headers.get("content-length") for answer in (plain, br, zipped)] == [None, None, None]
    assert (site.count, "HTTP_ACCEPT_ENCODING" in site.application.asked[0]) == (1, False)
    site.clock.now += 60
    assert site.ask(accept_encoding="br").body is br.body  # unchanged, and so not compressed again
    assert site.count == 2


def test_a_weak_tag_stays_and_what_gains_nothing_is_sent_as_it_is(site: Site) -> None:
    site.application.says = lambda environ: "a page " * 200
    site.application.headers["ETag"] = 'W/"x"'
    assert site.ask(accept_encoding="br").headers["etag"] == 'W/"x"'
    site.application.headers["Content-Type"] = "application/octet-stream"
    assert "content-encoding" not in site.ask("/tile", accept_encoding="br").headers
    site.application.says = lambda environ: "".join(f"entry {n}, " for n in range(256))
    bundle = site.ask("/entries", accept_encoding="br, gzip")
    assert (bundle.headers["content-encoding"], bundle.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(bundle.body) == site.ask("/entries").body
    site.application.says = lambda environ: random.Random(1).randbytes(200).decode("latin-1")
    assert "content-encoding" not in site.ask("/hashes", accept_encoding="br, gzip").headers
    site.application.headers["Content-Type"] = "text/plain"
    site.application.says = lambda environ: "short"
    answer = site.ask("/short", accept_encoding="br")
    assert (answer.body, "vary" in answer.headers) == (b"short", False)


@pytest.mark.parametrize(
    ("accept_encoding", "codings"),
    [
        ("gzip, deflate, br, zstd", ("br", "gzip")),
        ("GZIP", ("gzip",)),
        ("br;q=0, gzip", ("gzip",)),
        ("br;q=0.5, gzip;q=1.0", ("gzip", "br")),
        ("*", ("br", "gzip")),
        ("*;q=0", ()),
        ("gzip;q=0.5, identity", ()),
        ("br;q=nan, gzip;q=1e9", ()),
        ("", ()),
    ],
)
def test_read_codings(accept_encoding: str, codings: tuple[str, ...]) -> None:
    assert read_codings(accept_encoding) == codings


def test_a_reader_who_has_it_already_is_told_so_from_memory(site: Site) -> None:
    site.application.headers |= {"Content-Security-Policy": "default-src 'none'", "Vary": "Accept-Encoding"}
    etag = site.ask().headers["etag"]
    answer = site.ask(if_none_match=etag)
    assert (answer.status, answer.body, site.count) == (304, b"", 1)
    assert answer.headers == {"cache-control": PAGE, "vary": "Accept-Encoding", "etag": etag, "age": "0"}
    assert site.ask(if_none_match='"other"').status == 200
    site.clock.now += 60  # the answer to an old tag is whole, and so can be kept for all
    site.ask(if_none_match=etag)
    assert "HTTP_IF_NONE_MATCH" not in site.application.asked[1]
    assert site.ask().body == b"answer 2"


def test_an_error_is_never_said_to_be_unchanged(site: Site) -> None:
    site.application.status = "410 Gone"
    assert site.ask(if_none_match=site.ask().headers["etag"]).status == 410


@pytest.mark.parametrize(
    ("known", "etag", "matches"),
    [
        ('"a"', '"a"', True),
        ('W/"a"', '"a"', True),
        ('"a"', 'W/"a"', True),
        ('W/"a"', 'W/"a"', True),
        ('"b", W/"c","a"', '"a"', True),
        ('"b, ", "a"', '"a"', True),
        ("*", '"a"', True),
        (" * ", 'W/"a"', True),
        ('"b"', '"a"', False),
        ('"a-br"', '"a"', False),
        ("a", '"a"', False),
        ('"b*"', '"a"', False),
        ("", '"a"', False),
    ],
)
def test_matches_tag(known: str, etag: str, matches: bool) -> None:
    assert matches_tag(known, etag) is matches


def test_what_is_just_stale_is_sent_at_once_and_renewed_once(site: Site) -> None:
    site.ask()
    site.clock.now += 1 + GRACE / 2
    site.application.gate.clear()
    stale = [site.ask() for _ in range(5)]
    assert {(answer.status, answer.body, answer.headers["age"]) for answer in stale} == {(200, b"answer 1", "1")}
    site.application.gate.set()
    site.settle()
    assert (site.count, site.ask().body, site.count) == (2, b"answer 2", 2)


def test_nothing_that_a_reader_sends_can_spoil_what_others_get(site: Site) -> None:
    spoilt = {
        "cookie": "who=me",
        "host": "a@b",
        "content_type": "text/plain; charset=utf-16",
        "range": "bytes=0-1",
        "accept_encoding": "gzip",
        "if_none_match": '"x"',
        "x_forwarded_host": "elsewhere",
        "accept_language": "en",
    }
    site.ask("/a?q=1", method="HEAD", **spoilt)
    site.clock.now += 1 + GRACE
    site.ask("/a?q=1", **spoilt)
    assert site.count == 2
    for environ, language in zip(site.application.asked, ("en", ""), strict=True):
        said = {name: value for name, value in environ.items() if not name.startswith("wsgi.")}
        assert said == {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/a",
            "QUERY_STRING": "q=1",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "",
            "CONTENT_LENGTH": "0",
            "HTTP_HOST": "example.org",
            "HTTP_ACCEPT_LANGUAGE": language,
        }


def test_after_the_grace_a_reader_gets_what_is_true_now_unless_that_takes_long(site: Site) -> None:
    site.ask()
    site.clock.now += 1 + GRACE
    assert site.ask().body == b"answer 2"
    site.clock.now += 1 + GRACE
    site.application.gate.clear()
    assert site.ask().body == b"answer 2"
    site.application.gate.set()
    site.settle()
    assert site.ask().body == b"answer 3"


def test_what_is_too_stale_is_not_sent_while_django_works(site: Site) -> None:
    site.ask()
    site.clock.now += 1 + 30
    site.application.gate.clear()
    waiting = site.start()
    site.pause(0.5)
    assert not waiting.done()
    site.application.gate.set()
    assert site.loop.run_until_complete(waiting).body == b"answer 2"


def test_must_revalidate_forbids_what_is_stale() -> None:
    assert read_lifetimes(f"{PAGE}, must-revalidate") == read_lifetimes("s-maxage=1")
    assert read_lifetimes(PAGE) != read_lifetimes("s-maxage=1")


def test_many_who_miss_the_same_are_one_question(site: Site) -> None:
    site.application.gate.clear()
    waiting = [site.start(accept_language="en") for _ in range(50)]
    site.pause()
    site.application.gate.set()
    assert {site.loop.run_until_complete(one).body for one in waiting} == {b"answer 1"}
    assert site.count == 1


def test_one_who_goes_away_takes_nobodys_answer_along(site: Site) -> None:
    site.application.gate.clear()
    first, second = site.start(), site.start()
    site.pause()
    first.cancel()
    site.application.gate.set()
    assert (site.loop.run_until_complete(second).body, site.count) == (b"answer 1", 1)


def test_those_who_wait_for_what_turns_out_to_be_somebodys_own_ask_for_themselves(site: Site) -> None:
    site.application.headers["Cache-Control"] = "no-store"
    site.application.says = lambda environ: environ.get("HTTP_COOKIE", "nobody")
    site.application.gate.clear()
    waiting = [site.start(**given) for given in ({"cookie": "who=1"}, {"cookie": "who=2"}, {}, {})]
    site.pause()
    assert site.count == 1
    site.application.gate.set()
    bodies = [site.loop.run_until_complete(one).body for one in waiting]
    assert (bodies, site.count) == ([b"who=1", b"who=2", b"nobody", b"nobody"], 5)
    site.application.gate.clear()  # and for a while nobody waits there
    waiting = [site.start(cookie="who=1", if_none_match='"x"') for _ in range(2)]
    site.pause()
    assert [environ.get("HTTP_IF_NONE_MATCH") for environ in site.application.asked[5:]] == ['"x"', '"x"']
    site.application.gate.set()
    assert [site.loop.run_until_complete(one).body for one in waiting] == [b"who=1", b"who=1"]


def test_somebody_without_a_cookie_is_asked_for_once(site: Site) -> None:
    site.application.headers["Cache-Control"] = "no-store"
    assert (site.ask().body, site.count) == (b"answer 1", 1)


def test_what_becomes_public_is_kept_soon(site: Site) -> None:
    site.application.headers["Cache-Control"] = "no-store"
    site.ask()
    site.application.headers["Cache-Control"] = PAGE
    site.clock.now += 2
    assert (site.ask().body, site.ask().body) == (b"answer 2", b"answer 2")


def test_what_is_public_no_longer_is_forgotten(site: Site) -> None:
    site.application.headers["Vary"] = "Accept-Language"
    site.ask(accept_language="ko")
    site.ask(accept_language="en")
    site.clock.now += 1 + GRACE
    site.application.status, site.application.headers["Cache-Control"] = "404 Not Found", "no-store"
    assert [site.ask(accept_language=language).status for language in ("ko", "en", "ko")] == [404, 404, 404]


@pytest.mark.parametrize("crash", [False, True])
def test_an_error_is_bridged_by_what_was_true_before(site: Site, crash: bool, caplog: pytest.LogCaptureFixture) -> None:
    site.ask()
    site.application.status, site.application.headers["Cache-Control"] = "503 Down", "no-store"
    site.application.crash = crash
    site.clock.now += 3600
    answer = site.ask()
    assert (answer.status, answer.body, answer.headers["age"], site.count) == (200, b"answer 1", "3600", 2)
    assert site.ask().status == 200
    assert site.count == 2  # a failing Django is not asked by everybody
    site.clock.now += RETRY
    assert (site.ask().status, site.count) == (200, 3)
    site.clock.now += 86400
    assert site.ask().status == (500 if crash else 503)
    assert ("the answer to '/' failed" in caplog.text) is crash
    caplog.clear()


def test_an_error_with_nothing_to_bridge_it_is_told(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.application.crash = True
    answer = site.ask()
    assert (answer.status, answer.headers["cache-control"]) == (500, "no-store")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    site.application.crash = False
    assert site.ask().body == b"answer 2"


def test_a_full_bridge_refuses_what_is_not_known_and_sends_and_renews_what_is(site: Site) -> None:
    site.ask("/known")
    site.application.gate.clear()
    crowd = [site.start(f"/{number}") for number in range(MOST_WAITING)]
    site.pause()
    refused = site.ask("/unknown")
    assert (refused.status, refused.headers["retry-after"], refused.headers["cache-control"]) == (503, "1", "no-store")
    assert site.ask("/known").status == 200
    site.clock.now += 3600
    assert (site.ask("/known").body, site.count) == (b"answer 1", 1 + THREADS)
    site.application.gate.set()
    for one in crowd:
        assert site.loop.run_until_complete(one).status == 200


def test_renewing_goes_before_the_crowd(site: Site) -> None:
    site.ask("/known")
    site.application.gate.clear()
    crowd = [site.start(f"/{number}") for number in range(MOST_WAITING)]
    site.pause()
    site.clock.now += 1 + GRACE / 2
    site.ask("/known")
    site.application.gate.set()
    site.loop.run_until_complete(asyncio.gather(*crowd))
    place = [environ["PATH_INFO"] for environ in site.application.asked].index("/known", 1)
    assert place <= 1 + 2 * THREADS


def test_renewing_leaves_threads_to_others(site: Site) -> None:
    for number in range(6):
        site.ask(f"/{number}")
    site.clock.now += 1 + GRACE / 2
    site.application.gate.clear()
    site.application.most_running = 0
    for number in range(6):
        assert site.ask(f"/{number}").status == 200
    site.pause()
    assert site.application.most_running == MOST_REFRESHING
    waiting = site.start("/new")
    site.pause()
    assert site.application.asked[-1]["PATH_INFO"] == "/new"
    site.application.gate.set()
    assert site.loop.run_until_complete(waiting).status == 200
    site.settle()
    assert site.count == 13


def test_memory_is_bounded_and_what_is_read_stays(make_site: Callable[..., Site]) -> None:
    site = make_site(most_bytes=100_000)
    site.application.headers["Cache-Control"] = "public, max-age=86400"
    site.application.headers["Content-Type"] = "application/octet-stream"
    site.application.says = lambda environ: environ["PATH_INFO"][1] * 20_000
    for path in ("/a", "/b", "/c", "/d", "/a", "/e"):  # of 24 kB each, four have room
        site.ask(path)
    assert site.count == 5
    site.ask("/a")
    assert site.count == 5
    site.ask("/b")
    assert site.count == 6
    site.clock.now += 86400
    for _ in range(20):  # renewing what is there takes no room
        site.clock.now += 86400
        site.ask("/a")
        site.ask("/e")
    count = site.count
    site.ask("/a")
    site.ask("/e")
    assert site.count == count


def test_what_is_larger_than_the_memory_empties_it_and_is_still_answered(make_site: Callable[..., Site]) -> None:
    site = make_site(most_bytes=1000)
    assert (site.ask().body, site.ask().body) == (b"answer 1", b"answer 2")


def test_readers_of_one_page_on_many_threads_ask_once(site: Site) -> None:
    """The whole way, as granian goes it: requests of one loop, answers made in other threads meanwhile."""
    site.application.says = lambda environ: time.sleep(0.05) or "done"  # type: ignore[func-returns-value]
    with ThreadPoolExecutor(1) as thread:
        answers = thread.submit(lambda: [site.ask() for _ in range(3)]).result()
    assert ([answer.body for answer in answers], site.count) == ([b"done"] * 3, 1)
