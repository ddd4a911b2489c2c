"""Tiles that were read once are answered from files: which, how long, by whom, and what a damaged file does."""

import os
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.run.test_front import Site

from maninso.run.bridge import Answer
from maninso.run.front import Stored, make_stored
from maninso.run.shelf import FORMAT, Shelf, forget_log, name_file, sweep

IMMUTABLE = "public, max-age=604800, immutable"
HEADERS = {"Cache-Control": IMMUTABLE, "Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff"}
TILE = "/p/12/log/tile/0/x001/234"
BUNDLE = "/p/12/log/tile/entries/000"

MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    """A web process with the same folder as the others, whose Django answers with what it counts."""
    made: list[tuple[Site, Shelf]] = []

    def make(*, database: str = "one", headers: dict[str, str] = HEADERS, **given: Any) -> Site:
        shelf = Shelf(tmp_path / "cache", identify=lambda: database, **{"least_free": 0, **given})
        site = Site(shelf=shelf, most_bytes=0)  # no memory of its own
        site.application.headers = dict(headers)
        site.application.says = lambda environ: environ["PATH_INFO"] * 100
        made.append((site, shelf))
        return site

    yield make
    for site, shelf in made:
        site.close()
        shelf.close()


def acquaint(site: Site) -> Site:
    """Let a process ask its database for a first tile, by which it knows which files are that database's."""
    site.ask("/log/tile/0/999")
    site.application.asked.clear()
    return site


@pytest.mark.parametrize("path", [TILE, BUNDLE, "/log/tile/0/000", "/p/12/log/tile/63/x999/x999/999"])
def test_what_was_read_once_is_answered_from_a_file_as_by_django(make_site: MakeSite, path: str) -> None:
    first = make_site().ask(path)
    other = acquaint(make_site())
    again = other.ask(path)
    assert (again.status, again.headers, again.body) == (200, first.headers, first.body)
    assert other.count == 0
    assert other.ask(path, if_none_match=first.headers["etag"]).status == 304
    packed = other.ask(path, accept_encoding="gzip")
    assert (packed.headers["content-encoding"], len(packed.body) < len(first.body)) == ("gzip", True)
    assert other.count == 0


def test_a_file_that_is_not_in_the_systems_memory_is_read_in_a_thread(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_site().ask(TILE)
    other = acquaint(make_site())
    monkeypatch.delattr(os, "RWF_NOWAIT")
    assert (other.ask(TILE).body, other.count) == (first.body, 0)


@pytest.mark.parametrize(
    "path",
    [
        "/p/12/log/tile/0/000.p/5",
        "/p/12/log/checkpoint",
        "/p/12/log/tile/0/0",
        "/p/12/log/tile/00/000",
        "/p/12/log/tile/0/x000/000",
        "/p/12/log/tile/0/../../../keys",
        "/p/012/log/tile/0/000",
        "/ko/p/12/log/tile/0/000",
        f"{TILE}?x=1",
        "/static/icon.svg",
    ],
)
def test_nothing_but_full_tiles_is_kept(make_site: MakeSite, tmp_path: Path, path: str) -> None:
    acquaint(make_site()).ask(path)
    other = acquaint(make_site())
    other.ask(path)
    assert other.count == 1
    assert [file.name for file in (tmp_path / "cache").rglob("*") if file.is_file()] == ["999"]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("404 Not Found", HEADERS),
        ("200 OK", {**HEADERS, "Cache-Control": "public, max-age=604800"}),
        ("200 OK", {**HEADERS, "Cache-Control": "no-store, immutable"}),
    ],
)
def test_nothing_is_kept_that_may_change(make_site: MakeSite, status: str, headers: dict[str, str]) -> None:
    site = acquaint(make_site())
    site.application.status, site.application.headers = status, dict(headers)
    site.ask(TILE)
    other = acquaint(make_site())
    other.ask(TILE)
    assert other.count == 1


def test_another_databases_files_are_not_looked_at(make_site: MakeSite) -> None:
    make_site(database="one").ask(TILE)
    other = acquaint(make_site(database="two"))
    other.ask(TILE)
    assert other.count == 1


