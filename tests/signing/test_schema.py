"""Each constraint of the signing tables is seen to refuse what it must."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from tests.signing.conftest import Logs

SIGN = b"\x01" + bytes(53)
HASHES = bytes(8192)
ROOT = bytes(32)
DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def refuse(connection: psycopg.Connection, constraint: str, statement: str, *values: Any) -> None:
    with pytest.raises(psycopg.IntegrityError) as caught, connection.transaction():
        connection.execute(statement.encode(), values)
    assert caught.value.diag.constraint_name == constraint


GATE = "INSERT INTO signing_gate (petition_id, origin, state, opened_at, closes_at, wrapped_key) VALUES "


@pytest.mark.parametrize(
    ("constraint", "statement", "values"),
    [
        ("signing_gate_state_known", GATE + "(1, 'a', 'ajar', %s, %s, 'k')", (DAY, DAY + dt.timedelta(1))),
        ("signing_gate_open_has_key", GATE + "(1, 'a', 'open', %s, %s, NULL)", (DAY, DAY + dt.timedelta(1))),
        ("signing_gate_window", GATE + "(1, 'a', 'open', %s, %s, 'k')", (DAY, DAY)),
        ("signing_gate_window", GATE + "(1, 'a', 'closed', %s, NULL, NULL)", (DAY,)),
        ("signing_gate_window", GATE + "(1, 'a', 'closed', NULL, %s, NULL)", (DAY,)),
        ("signing_gate_window", GATE + "(1, 'a', 'open', NULL, NULL, 'k')", ()),
        ("signing_gate_window", GATE + "(1, 'a', 'paused', NULL, NULL, 'k')", ()),
        ("signing_gate_window", GATE + "(1, 'a', 'waiting', %s, %s, NULL)", (DAY, DAY + dt.timedelta(1))),
    ],
)
def test_gate_refuses(
    connection: psycopg.Connection, constraint: str, statement: str, values: tuple[object, ...]
) -> None:
    refuse(connection, constraint, statement, *values)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("signing_gate_bucket", "bucket_seconds = 599"),
        ("signing_gate_region_zero", "regions = '{KR-11}'"),
        ("signing_gate_assurance", "min_assurance = 4"),
        ("signing_gate_grace", "grace = '25 hours'"),
        ("signing_gate_grace", "grace = '-1 second'"),
    ],
)
def test_gate_refuses_changes(connection: psycopg.Connection, logs: Logs, constraint: str, change: str) -> None:
    petition = logs.open()
    refuse(connection, constraint, f"UPDATE signing_gate SET {change} WHERE petition_id = %s", petition)


def test_origin_belongs_to_one_log(connection: psycopg.Connection, logs: Logs) -> None:
    petition = logs.open()
    refuse(
        connection,
        "signing_gate_origin_once",
        "INSERT INTO signing_gate (petition_id, origin, state) SELECT 1, origin, 'waiting' FROM signing_gate "
        "WHERE petition_id = %s",
        petition,
    )


def test_one_person_one_signature(
    connection: psycopg.Connection, logs: Logs, made_up_entry: Callable[..., bytes]
) -> None:
    petition = logs.open()
    insert = "INSERT INTO signing_leaf (petition_id, leaf_index, entry) VALUES (%s, %s, %s)"
    connection.execute(insert, (petition, 1, made_up_entry(nullifier=b"n" * 16)))
    refuse(
        connection,
        "signing_leaf_one_person_one_signature",
        insert,
        petition,
        2,
        made_up_entry(nullifier=b"n" * 16),
    )
    refuse(connection, "signing_leaf_pk", insert, petition, 1, made_up_entry())


@pytest.mark.parametrize(
    ("constraint", "index", "entry"),
    [
        ("signing_leaf_index", -1, SIGN),
        ("signing_leaf_genesis", 0, SIGN),
        ("signing_leaf_genesis", 7, b"\x00{}"),
        ("signing_leaf_length", 7, SIGN + b"\x00"),
        ("signing_leaf_length", 7, SIGN[:-1]),
        ("signing_leaf_length", 7, b"\x02" + bytes(44)),
        ("signing_leaf_length", 7, b"\x03" + bytes(42)),
        ("signing_leaf_type", 7, b"\x05later"),
    ],
)
def test_leaf_refuses(connection: psycopg.Connection, logs: Logs, constraint: str, index: int, entry: bytes) -> None:
    petition = logs.open()
    refuse(
        connection,
        constraint,
        "INSERT INTO signing_leaf (petition_id, leaf_index, entry) VALUES (%s, %s, %s)",
        petition,
        index,
        entry,
    )


def test_tree_refuses_wrong_sums(connection: psycopg.Connection, logs: Logs) -> None:
    petition = logs.open()
    for constraint, change in [
        ("signing_tree_root", "root = 'short'"),
        ("signing_tree_sums", "signatures = 2, size = 1, checkpoint = 'c', published_at = now(), public_key = root"),
        ("signing_tree_sums", "reinstated = 1, size = 9, checkpoint = 'c', published_at = now(), public_key = root"),
        ("signing_tree_signed", "size = 1"),
        ("signing_tree_key", "size = 1, checkpoint = 'c', published_at = now(), public_key = 'short'"),
    ]:
        refuse(connection, constraint, f"UPDATE signing_tree SET {change} WHERE petition_id = %s", petition)


def test_files_are_full_and_never_change(connection: psycopg.Connection, logs: Logs) -> None:
    petition = logs.open()
    tile = "INSERT INTO signing_tile (petition_id, level, tile_index, hashes, root) VALUES (%s, %s, %s, %s, %s)"
    refuse(connection, "signing_tile_full", tile, petition, 0, 0, HASHES[:-32], ROOT)
    refuse(connection, "signing_tile_level", tile, petition, 64, 0, HASHES, ROOT)
    connection.execute(tile.encode(), (petition, 0, 0, HASHES, ROOT))
    bundle = "INSERT INTO signing_bundle (petition_id, bundle_index, entries) VALUES (%s, %s, 'x')"
    refuse(connection, "signing_bundle_index", bundle, petition, -1)
    connection.execute(bundle.encode(), (petition, 0))
    for table, change in [("tile", "root = root"), ("bundle", "entries = entries"), ("leaf", "entry = entry")]:
        refuse(
            connection,
            f"signing_{table}_never_changes",
            f"UPDATE signing_{table} SET {change} WHERE petition_id = %s",
            petition,
        )


def test_evidence_may_be_destroyed(connection: psycopg.Connection, logs: Logs) -> None:
    petition = logs.open()
    connection.execute("UPDATE signing_leaf SET evidence = NULL WHERE petition_id = %s", (petition,))


def test_tally_sums(connection: psycopg.Connection, logs: Logs) -> None:
    petition = logs.open()
    refuse(
        connection,
        "signing_tally_sums",
        "INSERT INTO signing_tally VALUES (%s, 0, 0, 1, 2, 3)",
        petition,
    )


def test_threshold_is_met_once_and_whole(connection: psycopg.Connection, logs: Logs) -> None:
    petition = logs.open(thresholds=[("answer", "{}")])
    update = "UPDATE signing_threshold SET {} WHERE petition_id = %s"
    refuse(connection, "signing_threshold_met_whole", update.format("met_index = 5"), petition)
    meet = "met_index = 5, met_count = 5, met_at = '2026-01-01T00:00:00Z'"
    connection.execute(update.format(meet).encode(), (petition,))
    refuse(connection, "signing_threshold_met_once", update.format("met_index = 6"), petition)


def test_threshold_turns_one_by_one_and_onward(connection: psycopg.Connection, logs: Logs) -> None:
    petition = logs.open(thresholds=[("answer", "{}")])
    update = "UPDATE signing_threshold SET {} WHERE petition_id = %s"
    turn = "turns = {}, turned_index = {}, turned_count = 4, turned_at = '2026-01-02T00:00:00Z'"
    after = "signing_threshold_turned_after_met"
    refuse(connection, after, update.format(turn.format(1, 9)), petition)  # was never met
    meet = "met_index = 5, met_count = 5, met_at = '2026-01-01T00:00:00Z'"
    connection.execute(update.format(meet).encode(), (petition,))
    onward = "signing_threshold_turns_onward"
    refuse(connection, "signing_threshold_turned_whole", update.format("turns = 1, turned_index = 9"), petition)
    for turns, index in ((2, 9), (1, 5)):
        refuse(connection, onward, update.format(turn.format(turns, index)), petition)
    connection.execute(update.format(turn.format(1, 9)).encode(), (petition,))
    for turns, index in ((1, 10), (2, 9), (0, 10), (3, 11)):
        refuse(connection, onward, update.format(turn.format(turns, index)), petition)
    connection.execute(update.format(turn.format(2, 10)).encode(), (petition,))


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("signing_head_gate", "INSERT INTO signing_head VALUES (1, 0)"),
        ("signing_head_size", "UPDATE signing_head SET size = -1 WHERE petition_id = %(petition)s"),
        ("signing_tree_head", "INSERT INTO signing_tree (petition_id, root) VALUES (1, %(root)s)"),
        ("signing_tile_tree", "INSERT INTO signing_tile VALUES (1, 0, 0, %(hashes)s, %(root)s)"),
        ("signing_bundle_tree", "INSERT INTO signing_bundle VALUES (1, 0, 'x')"),
        ("signing_tally_tree", "INSERT INTO signing_tally VALUES (1, 0, 0, 1, 1, 0)"),
        ("signing_threshold_gate", "INSERT INTO signing_threshold VALUES (1, 'answer', '{}', '2026-01-01')"),
    ],
)
def test_parts_of_a_log_belong_together(
    connection: psycopg.Connection, logs: Logs, constraint: str, statement: str
) -> None:
    values = {"petition": logs.open(), "root": ROOT, "hashes": HASHES}
    with pytest.raises(psycopg.IntegrityError) as caught, connection.transaction():
        connection.execute(statement.encode(), values)
    assert caught.value.diag.constraint_name == constraint


SITE_ENTRY = b"\x10" + bytes(4 + 48)


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        (
            "signing_gate_site_waits",
            "INSERT INTO signing_gate (petition_id, origin, state) VALUES (-1, 'b', 'waiting')",
        ),
        ("signing_gate_site_waits", "UPDATE signing_gate SET state = 'closed' WHERE petition_id = 0"),
        ("signing_leaf_genesis", "INSERT INTO signing_leaf VALUES (0, 0, '\\x00')"),
        ("signing_leaf_type", "INSERT INTO signing_leaf VALUES (0, 1, %(sign)s)"),
        ("signing_leaf_type", "INSERT INTO signing_leaf VALUES (%(petition)s, 7, %(entry)s)"),
        ("signing_leaf_length", "INSERT INTO signing_leaf VALUES (0, 1, substr(%(entry)s::bytea, 1, 52))"),
        ("signing_leaf_length", "INSERT INTO signing_leaf VALUES (0, 1, %(entry)s::bytea || '\\x00')"),
        ("signing_leaf_length", "INSERT INTO signing_leaf VALUES (0, 1, substr(%(entry)s::bytea, 1, 5))"),
        ("signing_tree_named", "UPDATE signing_tree SET named = size + 1 WHERE petition_id = %(petition)s"),
        ("signing_tree_named", "UPDATE signing_tree SET named = -1 WHERE petition_id = %(petition)s"),
        ("signing_named_tree", "INSERT INTO signing_named VALUES (1, 1, 'c', 0)"),
        ("signing_named_range", "INSERT INTO signing_named VALUES (0, 1, 'c', 0)"),
        ("signing_named_range", "INSERT INTO signing_named VALUES (%(petition)s, 0, 'c', 0)"),
        ("signing_named_range", "INSERT INTO signing_named VALUES (%(petition)s, 1, 'c', -1)"),
        ("signing_named_pk", "INSERT INTO signing_named VALUES (%(petition)s, 3, 'd', 4)"),
        ("signing_named_never_changes", "UPDATE signing_named SET checkpoint = 'd' WHERE petition_id = %(petition)s"),
        ("signing_cosignature_size", "INSERT INTO signing_cosignature VALUES ('w', 0, 'c', 'l', now())"),
        ("signing_cosignature_pk", "INSERT INTO signing_cosignature VALUES ('v', 9, 'c', 'l', now())"),
        ("signing_cosignature_grows", "UPDATE signing_cosignature SET size = size - 1 WHERE witness = 'v'"),
    ],
)
def test_the_site_s_log_keeps_its_own_rules(
    connection: psycopg.Connection, logs: Logs, constraint: str, statement: str
) -> None:
    petition = logs.open()
    values = {"petition": petition, "sign": SIGN, "entry": SITE_ENTRY}
    with connection.transaction(force_rollback=True):
        connection.execute("INSERT INTO signing_gate (petition_id, origin, state) VALUES (0, 'a', 'waiting')")
        connection.execute("INSERT INTO signing_leaf VALUES (0, 0, %s)", (SITE_ENTRY,))
        connection.execute("INSERT INTO signing_named VALUES (%s, 3, 'c', 0)", (petition,))
        connection.execute("INSERT INTO signing_cosignature VALUES ('v', 9, 'c', 'l', now())")
        with pytest.raises(psycopg.IntegrityError) as caught, connection.transaction():
            connection.execute(statement.encode(), values)
    assert caught.value.diag.constraint_name == constraint
