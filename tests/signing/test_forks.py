"""The log key signs only what extends what it signed: an older database is refused, and other logs go on."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.signing.conftest import HOST, NOW, Logs
from tests.signing.test_sequencer import append, leaves, published

from maninso import ManinsoError
from maninso.ledger.checkpoint import Checkpoint, peek_checkpoint
from maninso.signing import sequencer as sequencer_module
from maninso.signing.keys import LogKey, name_log
from maninso.signing.sequencer import Sequencer
from maninso.signing.signed import SignedFiles
from maninso.signing.tree import TreeError, find_contradictions

Entry = Callable[..., bytes]
TABLES = ("signing_gate", "signing_head", "signing_leaf", "signing_tree", "signing_tile", "signing_bundle")
GENERATED = {"signing_leaf": "nullifier", "signing_tree": "count"}


@pytest.fixture
def signed(tmp_path: Path) -> SignedFiles:
    return SignedFiles(tmp_path / "signed")


class Dump:
    """A petition's log as it is now, to be put back later: a backup restored."""

    def __init__(self, connection: psycopg.Connection, petition: int) -> None:
        self.connection = connection
        self.petition = petition
        self.rows = {table: self._read(table) for table in TABLES}

    def restore(self) -> None:
        with self.connection.transaction():
            for table in reversed((*TABLES, "signing_tally")):
                self.connection.execute(f"DELETE FROM {table} WHERE petition_id = %s".encode(), (self.petition,))
            for table, (columns, rows) in self.rows.items():
                marks = ", ".join(["%s"] * len(columns))
                insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
                for row in rows:
                    self.connection.execute(insert.encode(), row)

    def _read(self, table: str) -> tuple[list[str], list[tuple[object, ...]]]:
        cursor = self.connection.execute(f"SELECT * FROM {table} WHERE petition_id = %s".encode(), (self.petition,))
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        kept = [place for place, name in enumerate(names) if name != GENERATED.get(table)]
        return [names[place] for place in kept], [tuple(row[place] for place in kept) for row in cursor.fetchall()]


def failures(found: list[tuple[int, ManinsoError]] | tuple[tuple[int, ManinsoError], ...]) -> list[tuple[int, str]]:
    assert all("published tiles" in error.cure for _, error in found)
    return [(number, str(error)) for number, error in found]


@pytest.mark.parametrize("sizes", [(3, 9), (300, 400), (250, 600)])
def test_an_older_database_is_refused_and_other_logs_go_on(
    connection: psycopg.Connection,
    logs: Logs,
    log_key: LogKey,
    made_up_entry: Entry,
    signed: SignedFiles,
    sizes: tuple[int, int],
) -> None:
    petition, other = logs.open(), logs.open()
    old, new = sizes
    sequencer = Sequencer(connection, log_key.sign_as, signed=signed)
    append(connection, petition, [made_up_entry() for _ in range(old - 1)])
    sequencer.catch_up(now=NOW)
    dump = Dump(connection, petition)
    append(connection, petition, [made_up_entry() for _ in range(new - old)])
    sequencer.catch_up(now=NOW)
    assert published(connection, petition)[0] == new
    dump.restore()
    assert published(connection, petition)[0] == old

    restarted = Sequencer(connection, log_key.sign_as, signed=signed)
    origin = name_log(HOST, petition)
    behind = f"{origin} was signed at {new} leaves, and the database has "
    assert failures(restarted.find_contradictions()) == [(petition, f"{behind}{old}")]
    append(connection, petition, [made_up_entry()])
    append(connection, other, [made_up_entry()])
    ticked = restarted.tick(now=NOW)
    assert failures(ticked.failed) == [(petition, f"{behind}{old + 1}")]
    assert published(connection, other)[0] == 2
    # People sign on, until there are more leaves than were signed: they are others.
    append(connection, petition, [made_up_entry() for _ in range(new - old)])
    fork = f"the leaves of {origin} do not make the root that was signed at {new} leaves"
    assert failures(restarted.tick(now=NOW).failed) == [(petition, fork)]
    assert failures(restarted.find_contradictions()) == [(petition, fork)]
    assert (published(connection, petition)[0], signed.read(origin)) == (old, last_signed(signed, origin, new))


