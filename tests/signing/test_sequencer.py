"""The sequencer: tree, tally, thresholds and checkpoints follow the leaves, whatever happened before."""

import datetime as dt
import time
from collections.abc import Callable

import psycopg
import pytest
from tests.signing.conftest import HOST, NOW, Logs

from maninso.charter import load_preset
from maninso.ledger.checkpoint import open_checkpoint
from maninso.ledger.entries import Event, Reinstate, Void, parse_entry
from maninso.ledger.merkle import hash_leaves, root_of
from maninso.signing import sequencer as sequencer_module
from maninso.signing.gate import append_entries
from maninso.signing.keys import LogKey, name_log
from maninso.signing.sequencer import Sequencer, Ticked, TreeError

UNIVERSITY = load_preset("university").thresholds[0]


def append(connection: psycopg.Connection, petition: int, entries: list[bytes]) -> int:
    with connection.transaction(), connection.cursor() as cursor:
        return append_entries(cursor, petition_id=petition, entries=entries)


def leaves(connection: psycopg.Connection, petition: int) -> list[bytes]:
    query = "SELECT entry FROM signing_leaf WHERE petition_id = %s ORDER BY leaf_index"
    return [bytes(entry) for (entry,) in connection.execute(query, (petition,)).fetchall()]


def published(connection: psycopg.Connection, petition: int) -> tuple[int, bytes, bytes, int]:
    query = "SELECT size, root, checkpoint, count FROM signing_tree WHERE petition_id = %s"
    row = connection.execute(query, (petition,)).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("steps", [[1], [255], [256], [300], [3, 252, 1, 1, 700], [70_000]])
def test_root_and_checkpoint_are_those_of_all_leaves(
    connection: psycopg.Connection,
    logs: Logs,
    log_key: LogKey,
    made_up_entry: Callable[..., bytes],
    steps: list[int],
) -> None:
    petition = logs.open()
    for fresh_start, number in enumerate(steps):
        append(connection, petition, [made_up_entry() for _ in range(number)])
        if fresh_start % 2 == 0:  # every other time as after a crash: nothing remembered
            sequencer = Sequencer(connection, log_key.sign_as)
        sequencer.catch_up(now=NOW)
        everything = leaves(connection, petition)
        size, root, checkpoint, count = published(connection, petition)
        assert (size, root, count) == (len(everything), root_of(hash_leaves(everything)), len(everything) - 1)
        origin = name_log(HOST, petition)
        opened = open_checkpoint(bytes(checkpoint), origin=origin, key=log_key.sign_as(origin).verifier)
        assert (opened.size, opened.root) == (size, root)


def test_nothing_to_do_publishes_nothing(connection: psycopg.Connection, logs: Logs, log_key: LogKey) -> None:
    petition = logs.open()
    sequencer = Sequencer(connection, log_key.sign_as)
    sequencer.catch_up(now=NOW)
    first = published(connection, petition)
    assert sequencer.tick(now=NOW + dt.timedelta(seconds=1)) == Ticked()
    assert published(connection, petition) == first


def test_voids_and_reinstatements_change_count_and_tally(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes]
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry(region=1, bucket=7), made_up_entry(region=1), made_up_entry(region=2)])
    sequencer = Sequencer(connection, log_key.sign_as)
    sequencer.catch_up(now=NOW)
    # One void of a leaf that is published, one of a leaf of the same run, and one taken back in the same run.
    append(
        connection,
        petition,
        [
            Void(3, 1, 1, bytes(32)).render(),
            made_up_entry(region=2),
            Void(3, 1, 5, bytes(32)).render(),
            Reinstate(3, 1, 6, bytes(32)).render(),
        ],
    )
    sequencer.catch_up(now=NOW)
    row = connection.execute(
        "SELECT signatures, voids, reinstated, count FROM signing_tree WHERE petition_id = %s", (petition,)
    ).fetchone()
    assert row == (4, 2, 1, 3)
    tally = connection.execute(
        "SELECT hour, region, signatures, voids FROM signing_tally WHERE petition_id = %s ORDER BY hour, region",
        (petition,),
    ).fetchall()
    assert tally == [(0, 1, 1, 0), (0, 2, 2, 0), (1, 1, 1, 1)]


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_threshold_is_met_by_the_exact_leaf_once(
    connection: psycopg.Connection,
    logs: Logs,
    log_key: LogKey,
    made_up_entry: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    chunk: int,
) -> None:
    monkeypatch.setattr(sequencer_module, "MOST_A_TRANSACTION", chunk)
    petition = logs.open(thresholds=[(UNIVERSITY.id, UNIVERSITY.model_dump_json())])
    append(connection, petition, [made_up_entry() for _ in range(UNIVERSITY.needed - 1)])
    append(connection, petition, [Void(1, 0, 5, bytes(32)).render()])
    append(connection, petition, [made_up_entry() for _ in range(6)])
    sequencer = Sequencer(connection, log_key.sign_as)
    ticked = sequencer.catch_up(now=NOW)
    assert ticked.met == ((petition, UNIVERSITY.id),)
    # Leaf 0 is the opening and one leaf is the void, so the signature that makes the count 50 is leaf 52.
    row = connection.execute(
        "SELECT met_index, met_count, met_at FROM signing_threshold WHERE petition_id = %s", (petition,)
    ).fetchone()
    assert row == (UNIVERSITY.needed + 2, UNIVERSITY.needed, NOW)
    events = [entry for entry in map(parse_entry, leaves(connection, petition)) if isinstance(entry, Event)]
    assert events == [
        Event("threshold", {"threshold": UNIVERSITY.id, "needed": 50, "count": 50, "leaf": UNIVERSITY.needed + 2})
    ]


