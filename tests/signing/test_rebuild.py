"""A log that a restored database has lost the end of is rebuilt from its published files, and goes on."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.signing.conftest import HOST, NOW, Logs
from tests.signing.test_forks import Dump
from tests.signing.test_log import read
from tests.signing.test_sequencer import append, leaves, published
from tests.signing.test_site_log import go_on, site, site_entries

from maninso.ledger.checkpoint import Checkpoint, peek_checkpoint
from maninso.ledger.entries import Event
from maninso.ledger.errors import LedgerError
from maninso.ledger.fetch import FolderSource, SourceTiles
from maninso.ledger.tiles import tile_paths
from maninso.ledger.verify import verify_log
from maninso.signing.keys import LogKey, name_log
from maninso.signing.rebuild import RebuildError, Rebuilt, rebuild_log
from maninso.signing.sequencer import Sequencer
from maninso.signing.signed import SignedFiles
from maninso.signing.sitelog import SITE
from maninso.signing.tree import TreeError

__all__ = ["site"]

Entry = Callable[..., bytes]


def publish(connection: psycopg.Connection, number: int, folder: Path) -> Path:
    checkpoint = read(connection, number, "checkpoint")
    assert checkpoint is not None
    for path in ["checkpoint", *(path.render() for path in tile_paths(peek_checkpoint(checkpoint).size))]:
        body = read(connection, number, path)
        assert body is not None
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    return folder


def rebuild(connection: psycopg.Connection, number: int, folder: Path) -> Rebuilt:
    point = peek_checkpoint((folder / "checkpoint").read_bytes())
    with connection.transaction(), connection.cursor() as cursor:
        return rebuild_log(cursor, petition_id=number, point=point, published=SourceTiles(FolderSource(folder)))


@pytest.mark.parametrize(("old", "new"), [(3, 9), (1, 300), (256, 257), (300, 512), (250, 700)])
def test_a_log_goes_on_from_what_was_published(
    connection: psycopg.Connection,
    logs: Logs,
    log_key: LogKey,
    made_up_entry: Entry,
    tmp_path: Path,
    old: int,
    new: int,
) -> None:
    petition = logs.open()
    signed = SignedFiles(tmp_path / "signed")
    sequencer = Sequencer(connection, log_key.sign_as, signed=signed)
    append(connection, petition, [made_up_entry() for _ in range(old - 1)])
    sequencer.catch_up(now=NOW)
    dump = Dump(connection, petition)
    append(connection, petition, [made_up_entry() for _ in range(new - old)])
    sequencer.catch_up(now=NOW)
    before = leaves(connection, petition)
    copy = publish(connection, petition, tmp_path / f"p/{petition}/log")
    dump.restore()
    # One person who had signed before signs anew, and one who had not: only the second is new.
    again, first = made_up_entry(nullifier=before[-1][6:22]), made_up_entry()
    append(connection, petition, [again, first])
    assert len(sequencer.tick(now=NOW).failed) == 1
    assert rebuild(connection, petition, copy) == Rebuilt(kept=old, added=new - old, moved=1)
    assert Sequencer(connection, log_key.sign_as, signed=signed).tick(now=NOW).failed == ()
    assert leaves(connection, petition) == [*before, first]
    assert published(connection, petition)[0] == new + 1
    old_checkpoint = tmp_path / "old"
    old_checkpoint.write_bytes((copy / "checkpoint").read_bytes())
    again_published = publish(connection, petition, tmp_path / f"again/p/{petition}/log")
    report = verify_log(str(again_published), keys=[log_key.sign_as(f"{HOST}/log").verifier], old=[old_checkpoint])
    assert report.ok, report.render()


def test_evidence_that_is_still_there_stays(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Entry, tmp_path: Path
) -> None:
    from maninso.signing.gate import append_entries

    petition = logs.open()
    entries = [made_up_entry() for _ in range(3)]
    with connection.transaction(), connection.cursor() as cursor:
        append_entries(cursor, petition_id=petition, entries=entries, evidences=[b"a", b"b", b"c"])
    dump = Dump(connection, petition)
    Sequencer(connection, log_key.sign_as).catch_up(now=NOW)
    copy = publish(connection, petition, tmp_path / "log")
    dump.restore()
    assert rebuild(connection, petition, copy) == Rebuilt(kept=4, added=0, moved=0)
    query = "SELECT evidence FROM signing_leaf WHERE petition_id = %s ORDER BY leaf_index"
    assert connection.execute(query, (petition,)).fetchall() == [(None,), (b"a",), (b"b",), (b"c",)]


@pytest.mark.parametrize("fault", ["an entry", "the root", "cut off", "older", "unknown", "event", "not sound"])
def test_what_does_not_fit_changes_nothing(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Entry, tmp_path: Path, fault: str
) -> None:
    petition = logs.open()
    sequencer = Sequencer(connection, log_key.sign_as)
    append(connection, petition, [made_up_entry() for _ in range(4)])
    sequencer.catch_up(now=NOW)
    dump = Dump(connection, petition)
    early = publish(connection, petition, tmp_path / "early")
    append(connection, petition, [made_up_entry() for _ in range(4)])
    sequencer.catch_up(now=NOW)
    copy = publish(connection, petition, tmp_path / "log")
    dump.restore()
    append(connection, petition, [Event("thing").render() if fault == "event" else made_up_entry()])
    number, bundle = petition, copy / "tile/entries/000.p/9"
    data = bundle.read_bytes()
    point = peek_checkpoint((copy / "checkpoint").read_bytes())
    if fault == "an entry":
        bundle.write_bytes(data[:-1] + b"\x00")
    elif fault == "the root":
        point = Checkpoint(point.origin, point.size, bytes(32))
    elif fault == "cut off":
        bundle.write_bytes(data[:-1])
    elif fault == "older":
        copy, point = early, peek_checkpoint((early / "checkpoint").read_bytes())
    elif fault == "unknown":
        number = petition + 5000
    elif fault == "not sound":
        connection.execute("DELETE FROM signing_leaf WHERE petition_id = %s AND leaf_index = 2", (petition,))
    before = leaves(connection, petition)
    refused = pytest.raises((RebuildError, LedgerError, TreeError))
    with refused, connection.transaction(), connection.cursor() as cursor:
        rebuild_log(cursor, petition_id=number, point=point, published=SourceTiles(FolderSource(copy)))
    assert leaves(connection, petition) == before
    assert name_log(HOST, petition) == point.origin


def test_the_site_s_log_follows_what_it_has_named(
    connection: psycopg.Connection, logs: Logs, site: Sequencer, made_up_entry: Entry, tmp_path: Path
) -> None:
    petition = logs.open()
    go_on(site)
    dumps = [Dump(connection, number) for number in (petition, SITE)]
    for second in (10, 20, 30):
        append(connection, petition, [made_up_entry() for _ in range(5)])
        go_on(site, second)
    copies = {number: publish(connection, number, tmp_path / str(number)) for number in (petition, SITE)}
    before = site_entries(connection)
    connection.execute("DELETE FROM signing_named")
    for dump in dumps:
        dump.restore()
    with pytest.raises(RebuildError, match="names petitions whose logs are behind"):
        rebuild(connection, SITE, copies[SITE])
    rebuild(connection, petition, copies[petition])
    site.catch_up(now=NOW)
    assert rebuild(connection, SITE, copies[SITE]) == Rebuilt(kept=1, added=3, moved=0)
    site.catch_up(now=NOW)
    assert site_entries(connection) == before
    assert go_on(site, 40) == 0  # what is published was named before
    append(connection, petition, [made_up_entry()])
    assert go_on(site, 50) == 1
    assert [each.size for entry in site_entries(connection) for each in entry.named] == [1, 6, 11, 16, 17]
