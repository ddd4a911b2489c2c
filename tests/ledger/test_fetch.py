"""Reading a log from a site: what passes is tried again, what could deceive is refused."""

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from maninso import UnreadableError, UsageError
from maninso.ledger.errors import LedgerError
from maninso.ledger.fetch import FolderSource, HttpSource, MissingError, SourceTiles, read_ahead, split_url
from maninso.ledger.note import SignerKey
from maninso.ledger.tiles import TilePath
from maninso.ledger.verify import verify_log


class Site:
    """Serves the files of a folder; `answers` holds, by path, what comes before the file: (status, headers, body)."""

    def __init__(self, folder: Path) -> None:
        site = self
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                queue = site.answers.get(self.path, [])
                file = folder / self.path[1:]
                if queue:
                    status, headers, body = queue.pop(0)
                elif file.is_file():
                    status, headers, body = 200, {}, file.read_bytes()
                else:
                    status, headers, body = 404, {}, b""
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    served = Site(tmp_path)
    thread = Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.server.shutdown()
    thread.join()
    served.server.server_close()


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def source(site, tmp_path, pauses):
    (tmp_path / "file").write_bytes(b"content")
    return HttpSource(site.url, pause=pauses.append)


@pytest.fixture
def served_log(make_log, tmp_path):
    log = make_log(folder=tmp_path / "p" / "7" / "log").begin().sign(*range(1, 1_000))
    log.publish()
    return log


@pytest.mark.parametrize(
    "place", ["/petitions/7", "/petitions/7/", "/ko/petitions/7", "/p/7/log", "/p/7/log/checkpoint"]
)
def test_a_log_on_a_site_is_checked_by_any_of_its_addresses(site, served_log, place):
    report = verify_log(site.url + place, keys=[served_log.signer.verifier])
    assert report.ok
    assert report.tally.count == 999
    assert report.target == site.url + "/p/7/log"
    assert report.warnings == []


@pytest.mark.parametrize("jobs", [1, 2, 16])
def test_the_number_of_jobs_changes_nothing(site, served_log, jobs):
    key = SignerKey("petitions.example/log", b"s" * 32).verifier
    report = verify_log(site.url + "/petitions/7", keys=[key], jobs=jobs)
    assert report.ok
    assert report.tally.count == 999


def test_the_key_of_the_site_itself_is_warned_of(site, served_log):
    report = verify_log(site.url + "/petitions/7")
    assert (report.ok, report.key_source) == (True, "site")
    assert report.to_json()["warnings"] == report.warnings
    assert f"{site.url}/p/7/log/key" in report.warnings[0]


def test_a_changed_log_on_a_site_is_told(site, served_log):
    served_log.write("tile/0/001", served_log.read("tile/0/002"))
    report = verify_log(site.url + "/petitions/7", keys=[served_log.signer.verifier])
    assert [problem.reason.value for problem in report.problems] == ["changed-tile"]


def test_a_missing_bundle_on_a_site_leaves_the_count_unknown(site, served_log):
    (served_log.folder / "tile/entries/001").unlink()
    with pytest.raises(MissingError):
        verify_log(site.url + "/petitions/7", keys=[served_log.signer.verifier])


def test_a_partial_bundle_is_cut_from_the_full_one(site, served_log, tmp_path):
    for source in (HttpSource(f"{site.url}/p/7/log"), FolderSource(tmp_path / "p/7/log")):
        tiles = SourceTiles(source)
        for level in (0, "entries"):
            full = tiles.read_tile(TilePath(level, 0))
            part = tiles.read_tile(TilePath(level, 0, 5))
            assert full.startswith(part)
            assert 0 < len(part) < len(full)
        with pytest.raises(MissingError, match=r"neither tile/0/003\.p/5 nor the full tile"):
            tiles.read_tile(TilePath(0, 3, 5))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_fault_that_passes_is_tried_again_after_growing_pauses(site, source, pauses, status):
    site.answers["/file"] = [(status, {}, b"")] * 3
    assert source.fetch("file", 100) == b"content"
    assert pauses == [0.5, 1.0, 2.0]


def test_the_site_says_how_long_to_wait_within_reason(site, source, pauses):
    site.answers["/file"] = [(503, {"Retry-After": after}, b"") for after in ("7", "3600", "soon")]
    assert source.fetch("file", 100) == b"content"
    assert pauses == [7.0, 60.0, 60.0]


