"""Connections that stay open: one for many files, asked again at once where the site closed it, through a proxy."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread

import pytest

from maninso import UnreadableError, UsageError
from maninso.ledger.connections import Connections
from maninso.ledger.fetch import HttpSource, split_url


class Server:
    """Counts its connections; closes each without a word after `most` answers. As a proxy it answers everything."""

    def __init__(self) -> None:
        server = self
        self.most = 1_000
        self.connections = 0
        self.asked: list[str] = []
        self.logins: list[str | None] = []
        self.body = b"content"

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                server.connections += 1
                self.answered = 0

            def do_GET(self) -> None:
                server.asked.append(self.path)
                server.logins.append(self.headers.get("Proxy-Authorization"))
                self.send_response(404 if self.path.endswith("none") else 200)
                self.send_header("Content-Length", str(len(server.body)))
                self.end_headers()
                self.wfile.write(server.body)
                self.answered += 1
                self.close_connection = self.answered == server.most

            def do_CONNECT(self) -> None:
                server.asked.append(self.path)
                server.logins.append(self.headers.get("Proxy-Authorization"))
                self.send_error(403)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = Thread(target=running.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.http.shutdown()
    thread.join()
    running.http.server_close()


@pytest.fixture
def environment(monkeypatch):
    """No proxy but those that the test sets."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return monkeypatch


def test_one_connection_for_many_files(server):
    source = HttpSource(server.url)
    for name in ("a", "b", "none", "c"):
        try:
            assert source.fetch(name, 100) == b"content"
        except UnreadableError:
            assert name == "none"
    assert (server.connections, server.asked) == (1, ["/a", "/b", "/none", "/c"])


def test_as_many_connections_as_threads_that_ask_at_once(server):
    source = HttpSource(server.url)
    together = Barrier(3)

    def ask() -> None:
        for _ in range(5):
            together.wait()
            source.fetch("a", 100)

    threads = [Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 15
    assert server.connections <= 3


def test_a_connection_that_the_site_closed_is_replaced_at_once(server):
    server.most = 2
    pauses: list[float] = []
    source = HttpSource(server.url, pause=pauses.append)
    for _ in range(7):
        assert source.fetch("a", 100) == b"content"
    assert (pauses, server.connections) == ([], 4)


def test_an_answer_that_is_not_read_to_its_end_ends_its_connection(server):
    server.body = b"x" * 1_000_000
    site = Connections(split_url(server.url), timeout=5, direct=True)
    assert len(site.get("/a", {}, 10).body) == 11
    assert site.get("/none", {}, 1_000_000).body == b"x" * 65_537
    server.body = b"content"
    assert site.get("/a", {}, 10).body == b"content"
    assert server.connections == 3


def test_a_proxy_is_asked_for_the_whole_address(server, environment):
    environment.setenv("http_proxy", server.url.replace("://", "://ada:a%3Ab@"))
    assert HttpSource("http://petitions.example/p/7/log").fetch("checkpoint", 100) == b"content"
    assert server.asked == ["http://petitions.example/p/7/log/checkpoint"]
    assert server.logins == ["Basic YWRhOmE6Yg=="]


def test_a_proxy_is_asked_for_a_tunnel_to_an_encrypted_site(server, environment):
    environment.setenv("https_proxy", server.url.replace("://", "://ada:a%3Ab@"))
    source = HttpSource("https://petitions.example/p/7/log", pause=lambda _: None)
    with pytest.raises(UnreadableError, match="Tunnel connection failed: 403"):
        source.fetch("checkpoint", 100)
    assert set(server.asked) == {"petitions.example:443"}
    assert set(server.logins) == {"Basic YWRhOmE6Yg=="}


def test_no_proxy_for_this_machine_nor_for_what_is_excepted(server, environment):
    environment.setenv("http_proxy", "http://127.0.0.1:9")
    assert HttpSource(server.url).fetch("a", 100) == b"content"
    environment.setenv("no_proxy", "127.0.0.1")
    assert Connections(split_url(server.url), timeout=5).get("/a", {}, 100).body == b"content"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "http://", "http://[x"])
def test_a_proxy_that_is_none_is_refused(environment, proxy):
    environment.setenv("https_proxy", proxy)
    with pytest.raises(UsageError, match="cannot be used"):
        HttpSource("https://petitions.example/p/7/log")