def last_signed(signed: SignedFiles, origin: str, size: int) -> Checkpoint:
    last = signed.read(origin)
    assert last is not None
    assert last.size == size
    return last


def test_the_same_sequencer_refuses_too_when_the_database_changes_under_it(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Entry, signed: SignedFiles
) -> None:
    petition = logs.open()
    sequencer = Sequencer(connection, log_key.sign_as, signed=signed)
    append(connection, petition, [made_up_entry() for _ in range(4)])
    sequencer.catch_up(now=NOW)
    dump = Dump(connection, petition)
    append(connection, petition, [made_up_entry() for _ in range(4)])
    sequencer.catch_up(now=NOW)
    dump.restore()
    append(connection, petition, [made_up_entry() for _ in range(9)])
    assert [number for number, _ in sequencer.tick(now=NOW).failed] == [petition]


def test_what_was_signed_and_not_committed_is_signed_again(
    connection: psycopg.Connection,
    logs: Logs,
    log_key: LogKey,
    made_up_entry: Entry,
    signed: SignedFiles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A crash between the record and the commit: the leaves are all there, and the next start goes on."""
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(4)])
    origin = name_log(HOST, petition)

    class Lost(SignedFiles):
        def record(self, checkpoint: Checkpoint) -> None:
            super().record(checkpoint)
            raise psycopg.OperationalError("the connection was cut before the commit")

    lost = Sequencer(connection, log_key.sign_as, signed=Lost(signed._folder))
    with pytest.raises(psycopg.OperationalError):
        lost.tick(now=NOW)
    assert published(connection, petition)[0] == 0
    last_signed(signed, origin, 5)
    append(connection, petition, [made_up_entry() for _ in range(3)])
    restarted = Sequencer(connection, log_key.sign_as, signed=signed)
    assert restarted.find_contradictions() == []
    assert restarted.tick(now=NOW).failed == ()
    assert published(connection, petition)[0] == 8
    assert last_signed(signed, origin, 8) == peek_checkpoint(bytes(published(connection, petition)[2]))


def test_a_leaf_lost_after_it_was_signed_is_refused(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Entry, signed: SignedFiles
) -> None:
    petition = logs.open()
    sequencer = Sequencer(connection, log_key.sign_as, signed=signed)
    append(connection, petition, [made_up_entry() for _ in range(4)])
    sequencer.catch_up(now=NOW)
    connection.execute("DELETE FROM signing_leaf WHERE petition_id = %s AND leaf_index = 2", (petition,))
    append(connection, petition, [made_up_entry()])
    restarted = Sequencer(connection, log_key.sign_as, signed=signed)
    ((number, error),) = restarted.tick(now=NOW).failed
    assert (number, isinstance(error, TreeError)) == (petition, True)


@pytest.mark.parametrize("old", [1, 200, 256, 300, 600])
def test_what_was_signed_before_may_be_older_than_the_database(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Entry, signed: SignedFiles, old: int
) -> None:
    """The files come from another machine, or the log was sequenced without them: a proof from the tiles tells."""
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(old - 1)])
    Sequencer(connection, log_key.sign_as, signed=signed).catch_up(now=NOW)
    append(connection, petition, [made_up_entry() for _ in range(700 - old)])
    Sequencer(connection, log_key.sign_as).catch_up(now=NOW)
    append(connection, petition, [made_up_entry()])
    restarted = Sequencer(connection, log_key.sign_as, signed=signed)
    assert restarted.find_contradictions() == []
    assert restarted.tick(now=NOW).failed == ()
    last_signed(signed, name_log(HOST, petition), 701)


def test_an_older_root_that_is_not_of_this_log_is_refused(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Entry, signed: SignedFiles
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(300)])
    Sequencer(connection, log_key.sign_as).catch_up(now=NOW)
    origin = name_log(HOST, petition)
    signed.record(Checkpoint(origin, 200, b"x" * 32))
    fork = f"the leaves of {origin} do not make the root that was signed at 200 leaves"
    sequencer = Sequencer(connection, log_key.sign_as, signed=signed)
    assert failures(sequencer.find_contradictions()) == [(petition, fork)]
    append(connection, petition, [made_up_entry()])
    assert failures(sequencer.tick(now=NOW).failed) == [(petition, fork)]


def test_the_same_size_has_one_root(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Entry, signed: SignedFiles
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry()])
    origin = name_log(HOST, petition)
    signed.record(Checkpoint(origin, 2, b"x" * 32))
    sequencer = Sequencer(connection, log_key.sign_as, signed=signed)
    assert len(failures(sequencer.tick(now=NOW).failed)) == 1
    assert published(connection, petition)[0] == 0
    assert len(leaves(connection, petition)) == 2


def test_nothing_is_published_that_is_not_recorded_first(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Entry, tmp_path: Path
) -> None:
    (tmp_path / "signed").write_text("no folder")
    petition = logs.open()
    sequencer = Sequencer(connection, log_key.sign_as, signed=SignedFiles(tmp_path / "signed"))
    ((number, error),) = sequencer.tick(now=NOW).failed
    assert (number, "cannot be read" in str(error)) == (petition, True)
    assert published(connection, petition)[0] == 0


def test_large_runs_are_held_in_parts(
    connection: psycopg.Connection,
    logs: Logs,
    log_key: LogKey,
    made_up_entry: Entry,
    signed: SignedFiles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sequencer_module, "MOST_A_TRANSACTION", 100)
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(450)])
    assert Sequencer(connection, log_key.sign_as, signed=signed).catch_up(now=NOW).failed == ()
    last_signed(signed, name_log(HOST, petition), 451)


def test_a_log_that_was_signed_and_is_not_in_the_database_is_told(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, signed: SignedFiles
) -> None:
    petition = logs.open()
    sequencer = Sequencer(connection, log_key.sign_as, signed=signed)
    sequencer.catch_up(now=NOW)
    assert sequencer.find_contradictions() == []
    signed.record(Checkpoint(name_log(HOST, petition + 1_000), 5, b"r" * 32))
    signed.record(Checkpoint("elsewhere.example/log", 3, b"r" * 32))
    found = sequencer.find_contradictions()
    assert sorted((number, str(error)) for number, error in found) == [
        (0, "elsewhere.example/log was signed at 3 leaves, and the database has no such log"),
        (
            petition + 1_000,
            f"{name_log(HOST, petition + 1_000)} was signed at 5 leaves, and the database has no such log",
        ),
    ]
    assert all("newer database" in error.cure for _, error in found)


class Hurried(SignedFiles):
    """What was signed, while another sequencer goes on: after each look, more is signed and published."""

    def __init__(self, folder: Path, go_on: Callable[[], None]) -> None:
        super().__init__(folder)
        self._go_on = go_on

    def list_all(self) -> list[Checkpoint]:
        found = super().list_all()
        self._go_on()
        return found

    def read(self, origin: str) -> Checkpoint | None:
        self._go_on()
        found = super().read(origin)
        self._go_on()
        return found


def test_a_log_that_grows_meanwhile_is_no_contradiction(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Entry, tmp_path: Path
) -> None:
    petition = logs.open()
    folder = tmp_path / "signed"
    other = Sequencer(connection, log_key.sign_as, signed=SignedFiles(folder))

    def go_on() -> None:
        append(connection, petition, [made_up_entry() for _ in range(100)])
        other.catch_up(now=NOW)

    go_on()
    with connection.cursor() as cursor:
        assert find_contradictions(cursor, Hurried(folder, go_on)) == []
    assert published(connection, petition)[0] == 401
