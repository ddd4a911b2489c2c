"""The copy that a check keeps: it saves fetching, survives being killed, and is believed in nothing."""

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from maninso import UnreadableError, UsageError
from maninso.ledger.entries import Sign
from maninso.ledger.fetch import FolderSource
from maninso.ledger.keep import Copy
from maninso.ledger.note import SignerKey
from maninso.ledger.tiles import pack_bundle, unpack_bundle
from maninso.ledger.verify import verify_log

SITE_KEY = SignerKey("petitions.example/log", b"s" * 32).verifier
BUNDLES = ["tile/entries/000", "tile/entries/001", "tile/entries/002"]


@pytest.fixture
def log(make_log, tmp_path):
    """An honest log of 1,000 leaves at its place in a site."""
    log = make_log(folder=tmp_path / "site" / "p" / "7" / "log").begin().sign(*range(1, 1000))
    log.publish()
    return log


@pytest.fixture
def asked(monkeypatch):
    """The names of the files that are read from the site, in order."""
    names: list[str] = []
    fetch = FolderSource.fetch

    def noted(self: FolderSource, name: str, limit: int) -> bytes:
        names.append(name)
        return fetch(self, name, limit)

    monkeypatch.setattr(FolderSource, "fetch", noted)
    return names


@pytest.fixture
def copy(tmp_path):
    """The folder in which the log's copy is kept, below `tmp_path / "copy"`."""
    return tmp_path / "copy" / "p" / "7" / "log"


def check(log, copy: Path, **options):
    keep = copy.parents[2]
    return verify_log(str(log.folder), **{"keys": [SITE_KEY], "keep": keep, **options})


def full_files(names):
    return sorted(name for name in names if name.startswith("tile/") and ".p/" not in name)


def reasons(report):
    return [problem.reason.value for problem in report.problems]