def test_a_database_that_does_not_say_which_it_is_is_asked_each_time(make_site: MakeSite, tmp_path: Path) -> None:
    def refuse() -> str:
        raise OSError("no")

    shelf = Shelf(tmp_path / "cache", identify=refuse)
    site = Site(shelf=shelf, most_bytes=0)
    site.application.headers = dict(HEADERS)
    assert [site.ask(TILE).body for _ in range(2)] == [b"answer 1", b"answer 2"]
    site.close()
    shelf.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:7],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: bytes(len(data)),
        lambda data: data[:-100] + bytes(100),
        lambda data: data[:3000] + bytes([data[3000] ^ 1]) + data[3001:],
    ],
)
def test_a_damaged_file_is_made_anew(make_site: MakeSite, tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    first = make_site().ask(TILE)
    file = tmp_path / "cache" / f"{FORMAT}-one" / "12/tile/0/x001/234"
    whole = file.read_bytes()
    file.write_bytes(spoil(whole))
    other = acquaint(make_site())
    assert (other.ask(TILE).body, other.count) == (first.body, 1)
    assert file.read_bytes() == whole
    assert (other.ask(TILE).body, other.count) == (first.body, 1)


def test_where_nothing_can_be_written_the_database_answers(make_site: MakeSite, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    site = make_site()
    assert [site.ask(TILE).status, site.ask(TILE).status, site.count] == [200, 200, 2]


def test_a_nearly_full_disk_is_left_alone(make_site: MakeSite, tmp_path: Path) -> None:
    make_site(least_free=2**62).ask(TILE)
    assert [file for file in (tmp_path / "cache").rglob("*") if file.is_file()] == []


def test_the_oldest_go_where_there_is_no_room(tmp_path: Path) -> None:
    folder, most = tmp_path / "cache", 400_000
    shelves = [Shelf(folder, identify=lambda: "one", most_bytes=most, least_free=0) for _ in range(4)]
    for number in range(200):
        shelves[number % 4].keep(f"/p/1/log/tile/0/{number:03d}", stored(b"%d" % number * 3000))
        assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) <= most
        os.utime(folder / f"{FORMAT}-one/1/tile/0/{number:03d}", (number, number))
    left = sorted(int(file.name) for file in folder.rglob("*") if file.is_file())
    assert left == list(range(200 - len(left), 200))  # the newest
    assert len(left) > 20
    sweep(folder, 0)
    assert not [file for file in folder.rglob("*") if file.is_file()]
    for shelf in shelves:
        shelf.close()


def test_processes_that_write_at_once_leave_whole_files(make_site: MakeSite, tmp_path: Path) -> None:
    """Each answer is found whole or not at all, however many write it and others delete it meanwhile."""
    folder, answers = tmp_path / "cache", {path: stored(path.encode() * 5000) for path in (TILE, BUNDLE)}
    reader = acquaint(make_site())
    ended = threading.Event()

    def write(shelf: Shelf) -> None:
        while not ended.is_set():
            path = random.choice(list(answers))
            shelf.keep(path, answers[path])
            if random.random() < 0.1:
                forget_log(folder, 12)

    shelves = [Shelf(folder, identify=lambda: "one", least_free=0) for _ in range(3)]
    writers = [threading.Thread(target=write, args=(shelf,)) for shelf in shelves]
    for writer in writers:
        writer.start()
    reader.application.says = lambda environ: environ["PATH_INFO"] * 5000
    try:
        for _ in range(300):
            for path, answer in answers.items():
                assert reader.ask(path).body == answer.answer.body
    finally:
        ended.set()
        for writer, shelf in zip(writers, shelves, strict=True):
            writer.join()
            shelf.close()
    assert reader.count < 600  # of 600, some from files


def test_a_log_is_forgotten_in_every_database(make_site: MakeSite, tmp_path: Path) -> None:
    for database in ("one", "two"):
        site = make_site(database=database)
        site.ask(TILE)
        site.ask("/p/1/log/tile/0/000")
        site.ask("/log/tile/0/000")
    forget_log(tmp_path / "cache", 12)
    forget_log(tmp_path / "cache", 0)
    left = {str(file.relative_to(tmp_path / "cache")) for file in (tmp_path / "cache").rglob("*") if file.is_file()}
    assert left == {f"{FORMAT}-{database}/1/tile/0/000" for database in ("one", "two")}


def test_a_file_is_named_as_the_tile(tmp_path: Path) -> None:
    assert name_file(TILE) == "12/tile/0/x001/234"
    assert name_file("/log/tile/entries/000") == "0/tile/entries/000"


def stored(body: bytes) -> Stored:
    answer = Answer(200, [(name.lower(), value) for name, value in HEADERS.items()], body)
    made = make_stored(answer, None, asked_at=0.0)
    assert made is not None
    return made