@pytest.mark.parametrize("chunk", [1, 2, 1000])
def test_threshold_is_undone_by_the_exact_void_and_met_again(
    connection: psycopg.Connection,
    logs: Logs,
    log_key: LogKey,
    made_up_entry: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    chunk: int,
) -> None:
    monkeypatch.setattr(sequencer_module, "MOST_A_TRANSACTION", chunk)
    rule = UNIVERSITY.model_copy(update={"at_least": 2, "undone_by_voids": True})
    petition = logs.open(thresholds=[(rule.id, rule.model_dump_json())])
    void = Void(1, 0, 1, bytes(32)).render()
    append(connection, petition, [*(made_up_entry() for _ in range(3)), void])  # leaf 2 meets it, leaf 4 leaves two
    append(connection, petition, [Void(1, 0, 2, bytes(32)).render()])  # leaf 5 undoes it
    append(connection, petition, [Reinstate(1, 0, 5, bytes(32)).render(), Void(1, 0, 3, bytes(32)).render()])
    ticked = Sequencer(connection, log_key.sign_as).catch_up(now=NOW)
    assert ticked.met == ((petition, rule.id),) * 4
    row = connection.execute(
        "SELECT met_index, met_count, turns, turned_index, turned_count, turned_at FROM signing_threshold "
        "WHERE petition_id = %s",
        (petition,),
    ).fetchone()
    assert row == (2, 2, 3, 7, 1, NOW)
    events = [entry for entry in map(parse_entry, leaves(connection, petition)) if isinstance(entry, Event)]
    claims = [(event.name, event.body["leaf"], event.body["count"]) for event in events]
    undone = "threshold undone"
    assert claims == [("threshold", 2, 2), (undone, 5, 1), ("threshold", 6, 2), (undone, 7, 1)]


def test_threshold_that_voids_cannot_undo_stays_met(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes]
) -> None:
    rule = UNIVERSITY.model_copy(update={"at_least": 2})
    petition = logs.open(thresholds=[(rule.id, rule.model_dump_json())])
    sequencer = Sequencer(connection, log_key.sign_as)
    append(connection, petition, [made_up_entry(), made_up_entry()])
    assert sequencer.catch_up(now=NOW).met == ((petition, rule.id),)
    append(connection, petition, [Void(1, 0, 1, bytes(32)).render()])
    assert sequencer.catch_up(now=NOW).met == ()


def test_regional_quorum_is_met_by_the_leaf_that_completes_it(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes]
) -> None:
    union = load_preset("eu-eci").thresholds[0].regional
    assert union is not None
    table = union.tables[-1].model_copy(update={"since": dt.date(2020, 1, 1), "minimum": {"KR-11": 2, "KR-26": 2}})
    regional = union.model_copy(update={"regions_needed": 2, "tables": (table,), "also_written": {}})
    rule = UNIVERSITY.model_copy(update={"at_least": 4, "regional": regional})
    petition = logs.open(thresholds=[(rule.id, rule.model_dump_json())])
    append(connection, petition, [made_up_entry(region=1) for _ in range(5)] + [made_up_entry(region=2)])
    sequencer = Sequencer(connection, log_key.sign_as)
    assert sequencer.catch_up(now=NOW).met == ()
    append(connection, petition, [made_up_entry(), made_up_entry(region=2), made_up_entry(region=2)])
    assert sequencer.catch_up(now=NOW).met == ((petition, rule.id),)
    row = connection.execute(
        "SELECT met_index, met_count FROM signing_threshold WHERE petition_id = %s", (petition,)
    ).fetchone()
    assert row == (8, 8)