def test_a_copy_is_the_log_itself_and_holds(log, copy):
    report = check(log, copy)
    assert (report.ok, report.reused, report.tally.count) == (True, 0, 999)
    kept = {path.relative_to(copy): path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    served = {path.relative_to(log.folder): path.read_bytes() for path in log.folder.rglob("*") if path.is_file()}
    assert kept == served
    again = verify_log(str(copy.parents[2]), keys=[SITE_KEY])
    assert (again.ok, again.tally) == (True, report.tally)


def test_a_later_check_fetches_only_what_is_new(log, copy, asked):
    check(log, copy)
    log.sign(*range(1000, 1500)).publish()
    asked.clear()
    report = check(log, copy)
    assert (report.ok, report.tally.count, report.reused, report.olds) == (True, 1499, 768, [1000])
    assert full_files(asked) == ["tile/0/003", "tile/0/004", "tile/entries/003", "tile/entries/004"]
    assert report.render().splitlines()[2] == (
        "The entries of 768 leaves were in the kept copy, and hashed like all others."
    )
    asked.clear()
    report = check(log, copy)
    assert (report.ok, report.reused, report.olds) == (True, 1280, [1500])
    assert full_files(asked) == []
    assert verify_log(str(copy), keys=[log.signer.verifier]).ok


def test_full_tiles_take_the_place_of_partial_ones(log, copy):
    check(log, copy)
    assert (copy / "tile/0/003.p/232").exists()
    log.sign(*range(1000, 1100)).publish()
    check(log, copy)
    assert (copy / "tile/0/003").exists()
    assert not (copy / "tile/0/003.p").exists()
    assert not (copy / "tile/entries/003.p").exists()
    assert (copy / "tile/1/000.p/3").exists()
    assert (copy / "tile/1/000.p/4").exists()


def test_an_interrupted_check_goes_on_where_it_stopped(log, copy, monkeypatch):
    """Killed at every file in turn, as by a lost connection, it ends with the same answer and fetches no file twice."""
    whole = verify_log(str(log.folder), keys=[SITE_KEY])
    fetch = FolderSource.fetch
    done: list[str] = []
    left = 0

    def fail_after(self: FolderSource, name: str, limit: int) -> bytes:
        nonlocal left
        if full_files([name]):
            left -= 1
            if left < 0:
                raise UnreadableError("the connection is lost")
            done.append(name)
        return fetch(self, name, limit)

    monkeypatch.setattr(FolderSource, "fetch", fail_after)
    runs = 0
    while True:
        left, runs = 1, runs + 1
        try:
            report = check(log, copy)
            break
        except UnreadableError:
            assert not (copy / "checkpoint").exists()
    assert (report.ok, report.tally) == (True, whole.tally)
    assert runs == 6
    assert sorted(done) == sorted([*BUNDLES, "tile/0/000", "tile/0/001", "tile/0/002"])


@pytest.mark.parametrize("name", [*BUNDLES, "tile/0/000", "tile/0/001", "tile/0/002"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "longer", "empty", "another"])
def test_what_is_false_in_a_copy_is_fetched_anew_and_never_believed(log, copy, asked, name, damage):
    check(log, copy)
    place = copy / name
    data = place.read_bytes()
    place.write_bytes(
        {
            "flipped": bytes([*data[:20], data[20] ^ 1, *data[21:]]),
            "cut": data[:-1],
            "longer": data + b"\0\0",
            "empty": b"",
            "another": (copy / f"{name[:-1]}{(int(name[-1]) + 1) % 3}").read_bytes(),
        }[damage]
    )
    asked.clear()
    report = check(log, copy)
    assert (report.ok, report.tally.count) == (True, 999)
    assert full_files(asked) == [name]
    assert place.read_bytes() == data


def test_entries_and_tile_forged_to_fit_each_other_are_not_believed(log, copy, asked):
    """The copy is anybody's to write to: a bundle with a person struck out, and the tile that fits it."""
    check(log, copy)
    entries = unpack_bundle((copy / BUNDLES[1]).read_bytes(), 256)
    entries[9] = Sign(0, 0, 0, b"n" * 16, b"e" * 32).render()
    forged = type(log)(log.folder, log.signer, entries).hashes()
    (copy / BUNDLES[1]).write_bytes(pack_bundle(entries))
    (copy / "tile/0/001").write_bytes(b"".join(forged))
    (copy / "tile/1/000.p/3").write_bytes(b"x" * 96)
    asked.clear()
    assert check(log, copy).ok
    assert full_files(asked) == ["tile/0/001", BUNDLES[1]]


def test_what_a_false_site_served_is_not_held_against_it_once_it_is_mended(log, copy):
    good = log.read("tile/entries/001")
    log.write("tile/entries/001", good[:20] + b"?" + good[21:])
    report = check(log, copy)
    assert reasons(report) == ["changed-entry"]
    assert not (copy / "checkpoint").exists()
    assert (copy / "checkpoint.refused").read_bytes() == log.checkpoint()
    assert report.warnings[-1].endswith(f"is in {copy / 'checkpoint.refused'}.")
    log.write("tile/entries/001", good)
    assert check(log, copy).ok
    assert (copy / "checkpoint").read_bytes() == log.checkpoint()


def test_a_copy_remembers_what_it_saw_so_a_fork_is_told(make_log, log, copy):
    check(log, copy)
    seen = (copy / "checkpoint").read_bytes()
    log.entries[500] = Sign(0, 0, 0, b"n" * 16, b"e" * 32).render()
    log.sign(2000).publish()
    report = check(log, copy)
    assert reasons(report) == ["fork"]
    assert (copy / "checkpoint").read_bytes() == seen
    assert (copy / "checkpoint.refused").read_bytes() == log.checkpoint()
    shorter = make_log(folder=log.folder).begin().sign(*range(1, 900))
    shutil.rmtree(log.folder)
    shorter.publish()
    assert reasons(check(shorter, copy)) == ["shrunk"]


def test_where_the_sites_tiles_do_not_make_its_root_nothing_kept_is_used(log, copy, asked):
    check(log, copy)
    log.write("tile/1/000.p/3", b"x" * 96)
    asked.clear()
    report = check(log, copy)
    assert reasons(report) == ["changed-tile"]
    assert report.reused == 0
    assert set(BUNDLES) <= set(asked)


def test_a_folder_with_another_logs_copy_is_refused(make_log, log, copy, tmp_path):
    check(log, copy)
    other = make_log("other.example/p/7/log", folder=tmp_path / "other" / "p" / "7" / "log").begin()
    other.publish()
    with pytest.raises(UsageError, match=r"is no copy of the log other\.example/p/7/log") as refusal:
        check(other, copy, keys=[other.signer.verifier])
    assert refusal.value.cure
    (copy / "checkpoint").write_bytes(b"?")
    with pytest.raises(UsageError, match="is no copy of"):
        check(log, copy)


def test_the_log_itself_is_no_place_for_its_copy(log, copy):
    with pytest.raises(UsageError, match="what is to be checked"):
        check(log, log.folder)
    with pytest.raises(UsageError, match="no place in a copy"):
        Copy(copy, "elsewhere.example")


def test_what_cannot_be_written_or_read_is_said(log, copy):
    copy.parents[2].write_text("a file")
    with pytest.raises(UsageError, match="could not be written") as refusal:
        check(log, copy)
    assert "goes on where this one stopped" in refusal.value.cure
    copy.parents[2].unlink()
    check(log, copy)
    (copy / BUNDLES[0]).unlink()
    (copy / BUNDLES[0]).mkdir()
    with pytest.raises(UnreadableError):
        check(log, copy)


def test_drafts_of_a_check_that_was_killed_do_no_harm(log, copy):
    place = copy / f"{BUNDLES[0]}.part"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"half a bund")
    assert check(log, copy).ok
    assert not place.exists()