def test_a_fault_that_stays_is_given_up(site, source, pauses):
    site.answers["/file"] = [(503, {}, b"")] * 9
    with pytest.raises(UnreadableError, match="answered 503") as refusal:
        source.fetch("file", 100)
    assert len(site.asked) == 5
    assert refusal.value.exit_status == 3
    assert refusal.value.cure


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_a_refusal_is_not_tried_again(site, source, pauses, status):
    site.answers["/file"] = [(status, {}, b"")]
    with pytest.raises(UnreadableError) as refusal:
        source.fetch("file", 100)
    assert isinstance(refusal.value, MissingError) == (status in (404, 410))
    assert pauses == []


def test_a_connection_that_breaks_is_tried_again(site, source, pauses):
    site.answers["/file"] = [(200, {"Content-Length": "99"}, b"cont")]
    assert source.fetch("file", 100) == b"content"
    assert pauses == [0.5]


def test_a_site_that_is_not_there_cannot_be_read(site, pauses):
    site.server.server_close()
    with pytest.raises(UnreadableError, match="could not be read"):
        HttpSource(site.url, pause=pauses.append).fetch("file", 100)
    assert len(pauses) == 4


def test_a_file_longer_than_it_can_be_is_refused(site, source, tmp_path):
    assert source.fetch("file", 7) == b"content"
    for each in (source, FolderSource(tmp_path)):
        with pytest.raises(LedgerError) as refusal:
            each.fetch("file", 6)
        assert refusal.value.reason == "oversized"


def test_compressed_answers_are_read_within_the_limit(site, source, pauses):
    packed = gzip.compress(b"content" * 1_000)
    zipped = {"Content-Encoding": "gzip"}
    site.answers["/file"] = [(200, zipped, packed), (200, zipped, packed), (200, zipped, packed[:-9])]
    assert source.fetch("file", 7_000) == b"content" * 1_000
    with pytest.raises(LedgerError) as refusal:
        source.fetch("file", 6_999)
    assert refusal.value.reason == "oversized"
    assert source.fetch("file", 7_000) == b"content"
    assert pauses == [0.5]


def test_a_redirect_stays_on_the_site(site, source):
    site.answers["/old"] = [(302, {"Location": "/file"}, b"")]
    assert source.fetch("old", 100) == b"content"
    for elsewhere in (
        f"http://localhost:{site.port}/file",
        f"https://127.0.0.1:{site.port}/file",
        "http://[x/file",
        "http://127.0.0.1/x",
    ):
        site.answers["/old"] = [(302, {"Location": elsewhere}, b"")]
        with pytest.raises(UnreadableError, match="leads to another site"):
            source.fetch("old", 100)


def test_redirects_that_never_end_are_given_up(site, source):
    site.answers["/old"] = [(302, {"Location": "/old"}, b"")] * 9
    with pytest.raises(UnreadableError, match="answered 302"):
        source.fetch("old", 100)
    assert len(site.asked) == 6


def test_an_address_may_hold_any_letters(site, source):
    with pytest.raises(MissingError):
        source.fetch("청원 a?b=ü", 100)
    assert site.asked == ["/%EC%B2%AD%EC%9B%90%20a?b=%C3%BC"]


def test_reading_without_encryption_is_warned_of_except_on_this_machine():
    assert HttpSource("https://petitions.example/p/7/log").warnings == ()
    assert HttpSource("http://localhost:8000/p/7/log").warnings == ()
    assert HttpSource("http://petitions.example/p/7/log").warnings == (
        "petitions.example was read without encryption; anybody on the way could change it.",
    )


@pytest.mark.parametrize(
    "url", ["ftp://petitions.example/p/7/log", "https://", "file:///p/7/log", "https://[x/", "http://a:b/"]
)
def test_addresses_of_no_site_are_refused(url):
    with pytest.raises(UsageError, match="is not an address of a site"):
        split_url(url)


def test_a_file_that_is_a_folder_cannot_be_read(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(UnreadableError):
        FolderSource(tmp_path).fetch("checkpoint", 100)


def test_reading_ahead_keeps_the_order_and_stops_when_asked():
    class Tiles:
        def read_tile(self, path):
            return str(path.index).encode()

    paths = [TilePath(0, index) for index in range(50)]
    for jobs in (1, 3):
        read = read_ahead(Tiles(), paths, jobs=jobs)
        assert next(read) == (paths[0], b"0")
        read.close()
        assert [data for _, data in read_ahead(Tiles(), paths, jobs=jobs)] == [str(n).encode() for n in range(50)]