def test_regional_quorum_is_undone_where_a_region_falls_below_its_minimum(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes]
) -> None:
    union = load_preset("eu-eci").thresholds[0].regional
    assert union is not None
    table = union.tables[-1].model_copy(update={"since": dt.date(2020, 1, 1), "minimum": {"KR-11": 1, "KR-26": 1}})
    regional = union.model_copy(update={"regions_needed": 2, "tables": (table,), "also_written": {}})
    rule = UNIVERSITY.model_copy(update={"at_least": 2, "regional": regional, "undone_by_voids": True})
    petition = logs.open(thresholds=[(rule.id, rule.model_dump_json())])
    append(connection, petition, [made_up_entry(region=1), made_up_entry(region=2), made_up_entry(region=1)])
    sequencer = Sequencer(connection, log_key.sign_as)
    sequencer.catch_up(now=NOW)
    append(connection, petition, [Void(1, 0, 1, bytes(32)).render(), Void(1, 0, 2, bytes(32)).render()])
    sequencer.catch_up(now=NOW)
    row = connection.execute(
        "SELECT met_index, turns, turned_index, turned_count FROM signing_threshold WHERE petition_id = %s", (petition,)
    ).fetchone()
    assert row == (2, 1, 6, 1)  # leaf 5 leaves both regions one


def test_leaves_that_do_not_make_the_published_root_are_refused(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes]
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(3)])
    Sequencer(connection, log_key.sign_as).catch_up(now=NOW)
    before = published(connection, petition)
    connection.execute("ALTER TABLE signing_leaf DISABLE TRIGGER signing_leaf_never_changes")
    try:
        connection.execute(
            "UPDATE signing_leaf SET entry = %s WHERE petition_id = %s AND leaf_index = 2", (made_up_entry(), petition)
        )
        append(connection, petition, [made_up_entry()])
        other = logs.open()
        ticked = Sequencer(connection, log_key.sign_as).tick(now=NOW)
        assert [(number, "do not make the root" in str(error)) for number, error in ticked.failed] == [(petition, True)]
    finally:
        connection.execute("ALTER TABLE signing_leaf ENABLE TRIGGER signing_leaf_never_changes")
    assert published(connection, petition) == before
    assert published(connection, other)[0] == 1  # one log that stands still stops no other


def test_a_missing_leaf_is_refused(
    connection: psycopg.Connection, logs: Logs, log_key: LogKey, made_up_entry: Callable[..., bytes]
) -> None:
    petition = logs.open()
    append(connection, petition, [made_up_entry() for _ in range(3)])
    connection.execute("DELETE FROM signing_leaf WHERE petition_id = %s AND leaf_index = 2", (petition,))
    ticked = Sequencer(connection, log_key.sign_as).tick(now=NOW)
    assert [str(error) for _, error in ticked.failed] == [f"petition {petition} has 3 leaves from 0 to 4, not 4"]


def test_who_publishes_second_gives_up(
    connection: psycopg.Connection,
    database_url: str,
    logs: Logs,
    log_key: LogKey,
    made_up_entry: Callable[..., bytes],
) -> None:
    """Two sequencers would need to have lost the lock between them; the compare-and-swap holds all the same."""
    petition = logs.open()
    append(connection, petition, [made_up_entry()])
    with psycopg.connect(database_url, autocommit=True) as other:
        cursor = connection.cursor()
        cursor.execute(sequencer_module.QUERIES["behind_logs"].encode())
        stale = [
            log for log in (sequencer_module._Behind(*row) for row in cursor.fetchall()) if log.petition_id == petition
        ]
        Sequencer(other, log_key.sign_as).catch_up(now=NOW)
        before = published(connection, petition)
        with pytest.raises(TreeError, match="another sequencer"):
            Sequencer(connection, log_key.sign_as)._publish(stale[0], now=NOW)
    assert published(connection, petition) == before


def test_one_sequencer_at_a_time(connection: psycopg.Connection, database_url: str, log_key: LogKey) -> None:
    with psycopg.connect(database_url, autocommit=True) as other:
        assert Sequencer(other, log_key.sign_as).take_lock() is True
        assert Sequencer(connection, log_key.sign_as).take_lock() is False
    deadline = time.monotonic() + 10  # the server takes its time to see that the other one is gone
    while not Sequencer(connection, log_key.sign_as).take_lock():
        assert time.monotonic() < deadline