def test_a_log_of_three_levels(make_log, tmp_path, copy, asked):
    """66,000 leaves: a full tile at level 1 is kept, and found false too."""
    log = make_log(folder=tmp_path / "site" / "p" / "7" / "log").begin()
    for person in range(1, 66_000):
        log.entries.append(Sign(0, 0, 0, person.to_bytes(16, "big"), bytes(32)).render())
    log.publish()
    assert check(log, copy).ok
    asked.clear()
    report = check(log, copy)
    assert (report.ok, report.reused, full_files(asked)) == (True, 65_792, [])
    place = copy / "tile/1/000"
    os.truncate(place, 8191)
    asked.clear()
    assert check(log, copy).ok
    assert full_files(asked) == ["tile/1/000"]
    assert place.read_bytes() == log.read("tile/1/000")


def test_a_strangers_receipt_does_not_keep_the_copy_back(make_log, log, copy, tmp_path):
    receipt = tmp_path / "theirs"
    receipt.write_bytes(make_log("petitions.example/p/8/log").begin().receipt(0))
    report = check(log, copy, receipts=[receipt])
    assert reasons(report) == ["other-log"]
    assert (copy / "checkpoint").read_bytes() == log.checkpoint()
    assert not (copy / "checkpoint.refused").exists()


@pytest.mark.parametrize("program", ["maninso", "maninso.ledger"])
def test_a_check_that_is_stopped_from_the_keyboard_says_nothing_and_is_taken_up_again(log, copy, tmp_path, program):
    """Stopped in the middle of a fetch that takes for ever; the next run fetches what was not there yet."""
    asked: list[str] = []
    stuck, free = Event(), Event()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path.endswith(BUNDLES[2]) and not free.is_set():
                stuck.set()
                free.wait(60)
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "site")))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}/p/7/log"
    words = ["verify", url, "--key", SITE_KEY.render(), "--keep", str(copy.parents[2]), "--jobs", "1"]
    command = [sys.executable, "-m", program, *words]
    # Who was started to ignore the keyboard, as by `make test &` in a script, would hand that on.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert stuck.wait(60)
        first.send_signal(signal.SIGINT)
        out, err = first.communicate(timeout=20)
        assert (first.returncode, out) == (130, "")
        assert "Stopped, so nothing is known. With --keep" in err
        assert not (copy / "checkpoint").exists()
        free.set()
        asked.clear()
        again = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (again.returncode, again.stderr.count("Traceback")) == (0, 0)
        assert full_files(path.removeprefix("/p/7/log/") for path in asked) == ["tile/0/002", BUNDLES[2]]
        assert "The entries of 512 leaves were in the kept copy" in again.stdout
    finally:
        signal.signal(signal.SIGINT, before)
        free.set()
        server.shutdown()
        thread.join()
        server.server_close()
